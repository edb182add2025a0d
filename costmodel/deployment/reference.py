"""What every layer of a deployed network must answer, bit for bit, computed with NumPy.

Shares no code with the firmware. Integers wrap modulo 2**32 as the firmware's accumulators do; floats are summed in index order, one
operation at a time, in single precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, DeployedTensor, Kernel, KernelWindow, Variant

Tensor: TypeAlias = NDArray[Any]
"""int8 or float32, (channels, rows, columns)."""


def run_reference(network: DeployedNetwork, values: Tensor) -> list[Tensor]:
    """Run a deployed network.

    Parameters
    ----------
    network : DeployedNetwork
        What to run.
    values : array of int8 or float32
        Its input, in the input tensor's shape (or flat).

    Returns
    -------
    list of array
        The output tensor after each layer, (channels, rows, columns).
    """
    dtype = np.float32 if network.variant is Variant.FLOAT32 else np.int8
    held: dict[int, Tensor] = {network.input_tensor: np.asarray(values, dtype).reshape(network.tensors[network.input_tensor].shape)}
    outputs = []
    # A hostile or random network may run into infinities; their bits are compared like any others.
    with np.errstate(all="ignore"):
        for layer in network.layers:
            target = network.tensors[layer.output]
            inputs = [held[index] for index in layer.inputs]
            result = _RUN[layer.kernel](layer, inputs, target, network.variant)
            held[layer.output] = result
            outputs.append(result)
    return outputs


def _valid(window: KernelWindow, extent: int, outputs: int, tap: int) -> tuple[slice, slice] | None:
    """Outputs for which a tap is in bounds, and the inputs it then falls on."""
    reach = tap * window.dilation - window.pad_before
    first = max(0, -(reach // window.stride)) if reach < 0 else 0
    last = min(outputs - 1, (extent - 1 - reach) // window.stride)
    if last < first:
        return None
    begin = first * window.stride + reach
    return slice(first, last + 1), slice(begin, (last * window.stride) + reach + 1, window.stride)


def _taps(layer: DeployedLayer, source: Tensor, target: DeployedTensor) -> list[tuple[int, int, Any, Any]]:
    """Every tap of a window that falls on input somewhere: its row and column, and the slices of outputs and inputs."""
    found = []
    for row in range(layer.height.kernel):
        rows = _valid(layer.height, source.shape[1], target.height, row)
        for column in range(layer.width.kernel):
            columns = _valid(layer.width, source.shape[2], target.width, column)
            if rows and columns:
                found.append((row, column, (rows[0], columns[0]), (rows[1], columns[1])))
    return found


def _requantised(sums: Tensor, layer: DeployedLayer) -> Tensor:
    return _clamped((sums.astype(np.int64) * layer.multiplier + (1 << (layer.shift - 1))) >> layer.shift, layer)


def _clamped(values: Tensor, layer: DeployedLayer) -> Tensor:
    return np.clip(values, 0 if layer.relu else -128, 127).astype(np.int8)


def _finished(sums: Tensor, layer: DeployedLayer, variant: Variant) -> Tensor:
    if variant is Variant.INT8:
        return _requantised(sums, layer)
    return np.where(sums > 0, sums, np.float32(0)) if layer.relu else sums


def _started(layer: DeployedLayer, shape: tuple[int, ...], variant: Variant) -> Tensor:
    """Accumulators that hold their biases; the first extent of the shape is the output channel's."""
    dtype = np.int32 if variant is Variant.INT8 else np.float32
    sums: Tensor = np.zeros(shape, dtype)
    if layer.bias is not None:
        bias: Tensor = layer.bias.astype(dtype)
        if variant is Variant.FLOAT32:
            bias = bias * np.float32(layer.bias_scale)
        sums += bias.reshape(-1, *[1] * (len(shape) - 1))
    return sums


def _dequantised(layer: DeployedLayer, variant: Variant) -> Tensor:
    weights = np.zeros(0, np.int8) if layer.weights is None else layer.weights
    if variant is Variant.INT8:
        return weights.astype(np.int32)
    return weights.astype(np.float32) * np.float32(layer.weight_scale)


