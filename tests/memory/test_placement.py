"""Placement and plans: no byte is shared by what is alive together, whatever the graph; columns equal their rows; chains are optimal."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import random_graphs

from costmodel.errors import SpecError
from costmodel.memory.lifetimes import Lifetimes, TensorLife
from costmodel.memory.placement import Placed, _alike, _arrangements, _graph_orders, _stacked, blocks_of, place_blocks, sizes_of
from costmodel.memory.plan_check import check_plan
from costmodel.memory.planning import plan_network
from costmodel.memory.strategies import lower_bound
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.sources.catalogue import load_network, names
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting

ARENAS = [accounting for accounting in MemoryAccounting if accounting is not MemoryAccounting.PEAK_LIVE]


def test_no_plan_of_a_random_graph_loses_a_byte() -> None:
    optimal = 0
    for network in random_graphs(500, 11):
        for accounting in ARENAS:
            for with_input in (False, True):
                plan = plan_network(network, accounting, with_input=with_input, scratch_bytes=13)
                if plan.tensor_buffer_bytes is not None:
                    check_plan(plan, network)
                    assert plan.bound_bytes is not None
                    assert plan.bound_bytes <= plan.tensor_buffer_bytes
                    assert MemoryPlan.model_validate_json(plan.model_dump_json()) == plan
        optimal += bool(plan_network(network).is_optimal)
    assert optimal > 400


@pytest.mark.parametrize("name", names("networks"))
def test_every_plan_of_the_zoo_holds(name: str) -> None:
    network = load_network(name)
    for accounting in ARENAS:
        plan = plan_network(network, accounting, scratch_bytes=100)
        if plan.tensor_buffer_bytes is not None:
            check_plan(plan, network)


@pytest.mark.parametrize(
    ("name", "arena_bytes"), [("cifar-aap-pruned", 105_472), ("mobilenet-v1-0.25", 55_296), ("resnet8", 49_152), ("ds-cnn", 16_000)]
)
def test_arenas_of_the_zoo(name: str, arena_bytes: int) -> None:
    plan = plan_network(load_network(name))
    assert plan.arena_bytes == plan.tensor_buffer_bytes == plan.bound_bytes == arena_bytes


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=2, max_size=12), st.sampled_from([1, 2, 4]))
def test_a_chain_of_one_element_size_meets_its_bound(elements: list[int], element_bytes: int) -> None:
    lives = chain([count * element_bytes for count in elements], element_bytes)
    blocks = blocks_of(lives, with_input=True)
    bound = max(a + b for a, b in itertools.pairwise(elements)) * element_bytes
    assert lower_bound(lives, in_place=True, with_input=True) == bound
    assert place_blocks(blocks, sizes_of(lives, blocks), bound).height_bytes == bound


def chain(sizes: list[int], element_bytes: int) -> Lifetimes:
    count = len(sizes) - 1
    tensors = tuple(
        TensorLife(f"t{place}", size, place - 1, min(place, count - 1), None, element_bytes) for place, size in enumerate(sizes)
    )
    return Lifetimes(tensors, tuple(f"t{place + 1}" for place in range(count)), tuple((place,) for place in range(count)))


@st.composite
def lives_with_columns(draw: st.DrawFn) -> tuple[Lifetimes, list[Lifetimes]]:
    """A random graph with columns of sizes, and the same graph with each row's."""
    count, rows = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    widths = [draw(st.sampled_from([1, 1, 4])) for _ in range(count + 1)]
    lives = []
    for place in range(count + 1):
        made = place - 1 if place == 0 or draw(st.integers(0, 7)) else -1  # what is given is there before anything runs
        last = draw(st.integers(max(made, 0), count - 1))
        over = None
        if place > 1 and draw(st.integers(0, 3)) == 0 and lives[place - 1][1] == made and widths[place] <= widths[place - 1]:
            over = place - 1
        lives.append((made, last, over))
    sizes = [[draw(st.integers(1, 60)) * width for _ in range(rows)] for width in widths]
    for place, (_, _, over) in enumerate(lives):
        if over is not None:  # what runs in place is no larger
            sizes[place] = [min(own, under // widths[place] * widths[place]) for own, under in zip(sizes[place], sizes[over], strict=True)]
    steps = tuple(f"t{place + 1}" for place in range(count))

    def of(values: list) -> Lifetimes:
        tensors = [TensorLife(f"t{place}", values[place], *lives[place], widths[place]) for place in range(count + 1)]
        return Lifetimes(tuple(tensors), steps, ((0,),) * count)

    return of([np.array(row, dtype=np.int64) for row in sizes]), [of([row[at] for row in sizes]) for at in range(rows)]


@settings(max_examples=400, deadline=None)
@given(lives_with_columns(), st.booleans())
def test_columns_are_placed_as_their_rows(drawn: tuple[Lifetimes, list[Lifetimes]], with_input: bool) -> None:
    table, rows = drawn
    blocks = blocks_of(table, with_input=with_input)
    found = place_blocks(blocks, sizes_of(table, blocks), lower_bound(table, in_place=True, with_input=with_input))
    expected = []
    for lives in rows:
        placed = place_blocks(blocks, sizes_of(lives, blocks), lower_bound(lives, in_place=True, with_input=with_input))
        expected.append(placed.height_bytes)
        for one, block in enumerate(blocks):
            assert placed.offsets[one] % max(lives.tensors[place].element_bytes for place in block.tensors) == 0
            for two, other in enumerate(blocks[:one]):
                for a in block.tensors:
                    for b in other.tensors:
                        mine, theirs = lives.tensors[a], lives.tensors[b]
                        if mine.made <= theirs.last and theirs.made <= mine.last:
                            assert (
                                placed.offsets[one] + mine.size_bytes <= placed.offsets[two]
                                or placed.offsets[two] + theirs.size_bytes <= placed.offsets[one]
                            )
    assert np.broadcast_to(found.height_bytes, len(rows)).tolist() == expected


def test_of_arrangements_as_low_the_first_is_taken() -> None:
    """Three of the orders reach 20 bytes where 17 are alive, and differ in where they put the tensors."""
    spans = ((2, -1, 1), (3, 0, 3), (6, 1, 2), (6, 2, 4), (5, 3, 4), (6, 4, 4))
    lives = Lifetimes(tuple(TensorLife(f"t{at}", *span) for at, span in enumerate(spans)), tuple("abcde"), ())
    blocks = blocks_of(lives, with_input=True)
    sizes = sizes_of(lives, blocks)
    lowest = [placed for placed in _arrangements(blocks, sizes, 17) if placed.height_bytes == 20]
    assert len({placed.offsets for placed in lowest}) == 3
    assert place_blocks(blocks, sizes, 17) == lowest[0]


def at_once(*tensors: tuple[int, int]) -> Lifetimes:
    """Tensors of so many bytes and bytes an element, all there from the first stage to the last."""
    lives = tuple(TensorLife(f"t{at}", size, -1, 1, None, element) for at, (size, element) in enumerate(tensors))
    return Lifetimes(lives, ("s", "t"), ())


def test_a_stack_that_fills_the_arena_down_to_its_beginning_holds() -> None:
    lives = at_once((6, 1), (4, 1))
    blocks = blocks_of(lives, with_input=True)
    assert _stacked(blocks, sizes_of(lives, blocks), 10, [True, True]) == Placed(10, (4, 0))
    assert _stacked(blocks, sizes_of(lives, blocks), 9, [True, True]).height_bytes > 10


def test_orders_begin_with_what_lives_longest() -> None:
    spans = ((-1, 0), (0, 3), (1, 2), (2, 3))
    lives = Lifetimes(tuple(TensorLife(f"t{at}", 1, *span) for at, span in enumerate(spans)), tuple("abcd"), ())
    assert [list(order) for order in _graph_orders(blocks_of(lives, with_input=True))] == [[1, 0, 2, 3], [0, 1, 2, 3], [3, 2, 1, 0]]


def test_aligning_takes_nothing_where_what_is_below_is_in_whole_elements_of_what_is_above() -> None:
    lives = at_once((6, 2), (4, 4), (3, 1))
    # The second takes its place over with smaller elements: not all of its sizes are multiples of four.
    narrowed = lives._replace(tensors=(*lives.tensors, TensorLife("u", 3, 2, 2, 1, 1)))
    for given_lives, whole in ((lives, (True, True, True)), (narrowed, (True, False, True))):
        blocks = blocks_of(given_lives, with_input=True)
        sizes = sizes_of(given_lives, blocks)
        assert sizes.whole == whole
        pairs = [(low, high) for low in range(3) for high in range(3) if low != high and _alike(sizes, low, high)]
        # Above bytes anything; above two-byte elements those of four.
        assert pairs == [(0, 2), *([(1, 0)] if whole[1] else []), (1, 2)]


def conv(name: str, out_channels: int, **more: object) -> dict[str, object]:
    return {"kind": "conv2d", "name": name, "out_channels": out_channels, "kernel": 1, **more}


NETWORK = Network.model_validate(
    {"name": "net", "input": "1x4x4", "types": {"activation": "float32"}, "layers": [conv("a", 2), conv("b", 3), conv("c", 1)]}
)


def moved(plan: MemoryPlan, place: str, changes: dict[str, object]) -> MemoryPlan:
    tensors = tuple(tensor.model_copy(update=changes) if tensor.name == place else tensor for tensor in plan.tensors)
    return plan.model_copy(update={"tensors": tensors})


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("b", {"offset_bytes": 0}, "b is written over a while reading it"),
        ("c", {"offset_bytes": 2}, "c lies at 2, no multiple of its 4-byte elements"),
        ("c", {"offset_bytes": 4000}, "its height is 320 B, expected 4,064 B"),
        ("b", {"size_bytes": 64}, "b has 64 B, expected 192 B"),
        ("b", {"name": "d"}, "does not match 'net'"),
        ("a", {"offset_bytes": None}, "a has no offset"),
    ],
)
def test_a_wrong_plan_is_refused(name: str, changes: dict[str, object], said: str) -> None:
    plan = plan_network(NETWORK)
    check_plan(plan, NETWORK)
    with pytest.raises(SpecError, match=said):
        check_plan(moved(plan, name, changes), NETWORK)


def test_an_order_that_reads_what_is_not_there_is_refused() -> None:
    plan = plan_network(NETWORK)
    with pytest.raises(SpecError, match="b runs before a, which it reads"):
        check_plan(plan.model_copy(update={"stages": (("b",), ("a",), ("c",))}), NETWORK)
    with pytest.raises(SpecError, match="c is in no stage"):
        check_plan(plan.model_copy(update={"stages": (("a",), ("b",))}), NETWORK)


def test_scratch_lies_behind_the_tensors_aligned_for_accumulators() -> None:
    network = Network.model_validate({"name": "net", "input": "1x3x3", "layers": [conv("a", 1)]})
    plan = plan_network(network, scratch_bytes=7)
    assert (plan.tensor_buffer_bytes, plan.scratch_offset_bytes, plan.arena_bytes) == (18, 20, 27)
    assert plan_network(network).arena_bytes == 18
    with pytest.raises(SpecError, match="its scratch lies at 16, expected a multiple of 4 from 18 on"):
        check_plan(plan.model_copy(update={"scratch_offset_bytes": 16}), network)
