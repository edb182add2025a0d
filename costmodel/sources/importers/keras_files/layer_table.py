"""Layers of Keras in ONNX's operators: one entry a layer; whatever has none is refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.keras_files.layer_call import Call, window
from costmodel.sources.importers.keras_files.recurrent_layers import both_ways, recurrent
from costmodel.sources.importers.keras_files.weighted_layers import (
    batch_norm,
    convolution,
    dense,
    depthwise,
    embedding,
    layer_norm,
    separable,
    spread,
)


def _same(call: Call) -> str:
    return call.inputs[0]


def _activation(call: Call) -> str:
    return call.activated(call.inputs[0])


def _rectifier(call: Call) -> str:
    highest, slope, threshold = (call.config.get(name) for name in ("max_value", "negative_slope", "threshold"))
    source, shape = call.inputs[0], call.shape
    if threshold:
        raise call.refused("with a threshold it is not supported")
    if slope:
        if highest is not None:
            raise call.refused("with a slope and a largest value it is not supported")
        return call.add("LeakyRelu", [source], shape, alpha=float(_number(slope)))
    return call.add("Relu", [source], shape) if highest is None else call.add("Clip", [source], shape, min=0.0, max=float(_number(highest)))


def _leaky(call: Call) -> str:
    slope = call.config.get("negative_slope", call.config.get("alpha", 0.3))
    return call.add("LeakyRelu", [call.inputs[0]], call.shape, alpha=float(_number(slope)))


def _number(found: Any) -> float:
    # Keras writes arrays of one number as an object with its value.
    return float(found["config"]["value"] if isinstance(found, Mapping) and "config" in found else found)


def _parametric(call: Call) -> str:
    slopes = call.array(("alpha",), 0)
    shape = call.shape
    last = np.moveaxis(slopes, -1, 0) if slopes.ndim > 1 else slopes
    return call.add("PRelu", [call.inputs[0], call.constant("alpha", last)], shape)


def _elu(call: Call) -> str:
    return call.add("Elu", [call.inputs[0]], call.shape, alpha=float(_number(call.config.get("alpha", 1.0))))


def _softmax(call: Call) -> str:
    return call.activated(call.inputs[0], "softmax")


def _pool(kind: str, axes: int) -> Callable[[Call], str]:
    def translate(call: Call) -> str:
        call.check_layout()
        kernel = call.numbers("pool_size", axes, 2)
        strides = call.numbers("strides", axes) if call.config.get("strides") is not None else kernel
        extents, pads = window(call, kernel, strides, (1,) * axes)
        return call.add(kind, [call.inputs[0]], (*call.shape[:2], *extents), kernel_shape=kernel, strides=strides, pads=pads)

    return translate


def _global(kind: str) -> Callable[[Call], str]:
    def translate(call: Call) -> str:
        call.check_layout()
        shape = call.shape
        pooled = call.add(kind, [call.inputs[0]], (*shape[:2], *(1 for _ in shape[2:])))
        return pooled if call.config.get("keepdims") else call.add("Reshape", [pooled], shape[:2])

    return translate


def _flatten(call: Call) -> str:
    return _reshaped(call, (math.prod(call.shape),))


def _reshape(call: Call) -> str:
    wanted = [int(extent) for extent in call.config["target_shape"]]
    known = math.prod(extent for extent in wanted if extent != -1)
    elements = math.prod(call.shape)
    if known and -1 in wanted:
        wanted[wanted.index(-1)] = elements // known
    if math.prod(wanted) != elements or min(wanted, default=1) < 1:
        raise call.refused(f"from {elements:,} elements to {wanted} is no reshape")
    return _reshaped(call, tuple(wanted))


def _reshaped(call: Call, shape: tuple[int, ...]) -> str:
    """Give the same elements, in the file's order with channels last, another shape."""
    source, before = call.inputs[0], call.shape
    if len(before) > 2:
        order = (0, *range(2, len(before)), 1)
        source = call.add("Transpose", [source], tuple(before[axis] for axis in order), perm=order)
    made = call.add("Reshape", [source], (1, *shape))
    if len(shape) < 2:
        return made
    rank = len(shape) + 1
    order = (0, rank - 1, *range(1, rank - 1))
    return call.add("Transpose", [made], (1, shape[-1], *shape[:-1]), perm=order)