def _conv2d(layer: DeployedLayer, inputs: list[Tensor], target: DeployedTensor, variant: Variant) -> Tensor:
    source = inputs[0] if variant is Variant.FLOAT32 else inputs[0].astype(np.int32)
    groups = layer.groups
    sums = _started(layer, target.shape, variant).reshape(groups, -1, target.height, target.width)
    weights = _dequantised(layer, variant).reshape(groups, sums.shape[1], -1, layer.height.kernel, layer.width.kernel)
    planes = source.reshape(groups, -1, *source.shape[1:])
    taps = _taps(layer, source, target)
    if variant is Variant.INT8:
        for row, column, (oh, ow), (ih, iw) in taps:
            sums[:, :, oh, ow] += np.einsum("gihw,goi->gohw", planes[:, :, ih, iw], weights[..., row, column])
    else:
        for channel in range(planes.shape[1]):
            for row, column, (oh, ow), (ih, iw) in taps:
                factor = weights[:, :, channel, row, column, None, None]
                sums[:, :, oh, ow] += planes[:, None, channel, ih, iw] * factor
    return _finished(sums.reshape(target.shape), layer, variant)


def _linear(layer: DeployedLayer, inputs: list[Tensor], target: DeployedTensor, variant: Variant) -> Tensor:
    weights = _dequantised(layer, variant)
    sums = _started(layer, (target.elements,), variant)
    if variant is Variant.INT8:
        sums += weights @ inputs[0].astype(np.int32).ravel()
    else:
        terms = np.concatenate([sums[:, None], weights * inputs[0].ravel()], axis=1)
        sums = np.add.accumulate(terms, axis=1)[:, -1]
    return _finished(sums, layer, variant).reshape(target.shape)


def _max_pool(layer: DeployedLayer, inputs: list[Tensor], target: DeployedTensor, variant: Variant) -> Tensor:
    lowest = np.float32(-np.inf) if variant is Variant.FLOAT32 else np.int8(-128)
    best = np.full(target.shape, lowest)
    seen = np.zeros(target.shape[1:], bool)
    for _, _, (oh, ow), (ih, iw) in _taps(layer, inputs[0], target):
        best[:, oh, ow] = np.maximum(best[:, oh, ow], inputs[0][:, ih, iw])
        seen[oh, ow] = True
    return np.where(seen, best, best.dtype.type(0))


def _average_pool(layer: DeployedLayer, inputs: list[Tensor], target: DeployedTensor, variant: Variant) -> Tensor:
    sums = np.zeros(target.shape, np.float32 if variant is Variant.FLOAT32 else np.int32)
    counts = np.zeros(target.shape[1:], np.int32)
    for _, _, (oh, ow), (ih, iw) in _taps(layer, inputs[0], target):
        sums[:, oh, ow] += inputs[0][:, ih, iw]
        counts[oh, ow] += 1
    means = _means(sums, np.maximum(counts, 1))
    return np.where(counts > 0, means, means.dtype.type(0))


