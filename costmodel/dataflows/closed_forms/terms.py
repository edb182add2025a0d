"""What the closed forms of the dataflows share: the symbols and the choice of taps."""

from __future__ import annotations

from typing import Final, cast

from costmodel.columns import Number
from costmodel.specs.axis import AdaptiveAxis, Axis
from costmodel.specs.counting import Taps
from costmodel.specs.work import LoopNest

ACCUMULATOR_BYTES: Final = 4
"""Accumulators are 32-bit, integer or single precision."""

SYMBOLS: Final = {
    "G": "groups",
    "OC": "output channels per group",
    "IC": "input channels per group",
    "W": "input columns",
    "OH": "output rows",
    "OW": "output columns",
    "KH": "kernel rows",
    "KW": "kernel columns",
    "V_h": "taps of the row axis under the tap convention [taps]",
    "V_w": "taps of the column axis under the tap convention [taps]",
    "I_h": "interior output rows",
    "I_w": "interior output columns",
    "T_h": "input rows touched under the tap convention",
    "T_w": "input columns touched under the tap convention",
    "bias": "1 where a bias is read, else 0",
    "act": "bytes of an activation",
    "weight": "bytes of a weight",
}
"""Symbols of the dataflows' equations."""
SOURCE: Final = "docs/counting.md: proved against the execution in the tests"


def taps(axis: Axis | AdaptiveAxis, convention: Taps) -> Number:
    """Return the taps of an axis under a convention."""
    return axis.valid if convention is Taps.VALID else axis.nominal


def both_taps(nest: LoopNest, convention: Taps) -> Number:
    """Return the taps of an output plane: the product of both axes."""
    rows = taps(nest.h, convention)
    return rows * (rows if nest.w is nest.h else taps(nest.w, convention))


def sliding(nest: LoopNest) -> tuple[Axis, Axis]:
    """Return both axes of a convolution; only poolings have adaptive ones."""
    return cast("tuple[Axis, Axis]", (nest.h, nest.w))


def convolution_terms(nest: LoopNest, taps: Taps, bias: bool, input_bytes: Number, weight_bytes: Number) -> dict[str, Number]:
    """Return the value of every symbol of a convolution's equations, for `explain`."""
    h, w = sliding(nest)
    valid = taps is Taps.VALID
    return {
        "G": nest.groups,
        "OC": nest.out_channels,
        "IC": nest.in_channels,
        "W": w.H,
        "OH": h.output,
        "OW": w.output,
        "KH": h.K,
        "KW": w.K,
        "V_h": h.valid if valid else h.nominal,
        "V_w": w.valid if valid else w.nominal,
        "I_h": h.interior,
        "I_w": w.interior,
        "T_h": h.touched if valid else h.touched_nominal,
        "T_w": w.touched if valid else w.touched_nominal,
        "bias": int(bias),
        "act": input_bytes,
        "weight": weight_bytes,
    }


def pooling_terms(nest: LoopNest) -> dict[str, Number]:
    """Return the value of every symbol of a pooling's equations, for `explain`."""
    return {"G": nest.groups, "V_h": nest.h.valid, "V_w": nest.w.valid, "OH": nest.h.output, "OW": nest.w.output}


def linear_terms(nest: LoopNest, bias: bool) -> dict[str, Number]:
    """Return the value of every symbol of a fully connected layer's equations, for `explain`."""
    return {"OC": nest.out_channels, "IC": nest.in_channels, "bias": int(bias)}
