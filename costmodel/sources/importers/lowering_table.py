"""From an imported graph to a network: one entry an operator, everything else is refused by name.

Activations of these files are rows x columns x channels, here channels x rows x columns. Which elements there are, and so every count, is
the same; only the order in memory differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from costmodel.dataflows.imported_counts import nominal_mac_count, nominal_macs
from costmodel.errors import FormatError, Location
from costmodel.sources.importers.tflite_schema import ACTIVATIONS, SAME
from costmodel.specs.imported_graph import ImportedGraph, ImportedOperator, ImportedTensor
from costmodel.specs.operations import Action, operation_of

NETWORK_INPUT: Final = "input"
_INTEGERS: Final = {"int8": "<i1", "uint8": "<u1", "int32": "<i4", "int64": "<i8"}


@dataclass
class Draft:
    """A network in the making."""

    graph: ImportedGraph
    layers: list[dict[str, Any]] = field(default_factory=list)
    made_by: dict[int, str] = field(default_factory=dict)
    """For each tensor, the layer that holds it."""
    padded: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """Tensors that are their source with zeros around, which the layer that reads them takes in."""
    numbers: dict[str, int] = field(default_factory=dict)

    def tensor(self, operator: ImportedOperator, at: int) -> ImportedTensor:
        """Return an operator's input."""
        place = operator.inputs[at] if at < len(operator.inputs) else -1
        if place < 0:
            raise self.refused(operator, f"its input {at + 1} is left out")
        return self.graph.tensors[place]

    def output(self, operator: ImportedOperator) -> ImportedTensor:
        """Return an operator's first output."""
        return self.graph.tensors[operator.outputs[0]]

    def refused(self, operator: ImportedOperator, why: str) -> FormatError:
        """Return the error of an operator that cannot be taken over."""
        number = self.graph.operators.index(operator)
        share = _share_text(self.graph, [operator])
        return FormatError(f"operator {number} ({operator.kind}, {self.output(operator).name!r}{share}): {why}", Location(self.graph.name))

    def add(self, operator: ImportedOperator, stem: str, kind: str, **fields: Any) -> str:
        """Append a layer that reads the operator's first input and makes its output."""
        source = operator.inputs[0]
        return self.append(stem, kind, [self.made_by[source]], operator.outputs[0], **fields)

    def append(self, stem: str, kind: str, inputs: Sequence[str], makes: int, **fields: Any) -> str:
        """Append a layer, named by what it is and a number."""
        self.numbers[stem] = self.numbers.get(stem, 0) + 1
        name = f"{stem}{self.numbers[stem]}"
        layer = {"name": name, "kind": kind, "inputs": list(inputs), **fields}
        element = self.graph.tensors[makes].element
        row = operation_of(kind)
        if not row.renames and row.action is not Action.RECTIFY:
            layer["output_type"] = element
        self.layers.append(layer)
        self.made_by[makes] = name
        return name

    def activate(self, operator: ImportedOperator) -> None:
        """Append the activation that an operator applies on the way out."""
        code = operator.whole("activation")
        name = ACTIVATIONS[code] if 0 <= code < len(ACTIVATIONS) else str(code)
        if name == "RELU":
            self.append("relu", "relu", [self.made_by[operator.outputs[0]]], operator.outputs[0])
        elif name != "NONE":
            raise self.refused(operator, f"the activation {name} is not supported inside it; RELU is")


def planes(tensor: ImportedTensor) -> tuple[int, ...] | None:
    """Return a tensor's shape as channels x rows x columns, or as features; None where it has none such."""
    shape = tensor.shape
    if len(shape) == 4 and shape[0] == 1:
        return (shape[3], shape[1], shape[2])
    if len(shape) == 3:
        return (shape[2], shape[0], shape[1]) if shape[0] != 1 else (shape[2], shape[1], 1)
    if len(shape) == 2:
        return (shape[1],) if shape[0] == 1 else (shape[1], shape[0], 1)
    return (shape[0] if shape else 1,) if len(shape) < 2 else None


def integers(tensor: ImportedTensor) -> tuple[int, ...] | None:
    """Return a constant's whole numbers; None where it is no constant of such."""
    code = _INTEGERS.get(tensor.element)
    return None if tensor.constant is None or code is None else tuple(np.frombuffer(tensor.constant, code).tolist())


