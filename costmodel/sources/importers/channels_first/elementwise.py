"""Lowerings of what works an element at a time: activations, arithmetic of several operands, conversions, softmax."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.sources.importers.channels_first.layer_draft import LayerDraft, LazyParameters, real_of
from costmodel.sources.importers.channels_first.layouts import PADDING, Laid, features_first, plain_axes
from costmodel.sources.importers.channels_first.windows import planes
from costmodel.specs.imported_graph import ImportedOperator
from costmodel.specs.operations import ADD


def rectifier(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a rectifier."""
    _same(draft, operator, "relu")


def clip(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a clamp between two bounds; from zero without an upper one it is a rectifier."""
    bounds: list[float | None] = []
    for at, option in ((1, "min"), (2, "max")):
        found = draft.constant(operator, at)
        if found is None and at < len(operator.inputs) and operator.inputs[at] >= 0:
            raise draft.refused(operator, "its bounds are computed; constant ones are supported")
        number = float(found.reshape(-1)[0]) if found is not None and found.size else operator.options.get(option)
        bounds.append(float(number) if isinstance(number, int | float) and abs(number) < 1e30 else None)
    low, high = bounds
    if low is None and high is None:
        draft.laid[operator.outputs[0]] = draft.source(operator)
        draft.view("it has no bounds")
    elif low == 0 and high is None:
        _same(draft, operator, "relu")
    else:
        _same(draft, operator, "clamp", low=low, high=high)


def unary(function: str) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of a function of each element."""

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        fields: dict[str, Any] = {"function": function}
        if function == "leaky_relu":
            fields["slope"] = operator.real("alpha", 0.01)
        elif function in ("elu", "celu") and (depth := operator.real("alpha", 1.0)) != 1:
            fields["slope"] = depth
        elif function == "gelu" and operator.text("approximate", "none") == "tanh":
            fields["function"] = "gelu_tanh"
        _same(draft, operator, "unary", **fields)

    return lower


def _same(draft: LayerDraft, operator: ImportedOperator, kind: str, **fields: Any) -> None:
    found = draft.source(operator)
    draft.add(operator, kind, [found.layer], found.axes, **fields)


def convert(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a change of element type, scale or zero point."""
    found = draft.source(operator)
    draft.add(operator, "convert", [found.layer], found.axes)


def softmax(kind: str) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of probabilities, or their logarithms, along one axis, which comes to lie first."""

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        tensor = draft.tensor(operator, 0)
        rank = len(tensor.shape)
        old = operator.version < 13
        axis = operator.whole("axis", 1 if old else -1) % max(rank, 1)
        if old and math.prod(tensor.shape[axis + 1 :]) != 1 and math.prod(tensor.shape[:axis]) != 1:
            raise draft.refused(operator, "over several axes together it is not supported; over one it is")
        found = draft.source(operator)
        axes = found.axes if found.axes[0] == axis else (axis, *(each for each in found.axes if each != axis))
        draft.add(operator, kind, [draft.as_laid(operator, 0, axes).layer], axes)

    return lower


def binary(function: str) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of arithmetic of two or more operands, extents of 1 repeated."""

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        computed = [at for at in range(len(operator.inputs)) if draft.tensor(operator, at).constant is None]
        if not computed:
            raise draft.refused(operator, "none of its operands is computed, and it is not folded; one at least is needed")
        made = draft.output(operator).shape
        axes = _axes_of_result(draft, operator, computed, made)
        # One constant is an operand of the layer itself; any other is written out as a tensor.
        ends = [at for at in (len(operator.inputs) - 1, 0) if at not in computed]
        constant = ends[0] if ends and len(operator.inputs) > 1 else -1
        layers = []
        for at in range(len(operator.inputs)):
            if at != constant:
                behind = len(made) - len(draft.tensor(operator, at).shape)
                layers.append(draft.as_laid(operator, at, tuple(axis - behind if axis >= behind else PADDING for axis in axes)).layer)
        if constant >= 0:
            _with_constant(draft, operator, function, constant, layers, axes)
            return
        whole = function == ADD.kind and len(layers) == 2 and len({draft.tensor(operator, at).shape for at in (0, 1)}) == 1
        fields: dict[str, Any] = {} if whole else {"function": function}
        draft.add(operator, ADD.kind if whole else "binary", layers, axes, **fields)

    return lower


def _axes_of_result(draft: LayerDraft, operator: ImportedOperator, computed: Sequence[int], made: tuple[int, ...]) -> tuple[int, ...]:
    """Return how what is made of several operands is laid out: as the operand of its shape is, or in its own order where none has it."""
    largest = max(computed, key=lambda at: draft.tensor(operator, at).element_count)
    shape = draft.tensor(operator, largest).shape
    behind = len(made) - len(shape)
    if behind < 0 or math.prod(made[:behind]) != 1 or made[behind:] != shape:
        return plain_axes(made)
    return tuple(PADDING if axis == PADDING else axis + behind for axis in draft.source(operator, largest).axes)


def _with_constant(draft: LayerDraft, operator: ImportedOperator, function: str, at: int, layers: list[str], axes: tuple[int, ...]) -> None:
    tensor, rank = draft.tensor(operator, at), len(draft.output(operator).shape)
    behind = rank - len(tensor.shape)
    shape = [tensor.shape[axis - behind] if axis >= behind and axis != PADDING else 1 for axis in axes]
    order = [axis - behind for axis in axes if axis >= behind and axis != PADDING]
    left_out = [axis for axis in range(len(tensor.shape)) if axis not in order]

    def weight() -> Any:
        return real_of(tensor).transpose([*order, *left_out]).reshape(-1)

    if math.prod(shape) != tensor.element_count:
        raise draft.refused(operator, f"a constant of shape {list(tensor.shape)} is not supported here")
    while len(shape) > 1 and shape[-1] == 1:
        shape.pop()
    draft.add(
        operator,
        "binary",
        layers,
        axes,
        LazyParameters(lambda: np.asarray(weight()).reshape(shape)),
        function=function,
        constant=shape,
        constant_first=at == 0,
        weight_type=tensor.element,
    )


def parametric_rectifier(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a rectifier with slopes below zero; one slope an element, a channel, or one for all."""
    if draft.tensor(operator, 1).constant is not None and draft.tensor(operator, 1).element_count == 1:
        array = draft.constant(operator, 1)
        slope = 0.0 if array is None else float(array.reshape(-1)[0])
        _same(draft, operator, "unary", function="leaky_relu", slope=slope)
    else:
        binary("prelu")(draft, operator)


def layer_norm(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a normalisation over the last axis, or over several of the last."""
    shape = draft.tensor(operator, 0).shape
    first = operator.whole("axis", -1) % max(len(shape), 1)
    over = [axis for axis in range(first, len(shape)) if shape[axis] != 1] or [len(shape) - 1]
    axes = features_first(shape) if len(over) == 1 and over[0] == len(shape) - 1 else plain_axes(shape)
    if not set(over) <= set(axes):
        raise draft.refused(operator, f"over the axes from {first} of {list(shape)} it is not supported")
    _normalised(draft, operator, axes, over)


def instance_norm(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a normalisation of each channel over all rows and columns."""
    tensor = draft.tensor(operator, 0)
    _normalised(draft, operator, planes(draft, operator, tensor), list(range(2, len(tensor.shape))), affine=[1])


def _normalised(
    draft: LayerDraft, operator: ImportedOperator, axes: tuple[int, ...], over: Sequence[int], affine: Sequence[int] | None = None
) -> None:
    """Append a normalisation as its parts: mean, difference, variance, root, product; scale and shift along the axes they have."""
    makes, stem = operator.outputs[0], operator.name or "norm"
    places = [at for at, axis in enumerate(axes) if axis in over]
    source = draft.as_laid(operator, 0, axes).layer
    mean = draft.append(operator, "reduce", [source], makes, stem=f"{stem}.mean", function="mean", axes=places, keep=True)
    centred = draft.append(operator, "binary", [source, mean], makes, stem=f"{stem}.centred", function="sub")
    square = draft.append(operator, "unary", [centred], makes, stem=f"{stem}.square", function="square")
    variance = draft.append(operator, "reduce", [square], makes, stem=f"{stem}.variance", function="mean", axes=places, keep=True)
    epsilon = operator.real("epsilon", 1e-5)
    shifted = draft.append(operator, "binary", [variance], makes, stem=f"{stem}.epsilon", function="add", constant=[1])
    draft.parameters[shifted] = LazyParameters(lambda: np.full(1, epsilon))
    root = draft.append(operator, "unary", [shifted], makes, stem=f"{stem}.root", function="rsqrt")
    layer = draft.append(operator, "binary", [centred, root], makes, stem=f"{stem}.scaled", function="mul")
    for at, function in ((1, "mul"), (2, "add")):
        if at < len(operator.inputs) and operator.inputs[at] >= 0:
            layer = _with_affine_constant(draft, operator, at, layer, function, axes, list(over) if affine is None else list(affine))
    draft.laid[makes] = Laid(layer, axes)


def _with_affine_constant(
    draft: LayerDraft, operator: ImportedOperator, at: int, layer: str, function: str, axes: Sequence[int], along: list[int]
) -> str:
    """Append arithmetic with a constant that has these axes of the input, in their order."""
    constant, source = draft.tensor(operator, at), draft.tensor(operator, 0).shape
    held = [source[axis] for axis in along]
    if constant.constant is None or constant.element_count != math.prod(held):
        raise draft.refused(operator, f"its scale and shift are not {math.prod(held)} constants each")
    shape = [source[axis] if axis in along else 1 for axis in axes]
    order = [along.index(axis) for axis in axes if axis in along]

    def real() -> NDArray[np.float64]:
        return real_of(constant).reshape(held).transpose(order).reshape(shape)

    while len(shape) > 1 and shape[-1] == 1:
        shape.pop()
    stem = f"{operator.name or 'norm'}.{function}"
    name = draft.append(operator, "binary", [layer], operator.outputs[0], stem=stem, function=function, constant=shape)
    draft.parameters[name] = LazyParameters(real)
    return name
