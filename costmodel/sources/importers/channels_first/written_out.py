"""Operators of ONNX that are costed as their parts: each is written out in operators that have a lowering, shapes and all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value, element_of
from costmodel.specs.imported_graph import OptionValue

_END: Final = 2**62
_ELEMENTWISE: Final = frozenset({
    "Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "And", "Or",
    "Xor", "Where", "Mod", "Sum",
})  # fmt: skip
"""Operators that repeat extents of 1 of their operands themselves."""


def with_parts(draft: GraphDraft) -> None:
    """Write out each operator that has no lowering and whose parts do; what a reader repeats itself is not repeated before it.

    Parameters
    ----------
    draft : GraphDraft
        Changed in place.
    """
    _without_repeats(draft)
    found: list[Node] = []
    for node in draft.nodes:
        write = WRITTEN_OUT.get(node.kind)
        parts = Parts(draft, node)
        found += parts.nodes if write is not None and node.inputs and node.inputs[0] and write(parts) else [node]
    draft.nodes = found


def _without_repeats(draft: GraphDraft) -> None:
    """Let arithmetic read what an Expand repeats, where another operand has the whole shape already."""
    readers = draft.readers()
    gone, aliases = set(), {}
    for node in draft.nodes:
        if node.kind != "Expand" or node.outputs[0] in draft.outputs or draft.constant(node.inputs[0]) is not None:
            continue
        taking = readers.get(node.outputs[0], [])
        if taking and all(reader.kind in _ELEMENTWISE and _has_whole(draft, reader, node) for reader in taking):
            gone.add(id(node))
            aliases[node.outputs[0]] = node.inputs[0]
    draft.without(gone, aliases, "is repeated by what reads it")


def _has_whole(draft: GraphDraft, reader: Node, node: Node) -> bool:
    shape = draft.values[reader.outputs[0]].shape
    return any(name and name != node.outputs[0] and draft.values[name].shape == shape for name in reader.inputs)


class Parts:
    """The parts of one operator in the making.

    Parameters
    ----------
    draft : GraphDraft
        Gets their values.
    node : Node
        The operator.
    """

    def __init__(self, draft: GraphDraft, node: Node) -> None:
        self.draft = draft
        self.node = node
        self.nodes: list[Node] = []
        self.source = node.inputs[0] if node.inputs else ""
        self._count = 0

    @property
    def made(self) -> Value:
        """The operator's first output."""
        return self.draft.values[self.node.outputs[0]]

    def shape(self, name: str = "") -> tuple[int, ...]:
        """Return the shape of a value; left out, of the operator's first input."""
        return self.draft.values[name or self.source].shape

    def number(self, found: float | Array, element: str = "") -> str:
        """Keep a constant of the operator's element type; return its name."""
        element = element or self.draft.values[self.source].element
        real = element if element in ("float32", "float16", "int64", "int32", "bool") else "float32"
        return self._keep(np.asarray(found, real))

    def places(self, *numbers: int) -> str:
        """Keep axes, starts or ends; return their name."""
        return self._keep(np.asarray(numbers, np.int64))

    def _keep(self, array: Array) -> str:
        name = self._name()
        self.draft.values[name] = Value(array.shape, element_of(array), array)
        return name

    def add(
        self,
        kind: str,
        inputs: Sequence[str],
        shape: Sequence[int] | None = None,
        element: str = "",
        given: Mapping[str, OptionValue] | None = None,
        **attributes: OptionValue,
    ) -> str:
        """Append a part that makes a value of a shape, left out its first input's; return its name."""
        name = self._name()
        first = self.draft.values[inputs[0]]
        self.draft.values[name] = Value(first.shape if shape is None else tuple(shape), element or first.element)
        self._append(kind, inputs, name, {**(given or {}), **attributes})
        return name

    def last(self, kind: str, inputs: Sequence[str], **attributes: OptionValue) -> bool:
        """Append the part that makes what the operator makes."""
        self._append(kind, inputs, self.node.outputs[0], attributes)
        return True

    def _append(self, kind: str, inputs: Sequence[str], name: str, attributes: Mapping[str, OptionValue]) -> None:
        node = self.node
        told = node.file_kind or node.kind
        self.nodes.append(Node(kind, node.name, list(inputs), [name], dict(attributes), 18, told if told != kind else "", node.module))

    def _name(self) -> str:
        self._count += 1
        return f"{self.node.outputs[0]}.part{self._count}"

    def real(self, name: str, default: float) -> float:
        """Return a number of the operator's attributes."""
        found = self.node.attributes.get(name, default)
        return float(found) if isinstance(found, int | float) else default


