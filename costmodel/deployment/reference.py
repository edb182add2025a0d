"""What every layer of a deployed network must answer, bit for bit, computed with NumPy.

Shares no code with the firmware. Integers wrap modulo 2**32 as the firmware's accumulators do and are rescaled as TensorFlow Lite Micro's
int8 reference kernels do; floats are summed in index order, one operation at a time, in single precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, DeployedTensor, Kernel, KernelWindow
from costmodel.deployment.fixed_point import rescaled, softmax, wrapped
from costmodel.specs.layers import DataType

Tensor: TypeAlias = NDArray[Any]
"""int8 or float32, (channels, rows, columns)."""
ELEMENTS: Final[dict[DataType, Any]] = {DataType.INT8: np.int8, DataType.FLOAT32: np.float32}
"""How the kernels' element types lie in memory."""


def run_reference(network: DeployedNetwork, values: Tensor, watch: Callable[[int, Tensor], None] | None = None) -> list[Tensor]:
    """Run a deployed network.

    Parameters
    ----------
    network : DeployedNetwork
        What to run.
    values : array of int8 or float32
        Its input, in the input tensor's shape (or flat).
    watch : callable, optional
        Called with the place of each convolution and linear layer and with its sums, before they become results.

    Returns
    -------
    list of array
        The output tensor after each layer, (channels, rows, columns).
    """
    first = network.tensors[network.input_tensor]
    held: dict[int, Tensor] = {network.input_tensor: np.asarray(values, ELEMENTS[first.type]).reshape(first.shape)}
    outputs = []
    # A hostile or random network may run into infinities; their bits are compared like any others.
    with np.errstate(all="ignore"):
        for place, layer in enumerate(network.layers):
            target = network.tensors[layer.output]
            inputs = [held[index] for index in layer.inputs]
            sources = [network.tensors[index] for index in layer.inputs]
            if layer.kernel in _SUMS:
                sums = _SUMS[layer.kernel](layer, inputs, sources, target)
                if watch is not None:
                    watch(place, sums)
                result = _finished(sums, layer, target).reshape(target.shape)
            else:
                result = _RUN[layer.kernel](layer, inputs, sources, target)
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


def _pair(tensor: DeployedTensor) -> tuple[float, int]:
    """Scale and zero point of an integer tensor; 1 and 0 of floats."""
    return (1.0, 0) if tensor.quantisation is None else (tensor.quantisation.scales[0], tensor.quantisation.zero_points[0])


def _real(values: Tensor, tensor: DeployedTensor) -> Tensor:
    """What a float32 kernel computes with: floats as they are, integers dequantised."""
    if tensor.type is DataType.FLOAT32:
        return values
    scale, zero_point = _pair(tensor)
    return (values.astype(np.int32) - zero_point).astype(np.float32) * np.float32(scale)


def _operand(values: Tensor, tensor: DeployedTensor, target: DeployedTensor) -> Tensor:
    """An input of an element-by-element kernel: reals, or whole steps from the zero point."""
    return _real(values, tensor) if target.type is DataType.FLOAT32 else values.astype(np.int32) - _pair(tensor)[1]


def _factors(layer: DeployedLayer, values: Tensor, tensor: DeployedTensor, target: DeployedTensor) -> tuple[Tensor, Tensor]:
    """Inputs and weights of sums of products; where an int8 input meets float32 sums, its scale is in the weights'."""
    if target.type is tensor.type:
        return _operand(values, tensor, target), _weights(layer, target)
    scale, zero_point = _pair(tensor)
    return (values.astype(np.int32) - zero_point).astype(np.float32), _weights(layer, target, scale)


def _passed(values: Tensor, tensor: DeployedTensor, target: DeployedTensor) -> Tensor:
    """An input of a kernel that keeps the quantisation: reals, or the steps as they are."""
    return _real(values, tensor) if target.type is DataType.FLOAT32 else values


def _zero(target: DeployedTensor) -> Any:
    return np.float32(0) if target.type is DataType.FLOAT32 else np.int8(_pair(target)[1])


def _clamped(values: Tensor, layer: DeployedLayer, target: DeployedTensor) -> Tensor:
    zero_point = _pair(target)[1]
    highest = 127 if layer.highest is None else layer.highest
    steps: Tensor = np.clip(values + zero_point, zero_point if layer.relu else -128, highest).astype(np.int8)
    return steps


