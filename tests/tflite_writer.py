"""TensorFlow Lite files for tests, written table by table: what is read must not have been written by the reader's own code."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

ELEMENTS = {"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "int8": 9, "resource": 13, "int4": 17}


_SIGNED, _REAL, _MAP = 1, 3, 9
"""Types of a FlexBuffer's values."""


class Scalar(NamedTuple):
    """A number of a table, by its `struct` code."""

    code: str
    value: int | float


class Vector(NamedTuple):
    """Numbers one after the other."""

    code: str
    values: Sequence[int | float]


Field = Scalar | Vector | bytes | str | Mapping[int, "Field"] | Sequence[Mapping[int, "Field"]]


def flatbuffer(root: Mapping[int, Field], identifier: bytes = b"TFL3") -> bytes:
    """Write tables whose fields are given by position; offsets lead forward."""
    out = bytearray(struct.pack("<I", 0) + identifier)
    struct.pack_into("<I", out, 0, _table(out, root))
    return bytes(out)


def _align(out: bytearray, to: int) -> None:
    out.extend(b"\0" * (-len(out) % to))


def _table(out: bytearray, fields: Mapping[int, Field]) -> int:
    _align(out, 8)
    vtable = len(out)
    count = max(fields, default=-1) + 1
    out.extend(bytes(4 + 2 * count))
    _align(out, 8)
    start = len(out)
    out.extend(struct.pack("<i", start - vtable))
    later: list[tuple[int, Field]] = []
    for position, value in sorted(fields.items()):
        code = value.code if isinstance(value, Scalar) else "I"
        _align(out, struct.calcsize(code))
        struct.pack_into("<H", out, vtable + 4 + 2 * position, len(out) - start)
        if isinstance(value, Scalar):
            out.extend(struct.pack(f"<{code}", value.value))
        else:
            later.append((len(out), value))
            out.extend(bytes(4))
    struct.pack_into("<HH", out, vtable, 4 + 2 * count, len(out) - start)
    for place, value in later:
        struct.pack_into("<I", out, place, _content(out, value) - place)
    return start


def _content(out: bytearray, value: Field) -> int:
    if isinstance(value, Mapping):
        return _table(out, value)
    if isinstance(value, str):
        start = _content(out, value.encode())
        out.append(0)
        return start
    if isinstance(value, bytes | bytearray):
        value = Vector("B", value)
    if isinstance(value, Vector):
        # The elements behind the length are aligned to their own size.
        while (len(out) + 4) % max(struct.calcsize(value.code), 4):
            out.append(0)
        start = len(out)
        out.extend(struct.pack(f"<I{len(value.values)}{value.code}", len(value.values), *value.values))
        return start
    _align(out, 4)
    start = len(out)
    out.extend(struct.pack("<I", len(value)) + bytes(4 * len(value)))
    for number, table in enumerate(value):
        place = start + 4 + 4 * number
        struct.pack_into("<I", out, place, _table(out, table) - place)
    return start


def flexbuffer_map(options: Mapping[str, int | float]) -> bytes:
    """Write a map whose offsets and values take four bytes each: keys, their vector, then values and their types."""
    out = bytearray()
    places = {}
    for name in sorted(options):
        places[name] = len(out)
        out += name.encode() + b"\0"
    out += struct.pack("<I", len(options))
    keys = len(out)
    for name in sorted(options):
        out += struct.pack("<I", len(out) - places[name])
    out += struct.pack("<I", len(out) - keys) + struct.pack("<II", 4, len(options))
    values = len(out)
    for name in sorted(options):
        out += struct.pack("<f" if isinstance(options[name], float) else "<i", options[name])
    out += bytes((_REAL if isinstance(options[name], float) else _SIGNED) << 2 | 2 for name in sorted(options))
    return bytes(out + struct.pack("<I", len(out) - values) + bytes([_MAP << 2 | 2, 4]))


