"""Weight stationary: each weight is read once and meets every output it serves."""

from __future__ import annotations

from costmodel.columns import product
from costmodel.dataflows.closed_forms.terms import ACCUMULATOR_BYTES, SOURCE, SYMBOLS, both_taps, convolution_terms, sliding
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Taps
from costmodel.specs.work import LoopNest


@formula(
    id="counts.weight_stationary",
    equation={
        "mac_count": "G*OC*IC*V_h*V_w",
        "input_read_count": "G*OC*IC*V_h*V_w",
        "weight_read_count": "G*OC*IC*KH*KW",
        "bias_read_count": "bias*G*OC",
        "output_write_count": "G*OC*OH*OW",
        "psum_read_count": "G*OC*IC*V_h*V_w + G*OC*OH*OW",
        "psum_write_count": "G*OC*IC*V_h*V_w + G*OC*OH*OW",
        "scratch_buffer_count": "2",
        "scratch_bytes": "weight + OH*OW*4",
    },
    symbols=SYMBOLS,
    unit="accesses",
    source=SOURCE,
    terms=convolution_terms,
)
def weight_stationary_counts(nest: LoopNest, taps: Taps, bias: bool, input_bytes: int, weight_bytes: int) -> AccessCounts:  # noqa: ARG001 - `explain` fills the symbols of every closed form from these names
    """Return the counts of a convolution, weight stationary.

    Parameters
    ----------
    nest : LoopNest
        The convolution.
    taps : Taps
        Which taps count.
    bias : bool
        Whether a bias is read.
    input_bytes, weight_bytes : int
        Element sizes; scratch holds one weight and a plane of accumulators.

    Returns
    -------
    AccessCounts
        Every counter.
    """
    h, w = sliding(nest)
    channels = product(nest.groups, nest.out_channels)
    pairs = channels * nest.in_channels
    plane = h.output * w.output
    macs = pairs * both_taps(nest, taps)
    outputs = channels * plane
    return AccessCounts(
        mac_count=macs,
        input_read_count=macs,
        weight_read_count=pairs * (h.K * w.K),
        bias_read_count=channels if bias else 0,
        output_write_count=outputs,
        psum_read_count=macs + outputs,
        psum_write_count=macs + outputs,
        scratch_buffer_count=2,
        scratch_bytes=weight_bytes + plane * ACCUMULATOR_BYTES,
    )
