"""A user's module followed step by step, with an example beside: whatever has a shape says it in numbers, as it would when it runs."""

from __future__ import annotations

import operator
from typing import Any, Final

import torch
from torch import fx

from costmodel.errors import SpecError

_SEEN: Final = "example"
"""Of a node's notes: what the module made at that place of an example."""
_BATCH: Final = 2
_CHANGING: Final = frozenset({operator.iadd, operator.imul, operator.isub})


def traced_module(module: torch.nn.Module, shape: tuple[int, ...]) -> fx.GraphModule:
    """Return a module as a graph, without what its output does not need.

    Parameters
    ----------
    module : Module
        Set to evaluate; its weights stay as they are.
    shape : tuple of int
        Of its input, without the batch.

    Returns
    -------
    GraphModule
        Extents that the module asks for (`x.size(1)`, `x.shape[2:]`) are numbers in it.

    Raises
    ------
    SpecError
        If something is changed in place and read again, or used for its weights twice.
    """
    graph = _Tracer(shape).trace(module.eval())
    found = fx.GraphModule(module, graph)
    modules = dict(found.named_modules())
    _refuse_changes(graph, modules)
    graph.eliminate_dead_code()
    _refuse_shared(graph, modules)
    return found


def example_shape(node: fx.Node) -> tuple[int, ...] | None:
    """Return the shape of what a node makes, without the batch; None where it is no tensor, or the module fails there."""
    seen = node.meta.get(_SEEN)
    return tuple(seen.shape[1:]) if isinstance(seen, torch.Tensor) else None


class _Tracer(fx.Tracer):
    """Traces a module and runs it on an example at once."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self._example = torch.zeros((_BATCH, *shape))
        self._running = False

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Sized(node, self)

    def create_proxy(self, *args: Any, **named: Any) -> Any:
        found = super().create_proxy(*args, **named)
        self._running = True
        try:
            found.node.meta[_SEEN] = self._seen(found.node)
        except Exception:
            # Where a user's module fails its shapes are not known, and the layer that does not fit is named later.
            found.node.meta[_SEEN] = None
        finally:
            self._running = False
        return found

    # While the example runs, parts are themselves: nothing of them is traced.

    def call_module(self, m: torch.nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        return forward(*args, **kwargs) if self._running else super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        return attr_val if self._running else super().getattr(attr, attr_val, parameter_proxy_cache)

    def _seen(self, node: fx.Node) -> Any:
        args, named = fx.node.map_arg((node.args, node.kwargs), lambda each: each.meta[_SEEN])
        if node.op == "placeholder":
            return self._example
        if node.op == "get_attr":
            return operator.attrgetter(str(node.target))(self.root)
        with torch.no_grad():
            if node.op == "call_module":
                return self.root.get_submodule(str(node.target))(*args, **named)
            if isinstance(node.target, str):
                return getattr(args[0], node.target)(*args[1:], **named)
            return node.target(*args, **named)


class _Sized(fx.Proxy):
    """A value that knows its extents."""

    @property
    def shape(self) -> Any:
        seen = self.node.meta.get(_SEEN)
        return seen.shape if isinstance(seen, torch.Tensor) else fx.proxy.Attribute(self, "shape")

    @property
    def ndim(self) -> Any:
        seen = self.node.meta.get(_SEEN)
        return seen.ndim if isinstance(seen, torch.Tensor) else fx.proxy.Attribute(self, "ndim")

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> Any:
        return self.ndim


def _refuse_changes(graph: fx.Graph, modules: dict[str, Any]) -> None:
    """Refuse a value that is changed in place and read again: what was traced reads it unchanged."""
    order = {node: place for place, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if node.all_input_nodes and _changes(node, modules):
            changed = node.all_input_nodes[0]
            again = next((user for user in changed.users if order[user] > order[node]), None)
            if again is not None or not node.users:
                name = node.target if node.op == "call_module" else node.name
                read = "its result is not used" if again is None else f"{again.name} reads that again"
                raise SpecError(f"{name}: it changes {changed.name} in place, and {read}; leave inplace out, and use what it returns")


def _changes(node: fx.Node, modules: dict[str, Any]) -> bool:
    if node.op == "call_module":
        return bool(getattr(modules[str(node.target)], "inplace", False))
    if node.op == "call_method":
        return str(node.target).endswith("_") and not str(node.target).endswith("__")
    named = getattr(node.target, "__name__", "")
    return node.kwargs.get("inplace") is True or node.target in _CHANGING or (named.endswith("_") and not named.endswith("__"))


def _refuse_shared(graph: fx.Graph, modules: dict[str, Any]) -> None:
    """Refuse a part with weights that is used more than once: each layer here has its own."""
    used: set[int] = set()
    for node in graph.nodes:
        if node.op == "call_module":
            found = modules[str(node.target)]
            if id(found) in used and any(True for _ in found.parameters()):
                raise SpecError(f"{node.target}: it is used twice; each layer has weights of its own here")
            used.add(id(found))
