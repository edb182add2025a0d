"""Covers and blocks of small networks: the best of all there are, and what is kept where nothing else says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from random_graphs import random_graphs

from costmodel.memory.streaming import blocks
from costmodel.memory.streaming.blocks import TensorMap, directly_taken, layout_of, reach_of_step, running_row
from costmodel.memory.streaming.covers import BANDS, BEST, RUNNING, WINDOWS, Cover, Way, _fewest_streams, _Part, fused, mixed
from costmodel.memory.streaming.segments import Segment, segments_from
from costmodel.specs.network import Network
from costmodel.specs.running.stages import Grain, InputDelivery, Stage


def network(*layers: dict[str, Any], shape: str = "2x6x8", **types: str) -> Network:
    return Network.model_validate({"name": "n", "input": shape, "types": types, "layers": layers})


def conv(name: str, *inputs: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "conv2d", "out_channels": 2, "kernel": 1, **({"inputs": list(inputs)} if inputs else {}), **fields}


def every_cover(ways: dict[int, list[tuple[int, int, int, tuple[Stage, ...]]]], count: int, at: int = 0) -> Iterator[tuple[int, int]]:
    """The largest part and the number of streams of each cover from a block on."""
    if at == count:
        yield 0, 0
    for end, size, streams, _ in ways.get(at, ()):
        for largest, further in every_cover(ways, count, end):
            yield max(size, largest), streams + further


@pytest.mark.parametrize("drawn_peaks", [False, True])
@pytest.mark.parametrize("delivery", InputDelivery)
def test_a_mixed_cover_is_the_best_of_all(delivery: InputDelivery, drawn_peaks: bool) -> None:
    """Of what single layers take by their tensors, and whatever else they may take."""
    generator = np.random.default_rng(5)
    streamed = 0
    for drawn in random_graphs(25, 17):
        layout = layout_of(drawn)
        count = len(layout.blocks)
        if count > 8:
            continue
        alone = [sum(layout.maps[tensor].size_bytes for tensor in (block.makes, block.reads)) for block in layout.blocks]
        if drawn_peaks:
            alone = [int(generator.integers(1, 4 * size)) for size in alone]
        ways: dict[int, list[tuple[int, int, int, tuple[Stage, ...]]]] = {}
        for first in range(count):
            single = tuple(Stage((step,)) for step in layout.blocks[first].steps)
            ways[first] = [(first + 1, alone[first], 0, single)]
            whole = first > 0 or delivery is InputDelivery.WHOLE
            keeps = first == 0 and delivery is InputDelivery.DELIVERED
            found: list[Segment] = list(segments_from(layout, first, BEST, input_whole=whole, keeps_input=keeps))
            ways[first] += [(each.end, each.size_bytes, 1, (each.stage,)) for each in found if each.end > first + 1 or not whole]
        cover = mixed(layout, delivery, lambda place, alone=alone: alone[place])
        lowest = min(every_cover(ways, count))
        if isinstance(cover, str):
            assert lowest == (max(alone), 0)
            continue
        assert isinstance(cover, Cover)
        assert [step for stage in cover.stages for step in stage.steps] == [step for block in layout.blocks for step in block.steps]
        by_stages = {part: (end, size, streams) for parts in ways.values() for end, size, streams, part in parts}
        at, largest, streams, left = 0, 0, 0, list(cover.stages)
        while left:
            width = next(width for width in range(len(left), 0, -1) if by_stages.get(tuple(left[:width]), (0,))[0] > at)
            at, size, more = by_stages[tuple(left[:width])]
            largest, streams, left = max(largest, size), streams + more, left[width:]
        assert (largest, streams) == lowest
        streamed += streams > 0
    assert streamed > 3


def test_streams_that_take_as_much_as_single_layers_are_none() -> None:
    """Nor are those that only make a part smaller that is not the largest."""
    layout = layout_of(network(conv("a"), conv("b", "a"), conv("c", "b")))
    sizes = [each.size_bytes for each in segments_from(layout, 0, BEST, input_whole=True, keeps_input=False)]
    assert isinstance(mixed(layout, InputDelivery.WHOLE, lambda _: sizes[-1]), str)
    assert isinstance(mixed(layout, InputDelivery.WHOLE, lambda _: sizes[-1] + 1), Cover)


def test_a_stream_that_takes_more_than_its_first_layers_may_still_save_the_last() -> None:
    layout = layout_of(network(conv("a"), conv("b", "a"), conv("c", "b")))
    cover = mixed(layout, InputDelivery.WHOLE, lambda place: 1 << 20 if place == 2 else 1)
    assert isinstance(cover, Cover)
    assert cover.stages[-1].grain is Grain.PIXELS
    assert len(cover.stages[-1].steps) > 1


def test_of_covers_as_good_that_of_the_longest_streams_is_taken() -> None:
    """Each of three streams could end the network; none of the blocks may run last by itself."""
    (stream,) = segments_from(layout_of(network(conv("a"))), 0, BEST)
    single = [_Part(at, at + 1, 5, None) for at in range(2)]
    ways = [[single[0], _Part(0, 3, 5, stream)], [single[1], _Part(1, 3, 5, stream)], [_Part(2, 3, 5, stream)]]
    assert _fewest_streams(ways, 5) == [ways[0][1]]
    assert _fewest_streams([[single[0], _Part(0, 3, 6, stream)], *ways[1:]], 5) == [single[0], ways[1][1]]


POOL = {"kind": "max_pool2d", "kernel": 2}


@pytest.mark.parametrize("way", [BANDS, RUNNING, WINDOWS])
def test_a_convolution_is_fused_with_the_pooling_behind_it_and_nothing_else_is(way: Way) -> None:
    convolutions = [conv("a"), conv("b", "a")]
    assert fused(layout_of(network(*convolutions)), way) == "no pooling follows a layer that only it reads"
    pools = [{"name": name, "inputs": [source], **POOL} for name, source in (("p", "b"), ("q", "p"), ("r", "q"))]
    layout = layout_of(network(*convolutions, *pools, shape="2x16x16"))
    cover = fused(layout, way)
    assert isinstance(cover, Cover)
    assert [[layout.name(step) for step in stage.steps] for stage in cover.stages] == [["a"], ["b", "p"], ["q"], ["r"]]
    assert [stage.grain is Grain.LAYER for stage in cover.stages] == [True, False, True, True]


def test_a_layer_that_nobody_reads_keeps_from_streaming_what_runs_beside_it_alone() -> None:
    """Its output is the network's, and lies whole; what follows reads nothing of it."""
    layout = layout_of(network(conv("a", "input"), conv("b", "input"), conv("c", "b"), conv("d", "c")))
    assert [len(block.steps) for block in layout.blocks] == [2, 1, 1]
    assert [block.why for block in layout.blocks] == ["a is an output of the network, and stays whole", None, None]
    assert [block.stays for block in layout.blocks] == [False, False, True]


