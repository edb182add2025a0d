"""Biases, batch normalisations and paddings that the operator beside them takes in, with its constants changed accordingly."""

from __future__ import annotations

from typing import Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value

_WEIGHTED: Final = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_EPSILON: Final = 1e-5


def with_biases(draft: GraphDraft) -> None:
    """Make an addition of one constant an output channel the bias of the operator before it."""
    readers, makers = draft.readers(), draft.makers()
    gone = set()
    for node in draft.nodes:
        if node.kind != "Add" or len(node.inputs) != 2:
            continue
        for source, other in (node.inputs, node.inputs[::-1]):
            maker, bias = makers.get(source), draft.constant(other)
            if maker is None or bias is None or maker.kind not in _WEIGHTED or not _only(draft, readers, source, node):
                continue
            vector = _channel_vector(bias, draft.values[source], 1 if "Conv" in maker.kind else -1)
            if vector is None or len(_present(maker)) != 2 or draft.constant(maker.inputs[1]) is None:
                continue
            draft.values[other] = _with(draft.values[other], vector)
            maker.inputs = [*maker.inputs[:2], other]
            _takes(draft, maker, node)
            gone.add(id(node))
            break
    draft.without(gone, {}, "is the bias of the operator before it")


def with_folded_norms(draft: GraphDraft) -> None:
    """Multiply each batch normalisation into the weights of the operator before it, where nothing else reads what that makes."""
    readers, makers = draft.readers(), draft.makers()
    gone = set()
    for node in draft.nodes:
        if node.kind != "BatchNormalization" or len(node.inputs) < 5 or any(node.outputs[1:]):
            continue
        maker = makers.get(node.inputs[0])
        terms = norm_terms(draft, node)
        if (
            maker is None
            or terms is None
            or maker.kind not in ("Conv", "Gemm", "MatMul")
            or not _only(draft, readers, node.inputs[0], node)
        ):
            continue
        weights = draft.constant(maker.inputs[1])
        if weights is None or draft.values[maker.inputs[1]].scales or len(draft.values[node.inputs[0]].shape) < 2:
            continue
        scale, shift = terms
        axis = 0 if maker.kind == "Conv" or (maker.kind == "Gemm" and maker.integer("transB")) else weights.ndim - 1
        bias = draft.constant(maker.inputs[2]) if len(_present(maker)) > 2 else np.zeros(scale.size)
        channel_axis = 1 if maker.kind != "MatMul" else len(draft.values[node.inputs[0]].shape) - 1
        if bias is None or weights.shape[axis] != scale.size or bias.size not in (1, scale.size) or channel_axis != 1:
            continue
        with np.errstate(all="ignore"):
            spread = scale.reshape([-1 if at == axis else 1 for at in range(weights.ndim)])
            # Named by what the norm makes: weights may be shared by operators whose norms differ.
            folded = {"weight": weights * spread, "bias": bias.reshape(-1) * scale + shift}
            changed = {f"{node.outputs[0]}.{what}": array.astype(np.float32) for what, array in folded.items()}
        for name, array in changed.items():
            draft.values[name] = Value(array.shape, "float32", array)
        maker.inputs = [maker.inputs[0], *changed]
        _takes(draft, maker, node)
        makers[node.outputs[0]] = maker
        gone.add(id(node))
    draft.without(gone, {}, "is multiplied into the weights before it")


def norm_terms(draft: GraphDraft, node: Node) -> tuple[Array, Array] | None:
    """Return scale and shift of a batch normalisation's channels; None where its statistics are no constants."""
    arrays = [draft.constant(name) for name in node.inputs[1:5]]
    epsilon = node.attributes.get("epsilon", _EPSILON)
    # A file may hold what is no number.
    with np.errstate(all="ignore"):
        found = [np.asarray(array, np.float64).reshape(-1) for array in arrays if array is not None]
        if len(found) != 4 or len({array.size for array in found}) != 1:
            return None
        gamma, beta, mean, variance = found
        scale = gamma / np.sqrt(variance + (epsilon if isinstance(epsilon, int | float) else _EPSILON))
        return scale, beta - mean * scale


def with_folded_pads(draft: GraphDraft) -> None:
    """Give zeros that a padding puts around rows and columns to the convolutions that alone read it."""
    readers = draft.readers()
    gone, aliases = set(), {}
    for node in draft.nodes:
        widths = pad_widths(draft, node)
        rank = len(draft.values[node.inputs[0]].shape) if node.inputs and node.inputs[0] else 0
        if widths is None or rank < 3 or min(widths) < 0 or any(widths[0:2]) or any(widths[rank : rank + 2]):
            continue
        taking = readers.get(node.outputs[0], [])
        if not taking or node.outputs[0] in draft.outputs or any(reader.kind != "Conv" or not _valid(reader) for reader in taking):
            continue
        added = (*widths[2:rank], *widths[rank + 2 :])
        for reader in taking:
            pads = reader.integers("pads") or (0,) * len(added)
            reader.attributes["pads"] = tuple(a + b for a, b in zip(pads, added, strict=True))
        gone.add(id(node))
        aliases[node.outputs[0]] = node.inputs[0]
    draft.without(gone, aliases, "is the padding of the convolution behind it")


def pad_widths(draft: GraphDraft, node: Node) -> tuple[int, ...] | None:
    """Return what a padding with constant zeros puts before and after each axis; None for any other node."""
    if node.kind != "Pad" or node.attributes.get("mode", "constant") != "constant":
        return None
    value = node.attributes.get("value", 0)
    if len(node.inputs) > 2 and node.inputs[2]:
        array = draft.constant(node.inputs[2])
        value = 1 if array is None or array.any() else 0
    given = draft.constant(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] else None
    widths = node.integers("pads") if given is None else tuple(int(width) for width in given.reshape(-1))
    rank = len(draft.values[node.inputs[0]].shape)
    if len(node.inputs) > 3 and node.inputs[3] and widths is not None:
        axes = draft.constant(node.inputs[3])
        if axes is None or 2 * axes.size != len(widths):
            return None
        full = [0] * (2 * rank)
        for at, axis in enumerate(int(axis) % rank for axis in axes.reshape(-1)):
            full[axis], full[rank + axis] = widths[at], widths[axes.size + at]
        widths = tuple(full)
    return widths if widths is not None and len(widths) == 2 * rank and value == 0 else None


def _valid(node: Node) -> bool:
    return node.attributes.get("auto_pad", "NOTSET") in ("NOTSET", "VALID", "")


def _takes(draft: GraphDraft, maker: Node, node: Node) -> None:
    """Let an operator make what the one it took in made."""
    element = draft.values[maker.outputs[0]].element
    maker.outputs = [node.outputs[0]]
    if element != "float32":
        draft.values[node.outputs[0]].element = element


def _only(draft: GraphDraft, readers: dict[str, list[Node]], name: str, node: Node) -> bool:
    return readers.get(name) == [node] and name not in draft.outputs


def _present(node: Node) -> list[str]:
    return [name for name in node.inputs if name]


def _channel_vector(array: Array, made: Value, axis: int) -> Array | None:
    """Return a constant that differs along one axis only as a vector; None where it is something else."""
    rank = len(made.shape)
    if rank < 1 or array.ndim > rank or array.dtype.kind != "f":
        return None
    shape = (1,) * (rank - array.ndim) + array.shape
    wanted = tuple(made.shape[axis] if at == axis % rank else 1 for at in range(rank))
    return array.reshape(-1) if shape == wanted else None


def _with(value: Value, array: Array) -> Value:
    return Value(array.shape, value.element, array, value.scales, value.zero_points, value.channel_axis)
