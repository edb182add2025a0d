"""What the packaged kernels of the firmware do for a layer, output stationary: the regressors of their instructions.

The core's loops are the same for every shape, so that its instructions are a sum over what the loops go through. Outputs whose window lies
inside the input and those at the rim, a 3x3 and any other kernel, linear layers, and inputs with a zero point to subtract have functions
of their own, and with them rates of their own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from costmodel.specs.axis import AdaptiveAxis, Axis
from costmodel.specs.operations import Action
from costmodel.specs.work import LoopNest, Work

UNITS: Final = {
    "tap": "multiply-accumulates of single taps",
    "outside": "taps that are checked and found outside the input",
    "outside_row": "of those, taps of kernel rows outside",
    "row": "kernel rows",
    "row_outside": "kernel rows outside the input",
    "plane": "planes of input channels, once an output; of a 3x3 inside, nine taps each",
    "pixel": "outputs",
    "stretch": "stretches of outputs along a row",
    "biased": "outputs whose sum starts from a bias",
    "passed": "sums above 0 that a rectifier lets pass",
    "rectified": "sums that it makes the zero point",
    "below": "sums below 0, without a rectifier",
    "rest": "sums from 0 on, without one",
    "output_row": "rows of outputs, of every filter",
    "filter": "filters",
    "group": "groups",
    "zero": "multiply-accumulates whose input is zero, of floats: software makes short work of them",
    "layer": "1: what a call costs whatever its size",
}
"""What a function goes through."""
FUNCTIONS: Final = ("inside", "rim", "square_inside", "square_rim", "convolution", "linear")
"""Functions that have rates of their own: a convolution's outputs by where their windows lie, a 3x3 apart, what drives them, and linear."""


class Arithmetic(StrEnum):
    """What a layer computes with: kernels of their own; the value marks their units."""

    INT8 = ""
    OFFSET = "offset"
    """int8 inputs with a zero point to subtract."""
    FLOAT32 = "float32"
    FLOAT32_OF_INT8 = "of_int8"
    """float32 from the network's int8 input."""


_SQUARE: Final = 3
"""Kernel extent that has functions of its own."""


def packaged_work(
    work: Work, relu: bool, arithmetic: Arithmetic, signs: tuple[int, int] | None = None, zeros: int | None = None
) -> dict[str, float] | None:
    """Return what the packaged kernel of a layer does for one inference.

    Parameters
    ----------
    work : Work
        Of the layer; its numbers are ints.
    relu : bool
        Whether it applies a rectifier.
    arithmetic : Arithmetic
        What it computes with.
    signs : (int, int), optional
        How many of its sums are above 0 and below; half and half where they are not known.
    zeros : int, optional
        Multiply-accumulates whose input is zero, which count for floats; none where they are not known.

    Returns
    -------
    dict of str to float, or None
        By function and unit, `rim tap`, `linear pixel offset`; what there is nothing of is left out. Counts, but that sums of either sign
        are taken to be as frequent at the rim as inside. None for what is neither a convolution nor linear.
    """
    if not isinstance(work, LoopNest) or work.operation.action not in (Action.SLIDING_MAC, Action.MAC):
        return None
    filters = work.groups * work.out_channels
    found: dict[str, dict[str, float]] = {}
    if work.operation.action is Action.MAC:
        function = "linear"
        found[function] = {"tap": filters * work.in_channels, "pixel": filters, "layer": 1}
        outputs = filters
    else:
        if isinstance(work.h, AdaptiveAxis) or isinstance(work.w, AdaptiveAxis):
            return None
        function = "convolution"
        found = _convolution(work, work.h, work.w, filters)
        outputs = filters * work.h.output * work.w.output
    above, below = (outputs // 2, outputs // 2) if signs is None else signs
    for units in found.values():
        pixels = units.get("pixel", 0)
        units["biased"] = pixels if work.bias else 0
        either = {"passed": above, "rectified": outputs - above} if relu else {"below": below, "rest": outputs - below}
        units.update({unit: count * pixels / outputs for unit, count in either.items()})
    if arithmetic in (Arithmetic.FLOAT32, Arithmetic.FLOAT32_OF_INT8) and zeros:
        found[function]["zero"] = zeros
    last = f" {arithmetic}" if arithmetic else ""
    return {f"{name} {unit}{last}": count for name, units in found.items() for unit, count in units.items() if count}


def _convolution(work: LoopNest, h: Axis, w: Axis, filters: int) -> dict[str, dict[str, float]]:
    window = h.K * w.K
    inner = filters * h.interior * w.interior
    rim = filters * h.output * w.output - inner
    planes, rim_planes = inner * work.in_channels, rim * work.in_channels
    rows_outside = rim_planes * h.K - (filters * work.in_channels * h.valid * w.output - planes * h.K)
    taps = filters * work.in_channels * h.valid * w.valid - planes * window
    # A row inside is parted into outputs at the left rim, inside and at the right rim; any other is one stretch at the rim.
    end = min(w.output, max(0, (w.H + w.p - (w.K - 1) * w.d - 1) // w.s + 1))
    begin = min(-(-w.p // w.s), end)
    rim_stretches = filters * (h.interior * ((begin > 0) + (end < w.output)) + h.output - h.interior)
    inside = {"plane": planes, "pixel": inner, "stretch": filters * h.interior * (w.interior > 0)}
    at_rim = {
        "tap": taps,
        "outside": rim_planes * window - taps,
        "row": rim_planes * h.K,
        "row_outside": rows_outside,
        "plane": rim_planes,
        "pixel": rim,
        "stretch": rim_stretches,
    }
    driver = {"output_row": filters * h.output, "filter": filters, "group": work.groups, "layer": 1}
    if h.K == w.K == _SQUARE and h.d == w.d == 1:
        return {"square_inside": inside, "square_rim": at_rim, "convolution": driver}
    inside |= {"tap": planes * window, "row": planes * h.K}
    return {"inside": inside, "rim": at_rim | {"outside_row": rows_outside * w.K}, "convolution": driver}
