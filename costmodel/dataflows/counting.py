"""Counts of any work under any dataflow, in closed form."""

from __future__ import annotations

from typing import Final, Protocol

from costmodel.dataflows.closed_forms.elementwise import elementwise_counts
from costmodel.dataflows.closed_forms.input_stationary import input_stationary_counts
from costmodel.dataflows.closed_forms.no_local_reuse import no_local_reuse_counts
from costmodel.dataflows.closed_forms.output_stationary import linear_counts, output_stationary_counts, pooling_counts
from costmodel.dataflows.closed_forms.row_stationary import row_stationary_counts
from costmodel.dataflows.closed_forms.weight_stationary import weight_stationary_counts
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.work import Elementwise, LoopNest, NestKind, View, Work


class ConvolutionCounts(Protocol):
    """Closed form of one dataflow."""

    def __call__(self, nest: LoopNest, taps: Taps, bias: bool, input_bytes: int, weight_bytes: int) -> AccessCounts:
        """Return the counts of a convolution."""


CLOSED_FORMS: Final[dict[Dataflow, ConvolutionCounts]] = {
    Dataflow.OUTPUT_STATIONARY: output_stationary_counts,
    Dataflow.ROW_STATIONARY: row_stationary_counts,
    Dataflow.WEIGHT_STATIONARY: weight_stationary_counts,
    Dataflow.INPUT_STATIONARY: input_stationary_counts,
    Dataflow.NO_LOCAL_REUSE: no_local_reuse_counts,
}
"""Closed form of each dataflow, for convolutions."""


def count_work(
    work: Work, dataflow: Dataflow, taps: Taps = Taps.VALID, *, bias: bool = True, input_bytes: int = 1, weight_bytes: int = 1
) -> AccessCounts:
    """Return the counts of one layer's work.

    Parameters
    ----------
    work : Work
        What the layer does; its numbers are ints or columns.
    dataflow : Dataflow
        Applies to convolutions; everything else runs output stationary.
    taps : Taps
        Which taps of a convolution count.
    bias : bool
        Whether the bias reads of a layer that has a bias count.
    input_bytes, weight_bytes : int
        Element sizes, for the bytes of scratch.

    Returns
    -------
    AccessCounts
        Every counter; exact integers.
    """
    if isinstance(work, View):
        return AccessCounts()
    if isinstance(work, Elementwise):
        return elementwise_counts(work.operands, work.elements, work.passes, work.parameters)
    if work.kind is NestKind.CONVOLUTION:
        return CLOSED_FORMS[dataflow](work, taps, bias and work.bias, input_bytes, weight_bytes)
    if work.kind is NestKind.LINEAR:
        return linear_counts(work, bias and work.bias)
    return pooling_counts(work)
