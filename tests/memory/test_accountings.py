"""Memory accountings: the published table, branchy graphs, columns, and brute force over random graphs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.memory.lifetimes import Lifetimes, TensorLife, lifetimes_of
from costmodel.memory.planning import plan_memory
from costmodel.memory.strategies import account, alive_by_step
from costmodel.provenance import recording
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.specs.lowering import lower_network
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.running.schedule import Schedule, layer_by_layer
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.shapes import element_count

SUM, PEAK, PING_PONG, STATIC, ARENA = MemoryAccounting

PRUNED = [
    {"kind": "conv2d", "name": "conv1", "out_channels": 25, "kernel": 3, "padding": 1},
    {"kind": "relu", "name": "relu1"},
    {"kind": "max_pool2d", "name": "pool1", "kernel": 2},
    {"kind": "conv2d", "name": "conv2", "out_channels": 51, "kernel": 3, "padding": 1},
    {"kind": "relu", "name": "relu2"},
    {"kind": "max_pool2d", "name": "pool2", "kernel": 2},
    {"kind": "adaptive_avg_pool2d", "name": "aap", "output_size": 2},
    {"kind": "flatten", "name": "flat"},
    {"kind": "linear", "name": "fc1", "out_features": 76},
    {"kind": "relu", "name": "relu3"},
    {"kind": "linear", "name": "fc2", "out_features": 10},
]


def network(layers: list[dict[str, Any]], shape: str = "3x32x32", **types: str) -> Network:
    return Network.model_validate({"name": "net", "input": shape, "types": types, "layers": layers})


def lives_of(net: Network, schedule: Schedule | None = None) -> Lifetimes:
    stages = schedule or layer_by_layer(net.steps)
    return lifetimes_of(net.steps, stages, net.tensor_bytes, element_count(net.input), net.input_bytes)


FOUR_BYTE = {"activation": "float32"}
MIXED = {"activation": "int32", "pooled": "int8"}
INT8: dict[str, str] = {}


@pytest.mark.parametrize(
    ("types", "table"),
    [
        (FOUR_BYTE, {SUM: 194_440, PEAK: 128_000, PING_PONG: 128_000, STATIC: 155_784, ARENA: 105_472}),
        (MIXED, {SUM: 164_836, PEAK: 108_800, PING_PONG: 108_800, STATIC: 155_172, ARENA: 105_472}),
        (INT8, {SUM: 48_610, PEAK: 32_000, PING_PONG: 32_000, STATIC: 38_946, ARENA: 28_672}),
    ],
    ids=["4-byte", "int32 conv/fc + int8 pooled", "int8"],
)
def test_the_published_table(types: dict[str, str], table: dict[MemoryAccounting, int]) -> None:
    lives = lives_of(network(PRUNED, **types))
    assert {accounting: plan_memory(accounting, lives).tensor_buffer_bytes for accounting in MemoryAccounting} == table


def test_the_sum_with_the_input() -> None:
    assert plan_memory(SUM, lives_of(network(PRUNED, **FOUR_BYTE)), with_input=True).tensor_buffer_bytes == 197_512


def test_the_deck_has_five_static_buffers_poolings_in_place() -> None:
    plan = plan_memory(STATIC, lives_of(network(PRUNED, **FOUR_BYTE)))
    assert plan.tensor_buffer_count == 5
    assert [(buffer.name, buffer.size_bytes, buffer.tenants) for buffer in plan.buffers] == [
        ("conv1", 102_400, ("conv1", "pool1")),
        ("conv2", 52_224, ("conv2", "pool2")),
        ("aap", 816, ("aap",)),
        ("fc1", 304, ("fc1",)),
        ("fc2", 40, ("fc2",)),
    ]
    moment = plan.timeline[1]
    assert (moment.step, moment.total_bytes) == ("pool1", 155_784)
    assert [buffer.tenants for buffer in moment.buffers] == [("conv1", "pool1"), (), (), (), ()]


def test_merged_steps_live_in_their_producers_buffer() -> None:
    lives = lives_of(network(PRUNED))
    assert lives.steps == ("conv1", "pool1", "conv2", "pool2", "aap", "fc1", "fc2")
    assert [life.name for life in lives.tensors] == ["input", *lives.steps]


@pytest.mark.parametrize("accounting", list(MemoryAccounting))
def test_the_timeline_peaks_at_the_total(accounting: MemoryAccounting) -> None:
    plan = plan_memory(accounting, lives_of(network(PRUNED, **FOUR_BYTE)))
    assert max(moment.total_bytes for moment in plan.timeline) == plan.tensor_buffer_bytes
    assert [moment.step for moment in plan.timeline] == ["conv1", "pool1", "conv2", "pool2", "aap", "fc1", "fc2"]
    assert MemoryPlan.model_validate_json(plan.model_dump_json()) == plan


def test_a_buffer_that_tensors_share_begins_at_a_multiple_of_the_widest_elements() -> None:
    layers = [
        {"kind": "conv2d", "name": "a", "out_channels": 3, "kernel": 1},
        {"kind": "conv2d", "name": "b", "out_channels": 1, "kernel": 1, "output_type": "int32"},
        {"kind": "max_pool2d", "name": "p", "kernel": [1, 2], "output_type": "int8"},
    ]
    plan = plan_memory(STATIC, lives_of(network(layers, "1x3x3")))
    assert [(buffer.tenants, buffer.size_bytes, buffer.offset_bytes) for buffer in plan.buffers] == [(("a",), 27, 0), (("b", "p"), 36, 28)]


def test_each_tensor_is_kept_to_the_last_step_that_reads_it() -> None:
    plan = plan_memory(ARENA, lives_of(network(PRUNED)))
    assert [(tensor.name, tensor.last) for tensor in plan.tensors][:3] == [("input", "conv1"), ("conv1", "pool1"), ("pool1", "conv2")]
    assert plan.tensors[-1].last == "fc2"


def test_memory_for_each_while_it_lives_is_a_buffer_for_each() -> None:
    lives = lives_of(network(PRUNED))
    for with_input in (False, True):
        names = [lives.tensors[place].name for buffer in account(PEAK, lives, with_input=with_input).buffers for place in buffer.tenants]
        assert names == [*(["input"] if with_input else []), *lives.steps]


def test_the_arena_at_a_pooling_holds_only_its_input() -> None:
    plan = plan_memory(ARENA, lives_of(network(PRUNED, **FOUR_BYTE)))
    moments = {moment.step: moment for moment in plan.timeline}
    assert [(b.name, b.size_bytes, b.tenants) for b in moments["pool1"].buffers] == [("conv1", 102_400, ("conv1", "pool1"))]
    assert [(b.name, b.size_bytes) for b in moments["conv2"].buffers] == [("pool1", 25_600), ("conv2", 52_224)]
    assert plan.peak_steps == ("conv1",)
    assert plan.is_optimal


RESIDUAL = [
    {"kind": "conv2d", "name": "a", "out_channels": 4, "kernel": 3, "padding": 1},
    {"kind": "conv2d", "name": "b", "out_channels": 4, "kernel": 3, "padding": 1},
    {"kind": "conv2d", "name": "c", "out_channels": 4, "kernel": 3, "padding": 1},
    {"kind": "add", "name": "sum", "inputs": ["c", "a"]},
    {"kind": "relu", "name": "out"},
]


def test_a_branch_keeps_its_tensor_until_the_last_reader() -> None:
    lives = lives_of(network(RESIDUAL, "1x8x8"))
    assert [(life.name, life.made, life.last) for life in lives.tensors] == [
        ("input", -1, 0),
        ("a", 0, 3),
        ("b", 1, 2),
        ("c", 2, 3),
        ("sum", 3, 3),
    ]
    # While c runs, a, b and c are alive; so are a, c and the sum while it is added.
    assert plan_memory(PEAK, lives).tensor_buffer_bytes == 3 * 256
    assert plan_memory(SUM, lives).tensor_buffer_bytes == 4 * 256


def test_tensors_live_in_whole_stages_of_the_schedule() -> None:
    net = network(RESIDUAL, "1x8x8")
    alone = layer_by_layer(net.steps)
    assert alone.stages == tuple((place,) for place, step in enumerate(net.steps) if not step.merged)
    first, second, third, fourth = alone.running
    lives = lives_of(net, Schedule(((first,), (second, third), (fourth,))))
    assert lives.steps == ("a", "b + c", "sum")
    assert [(life.name, life.made, life.last) for life in lives.tensors] == [
        ("input", -1, 0),
        ("a", 0, 2),
        ("b", 1, 1),
        ("c", 1, 2),
        ("sum", 2, 2),
    ]
    assert lives.reads == ((0,), (1, 2), (1, 3))


def test_ping_pong_gives_a_reason_where_the_graph_branches() -> None:
    plan = plan_memory(PING_PONG, lives_of(network(RESIDUAL, "1x8x8")))
    assert plan.tensor_buffer_bytes is None
    assert plan.reason == "ping-pong buffers serve chains only: sum reads a and c"
    assert plan.timeline == plan.buffers == ()


def test_ping_pong_refuses_a_second_output_in_the_middle() -> None:
    layers = [RESIDUAL[0], {"kind": "flatten", "name": "seen"}, {**RESIDUAL[1], "inputs": ["a"]}, RESIDUAL[2]]
    plan = plan_memory(PING_PONG, lives_of(network(layers, "1x8x8")))
    assert plan.reason == "ping-pong buffers serve chains only: a is kept beyond the next layer"


def test_a_pooling_is_not_in_place_where_something_else_reads_its_input() -> None:
    layers = [
        RESIDUAL[0],
        {"kind": "max_pool2d", "name": "pool", "kernel": 2},
        {"kind": "conv2d", "name": "other", "out_channels": 4, "kernel": 2, "stride": 2, "inputs": ["a"]},
        {"kind": "add", "name": "sum", "inputs": ["pool", "other"]},
    ]
    lives = lives_of(network(layers, "1x8x8"))
    assert all(life.in_place_of is None for life in lives.tensors)
    assert plan_memory(STATIC, lives).tensor_buffer_count == 4


@pytest.mark.parametrize(
    "pool",
    [
        {"kind": "adaptive_avg_pool2d", "name": "pool", "output_size": 4},  # a buffer of its own, as in the deck
        {"kind": "max_pool2d", "name": "pool", "kernel": 3, "stride": 1, "padding": 1},  # later windows need what it would overwrite
    ],
)
def test_these_poolings_have_a_buffer_of_their_own(pool: dict[str, Any]) -> None:
    assert plan_memory(STATIC, lives_of(network([RESIDUAL[0], pool], "1x8x8"))).tensor_buffer_count == 2


def test_a_pooling_of_the_input_or_into_wider_elements_is_not_in_place() -> None:
    pool = {"kind": "max_pool2d", "name": "pool", "kernel": 2}
    assert lives_of(network([pool], "1x8x8")).tensors[1].in_place_of is None
    wider = [RESIDUAL[0], {**pool, "kernel": [1, 2], "output_type": "int32"}]
    assert lives_of(network(wider, "1x8x8")).tensors[2].in_place_of is None
    same = [RESIDUAL[0], {**pool, "kernel": [1, 2]}]
    assert lives_of(network(same, "1x8x8")).tensors[2].in_place_of == 1


def test_a_pooling_of_a_pooling_stays_in_the_first_buffer() -> None:
    pool = {"kind": "max_pool2d", "kernel": 2}
    plan = plan_memory(STATIC, lives_of(network([RESIDUAL[0], {**pool, "name": "p"}, {**pool, "name": "q"}], "1x8x8")))
    assert [(b.tenants, b.size_bytes) for b in plan.buffers] == [(("a", "p", "q"), 256)]


def test_a_rectifier_keeps_its_hands_off_a_tensor_that_is_read_unrectified_as_well() -> None:
    layers = [RESIDUAL[0], {"kind": "relu", "name": "r"}, RESIDUAL[1], {"kind": "add", "name": "sum", "inputs": ["b", "a"]}]
    lives = lives_of(network(layers, "1x8x8"))
    assert lives.steps == ("a", "r", "b", "sum")
    assert lives.tensors[1].last == 3


def test_a_network_of_views_needs_nothing_but_its_input() -> None:
    lives = lives_of(network([{"kind": "flatten", "name": "f"}], "1x8x8"))
    assert [account(accounting, lives).tensor_buffer_bytes for accounting in MemoryAccounting] == [0, 0, 0, 0, 64]
    assert plan_memory(SUM, lives, with_input=True).tensor_buffer_bytes == 64


def test_columns_of_sizes_equal_their_rows() -> None:
    widths = np.array([5, 25, 64], dtype=np.int64)

    def lives(width: Any, size: Any) -> Lifetimes:
        shared = {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1, 1, 1), "dilation": (1, 1)}
        pool = shared | {"kernel": (2, 2), "stride": None, "padding": (0, 0, 0, 0)}
        layers = [
            SimpleNamespace(kind="conv2d", name="c", out_channels=width, groups=1, bias=True, **shared),
            SimpleNamespace(kind="max_pool2d", name="p", **pool),
            SimpleNamespace(kind="conv2d", name="d", out_channels=2 * width, groups=1, bias=True, **shared),
            SimpleNamespace(kind="max_pool2d", name="q", **pool),
        ]
        steps = lower_network(layers, [(-1,), (0,), (1,), (2,)], (3, 32, 32))
        return lifetimes_of(steps, layer_by_layer(steps), [TensorBytes(size, 1, 1, size)] * 4, 3072, 1)

    sizes = np.array([1, 2, 4], dtype=np.int64)
    table = lives(widths, sizes)
    for accounting in MemoryAccounting:
        column = account(accounting, table).tensor_buffer_bytes
        rows = [account(accounting, lives(w, s)).tensor_buffer_bytes for w, s in zip(widths.tolist(), sizes.tolist(), strict=True)]
        assert column.tolist() == rows, accounting
        assert all(type(row) is int for row in rows)


def test_bytes_remember_the_formula_they_came_from() -> None:
    net = network(PRUNED, **FOUR_BYTE)
    with recording() as calls:
        found = account(PEAK, lives_of(net)).tensor_buffer_bytes
    assert found.origin.record.formula.id == "memory.peak_live"
    assert {call.formula.id for call in calls} >= {"memory.tensor_bytes", "memory.total", "memory.peak_live"}


@st.composite
def random_lives(draw: st.DrawFn) -> Lifetimes:
    """Random graphs: each step reads one or two earlier tensors."""
    count = draw(st.integers(1, 9))
    reads = tuple(tuple(sorted(draw(st.sets(st.integers(0, step), min_size=1, max_size=2)))) for step in range(count))
    tensors = []
    for place in range(count + 1):
        readers = [step for step, read in enumerate(reads) if place in read]
        last = max(readers) if readers else count - 1
        tensors.append(TensorLife(f"t{place}", draw(st.integers(1, 100)), place - 1, last))
    return Lifetimes(tuple(tensors), tuple(f"t{place + 1}" for place in range(count)), reads)


@settings(max_examples=300, deadline=None)
@given(random_lives(), st.booleans())
def test_accountings_keep_their_order_on_any_graph(lives: Lifetimes, with_input: bool) -> None:
    found = {a: account(a, lives, with_input=with_input).tensor_buffer_bytes for a in MemoryAccounting}
    assert found[PEAK] <= found[ARENA] <= found[STATIC] == found[SUM]
    if found[PING_PONG] is not None:
        assert found[PEAK] <= found[PING_PONG] <= found[SUM]
    by_malloc = simulate_malloc(lives, with_input)
    assert found[PEAK] == by_malloc


def simulate_malloc(lives: Lifetimes, with_input: bool) -> int:
    """Allocate each output, run, free what no later step reads."""
    alive = {0} if with_input else set()
    peak = 0
    for step in range(len(lives.steps)):
        alive.add(step + 1)
        peak = max(peak, sum(lives.tensors[place].size_bytes for place in alive))
        later = {place for read in lives.reads[step + 1 :] for place in read}
        ever = {place for read in lives.reads for place in read}
        alive = {place for place in alive if place in later or place not in ever}
    return peak


def test_what_is_alive_includes_what_is_kept_for_later() -> None:
    lives = lives_of(network(RESIDUAL, "1x8x8"))
    assert alive_by_step(lives, in_place=False, with_input=False)[1:3] == ((1, 2), (1, 2, 3))


def test_the_first_layer_may_be_an_output_that_is_read_too() -> None:
    layers = [{"name": name, "kind": "conv2d", "out_channels": 2, "kernel": 1} for name in "abc"]
    layers[0]["output"] = True
    lives = lives_of(Network.model_validate({"name": "n", "input": [1, 4, 4], "layers": layers}))
    assert [life.last for life in lives.tensors] == [0, 2, 2, 2]


def test_what_is_given_first_is_there_before_anything_runs_and_what_is_kept_stays() -> None:
    convolutions = [{"name": name, "kind": "conv2d", "out_channels": 1, "kernel": 1} for name in "abc"]
    convolutions[0]["inputs"] = ["input"]
    total = {"name": "s", "kind": "add", "inputs": ["given", "a"]}
    for kind, stage in (("extra_input", "s"), ("kept_state", "c")):
        given = {"name": "given", "kind": kind, "shape": [1, 4, 4]}
        net = Network.model_validate({"name": "n", "input": [1, 4, 4], "layers": [given, convolutions[0], total, *convolutions[1:]]})
        lives = lives_of(net)
        given_life = next(life for life in lives.tensors if life.name == "given")
        assert (given_life.made, given_life.last) == (-1, lives.steps.index(stage))
