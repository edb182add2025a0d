"""Layers of Keras that have weights, in ONNX's operators: kernels from rows x columns x in x out to out x in x rows x columns."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array
from costmodel.sources.importers.keras_files.layer_call import Call, window


def _turned(kernel: Array) -> Array:
    """Return a kernel with its outputs first, then its inputs."""
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def _bias(call: Call, number: int, size: int) -> list[str]:
    if call.config.get("use_bias", True) is False:
        return []
    bias = call.array(("bias",), number, 1)
    if bias.size != size:
        raise call.refused(f"its bias has {bias.size} numbers, {size} were expected")
    return [call.constant("bias", bias)]


def _sliding(call: Call, source: str, weights: Array, bias: list[str], groups: int, stem: str) -> str:
    """Append a convolution with weights of out x in x rows x columns."""
    axes = weights.ndim - 2
    strides, dilations = call.numbers("strides", axes), call.numbers("dilation_rate", axes)
    if weights.shape[1] * groups != call.shape[1]:
        raise call.refused(f"a kernel of {list(weights.shape)} in {groups} groups does not fit an input of {list(call.shape)}")
    extents, pads = window(call, weights.shape[2:], strides, dilations)
    inputs = [source, call.constant(stem, weights), *bias]
    shape = (1, weights.shape[0], *extents)
    return call.add("Conv", inputs, shape, strides=strides, dilations=dilations, pads=pads, group=groups)


def convolution(axes: int) -> Callable[[Call], str]:
    """Return the entry of a convolution over some axes."""

    def translate(call: Call) -> str:
        call.check_layout()
        weights = _turned(call.array(("kernel",), 0, axes + 2))
        groups = int(call.config.get("groups") or 1)
        return call.activated(_sliding(call, call.inputs[0], weights, _bias(call, 1, weights.shape[0]), groups, "kernel"))

    return translate


def depthwise(axes: int) -> Callable[[Call], str]:
    """Return the entry of a convolution of each channel by itself."""

    def translate(call: Call) -> str:
        call.check_layout()
        weights = _channelwise(call.array(("depthwise_kernel", "kernel"), 0, axes + 2))
        return call.activated(_sliding(call, call.inputs[0], weights, _bias(call, 1, weights.shape[0]), call.shape[1], "kernel"))

    return translate


def _channelwise(kernel: Array) -> Array:
    """Return rows x columns x channels x multiplier as outputs x 1 x rows x columns."""
    turned = np.moveaxis(kernel, (-2, -1), (0, 1))
    return turned.reshape(-1, 1, *turned.shape[2:])


def separable(axes: int) -> Callable[[Call], str]:
    """Return the entry of a depthwise convolution and one of 1x1 behind it."""

    def translate(call: Call) -> str:
        call.check_layout()
        weights = _channelwise(call.array(("depthwise_kernel",), 0, axes + 2))
        made = _sliding(call, call.inputs[0], weights, [], call.shape[1], "depthwise_kernel")
        points = _turned(call.array(("pointwise_kernel",), 1, axes + 2))
        if points.shape[1] != weights.shape[0] or math.prod(points.shape[2:]) != 1:
            raise call.refused(f"a pointwise kernel of {list(points.shape)} does not fit {weights.shape[0]} channels")
        shape = (1, points.shape[0], *call.draft.values[made].shape[2:])
        inputs = [made, call.constant("pointwise_kernel", points), *_bias(call, 2, points.shape[0])]
        return call.activated(call.add("Conv", inputs, shape))

    return translate


def spread(call: Call) -> str:
    """Append a transposed convolution."""
    call.check_layout()
    # Rows x columns x out x in.
    kernel = np.moveaxis(call.array(("kernel",), 0, 4), (-1, -2), (0, 1))
    strides, dilations = call.numbers("strides", 2), call.numbers("dilation_rate", 2)
    if kernel.shape[0] != call.shape[1] or call.config.get("output_padding") is not None:
        raise call.refused(f"a kernel of {list(kernel.shape)} for an input of {list(call.shape)}, or an output padding, is not supported")
    extents, before, after = [], [], []
    for extent, size, stride, dilation in zip(call.shape[2:], kernel.shape[2:], strides, dilations, strict=True):
        full = (extent - 1) * stride + dilation * (size - 1) + 1
        made = extent * stride if call.config.get("padding") == "same" else max(full, (extent - 1) * stride + max(size, stride))
        cut = max(full - made, 0)
        extents.append(made)
        before.append(cut // 2)
        after.append(cut - cut // 2)
    inputs = [call.inputs[0], call.constant("kernel", kernel), *_bias(call, 1, kernel.shape[1])]
    pads = (*before, *after)
    return call.activated(
        call.add("ConvTranspose", inputs, (1, kernel.shape[1], *extents), strides=strides, dilations=dilations, pads=pads)
    )


def dense(call: Call) -> str:
    """Append a linear layer over the channels."""
    kernel = call.array(("kernel",), 0, 2)
    shape, rank = call.shape, len(call.shape)
    if kernel.shape[0] != shape[1]:
        raise call.refused(f"a kernel of {list(kernel.shape)} does not fit an input of {shape[1]} channels")
    constants = [call.constant("kernel", kernel), *_bias(call, 1, kernel.shape[1])]
    if rank == 2:
        return call.activated(call.add("Gemm", [call.inputs[0], *constants], (1, kernel.shape[1])))
    order = (0, *range(2, rank), 1)
    source = call.add("Transpose", [call.inputs[0]], tuple(shape[axis] for axis in order), perm=order)
    made = call.add("MatMul", [source, *constants], (1, *shape[2:], kernel.shape[1]))
    back = (0, rank - 1, *range(1, rank - 1))
    return call.activated(call.add("Transpose", [made], (1, kernel.shape[1], *shape[2:]), perm=back))


def batch_norm(call: Call) -> str:
    """Append a batch normalisation over the channels."""
    axis = call.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and axis else axis
    if axis not in (-1, len(call.shape) - 1):
        raise call.refused(f"over axis {axis} it is not supported; over the channels it is")
    scaled, centred = (call.config.get(name, True) not in (False, 0) for name in ("scale", "center"))
    size, number, terms = call.shape[1], 0, []
    wanted = (("gamma", scaled, 1.0), ("beta", centred, 0.0), ("moving_mean", True, 0.0), ("moving_variance", True, 1.0))
    for name, is_there, filling in wanted:
        array = call.array((name,), number, 1) if is_there else np.full(size, filling, np.float32)
        number += is_there
        if array.size != size:
            raise call.refused(f"its {name} has {array.size} numbers for {size} channels")
        terms.append(call.constant(name, array))
    epsilon = float(call.config.get("epsilon", 1e-3))
    return call.add("BatchNormalization", [call.inputs[0], *terms], call.shape, epsilon=epsilon)


def layer_norm(call: Call) -> str:
    """Append a normalisation of each place over its channels."""
    rank, shape = len(call.shape), call.shape
    axis = call.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and axis else axis
    if axis not in (-1, rank - 1):
        raise call.refused(f"over axis {axis} it is not supported; over the channels it is")
    numbers = [name for name in ("gamma", "beta") if call.config.get({"gamma": "scale", "beta": "center"}[name], True)]
    constants = [call.constant(name, call.array((name,), at, 1)) for at, name in enumerate(numbers)]
    order = (0, *range(2, rank), 1)
    turned = tuple(shape[each] for each in order)
    source = call.add("Transpose", [call.inputs[0]], turned, perm=order) if rank > 2 else call.inputs[0]
    if numbers == ["beta"]:
        raise call.refused("with a shift and no scale it is not supported")
    made = call.add("LayerNormalization", [source, *constants], turned, axis=-1, epsilon=float(call.config.get("epsilon", 1e-3)))
    return call.add("Transpose", [made], shape, perm=(0, rank - 1, *range(1, rank - 1))) if rank > 2 else made


def embedding(call: Call) -> str:
    """Append a look-up of rows."""
    table = call.array(("embeddings",), 0, 2)
    shape = call.shape
    made = call.add("Gather", [call.constant("embeddings", table), call.inputs[0]], (*shape, table.shape[1]), axis=0)
    call.draft.values[made].element = "float32"
    rank = len(shape) + 1
    return call.add("Transpose", [made], (shape[0], table.shape[1], *shape[1:]), perm=(0, rank - 1, *range(1, rank - 1)))
