"""A network in floating point, layer by layer from its definition.

Sums are taken one input channel after the other, so a channel of zeros changes no bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.specs.model import Parameters
from costmodel.specs.network import Network

Array = NDArray[np.floating[Any]]


def forward(network: Network, parameters: Parameters, values: Array) -> Array:
    """The last layer's output, in the type of `values`."""
    held: dict[int, Array] = {-1: values}
    for index, (layer, sources) in enumerate(zip(network.ordered, network.sources, strict=True)):
        inputs = [held[source] for source in sources]
        own = parameters.get(layer.name)
        weight = None if own is None else own.weight.astype(values.dtype)
        bias = None if own is None or own.bias is None else own.bias.astype(values.dtype)
        held[index] = computed(layer, inputs, weight, bias)
    return held[len(network.steps) - 1]


def computed(layer: Any, inputs: list[Array], weight: Array | None, bias: Array | None) -> Array:
    x = inputs[0]
    if layer.kind == "conv2d":
        return _conv(layer, x, weight, bias)
    if layer.kind == "linear":
        total = np.zeros(len(weight), x.dtype)
        for place, value in enumerate(x):
            total = total + weight[:, place] * value
        return total if bias is None else total + bias
    if layer.kind in ("max_pool2d", "avg_pool2d"):
        return _pooled(layer, x)
    if layer.kind == "adaptive_avg_pool2d":
        rows, columns = layer.output_size
        return np.stack([np.stack([_bin(x, r, rows, c, columns) for c in range(columns)], -1) for r in range(rows)], -2)
    if layer.kind == "relu":
        return np.maximum(x, 0)
    if layer.kind == "clamp":
        return np.clip(x, layer.low, layer.high)
    if layer.kind == "concat":
        return np.concatenate(inputs, axis=layer.axis)
    if layer.kind == "batch_norm2d":
        return x * weight[:, None, None] + bias[:, None, None]
    if layer.kind == "flatten":
        return x.ravel()
    if layer.kind == "add":
        return inputs[0] + inputs[1]
    assert layer.kind == "softmax"
    powers = np.exp(x - x.max(axis=0))
    return powers / powers.sum(axis=0)


def _bin(x: Array, row: int, rows: int, column: int, columns: int) -> Array:
    top, bottom = row * x.shape[1] // rows, -(-(row + 1) * x.shape[1] // rows)
    left, right = column * x.shape[2] // columns, -(-(column + 1) * x.shape[2] // columns)
    return x[:, top:bottom, left:right].mean(axis=(1, 2))


def _windows(layer: Any, x: Array, fill: float) -> NDArray[Any]:
    """(channels, rows, columns, kernel rows, kernel columns)."""
    top, bottom, left, right = layer.padding
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right)), constant_values=fill)
    stride = layer.kernel if layer.stride is None else layer.stride
    reach = [(kernel - 1) * dilation + 1 for kernel, dilation in zip(layer.kernel, layer.dilation, strict=True)]
    found = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(1, 2))
    return found[:, :: stride[0], :: stride[1], :: layer.dilation[0], :: layer.dilation[1]]


def _conv(layer: Any, x: Array, weight: Array, bias: Array | None) -> Array:
    windows = _windows(layer, x, 0.0)
    per_group, out_per_group = len(x) // layer.groups, len(weight) // layer.groups
    total = np.zeros((len(weight), *windows.shape[1:3]), x.dtype)
    for out in range(len(weight)):
        for place in range(per_group):
            source = windows[out // out_per_group * per_group + place]
            for row in range(layer.kernel[0]):
                for column in range(layer.kernel[1]):
                    total[out] = total[out] + source[..., row, column] * weight[out, place, row, column]
    return total if bias is None else total + bias[:, None, None]


def _pooled(layer: Any, x: Array) -> Array:
    if layer.kind == "max_pool2d":
        best = _windows(layer, x, -np.inf).max(axis=(3, 4))
        return np.where(np.isinf(best), 0, best)
    counts = _windows(layer, np.ones_like(x), 0.0).sum(axis=(3, 4))
    return _windows(layer, x, 0.0).sum(axis=(3, 4)) / np.maximum(counts, 1)
