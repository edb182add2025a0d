"""Functions that exporters write as several operators, made one again."""

from __future__ import annotations

import math
from typing import Final

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Node

_CLOSE: Final = 1e-3
_LINEAR: Final = 15.0
"""From where on a softplus is its argument, to the last bit of single precision."""


_OF_TRUTHS: Final = {"ReduceMax": "ReduceAny", "ReduceSum": "ReduceAny", "ReduceMin": "ReduceAll"}
"""What a reduction of numbers that stand for truths is."""


def with_composites(draft: GraphDraft) -> None:
    """Make one operator of each function that is written as several.

    They are a GELU with an error function, a hard swish with a hard sigmoid, a softplus with the line it comes to, and what holds anywhere,
    or everywhere, with numbers.

    Parameters
    ----------
    draft : GraphDraft
        Changed in place.
    """
    readers = draft.readers()
    makers = draft.makers()
    gone: set[int] = set()
    for node in list(draft.nodes):
        found = _hard_swish(node, readers) if node.kind == "HardSigmoid" else None
        found = _gelu(draft, node, makers, readers) if node.kind == "Erf" else found
        found = _softplus(draft, node, makers, readers) if node.kind == "Softplus" else found
        found = _truth(draft, node, makers, readers) if node.kind in _OF_TRUTHS else found
        if found is None or any(id(part) in gone for part in found[0]):
            continue
        parts, source, kind = found
        last, whole = parts[-1], next((part for part in parts if part.kind.startswith("Reduce")), None)
        gone.update(id(part) for part in parts[:-1])
        # What a reduction goes along stands in its other inputs and its attributes.
        last.attributes = {} if whole is None else whole.attributes
        last.inputs = [source, *([] if whole is None else whole.inputs[1:])]
        last.kind = last.file_kind = kind
    draft.without(gone, {}, "is part of a function written as several operators")


def _hard_swish(node: Node, readers: dict[str, list[Node]]) -> tuple[list[Node], str, str] | None:
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    product = _sole(node, readers)
    if product is None or product.kind != "Mul" or node.inputs[0] not in product.inputs:
        return None
    if not isinstance(alpha, int | float) or abs(alpha - 1 / 6) > _CLOSE or beta != 0.5:
        return None
    return [node, product], node.inputs[0], "HardSwish"


def _truth(draft: GraphDraft, node: Node, makers: dict[str, Node], readers: dict[str, list[Node]]) -> tuple[list[Node], str, str] | None:
    """Whether any holds, or all: truths made numbers, the largest, least or their sum, made a truth again."""
    before, after = makers.get(node.inputs[0]), _sole(node, readers)
    if before is None or before.kind != "Cast" or _sole(before, readers) is not node or after is None:
        return None
    if draft.values[before.inputs[0]].element != "bool" or draft.values[after.outputs[0]].element != "bool":
        return None
    zero = draft.constant(after.inputs[1]) if after.kind == "Greater" else None
    if after.kind != "Cast" and (zero is None or zero.size != 1 or zero.reshape(-1)[0] != 0 or node.kind == "ReduceMin"):
        return None
    return [before, node, after], before.inputs[0], _OF_TRUTHS[node.kind]


def _softplus(draft: GraphDraft, node: Node, makers: dict[str, Node], readers: dict[str, list[Node]]) -> tuple[list[Node], str, str] | None:
    """X itself where it is large, which is what a softplus is there too."""
    choice, source = _sole(node, readers), node.inputs[0]
    if choice is None or choice.kind != "Where" or choice.inputs[1:] != [source, node.outputs[0]]:
        return None
    above = makers.get(choice.inputs[0])
    if above is None or above.kind != "Greater" or _sole(above, readers) is not choice or above.inputs[0] != source:
        return None
    bound = draft.constant(above.inputs[1])
    if bound is None or bound.size != 1 or float(bound.reshape(-1)[0]) < _LINEAR:
        return None
    return [node, above, choice], source, "Softplus"


def _gelu(draft: GraphDraft, node: Node, makers: dict[str, Node], readers: dict[str, list[Node]]) -> tuple[list[Node], str, str] | None:
    """X * 0.5 * (1 + erf(x / sqrt 2)), in any order of its products."""
    scaled = makers.get(node.inputs[0])
    if scaled is None or scaled.kind not in ("Div", "Mul") or _sole(scaled, readers) is not node:
        return None
    source = _beside(draft, scaled, math.sqrt(2) if scaled.kind == "Div" else math.sqrt(0.5))
    added = _sole(node, readers)
    if source is None or added is None or added.kind != "Add" or _beside(draft, added, 1.0) is None:
        return None
    parts, product = [scaled, node, added], _sole(added, readers)
    halved = False
    while product is not None and product.kind == "Mul":
        other = next((name for name in product.inputs if name != parts[-1].outputs[0]), "")
        half = makers.get(other)
        if other == source:
            parts.append(product)
        elif half is not None and half.kind == "Mul" and _beside(draft, half, 0.5) == source and _sole(half, readers) is product:
            parts[:0] = [half]
            parts.append(product)
            halved = True
        elif _beside(draft, product, 0.5) is not None:
            parts.append(product)
            halved = True
        else:
            return None
        done = halved and any(source in part.inputs for part in parts[-2:] + parts[:1] if part.kind == "Mul")
        if done:
            return parts, source, "Gelu"
        product = _sole(product, readers)
    return None


def _sole(node: Node, readers: dict[str, list[Node]]) -> Node | None:
    found = readers.get(node.outputs[0], [])
    return found[0] if len(found) == 1 else None


def _beside(draft: GraphDraft, node: Node, number: float) -> str | None:
    """Return the input that stands beside a constant of one value; None where the constant is another."""
    if len(node.inputs) != 2:
        return None
    for at in (1, 0):
        array = draft.constant(node.inputs[at])
        if array is not None and array.size == 1 and abs(float(array.reshape(-1)[0]) - number) < _CLOSE:
            return node.inputs[1 - at]
    return None
