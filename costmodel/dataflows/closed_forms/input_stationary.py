"""Input stationary: each input is read once and meets every output that uses it."""

from __future__ import annotations

from costmodel.columns import product
from costmodel.dataflows.closed_forms.terms import ACCUMULATOR_BYTES, SOURCE, SYMBOLS, both_taps, convolution_terms
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Taps
from costmodel.specs.work import LoopNest


@formula(
    id="counts.input_stationary",
    equation={
        "mac_count": "G*OC*IC*V_h*V_w",
        "input_read_count": "G*IC*T_h*T_w",
        "weight_read_count": "G*OC*IC*V_h*V_w",
        "bias_read_count": "bias*G*OC",
        "output_write_count": "G*OC*OH*OW",
        "psum_read_count": "G*OC*IC*V_h*V_w + G*OC*OH*OW",
        "psum_write_count": "G*OC*IC*V_h*V_w + G*OC*OH*OW",
        "scratch_buffer_count": "2",
        "scratch_bytes": "act + OC*OH*OW*4",
    },
    symbols=SYMBOLS,
    unit="accesses",
    source=SOURCE,
    terms=convolution_terms,
)
def input_stationary_counts(nest: LoopNest, taps: Taps, bias: bool, input_bytes: int, weight_bytes: int) -> AccessCounts:  # noqa: ARG001 - `explain` fills the symbols of every closed form from these names
    """Return the counts of a convolution, input stationary.

    Parameters
    ----------
    nest : LoopNest
        The convolution.
    taps : Taps
        Which taps count; under `nominal` padding elements are read as well.
    bias : bool
        Whether a bias is read.
    input_bytes, weight_bytes : int
        Element sizes; scratch holds one input and a group's accumulators.

    Returns
    -------
    AccessCounts
        Every counter.
    """
    h, w = nest.h, nest.w
    channels = product(nest.groups, nest.out_channels)
    plane = h.output * w.output
    macs = channels * nest.in_channels * both_taps(nest, taps)
    outputs = channels * plane
    touched = h.touched * w.touched if taps is Taps.VALID else h.touched_nominal * w.touched_nominal
    return AccessCounts(
        mac_count=macs,
        input_read_count=nest.groups * nest.in_channels * touched,
        weight_read_count=macs,
        bias_read_count=channels if bias else 0,
        output_write_count=outputs,
        psum_read_count=macs + outputs,
        psum_write_count=macs + outputs,
        scratch_buffer_count=2,
        scratch_bytes=input_bytes + nest.out_channels * plane * ACCUMULATOR_BYTES,
    )
