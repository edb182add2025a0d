"""Layers whose accesses follow from their geometry alone, and the transposed convolution."""

from __future__ import annotations

from costmodel.columns import Number, product
from costmodel.dataflows.closed_forms.terms import ACCUMULATOR_BYTES, SOURCE, SYMBOLS, both_taps, sliding, taps
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Taps
from costmodel.specs.work import LoopNest


@formula(
    id="counts.passes",
    equation={
        "mac_count": "M",
        "operation_count": "O",
        "input_read_count": "A",
        "weight_read_count": "P",
        "bias_read_count": "B",
        "output_write_count": "N",
        "psum_read_count": "S",
        "psum_write_count": "S",
        "scratch_buffer_count": "1 if E > 0 else 0",
        "scratch_bytes": "4*E",
    },
    symbols={
        "M": "multiply-accumulates",
        "O": "comparisons and additions",
        "A": "elements read of the inputs",
        "P": "elements read of constants and tables",
        "B": "biases read, where they count",
        "N": "elements written",
        "S": "partial results written to scratch and read again",
        "E": "elements of scratch",
    },
    unit="accesses",
    source="docs/counting.md: proved against the execution in the tests",
)
def pass_counts(
    macs: Number, operations: Number, reads: Number, weights: Number, biases: Number, writes: Number, psums: Number, scratch: Number
) -> AccessCounts:
    """Return the counts of a layer that passes over whole tensors; each is stated by the layer's lowering."""
    return AccessCounts(
        mac_count=macs,
        operation_count=operations,
        input_read_count=reads,
        weight_read_count=weights,
        bias_read_count=biases,
        output_write_count=writes,
        psum_read_count=psums,
        psum_write_count=psums,
        scratch_buffer_count=0 if isinstance(scratch, int) and scratch == 0 else 1,
        scratch_bytes=ACCUMULATOR_BYTES * scratch,
    )


def _transposed_terms(nest: LoopNest, convention: Taps, bias: bool) -> dict[str, Number]:
    """Return the value of every symbol of a transposed convolution's equations, for `explain`."""
    h, w = sliding(nest)
    return {
        "G": nest.groups,
        "OC": nest.out_channels,
        "IC": nest.in_channels,
        "H": h.H,
        "W": w.H,
        "V_h": taps(h, convention),
        "V_w": taps(w, convention),
        "bias": int(bias),
    }


@formula(
    id="counts.transposed_convolution",
    equation={
        "mac_count": "G*OC*IC*V_h*V_w",
        "input_read_count": "G*OC*IC*V_h*V_w",
        "weight_read_count": "G*OC*IC*V_h*V_w",
        "bias_read_count": "bias*G*OC*H*W",
        "output_write_count": "G*OC*H*W",
        "scratch_buffer_count": "1",
        "scratch_bytes": "4",
    },
    symbols=SYMBOLS
    | {
        "H": "output rows: those the mirrored convolution reads",
        "W": "output columns",
    },
    unit="accesses",
    source=SOURCE,
    terms=_transposed_terms,
)
def transposed_counts(nest: LoopNest, convention: Taps, bias: bool) -> AccessCounts:
    """Return the counts of a transposed convolution, output stationary: each output gathers the inputs that reach it.

    Parameters
    ----------
    nest : LoopNest
        Its axes are those of the convolution that leads from its output to its input.
    convention : Taps
        Which taps count.
    bias : bool
        Whether a bias is read.

    Returns
    -------
    AccessCounts
        Every counter.
    """
    h, w = sliding(nest)
    channels = product(nest.groups, nest.out_channels)
    macs = channels * nest.in_channels * both_taps(nest, convention)
    outputs = channels * (h.H * w.H)
    return AccessCounts(
        mac_count=macs,
        input_read_count=macs,
        weight_read_count=macs,
        bias_read_count=outputs if bias else 0,
        output_write_count=outputs,
        scratch_buffer_count=1,
        scratch_bytes=ACCUMULATOR_BYTES,
    )
