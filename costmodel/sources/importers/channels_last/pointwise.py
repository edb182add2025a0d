"""Lowerings of operators that compute each output from the elements in its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from costmodel.sources.importers.channels_last.arrangement import arranged_shape, places_in_file, usual_axes
from costmodel.sources.importers.channels_last.draft import CLAMPS, Draft, Weights
from costmodel.specs.imported_graph import ELEMENT_BITS, ImportedOperator
from costmodel.specs.kinds.elementwise_layers import BinaryFunction, UnaryFunction


def unary(function: UnaryFunction) -> Callable[[Draft, ImportedOperator], None]:
    """Return the lowering of a function of each element; 8-bit elements are looked up in a table."""

    def lower(draft: Draft, operator: ImportedOperator) -> None:
        found, target = draft.source(operator), draft.output(operator)
        fields: dict[str, Any] = {"function": function.value, "table": ELEMENT_BITS.get(target.element) == 8}
        if function is UnaryFunction.LEAKY_RELU:
            fields["slope"] = operator.real("alpha")
        draft.made_alike(operator, draft.append(function.value, "unary", [found.layer], operator.outputs[0], **fields), found)

    return lower


def clamp(draft: Draft, operator: ImportedOperator) -> None:
    """Lower an activation that keeps elements between bounds."""
    found = draft.source(operator)
    if operator.kind not in CLAMPS:
        raise draft.refused(operator, "its bounds are not known")
    draft.made_alike(operator, draft.clamp(operator.kind, found.layer, operator.outputs[0]), found)


def convert(draft: Draft, operator: ImportedOperator) -> None:
    """Lower what puts the same numbers in another type, scale or zero point."""
    found = draft.source(operator)
    draft.made_alike(operator, draft.append(operator.kind.lower(), "convert", [found.layer], operator.outputs[0]), found)


def softmax(kind: str) -> Callable[[Draft, ImportedOperator], None]:
    """Return the lowering of probabilities, or their logarithms, over the channels."""

    def lower(draft: Draft, operator: ImportedOperator) -> None:
        found = draft.source(operator)
        if len(found.shape) != 1:
            found = draft.usual(operator)
        draft.made_alike(operator, draft.append("softmax", kind, [found.layer], operator.outputs[0]), found)

    return lower


def binary(function: BinaryFunction) -> Callable[[Draft, ImportedOperator], None]:
    """Return the lowering of arithmetic of operands, constants and broadcasting included."""

    def lower(draft: Draft, operator: ImportedOperator) -> None:
        shapes = [draft.graph.tensors[place].shape for place in operator.inputs]
        constant = [draft.is_constant(place) for place in operator.inputs]
        output = draft.output(operator).shape
        axes = usual_axes(output)
        if sum(constant) > 1 or len(shapes) != 2:
            # One of two is the layer's own; others are written out.
            constant = [False] * len(shapes)
        layers, same = [], len(set(shapes)) == 1 and not any(constant)
        for at, shape in enumerate(shapes):
            if constant[at]:
                continue
            extents = (*(1,) * (len(output) - len(shape)), *shape)
            if len(extents) != len(output) or any(extent != 1 for axis, extent in enumerate(extents) if axis not in axes):
                raise draft.refused(operator, f"it combines shapes {', '.join(str(list(one)) for one in shapes)}")
            layers.append(draft.arranged(operator, at, extents, axes).layer)
        if same and len(shapes) == 2 and function is BinaryFunction.ADD:
            layer = draft.append("add", "add", layers, operator.outputs[0])
        else:
            fields, weights = _constant(draft, operator, shapes, constant, output)
            layer = draft.append(function.value, "binary", layers, operator.outputs[0], function=function.value, **fields)
            if weights is not None:
                draft.weights[layer] = weights
        draft.made_usual(operator, draft.activated(operator, layer))

    return lower


def _constant(
    draft: Draft, operator: ImportedOperator, shapes: Sequence[tuple[int, ...]], constant: Sequence[bool], output: tuple[int, ...]
) -> tuple[dict[str, Any], Weights | None]:
    if not any(constant):
        return {}, None
    at = constant.index(True)
    extents = (*(1,) * (len(output) - len(shapes[at])), *shapes[at])
    axes = usual_axes(output)
    shape = arranged_shape(extents, axes)

    def arrange(values: NDArray[Any]) -> NDArray[Any]:
        ordered: NDArray[Any] = values.reshape(-1)[places_in_file(extents, axes)].reshape(*shape, 1)
        return ordered

    place = operator.inputs[at]
    fields = {"constant": list(shape), "constant_first": at == 0, "weight_type": draft.stored_type(place)}
    return fields, Weights(place, arrange)
