"""Operators of PyTorch that gather whole axes, or normalise by what they gather, in ONNX's."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Node
from costmodel.sources.importers.torch_export.aten_nodes import Translation, append, constant, number, part, refused, source_of
from costmodel.sources.importers.torch_export.program import Call

_MOST_CHANNELS: Final = 1 << 20
"""Of a norm without a scale of its own, for which one is written."""


def _axes(draft: GraphDraft, call: Call) -> tuple[int, ...]:
    """Axes of a reduction; all where it names none."""
    rank = len(draft.values[source_of(call)].shape)
    given = call.arguments.get("dim")
    named = tuple(axis % max(rank, 1) for axis in call.integers("dim", 1, 0)) if given not in (None, []) else ()
    return tuple(sorted(set(named))) or tuple(range(rank))


def _kept(draft: GraphDraft, call: Call, axes: tuple[int, ...]) -> tuple[int, ...]:
    shape = draft.values[source_of(call)].shape
    return tuple(1 if axis in axes else extent for axis, extent in enumerate(shape))


def _keeps(call: Call) -> int:
    return int(call.arguments.get("keepdim") is True)


def reduction(kind: str) -> Translation:
    """Return the translation of one element for all along some axes."""

    def translate(draft: GraphDraft, call: Call) -> None:
        axes = call.integers("dim", 1, 0) if call.arguments.get("dim") not in (None, []) else ()
        attributes: dict[str, Any] = {"axes": axes, "keepdims": _keeps(call)}
        source = source_of(call)
        if kind.startswith("Arg"):
            attributes["axis"] = axes[0] if axes else 0
            if not axes:
                source = part(draft, call, "Reshape", [source], (math.prod(draft.values[source].shape),))
        append(draft, call, kind, [source], call.outputs[:1], **attributes)

    return translate


def extreme(kind: str) -> Translation:
    """Return the translation of the largest or least: of two tensors, of all elements, or along an axis, then with its place."""

    def translate(draft: GraphDraft, call: Call) -> None:
        if call.tensor("other"):
            append(draft, call, kind, [source_of(call), call.tensor("other")])
            return
        axes = call.integers("dim", 1, 0) if call.arguments.get("dim") is not None else ()
        append(draft, call, f"Reduce{kind}", [source_of(call)], call.outputs[:1], axes=axes, keepdims=_keeps(call))
        for place in call.outputs[1:]:
            append(draft, call, f"Arg{kind}", [source_of(call)], [place], axis=axes[0], keepdims=_keeps(call))

    return translate


def truth(kind: str) -> Translation:
    """Return the translation of whether any, or all, of some elements hold."""

    def translate(draft: GraphDraft, call: Call) -> None:
        if draft.values[source_of(call)].element == "bool":
            append(draft, call, kind, [source_of(call)], axes=_axes(draft, call), keepdims=_keeps(call))
        else:
            refused(draft, call)

    return translate


def spread(*, root: bool) -> Translation:
    """Return the translation of a variance, or its root, written as exporters do: mean, difference, product, mean, corrected."""

    def translate(draft: GraphDraft, call: Call) -> None:
        source, axes = source_of(call), _axes(draft, call)
        kept, made = _kept(draft, call, axes), draft.values[call.outputs[0]].shape
        count = math.prod(draft.values[source].shape[axis] for axis in axes)
        unbiased = 1.0 if call.arguments.get("unbiased", True) is not False else 0.0
        correction = unbiased if call.arguments.get("correction") is None else call.real("correction", unbiased)
        mean = part(draft, call, "ReduceMean", [source], kept, axes=axes, keepdims=1)
        difference = part(draft, call, "Sub", [source, mean])
        square = part(draft, call, "Mul", [difference, difference])
        steps: list[tuple[str, list[str], dict[str, Any]]] = [("ReduceMean", [square], {"axes": axes, "keepdims": _keeps(call)})]
        if correction:
            left = max(count - correction, 0.0)
            steps += [
                ("Mul", [number(draft, call, "count", float(count), source)], {}),
                ("Div", [number(draft, call, "left", left, source)], {}),
            ]
        if root:
            steps.append(("Sqrt", [], {}))
        found: list[str] = []
        for at, (kind, inputs, attributes) in enumerate(steps):
            if at == len(steps) - 1:
                append(draft, call, kind, [*found, *inputs], call.outputs[:1], **attributes)
            else:
                found = [part(draft, call, kind, [*found, *inputs], made, **attributes)]

    return translate


def length(draft: GraphDraft, call: Call) -> None:
    """Append a norm of vectors: of order 1 or 2, the largest or the least size."""
    source, axes = source_of(call), _axes(draft, call)
    order = call.arguments.get("ord", call.arguments.get("p", 2))
    given = 2.0 if order is None else float(order) if isinstance(order, int | float | str) else math.nan
    attributes: dict[str, Any] = {"axes": axes, "keepdims": _keeps(call)}
    if given in (1, 2):
        append(draft, call, f"ReduceL{given:.0f}", [source], **attributes)
    elif math.isinf(given):
        sizes = part(draft, call, "Abs", [source])
        append(draft, call, "ReduceMax" if given > 0 else "ReduceMin", [sizes], **attributes)
    else:
        refused(draft, call)


def likeness(draft: GraphDraft, call: Call) -> None:
    """Write the cosine of two vectors as exporters do: their product, over the root of both squared lengths, kept from 0."""
    first, second = call.tensor("x1"), call.tensor("x2")
    a, b = draft.values[first].shape, draft.values[second].shape
    if a != b:
        refused(draft, call)
        return
    axes, made = (call.integer("dim", 1),), draft.values[call.outputs[0]].shape

    def summed(one: str, other: str) -> str:
        return part(draft, call, "ReduceSum", [part(draft, call, "Mul", [one, other])], made, axes=axes, keepdims=0)

    across, squares = summed(first, second), part(draft, call, "Mul", [summed(first, first), summed(second, second)])
    least = call.real("eps", 1e-8)
    lengths = part(draft, call, "Clip", [part(draft, call, "Sqrt", [squares])], min=least)
    append(draft, call, "Div", [across, lengths])


def loss(kind: str) -> Translation:
    """Return the translation of how far two tensors are apart: an element, their mean, or their sum."""

    def translate(draft: GraphDraft, call: Call) -> None:
        source, shape = source_of(call), draft.values[call.outputs[0]].shape
        summary = {0: "", 1: "ReduceMean", 2: "ReduceSum"}[call.integer("reduction", 1)]
        held = draft.values[source].shape if summary else shape
        apart = part(draft, call, "Sub", [source, call.tensor("target")], held)
        operands = [apart, apart] if kind == "Mul" else [apart]
        if summary:
            append(draft, call, summary, [part(draft, call, kind, operands)], axes=(), keepdims=0)
        else:
            append(draft, call, kind, operands)

    return translate


def logarithm_of_sum(draft: GraphDraft, call: Call) -> None:
    """Append the logarithm of a sum of powers."""
    append(draft, call, "ReduceLogSumExp", [source_of(call)], axes=_axes(draft, call), keepdims=_keeps(call))


def running_sum(draft: GraphDraft, call: Call) -> None:
    """Append sums of each element and all before it."""
    axis = constant(draft, call, "axis", np.asarray(call.integer("dim"), np.int64))
    append(draft, call, "CumSum", [source_of(call), axis])


def batch_norm(draft: GraphDraft, call: Call) -> None:
    """Append a normalisation by statistics of the training data."""
    if call.arguments.get("training") is True:
        node = Node("batch_norm", call.module or call.node, [], call.outputs)
        raise draft.broken("it was captured in training mode; call model.eval() before torch.export.export", node)
    if not call.tensor("running_mean"):
        refused(draft, call)
        return
    mean = draft.constant(call.tensor("running_mean"))
    size = 0 if mean is None else mean.size
    names = []
    for what, filling in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
        names.append(call.tensor(what) or constant(draft, call, what, np.full(size, filling, np.float32)))
    append(draft, call, "BatchNormalization", [source_of(call), *names], epsilon=call.real("eps", 1e-5))


def layer_norm(draft: GraphDraft, call: Call) -> None:
    """Append a normalisation over the last axes."""
    shape = call.arguments.get("normalized_shape")
    count = len(shape) if isinstance(shape, list) else 1
    inputs = [source_of(call), call.tensor("weight"), call.tensor("bias")]
    while not inputs[-1]:
        inputs.pop()
    append(draft, call, "LayerNormalization", inputs, axis=-count, epsilon=call.real("eps", 1e-5))


def root_mean_square_norm(draft: GraphDraft, call: Call) -> None:
    """Write a normalisation by the root of the mean square of the last axes as its parts."""
    source, shape = source_of(call), call.arguments.get("normalized_shape")
    count, extents = len(shape) if isinstance(shape, list) else 1, draft.values[source].shape
    axes = tuple(range(len(extents) - count, len(extents)))
    kept = (*extents[: len(extents) - count], *(1,) * count)
    square = part(draft, call, "Mul", [source, source])
    mean = part(draft, call, "ReduceMean", [square], kept, axes=axes, keepdims=1)
    epsilon = call.real("eps", float(np.finfo(np.float32).eps))
    root = part(draft, call, "Sqrt", [part(draft, call, "Add", [mean, number(draft, call, "epsilon", epsilon, source)])])
    inverse = part(draft, call, "Reciprocal", [root])
    if call.tensor("weight"):
        append(draft, call, "Mul", [part(draft, call, "Mul", [source, inverse]), call.tensor("weight")])
    else:
        append(draft, call, "Mul", [source, inverse])


def instance_norm(draft: GraphDraft, call: Call) -> None:
    """Append a normalisation of each channel; without a scale of its own it has ones, as exporters write it."""
    source = source_of(call)
    if call.arguments.get("use_input_stats") is False:
        batch_norm(draft, call)
        return
    channels = (*draft.values[source].shape, 1, 1)[1]
    if channels > _MOST_CHANNELS:
        refused(draft, call)
        return
    terms = [
        call.tensor(what) or constant(draft, call, what, np.full(channels, filling, np.float32))
        for what, filling in (("weight", 1.0), ("bias", 0.0))
    ]
    append(draft, call, "InstanceNormalization", [source, *terms], epsilon=call.real("eps", 1e-5))


def group_norm(draft: GraphDraft, call: Call) -> None:
    """Append a normalisation of groups of channels."""
    source, groups = source_of(call), call.integer("num_groups", 1)
    channels = (*draft.values[source].shape, 1, 1)[1]
    if channels > _MOST_CHANNELS:
        refused(draft, call)
        return
    terms = [
        call.tensor(what) or constant(draft, call, what, np.full(channels, filling, np.float32))
        for what, filling in (("weight", 1.0), ("bias", 0.0))
    ]
    append(draft, call, "GroupNormalization", [source, *terms], num_groups=groups, epsilon=call.real("eps", 1e-5))


def weight_norm(draft: GraphDraft, call: Call) -> None:
    """Compute weights that are stored as a direction and a size."""
    direction, size = draft.constant(call.tensor("v")), draft.constant(call.tensor("g"))
    if direction is None or size is None:
        refused(draft, call)
        return
    axis = call.integer("dim")
    over = tuple(each for each in range(direction.ndim) if each != axis % direction.ndim) if axis != -1 else tuple(range(direction.ndim))
    lengths = np.sqrt((direction.astype(np.float64) ** 2).sum(axis=over, keepdims=True))
    draft.values[call.outputs[0]].constant = np.asarray(direction * (size / lengths), np.float32)