def _column(values: Sequence[float], like: Tensor, dtype: Any) -> Tensor:
    """One value, or one per first extent, to combine with a tensor."""
    return np.array(values, dtype).reshape(-1, *[1] * (like.ndim - 1))


def _finished(sums: Tensor, layer: DeployedLayer, target: DeployedTensor) -> Tensor:
    """Results of sums of products; the first extent is the output channel's."""
    if target.type is DataType.FLOAT32:
        rectified = np.where(sums > 0, sums, np.float32(0)) if layer.relu else sums
        return rectified if layer.highest is None else np.minimum(rectified, np.float32(layer.highest))
    multipliers = _column([rescale.multiplier for rescale in layer.rescales], sums, np.int64)
    shifts = _column([rescale.shift for rescale in layer.rescales], sums, np.int64)
    return _clamped(rescaled(sums, multipliers, shifts), layer, target)


def _started(layer: DeployedLayer, shape: tuple[int, ...], target: DeployedTensor) -> Tensor:
    """Accumulators that hold their biases; the first extent of the shape is the output channel's."""
    dtype = np.float32 if target.type is DataType.FLOAT32 else np.int32
    sums: Tensor = np.zeros(shape, dtype)
    if layer.bias is not None:
        bias: Tensor = layer.bias.astype(dtype)
        if layer.bias_quantisation is not None:
            bias = bias * np.array(layer.bias_quantisation.scales, np.float32)
        sums += bias.reshape(-1, *[1] * (len(shape) - 1))
    return sums


def _weights(layer: DeployedLayer, target: DeployedTensor, input_scale: float = 1.0) -> Tensor:
    weights = np.zeros(0, np.int8) if layer.weights is None else layer.weights
    if target.type is not DataType.FLOAT32 or layer.weight_quantisation is None:
        return weights.astype(np.int32)
    scales = _column(layer.weight_quantisation.scales, weights, np.float32) * np.float32(input_scale)
    return weights.astype(np.float32) * scales


