"""A user's PyTorch module as a network: sequential or residual modules, read by tracing what they do to a symbolic input."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import fx
from torch.nn import functional

from costmodel.errors import FormatError, Location, SpecError
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.training.teachers import made_by

INPUT_SHAPE: Final = "input_shape"
"""Attribute of a module or its function that says what it takes, where that is not 3x32x32."""
_DEFAULT_SHAPE: Final = (3, 32, 32)


def model_of_function(reference: str) -> Model:
    """Return the network of the module that a user's function returns.

    Parameters
    ----------
    reference : str
        `FILE.py:FUNCTION`.

    Returns
    -------
    Model
        Without parameters: it is trained here.

    Raises
    ------
    InputError
        If it returns no module, or one with a part that is not understood; names the part.
    """
    module = made_by(reference)
    if not isinstance(module, torch.nn.Module):
        raise FormatError(f"returns {type(module).__name__}, expected a PyTorch module", Location(reference))
    try:
        graph = fx.symbolic_trace(module)
    except Exception as error:
        # Whatever a module does that cannot be followed.
        raise FormatError(f"cannot be traced: {type(error).__name__}: {error}", Location(reference)) from None
    shape = tuple(getattr(module, INPUT_SHAPE, _DEFAULT_SHAPE))
    name = reference.rpartition(":")[2]
    layers, names = [], {}
    modules = dict(graph.named_modules())
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            names[node.name] = "input"
        elif node.op == "output":
            continue
        else:
            fields = _layer(node, modules, reference)
            sources = [names[each.name] for each in node.all_input_nodes]
            if fields is None:
                names[node.name] = sources[0]
                continue
            names[node.name] = node.name
            layers.append({"name": node.name, **fields, "inputs": sources})
    return Model(Network.model_validate({"name": name, "input": shape, "layers": layers}), {}, reference)


def _layer(node: Any, modules: dict[str, Any], reference: str) -> dict[str, Any] | None:
    """Return a node as a layer's fields; None for one that does nothing to a single input."""
    if node.op == "call_module":
        found = modules[node.target]
        made = _MODULES.get(type(found))
        if made is not None:
            return made(found)
        raise SpecError(f"{node.target}: {type(found).__name__} is not trained here", Location(reference))
    made = _METHODS.get(node.target) if node.op == "call_method" else _FUNCTIONS.get(node.target)
    if made is None:
        named = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
        raise SpecError(f"{node.name}: {named} is not trained here", Location(reference))
    return made(node)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _conv(found: Any) -> dict[str, Any]:
    if isinstance(found.padding, str) or found.padding_mode != "zeros":
        raise SpecError(f"a convolution's padding is given in numbers of zeros, found {found.padding!r}, {found.padding_mode}")
    return {
        "kind": "conv2d",
        "out_channels": found.out_channels,
        "kernel": _pair(found.kernel_size),
        "stride": _pair(found.stride),
        "padding": _pair(found.padding),
        "dilation": _pair(found.dilation),
        "groups": found.groups,
        "bias": found.bias is not None,
    }


def _window(kind: str) -> Callable[[Any], dict[str, Any]]:
    def made(found: Any) -> dict[str, Any]:
        if found.ceil_mode:
            raise SpecError("a pooling with ceil_mode is not trained here")
        fields = {"kind": kind, "kernel": _pair(found.kernel_size), "stride": _pair(found.stride), "padding": _pair(found.padding)}
        return fields | ({"dilation": _pair(found.dilation)} if hasattr(found, "dilation") else {})

    return made


def _one(kind: str) -> Callable[[Any], dict[str, Any]]:
    return lambda _: {"kind": kind}


_MODULES: Final[dict[type, Callable[[Any], dict[str, Any] | None]]] = {
    torch.nn.Conv2d: _conv,
    torch.nn.Linear: lambda found: {"kind": "linear", "out_features": found.out_features, "bias": found.bias is not None},
    torch.nn.MaxPool2d: _window("max_pool2d"),
    torch.nn.AvgPool2d: _window("avg_pool2d"),
    torch.nn.AdaptiveAvgPool2d: lambda found: {"kind": "adaptive_avg_pool2d", "output_size": _pair(found.output_size)},
    torch.nn.BatchNorm2d: _one("batch_norm2d"),
    torch.nn.ReLU: _one("relu"),
    torch.nn.Flatten: _one("flatten"),
    torch.nn.Softmax: _one("softmax"),
    torch.nn.Identity: lambda _: None,
    torch.nn.Dropout: lambda _: None,
    torch.nn.Dropout2d: lambda _: None,
}
_FUNCTIONS: Final[dict[Any, Callable[[Any], dict[str, Any] | None]]] = {
    operator.add: _one("add"),
    operator.iadd: _one("add"),
    torch.add: _one("add"),
    torch.relu: _one("relu"),
    functional.relu: _one("relu"),
    torch.flatten: _one("flatten"),
    functional.max_pool2d: lambda node: {"kind": "max_pool2d", "kernel": _pair(node.args[1])},
    functional.avg_pool2d: lambda node: {"kind": "avg_pool2d", "kernel": _pair(node.args[1])},
    functional.adaptive_avg_pool2d: lambda node: {"kind": "adaptive_avg_pool2d", "output_size": _pair(node.args[1])},
}
_METHODS: Final = dict(relu=_one("relu"), flatten=_one("flatten"))  # noqa: C408 - names of a tensor's methods, not of kinds
"""Methods of a tensor."""
