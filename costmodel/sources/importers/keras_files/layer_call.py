"""One call of a Keras layer, and what the entries of the table of layers share: nodes, constants, shapes of windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value, element_of
from costmodel.specs.imported_graph import OptionValue

_ACTIVATIONS: Mapping[str, tuple[str, dict[str, OptionValue]]] = {
    "relu": ("Relu", {}),
    "relu6": ("Clip", {"min": 0.0, "max": 6.0}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "hard_sigmoid": ("HardSigmoid", {}),
    "hard_swish": ("HardSwish", {}),
    "hard_silu": ("HardSwish", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "elu": ("Elu", {"alpha": 1.0}),
    "gelu": ("Gelu", {}),
    "softplus": ("Softplus", {}),
    "exponential": ("Exp", {}),
}


class Call:
    """One call of a layer.

    Parameters
    ----------
    draft : GraphDraft
        The graph.
    kind : str
        Class of the layer.
    config : mapping
        Its configuration.
    inputs : sequence of str
        What it reads: a batch of one, channels first.
    name : str
        Its name.
    arrays : mapping
        Its arrays by name (`kernel`) or, in files of Keras 3, by number (`0`).
    """

    def __init__(
        self, draft: GraphDraft, kind: str, config: Mapping[str, Any], inputs: Sequence[str], name: str, arrays: Mapping[str, Array]
    ) -> None:
        self.draft = draft
        self.kind = kind
        self.config = config
        self.inputs = list(inputs)
        self.name = name
        self.arrays = arrays
        self._parts = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its first input."""
        return self.draft.values[self.inputs[0]].shape

    def refused(self, why: str) -> Exception:
        """Return the error of a layer that cannot be taken over."""
        return self.draft.broken(why, Node(self.kind, self.name, self.inputs, []))

    def array(self, names: Sequence[str], number: int, ndim: int | None = None) -> Array:
        """Return one of its arrays, by name or by number.

        Raises
        ------
        FormatError
            If it is not there, or has other axes.
        """
        found = next((self.arrays[name] for name in (*names, str(number)) if name in self.arrays), None)
        if found is None:
            raise self.refused(f"its {names[0]} is missing from the file")
        if ndim is not None and found.ndim != ndim:
            raise self.refused(f"its {names[0]} has the shape {list(found.shape)}, {ndim} axes were expected")
        return found

    def constant(self, what: str, array: Array) -> str:
        """Keep a constant; return its name."""
        name = f"{self.name}/{what}"
        kept = np.ascontiguousarray(array)
        self.draft.values[name] = Value(kept.shape, element_of(kept), kept)
        return name

    def add(self, kind: str, inputs: Sequence[str], shape: Sequence[int], **attributes: OptionValue) -> str:
        """Append a node with one output; return its name."""
        made = f"{self.name}:{self._parts}"
        self._parts += 1
        source = self.draft.values[inputs[0]].element
        checked = self.draft.checked(tuple(int(extent) for extent in shape), made, Node(self.kind, self.name, [], [made]))
        self.draft.values[made] = Value(checked, source)
        self.draft.nodes.append(
            Node(kind, self.name, list(inputs), [made], dict(attributes), 17, self.kind if kind == "" else "", self.name)
        )
        return made

    def activated(self, source: str, activation: Any = None) -> str:
        """Append an activation, by the layer's `activation` where none is given."""
        found = self.config.get("activation", "linear") if activation is None else activation
        if isinstance(found, Mapping):
            found = (found.get("config") or {}).get("name") or found.get("class_name")
        name = str(found or "linear").lower()
        shape = self.draft.values[source].shape
        if name == "linear":
            return source
        if name in ("softmax", "log_softmax"):
            # The channels, which lie behind the batch here.
            return self.add("Softmax" if name == "softmax" else "LogSoftmax", [source], shape, axis=1)
        if name in ("swish", "silu"):
            gate = self.add("Sigmoid", [source], shape)
            return self.add("Mul", [source, gate], shape)
        if name not in _ACTIVATIONS:
            raise self.refused(f"its activation {name!r} is not supported; {', '.join(sorted(_ACTIVATIONS))} and softmax are")
        kind, attributes = _ACTIVATIONS[name]
        return self.add(kind, [source], shape, **attributes)

    def numbers(self, name: str, count: int, default: int = 1) -> tuple[int, ...]:
        """Return a configuration's whole numbers, one for each of some axes."""
        found = self.config.get(name)
        if found is None:
            return (default,) * count
        listed = list(found) if isinstance(found, list | tuple) else [found] * count
        numbers = tuple(int(each) for each in listed)
        if len(numbers) != count or min(numbers) < 1:
            raise self.refused(f"its {name} is {found!r}, {count} numbers of 1 or more were expected")
        return numbers

    def check_layout(self) -> None:
        """Refuse a layer that works channels first: here every tensor's channels are known by its place."""
        if self.config.get("data_format") == "channels_first":
            raise self.refused("it works channels first, which is not supported; channels last is")


def window(call: Call, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> tuple[list[int], tuple[int, ...]]:
    """Return extents behind a window, and its paddings in ONNX's order: all before, then all after."""
    padding = str(call.config.get("padding", "valid")).lower()
    extents, before, after = [], [], []
    for extent, size, stride, dilation in zip(call.shape[2:], kernel, strides, dilations, strict=True):
        reach = dilation * (size - 1) + 1
        if padding == "same":
            made = -(-extent // stride)
            missing = max((made - 1) * stride + reach - extent, 0)
            sides = (missing // 2, missing - missing // 2)
        elif padding == "causal":
            sides = (reach - 1, 0)
            made = (extent - 1) // stride + 1
        elif padding == "valid":
            sides, made = (0, 0), (extent - reach) // stride + 1
        else:
            raise call.refused(f"its padding is {padding!r}; same, valid and causal are supported")
        if made < 1:
            raise call.refused(f"a kernel that reaches over {reach} does not fit an input of {list(call.shape)}")
        extents.append(made)
        before.append(sides[0])
        after.append(sides[1])
    return extents, (*before, *after)


def first_shape(call: Call) -> tuple[int, ...]:
    """Return the shape of the first input, as good as any for a layer that is refused."""
    return call.shape if call.inputs else (1,)
