"""Operators of PyTorch that work an element at a time, in ONNX's: arithmetic, comparisons, choices, activations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Value
from costmodel.sources.importers.torch_export.aten_nodes import Translation, append, number, part, refused, source_of, tensors_of
from costmodel.sources.importers.torch_export.program import Call, Tensor

_ROUNDING: Final[Mapping[object, str]] = {None: "", "floor": "Floor"}


def plain(kind: str, **attributes: str) -> Translation:
    """Return the translation of an operator of one tensor; attributes name the arguments they come from."""

    def translate(draft: GraphDraft, call: Call) -> None:
        found: dict[str, Any] = {
            name: call.arguments[given] for name, given in attributes.items() if isinstance(call.arguments.get(given), int | float | str)
        }
        append(draft, call, kind, [source_of(call)], **found)

    return translate


def _operand(draft: GraphDraft, call: Call, what: str, given: Any, like: str) -> str:
    """Return an operand: a tensor, made of the element type of the other where that is real and it is not, or a number of its type."""
    if not isinstance(given, Tensor):
        return number(draft, call, what, given, like)
    name, element = str(given), draft.values[like].element
    value = draft.values[name]
    if value.element == element or not element.startswith("float") or value.element.startswith("float"):
        return name
    if value.constant is not None:
        return number(draft, call, what, value.constant, like)
    return part(draft, call, "Cast", [name], element=element)


def _operands(draft: GraphDraft, call: Call, given: list[Any], like: str) -> list[str]:
    return [_operand(draft, call, f"number{at}", each, like) for at, each in enumerate(given)]


def _is_operand(given: Any) -> bool:
    return isinstance(given, Tensor | int | float)


def binary(kind: str, *, turned: bool = False) -> Translation:
    """Return the translation of arithmetic of two operands, one of which may be a number; `turned` puts the second first."""

    def translate(draft: GraphDraft, call: Call) -> None:
        given: list[Any] = [value for name, value in call.arguments.items() if name not in ("alpha", "rounding_mode", "out_dtype")][:2]
        rounding = call.arguments.get("rounding_mode")
        if len(given) < 2 or not all(map(_is_operand, given)) or rounding not in _ROUNDING:
            refused(draft, call)
            return
        made = call.outputs[0]
        operands = _operands(draft, call, given, made)
        if (alpha := call.real("alpha", 1.0)) != 1:
            other = draft.constant(operands[1])
            scaled = None if other is None else number(draft, call, "scaled", other * alpha, made)
            operands[1] = scaled or part(draft, call, "Mul", [operands[1], number(draft, call, "alpha", alpha, made)])
        if turned:
            operands.reverse()
        if _ROUNDING[rounding]:
            shape = draft.values[made].shape
            append(draft, call, _ROUNDING[rounding], [part(draft, call, kind, operands, shape)])
        else:
            append(draft, call, kind, operands)

    return translate


def compared(kind: str, *, negated: bool = False) -> Translation:
    """Return the translation of a comparison, or of the opposite of one."""

    def translate(draft: GraphDraft, call: Call) -> None:
        given: list[Any] = list(call.arguments.values())[:2]
        tensors = [str(each) for each in given if isinstance(each, Tensor)]
        if len(given) < 2 or not tensors or not all(map(_is_operand, given)):
            refused(draft, call)
            return
        like = next((name for name in tensors if draft.values[name].element.startswith("float")), tensors[0])
        operands = _operands(draft, call, given, like)
        if negated:
            operands = [part(draft, call, kind, operands, draft.values[call.outputs[0]].shape, "bool")]
        append(draft, call, "Not" if negated else kind, operands)

    return translate


def squared(draft: GraphDraft, call: Call) -> None:
    """Append a product with itself."""
    append(draft, call, "Mul", [source_of(call), source_of(call)])


def rooted(draft: GraphDraft, call: Call) -> None:
    """Append the reciprocal of a root."""
    append(draft, call, "Reciprocal", [part(draft, call, "Sqrt", [source_of(call)])])


def shifted_exponential(draft: GraphDraft, call: Call) -> None:
    """Append a power of e, and one less."""
    append(draft, call, "Sub", [part(draft, call, "Exp", [source_of(call)]), number(draft, call, "one", 1.0, source_of(call))])


def shifted_logarithm(draft: GraphDraft, call: Call) -> None:
    """Append one more, and its logarithm."""
    append(draft, call, "Log", [part(draft, call, "Add", [source_of(call), number(draft, call, "one", 1.0, source_of(call))])])


def logarithm(base: float) -> Translation:
    """Return the translation of a logarithm of another base."""

    def translate(draft: GraphDraft, call: Call) -> None:
        divisor = number(draft, call, "base", math.log(base), source_of(call))
        append(draft, call, "Div", [part(draft, call, "Log", [source_of(call)]), divisor])

    return translate


def clamp(low: str | float, high: str | float) -> Translation:
    """Return the translation of a clamp between bounds that are arguments or numbers."""

    def translate(draft: GraphDraft, call: Call) -> None:
        bounds: dict[str, Any] = {}
        for name, bound in (("min", low), ("max", high)):
            found = call.arguments.get(bound) if isinstance(bound, str) else bound
            if isinstance(found, Tensor):
                refused(draft, call)
                return
            if isinstance(found, int | float):
                bounds[name] = float(found)
            elif isinstance(bound, str) and call.name == "hardtanh":
                bounds[name] = -1.0 if name == "min" else 1.0
        append(draft, call, "Clip", [source_of(call)], **bounds)

    return translate


def sloped(draft: GraphDraft, call: Call) -> None:
    """Append a rectifier with slopes below zero."""
    source, weight = source_of(call), call.tensor("weight")
    slopes, rank = draft.values[weight], len(draft.values[source].shape)
    if slopes.constant is not None and len(slopes.shape) == 1 and slopes.shape[0] > 1 and rank > 1:
        # One slope a channel, which is the second axis: others are repeated from behind.
        shape = (slopes.shape[0], *(1,) * (rank - 2))
        weight = f"{weight} of {source}"
        draft.values[weight] = Value(shape, slopes.element, slopes.constant.reshape(shape))
    append(draft, call, "PRelu", [source, weight])


def swish(draft: GraphDraft, call: Call) -> None:
    """Write x * sigmoid(x) as its two operators, as files of ONNX have it."""
    append(draft, call, "Mul", [source_of(call), part(draft, call, "Sigmoid", [source_of(call)])])


def log_sigmoid(draft: GraphDraft, call: Call) -> None:
    """Append a sigmoid, and its logarithm."""
    append(draft, call, "Log", [part(draft, call, "Sigmoid", [source_of(call)])])


def elu(draft: GraphDraft, call: Call) -> None:
    """Append an exponential unit; one whose sides are scaled is refused."""
    if call.real("scale", 1.0) != 1 or call.real("input_scale", 1.0) != 1:
        refused(draft, call)
    else:
        append(draft, call, "Elu", [source_of(call)], alpha=call.real("alpha", 1.0))


def softplus(draft: GraphDraft, call: Call) -> None:
    """Append a softplus; a factor goes before it, and comes out behind it."""
    source, beta = source_of(call), call.real("beta", 1.0)
    if beta == 1 or beta == 0:
        append(draft, call, "Softplus", [source])
        return
    factor = number(draft, call, "beta", beta, source)
    append(draft, call, "Div", [part(draft, call, "Softplus", [part(draft, call, "Mul", [source, factor])]), factor])


def random_slope(draft: GraphDraft, call: Call) -> None:
    """Append a rectifier whose slope is the mean of its bounds, as it is outside training."""
    slope = (call.real("lower", 1 / 8) + call.real("upper", 1 / 3)) / 2
    append(draft, call, "LeakyRelu", [source_of(call)], alpha=slope)


def shrunk(*, soft: bool) -> Translation:
    """Return the translation of what makes elements near 0 none, and moves the others or not."""

    def translate(draft: GraphDraft, call: Call) -> None:
        bound = call.real("lambd", 0.5)
        append(draft, call, "Shrink", [source_of(call)], lambd=bound, bias=bound if soft else 0.0)

    return translate


def threshold(draft: GraphDraft, call: Call) -> None:
    """Append a comparison, and a choice."""
    source = source_of(call)
    bound, value = (number(draft, call, name, call.real(name, 0.0), source) for name in ("threshold", "value"))
    below = part(draft, call, "LessOrEqual", [source, bound], element="bool")
    append(draft, call, "Where", [below, value, source])


def gated(draft: GraphDraft, call: Call) -> None:
    """Append one half times the sigmoid of the other."""
    source, made = source_of(call), draft.values[call.outputs[0]].shape
    halves = [f"{call.node}.half{at}" for at in range(2)]
    for half in halves:
        draft.values[half] = Value(made, draft.values[source].element)
    append(draft, call, "Split", [source], halves, axis=call.integer("dim", -1))
    append(draft, call, "Mul", [halves[0], part(draft, call, "Sigmoid", [halves[1]])])


def choice(draft: GraphDraft, call: Call) -> None:
    """Append a choice of two by a third."""
    condition, made = call.tensor("condition"), call.outputs[0]
    given = [value for name, value in call.arguments.items() if name != "condition"]
    if not condition or len(given) != 2 or not all(map(_is_operand, given)):
        refused(draft, call)
        return
    append(draft, call, "Where", [condition, *_operands(draft, call, given, made)])


def masked(draft: GraphDraft, call: Call) -> None:
    """Append a choice between a number and a tensor."""
    mask, value = call.tensor("mask"), call.arguments.get("value")
    if not mask or not _is_operand(value):
        refused(draft, call)
        return
    append(draft, call, "Where", [mask, _operand(draft, call, "value", value, call.outputs[0]), source_of(call)])


def remainder(draft: GraphDraft, call: Call) -> None:
    """Write what is left of whole multiples as exporters do: the quotient rounded down, times the divisor, taken away."""
    source, given = source_of(call), call.arguments.get("other")
    if not _is_operand(given) or not draft.values[source].element.startswith("float"):
        refused(draft, call)
        return
    divisor, shape = _operand(draft, call, "divisor", given, source), draft.values[call.outputs[0]].shape
    whole = part(draft, call, "Floor", [part(draft, call, "Div", [source, divisor], shape)])
    append(draft, call, "Sub", [source, part(draft, call, "Mul", [whole, divisor])])


def between(draft: GraphDraft, call: Call) -> None:
    """Append a point on the way from one tensor to another."""
    source, end, share = source_of(call), call.tensor("end"), call.arguments.get("weight")
    if not end or not _is_operand(share):
        refused(draft, call)
        return
    shape = draft.values[call.outputs[0]].shape
    way = part(draft, call, "Sub", [end, source], shape)
    append(draft, call, "Add", [source, part(draft, call, "Mul", [way, _operand(draft, call, "share", share, source)])])


def with_product(kind: str) -> Translation:
    """Return the translation of a sum with the product, or the quotient, of two tensors times a number."""

    def translate(draft: GraphDraft, call: Call) -> None:
        first, second = call.tensor("tensor1"), call.tensor("tensor2")
        found = part(draft, call, kind, [first, second], np.broadcast_shapes(draft.values[first].shape, draft.values[second].shape))
        if (value := call.real("value", 1.0)) != 1:
            found = part(draft, call, "Mul", [found, number(draft, call, "value", value, first)])
        append(draft, call, "Add", [source_of(call), found])

    return translate


def logical(kind: str) -> Translation:
    """Return the translation of arithmetic of truth values; of numbers it is refused."""

    def translate(draft: GraphDraft, call: Call) -> None:
        tensors = tensors_of(call)
        if any(draft.values[name].element != "bool" for name in tensors) or len(tensors) != (1 if kind == "Not" else 2):
            refused(draft, call)
        else:
            append(draft, call, kind, tensors)

    return translate