def _permute(call: Call) -> str:
    rank = len(call.shape)
    wanted = [int(axis) for axis in call.config["dims"]]
    if sorted(wanted) != list(range(1, rank)):
        raise call.refused(f"the order {wanted} is none of its {rank - 1} axes")
    # The file's axes: batch, then all but the channels, then those.
    own = [0, *range(2, rank), 1]
    turned = [own[0], *(own[axis] for axis in wanted)]
    order = (turned[0], turned[-1], *turned[1:-1])
    return call.add("Transpose", [call.inputs[0]], tuple(call.shape[axis] for axis in order), perm=order)


def _arithmetic(kind: str) -> Callable[[Call], str]:
    def translate(call: Call) -> str:
        shapes = [call.draft.values[name].shape for name in call.inputs]
        if len(shapes) < 2 or len({len(shape) for shape in shapes}) != 1:
            raise call.refused(f"of {len(shapes)} tensors of shapes {[list(shape) for shape in shapes]} it is not supported")
        shape = np.broadcast_shapes(*shapes)
        made = call.inputs[0]
        for other in call.inputs[1:]:
            made = call.add(kind, [made, other], shape)
        return made

    return translate


def _operator(call: Call) -> str:
    function = str(call.config.get("function") or "").rpartition(".")[2]
    kinds = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "mul": "Mul", "sub": "Sub", "truediv": "Div", "divide": "Div"}
    kinds |= {"__operators__.add": "Add", "maximum": "Max", "minimum": "Min"}
    if function in kinds and len(call.inputs) == 2:
        return _arithmetic(kinds[function])(call)
    if function in ("relu", "relu6", "sigmoid", "tanh", "softmax") and len(call.inputs) == 1:
        return call.activated(call.inputs[0], function)
    raise call.refused(f"the function {call.config.get('function')!r} is not supported here")


def _join(call: Call) -> str:
    shapes = [call.draft.values[name].shape for name in call.inputs]
    rank = len(shapes[0])
    axis = int(call.config.get("axis", -1)) % rank
    # The file's last axis is the channels, which lie behind the batch here.
    axis = 1 if axis == rank - 1 else axis + 1 if axis else 0
    if axis == 0 or any(len(shape) != rank for shape in shapes):
        raise call.refused("along the batch, or of tensors of several ranks, it is not supported")
    made = list(shapes[0])
    made[axis] = sum(shape[axis] for shape in shapes)
    return call.add("Concat", call.inputs, made, axis=axis)


def _sides(call: Call, name: str, axes: int) -> list[tuple[int, int]]:
    found = call.config.get(name, 1)
    if isinstance(found, int):
        return [(found, found)] * axes
    if axes == 1 and all(isinstance(each, int) for each in found):
        found = [found]
    pairs = [(each, each) if isinstance(each, int) else (int(each[0]), int(each[1])) for each in found]
    if len(pairs) != axes or min(min(pair) for pair in pairs) < 0:
        raise call.refused(f"its {name} is {found!r}, pairs of 0 or more for {axes} axes were expected")
    return pairs


def _zeros(axes: int) -> Callable[[Call], str]:
    def translate(call: Call) -> str:
        call.check_layout()
        pairs = _sides(call, "padding", axes)
        shape = (*call.shape[:2], *(extent + a + b for extent, (a, b) in zip(call.shape[2:], pairs, strict=True)))
        pads = (0, 0, *(pair[0] for pair in pairs), 0, 0, *(pair[1] for pair in pairs))
        return call.add("Pad", [call.inputs[0]], shape, pads=pads)

    return translate


