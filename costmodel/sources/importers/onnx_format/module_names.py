"""Which module a node of an exported file came from, as both exporters of PyTorch say it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from costmodel.sources.importers.channels_first.graph_draft import Node

if TYPE_CHECKING:
    import onnx

_SCOPES: Final = "pkg.torch.onnx.name_scopes"
_LONGEST: Final = 4_000


def module_of(node: Node, proto: onnx.NodeProto) -> str:
    """Return the path of a node's module; empty where the file does not tell.

    Parameters
    ----------
    node : Node
        Its name may be a path: `/layer1/layer1.0/conv1/Conv`.
    proto : onnx.NodeProto
        Its properties may hold the module's path.

    Returns
    -------
    str
        `layer1.0.conv1`.
    """
    for entry in proto.metadata_props:
        if entry.key == _SCOPES and len(entry.value) <= _LONGEST:
            scopes = _listed(entry.value)
            # The last scope is the operation's own.
            return next((scope for scope in reversed(scopes[:-1]) if scope), "")
    path = before = ""
    if node.name.startswith("/"):
        for part in node.name.strip("/").split("/")[:-1]:
            # Each part repeats what it lies in: layer1, then layer1.0.
            inner = part.removeprefix(f"{before}.") if before else part
            path, before = f"{path}.{inner}" if path else inner, part
    return path


def _listed(text: str) -> list[str]:
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(each) for each in found] if isinstance(found, list) else []
