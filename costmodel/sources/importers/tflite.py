"""TensorFlow Lite files: read without TensorFlow, every offset checked."""

from __future__ import annotations

from typing import Final

from costmodel.dataflows.imported_counts import WEIGHTED
from costmodel.errors import FormatError, Location
from costmodel.sources.importers.flatbuffer import Buffer, Table
from costmodel.sources.importers.flexbuffer import from_flexbuffer
from costmodel.sources.importers.tflite_schema import CUSTOM, CUSTOM_OPTIONS, ELEMENT_TYPES, IDENTIFIER, OPERATORS, OPTIONS
from costmodel.specs.imported_graph import ELEMENT_BITS, GraphBody, ImportedGraph, ImportedOperator, ImportedTensor, OptionValue

FORMAT: Final = "TensorFlow Lite"
_MOST_ELEMENTS: Final = 1 << 40


def from_tflite(data: bytes, name: str) -> ImportedGraph:
    """Read a TensorFlow Lite file.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        File name, for messages and as the network's name.

    Returns
    -------
    ImportedGraph
        Its first graph, and the others beside it.

    Raises
    ------
    FormatError
        If it is no such file, is cut off or damaged, or has no graph.
    """
    if data[4:8] != IDENTIFIER:
        raise FormatError(f"is no TensorFlow Lite file: bytes 4 to 7 are {data[4:8]!r}, expected {IDENTIFIER!r}", location=Location(name))
    buffer = Buffer(data, name)
    root = buffer.root()
    contents = [_content(buffer, table) for table in root.tables(4)]
    codes = [_operator_name(table) for table in root.tables(1)]
    graphs = [_graph(buffer, table, contents, codes) for table in root.tables(2)]
    if not graphs:
        raise FormatError("has no graph in it", location=Location(name))
    used = {tensor.buffer for graph in graphs for tensor in graph.tensors}
    return ImportedGraph(
        name=name,
        format_name=FORMAT,
        tensors=graphs[0].tensors,
        operators=graphs[0].operators,
        inputs=graphs[0].inputs,
        outputs=graphs[0].outputs,
        const_bytes=sum(len(contents[number]) for number in used),
        bodies=tuple(graphs[1:]),
        metadata=tuple(table.text(0) for table in root.tables(6)),
    )


def _graph(buffer: Buffer, table: Table, contents: list[bytes], codes: list[tuple[str, int]]) -> GraphBody:
    tensors = tuple(_tensor(buffer, found, contents) for found in table.tables(0))
    return GraphBody(
        tensors=tensors,
        operators=tuple(_operator(buffer, found, codes, len(tensors)) for found in table.tables(3)),
        inputs=_places(buffer, table.integers(1, "i"), len(tensors)),
        outputs=_places(buffer, table.integers(2, "i"), len(tensors)),
    )


def _content(buffer: Buffer, table: Table) -> bytes:
    """Return a buffer's bytes: in the table, or for large files beside the flatbuffer."""
    offset, size = table.integer(1, "Q"), table.integer(2, "Q")
    if offset > 1:
        if offset + size > len(buffer.data):
            raise buffer.broken(f"a constant of {size:,} bytes at byte {offset} reaches outside its {len(buffer.data):,} bytes")
        buffer.take(content_bytes=size)
        return buffer.data[offset : offset + size]
    return table.content(0)


def _operator_name(table: Table) -> tuple[str, int]:
    # Codes beyond 127 stand in the later field; older files have the first alone.
    code = max(table.integer(0, "b"), table.integer(3, "i"))
    name = OPERATORS[code] if 0 <= code < len(OPERATORS) else f"operator {code}"
    return (f"CUSTOM:{table.text(1)}" if code == CUSTOM else name), table.integer(2, "i", 1)


def _tensor(buffer: Buffer, table: Table, contents: list[bytes]) -> ImportedTensor:
    name, shape = table.text(3), tuple(1 if extent == -1 else extent for extent in table.integers(0, "i"))
    element_type, number = table.integer(1, "b"), table.integer(2, "I")
    if not 0 <= element_type < len(ELEMENT_TYPES):
        raise buffer.broken(f"tensor {name!r} has the unknown element type {element_type}")
    total = 1
    for extent in shape:
        total *= extent
        if extent < 0 or total > _MOST_ELEMENTS:
            raise buffer.broken(f"tensor {name!r} has the shape {list(shape)}")
    if number >= len(contents):
        raise buffer.broken(f"tensor {name!r} lies in buffer {number} of {len(contents)}")
    element = ELEMENT_TYPES[element_type]
    content = contents[number]
    if content and element in ELEMENT_BITS and not table.has(6) and len(content) != (total * ELEMENT_BITS[element] + 7) // 8:
        raise buffer.broken(f"the constant {name!r} has {len(content):,} bytes, {total:,} elements of {element} were expected")
    quantisation = table.table(4)
    return ImportedTensor(
        name=name,
        shape=shape,
        element=element,
        buffer=number,
        constant=content or None,
        scales=() if quantisation is None else quantisation.floats(2),
        zero_points=() if quantisation is None else quantisation.integers(3, "q"),
        channel_axis=0 if quantisation is None else quantisation.integer(6, "i"),
        is_state=bool(table.integer(5, "b")),
        channels_last=True,
        open_axes=tuple(axis for axis, extent in enumerate(table.integers(7, "i")[: len(shape)]) if extent == -1),
        is_sparse=table.has(6),
    )


def _operator(buffer: Buffer, table: Table, codes: list[tuple[str, int]], tensor_count: int) -> ImportedOperator:
    number = table.integer(0, "I")
    if number >= len(codes):
        raise buffer.broken(f"an operator has the code {number} of {len(codes)}")
    kind, version = codes[number]
    options: dict[str, OptionValue] = {}
    if fields := OPTIONS.get(kind):
        found = table.table(4)
        options = {
            name: default if found is None else _option(found, position, code, default)
            for name, (position, code, default) in fields.items()
        }
    if content := table.content(5):
        options[CUSTOM_OPTIONS] = from_flexbuffer(content)
    outputs = _places(buffer, table.integers(2, "i"), tensor_count)
    if not outputs and kind in WEIGHTED:
        raise buffer.broken(f"a {kind} makes nothing")
    return ImportedOperator(
        kind=kind,
        version=version,
        inputs=_places(buffer, table.integers(1, "i"), tensor_count, optional=True),
        outputs=outputs,
        options=options,
    )


def _option(table: Table, position: int, code: str, default: OptionValue) -> OptionValue:
    """Read a field of an operator's options: `f` a float32, `s` a string, `[i` a list, else an integer."""
    match code:
        case "f":
            return table.real(position, default if isinstance(default, float) else 0.0)
        case "s":
            return table.text(position)
        case "[i":
            return table.integers(position, "i")
    return table.integer(position, code, default if isinstance(default, int) else 0)


def _places(buffer: Buffer, found: tuple[int, ...], count: int, *, optional: bool = False) -> tuple[int, ...]:
    for place in found:
        if not (0 <= place < count or (optional and place == -1)):
            raise buffer.broken(f"a graph of {count} tensors names tensor {place}")
    return found
