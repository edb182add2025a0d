"""Shapes of what a node of an ONNX file makes: inferred by `onnx`, operator by operator, so that a constant folded before it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value
from costmodel.sources.importers.onnx_format.onnx_tensors import ELEMENT_NAMES

if TYPE_CHECKING:
    import onnx

_MOST_GIVEN: Final = 1024
"""Elements of a constant that inference is shown: shapes, axes and sizes are short."""
_NUMBERS: Final = {name: number for number, name in ELEMENT_NAMES.items()}
_REAL: Final = frozenset({"int8", "uint8", "int16", "uint16", "int4"})
"""Types of quantised tensors, which stand for real numbers: inference is told so."""

_LIKE_INPUT: Final = frozenset({"GroupNormalization"})
"""Operators that make the shape of their first input, for which `onnx` has no inference."""
_STEPS: Final = frozenset({"strides", "dilations", "kernel_shape"})
"""Attributes that windows move by or extend over."""


class NodeShapes:
    """Infers shapes for the operator sets of one file."""

    def __init__(self, draft: GraphDraft, opsets: Mapping[str, int]) -> None:
        self._draft = draft
        self._opsets = opsets

    def infer(self, node: Node, proto: onnx.NodeProto, declared: Mapping[str, tuple[tuple[int, ...], str]]) -> None:
        """Write the shape and type of each output of a node into the graph.

        Parameters
        ----------
        node : Node
            Whose inputs all have shapes.
        proto : onnx.NodeProto
            The same, as `onnx` reads it.
        declared : mapping
            Shapes and types the file itself states, used where inference finds none.

        Raises
        ------
        FormatError
            If its inputs do not fit it, or what it makes has no shape before it runs.
        """
        found = self._inferred(node, proto)
        if node.kind in _LIKE_INPUT and not found and node.inputs and (first := self._draft.values.get(node.inputs[0])):
            found = {name: (first.shape, first.element) for name in node.outputs if name}
        for name in node.outputs:
            if not name:
                continue
            shape, element = found.get(name) or declared.get(name) or (None, "float32")
            if shape is None:
                raise self._draft.broken(self._unknown(node), node)
            if element == "float32" and node.file_kind and (given := self._draft.values.get(name)):
                element = given.element
            source = self._draft.values.get(node.inputs[0]) if node.inputs else None
            if element == "float32" and source is not None and source.element in _REAL and not node.file_kind:
                element = source.element
            self._set(name, self._draft.checked(shape, name, node), element)

    def _set(self, name: str, shape: tuple[int, ...], element: str) -> None:
        value = self._draft.values.get(name)
        if value is None:
            self._draft.values[name] = Value(shape, element)
        else:
            value.shape, value.element = shape, element

    def _unknown(self, node: Node) -> str:
        if node.kind in ("Loop", "Scan", "If"):
            return "what it runs, and how often, is known only when it runs; networks whose graph is fixed are supported"
        if self._schema(node) is None:
            return "it is not supported, and the file does not state the shape of what it makes"
        return "the shape of what it makes depends on the numbers it reads; networks whose shapes are fixed are supported"

    def _schema(self, node: Node) -> Any:
        import onnx

        domain, _, kind = node.kind.rpartition(":")
        try:
            return onnx.defs.get_schema(kind, self._opsets.get(domain, 1), domain)
        except onnx.defs.SchemaError:
            return None

    def _inferred(self, node: Node, proto: onnx.NodeProto) -> dict[str, tuple[tuple[int, ...], str]]:
        import onnx

        schema = self._schema(node)
        if schema is None or node.kind in ("Loop", "Scan", "If"):
            return {}
        for attribute in proto.attribute:
            # Some versions of `onnx` divide by these before they look, and end the process.
            if attribute.name in _STEPS and any(step < 1 for step in attribute.ints):
                raise self._draft.broken(
                    f"its {attribute.name} should be at least 1 each to fit it, found {list(attribute.ints)[:8]}", node
                )
        types, data = {}, {}
        for name in proto.input:
            if not name or name in types:
                continue
            value = self._draft.values[name]
            told_real = value.element in _REAL or (node.file_kind and value.element == "int32")
            element = "float32" if told_real else value.element
            types[name] = onnx.helper.make_tensor_type_proto(_NUMBERS.get(element, 1), value.shape)
            if value.constant is not None and value.constant.size <= _MOST_GIVEN and not told_real:
                data[name] = _shown(value.constant, name)
        opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in self._opsets.items()]
        try:
            found = onnx.shape_inference.infer_node_outputs(schema, proto, types, data, opset_imports=opsets)
        except Exception as error:  # onnx raises C++ errors of several classes
            raise self._draft.broken(f"its inputs {self._told(node)} do not fit it: {_reason(error)}", node) from None
        shapes = {}
        for name, kind in found.items():
            tensor = kind.tensor_type
            dims = tensor.shape.dim
            if tensor.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
                shapes[name] = (tuple(dim.dim_value for dim in dims), ELEMENT_NAMES.get(tensor.elem_type, "float32"))
        return shapes

    def _told(self, node: Node) -> str:
        return ", ".join(str(list(self._draft.values[name].shape)) for name in node.inputs if name)


def _shown(constant: Array, name: str) -> onnx.TensorProto:
    from onnx import numpy_helper

    return numpy_helper.from_array(constant, name)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
