"""What a stream keeps: nothing of an input that is not kept, a first pooling's window, and of a pooling behind it whatever takes least."""

from __future__ import annotations

from typing import Any

import pytest

from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.memory.streaming import blocks
from costmodel.memory.streaming.blocks import Layout, TensorMap, layout_of, whole_bytes
from costmodel.memory.streaming.covers import BEST, PIXELS, RUNNING
from costmodel.memory.streaming.segments import Segment, Way, segments_from, strip_segment
from costmodel.specs.network import Network
from costmodel.specs.running.strategy import MemoryStrategy as Strategy


def network(*layers: dict[str, Any], shape: str, **types: str) -> Network:
    return Network.model_validate({"name": "n", "input": shape, "types": types, "layers": layers})


def layout(*layers: dict[str, Any], shape: str, **types: str) -> Layout:
    return layout_of(network(*layers, shape=shape, **types))


def conv(name: str, kernel: int = 1, channels: int = 1) -> dict[str, Any]:
    return {"name": name, "kind": "conv2d", "out_channels": channels, "kernel": kernel, "padding": kernel // 2}


def pool(name: str, kind: str = "max_pool2d", kernel: int = 2, stride: int = 2) -> dict[str, Any]:
    return {"name": name, "kind": kind, "kernel": kernel, "stride": stride}


def held(segment: Segment) -> list[tuple[int, str, int]]:
    """Of each piece the step, what it is, and its units."""
    return [(each.step, each.role.value, each.unit_count) for each in segment.stage.held]


@pytest.mark.parametrize("way", [BEST, PIXELS, RUNNING])
def test_of_an_input_that_lies_whole_or_is_read_where_it_is_nothing_is_kept(way: Way) -> None:
    streamed = layout(conv("a", 3), conv("b"), shape="2x6x8")
    for whole, input_bytes in ((True, 96), (False, 0)):
        alone, _ = segments_from(streamed, 0, way, input_whole=whole)
        assert (alone.input_bytes, held(alone), alone.size_bytes) == (input_bytes, [], input_bytes + 48)
    delivered, _ = segments_from(streamed, 0, way, input_whole=False, keeps_input=True)
    assert held(delivered) == [(-1, "ring", 3 if way is RUNNING else 2 * 8 + 3)]


@pytest.mark.parametrize(("way", "units"), [(BEST, 8 + 2), (PIXELS, 8 + 2), (RUNNING, 2)])
def test_a_pooling_that_begins_a_stream_gathers_its_window(way: Way, units: int) -> None:
    """There is nothing before it that could ask for less, or add to what it leaves."""
    alone, _ = segments_from(layout(pool("p"), conv("a"), shape="2x6x8"), 0, way, input_whole=False, keeps_input=True)
    assert held(alone) == [(-1, "ring", units)]
    assert not alone.stage.scattered


def test_a_mean_is_summed_up_in_what_it_leaves_only_where_that_takes_less() -> None:
    """Two rows and three pixels beside 24 means, or 24 accumulators of four bytes."""
    *_, gathered = segments_from(layout(conv("a", 3), pool("p", "avg_pool2d", 3, 1), shape="1x6x8"), 0, BEST)
    assert (gathered.output_bytes, held(gathered)) == (24, [(0, "ring", 2 * 8 + 3)])
    # Windows side by side: a row of two sums and four means, less than four sums.
    *_, running = segments_from(layout(conv("a", 3), pool("p", "avg_pool2d", 3, 3), shape="1x6x8"), 0, BEST)
    assert (running.output_bytes, held(running)) == (4, [(1, "running row", 2)])


@pytest.mark.parametrize(("count", "results"), [(1, 5 + 2), (2, 3 + 2), (3, 2 + 2)])
def test_what_a_strip_keeps_has_room_for_the_widest(count: int, results: int) -> None:
    """Five columns in strips: of windows that overlap by a row, a row of results and two more are begun and not complete."""
    streamed = layout(conv("a"), pool("p", kernel=3), conv("b"), shape="1x9x11")
    found = strip_segment(streamed, 3, PIXELS._replace(strip_count=count))
    assert isinstance(found, Segment)
    assert held(found) == [(1, "running row", results), (1, "ring", 1)]


def test_strips_share_out_the_last_map_and_where_that_is_a_mean_the_one_before() -> None:
    divided = PIXELS._replace(strip_count=2)
    chain = layout(conv("a"), pool("p"), {"name": "m", "kind": "adaptive_avg_pool2d", "output_size": 2}, shape="1x6x14")
    found = strip_segment(chain, 3, divided)
    assert isinstance(found, Segment)
    # Every strip adds to the same means: they are in no strip.
    assert [strip.columns for strip in found.stage.strips] == [
        {1: (0, 2), 0: (0, 5), -1: (0, 5)},
        {1: (3, 6), 0: (6, 13), -1: (6, 13)},
    ]
    assert found.stage.scattered == {2}
    # A row of windows side by side; what both strips read, each computes.
    overlapping = layout(conv("a"), pool("p", kernel=2, stride=1), shape="1x6x8")
    found = strip_segment(overlapping, 2, divided)
    assert isinstance(found, Segment)
    assert [strip.columns for strip in found.stage.strips] == [
        {1: (0, 2), 0: (0, 3), -1: (0, 3)},
        {1: (3, 6), 0: (3, 7), -1: (3, 7)},
    ]


@pytest.mark.parametrize(
    ("kind", "activation", "sums"), [("avg_pool2d", "int8", 4 * 24), ("avg_pool2d", "float32", 4 * 24), ("max_pool2d", "int8", 24)]
)
def test_sums_of_means_take_an_accumulator_for_each_result(kind: str, activation: str, sums: int) -> None:
    pooled = layout(conv("a", channels=2), pool("p", kind), shape="1x6x8", activation=activation)
    assert whole_bytes(pooled, 1, True) == sums
    assert whole_bytes(pooled, 1, False) == pooled.maps[1].size_bytes == (96 if activation == "float32" else 24)


@pytest.mark.parametrize(
    ("shape", "rows_and_columns"), [((5,), (5, 1, 1)), ((5, 2), (5, 2, 1)), ((5, 2, 3), (5, 2, 3)), ((5, 2, 3, 4), (5, 6, 4))]
)
def test_a_tensor_of_any_rank_is_channels_of_rows_of_columns(shape: tuple[int, ...], rows_and_columns: tuple[int, int, int]) -> None:
    assert blocks._map(shape, 2) == TensorMap(*rows_and_columns, 2)


def test_means_summed_up_in_a_stream_take_the_bytes_of_their_accumulators_in_its_plan() -> None:
    mean = {"name": "m", "kind": "adaptive_avg_pool2d", "output_size": 2}
    scores = {"name": "s", "kind": "linear", "out_features": 5}
    net = network(conv("a"), mean, {"name": "f", "kind": "flatten"}, scores, shape="1x6x8")
    plan, _ = plan_strategy(Strategy.PIXEL_STREAMING, subject_of(net))
    assert {piece.name: piece.size_bytes for piece in plan.pieces if piece.role == "tensor"} == {"m": 4 * 4, "s": 5}
