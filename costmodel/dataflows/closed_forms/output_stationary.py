"""Output stationary: each output stays in one accumulator until it is done."""

from __future__ import annotations

from costmodel.columns import product
from costmodel.dataflows.closed_forms.terms import (
    ACCUMULATOR_BYTES,
    SOURCE,
    SYMBOLS,
    both_taps,
    convolution_terms,
    linear_terms,
    pooling_terms,
    sliding,
)
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Taps
from costmodel.specs.work import LoopNest


@formula(
    id="counts.output_stationary",
    equation={
        "mac_count": "G*OC*IC*V_h*V_w",
        "input_read_count": "G*OC*IC*V_h*V_w",
        "weight_read_count": "G*OC*IC*V_h*V_w",
        "bias_read_count": "bias*G*OC*OH*OW",
        "output_write_count": "G*OC*OH*OW",
        "boundary_check_count": "G*OC*IC*KH*KW*(OH*OW - I_h*I_w)",
        "scratch_buffer_count": "1",
        "scratch_bytes": "4",
    },
    symbols=SYMBOLS,
    unit="accesses",
    source=SOURCE,
    terms=convolution_terms,
)
def output_stationary_counts(nest: LoopNest, taps: Taps, bias: bool, input_bytes: int, weight_bytes: int) -> AccessCounts:  # noqa: ARG001 - `explain` fills the symbols of every closed form from these names
    """Return the counts of a convolution, output stationary.

    Parameters
    ----------
    nest : LoopNest
        The convolution.
    taps : Taps
        Which taps count.
    bias : bool
        Whether a bias is read.
    input_bytes, weight_bytes : int
        Element sizes; scratch here holds accumulators only.

    Returns
    -------
    AccessCounts
        Every counter.
    """
    h, w = sliding(nest)
    channels = product(nest.groups, nest.out_channels)
    pairs = channels * nest.in_channels
    plane = h.output * w.output
    outputs = channels * plane
    macs = pairs * both_taps(nest, taps)
    boundary = plane - h.interior * w.interior
    return AccessCounts(
        mac_count=macs,
        input_read_count=macs,
        weight_read_count=macs,
        bias_read_count=outputs if bias else 0,
        output_write_count=outputs,
        boundary_check_count=product(pairs, h.K * w.K * boundary),
        scratch_buffer_count=1,
        scratch_bytes=ACCUMULATOR_BYTES,
    )


@formula(
    id="counts.linear",
    equation={
        "mac_count": "OC*IC",
        "input_read_count": "OC*IC",
        "weight_read_count": "OC*IC",
        "bias_read_count": "bias*OC",
        "output_write_count": "OC",
        "scratch_buffer_count": "1",
        "scratch_bytes": "4",
    },
    symbols=SYMBOLS,
    unit="accesses",
    source=SOURCE,
    terms=linear_terms,
)
def linear_counts(nest: LoopNest, bias: bool) -> AccessCounts:
    """Return the counts of a fully connected layer: output stationary, whatever the convolutions use."""
    macs = nest.out_channels * nest.in_channels
    return AccessCounts(
        mac_count=macs,
        input_read_count=macs,
        weight_read_count=macs,
        bias_read_count=nest.out_channels if bias else 0,
        output_write_count=nest.out_channels,
        scratch_buffer_count=1,
        scratch_bytes=ACCUMULATOR_BYTES,
    )


@formula(
    id="counts.pooling",
    equation={
        "operation_count": "G*V_h*V_w",
        "input_read_count": "G*V_h*V_w",
        "output_write_count": "G*OH*OW",
        "scratch_buffer_count": "1",
        "scratch_bytes": "4",
    },
    symbols=SYMBOLS | {"G": "channels", "V_h": "valid taps of the row axis [taps]", "V_w": "valid taps of the column axis [taps]"},
    unit="accesses",
    source=SOURCE,
    terms=pooling_terms,
)
def pooling_counts(nest: LoopNest) -> AccessCounts:
    """Return the counts of a pooling: output stationary, valid taps under either convention."""
    operations = nest.groups * both_taps(nest, Taps.VALID)
    return AccessCounts(
        operation_count=operations,
        input_read_count=operations,
        output_write_count=nest.groups * (nest.h.output * nest.w.output),
        scratch_buffer_count=1,
        scratch_bytes=ACCUMULATOR_BYTES,
    )
