"""Functions of each element, written out."""

from __future__ import annotations

import math
from collections.abc import Callable

from costmodel.sources.importers.channels_first.written_out.parts import Parts


def mish(parts: Parts) -> bool:
    """The element times a hyperbolic tangent of its softplus."""
    return parts.last("Mul", [parts.source, parts.add("Tanh", [parts.add("Softplus", [parts.source])])])


def softsign(parts: Parts) -> bool:
    """The element over one more than its size."""
    beside = parts.add("Add", [parts.add("Abs", [parts.source]), parts.number(1.0)])
    return parts.last("Div", [parts.source, beside])


def threshold(parts: Parts) -> bool:
    """A comparison, and a choice."""
    above = parts.add("Greater", [parts.source, parts.number(parts.real("alpha", 1.0))], element="bool")
    return parts.last("Where", [above, parts.source, parts.number(0.0)])


def shrink(parts: Parts) -> bool:
    """Elements near 0 become 0, the others move towards it by the bias: a clamp taken away where the bias is the bound."""
    bound, bias = parts.real("lambd", 0.5), parts.real("bias", 0.0)
    if bias == bound:
        return parts.last("Sub", [parts.source, parts.add("Clip", [parts.source], min=-bound, max=bound)])
    if bias != 0:
        return False
    above = parts.add("Greater", [parts.source, parts.number(bound)], element="bool")
    below = parts.add("Less", [parts.source, parts.number(-bound)], element="bool")
    return parts.last("Where", [parts.add("Or", [above, below]), parts.source, parts.number(0.0)])


def hard_sigmoid(parts: Parts) -> bool:
    """Another slope than that of the layer there is: a line, clamped."""
    slope, shift = parts.real("alpha", 0.2), parts.real("beta", 0.5)
    if math.isclose(slope, 1 / 6, rel_tol=1e-4) and shift == 0.5:
        return False
    line = parts.add("Add", [parts.add("Mul", [parts.source, parts.number(slope)]), parts.number(shift)])
    return parts.last("Clip", [line], min=0.0, max=1.0)


def _scalar(parts: Parts, at: int) -> float | None:
    """One constant number among the inputs, or one for every element; None where it is something else."""
    name = parts.node.inputs[at] if at < len(parts.node.inputs) else ""
    array = parts.draft.constant(name) if name else None
    return float(array.reshape(-1)[0]) if array is not None and array.size == 1 and array.dtype.kind == "f" else None


def power(parts: Parts) -> bool:
    """A square is a product, and half a power a root."""
    exponent = _scalar(parts, 1)
    if exponent == 2 and parts.shape() == parts.made.shape:
        return parts.last("Mul", [parts.source, parts.source])
    return exponent == 0.5 and parts.shape() == parts.made.shape and parts.last("Sqrt", [parts.source])


def quotient(parts: Parts) -> bool:
    """One over a tensor is its reciprocal."""
    divisor = parts.node.inputs[1]
    return _scalar(parts, 0) == 1 and parts.shape(divisor) == parts.made.shape and parts.last("Reciprocal", [divisor])


def bounded(side: str) -> Callable[[Parts], bool]:
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
