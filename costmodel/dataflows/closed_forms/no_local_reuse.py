"""No local reuse: nothing stays; every partial sum goes back to the output tensor."""

from __future__ import annotations

from costmodel.columns import product
from costmodel.dataflows.closed_forms.terms import SOURCE, SYMBOLS, both_taps, convolution_terms
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Taps
from costmodel.specs.work import LoopNest


@formula(
    id="counts.no_local_reuse",
    equation={
        "mac_count": "G*OC*IC*V_h*V_w",
        "input_read_count": "G*OC*IC*V_h*V_w",
        "weight_read_count": "G*OC*IC*V_h*V_w",
        "bias_read_count": "bias*G*OC*OH*OW",
        "output_read_count": "G*OC*IC*V_h*V_w",
        "output_write_count": "G*OC*IC*V_h*V_w + G*OC*OH*OW",
    },
    symbols=SYMBOLS,
    unit="accesses",
    source=SOURCE,
    terms=convolution_terms,
)
def no_local_reuse_counts(nest: LoopNest, taps: Taps, bias: bool, input_bytes: int, weight_bytes: int) -> AccessCounts:  # noqa: ARG001 - `explain` fills the symbols of every closed form from these names
    """Return the counts of a convolution without local reuse.

    Parameters
    ----------
    nest : LoopNest
        The convolution.
    taps : Taps
        Which taps count.
    bias : bool
        Whether a bias is read.
    input_bytes, weight_bytes : int
        Element sizes; there is no scratch.

    Returns
    -------
    AccessCounts
        Every counter.
    """
    channels = product(nest.groups, nest.out_channels)
    outputs = channels * (nest.h.output * nest.w.output)
    macs = channels * nest.in_channels * both_taps(nest, taps)
    return AccessCounts(
        mac_count=macs,
        input_read_count=macs,
        weight_read_count=macs,
        bias_read_count=outputs if bias else 0,
        output_read_count=macs,
        output_write_count=macs + outputs,
    )
