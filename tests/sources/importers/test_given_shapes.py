"""Extents that a TensorFlow Lite file leaves open are asked for, and every shape behind them follows as a converter has it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tflite_writer import Field, ModelFile, Scalar, Vector

from costmodel.cli.answers.report_additions import tflm_arena_of
from costmodel.cli.app import main
from costmodel.errors import InputError, MissingError
from costmodel.sources.importers.channels_last.given_shapes import with_input_shapes
from costmodel.sources.importers.tflite import from_tflite
from costmodel.sources.importers.tflite_schema import OPERATORS, OPTIONS
from costmodel.sources.importers.to_network import network_of


class Constant(tuple[int, ...]):
    """Whole numbers that are part of the file."""


def one(kind: str, inputs: Sequence[Any], outputs: Sequence[Sequence[int]], open_axes: Sequence[int], **options: Any) -> bytes:
    """Write a file of one operator whose first input leaves extents open."""
    file = ModelFile()
    places: list[int] = []
    given: list[int] = []
    for shape in inputs:
        if isinstance(shape, Constant):
            places.append(file.tensor([len(shape)], "int32", struct.pack(f"<{len(shape)}i", *shape)))
        elif isinstance(shape, list):
            count = 1
            for extent in shape:
                count *= extent
            places.append(file.tensor(shape, "float32", bytes(4 * count)))
        else:
            places.append(file.tensor(shape, "float32", name=f"x{len(given)}"))
            given.append(places[-1])
    shape = next(shape for shape in inputs if not isinstance(shape, Constant | list))
    signature = [-1 if axis in open_axes else extent for axis, extent in enumerate(shape)]
    file.tensors[given[0]] = {**file.tensors[given[0]], 7: Vector("i", signature)}
    made = [file.tensor(shape, "float32") for shape in outputs]
    fields: dict[int, Field] = {}
    for name, value in options.items():
        position, code, _ = OPTIONS[kind][name]
        fields[position] = Vector("i", value) if code == "[i" else Scalar(code, value)
    file.operator(OPERATORS.index(kind), places, made, fields)
    return file.written(given, made)


STEP = {"stride_rows": 1, "stride_columns": 2}
CASES: list[tuple[str, Sequence[Any], Sequence[int], dict[str, Any], list[tuple[int, ...]]]] = [
    ("ABS", [(1, 1, 1, 3)], (1, 2), {}, [(1, 5, 9, 3)]),
    ("ADD", [(1, 1, 1, 3), [3]], (1, 2), {}, [(1, 5, 9, 3)]),
    ("MEAN", [(1, 1, 1, 3), Constant((1, -2))], (1, 2), {}, [(1, 3)]),
    ("MEAN", [(1, 1, 1, 3), Constant((1,))], (1, 2), {"keep_dimensions": 1}, [(1, 1, 9, 3)]),
    ("AVERAGE_POOL_2D", [(1, 1, 1, 3)], (1, 2), {"padding": 1, "kernel_rows": 3, "kernel_columns": 2, **STEP}, [(1, 3, 4, 3)]),
    ("CONV_2D", [(1, 1, 1, 3), [4, 3, 3, 3]], (1, 2), {"padding": 0, **STEP}, [(1, 5, 5, 4)]),
    ("DEPTHWISE_CONV_2D", [(1, 1, 1, 3), [1, 3, 3, 6]], (1, 2), {"padding": 1, **STEP}, [(1, 3, 4, 6)]),
    ("BATCH_MATMUL", [(1, 1, 1, 3), [3, 7]], (1, 2), {}, [(1, 5, 9, 7)]),
    ("CONCATENATION", [(1, 1, 1, 3), [1, 2, 9, 3]], (1, 2), {"axis": -3}, [(1, 7, 9, 3)]),
    ("EXPAND_DIMS", [(1, 1, 1, 3), Constant((-1,))], (1, 2), {}, [(1, 5, 9, 3, 1)]),
    ("FULLY_CONNECTED", [(1, 1, 1, 3), [7, 3]], (1, 2), {}, [(45, 7)]),
    ("FULLY_CONNECTED", [(1, 1, 1, 3), [7, 3]], (1, 2), {"keep_dimensions": 1}, [(1, 5, 9, 7)]),
    ("PACK", [(1, 1, 1, 3), [1, 5, 9, 3]], (1, 2), {"axis": 1}, [(1, 2, 5, 9, 3)]),
    ("PAD", [(1, 1, 1, 3), Constant((0, 0, 1, 2, 3, 0, 0, 0))], (1, 2), {}, [(1, 8, 12, 3)]),
    ("RESHAPE", [(1, 1, 1, 3), Constant((-1, 3))], (1, 2), {}, [(45, 3)]),
    ("RESIZE_BILINEAR", [(1, 1, 1, 3), Constant((4, 6))], (1, 2), {}, [(1, 4, 6, 3)]),
    ("SLICE", [(1, 1, 1, 3), Constant((0, 1, 0, 0)), Constant((1, 2, -1, 3))], (1, 2), {}, [(1, 2, 9, 3)]),
    ("SPLIT", [Constant((2,)), (1, 1, 1, 3)], (1, 2), {"count": 3}, [(1, 5, 3, 3)] * 3),
    (
        "STRIDED_SLICE",
        [(1, 1, 1, 3), Constant((0, 1, 0, 2)), Constant((1, -1, 9, 3)), Constant((1, 1, 2, 1))],
        (1, 2),
        {"shrink_axis_mask": 8, "end_mask": 4},
        [(1, 3, 5)],
    ),
    ("TRANSPOSE", [(1, 1, 1, 3), Constant((0, 3, 2, 1))], (1, 2), {}, [(1, 3, 9, 5)]),
    ("UNPACK", [(1, 1, 1, 3)], (1, 2), {"axis": 3, "count": 3}, [(1, 5, 9)] * 3),
]


@pytest.mark.parametrize(
    ("kind", "inputs", "open_axes", "options", "shapes"), CASES, ids=[f"{case[0]}-{at}" for at, case in enumerate(CASES)]
)
def test_shapes_follow_from_the_one_that_is_given(
    kind: str, inputs: Any, open_axes: Any, options: dict[str, Any], shapes: list[tuple[int, ...]]
) -> None:
    content = one(kind, inputs, [(1,) * len(shape) for shape in shapes], open_axes, **options)
    graph = with_input_shapes(from_tflite(content, "m.tflite"), {"x0": (1, 5, 9, 3)})
    assert [graph.tensors[place].shape for place in graph.outputs] == shapes
    network_of(graph)


def test_a_squeeze_takes_out_the_extents_it_names_and_all_of_one_where_it_names_none() -> None:
    for options, expected in (({}, (5, 9, 3)), ({"axes": (0,)}, (5, 9, 3)), ({"axes": (-4,)}, (5, 9, 3))):
        content = one("SQUEEZE", [(1, 1, 1, 3)], [(1, 1, 3)], (1, 2), **options)
        graph = with_input_shapes(from_tflite(content, "m.tflite"), {"x0": (1, 5, 9, 3)})
        assert graph.tensors[graph.outputs[0]].shape == expected


def test_what_is_open_is_asked_for_and_a_batch_is_not() -> None:
    graph = from_tflite(one("ABS", [(1, 1, 1, 3)], [(1, 1, 1, 3)], (0, 1)), "m.tflite")
    with pytest.raises(MissingError, match=r"its input 'x0' leaves extents open; give them, as in --input-shape x0=1x<any>x1x3"):
        network_of(graph)
    assert network_of(with_input_shapes(graph, {"x0": (1, 1, 1, 3)})).input == (3, 1, 1)
    assert network_of(from_tflite(one("ABS", [(1, 1, 1, 3)], [(1, 1, 1, 3)], (0,)), "m.tflite")).input == (3, 1, 1)


@pytest.mark.parametrize(
    ("kind", "inputs", "output", "given", "told"),
    [
        ("ABS", [(1, 1, 1, 3)], (1, 1, 1, 3), {"x0": (1, 5, 9, 4)}, r"x0=1x5x9x4 does not fit .* whose extents are 1x\?x\?x3"),
        ("ABS", [(1, 1, 1, 3)], (1, 1, 1, 3), {"x0": (1, 5, 9)}, "does not fit the input"),
        ("ABS", [(1, 1, 1, 3)], (1, 1, 1, 3), {"x1": (1, 5, 9, 3)}, "'x1' is not an input of"),
        ("TOPK_V2", [(1, 1, 1, 3)], (1, 1, 1, 3), {"x0": (1, 5, 9, 3)}, r"operator 0 \(TOPK_V2, .*is not known"),
        ("RESHAPE", [(1, 1, 1, 3), Constant((1, 3))], (1, 3), {"x0": (1, 5, 9, 3)}, r"operator 0 \(RESHAPE, .*do not fit it"),
        ("CONV_2D", [(1, 1, 1, 3), [4, 3, 3, 3]], (1, 1, 1, 4), {"x0": (1, 2**30, 2**30, 3)}, "it makes"),
    ],
)
def test_shapes_that_do_not_fit_are_told_in_one_line(kind: str, inputs: Any, output: Any, given: Any, told: str) -> None:
    options = {"stride_rows": 1, "stride_columns": 1} if kind == "CONV_2D" else {}
    with pytest.raises(InputError, match=told) as found:
        with_input_shapes(from_tflite(one(kind, inputs, [output], (1, 2), **options), "m.tflite"), given)
    assert "\n" not in str(found.value)


def test_a_report_is_about_the_shape_that_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "open.tflite"
    file.write_bytes(one("EXPAND_DIMS", [(1, 1, 1, 3), Constant((-1,))], [(1, 1, 1, 3, 1)], (1, 2)))
    assert main(["report", str(file)]) == 2
    assert "give them, as in --input-shape x0=1x<any>x<any>x3" in capsys.readouterr().err
    assert main(["report", str(file), "--input-shape", "x0=1x50x90x3"]) == 0
    assert "head 105.47 KiB" in capsys.readouterr().out
    small, large = (tflm_arena_of(str(file), shapes) for shapes in (None, ["x0=1x50x90x3"]))
    assert small is not None
    assert large is not None
    assert small.head_bytes is not None
    assert large.head_bytes is not None
    assert large.head_bytes >= small.head_bytes + 2 * 4 * 49 * 89 * 3


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4, 5), (2, 1, 3, 1, 4)])
def test_tensors_of_any_rank_are_planned_and_reported(shape: tuple[int, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rank.tflite"
    file.write_bytes(one("ABS", [shape], [shape], ()))
    assert main(["report", str(file)]) == 0
    assert main(["plan", str(file)]) == 0
    capsys.readouterr()
