"""Random small networks from a seed: chains, branches, residual additions, poolings that may run in place, layers that are read twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from costmodel.errors import ShapeError, SpecError
from costmodel.specs.network import Network

MAX_MACS = 20_000


def random_graphs(count: int, seed: int, *, types: bool = True) -> Iterator[Network]:
    """Draw networks of one to a dozen layers, at most 20,000 multiply-accumulates each.

    The same seed gives the same networks. With `types`, tensors have element types of their own; without, the network's.
    """
    for index in range(count):
        draw = random.Random(f"{seed}-{index}")
        while True:
            try:
                network = _network(draw, f"graph-{seed}-{index}", types)
                macs = sum(step.lowered.weight_count * _pixels(step.lowered.output) for step in network.steps)
            except (ShapeError, SpecError, ValueError):
                continue  # a window that does not fit: drawn again from the same stream
            if macs <= MAX_MACS:
                yield network
                break


def _pixels(shape: tuple[int, ...]) -> int:
    return shape[1] * shape[2] if len(shape) == 3 else 1


def _network(draw: random.Random, name: str, types: bool) -> Network:
    shape = (draw.randint(1, 3), draw.randint(3, 10), draw.randint(3, 10))
    maps: dict[str, tuple[int, int, int]] = {"input": shape}
    layers: list[dict[str, Any]] = []
    for place in range(draw.randint(1, 11)):
        layer = _layer(draw, f"l{place}", maps, last=next(reversed(maps)))
        if types and draw.random() < 0.3 and layer["kind"] not in ("relu", "batch_norm2d"):
            layer["output_type"] = draw.choice(["int8", "int16", "int32", "float32"])
        layers.append(layer)
        drawn = Network.model_validate({"name": name, "input": shape, "layers": layers})
        by_name = {step.name: step.lowered.output for step in drawn.steps}
        maps[layer["name"]] = by_name[layer["name"]]
    if draw.random() < 0.5:
        layers += [{"kind": "flatten", "name": "flat"}, {"kind": "linear", "name": "scores", "out_features": draw.randint(1, 10)}]
        if draw.random() < 0.5:
            layers.append({"kind": "softmax", "name": "softmax"})
    chosen = {"input": draw.choice(["int8", "float32"]), "activation": draw.choice(["int8", "int16", "float32"])} if types else {}
    if types and draw.random() < 0.3:
        chosen["pooled"] = "int8"
    return Network.model_validate({"name": name, "input": shape, "types": chosen, "layers": layers})


def _layer(draw: random.Random, name: str, maps: dict[str, tuple[int, int, int]], last: str) -> dict[str, Any]:
    source = last if draw.random() < 0.8 else draw.choice(list(maps))
    alike = [(a, b) for a in maps for b in maps if a < b and maps[a] == maps[b]]
    kind = draw.choice(["conv2d", "conv2d", "depthwise", "max_pool2d", "avg_pool2d", "adaptive", "relu", "batch_norm2d", *["add"] * 3])
    if kind == "add" and alike:
        a, b = draw.choice(alike[-4:])
        return {"kind": "add", "name": name, "inputs": [a, b]}
    if kind in ("max_pool2d", "avg_pool2d"):
        window: dict[str, Any] = {"kernel": draw.choice([2, 2, 3]), "stride": draw.choice([None, 1, 2]), "padding": draw.choice([0, 0, 1])}
        return {"kind": kind, "name": name, "inputs": [source], **window}
    if kind == "adaptive":
        return {"kind": "adaptive_avg_pool2d", "name": name, "inputs": [source], "output_size": draw.randint(1, 4)}
    if kind in ("relu", "batch_norm2d"):
        return {"kind": kind, "name": name, "inputs": [last]}
    channels = maps[source][0]
    groups = channels if kind == "depthwise" else 1
    kernel = draw.choice([1, 3])
    out = channels * draw.randint(1, 2) if kind == "depthwise" else draw.choice([channels, draw.randint(1, 6)])
    window = {"kernel": kernel, "padding": kernel // 2, "stride": draw.choice([1, 1, 1, 2])}
    return {"kind": "conv2d", "name": name, "inputs": [source], "out_channels": out, "groups": groups, **window}
