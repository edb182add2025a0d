"""A network in the making from a channels-first graph: layers, where each tensor lies, and parameters that are computed when asked for."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.dataflows.imported_counts import nominal_mac_count, nominal_macs
from costmodel.errors import FormatError, Location
from costmodel.sources.importers.channels_first.graph_draft import FILE_KIND
from costmodel.sources.importers.channels_first.layouts import PADDING, Laid, moving, padded, plain_axes
from costmodel.specs.imported_graph import ImportedGraph, ImportedOperator, ImportedTensor
from costmodel.specs.operations import OPERATIONS

_UNNAMED: Final = re.compile(r"[^A-Za-z0-9_.\-/]+")
_LONGEST_NAME: Final = 150
Real = NDArray[np.float64]


class LazyParameters(NamedTuple):
    """Parameters of a layer, computed when a model is asked for and not where a network is enough."""

    weight: Callable[[], Real]
    bias: Callable[[], Real] | None = None
    stored: ImportedTensor | None = None
    """The tensor its weights are, where they are stored as integers of one scale, or of one an output."""


@dataclass
class LayerDraft:
    """Layers in the making."""

    graph: ImportedGraph
    layers: list[dict[str, Any]] = field(default_factory=list)
    laid: dict[int, Laid] = field(default_factory=dict)
    """Where each tensor lies."""
    parameters: dict[str, LazyParameters] = field(default_factory=dict)
    makes: dict[str, int] = field(default_factory=dict)
    """The tensor that each layer makes."""
    flat: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)
    """Tensors flattened as they lie: the extents they had, and the order of those axes; the weights that read them are permuted."""
    views: dict[int, str] = field(default_factory=dict)
    """For each operator by its place, why no layer came of it."""
    _names: dict[str, int] = field(default_factory=dict)
    _forms: dict[tuple[int, tuple[int, ...]], Laid] = field(default_factory=dict)
    _at: int = 0

    @functools.cached_property
    def _total_macs(self) -> int:
        return nominal_mac_count(self.graph)

    def begin(self, at: int) -> None:
        """Go to the operator at a place."""
        self._at = at

    def view(self, why: str) -> None:
        """Say why no layer comes of the operator at hand."""
        self.views[self._at] = why

    def tensor(self, operator: ImportedOperator, at: int) -> ImportedTensor:
        """Return an operator's input."""
        place = operator.inputs[at] if at < len(operator.inputs) else -1
        if place < 0:
            raise self.refused(operator, f"its input {at + 1} is left out")
        return self.graph.tensors[place]

    def constant(self, operator: ImportedOperator, at: int) -> NDArray[Any] | None:
        """Return an operator's input as an array; None where it is left out or no constant."""
        place = operator.inputs[at] if at < len(operator.inputs) else -1
        return None if place < 0 else array_of(self.graph.tensors[place])

    def output(self, operator: ImportedOperator) -> ImportedTensor:
        """Return an operator's first output."""
        return self.graph.tensors[operator.outputs[0]]

    def refused(self, operator: ImportedOperator, why: str) -> FormatError:
        """Return the error of an operator that cannot be taken over: its place, kind, name and share of the work."""
        total, own = self._total_macs, nominal_macs(self.graph, operator)
        share = f", {100 * own / total:.1f} % of the multiply-accumulates" if own and total else ""
        name = operator.name or (self.graph.tensors[operator.outputs[0]].name if operator.outputs else "")
        kind = operator.text(FILE_KIND, operator.kind)
        return FormatError(f"operator {self._at} ({kind}, {name!r}{share}): {why}", Location(self.graph.name))

    def unknown(self, operator: ImportedOperator, known: Sequence[str]) -> FormatError:
        """Return the error of an operator that has no entry, or none for the form it has here."""
        if operator.kind in known:
            return self.refused(operator, "with these inputs and attributes it is not supported")
        near = difflib.get_close_matches(operator.kind.rpartition(":")[2], known, n=1, cutoff=0.6)
        return self.refused(operator, f"it is not supported{f'; the nearest that is: {near[0]}' if near else ''}")

    def source(self, operator: ImportedOperator, at: int = 0) -> Laid:
        """Return where an operator's input lies, as it lies."""
        tensor = self.tensor(operator, at)
        found = self.laid.get(operator.inputs[at])
        if found is None and tensor.constant is not None:
            found = self._written_out(operator, operator.inputs[at], plain_axes(tensor.shape))
        if found is None:
            why = f"its input {at + 1} ({tensor.name!r}) is nothing the network computes; a tensor that the network computes is supported"
            raise self.refused(operator, why)
        return found

    def _written_out(self, operator: ImportedOperator, place: int, axes: tuple[int, ...]) -> Laid:
        """Return a constant as a tensor, for an operator that reads it as it reads what is computed."""
        tensor = self.graph.tensors[place]
        shape = Laid("", axes).shape(tensor.shape)
        order = [axis for axis in axes if axis != PADDING]
        left_out = [axis for axis in range(len(tensor.shape)) if axis not in order]
        fields = {"shape": list(shape), "weight_type": tensor.element}
        name = self.append(operator, "stored_tensor", [], place, stem=tensor.name or "constant", **fields)
        self.parameters[name] = LazyParameters(lambda: real_of(tensor).transpose([*order, *left_out]).reshape(shape[0], -1))
        return Laid(name, axes)

    def as_laid(self, operator: ImportedOperator, at: int, axes: Sequence[int]) -> Laid:
        """Return an input with its axes in a given order: as it lies, through a view, or moved.

        Parameters
        ----------
        operator : ImportedOperator
            Whose input it is.
        at : int
            Which input.
        axes : sequence of int
            Wanted axes, `PADDING` among them for extents of 1; those left out are 1.
        """
        tensor, wanted = self.tensor(operator, at), tuple(axes)
        place, shape = operator.inputs[at], tensor.shape
        if (
            place not in self.laid
            and tensor.constant is not None
            and sorted(moving(wanted, shape)) == sorted(moving(range(len(shape)), shape))
        ):
            return self._written_out(operator, place, wanted)
        found = self.source(operator, at)
        if found.axes == wanted:
            return found
        if (form := self._forms.get((place, wanted))) is not None:
            return form
        if sorted(moving(wanted, shape)) != sorted(moving(found.axes, shape)):
            raise self.refused(operator, f"an input of shape {list(shape)} is not supported here; a batch of one is")
        layer, here = found.layer, found.shape(shape)
        there, goal = moving(found.axes, shape), moving(wanted, shape)
        if there != goal:
            dense = self._padded_shape(there, shape)
            if here != dense:
                layer = self._viewed(operator, place, layer, dense)
            order = [there.index(axis) for axis in goal]
            order += range(len(order), len(dense))
            layer = self.append(operator, "transpose", [layer], place, stem="transpose", order=order)
            here = self._padded_shape(goal, shape)
        if here != (target := Laid(layer, wanted).shape(shape)):
            layer = self._viewed(operator, place, layer, target)
        self._forms[place, wanted] = Laid(layer, wanted)
        return self._forms[place, wanted]

    @staticmethod
    def _padded_shape(axes: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
        return tuple(1 if axis == PADDING else shape[axis] for axis in padded(axes))

    def _viewed(self, operator: ImportedOperator, place: int, layer: str, shape: tuple[int, ...]) -> str:
        if len(shape) == 1:
            return self.append(operator, "flatten", [layer], place, stem="flatten")
        return self.append(operator, "reshape", [layer], place, stem="reshape", shape=list(shape))

    def with_columns(self, operator: ImportedOperator, place: int, layer: str, axes: Sequence[int]) -> Laid:
        """Return where a layer's tensor lies; one of two extents is seen with a third of 1, as a network's tensors are."""
        wide = padded(axes)
        if len(axes) != 2:
            return Laid(layer, tuple(axes))
        return Laid(self._viewed(operator, place, layer, Laid("", wide).shape(self.graph.tensors[place].shape)), wide)

    def append(self, operator: ImportedOperator, kind: str, inputs: Sequence[str], makes: int, *, stem: str = "", **fields: Any) -> str:
        """Append a layer that makes a tensor, named as the file names its operator."""
        if kind not in OPERATIONS:
            raise self.refused(operator, f"it is not supported: there is no layer {kind!r} yet")
        row = OPERATIONS[kind]
        name = self._name(stem or operator.name or self.graph.tensors[makes].name or kind.lower())
        layer = {"name": name, "kind": kind, "inputs": list(inputs), **fields}
        if not row.renames and row.merging is None:
            layer["output_type"] = self.graph.tensors[makes].element
        self.layers.append(layer)
        self.makes[name] = makes
        return name

    def add(
        self,
        operator: ImportedOperator,
        kind: str,
        inputs: Sequence[str],
        axes: Sequence[int],
        parameters: LazyParameters | None = None,
        **fields: Any,
    ) -> str:
        """Append a layer that makes an operator's first output, laid out along these axes."""  # fmt: skip
        name = self.append(operator, kind, inputs, operator.outputs[0], **fields)
        self.laid[operator.outputs[0]] = Laid(name, tuple(axes))
        if parameters is not None:
            self.parameters[name] = parameters
        return name

    def _name(self, wanted: str) -> str:
        stem = _UNNAMED.sub("_", wanted).strip("/")[-_LONGEST_NAME:].lstrip(".-/") or "layer"
        if stem == "input":
            stem = "layer_input"
        count = self._names[stem] = self._names.get(stem, 0) + 1
        name = stem if count == 1 else f"{stem}_{count}"
        while count > 1 and name in self._names:
            count += 1
            name = f"{stem}_{count}"
        self._names.setdefault(name, 1)
        self._names[stem] = count
        return name


_STORED: Final = {"bool": "<u1", "int4": "<i1", "uint4": "<i1", "bfloat16": "<f4"}


def array_of(tensor: ImportedTensor) -> NDArray[Any] | None:
    """Return a constant's content as it is stored; None where the tensor is no constant."""
    if tensor.constant is None or tensor.element == "string":
        return None
    dtype = np.dtype(_STORED.get(tensor.element, tensor.element)).newbyteorder("<")
    return np.frombuffer(tensor.constant, dtype).reshape(tensor.shape)


def real_of(tensor: ImportedTensor) -> Real:
    """Return a constant as the real numbers it stands for: its scales and zero points applied."""
    array = array_of(tensor)
    if array is None:
        return np.zeros(tensor.shape)
    with np.errstate(all="ignore"):
        # A file may hold what is no number, and scales beyond any range.
        found = array.astype(np.float64)
        if tensor.scales:
            spread = [-1 if at == tensor.channel_axis and len(tensor.scales) > 1 else 1 for at in range(max(array.ndim, 1))]
            zeros = tensor.zero_points or (0,)
            found = (found - np.reshape(zeros, spread if len(zeros) > 1 else [1] * len(spread))) * np.reshape(tensor.scales, spread)
    return found.reshape(tensor.shape)
