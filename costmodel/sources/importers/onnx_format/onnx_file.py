"""ONNX files: read by `onnx`, walked node by node, with shapes and constants known at each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from costmodel.errors import FormatError, Location, MissingError
from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value, element_of
from costmodel.sources.importers.channels_first.open_extents import input_shapes
from costmodel.sources.importers.channels_first.passes import simplified
from costmodel.sources.importers.onnx_format.constant_folding import folded, split_parts
from costmodel.sources.importers.onnx_format.module_names import module_of
from costmodel.sources.importers.onnx_format.node_shapes import NodeShapes
from costmodel.sources.importers.onnx_format.onnx_tensors import ELEMENT_NAMES, Constants
from costmodel.sources.importers.onnx_format.quantised_operators import plain
from costmodel.sources.importers.onnx_format.wire_bounds import refuse_large_message
from costmodel.specs.imported_graph import ImportedGraph, OptionValue

if TYPE_CHECKING:
    import onnx

FORMAT: Final = "ONNX"
_DEEPEST: Final = 16
"""Branches inside branches at the most."""


def from_onnx(data: bytes, name: str, folder: Path | None = None, shapes: Mapping[str, tuple[int, ...]] | None = None) -> ImportedGraph:
    """Read an ONNX file.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        File name, for messages and as the network's name.
    folder : Path, optional
        Where files of constants beside it lie; left out, none are opened.
    shapes : mapping, optional
        Shapes of inputs whose extents the file leaves open.

    Returns
    -------
    ImportedGraph
        Its graph in plain operators: shape arithmetic computed, quantisation on its tensors.

    Raises
    ------
    MissingError
        If `onnx` is not installed, or an extent is open that is no batch.
    InputError
        If it is no such file or damaged; names the node.
    """
    model = _parsed(data, name)
    reading = _Reading(model, name, folder)
    reading.read(shapes or {})
    return simplified(reading.draft).finished()


def _parsed(data: bytes, name: str) -> onnx.ModelProto:
    try:
        import onnx
    except ImportError:
        raise MissingError("reading ONNX needs onnx: pip install 'costmodel[onnx]'", Location(name)) from None
    from google.protobuf.message import DecodeError

    refuse_large_message(data, onnx.ModelProto.DESCRIPTOR, Location(name))
    try:
        model = onnx.ModelProto.FromString(data)
    except (DecodeError, ValueError):
        raise FormatError("is no ONNX file, or is cut off or damaged", Location(name)) from None
    if not model.graph.node:
        what = "has no graph in it" if model.opset_import else "is no ONNX file, or is cut off or damaged"
        raise FormatError(what, Location(name))
    newest, version = onnx.defs.onnx_opset_version(), _opsets(model).get("", 1)
    if not 1 <= version <= newest:
        text = f"was written for operator set {version}; the onnx that is installed reads 1 to {newest}"
        raise FormatError(text, Location(name))
    if model.functions:
        try:
            model = onnx.inliner.inline_local_functions(model)
        except Exception as error:  # C++ errors of several classes
            raise FormatError(f"has functions that cannot be inlined: {str(error).splitlines()[0]}", Location(name)) from None
    return model


def _opsets(model: onnx.ModelProto) -> dict[str, int]:
    return {"" if entry.domain == "ai.onnx" else entry.domain: entry.version for entry in model.opset_import}


class _Reading:
    """One file on its way to a graph."""

    def __init__(self, model: onnx.ModelProto, name: str, folder: Path | None) -> None:
        self.draft = GraphDraft(name, FORMAT)
        self._model = model
        self._constants = Constants(name, folder)
        self._shapes = NodeShapes(self.draft, _opsets(model))
        self._opset = _opsets(model).get("", 1)
        self._declared: dict[str, tuple[tuple[int, ...], str]] = {}

    def read(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Walk the graph."""
        graph = self._model.graph
        self._named(*(entry.domain for entry in self._model.opset_import))
        self._initialize(graph)
        inputs = [entry for entry in graph.input if entry.name not in self.draft.values]
        for entry in inputs:
            if not entry.type.HasField("tensor_type"):
                raise self.draft.broken(f"its input {entry.name!r} is no tensor")
        found = input_shapes(self.draft, {entry.name: _extents(entry) for entry in inputs}, shapes)
        for entry in inputs:
            self.draft.open_axes[entry.name] = tuple(axis for axis, extent in enumerate(_extents(entry)) if isinstance(extent, str))
            element = ELEMENT_NAMES.get(entry.type.tensor_type.elem_type, "float32")
            self.draft.values[entry.name] = Value(found[entry.name], element)
        self.draft.inputs = [entry.name for entry in inputs]
        self.draft.outputs = [entry.name for entry in graph.output]
        self._walk(graph, 0)
        self.draft.nodes = [node for node in self.draft.nodes if any(self.draft.constant(made) is None for made in node.outputs if made)]

    def _initialize(self, graph: onnx.GraphProto) -> None:
        if graph.sparse_initializer:
            raise self.draft.broken(f"the constant {graph.sparse_initializer[0].values.name!r} is sparse; dense ones are supported")
        self._named(*(tensor.name for tensor in graph.initializer))
        for entry in (*graph.value_info, *graph.input, *graph.output):
            self._named(entry.name, *(dim.dim_param for dim in entry.type.tensor_type.shape.dim))
        for tensor in graph.initializer:
            self._keep(tensor.name, self._constants.array(tensor))
        for entry in graph.value_info:
            extents = _extents(entry)
            numbers = tuple(extent for extent in extents if isinstance(extent, int))
            if entry.type.tensor_type.HasField("shape") and len(numbers) == len(extents):
                self._declared[entry.name] = (numbers, ELEMENT_NAMES.get(entry.type.tensor_type.elem_type, "float32"))

    def _named(self, *names: str | bytes) -> None:
        """Refuse names that are no text, which protobuf hands over as bytes."""
        if wrong := next((name for name in names if isinstance(name, bytes)), None):
            raise self.draft.broken(f"is no ONNX file, or is damaged: the name {wrong!r} is not UTF-8 text")

    def _keep(self, name: str, array: Array) -> None:
        self.draft.values[name] = Value(array.shape, element_of(array), array)

    def _walk(self, graph: onnx.GraphProto, depth: int) -> None:
        part = GraphDraft(self.draft.name, FORMAT)
        protos: dict[int, onnx.NodeProto] = {}
        made: set[str] = set()
        for proto in graph.node:
            self._named(proto.op_type, proto.domain, proto.name, *proto.input, *proto.output)
            node = Node(_kind(proto), proto.name, list(proto.input), list(proto.output), version=self._opset)
            if doubled := next((name for name in proto.output if name and (name in made or name in self.draft.values)), None):
                raise self.draft.broken(f"it makes {doubled!r}, which is there already", node)
            made.update(proto.output)
            part.nodes.append(node)
            protos[id(node)] = proto
        for node in part.in_order():
            try:
                self._take(node, protos[id(node)], depth)
            except (IndexError, KeyError, ValueError, TypeError, OverflowError) as error:
                # An operator with fewer inputs, or other attributes, than it must have.
                raise self.draft.broken(f"its inputs or attributes are not those of a {node.kind}", node) from error

    def _take(self, node: Node, proto: onnx.NodeProto, depth: int) -> None:
        draft = self.draft
        if missing := next((name for name in node.inputs if name and name not in draft.values), None):
            raise draft.broken(f"it reads {missing!r}, which nothing makes", node)
        if node.kind == "Constant":
            return self._constant(node, proto)
        node.attributes = self._attributes(proto)
        if node.kind == "If" and (condition := draft.constant(node.inputs[0])) is not None:
            return self._branch(node, proto, bool(condition.any()), depth)
        if node.kind in ("Shape", "Size"):
            shape = draft.values[node.inputs[0]].shape
            end = node.integer("end", len(shape))
            found: Array | None = np.asarray(math.prod(shape) if node.kind == "Size" else shape[node.integer("start") : end], np.int64)
        else:
            inputs = [draft.constant(name) if name else None for name in node.inputs]
            known = all(not name or array is not None for name, array in zip(node.inputs, inputs, strict=True))
            pieces = split_parts(node, inputs) if known and node.kind == "Split" and all(node.outputs) else None
            if pieces is not None:
                for made, piece in zip(node.outputs, pieces, strict=True):
                    self._keep(made, piece)
                draft.gone(node, "computes a constant")
                return None
            found = folded(node, inputs) if known else None
        if found is not None:
            self._keep(node.outputs[0], found)
            draft.gone(node, "computes a constant")
            return None
        node.module = module_of(node, proto)
        if plain(draft, node):
            proto = _written(node)
        if node.kind in ("QuantizeLinear", "DequantizeLinear") and node.outputs:
            element = "float32" if node.kind == "DequantizeLinear" else "uint8"
            draft.values[node.outputs[0]] = Value(draft.values[node.inputs[0]].shape, element)
        else:
            self._shapes.infer(node, proto, self._declared)
        draft.nodes.append(node)
        return None

    def _constant(self, node: Node, proto: onnx.NodeProto) -> None:
        import onnx

        for attribute in proto.attribute:
            if attribute.name == "value":
                return self._keep(node.outputs[0], self._constants.array(attribute.t))
            if attribute.name in ("value_int", "value_ints", "value_float", "value_floats"):
                numbers: Any = onnx.helper.get_attribute_value(attribute)
                return self._keep(node.outputs[0], np.asarray(numbers, np.int64 if "int" in attribute.name else np.float32))
        raise self.draft.broken("it holds no numbers", node)

    def _branch(self, node: Node, proto: onnx.NodeProto, condition: bool, depth: int) -> None:
        """Take the branch that a constant condition chooses in the place of the condition."""
        wanted = "then_branch" if condition else "else_branch"
        graph = next((attribute.g for attribute in proto.attribute if attribute.name == wanted), None)
        if graph is None or depth >= _DEEPEST or len(graph.output) != len(node.outputs):
            raise self.draft.broken(f"its {wanted} is missing, too deep or makes something else", node)
        self._initialize(graph)
        self._walk(graph, depth + 1)
        for made, name in zip(graph.output, node.outputs, strict=True):
            value = self.draft.values.get(made.name)
            if value is None:
                raise self.draft.broken(f"its {wanted} does not make {made.name!r}", node)
            self.draft.values[name] = value
            self.draft.nodes.append(Node("Identity", node.name, [made.name], [name]))

    def _attributes(self, proto: onnx.NodeProto) -> dict[str, OptionValue]:
        import onnx

        found: dict[str, OptionValue] = {}
        for attribute in proto.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                array = self._constants.array(attribute.t)
                if array.size == 1:
                    found[attribute.name] = array.reshape(-1)[0].item()
            elif attribute.type in (onnx.AttributeProto.INT, onnx.AttributeProto.FLOAT):
                found[attribute.name] = onnx.helper.get_attribute_value(attribute)
            elif attribute.type in (onnx.AttributeProto.INTS, onnx.AttributeProto.FLOATS):
                found[attribute.name] = tuple(onnx.helper.get_attribute_value(attribute))
            elif attribute.type == onnx.AttributeProto.STRING:
                found[attribute.name] = attribute.s.decode("utf-8", errors="replace")
            elif attribute.type == onnx.AttributeProto.STRINGS:
                found[attribute.name] = tuple(text.decode("utf-8", errors="replace") for text in attribute.strings)
        return found


def _kind(proto: onnx.NodeProto) -> str:
    return proto.op_type if proto.domain in ("", "ai.onnx") else f"{proto.domain}:{proto.op_type}"


def _extents(entry: onnx.ValueInfoProto) -> list[int | str]:
    # An extent of 0 or below is how some writers say that it is open.
    return [dim.dim_value if dim.dim_value > 0 else dim.dim_param for dim in entry.type.tensor_type.shape.dim]


def _written(node: Node) -> onnx.NodeProto:
    """Return a node as `onnx` reads it, after its kind or inputs were changed."""
    import onnx

    domain, _, kind = node.kind.rpartition(":")
    return onnx.helper.make_node(kind, node.inputs, node.outputs, domain=domain, **node.attributes)