@pytest.mark.parametrize(("most", "streams"), [(3, True), (2, False)])
def test_a_branch_of_as_many_layers_as_are_followed_streams(most: int, streams: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MOST_BRANCHED_STEPS", most)
    branch = network(conv("a"), conv("b", "a"), conv("c", "a"), {"name": "s", "kind": "add", "inputs": ["b", "c"]})
    why = layout_of(branch).blocks[-1].why
    assert (why is None) == streams
    assert streams or why == "b begins a branch of 3 layers that run together or not at all"


@pytest.mark.parametrize(
    ("kind", "types", "element_bytes"), [("avg_pool2d", "int8", 4), ("max_pool2d", "int8", 1), ("avg_pool2d", "float32", 4)]
)
def test_means_are_summed_up_in_accumulators(kind: str, types: str, element_bytes: int) -> None:
    layout = layout_of(network(conv("a"), {"name": "p", "kind": kind, "kernel": 2}, activation=types))
    step = layout.blocks[-1].makes
    assert running_row(layout, step, reach_of_step(layout, step), Grain.PIXELS).element_bytes == element_bytes


def test_what_one_sum_alone_reads_is_taken_as_it_is_made() -> None:
    layout = layout_of(
        network(
            conv("a"),
            conv("b", "a"),
            conv("c", "b"),
            {"name": "s", "kind": "add", "inputs": ["b", "c"]},
        )
    )
    names = {layout.name(step) for block in layout.blocks for step in directly_taken(layout, block)}
    assert "c" in names
    assert not {"a", "b"} & names


def test_a_tensor_has_as_many_pixels_as_rows_times_columns() -> None:
    own = TensorMap(3, 4, 6, 1)
    assert [blocks._units(own, grain) for grain in (Grain.PIXELS, Grain.ROWS)] == [24, 4]
