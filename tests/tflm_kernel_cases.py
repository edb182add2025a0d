"""Models of one operator each, over the kernels of TensorFlow Lite Micro and the element types they may be asked for."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tflite_writer import Field, ModelFile, Scalar, Vector

from costmodel.sources.importers.tflite_schema import OPERATORS

TYPES: Final = ("float32", "int8", "int16", "uint8", "int32", "bool")
CODES: Final = {name: code for code, name in enumerate(OPERATORS)}
SCALES: Final = {"int8": (0.5,), "int16": (0.5,), "uint8": (0.5,)}
ELEMENT_BYTES: Final = {"float32": 4, "int32": 4, "int16": 2, "int64": 8}
IMAGE: Final = (1, 5, 6, 4)
_UNARY: Final = (
    "ABS RSQRT SQRT SQUARE SIN COS LOG EXP CEIL ROUND FLOOR NEG LOGISTIC TANH ELU HARD_SWISH RELU RELU6 LOG_SOFTMAX LOGICAL_NOT ZEROS_LIKE"
)
_WINDOW: Final[Mapping[int, Field]] = {0: Scalar("b", 0), 1: Scalar("i", 1), 2: Scalar("i", 1), 3: Scalar("i", 2), 4: Scalar("i", 2)}


class Case:
    """A model under construction around one operator."""

    def __init__(self) -> None:
        self.file = ModelFile()

    def tensor(self, shape: Sequence[int], element: str, **fields: Any) -> int:
        """Add a tensor, quantised where its type is."""
        return self.file.tensor(shape, element, **({"scales": SCALES.get(element, ())} | fields))

    def filled(self, shape: Sequence[int], element: str, **fields: Any) -> int:
        """Add a constant of zeros."""
        return self.file.tensor(shape, element, bytes(math.prod(shape) * ELEMENT_BYTES.get(element, 1)), **fields)

    def wholes(self, *values: int) -> int:
        """Add a constant of int32."""
        return self.file.tensor([len(values)], "int32", struct.pack(f"<{len(values)}i", *values))

    def done(
        self, kind: str, inputs: Sequence[int], outputs: Sequence[int], options: Mapping[int, Field] | None = None, options_type: int = 1
    ) -> bytes:
        """Return the file: inputs that are not constant are the model's."""
        self.file.operator(CODES[kind], inputs, outputs, options, options_type=options_type)
        places = [place for place in inputs if place >= 0]
        given = [
            place for place in places if self.file.tensors[place][2] == Scalar("I", 0) and self.file.tensors[place][5] == Scalar("B", 0)
        ]
        return self.file.written(given, outputs)


def kernel_cases() -> Iterator[tuple[str, bytes]]:
    """Yield a name and a file for each operator and element type."""
    for element in TYPES:
        for make in (_elementwise, _pairs, _shaped, _reductions, _cut, _looked_up, _matrices, _weighted):
            yield from ((f"{kind} {element}", content) for kind, content in make(element))


def _one(kind: str, element: str, options: Mapping[int, Field] | None = None, options_type: int = 1, **fields: Any) -> tuple[str, bytes]:
    case, shape = Case(), fields.get("shape", IMAGE)
    source = case.tensor(shape, element)
    target = case.tensor(fields.get("target", shape), fields.get("into", element))
    return kind, case.done(kind, [source], [target], options, options_type)


def _elementwise(element: str) -> Iterator[tuple[str, bytes]]:
    yield from (_one(kind, element) for kind in _UNARY.split())
    yield _one("SOFTMAX", element, {0: Scalar("f", 1.0)}, 9)
    yield _one("LEAKY_RELU", element, {0: Scalar("f", 0.1)}, 75)
    yield _one("L2_NORMALIZATION", element, {}, 12)
    yield _one("CAST", element, {}, 37, into="float32")
    yield _one("DEQUANTIZE", element, into="float32")
    yield _one("QUANTIZE", element, into="int8")
    yield _one("QUANTIZE", element, into="int16")
    for kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"):
        yield _one(kind, element, _WINDOW, 5)


def _pairs(element: str) -> Iterator[tuple[str, bytes]]:
    types = {"ADD": 11, "MUL": 21, "SUB": 28, "DIV": 29, "MAXIMUM": 39, "SQUARED_DIFFERENCE": 76, "FLOOR_DIV": 65, "FLOOR_MOD": 72}
    types |= {"ADD_N": 82, "LOGICAL_AND": 63, "PRELU": 1, "CONCATENATION": 10}
    compared = dict.fromkeys(("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"), 1)
    for kind, options_type in (types | compared).items():
        case = Case()
        inputs = [case.tensor(IMAGE, element), case.tensor(IMAGE, element)]
        target = case.tensor(IMAGE, "bool" if kind in compared else element)
        yield kind, case.done(kind, inputs, [target], {}, options_type)


