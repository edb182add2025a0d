"""Lowerings of what works an element at a time: activations, arithmetic of several operands, conversions, softmax."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from costmodel.sources.importers.channels_first.layer_draft import LayerDraft, LazyParameters, real_of
from costmodel.sources.importers.channels_first.layouts import PADDING, Laid, features_first
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
        slope = {"slope": operator.real("alpha", 0.01)} if function == "leaky_relu" else {}
        _same(draft, operator, "unary", function=function, **slope)

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
        first = next((each for each in found.axes if each != PADDING and tensor.shape[each] != 1), axis)
        axes = found.axes if first == axis else (axis, *(each for each in found.axes if each != axis))
        draft.add(operator, kind, [draft.as_laid(operator, 0, axes).layer], axes)

    return lower


def binary(function: str) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of arithmetic of two or more operands, extents of 1 repeated."""

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        computed = [at for at in range(len(operator.inputs)) if draft.tensor(operator, at).constant is None]
        constants = [at for at in range(len(operator.inputs)) if at not in computed]
        if not computed or len(constants) > 1 or (constants and constants[0] not in (0, len(operator.inputs) - 1)):
            raise draft.refused(
                operator, f"with {len(constants)} constants among {len(operator.inputs)} operands it is not supported; with one it is"
            )
        made = draft.output(operator)
        rank = len(made.shape)
        largest = max(computed, key=lambda at: draft.tensor(operator, at).element_count)
        laid, shape = draft.source(operator, largest), draft.tensor(operator, largest).shape
        if math.prod(shape) != made.element_count or len(shape) != rank:
            raise draft.refused(
                operator, f"an operand of the shape of its result, {list(made.shape)}, is needed; extents of 1 of others are repeated"
            )
        layers = []
        for at in computed:
            behind = rank - len(draft.tensor(operator, at).shape)
            axes = tuple(axis - behind if axis >= behind else PADDING for axis in laid.axes)
            layers.append(draft.as_laid(operator, at, axes).layer)
        if not constants:
            whole = function == ADD.kind and len(computed) == 2 and len({draft.tensor(operator, at).shape for at in computed}) == 1
            fields: dict[str, Any] = {} if whole else {"function": function}
            draft.add(operator, ADD.kind if whole else "binary", layers, laid.axes, **fields)
            return
        _with_constant(draft, operator, function, constants[0], layers, laid.axes)

    return lower


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
    """Lower a normalisation over the last axis."""
    shape = draft.tensor(operator, 0).shape
    if operator.whole("axis", -1) % max(len(shape), 1) != len(shape) - 1:
        raise draft.refused(operator, "over several axes it is not supported; over the last it is")
    _normalised(draft, operator, features_first(shape), [0], shape[-1])


def instance_norm(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a normalisation of each channel over all rows and columns."""
    tensor = draft.tensor(operator, 0)
    _normalised(draft, operator, planes(draft, operator, tensor), [1, 2], tensor.shape[1])


def _normalised(draft: LayerDraft, operator: ImportedOperator, axes: tuple[int, ...], over: list[int], count: int) -> None:
    """Append a normalisation as its parts: mean, difference, variance, root, product, scale and shift of the first axis."""
    makes, stem = operator.outputs[0], operator.name or "norm"
    source = draft.as_laid(operator, 0, axes).layer
    mean = draft.append(operator, "reduce", [source], makes, stem=f"{stem}.mean", function="mean", axes=over, keep=True)
    centred = draft.append(operator, "binary", [source, mean], makes, stem=f"{stem}.centred", function="sub")
    square = draft.append(operator, "unary", [centred], makes, stem=f"{stem}.square", function="square")
    variance = draft.append(operator, "reduce", [square], makes, stem=f"{stem}.variance", function="mean", axes=over, keep=True)
    epsilon = operator.real("epsilon", 1e-5)
    shifted = draft.append(operator, "binary", [variance], makes, stem=f"{stem}.epsilon", function="add", constant=[1])
    draft.parameters[shifted] = LazyParameters(lambda: np.full(1, epsilon))
    root = draft.append(operator, "unary", [shifted], makes, stem=f"{stem}.root", function="rsqrt")
    layer = draft.append(operator, "binary", [centred, root], makes, stem=f"{stem}.scaled", function="mul")
    for at, function in ((1, "mul"), (2, "add")):
        if at < len(operator.inputs) and operator.inputs[at] >= 0:
            layer = _with_feature_constant(draft, operator, at, layer, function, count)
    draft.laid[makes] = Laid(layer, axes)


def _with_feature_constant(draft: LayerDraft, operator: ImportedOperator, at: int, layer: str, function: str, count: int) -> str:
    """Append arithmetic with one constant for each place of the first axis."""
    constant = draft.tensor(operator, at)
    if constant.constant is None or constant.element_count != count:
        raise draft.refused(operator, f"its scale and shift are not {count} constants each")
    stem = f"{operator.name or 'norm'}.{function}"
    name = draft.append(operator, "binary", [layer], operator.outputs[0], stem=stem, function=function, constant=[count])
    draft.parameters[name] = LazyParameters(lambda: real_of(constant).reshape(-1))
    return name
