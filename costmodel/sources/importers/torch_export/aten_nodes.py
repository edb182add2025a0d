"""What every translation of an operator of PyTorch does: append a node, keep a constant, find its tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value, element_of
from costmodel.sources.importers.torch_export.program import Call, Tensor
from costmodel.specs.imported_graph import OptionValue

Translation: TypeAlias = Callable[[GraphDraft, Call], None]


def append(
    draft: GraphDraft, call: Call, kind: str, inputs: list[str], outputs: list[str] | None = None, **attributes: OptionValue
) -> None:
    """Append one node."""
    draft.nodes.append(Node(kind, call.node, inputs, call.outputs if outputs is None else outputs, attributes, 17, "", call.module))


def constant(draft: GraphDraft, call: Call, what: str, array: Array) -> str:
    """Keep a constant that an operator of ONNX reads as an input; return its name."""
    name = f"{call.node}.{what}"
    draft.values[name] = Value(array.shape, element_of(array), array)
    return name


def tensors_of(call: Call) -> list[str]:
    """Return every tensor among a call's arguments."""
    found: list[str] = []
    for value in call.arguments.values():
        found += [str(each) for each in (value if isinstance(value, list) else [value]) if isinstance(each, Tensor)]
    return found


def source_of(call: Call) -> str:
    """Return the tensor a call works on."""
    return call.tensor("self") or call.tensor("input") or next(iter(tensors_of(call)), "")
