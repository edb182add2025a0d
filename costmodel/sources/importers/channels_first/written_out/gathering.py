"""Operators that gather axes or windows, and norms by what they gather, written out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from costmodel.sources.importers.channels_first.written_out.parts import Parts
from costmodel.specs.imported_graph import OptionValue


def _axes(parts: Parts) -> tuple[int, ...]:
    """Axes of a reduction, from its attribute or its second input; all where it has none."""
    node, rank = parts.node, len(parts.shape())
    given = parts.draft.constant(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] else None
    axes = node.integers("axes") or () if given is None else tuple(int(axis) for axis in given.reshape(-1))
    return tuple(sorted({axis % rank for axis in axes})) if axes and rank else tuple(range(rank))


def _kept(parts: Parts, axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(1 if axis in axes else extent for axis, extent in enumerate(parts.shape()))


def length(parts: Parts) -> bool:
    """The root of a sum of squares."""
    squares = parts.add("ReduceSumSquare", parts.node.inputs, parts.made.shape, given=parts.node.attributes)
    return parts.last("Sqrt", [squares])


def sum_of_sizes(parts: Parts) -> bool:
    """Sizes of elements, added up."""
    return parts.last("ReduceSum", [parts.add("Abs", [parts.source]), *parts.node.inputs[1:]], **parts.node.attributes)


def log_of_sum(parts: Parts) -> bool:
    """The logarithm of a sum."""
    return parts.last("Log", [parts.add("ReduceSum", parts.node.inputs, parts.made.shape, given=parts.node.attributes)])


def log_of_powers(parts: Parts) -> bool:
    """The largest is taken out before powers are, as kernels do."""
    axes = _axes(parts)
    shape = _kept(parts, axes)
    most = parts.add("ReduceMax", [parts.source], shape, axes=axes, keepdims=1)
    powers = parts.add("Exp", [parts.add("Sub", [parts.source, most])])
    logarithm = parts.add("Log", [parts.add("ReduceSum", [powers], shape, axes=axes, keepdims=1)])
    if shape == parts.made.shape:
        return parts.last("Add", [logarithm, most])
    return parts.last("Reshape", [parts.add("Add", [logarithm, most])])


def group_norm(parts: Parts) -> bool:
    """Groups of channels normalised as if each were a channel, then each channel's scale and shift."""
    shape, groups = parts.shape(), parts.node.integer("num_groups", 1)
    if len(shape) < 2 or groups < 1 or shape[1] % groups or len(parts.node.inputs) < 3:
        return False
    scale, shift = parts.node.inputs[1:3]
    if any((array := parts.draft.constant(name)) is None or array.size not in (groups, shape[1]) for name in (scale, shift)):
        return False
    held = (shape[0], groups, math.prod(shape[1:]) // groups)
    ones = [parts.number(np.full(groups, filling)) for filling in (1.0, 0.0)]
    inside = parts.add("Reshape", [parts.source], held)
    normalised = parts.add("InstanceNormalization", [inside, *ones], epsilon=parts.real("epsilon", 1e-5))
    found = parts.add("Reshape", [normalised], shape)
    for at, (kind, name) in enumerate((("Mul", scale), ("Add", shift))):
        array = parts.draft.constant(name)
        if array is None or array.size not in (groups, shape[1]):
            return False
        each = np.repeat(array.reshape(-1), shape[1] // array.size).reshape(shape[1], *[1] * (len(shape) - 2))
        operands = [found, parts.number(each)]
        found = parts.add(kind, operands) if at == 0 else ""
    return parts.last("Add", operands)


def local_response(parts: Parts) -> bool:
    """Each element over a power of the mean square of the channels around it."""
    shape, size = parts.shape(), parts.node.integer("size", 1)
    if len(shape) < 3 or size < 1:
        return False
    before, after = (size - 1) // 2, size // 2
    flat = (shape[0], 1, shape[1], math.prod(shape[2:]))
    square = parts.add("Reshape", [parts.add("Mul", [parts.source, parts.source])], flat)
    padded = parts.add("Pad", [square], (*flat[:2], flat[2] + before + after, flat[3]), pads=(0, 0, before, 0, 0, 0, after, 0))
    mean = parts.add("AveragePool", [padded], flat, kernel_shape=(size, 1), strides=(1, 1))
    mean = parts.add("Reshape", [mean], shape)
    weighed = parts.add("Mul", [mean, parts.number(parts.real("alpha", 1e-4))])
    shifted = parts.add("Add", [weighed, parts.number(parts.real("bias", 1.0))])
    power = parts.add("Pow", [shifted, parts.number(parts.real("beta", 0.75))])
    return parts.last("Div", [parts.source, power])


def mean_pool(parts: Parts) -> bool:
    """A mean that counts its padding is one over a tensor that has been padded; over channels alone it is one over rows."""
    node, shape = parts.node, parts.shape()
    kernel = node.integers("kernel_shape") or ()
    if len(shape) == 5 and len(kernel) == 3:
        return _pool_of_channels(parts, kernel)
    pads = node.integers("pads") or ()
    if not (node.integer("count_include_pad") and any(pads)) or min(pads) < 0 or len(pads) != 2 * (len(shape) - 2):
        return False
    if node.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", ""):
        return False
    half = len(pads) // 2
    wide = (*shape[:2], *(extent + pads[at] + pads[half + at] for at, extent in enumerate(shape[2:])))
    padded = parts.add("Pad", [parts.source], wide, pads=(0, 0, *pads[:half], 0, 0, *pads[half:]))
    rest = {name: value for name, value in node.attributes.items() if name not in ("pads", "count_include_pad")}
    return parts.last("AveragePool", [padded], **rest)


def largest_pool(parts: Parts) -> bool:
    """The largest over channels alone is one over rows."""
    kernel = parts.node.integers("kernel_shape") or ()
    return len(parts.shape()) == 5 and len(kernel) == 3 and _pool_of_channels(parts, kernel)


def _pool_of_channels(parts: Parts, kernel: Sequence[int]) -> bool:
    """A window over the first of three axes only."""
    node, shape, made = parts.node, parts.shape(), parts.made.shape
    strides, dilations = node.integers("strides") or (1, 1, 1), node.integers("dilations") or (1, 1, 1)
    pads = node.integers("pads") or (0,) * 6
    idle = (*kernel[1:], *strides[1:], *dilations[1:])
    if any(each != 1 for each in idle) or any(pads[1:3] + pads[4:6]) or (node.integer("count_include_pad") and any(pads)):
        return False
    flat = parts.add("Reshape", [parts.source], (*shape[:3], shape[3] * shape[4]))
    attributes: dict[str, OptionValue] = {
        "kernel_shape": (kernel[0], 1), "strides": (strides[0], 1), "dilations": (dilations[0], 1), "pads": (pads[0], 0, pads[3], 0),
    }  # fmt: skip
    pooled = parts.add(node.kind, [flat], (*made[:3], made[3] * made[4]), given=attributes)
    return parts.last("Reshape", [pooled])
