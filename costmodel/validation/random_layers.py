"""Random layers from a seed: geometry of every kind, at its limits as often as not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from costmodel.errors import ShapeError
from costmodel.specs.network import Network

_KINDS: Final = (
    *("conv2d",) * 8,
    *("depthwise",) * 3,
    *("linear", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d") * 2,
    *("relu", "batch_norm2d", "add", "softmax"),
)
"""What is drawn from; convolutions most often."""


def random_networks(count: int, seed: int) -> Iterator[Network]:
    """Draw networks of one random layer, and what belongs to it.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        The same seed gives the same layers; the first hundred of two hundred are the hundred.

    Yields
    ------
    Network
        One layer of a random kind, sometimes followed by a batch norm or a rectifier, which may or may not merge into it, or fed by one.
    """
    for index in range(count):
        generator = np.random.default_rng([seed, index, 2])
        while True:
            try:
                yield _network(generator, f"random-{seed}-{index}")
            except ShapeError:
                # The kernel did not fit its input: draw again from the same stream.
                continue
            break


def _network(generator: np.random.Generator, name: str) -> Network:
    kind = _KINDS[generator.integers(len(_KINDS))]
    shape = [_small(generator, 8), _small(generator, 14), _small(generator, 14)]
    layers: list[dict[str, Any]]
    if kind in ("conv2d", "depthwise"):
        layers = _convolution(generator, shape, depthwise=kind == "depthwise")
    elif kind == "linear":
        layers = [{"kind": "flatten", "name": "flat"}, _linear(generator)]
    elif kind in ("max_pool2d", "avg_pool2d"):
        layers = [{"kind": kind, "name": "pool", **_window(generator)}]
        if generator.integers(2):
            layers[0]["stride"] = (_small(generator, 3), _small(generator, 3))
    elif kind == "adaptive_avg_pool2d":
        layers = [{"kind": kind, "name": "pool", "output_size": (_small(generator, 9), _small(generator, 9))}]
    elif kind == "add":
        layers = [{"kind": "batch_norm2d", "name": "other"}, {"kind": "add", "name": "sum", "inputs": ("other", "input")}]
    else:
        layers = [{"kind": kind, "name": kind}]
    if generator.integers(2) and kind in ("conv2d", "depthwise", "linear", "add", "batch_norm2d"):
        layers.append({"kind": "relu", "name": "rectifier"})
        if generator.integers(4) == 0:
            # The layer before is read unrectified too, so that the rectifier runs.
            layers.append({"kind": "add", "name": "both", "inputs": (layers[-2]["name"], "rectifier")})
    types = {"input": "float32" if generator.integers(2) else "int8"}
    return Network.model_validate({"name": name, "input": tuple(shape), "types": types, "layers": layers})


def _convolution(generator: np.random.Generator, shape: list[int], *, depthwise: bool) -> list[dict[str, Any]]:
    groups = shape[0] if depthwise else _small(generator, 3)
    shape[0] = groups if depthwise else groups * _small(generator, 4)
    layer = {
        "kind": "conv2d",
        "name": "conv",
        "out_channels": groups * _small(generator, 2 if depthwise else 4),
        "groups": groups,
        "stride": (_small(generator, 3), _small(generator, 3)),
        "bias": bool(generator.integers(4)),
        **_window(generator),
    }
    if generator.integers(2):
        # The kernel most networks are made of, and the firmware has written out.
        layer |= {"kernel": 3, "dilation": 1}
    return [layer, *([{"kind": "batch_norm2d", "name": "norm"}] if generator.integers(3) == 0 else [])]


def _linear(generator: np.random.Generator) -> dict[str, Any]:
    return {
        "kind": "linear",
        "name": "linear",
        "out_features": _small(generator, 20),
        "bias": bool(generator.integers(4)),
    }


def _window(generator: np.random.Generator) -> dict[str, Any]:
    return {
        "kernel": (_small(generator, 5), _small(generator, 5)),
        "padding": tuple(int(side) for side in generator.integers(0, 4, 4)),
        "dilation": (_small(generator, 3), _small(generator, 3)) if generator.integers(3) == 0 else 1,
    }


def _small(generator: np.random.Generator, largest: int) -> int:
    """A number from 1 to `largest`."""
    return int(generator.integers(1, largest + 1))