def _cropped(axes: int) -> Callable[[Call], str]:
    def translate(call: Call) -> str:
        call.check_layout()
        pairs = _sides(call, "cropping", axes)
        shape = (*call.shape[:2], *(extent - a - b for extent, (a, b) in zip(call.shape[2:], pairs, strict=True)))
        starts = tuple(pair[0] for pair in pairs)
        ends = tuple(start + extent for start, extent in zip(starts, shape[2:], strict=True))
        return call.add("Slice", [call.inputs[0]], shape, starts=starts, ends=ends, axes=tuple(range(2, axes + 2)))

    return translate


def _enlarged(axes: int) -> Callable[[Call], str]:
    def translate(call: Call) -> str:
        call.check_layout()
        sizes = call.numbers("size", axes, 2)
        mode = str(call.config.get("interpolation", "nearest"))
        if mode not in ("nearest", "bilinear"):
            raise call.refused(f"interpolation {mode!r} is not supported; nearest and bilinear are")
        shape = (*call.shape[:2], *(extent * size for extent, size in zip(call.shape[2:], sizes, strict=True)))
        places = "asymmetric" if mode == "nearest" else "half_pixel"
        own = "nearest" if mode == "nearest" else "linear"
        return call.add("Resize", [call.inputs[0]], shape, mode=own, coordinate_transformation_mode=places)

    return translate


def _rescaled(call: Call) -> str:
    made, shape = call.inputs[0], call.shape
    for name, kind, neutral in (("scale", "Mul", 1.0), ("offset", "Add", 0.0)):
        number = float(_number(call.config.get(name, neutral)))
        if number != neutral:
            made = call.add(kind, [made, call.constant(name, np.asarray(number, np.float32))], shape)
    return made


LAYERS_OF_KERAS: Final[Mapping[str, Callable[[Call], str]]] = {
    "Activation": _activation,
    "ActivityRegularization": _same,
    "Add": _arithmetic("Add"),
    "AlphaDropout": _same,
    "AveragePooling1D": _pool("AveragePool", 1),
    "AveragePooling2D": _pool("AveragePool", 2),
    "BatchNormalization": batch_norm,
    "Bidirectional": both_ways,
    "Concatenate": _join,
    "Conv1D": convolution(1),
    "Conv2D": convolution(2),
    "Conv2DTranspose": spread,
    "Cropping1D": _cropped(1),
    "Cropping2D": _cropped(2),
    "Dense": dense,
    "DepthwiseConv1D": depthwise(1),
    "DepthwiseConv2D": depthwise(2),
    "Dropout": _same,
    "ELU": _elu,
    "Embedding": embedding,
    "Flatten": _flatten,
    "GRU": recurrent("GRU"),
    "GaussianDropout": _same,
    "GaussianNoise": _same,
    "GlobalAveragePooling1D": _global("GlobalAveragePool"),
    "GlobalAveragePooling2D": _global("GlobalAveragePool"),
    "GlobalMaxPooling1D": _global("GlobalMaxPool"),
    "GlobalMaxPooling2D": _global("GlobalMaxPool"),
    "LSTM": recurrent("LSTM"),
    "LayerNormalization": layer_norm,
    "LeakyReLU": _leaky,
    "MaxPooling1D": _pool("MaxPool", 1),
    "MaxPooling2D": _pool("MaxPool", 2),
    "Maximum": _arithmetic("Max"),
    "Minimum": _arithmetic("Min"),
    "Multiply": _arithmetic("Mul"),
    "PReLU": _parametric,
    "Permute": _permute,
    "ReLU": _rectifier,
    "Rescaling": _rescaled,
    "Reshape": _reshape,
    "SeparableConv1D": separable(1),
    "SeparableConv2D": separable(2),
    "Softmax": _softmax,
    "SpatialDropout1D": _same,
    "SpatialDropout2D": _same,
    "Subtract": _arithmetic("Sub"),
    "TFOpLambda": _operator,
    "UpSampling1D": _enlarged(1),
    "UpSampling2D": _enlarged(2),
    "ZeroPadding1D": _zeros(1),
    "ZeroPadding2D": _zeros(2),
}
"""How each layer is written in ONNX's operators."""