def _shaped(element: str) -> Iterator[tuple[str, bytes]]:
    yield _one("DEPTH_TO_SPACE", element, {0: Scalar("i", 2)}, 94, target=(1, 10, 12, 1))
    yield _one("SPACE_TO_DEPTH", element, {0: Scalar("i", 2)}, 19, shape=(1, 4, 6, 4), target=(1, 2, 3, 16))
    yield _one("SQUEEZE", element, {0: Vector("i", [0])}, 30, target=(5, 6, 4))
    yield _one("RESHAPE", element, {0: Vector("i", [1, 120])}, 17, target=(1, 120))
    yield _one("UNPACK", element, {0: Scalar("i", 1), 1: Scalar("i", 0)}, 64, shape=(1, 5), target=(5,))
    yield _one("SHAPE", element, {}, 55, into="int32", target=(4,))
    for kind, values, target, options_type in (
        ("TRANSPOSE", (0, 2, 1, 3), (1, 6, 5, 4), 26),
        ("BROADCAST_TO", (2, 5, 6, 4), (2, 5, 6, 4), 1),
        ("REVERSE_V2", (1,), IMAGE, 81),
        ("RESIZE_NEAREST_NEIGHBOR", (10, 12), (1, 10, 12, 4), 74),
        ("RESIZE_BILINEAR", (10, 12), (1, 10, 12, 4), 15),
        ("EXPAND_DIMS", (0,), (1, *IMAGE), 52),
        ("TILE", (1, 1, 1, 2), (1, 5, 6, 8), 51),
    ):
        case = Case()
        source = case.tensor(IMAGE, element)
        yield kind, case.done(kind, [source, case.wholes(*values)], [case.tensor(target, element)], {}, options_type)
    for kind, options_type in (("PAD", 22), ("PADV2", 43), ("MIRROR_PAD", 77)):
        case = Case()
        widths = case.file.tensor([4, 2], "int32", struct.pack("<8i", 0, 0, 1, 1, 1, 1, 0, 0))
        inputs = [
            case.tensor(IMAGE, element),
            widths,
            *([case.filled((1,), element, scales=SCALES.get(element, ()))] if kind == "PADV2" else []),
        ]
        yield kind, case.done(kind, inputs, [case.tensor((1, 7, 8, 4), element)], {}, options_type)


def _reductions(element: str) -> Iterator[tuple[str, bytes]]:
    for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ALL"):
        case = Case()
        source = case.tensor(IMAGE, element)
        yield kind, case.done(kind, [source, case.wholes(1, 2)], [case.tensor((1, 4), element)], {}, 27)
    case = Case()
    yield "CUMSUM", case.done("CUMSUM", [case.tensor((5, 6), element), case.wholes(0)], [case.tensor((5, 6), element)], {}, 102)
    case = Case()
    yield "ARG_MAX", case.done("ARG_MAX", [case.tensor((5, 6), element), case.wholes(1)], [case.tensor((5,), "int32")], {}, 40)


def _cut(element: str) -> Iterator[tuple[str, bytes]]:
    case = Case()
    inputs = [case.tensor(IMAGE, element), case.wholes(0, 1, 0, 0), case.wholes(1, 3, 6, 4), case.wholes(1, 1, 1, 1)]
    yield "STRIDED_SLICE", case.done("STRIDED_SLICE", inputs, [case.tensor((1, 2, 6, 4), element)], {}, 32)
    case = Case()
    inputs = [case.tensor(IMAGE, element), case.wholes(0, 1, 0, 0), case.wholes(1, 2, 6, 4)]
    yield "SLICE", case.done("SLICE", inputs, [case.tensor((1, 2, 6, 4), element)], {}, 48)
    case = Case()
    outputs = [case.tensor((1, 2, 6, 4), element) for _ in range(2)]
    yield "SPLIT", case.done("SPLIT", [case.wholes(1), case.tensor((1, 4, 6, 4), element)], outputs, {0: Scalar("i", 2)}, 35)
    case = Case()
    outputs = [case.tensor((1, extent, 6, 4), element) for extent in (1, 3)]
    inputs = [case.tensor((1, 4, 6, 4), element), case.wholes(1, 3), case.wholes(1)]
    yield "SPLIT_V", case.done("SPLIT_V", inputs, outputs, {0: Scalar("i", 2)}, 79)
    for kind, shape, target in (("SPACE_TO_BATCH_ND", (1, 4, 4, 2), (4, 2, 2, 2)), ("BATCH_TO_SPACE_ND", (4, 2, 2, 2), (1, 4, 4, 2))):
        case = Case()
        inputs = [case.tensor(shape, element), case.wholes(2, 2), case.filled((2, 2), "int32")]
        yield kind, case.done(kind, inputs, [case.tensor(target, element)])
    case = Case()
    inputs = [case.tensor((5, 6), element) for _ in range(2)]
    yield "PACK", case.done("PACK", inputs, [case.tensor((2, 5, 6), element)], {0: Scalar("i", 2)}, 59)