def _window(draft: Draft, operator: ImportedOperator, kernel: tuple[int, int]) -> dict[str, Any]:
    strides = (operator.whole("stride_rows"), operator.whole("stride_columns"))
    dilations = (operator.whole("dilation_rows", 1), operator.whole("dilation_columns", 1))
    inputs, outputs = planes(draft.tensor(operator, 0)), planes(draft.output(operator))
    if inputs is None or outputs is None or len(inputs) != 3 or len(outputs) != 3:
        raise draft.refused(operator, "it reads or makes a tensor that is no batch of one, rows, columns and channels")
    if min(*strides, *dilations, *kernel) < 1:
        raise draft.refused(operator, "its strides, dilations and kernel are not all 1 or more")
    sides = list(draft.padded.get(operator.inputs[0], (0, 0, 0, 0)))
    if operator.whole("padding", SAME) == SAME:
        for axis in range(2):
            reach = dilations[axis] * (kernel[axis] - 1) + 1
            missing = max((outputs[axis + 1] - 1) * strides[axis] + reach - inputs[axis + 1], 0)
            sides[2 * axis : 2 * axis + 2] = [missing // 2, missing - missing // 2]
    return {"kernel": list(kernel), "stride": list(strides), "padding": sides, "dilation": list(dilations)}


def _conv2d(draft: Draft, operator: ImportedOperator) -> None:
    """A convolution: `conv2d`, in groups where its filters are narrower than its input."""
    filters = draft.tensor(operator, 1)
    channels = planes(draft.tensor(operator, 0))
    if len(filters.shape) != 4 or channels is None or channels[0] % max(filters.shape[3], 1):
        raise draft.refused(operator, f"filters of shape {list(filters.shape)} do not fit its input")
    fields = _window(draft, operator, filters.shape[1:3])
    groups = channels[0] // filters.shape[3]
    _weighted(draft, operator, "conv", "conv2d", out_channels=filters.shape[0], groups=groups, **fields)


def _depthwise(draft: Draft, operator: ImportedOperator) -> None:
    """A convolution of each channel on its own: `conv2d` with as many groups as channels."""
    filters = draft.tensor(operator, 1)
    channels = planes(draft.tensor(operator, 0))
    if len(filters.shape) != 4 or channels is None or filters.shape[3] % channels[0]:
        raise draft.refused(operator, f"filters of shape {list(filters.shape)} do not fit its input")
    fields = _window(draft, operator, filters.shape[1:3])
    _weighted(draft, operator, "depthwise", "conv2d", out_channels=filters.shape[3], groups=channels[0], **fields)


def _weighted(draft: Draft, operator: ImportedOperator, stem: str, kind: str, **fields: Any) -> None:
    bias = len(operator.inputs) > 2 and operator.inputs[2] >= 0
    draft.add(operator, stem, kind, bias=bias, weight_type=draft.tensor(operator, 1).element, **fields)
    draft.activate(operator)


def _fully_connected(draft: Draft, operator: ImportedOperator) -> None:
    """A linear layer: `linear`; along a sequence `conv2d` of 1x1."""
    source, filters, target = draft.tensor(operator, 0), draft.tensor(operator, 1), planes(draft.output(operator))
    if len(filters.shape) != 2 or target is None:
        raise draft.refused(operator, f"weights of shape {list(filters.shape)} do not fit it")
    outputs, inputs = filters.shape
    if source.element_count == inputs:
        if len(planes(source) or (0, 0)) != 1:
            draft.append("flatten", "flatten", [draft.made_by[operator.inputs[0]]], operator.inputs[0])
        _weighted(draft, operator, "fc", "linear", out_features=outputs)
    elif planes(source) is not None and (planes(source) or (0,))[0] == inputs:
        # A linear layer over a sequence: at each place the same weights, which is a convolution of 1x1.
        _weighted(draft, operator, "fc", "conv2d", out_channels=outputs, kernel=[1, 1])
    else:
        raise draft.refused(operator, f"weights of shape {list(filters.shape)} do not fit an input of shape {list(source.shape)}")


def _pool(kind: str) -> Callable[[Draft, ImportedOperator], None]:
    def lower(draft: Draft, operator: ImportedOperator) -> None:
        fields = _window(draft, operator, (operator.whole("kernel_rows"), operator.whole("kernel_columns")))
        draft.add(operator, "pool", kind, **fields)
        draft.activate(operator)

    lower.__doc__ = f"A pooling: `{kind}`."
    return lower


def _mean(draft: Draft, operator: ImportedOperator) -> None:
    """A mean over rows and columns: `adaptive_avg_pool2d` to one."""
    source, axes = draft.tensor(operator, 0), integers(draft.tensor(operator, 1))
    rank = len(source.shape)
    if axes is None or rank != 4 or planes(source) is None or sorted(axis % rank for axis in axes) != [1, 2]:
        raise draft.refused(operator, "it is supported over rows and columns together")
    draft.add(operator, "mean", "adaptive_avg_pool2d", output_size=1)
    _flattened(draft, operator)


def _flattened(draft: Draft, operator: ImportedOperator) -> None:
    if len(planes(draft.output(operator)) or (0, 0)) == 1:
        draft.append("flatten", "flatten", [draft.made_by[operator.outputs[0]]], operator.outputs[0])


def _view(draft: Draft, operator: ImportedOperator) -> None:
    """A view: no byte moves; `flatten` where planes become features."""
    before, after = planes(draft.tensor(operator, 0)), planes(draft.output(operator))
    if before is None or after is None:
        raise draft.refused(operator, f"tensors of shape {list(draft.output(operator).shape)} are not supported")
    if before == after:
        draft.made_by[operator.outputs[0]] = draft.made_by[operator.inputs[0]]
    elif len(after) == 1:
        draft.add(operator, "flatten", "flatten")
    else:
        raise draft.refused(
            operator, f"from {list(draft.tensor(operator, 0).shape)} to {list(draft.output(operator).shape)} it is no flatten"
        )


def _pad(draft: Draft, operator: ImportedOperator) -> None:
    """Zeros around planes, which the convolution that reads them takes in as its padding."""
    source, widths = draft.tensor(operator, 0), integers(draft.tensor(operator, 1))
    readers = [reader for reader in draft.graph.operators if operator.outputs[0] in reader.inputs]
    if len(source.shape) != 4 or widths is None or len(widths) != 8 or any(widths[0:2]) or any(widths[6:8]):
        raise draft.refused(operator, "it is supported around rows and columns of a batch of one")
    if any(reader.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D") or reader.whole("padding", SAME) == SAME for reader in readers):
        raise draft.refused(operator, "it is supported before convolutions without padding of their own, which take it in")
    draft.padded[operator.outputs[0]] = (widths[2], widths[3], widths[4], widths[5])
    draft.made_by[operator.outputs[0]] = draft.made_by[operator.inputs[0]]


def _add(draft: Draft, operator: ImportedOperator) -> None:
    """A sum of two tensors of one shape: `add`."""
    places = operator.inputs
    if any(place not in draft.made_by for place in places) or draft.tensor(operator, 0).shape != draft.tensor(operator, 1).shape:
        raise draft.refused(operator, "it is supported for two tensors of one shape that the network computes")
    draft.append("add", "add", [draft.made_by[place] for place in places], operator.outputs[0])
    draft.activate(operator)


def _relu(draft: Draft, operator: ImportedOperator) -> None:
    """A rectifier: `relu`."""
    draft.add(operator, "relu", "relu")


def _softmax(draft: Draft, operator: ImportedOperator) -> None:
    """Exponentials over their sum: `softmax`."""
    draft.add(operator, "softmax", "softmax")


LOWERINGS: Final[Mapping[str, Callable[[Draft, ImportedOperator], None]]] = {
    "ADD": _add,
    "AVERAGE_POOL_2D": _pool("avg_pool2d"),
    "CONV_2D": _conv2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "EXPAND_DIMS": _view,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _pool("max_pool2d"),
    "MEAN": _mean,
    "PAD": _pad,
    "RELU": _relu,
    "RESHAPE": _view,
    "SOFTMAX": _softmax,
    "SQUEEZE": _view,
}
"""How each operator becomes layers; what a function says of itself, `list operators` says of the operator."""


def _share_text(graph: ImportedGraph, operators: Sequence[ImportedOperator]) -> str:
    total = nominal_mac_count(graph)
    own = sum(nominal_macs(graph, operator) for operator in operators)
    return f", {100 * own / total:.1f} % of the multiply-accumulates" if own and total else ""
