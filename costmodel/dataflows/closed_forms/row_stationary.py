"""Row stationary on one core: three row buffers, for an input row, a weight row and a row of partial sums."""

from __future__ import annotations

from costmodel.columns import product
from costmodel.dataflows.closed_forms.terms import ACCUMULATOR_BYTES, SOURCE, SYMBOLS, convolution_terms, sliding
from costmodel.dataflows.closed_forms.terms import taps as taps_of
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Taps
from costmodel.specs.work import LoopNest


@formula(
    id="counts.row_stationary",
    equation={
        "mac_count": "G*OC*IC*V_h*V_w",
        "input_read_count": "G*OC*IC*V_h*W",
        "weight_read_count": "G*OC*IC*V_h*KW",
        "bias_read_count": "bias*G*OC*OH",
        "output_write_count": "G*OC*OH*OW",
        "psum_read_count": "G*OC*IC*V_h*OW + G*OC*OH*OW",
        "psum_write_count": "G*OC*IC*V_h*OW + G*OC*OH*OW",
        "input_row_read_count": "G*OC*IC*V_h*V_w",
        "input_row_write_count": "G*OC*IC*V_h*W",
        "weight_row_read_count": "G*OC*IC*V_h*V_w",
        "weight_row_write_count": "G*OC*IC*V_h*KW",
        "scratch_buffer_count": "3",
        "scratch_bytes": "W*act + KW*weight + OW*4",
    },
    symbols=SYMBOLS,
    unit="accesses",
    source=SOURCE,
    terms=convolution_terms,
)
def row_stationary_counts(nest: LoopNest, taps: Taps, bias: bool, input_bytes: int, weight_bytes: int) -> AccessCounts:
    """Return the counts of a convolution, row stationary.

    Parameters
    ----------
    nest : LoopNest
        The convolution.
    taps : Taps
        Which taps count.
    bias : bool
        Whether a bias is read.
    input_bytes, weight_bytes : int
        Element sizes of the row buffers.

    Returns
    -------
    AccessCounts
        Every counter.
    """
    h, w = sliding(nest)
    channels = product(nest.groups, nest.out_channels)
    columns = w.output
    rows_loaded = channels * nest.in_channels * taps_of(h, taps)
    macs = rows_loaded * taps_of(w, taps)
    outputs = channels * (h.output * columns)
    inputs = rows_loaded * w.H
    weights = rows_loaded * w.K
    psums = rows_loaded * columns + outputs
    return AccessCounts(
        mac_count=macs,
        input_read_count=inputs,
        weight_read_count=weights,
        bias_read_count=channels * h.output if bias else 0,
        output_write_count=outputs,
        psum_read_count=psums,
        psum_write_count=psums,
        input_row_read_count=macs,
        input_row_write_count=inputs,
        weight_row_read_count=macs,
        weight_row_write_count=weights,
        scratch_buffer_count=3,
        scratch_bytes=w.H * input_bytes + w.K * weight_bytes + columns * ACCUMULATOR_BYTES,
    )