def _axes(parts: Parts) -> tuple[int, ...]:
    """Axes of a reduction, from its attribute or its second input; all where it has none."""
    node, rank = parts.node, len(parts.shape())
    given = parts.draft.constant(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] else None
    axes = node.integers("axes") or () if given is None else tuple(int(axis) for axis in given.reshape(-1))
    return tuple(sorted({axis % rank for axis in axes})) if axes and rank else tuple(range(rank))


def _kept(parts: Parts, axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(1 if axis in axes else extent for axis, extent in enumerate(parts.shape()))


def _length(parts: Parts) -> bool:
    """The root of a sum of squares."""
    squares = parts.add("ReduceSumSquare", parts.node.inputs, parts.made.shape, given=parts.node.attributes)
    return parts.last("Sqrt", [squares])


def _sum_of_sizes(parts: Parts) -> bool:
    """Sizes of elements, added up."""
    return parts.last("ReduceSum", [parts.add("Abs", [parts.source]), *parts.node.inputs[1:]], **parts.node.attributes)


def _log_of_sum(parts: Parts) -> bool:
    """The logarithm of a sum."""
    return parts.last("Log", [parts.add("ReduceSum", parts.node.inputs, parts.made.shape, given=parts.node.attributes)])


def _log_of_powers(parts: Parts) -> bool:
    """The largest is taken out before powers are, as kernels do."""
    axes = _axes(parts)
    shape = _kept(parts, axes)
    most = parts.add("ReduceMax", [parts.source], shape, axes=axes, keepdims=1)
    powers = parts.add("Exp", [parts.add("Sub", [parts.source, most])])
    logarithm = parts.add("Log", [parts.add("ReduceSum", [powers], shape, axes=axes, keepdims=1)])
    if shape == parts.made.shape:
        return parts.last("Add", [logarithm, most])
    return parts.last("Reshape", [parts.add("Add", [logarithm, most])])


def _mish(parts: Parts) -> bool:
    """The element times a hyperbolic tangent of its softplus."""
    return parts.last("Mul", [parts.source, parts.add("Tanh", [parts.add("Softplus", [parts.source])])])


def _softsign(parts: Parts) -> bool:
    """The element over one more than its size."""
    beside = parts.add("Add", [parts.add("Abs", [parts.source]), parts.number(1.0)])
    return parts.last("Div", [parts.source, beside])


def _threshold(parts: Parts) -> bool:
    """A comparison, and a choice."""
    above = parts.add("Greater", [parts.source, parts.number(parts.real("alpha", 1.0))], element="bool")
    return parts.last("Where", [above, parts.source, parts.number(0.0)])


def _shrink(parts: Parts) -> bool:
    """Elements near 0 become 0, the others move towards it by the bias: a clamp taken away where the bias is the bound."""
    bound, bias = parts.real("lambd", 0.5), parts.real("bias", 0.0)
    if bias == bound:
        return parts.last("Sub", [parts.source, parts.add("Clip", [parts.source], min=-bound, max=bound)])
    if bias != 0:
        return False
    above = parts.add("Greater", [parts.source, parts.number(bound)], element="bool")
    below = parts.add("Less", [parts.source, parts.number(-bound)], element="bool")
    return parts.last("Where", [parts.add("Or", [above, below]), parts.source, parts.number(0.0)])


def _hard_sigmoid(parts: Parts) -> bool:
    """Another slope than that of the layer there is: a line, clamped."""
    slope, shift = parts.real("alpha", 0.2), parts.real("beta", 0.5)
    if math.isclose(slope, 1 / 6, rel_tol=1e-4) and shift == 0.5:
        return False
    line = parts.add("Add", [parts.add("Mul", [parts.source, parts.number(slope)]), parts.number(shift)])
    return parts.last("Clip", [line], min=0.0, max=1.0)


def _group_norm(parts: Parts) -> bool:
    """Groups of channels normalised as if each were a channel, then each channel's scale and shift."""
    shape, groups = parts.shape(), parts.node.integer("num_groups", 1)
    if len(shape) < 2 or groups < 1 or shape[1] % groups or len(parts.node.inputs) < 3:
        return False
    scale, shift = parts.node.inputs[1:3]
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


def _local_response(parts: Parts) -> bool:
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


def _mean_pool(parts: Parts) -> bool:
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


def _largest_pool(parts: Parts) -> bool:
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


def _around(parts: Parts) -> bool:
    """A padding with what lies at the other end: along each axis, parts of the tensor one after the other."""
    node, rank = parts.node, len(parts.shape())
    given = parts.draft.constant(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] else None
    widths = node.integers("pads") or () if given is None else tuple(int(width) for width in given.reshape(-1))
    if (
        node.attributes.get("mode") != "wrap"
        or len(widths) != 2 * rank
        or min(widths) < 0
        or len([name for name in node.inputs if name]) > 3
    ):
        return False
    source = parts.source
    grown = [axis for axis in range(rank) if widths[axis] or widths[rank + axis]]
    for axis in grown:
        shape, before, after = parts.shape(source), widths[axis], widths[rank + axis]
        if max(before, after) > shape[axis]:
            return False
        pieces = [source]
        for width, start, end, at in ((before, shape[axis] - before, _END, 0), (after, 0, after, 2)):
            if width:
                cut = [parts.places(start), parts.places(end), parts.places(axis)]
                pieces.insert(at, parts.add("Slice", [source, *cut], (*shape[:axis], width, *shape[axis + 1 :])))
        joined = (*shape[:axis], shape[axis] + before + after, *shape[axis + 1 :])
        if axis == grown[-1]:
            return parts.last("Concat", pieces, axis=axis)
        source = parts.add("Concat", pieces, joined, axis=axis)
    return False


def _picked(parts: Parts) -> bool:
    """Numbers that lie in a table pick as if they were one after the other."""
    node, shape = parts.node, parts.shape()
    indices = parts.draft.constant(node.inputs[1])
    if indices is None or parts.draft.constant(parts.source) is not None or not shape:
        return False
    axis = node.integer("axis")
    if node.kind == "GatherND":
        axis = node.integer("batch_dims")
        if axis != 0 or indices.ndim < 2 or indices.shape[-1] != 1:
            return False
        indices = indices.reshape(indices.shape[:-1])
    axis %= len(shape)
    if indices.ndim == 1:
        return node.kind == "GatherND" and parts.last("Gather", [parts.source, parts.places(*indices.tolist())], axis=axis)
    if indices.ndim == 0:
        return False
    flat = parts.places(*(int(each) for each in indices.reshape(-1)))
    return parts.last("Reshape", [parts.add("Gather", [parts.source, flat], (*shape[:axis], indices.size, *shape[axis + 1 :]), axis=axis)])


def _scalar(parts: Parts, at: int) -> float | None:
    """One constant number among the inputs, or one for every element; None where it is something else."""
    name = parts.node.inputs[at] if at < len(parts.node.inputs) else ""
    array = parts.draft.constant(name) if name else None
    return float(array.reshape(-1)[0]) if array is not None and array.size == 1 and array.dtype.kind == "f" else None


def _power(parts: Parts) -> bool:
    """A square is a product, and half a power a root."""
    exponent = _scalar(parts, 1)
    if exponent == 2 and parts.shape() == parts.made.shape:
        return parts.last("Mul", [parts.source, parts.source])
    return exponent == 0.5 and parts.shape() == parts.made.shape and parts.last("Sqrt", [parts.source])


def _quotient(parts: Parts) -> bool:
    """One over a tensor is its reciprocal."""
    divisor = parts.node.inputs[1]
    return _scalar(parts, 0) == 1 and parts.shape(divisor) == parts.made.shape and parts.last("Reciprocal", [divisor])


def _bounded(side: str) -> Callable[[Parts], bool]:
    """Return how the larger, or the smaller, of a tensor and one number is written: as a clamp."""

    def write(parts: Parts) -> bool:
        if len(parts.node.inputs) != 2:
            return False
        for at in (0, 1):
            bound, other = _scalar(parts, at), parts.node.inputs[1 - at]
            if bound is not None and math.isfinite(bound) and parts.shape(other) == parts.made.shape:
                return parts.last("Clip", [other], **{side: bound})
        return False

    return write


def _vectors(parts: Parts) -> bool:
    """A vector in a product of matrices is a matrix of one column, or of one row, whose axis goes again."""
    first, second = parts.node.inputs[:2]
    a, b, made = parts.shape(first), parts.shape(second), parts.made.shape
    if len(a) != 1 and len(b) != 1:
        return False
    operands = []
    for name, shape in ((first, (1, *a) if len(a) == 1 else a), (second, (*b, 1) if len(b) == 1 else b)):
        array = parts.draft.constant(name)
        if array is not None:
            operands.append(parts.number(array.reshape(shape)))
        else:
            operands.append(name if shape == parts.shape(name) else parts.add("Reshape", [name], shape))
    wide = (*(made if len(a) != 1 else (*made[:-1], 1, *made[-1:]) if len(b) != 1 else (1,)), *((1,) if len(b) == 1 else ()))
    return parts.last("Reshape", [parts.add("MatMul", operands, wide)])


def _one_hot(parts: Parts) -> bool:
    """A one where a number is that of the place: compared with every number."""
    node, shape, made = parts.node, parts.shape(), parts.made
    depth = parts.draft.constant(node.inputs[1]) if len(node.inputs) > 2 else None
    values = parts.draft.constant(node.inputs[2]) if len(node.inputs) > 2 else None
    if depth is None or values is None or values.reshape(-1).tolist() != [0, 1]:
        return False
    axis = node.integer("axis", -1) % (len(shape) + 1)
    count = made.shape[axis]
    column = parts.add("Reshape", [parts.source], (*shape[:axis], 1, *shape[axis:]))
    numbers = np.arange(count).reshape([-1 if at == axis else 1 for at in range(len(made.shape))])
    same = parts.add("Equal", [column, parts.number(numbers)], made.shape, "bool")
    return parts.last("Cast", [same])


WRITTEN_OUT: Final[Mapping[str, Callable[[Parts], bool]]] = {
    "AveragePool": _mean_pool,
    "Div": _quotient,
    "Gather": _picked,
    "GatherND": _picked,
    "GroupNormalization": _group_norm,
    "HardSigmoid": _hard_sigmoid,
    "LRN": _local_response,
    "MatMul": _vectors,
    "Max": _bounded("min"),
    "MaxPool": _largest_pool,
    "Min": _bounded("max"),
    "Mish": _mish,
    "OneHot": _one_hot,
    "Pad": _around,
    "Pow": _power,
    "ReduceL1": _sum_of_sizes,
    "ReduceL2": _length,
    "ReduceLogSum": _log_of_sum,
    "ReduceLogSumExp": _log_of_powers,
    "Shrink": _shrink,
    "Softsign": _softsign,
    "ThresholdedRelu": _threshold,
}
"""How each operator is written out; False where it stays as it is."""
