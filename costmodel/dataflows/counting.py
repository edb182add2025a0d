"""Counts of any work under any dataflow, in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from costmodel.columns import any_true
from costmodel.dataflows.closed_forms.blocked_output_stationary import blocked_output_stationary_counts
from costmodel.dataflows.closed_forms.elementwise import elementwise_counts
from costmodel.dataflows.closed_forms.input_stationary import input_stationary_counts
from costmodel.dataflows.closed_forms.no_local_reuse import no_local_reuse_counts
from costmodel.dataflows.closed_forms.output_stationary import linear_counts, output_stationary_counts, pooling_counts
from costmodel.dataflows.closed_forms.passes import pass_counts, transposed_counts
from costmodel.dataflows.closed_forms.row_stationary import row_stationary_counts
from costmodel.dataflows.closed_forms.weight_stationary import weight_stationary_counts
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.operations import Action
from costmodel.specs.running.mapping import BLOCKED, DATAFLOWS, ChosenDataflow
from costmodel.specs.work import Elementwise, LoopNest, Passes, View, Work

ConvolutionCounts: TypeAlias = Callable[..., AccessCounts]
"""Closed form of one dataflow: of nest, taps, bias, input_bytes, weight_bytes, then the dataflow's parameters in their order."""

CLOSED_FORMS: Final[dict[str, ConvolutionCounts]] = {
    Dataflow.OUTPUT_STATIONARY: output_stationary_counts,
    Dataflow.ROW_STATIONARY: row_stationary_counts,
    Dataflow.WEIGHT_STATIONARY: weight_stationary_counts,
    Dataflow.INPUT_STATIONARY: input_stationary_counts,
    Dataflow.NO_LOCAL_REUSE: no_local_reuse_counts,
    BLOCKED: blocked_output_stationary_counts,
}
"""Closed form of each dataflow, for convolutions."""


def count_work(
    work: Work,
    dataflow: Dataflow | ChosenDataflow,
    taps: Taps = Taps.VALID,
    *,
    bias: bool = True,
    input_bytes: int = 1,
    weight_bytes: int = 1,
) -> AccessCounts:
    """Return the counts of one layer's work.

    Parameters
    ----------
    work : Work
        What the layer does; its numbers are ints or columns.
    dataflow : Dataflow or ChosenDataflow
        Applies to convolutions, with its parameters where it has any, and where it says so to linear layers; everything else runs
        output stationary.
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
    if isinstance(work, Passes):
        biases = work.biases if bias else 0
        return pass_counts(work.macs, work.operations, work.reads, work.weights, biases, work.writes, work.psums, work.scratch)
    action = work.operation.action
    name, values = (dataflow, ()) if isinstance(dataflow, str) else dataflow
    if action is Action.SLIDING_MAC or (action is Action.MAC and DATAFLOWS[name].linear):
        return CLOSED_FORMS[name](work, taps, bias and work.bias, input_bytes, weight_bytes, *values)
    if action is Action.SPREADING_MAC:
        return transposed_counts(work, taps, bias and work.bias)
    if action is Action.MAC:
        return linear_counts(work, bias and work.bias)
    return pooling_counts(work)


def in_words(work: LoopNest, dataflow: ChosenDataflow) -> bool:
    """Tell whether a layer's weights are loaded in words, two filters' at a time: any of them, where columns differ."""
    applies = work.operation.action is Action.SLIDING_MAC or (work.operation.action is Action.MAC and DATAFLOWS[dataflow.name].linear)
    return applies and dataflow.name == BLOCKED and len(dataflow.values) > 2 and any_true(dataflow.values[2] > 0)


def counts_as_executed(work: Work, taps: Taps, bias: bool) -> bool:
    """Tell whether a convention counts just what the firmware executes.

    Parameters
    ----------
    work : Work
        What the layer does.
    taps : Taps
        Which taps of a convolution count.
    bias : bool
        Whether bias reads count.

    Returns
    -------
    bool
        True where valid taps with biases give the same counts.
    """
    if isinstance(work, Passes):
        return bias or (isinstance(work.biases, int) and work.biases == 0)
    if not isinstance(work, LoopNest):
        return True
    both_ways = work.operation.action not in (Action.SLIDING_MAC, Action.SPREADING_MAC)
    return (bias or not work.bias) and (taps is Taps.VALID or both_ways)