class ModelFile:
    """A model under construction: tensors, operators, and the bytes of both."""

    def __init__(self) -> None:
        self.buffers: list[Mapping[int, Field]] = [{}]
        self.tensors: list[Mapping[int, Field]] = []
        self.codes: list[Mapping[int, Field]] = []
        self.operators: list[Mapping[int, Field]] = []
        self.graphs: list[Mapping[int, Field]] = []

    def tensor(
        self,
        shape: Sequence[int],
        element: str = "int8",
        content: bytes = b"",
        name: str = "",
        *,
        scales: Sequence[float] = (),
        zero_point: int = 0,
        axis: int = 0,
        state: bool = False,
    ) -> int:
        """Add a tensor, constant where it has content, quantised where it has scales."""
        if content:
            self.buffers.append({0: content})
        self.tensors.append(
            {
                0: Vector("i", shape),
                1: Scalar("b", ELEMENTS[element]),
                2: Scalar("I", len(self.buffers) - 1 if content else 0),
                3: name or f"tensor {len(self.tensors)}",
                5: Scalar("B", int(state)),
            }
            | ({4: {2: Vector("f", scales), 3: Vector("q", [zero_point] * len(scales)), 6: Scalar("i", axis)}} if scales else {})
        )
        return len(self.tensors) - 1

    def operator(
        self,
        code: int,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: Mapping[int, Field] | None = None,
        custom: str = "",
        *,
        options_type: int = 1,
        custom_options: bytes = b"",
    ) -> None:
        """Add an operator by its builtin code, its options of a type of the schema's union."""
        self.codes.append({0: Scalar("b", min(code, 127)), 3: Scalar("i", code)} | ({1: custom} if custom else {}))
        fields: dict[int, Field] = {0: Scalar("I", len(self.codes) - 1), 1: Vector("i", inputs), 2: Vector("i", outputs)}
        if options is not None:
            fields |= {3: Scalar("B", options_type), 4: options}
        if custom_options:
            fields[5] = custom_options
        self.operators.append(fields)

    def begin_graph(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """End the graph at hand, and begin another in the same file."""
        self.graphs.append(self._graph(inputs, outputs))
        self.tensors, self.operators = [], []

    def _graph(self, inputs: Sequence[int], outputs: Sequence[int]) -> Mapping[int, Field]:
        return {0: self.tensors, 1: Vector("i", inputs), 2: Vector("i", outputs), 3: self.operators, 4: "main"}

    def written(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """Return the file."""
        graphs = [*self.graphs, self._graph(inputs, outputs)]
        return flatbuffer({0: Scalar("I", 3), 1: self.codes, 2: graphs, 3: "for tests", 4: self.buffers})


def small_network(*, padding: int = 0, activation: int = 1) -> bytes:
    """A convolution of 3x3 with stride 2, a depthwise one, mean over the map, a linear layer and softmax over an 8x8x3 input, in int8."""
    file = ModelFile()
    step, fine, sums = [0.5], [0.125], [0.0625]
    source = file.tensor([1, 8, 8, 3], name="image", scales=step)
    extent = 4 if padding == 0 else 3
    first = file.tensor([1, extent, extent, 4], scales=step)
    file.operator(
        3,
        [source, file.tensor([4, 3, 3, 3], content=bytes(108), scales=fine), file.tensor([4], "int32", bytes(16), scales=sums)],
        [first],
        {0: Scalar("b", padding), 1: Scalar("i", 2), 2: Scalar("i", 2), 3: Scalar("b", activation)},
    )
    second = file.tensor([1, extent, extent, 4], scales=step)
    file.operator(
        4,
        [first, file.tensor([1, 3, 3, 4], content=bytes(36), scales=fine), file.tensor([4], "int32", bytes(16), scales=sums)],
        [second],
        {0: Scalar("b", 0), 1: Scalar("i", 1), 2: Scalar("i", 1), 3: Scalar("i", 1)},
        options_type=2,
    )
    pooled = file.tensor([1, 4], scales=step)
    file.operator(40, [second, file.tensor([2], "int32", struct.pack("<2i", 1, 2))], [pooled], {}, options_type=27)
    scores, shares = file.tensor([1, 10], scales=step), file.tensor([1, 10], scales=[1 / 256], zero_point=-128)
    weights = file.tensor([10, 4], content=bytes(40), scales=fine)
    file.operator(9, [pooled, weights, file.tensor([10], "int32", bytes(40), scales=sums)], [scores], {}, options_type=8)
    file.operator(25, [scores], [shares], {0: Scalar("f", 1.0)}, options_type=9)
    return file.written([source], [shares])
