"""Random layers of front and back ends."""

from __future__ import annotations

from costmodel.specs.kinds.drawn_layers import DrawnLayer, Random, small, some_shape


def draw_cumulative(random: Random, scale: int) -> DrawnLayer:
    """Draw running sums along the rows."""
    layer = {"kind": "cumulative_sum", "name": "sums", "axis": 1, "exclusive": False, "reverse": True}
    return DrawnLayer(some_shape(random, scale), (layer,))


def draw_fft(random: Random, _scale: int) -> DrawnLayer:
    """Draw a transform of up to 64 samples."""
    return DrawnLayer((1 + small(random, 3), 1 + small(random, 3), small(random, 4)), (_FLAT, {**_FFT, "name": "fft"}))


def draw_bank(random: Random, scale: int) -> DrawnLayer:
    """Draw a bank of two filters over what is always there."""
    shape = some_shape(random, scale)
    bank = {"kind": "filter_bank", "name": "bank", "starts": (0, 1, 2), "widths": (1, 1, 2)}
    return DrawnLayer((4 * shape[0], *shape[1:]), (_FLAT, bank))


def draw_detection(random: Random, scale: int) -> DrawnLayer:
    """Draw a choice among boxes, of which each has a score a class."""
    count, classes = small(random, 9 * scale), small(random, 4)
    scores = {"kind": "extra_input", "name": "scores", "inputs": (), "shape": (classes, count, 1)}
    pick = {"kind": "detection", "name": "pick", "picks": 3, "inputs": ("input", "scores")}
    return DrawnLayer((4, count, 1), (scores, pick))


_FLAT = {"kind": "flatten", "name": "flat"}
_FFT = {"kind": "real_fft", "points": 64}
