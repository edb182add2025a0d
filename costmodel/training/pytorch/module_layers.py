"""What the parts of a user's PyTorch module are as layers: modules, functions and methods of a tensor."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import torch
from torch.nn import functional

from costmodel.errors import SpecError
from costmodel.training.pytorch.module_moves import averaged, bordered, cut, joined, padded, reshaped

Made: TypeAlias = tuple[dict[str, Any], ...]
"""Fields of layers, one after the other."""
_NOTHING: Final[Made] = ()


def layers_of(node: Any, modules: dict[str, Any]) -> Made:
    """Return a node of a traced module as layers.

    Parameters
    ----------
    node : Node
        Of `torch.fx`.
    modules : dict of str to Module
        Parts by name.

    Returns
    -------
    tuple of dict
        Fields of layers, one after the other; none for a node that does nothing to its one input.

    Raises
    ------
    SpecError
        If it is not understood, or understood in another form alone: says which.
    """
    if node.op == "call_module":
        found = modules[node.target]
        of_module = _MODULES.get(type(found))
        if of_module is None:
            raise SpecError(f"{type(found).__name__} is not trained here")
        return of_module(found)
    of_node = _METHODS.get(node.target) if node.op == "call_method" else _FUNCTIONS.get(node.target)
    if of_node is None:
        named = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
        raise SpecError(f"{named} is not trained here")
    return of_node(node)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _said(node: Any, place: int, name: str, default: Any = None) -> Any:
    """Return an argument of a call, by its place or its name."""
    return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)


def _conv(found: Any) -> Made:
    if found.padding_mode != "zeros":
        raise SpecError(f"a convolution is padded with zeros here, found {found.padding_mode}")
    kernel, dilation, padding = _pair(found.kernel_size), _pair(found.dilation), found.padding
    if isinstance(padding, str):
        reach = [step * (size - 1) for step, size in zip(dilation, kernel, strict=True)]
        # PyTorch puts the odd one of "same" behind.
        same = (reach[0] // 2, reach[0] - reach[0] // 2, reach[1] // 2, reach[1] - reach[1] // 2)
        padding = same if padding == "same" else (0, 0)
    fields = {
        "kind": "conv2d",
        "out_channels": found.out_channels,
        "kernel": kernel,
        "stride": _pair(found.stride),
        "padding": padding if len(padding) == _SIDES else _pair(padding),
        "dilation": dilation,
        "groups": found.groups,
        "bias": found.bias is not None,
    }
    return (fields,)


def _window(kind: str, kernel: Any, stride: Any, padding: Any, *, dilation: Any = None, ceil: bool = False, counted: bool = False) -> Made:
    if ceil:
        raise SpecError("a pooling with ceil_mode is not trained here")
    if counted and any(_pair(padding)):
        raise SpecError("an average pooling that counts its padding is not trained here; give count_include_pad=False")
    fields = {"kind": kind, "kernel": _pair(kernel), "stride": _pair(kernel if stride is None else stride), "padding": _pair(padding)}
    return (fields if dilation is None else {**fields, "dilation": _pair(dilation)},)


def _one(kind: str, **fields: Any) -> Callable[[Any], Made]:
    return lambda _: ({"kind": kind, **fields},)


def _nothing(_: Any) -> Made:
    return _NOTHING


def _adaptive(size: Any) -> Made:
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if None in pair:
        raise SpecError("an adaptive pooling to as many rows or columns as there are is not trained here; give both")
    return ({"kind": "adaptive_avg_pool2d", "output_size": pair},)


def _flattened(found: Any) -> Made:
    start, end = (
        (found.start_dim, found.end_dim)
        if isinstance(found, torch.nn.Flatten)
        else (_said(found, 1, "start_dim", 0), _said(found, 2, "end_dim", -1))
    )
    if (start, end) != (1, -1):
        raise SpecError(f"a flattening of everything but the batch is trained here (start_dim 1), found {start} to {end}")
    return ({"kind": "flatten"},)


def _bounded(node: Any) -> Made:
    low, high = _said(node, 1, "min"), _said(node, 2, "max")
    return ({"kind": "clamp", "low": low, "high": high},)


def _added(node: Any) -> Made:
    if len(node.all_input_nodes) != _FLAT or node.kwargs.get("alpha", 1) != 1:
        raise SpecError("a sum of two tensors is trained here")
    return ({"kind": "add"},)


def _probabilities(found: Any) -> Made:
    axis = found.dim if isinstance(found, torch.nn.Module) else _said(found, 1, "dim")
    if axis not in (1, -1):
        raise SpecError(f"probabilities are over the classes here (dim 1), found dim {axis}")
    return ({"kind": "softmax"},)


def _max_pooled(node: Any) -> Made:
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    kernel, stride, padding, dilation, ceil = (_said(node, place, name) for place, name in enumerate(names, 1))
    return _window("max_pool2d", kernel, stride, padding or 0, dilation=dilation or 1, ceil=bool(ceil))


def _mean_pooled(node: Any) -> Made:
    kernel, stride, padding, ceil = (
        _said(node, place, name) for place, name in enumerate(("kernel_size", "stride", "padding", "ceil_mode"), 1)
    )
    return _window("avg_pool2d", kernel, stride, padding or 0, ceil=bool(ceil), counted=_said(node, 5, "count_include_pad", default=True))


_SIDES: Final = 4
_FLAT: Final = 2
_SIX: Final = _one("clamp", low=0.0, high=6.0)
_MODULES: Final[dict[type, Callable[[Any], Made]]] = {
    torch.nn.Conv2d: _conv,
    torch.nn.Linear: lambda found: ({"kind": "linear", "out_features": found.out_features, "bias": found.bias is not None},),
    torch.nn.MaxPool2d: lambda found: _window(
        "max_pool2d", found.kernel_size, found.stride, found.padding, dilation=found.dilation, ceil=found.ceil_mode
    ),
    torch.nn.AvgPool2d: lambda found: _window(
        "avg_pool2d", found.kernel_size, found.stride, found.padding, ceil=found.ceil_mode, counted=found.count_include_pad
    ),
    torch.nn.AdaptiveAvgPool2d: lambda found: _adaptive(found.output_size),
    torch.nn.BatchNorm2d: _one("batch_norm2d"),
    torch.nn.ReLU: _one("relu"),
    torch.nn.ReLU6: _SIX,
    torch.nn.Hardtanh: lambda found: ({"kind": "clamp", "low": found.min_val, "high": found.max_val},),
    torch.nn.ZeroPad2d: bordered,
    torch.nn.ConstantPad2d: bordered,
    torch.nn.Dropout1d: _nothing,
    torch.nn.Flatten: _flattened,
    torch.nn.Softmax: _probabilities,
    torch.nn.LogSoftmax: _probabilities,
    torch.nn.Identity: _nothing,
    torch.nn.Dropout: _nothing,
    torch.nn.Dropout2d: _nothing,
}
_FUNCTIONS: Final[dict[Any, Callable[[Any], Made]]] = {
    operator.add: _added,
    operator.iadd: _added,
    torch.add: _added,
    operator.getitem: cut,
    torch.cat: joined,
    torch.concat: joined,
    torch.concatenate: joined,
    torch.clamp: _bounded,
    torch.clip: _bounded,
    torch.reshape: reshaped,
    torch.squeeze: reshaped,
    torch.relu: _one("relu"),
    torch.relu_: _one("relu"),
    functional.pad: padded,
    functional.relu: _one("relu"),
    functional.relu_: _one("relu"),
    functional.hardtanh: lambda node: ({"kind": "clamp", "low": _said(node, 1, "min_val", -1.0), "high": _said(node, 2, "max_val", 1.0)},),
    functional.relu6: _SIX,
    functional.dropout: _nothing,
    functional.dropout2d: _nothing,
    functional.softmax: _probabilities,
    functional.log_softmax: _probabilities,
    torch.softmax: _probabilities,
    torch.flatten: _flattened,
    torch.mean: averaged,
    functional.max_pool2d: _max_pooled,
    functional.avg_pool2d: _mean_pooled,
    functional.adaptive_avg_pool2d: lambda node: _adaptive(_said(node, 1, "output_size")),
}
_METHODS: Final[dict[str, Callable[[Any], Made]]] = {
    "relu": _one("relu"),
    "relu_": _one("relu"),
    "clamp": _bounded,
    "clamp_": _bounded,
    "clip": _bounded,
    "add": _added,
    "add_": _added,
    "flatten": _flattened,
    "view": reshaped,
    "reshape": reshaped,
    "squeeze": reshaped,
    "unsqueeze": reshaped,
    "mean": averaged,
    "softmax": _probabilities,
    "log_softmax": _probabilities,
    "contiguous": _nothing,
}
"""Methods of a tensor."""