def _conv2d(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    source, weights = _factors(layer, inputs[0], sources[0], target)
    groups = layer.groups
    sums = _started(layer, target.shape, target).reshape(groups, -1, target.height, target.width)
    weights = weights.reshape(groups, sums.shape[1], -1, layer.height.kernel, layer.width.kernel)
    planes = source.reshape(groups, -1, *source.shape[1:])
    taps = _taps(layer, source, target)
    if target.type is DataType.INT8:
        for row, column, (oh, ow), (ih, iw) in taps:
            sums[:, :, oh, ow] += np.einsum("gihw,goi->gohw", planes[:, :, ih, iw], weights[..., row, column])
    else:
        for channel in range(planes.shape[1]):
            for row, column, (oh, ow), (ih, iw) in taps:
                factor = weights[:, :, channel, row, column, None, None]
                sums[:, :, oh, ow] += planes[:, None, channel, ih, iw] * factor
    return sums.reshape(target.shape)


def _linear(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    source, weights = _factors(layer, inputs[0], sources[0], target)
    source = source.ravel()
    sums = _started(layer, (target.elements,), target)
    if target.type is DataType.INT8:
        sums += weights @ source
    else:
        terms = np.concatenate([sums[:, None], weights * source], axis=1)
        sums = np.add.accumulate(terms, axis=1)[:, -1]
    return sums


def _max_pool(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    source = _passed(inputs[0], sources[0], target)
    lowest = np.float32(-np.inf) if target.type is DataType.FLOAT32 else np.int8(-128)
    best = np.full(target.shape, lowest)
    seen = np.zeros(target.shape[1:], bool)
    for _, _, (oh, ow), (ih, iw) in _taps(layer, source, target):
        best[:, oh, ow] = np.maximum(best[:, oh, ow], source[:, ih, iw])
        seen[oh, ow] = True
    return np.where(seen, best, _zero(target))


def _average_pool(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    source = _passed(inputs[0], sources[0], target)
    sums = np.zeros(target.shape, np.float32 if target.type is DataType.FLOAT32 else np.int32)
    counts = np.zeros(target.shape[1:], np.int32)
    for _, _, (oh, ow), (ih, iw) in _taps(layer, source, target):
        sums[:, oh, ow] += source[:, ih, iw]
        counts[oh, ow] += 1
    return np.where(counts > 0, _means(sums, np.maximum(counts, 1)), _zero(target))


def _adaptive(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    source = _passed(inputs[0], sources[0], target)
    _, height, width = source.shape
    sums = np.zeros(target.shape, np.float32 if target.type is DataType.FLOAT32 else np.int32)
    counts = np.zeros(target.shape[1:], np.int32)
    for oh in range(target.height):
        for ow in range(target.width):
            rows = range(oh * height // target.height, -(-(oh + 1) * height // target.height))
            columns = slice(ow * width // target.width, -(-(ow + 1) * width // target.width))
            elements = np.concatenate([source[:, row, columns] for row in rows], axis=1).astype(sums.dtype)
            # A sum starts from 0, then takes elements one by one.
            start = np.zeros((len(elements), 1), sums.dtype)
            sums[:, oh, ow] = np.add.accumulate(np.concatenate([start, elements], axis=1), axis=1)[:, -1]
            counts[oh, ow] = elements.shape[1]
    if layer.rescales:
        return _finished(sums - _pair(sources[0])[1] * counts, layer, target)
    return _means(sums, counts)


def _means(sums: Tensor, counts: Tensor) -> Tensor:
    """float32: the quotient; int8: nearest, halves away from zero."""
    if sums.dtype == np.float32:
        quotients: Tensor = sums / counts.astype(np.float32)
        return quotients
    magnitudes = (np.abs(sums) + counts // 2) // counts
    means: Tensor = (np.sign(sums) * magnitudes).astype(np.int8)
    return means


def _relu(_layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    source, zero = _passed(inputs[0], sources[0], target), _zero(target)
    return np.where(source > zero, source, zero)


def _batch_norm(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    factors = _weights(layer, target)[:, None, None]
    sums = _operand(inputs[0], sources[0], target) * factors + _started(layer, (target.channels, 1, 1), target)
    return _finished(sums, layer, target)


_ADD_HEADROOM: Final = 20
"""Bits by which an addition's inputs are shifted to the left before they meet."""


def _add(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    a, b = (_operand(values, tensor, target) for values, tensor in zip(inputs, sources, strict=True))
    if target.type is DataType.FLOAT32:
        return _finished(a + b, layer, target)
    first, second, output = layer.rescales
    total = wrapped(rescaled(a.astype(np.int64) << _ADD_HEADROOM, *first) + rescaled(b.astype(np.int64) << _ADD_HEADROOM, *second))
    return _clamped(rescaled(total, *output), layer, target)


_EXP2_FACTORS: Final = (1.0, 0.69314705, 0.24022436, 0.055491035, 0.00958006, 0.0012757162, 0.00010938752)
"""2**f on (-1, 0], least squares at Chebyshev nodes, in single precision."""


def _softmax(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    if target.type is DataType.FLOAT32:
        return _softmax_float32(_real(inputs[0], sources[0]))
    return softmax(inputs[0], *layer.rescales[0]).astype(np.int8)


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


def _convert(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    source = _operand(inputs[0], sources[0], target)
    return source if target.type is DataType.FLOAT32 else _finished(source, layer, target)


def _unary(layer: DeployedLayer, inputs: list[Tensor], sources: list[DeployedTensor], _target: DeployedTensor) -> Tensor:
    if layer.weights is not None:
        return layer.weights[inputs[0].astype(np.uint8)]
    reals = _real(inputs[0], sources[0])
    return reals if layer.function is None else layer.function(reals).astype(np.float32)


def _view(_layer: DeployedLayer, inputs: list[Tensor], _sources: list[DeployedTensor], target: DeployedTensor) -> Tensor:
    return inputs[0].reshape(target.shape)


_Run: TypeAlias = Callable[[DeployedLayer, list[Tensor], list[DeployedTensor], DeployedTensor], Tensor]

_SUMS: Final[dict[Kernel, _Run]] = {Kernel.CONV2D: _conv2d, Kernel.LINEAR: _linear}
"""Sums of products, the first extent the output channel's."""
_RUN: Final[dict[Kernel, _Run]] = {
    Kernel.VIEW: _view,
    Kernel.MAX_POOL: _max_pool,
    Kernel.AVERAGE_POOL: _average_pool,
    Kernel.ADAPTIVE_AVERAGE_POOL: _adaptive,
    Kernel.RELU: _relu,
    Kernel.BATCH_NORM: _batch_norm,
    Kernel.ADD: _add,
    Kernel.SOFTMAX: _softmax,
    Kernel.CONVERT: _convert,
    Kernel.UNARY: _unary,
}
