"""TensorFlow Lite Micro's arena: equal to what the runtime recorded of every public model, to what chips recorded, and to the runtime."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tflite_writer import small_network
from tflm_kernel_cases import kernel_cases
from tflm_runtime import asked_runtime

from costmodel.errors import CostModelError
from costmodel.evaluation.graphs.operators import operator_uses
from costmodel.evaluation.graphs.tflm import plan_tflm_arena
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.memory.tflm.arena import Arena, arena_of
from costmodel.memory.tflm.builds import CHIP_32, CHIP_32_RECORDED, HOST_64, TflmBuild
from costmodel.memory.tflm.greedy import PlannedBuffer, aligned_bytes, height_bytes, place_greedily
from costmodel.memory.tflm.kernel_buffers import detections
from costmodel.memory.tflm.kernels import KERNELS
from costmodel.memory.tflm.nodes import Node
from costmodel.memory.tflm.refusals import why_refused
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.tflite import from_tflite
from costmodel.sources.importers.to_network import network_of
from costmodel.specs.imported_graph import GraphBody, ImportedGraph, ImportedOperator, ImportedTensor
from costmodel.specs.running.strategy import MemoryStrategy

SHARED = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[4] / "shared"))
MODELS = SHARED / "data" / "models"
RECORDS = SHARED / "data" / "measurements" / "cmsis_nn_layers.csv"
LISTS = [path for path in (MODELS / "FACTS.csv", MODELS / "more" / "MANIFEST.csv") if path.is_file()]
KNOWN = [(path.parent, row) for path in LISTS for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
REQUIRED = os.environ.get("COSTMODEL_REQUIRE", "").split(",")
STOPPED_LATER = {"ABS", "RSQRT", "SQRT", "SQUARE", "SIN", "COS", "LOG", "LOGICAL_NOT", "TRANSPOSE_CONV"}
"""Operators over types that the runtime looks at only when it runs: it starts the model, and its first run fails."""
needs_models = pytest.mark.skipif(
    not KNOWN and "data" not in REQUIRED, reason=f"public models are read from {MODELS}; COSTMODEL_SHARED names another folder"
)

buffers = st.lists(
    st.builds(
        lambda size, first, lasts: PlannedBuffer("b", size, first, first + lasts),
        st.integers(1, 400),
        st.integers(0, 12),
        st.integers(0, 6),
    ),
    max_size=24,
)


def planned(graph: ImportedGraph, build: TflmBuild) -> Arena:
    found = arena_of(graph, build)
    assert isinstance(found, Arena), found
    return found


@needs_models
@pytest.mark.data
@pytest.mark.parametrize(("folder", "row"), KNOWN, ids=[row["file"] for _, row in KNOWN])
def test_the_arena_of_a_public_model_is_what_the_runtime_recorded(folder: Path, row: dict[str, str]) -> None:
    graph = load_model_graph(folder / row["file"])
    if row["tflm_err"]:
        assert why_refused(graph) is not None
        return
    assert why_refused(graph) is None
    found = planned(graph, HOST_64)
    assert (found.head_bytes, found.total_bytes) == (int(row["tflm_head"]), int(row["tflm_total64"]))
    chip = planned(graph, CHIP_32)
    assert chip.head_bytes == found.head_bytes
    assert chip.tail_bytes < found.tail_bytes
    check_offsets(chip.buffers, chip.offsets)


@needs_models
@pytest.mark.data
def test_equal_sizes_are_placed_in_the_reverse_of_their_order() -> None:
    # Stable ties would give 64,512; the most alive at once is 55,296.
    graph = load_model_graph(MODELS / "vww_96_int8.tflite")
    assert plan_tflm_arena(graph).head_bytes == 73_728
    plan, _ = plan_strategy(MemoryStrategy.GREEDY, subject_of(network_of(graph)))
    assert (plan.total_bytes, plan.bound_bytes) == (73_728, 55_296)


@pytest.mark.skipif(
    not RECORDS.is_file() and "data" not in REQUIRED, reason=f"chip records are read from {RECORDS}; COSTMODEL_SHARED names another folder"
)
@pytest.mark.data
def test_a_single_convolution_takes_what_chips_recorded() -> None:
    rows = [row for row in csv.DictReader(RECORDS.read_text(encoding="utf-8").splitlines()) if row["operator"] == "conv2d"]
    measured = {
        (row["input"], row["output"], row["kernel"], row["stride"]): int(row["arena_used"])
        for row in rows
    }  # fmt: skip
    assert len(measured) > 300
    for (source, target, kernel, stride), used_bytes in measured.items():
        graph = single_convolution(*(tuple(json.loads(text)) for text in (source, target, kernel, stride)))
        assert planned(graph, CHIP_32_RECORDED).total_bytes == used_bytes, (source, target, kernel, stride)


def single_convolution(source: tuple[int, ...], target: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...]) -> ImportedGraph:
    filters = (target[3], *kernel, source[3])
    per_channel = (0.1,) * target[3]
    tensors = (
        ImportedTensor("input", source, "int8", 0, scales=(0.5,), zero_points=(0,)),
        ImportedTensor("filters", filters, "int8", 1, bytes(math.prod(filters)), per_channel, (0,) * target[3]),
        ImportedTensor("bias", target[3:], "int32", 2, bytes(4 * target[3]), per_channel, (0,) * target[3]),
        ImportedTensor("output", target, "int8", 0, scales=(0.5,), zero_points=(0,)),
    )
    strides = {"stride_rows": stride[0], "stride_columns": stride[1]}
    operator = ImportedOperator("CONV_2D", 1, (0, 1, 2), (3,), strides)
    return ImportedGraph(tensors, (operator,), (0,), (3,), name="conv", format_name="test", const_bytes=0)


@given(buffers)
def test_placed_buffers_never_share_a_byte_at_one_moment(found: list[PlannedBuffer]) -> None:
    offsets = place_greedily(found)
    check_offsets(found, offsets)
    moments = range(20)
    alive = [sum(aligned_bytes(one.size_bytes) for one in found if one.first <= moment <= one.last) for moment in moments]
    assert max(alive) <= height_bytes(found, offsets) <= sum(aligned_bytes(one.size_bytes) for one in found)


@given(buffers)
def test_the_largest_buffer_lies_at_the_bottom(found: list[PlannedBuffer]) -> None:
    if not found:
        return
    offsets = place_greedily(found)
    most = max(aligned_bytes(one.size_bytes) for one in found)
    last = max(place for place, one in enumerate(found) if aligned_bytes(one.size_bytes) == most)
    assert offsets[last] == 0


def check_offsets(found: tuple[PlannedBuffer, ...] | list[PlannedBuffer], offsets: tuple[int, ...]) -> None:
    """Walk the moments: no two buffers that are needed then may share a byte."""
    assert all(offset % 16 == 0 for offset in offsets)
    for moment in sorted({one.first for one in found}):
        spans = sorted(
            (offset, offset + one.size_bytes) for one, offset in zip(found, offsets, strict=True) if one.first <= moment <= one.last
        )
        assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans))


def test_post_processing_of_detections_asks_for_eleven_buffers() -> None:
    # 6 boxes, 5 detections at most, 3 classes and a background.
    shapes = ((1, 6, 4), (1, 6, 4), (6, 4))
    tensors = tuple(ImportedTensor(f"input {at}", shape, "float32", 0) for at, shape in enumerate(shapes))
    options = {"custom": {"max_detections": 5, "num_classes": 3}}
    operator = ImportedOperator("CUSTOM:TFLite_Detection_PostProcess", 1, (0, 1, 2), (), options)
    node = Node(GraphBody(tensors, (operator,), (0, 1), ()), operator, CHIP_32)
    assert detections(node).scratch == (6, 96, 96, 24, 24, 120, 120, 24, 120, 120, 120)


def test_a_graph_that_runs_itself_is_refused() -> None:
    tensor = ImportedTensor("t", (4,), "float32", 0)
    body = GraphBody((tensor,), (ImportedOperator("CALL_ONCE", 1, (), (), {"graph": 1}),), (), ())
    graph = ImportedGraph((tensor,), body.operators, (0,), (0,), name="m", format_name="f", const_bytes=0, bodies=(body,))
    assert why_refused(graph) == "a graph runs itself"


@settings(max_examples=150)
@given(st.data())
def test_hostile_files_are_planned_or_told(data: st.DataObject) -> None:
    content = bytearray(small_network())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.sampled_from([0, 1, 0x7F, 0xFF]) | st.integers(0, 255))
    with contextlib.suppress(CostModelError):
        graph = from_tflite(bytes(content), "m.tflite")
        operator_uses(graph)
        found = plan_tflm_arena(graph)
        assert (found.total_bytes is None) == (found.reason is not None)


kinds = st.sampled_from([kind for kind in KERNELS if kind not in ("IF", "WHILE", "CALL_ONCE")])
places = st.lists(st.integers(-1, 4), max_size=5)
shapes = st.lists(st.sampled_from([0, 1, 3, 1 << 40]), max_size=4)


@settings(max_examples=300)
@given(kinds, places, st.lists(st.integers(0, 4), max_size=3), st.lists(shapes, min_size=5, max_size=5), st.integers(-3, 1 << 40))
def test_any_operator_over_any_tensors_is_planned_or_told(
    kind: str, inputs: list[int], outputs: list[int], extents: list[list[int]], number: int
) -> None:
    elements = ("int8", "float32", "int16", "resource", "bool")
    tensors = tuple(
        ImportedTensor(f"t{at}", tuple(shape), element, 0) for at, (shape, element) in enumerate(zip(extents, elements, strict=True))
    )
    names = ("fft_length", "num_channels", "frame_size", "frame_step", "delay_length", "max_detections")
    options = {"rank": number, "custom": dict.fromkeys(names, number)} if kind.startswith("CUSTOM:") else {"rank": number}
    operator = ImportedOperator(kind, 1, tuple(inputs), tuple(outputs), options)
    graph = ImportedGraph(tensors, (operator,), (0,), (1,), name="m", format_name="f", const_bytes=0)
    for build in (CHIP_32, HOST_64):
        if why_refused(graph) is None and isinstance(found := arena_of(graph, build), Arena):
            assert found.head_bytes >= 0
            assert found.tail_bytes > 0


def test_graphs_that_run_others_over_and_over_are_refused() -> None:
    def calling(number: int) -> tuple[ImportedOperator, ...]:
        return tuple(ImportedOperator("CALL_ONCE", 1, (), (), {"graph": number}) for _ in range(4))

    bodies = tuple(GraphBody((), calling(at + 1) if at < 20 else (), (), ()) for at in range(1, 21))
    graph = ImportedGraph((), calling(1), (), (), name="m", format_name="f", const_bytes=0, bodies=bodies)
    assert why_refused(graph) == "it runs more than 100,000 operators"


def test_a_plan_of_the_files_own_is_not_guessed_at() -> None:
    tensor = ImportedTensor("t", (4,), "float32", 0)
    graph = ImportedGraph((tensor,), (), (0,), (0,), name="m", format_name="f", const_bytes=0, metadata=("OfflineMemoryAllocation",))
    found = plan_tflm_arena(graph)
    assert found.runs
    assert found.total_bytes is None
    assert found.reason is not None
    assert "a plan of its own" in found.reason


def test_every_kernel_keeps_and_asks_for_what_the_runtime_does() -> None:
    if "oracles" not in REQUIRED:
        pytest.importorskip("tflite_micro", reason="TensorFlow Lite Micro is not installed: make oracles")
    cases = list(kernel_cases())
    assert len(cases) > 500
    for (name, content), said in zip(cases, asked_runtime([content for _, content in cases]), strict=True):
        graph = from_tflite(content, name)
        refused = why_refused(graph)
        if said.head_bytes is None:
            assert refused is not None, (name, said.words)
        elif refused is None:
            found = planned(graph, HOST_64)
            assert (found.head_bytes, found.total_bytes) == (said.head_bytes, said.total_bytes), name
        else:
            assert name.split()[0] in STOPPED_LATER, (name, refused)
