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
SOURCE: Final = "COUNTING.md of this project; proved against the execution in the tests"


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