def _looked_up(element: str) -> Iterator[tuple[str, bytes]]:
    case = Case()
    yield "GATHER", case.done("GATHER", [case.tensor((5, 6), element), case.wholes(1, 3)], [case.tensor((2, 6), element)], {}, 23)
    case = Case()
    yield "GATHER_ND", case.done("GATHER_ND", [case.tensor((5, 6), element), case.wholes(1)], [case.tensor((6,), element)], {}, 83)
    case = Case()
    inputs = [case.tensor((1,), "int32"), case.filled((5, 6), element, scales=SCALES.get(element, ()))]
    yield "EMBEDDING_LOOKUP", case.done("EMBEDDING_LOOKUP", inputs, [case.tensor((1, 6), element)])
    case = Case()
    inputs = [case.tensor((5, 6), "bool"), case.tensor((5, 6), element), case.tensor((5, 6), element)]
    yield "SELECT_V2", case.done("SELECT_V2", inputs, [case.tensor((5, 6), element)], {}, 98)


def _matrices(element: str) -> Iterator[tuple[str, bytes]]:
    for left in (0, 1):
        for right in (0, 1):
            case = Case()
            inputs = [case.tensor((1, 5, 3) if left else (1, 3, 5), element), case.tensor((1, 7, 5) if right else (1, 5, 7), element)]
            options: Mapping[int, Field] = {0: Scalar("B", left), 1: Scalar("B", right)}
            yield "BATCH_MATMUL", case.done("BATCH_MATMUL", inputs, [case.tensor((1, 3, 7), element)], options, 101)


def _weighted(element: str) -> Iterator[tuple[str, bytes]]:
    weights = "int8" if element == "int16" else element
    bias = {"float32": "float32", "int16": "int64"}.get(element, "int32")
    stride: Mapping[int, Field] = {0: Scalar("b", 0), 1: Scalar("i", 1), 2: Scalar("i", 1)}
    builders: tuple[Callable[[Case, tuple[float, ...]], tuple[str, bytes]], ...] = (
        lambda case, scales: (
            "CONV_2D",
            case.done(
                "CONV_2D",
                [case.tensor((1, 7, 8, 2), element), case.filled((3, 3, 3, 2), weights, scales=scales), case.filled((3,), bias)],
                [case.tensor((1, 7, 8, 3), element)],
                stride,
            ),
        ),
        lambda case, scales: (
            "FULLY_CONNECTED",
            case.done(
                "FULLY_CONNECTED",
                [case.tensor((1, 7), element), case.filled((3, 7), weights, scales=scales), case.filled((3,), bias, scales=(0.05,))],
                [case.tensor((1, 3), element)],
                {},
                8,
            ),
        ),
        lambda case, scales: (
            "DEPTHWISE_CONV_2D",
            case.done(
                "DEPTHWISE_CONV_2D",
                [case.tensor((1, 7, 8, 3), element), case.filled((1, 3, 3, 3), weights, scales=scales, axis=3), case.filled((3,), bias)],
                [case.tensor((1, 7, 8, 3), element)],
                {**stride, 3: Scalar("i", 1)},
                2,
            ),
        ),
        lambda case, scales: (
            "TRANSPOSE_CONV",
            case.done(
                "TRANSPOSE_CONV",
                [case.wholes(1, 8, 8, 3), case.filled((3, 3, 3, 3), weights, scales=scales), case.tensor((1, 4, 4, 3), element)],
                [case.tensor((1, 8, 8, 3), element)],
                {0: Scalar("b", 0), 1: Scalar("i", 2), 2: Scalar("i", 2)},
                49,
            ),
        ),
    )
    for build in builders:
        for scales in ((), (0.1,), (0.1, 0.2, 0.3)):
            yield build(Case(), scales)
    if element in ("float32", "int8"):
        yield "SVDF", _filtered(element)


def _filtered(element: str) -> bytes:
    case, quantised = Case(), element == "int8"
    kept, sums = ("int16", "int32") if quantised else ("float32", "float32")
    inputs = [
        case.tensor((1, 6), element),
        case.filled((8, 6), element, scales=SCALES.get(element, ())),
        case.filled((8, 5), kept, scales=SCALES.get(kept, ())),
        case.filled((4,), sums, scales=(0.25,) if quantised else ()),
        case.tensor((1, 40), kept, state=True),
    ]
    return case.done("SVDF", inputs, [case.tensor((1, 4), element)], {0: Scalar("i", 2)}, 6)
