"""What every translation of an operator of PyTorch does: append a node, keep a constant, find its tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value, element_of
from costmodel.sources.importers.torch_export.program import Call, Tensor
from costmodel.specs.imported_graph import OptionValue

Translation: TypeAlias = Callable[[GraphDraft, Call], None]
_NUMBERS: Final = frozenset({"float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"})


def append(
    draft: GraphDraft, call: Call, kind: str, inputs: Sequence[str], outputs: list[str] | None = None, **attributes: OptionValue
) -> None:
    """Append one node."""
    draft.nodes.append(Node(kind, call.node, list(inputs), call.outputs if outputs is None else outputs, attributes, 17, "", call.module))


def part(
    draft: GraphDraft,
    call: Call,
    kind: str,
    inputs: Sequence[str],
    shape: Sequence[int] | None = None,
    element: str = "",
    **more: OptionValue,
) -> str:
    """Append one node of several that a call becomes, whose shape is its first input's where it is left out; return what it makes."""
    first = draft.values[inputs[0]]
    name = f"{call.node}.part{len(draft.nodes)}"
    draft.values[name] = Value(first.shape if shape is None else tuple(shape), element or first.element)
    append(draft, call, kind, inputs, [name], **more)
    return name


def constant(draft: GraphDraft, call: Call, what: str, array: Array) -> str:
    """Keep a constant that an operator of ONNX reads as an input; return its name."""
    name = f"{call.node}.{what}"
    draft.values[name] = Value(array.shape, element_of(array), array)
    return name


def number(draft: GraphDraft, call: Call, what: str, found: Any, like: str) -> str:
    """Keep one number in the element type of a tensor; return its name."""
    element = draft.values[like].element
    if element not in _NUMBERS or (isinstance(found, float) and not element.startswith("float")):
        element = "float32"
    return constant(draft, call, what, np.asarray(found, element))


def refused(draft: GraphDraft, call: Call) -> None:
    """Append a call as it is, to be refused by its name."""
    append(draft, call, f"aten:{call.name}", tensors_of(call))


def tensors_of(call: Call) -> list[str]:
    """Return every tensor among a call's arguments."""
    found: list[str] = []
    for value in call.arguments.values():
        found += [str(each) for each in (value if isinstance(value, list) else [value]) if isinstance(each, Tensor)]
    return found


def source_of(call: Call) -> str:
    """Return the tensor a call works on."""
    return call.tensor("self") or call.tensor("input") or next(iter(tensors_of(call)), "")