def _adaptive(_layer: DeployedLayer, inputs: list[Tensor], target: DeployedTensor, variant: Variant) -> Tensor:
    _, height, width = inputs[0].shape
    sums = np.zeros(target.shape, np.float32 if variant is Variant.FLOAT32 else np.int32)
    counts = np.zeros(target.shape[1:], np.int32)
    for oh in range(target.height):
        for ow in range(target.width):
            rows = range(oh * height // target.height, -(-(oh + 1) * height // target.height))
            columns = slice(ow * width // target.width, -(-(ow + 1) * width // target.width))
            elements = np.concatenate([inputs[0][:, row, columns] for row in rows], axis=1).astype(sums.dtype)
            # A sum starts from 0, then takes elements one by one.
            start = np.zeros((len(elements), 1), sums.dtype)
            sums[:, oh, ow] = np.add.accumulate(np.concatenate([start, elements], axis=1), axis=1)[:, -1]
            counts[oh, ow] = elements.shape[1]
    return _means(sums, counts)


def _means(sums: Tensor, counts: Tensor) -> Tensor:
    """float32: the quotient; int8: nearest, halves away from zero."""
    if sums.dtype == np.float32:
        quotients: Tensor = sums / counts.astype(np.float32)
        return quotients
    magnitudes = (np.abs(sums) + counts // 2) // counts
    means: Tensor = (np.sign(sums) * magnitudes).astype(np.int8)
    return means


def _relu(_layer: DeployedLayer, inputs: list[Tensor], _target: DeployedTensor, _variant: Variant) -> Tensor:
    return np.where(inputs[0] > 0, inputs[0], inputs[0].dtype.type(0))


def _batch_norm(layer: DeployedLayer, inputs: list[Tensor], target: DeployedTensor, variant: Variant) -> Tensor:
    factors = _dequantised(layer, variant)[:, None, None]
    source = inputs[0] if variant is Variant.FLOAT32 else inputs[0].astype(np.int32)
    sums = source * factors + _started(layer, (target.channels, 1, 1), variant)
    return _finished(sums, layer, variant)


def _add(layer: DeployedLayer, inputs: list[Tensor], _target: DeployedTensor, variant: Variant) -> Tensor:
    a, b = inputs
    if variant is Variant.FLOAT32:
        return _finished(a + b, layer, variant)
    sums = a.astype(np.int64) * layer.multiplier + b.astype(np.int64) * layer.second_multiplier
    return _clamped((sums + (1 << (layer.shift - 1))) >> layer.shift, layer)


_EXP2_TERMS: Final = (1 << 30, 744256846, 257890763, 59377501, 9890102, 1017428)
"""2**-f = c0 - f*(c1 - f*(c2 - ...)) in units of 2**-30, least squares at Chebyshev nodes."""
_EXP2_FACTORS: Final = (1.0, 0.69314705, 0.24022436, 0.055491035, 0.00958006, 0.0012757162, 0.00010938752)
"""2**f on (-1, 0], least squares at Chebyshev nodes, in single precision."""


def _softmax(layer: DeployedLayer, inputs: list[Tensor], _target: DeployedTensor, variant: Variant) -> Tensor:
    if variant is Variant.FLOAT32:
        return _softmax_float32(inputs[0])
    source = inputs[0].astype(np.int64)
    steps = ((source.max(axis=0) - source) * layer.multiplier) >> layer.shift
    whole, part = steps >> 16, steps & 0xFFFF
    y = np.full(steps.shape, _EXP2_TERMS[5], np.int64)
    for term in reversed(_EXP2_TERMS[:5]):
        y = term - ((y * part) >> 16)
    weights = np.where(whole > 30, 0, y >> np.minimum(whole, 62))
    total = weights.sum(axis=0)
    probabilities: Tensor = ((weights * 254 + total) // (2 * total)).astype(np.int8)
    return probabilities


def _softmax_float32(source: Tensor) -> Tensor:
    x = source - source.max(axis=0)
    exponent = np.where(x > np.float32(-87), x, np.float32(0)) * np.float32(1.442695)
    whole = exponent.astype(np.int32)
    part = exponent - whole.astype(np.float32)
    y = np.full(source.shape, np.float32(_EXP2_FACTORS[6]))
    for factor in reversed(_EXP2_FACTORS[:6]):
        y = y * part + np.float32(factor)
    powers = ((whole + 127).astype(np.uint32) << np.uint32(23)).view(np.float32)
    weights = np.where(x > np.float32(-87), y * powers, np.float32(0))
    total = np.zeros(source.shape[1:], np.float32)
    for plane in weights:
        total = total + plane
    return weights / total


def _view(_layer: DeployedLayer, inputs: list[Tensor], target: DeployedTensor, _variant: Variant) -> Tensor:
    return inputs[0].reshape(target.shape)


_RUN: Final[dict[Kernel, Callable[[DeployedLayer, list[Tensor], DeployedTensor, Variant], Tensor]]] = {
    Kernel.VIEW: _view,
    Kernel.CONV2D: _conv2d,
    Kernel.LINEAR: _linear,
    Kernel.MAX_POOL: _max_pool,
    Kernel.AVERAGE_POOL: _average_pool,
    Kernel.ADAPTIVE_AVERAGE_POOL: _adaptive,
    Kernel.RELU: _relu,
    Kernel.BATCH_NORM: _batch_norm,
    Kernel.ADD: _add,
    Kernel.SOFTMAX: _softmax,
}
