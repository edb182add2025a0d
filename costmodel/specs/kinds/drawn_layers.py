"""Random layers of each kind, at the limits of their geometry as often as not; a generator is an argument, so a seed decides."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Random(Protocol):
    """A source of whole numbers, such as a NumPy generator."""

    def integers(self, low: int, high: int) -> Any:
        """Return a number from `low` to below `high`."""


class DrawnLayer(NamedTuple):
    """A layer, and what it needs before it."""

    shape: tuple[int, int, int]
    """Of the input."""
    layers: tuple[dict[str, Any], ...]
    """Fields of each layer; the last is the one that was asked for."""


def draw_conv2d(random: Random, scale: int) -> DrawnLayer:
    """Draw a convolution; one in four is depthwise, and half have the kernel most networks are made of."""
    shape = some_shape(random, scale)
    depthwise = random.integers(0, 4) == 0
    groups = shape[0] if depthwise else small(random, 3)
    channels = groups if depthwise else groups * small(random, 4 * scale)
    fields = {
        "kind": "conv2d",
        "name": "conv",
        "out_channels": groups * small(random, 2 if depthwise else 4 * scale),
        "groups": groups,
        "stride": (small(random, 3 * scale), small(random, 3)),
        "bias": bool(random.integers(0, 4)),
        **window(random, scale),
    }
    if random.integers(0, 2):
        fields |= {"kernel": (3, 3), "dilation": (1, 1)}
    return DrawnLayer((channels, *shape[1:]), (fields,))


def draw_linear(random: Random, scale: int) -> DrawnLayer:
    """Draw a fully connected layer behind a flatten."""
    fields = {"kind": "linear", "name": "linear", "out_features": small(random, 20 * scale), "bias": bool(random.integers(0, 4))}
    return DrawnLayer(some_shape(random, scale), ({"kind": "flatten", "name": "flat"}, fields))


def draw_max_pool(random: Random, scale: int) -> DrawnLayer:
    """Draw a maximum pooling."""
    return _pooling(random, scale, "max_pool2d")


def draw_avg_pool(random: Random, scale: int) -> DrawnLayer:
    """Draw an average pooling."""
    return _pooling(random, scale, "avg_pool2d")


def draw_adaptive(random: Random, scale: int) -> DrawnLayer:
    """Draw an adaptive pooling."""
    size = (small(random, 9 * scale), small(random, 9 * scale))
    return DrawnLayer(some_shape(random, scale), ({"kind": "adaptive_avg_pool2d", "name": "pool", "output_size": size},))


def draw_relu(random: Random, scale: int) -> DrawnLayer:
    """Draw a rectifier of the network's input."""
    return DrawnLayer(some_shape(random, scale), ({"kind": "relu", "name": "relu"},))


def draw_batch_norm(random: Random, scale: int) -> DrawnLayer:
    """Draw a batch normalisation of the network's input."""
    return DrawnLayer(some_shape(random, scale), ({"kind": "batch_norm2d", "name": "norm"},))


def draw_flatten(random: Random, scale: int) -> DrawnLayer:
    """Draw a flatten."""
    return DrawnLayer(some_shape(random, scale), ({"kind": "flatten", "name": "flat"},))


def draw_add(random: Random, scale: int) -> DrawnLayer:
    """Draw an addition of the network's input and what a batch normalisation makes of it."""
    other = {"kind": "batch_norm2d", "name": "other"}
    return DrawnLayer(some_shape(random, scale), (other, {"kind": "add", "name": "sum", "inputs": ("other", "input")}))


def draw_softmax(random: Random, scale: int) -> DrawnLayer:
    """Draw a softmax."""
    return DrawnLayer(some_shape(random, scale), ({"kind": "softmax", "name": "softmax"},))


def _pooling(random: Random, scale: int, kind: str) -> DrawnLayer:
    fields = {"kind": kind, "name": "pool", **window(random, scale), "stride": None}
    if random.integers(0, 2):
        fields["stride"] = (small(random, 3), small(random, 3 * scale))
    return DrawnLayer(some_shape(random, scale), (fields,))


def some_shape(random: Random, scale: int) -> tuple[int, int, int]:
    """Draw channels, rows and columns."""
    return small(random, 8 * scale), small(random, 14 * scale), small(random, 14 * scale)


def window(random: Random, scale: int) -> dict[str, Any]:
    """Draw kernel, padding and dilation."""
    return {
        "kernel": (small(random, 5), small(random, 5 * scale)),
        "padding": tuple(int(random.integers(0, 4 * scale)) for _ in range(4)),
        "dilation": (small(random, 3 * scale), small(random, 3)) if random.integers(0, 3) == 0 else (1, 1),
    }


def small(random: Random, largest: int) -> int:
    """Draw a number from 1 to `largest`."""
    return int(random.integers(1, largest + 1))
