"""Block traces: worked by hand, and against a simulation that shares nothing with the executor."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from costmodel.dataflows.counting import count_work
from costmodel.dataflows.executed.loops.block_trace import trace_blocks
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.layers import Add, BatchNorm2d, Flatten, Linear, MaxPool2d, Softmax
from costmodel.specs.lowering import lower
from costmodel.specs.network import TensorBytes
from costmodel.specs.operations import CONV2D
from costmodel.specs.work import LoopNest

OS, RS, WS, IS, NLR = Dataflow


def tensor_counters(counts: AccessCounts) -> dict[str, int]:
    names = ("input_read", "weight_read", "bias_read", "output_read", "output_write")
    return {name: getattr(counts, f"{name}_count") for name in names if getattr(counts, f"{name}_count")}


# One row of four elements, a kernel of two: the outputs are 0, 1, 2 and read (0, 1), (1, 2), (2, 3). Two elements a block.
ROW = LoopNest(CONV2D, 1, 1, 1, Axis(1, 1), Axis(4, 2), True)
HAND_WORKED = [
    # input blocks 0 0 | 0 1 | 1 1: two reads; weights stay in block 0; outputs 0 1 in one block, 2 in the next.
    (OS, {"input_read": 2, "weight_read": 1, "bias_read": 1, "output_write": 2}),
    # The row is loaded once, so are both weights.
    (RS, {"input_read": 2, "weight_read": 1, "bias_read": 1, "output_write": 2}),
    # Weight 0 meets inputs 0 1 2 (blocks 0 0 1), weight 1 meets inputs 1 2 3 (blocks 0 1 1): four reads.
    (WS, {"input_read": 4, "weight_read": 1, "bias_read": 1, "output_write": 2}),
    # Inputs in order; the two weights share a block.
    (IS, {"input_read": 2, "weight_read": 1, "bias_read": 1, "output_write": 2}),
    # The output is first written, so nothing is fetched; its block stays while it is updated.
    (NLR, {"input_read": 2, "weight_read": 1, "bias_read": 1, "output_write": 2}),
]


@pytest.mark.parametrize(("dataflow", "expected"), HAND_WORKED)
def test_by_hand(dataflow: Dataflow, expected: dict[str, int]) -> None:
    assert tensor_counters(trace_blocks(ROW, dataflow, block_bytes=2)) == expected


def test_by_hand_two_channels_thrash_one_buffer() -> None:
    # 1x1 kernel, two input channels of two elements each: output stationary goes 0 2 1 3, blocks 0 1 0 1; weight stationary 0 1 2 3.
    nest = LoopNest(CONV2D, 1, 1, 2, Axis(1, 1), Axis(2, 1), False)
    assert tensor_counters(trace_blocks(nest, OS, block_bytes=2)) == {"input_read": 4, "weight_read": 1, "output_write": 1}
    assert tensor_counters(trace_blocks(nest, WS, block_bytes=2)) == {"input_read": 2, "weight_read": 1, "output_write": 1}


def test_by_hand_an_element_across_two_blocks_moves_both() -> None:
    # Elements of four bytes, blocks of six: element 0 in block 0, 1 in 0 and 1, 2 in 1.
    work = lower(Linear(name="fc", out_features=1, bias=False), [(3,)], None).work
    counts = trace_blocks(work, OS, block_bytes=6, sizes=TensorBytes(4, 4, 4, 4))
    assert tensor_counters(counts) == {"input_read": 2, "weight_read": 2, "output_write": 1}
    # Blocks of three: elements lie in blocks 0 1, 1 2, 2 3.
    counts = trace_blocks(work, OS, block_bytes=3, sizes=TensorBytes(4, 4, 4, 4))
    assert tensor_counters(counts) == {"input_read": 4, "weight_read": 4, "output_write": 2}


def test_by_hand_the_other_layers() -> None:
    pooled = lower(MaxPool2d(name="p", kernel=2), [(1, 2, 4)], None).work
    # Rows 0 1 2 3 / 4 5 6 7, windows 0 1 4 5 and 2 3 6 7, blocks of four: 0 0 1 1 0 0 1 1.
    assert tensor_counters(trace_blocks(pooled, OS, block_bytes=4)) == {"input_read": 4, "output_write": 1}
    added = lower(Add(name="a", inputs=("x", "y")), [(8,), (8,)], None).work
    # Each operand has a buffer of its own: no thrashing between them.
    assert tensor_counters(trace_blocks(added, OS, block_bytes=4)) == {"input_read": 4, "output_write": 2}
    soft = lower(Softmax(name="s"), [(8,)], None).work
    assert tensor_counters(trace_blocks(soft, OS, block_bytes=4)) == {"input_read": 6, "output_write": 2}
    normed = lower(BatchNorm2d(name="b"), [(2, 1, 4)], "add").work
    # Scales 0 1, shifts 2 3, read 0 2 1 3 with two a block: four fetches.
    assert tensor_counters(trace_blocks(normed, OS, block_bytes=2)) == {
        "input_read": 4,
        "weight_read": 4,
        "output_write": 4,
    }
    assert trace_blocks(lower(Flatten(name="f"), [(2, 1, 4)], None).work, OS, block_bytes=2) == AccessCounts()


Access = tuple[str, str, int]


def addresses(nest: LoopNest, dataflow: Dataflow) -> Iterator[Access]:
    """Every access to a tensor with an address, in the order of COUNTING.md, valid taps."""
    G, OC, IC, h, w = nest.groups, nest.out_channels, nest.in_channels, nest.h, nest.w
    OH, OW = ((a.H + a.p + a.q - a.d * (a.K - 1) - 1) // a.s + 1 for a in (h, w))
    taps = list(itertools.product(range(h.K), range(w.K)))
    pixels = list(itertools.product(range(OH), range(OW)))

    def at(oh: int, kh: int) -> int:
        return oh * h.s - h.p + kh * h.d

    def across(ow: int, kw: int) -> int:
        return ow * w.s - w.p + kw * w.d

    def inside(oh: int, ow: int, kh: int, kw: int) -> bool:
        return 0 <= at(oh, kh) < h.H and 0 <= across(ow, kw) < w.H

    def x(g: int, ic: int, ih: int, iw: int) -> Access:
        return "input", "r", ((g * IC + ic) * h.H + ih) * w.H + iw

    def k(g: int, oc: int, ic: int, kh: int, kw: int) -> Access:
        return "weight", "r", (((g * OC + oc) * IC + ic) * h.K + kh) * w.K + kw

    def b(g: int, oc: int) -> Iterator[Access]:
        if nest.bias:
            yield "bias", "r", g * OC + oc

    def y(g: int, oc: int, oh: int, ow: int, what: str) -> Access:
        return "output", what, ((g * OC + oc) * OH + oh) * OW + ow

    for g in range(G):
        if dataflow is IS:
            for oc in range(OC):
                yield from b(g, oc)
            for ic, ih, iw in itertools.product(range(IC), range(h.H), range(w.H)):
                uses = [(*p, *t) for p in pixels for t in taps if (at(p[0], t[0]), across(p[1], t[1])) == (ih, iw)]
                if uses:
                    yield x(g, ic, ih, iw)
                for oc in range(OC):
                    yield from (k(g, oc, ic, kh, kw) for _, _, kh, kw in uses)
            yield from (y(g, oc, *p, "w") for oc in range(OC) for p in pixels)
            continue
        for oc in range(OC):
            if dataflow is WS:
                yield from b(g, oc)
                for ic, (kh, kw) in itertools.product(range(IC), taps):
                    yield k(g, oc, ic, kh, kw)
                    yield from (x(g, ic, at(oh, kh), across(ow, kw)) for oh, ow in pixels if inside(oh, ow, kh, kw))
                yield from (y(g, oc, *p, "w") for p in pixels)
            elif dataflow is RS:
                for oh in range(OH):
                    yield from b(g, oc)
                    for ic, kh in itertools.product(range(IC), range(h.K)):
                        if 0 <= at(oh, kh) < h.H:
                            yield from (k(g, oc, ic, kh, kw) for kw in range(w.K))
                            yield from (x(g, ic, at(oh, kh), iw) for iw in range(w.H))
                    yield from (y(g, oc, oh, ow, "w") for ow in range(OW))
            else:
                for oh, ow in pixels:
                    yield from b(g, oc)
                    if dataflow is NLR:
                        yield y(g, oc, oh, ow, "w")
                    for ic, (kh, kw) in itertools.product(range(IC), taps):
                        if inside(oh, ow, kh, kw):
                            if dataflow is NLR:
                                yield y(g, oc, oh, ow, "r")
                            yield x(g, ic, at(oh, kh), across(ow, kw))
                            yield k(g, oc, ic, kh, kw)
                            if dataflow is NLR:
                                yield y(g, oc, oh, ow, "w")
                    if dataflow is OS:
                        yield y(g, oc, oh, ow, "w")


def simulated(accesses: list[Access], sizes: dict[str, int], block_bytes: int) -> dict[str, int]:
    """Maximal runs of accesses to one block: a run that begins with a read fetched it, a run with a write in it wrote it back."""
    found: Counter[str] = Counter()
    for tensor, size in sizes.items():
        blocks = [
            (block, what)
            for name, what, index in accesses
            if name == tensor
            for block in range(index * size // block_bytes, (index * size + size - 1) // block_bytes + 1)
        ]
        for _, run in itertools.groupby(blocks, key=lambda access: access[0]):
            kinds = [what for _, what in run]
            found[f"{tensor}_read"] += kinds[0] == "r"
            found[f"{tensor}_write"] += "w" in kinds
    return {name: number for name, number in found.items() if number}


@st.composite
def nests(draw: st.DrawFn) -> LoopNest:
    def axis() -> Axis:
        drawn = Axis(
            draw(st.integers(1, 6)),
            draw(st.integers(1, 3)),
            draw(st.integers(1, 3)),
            draw(st.integers(0, 2)),
            draw(st.integers(0, 2)),
            draw(st.integers(1, 2)),
        )
        assume(drawn.H + drawn.p + drawn.q > drawn.d * (drawn.K - 1))
        return drawn

    channels = st.integers(1, 2)
    return LoopNest(CONV2D, draw(channels), draw(channels), draw(channels), axis(), axis(), draw(st.booleans()))


@pytest.mark.parametrize("dataflow", list(Dataflow))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(nest=nests(), block=st.sampled_from([1, 2, 3, 4, 6, 8, 16, 64]), sizes=st.tuples(*[st.sampled_from([1, 2, 4])] * 4))
def test_against_a_simulation_of_its_own(dataflow: Dataflow, nest: LoopNest, block: int, sizes: tuple[int, int, int, int]) -> None:
    traced = trace_blocks(nest, dataflow, block_bytes=block, sizes=TensorBytes(*sizes))
    names = dict(zip(("input", "weight", "bias", "output"), sizes, strict=True))
    assert tensor_counters(traced) == simulated(list(addresses(nest, dataflow)), names, block)


@pytest.mark.parametrize("dataflow", list(Dataflow))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(nest=nests(), taps=st.sampled_from(list(Taps)), bias=st.booleans())
def test_operations_and_scratch_are_as_always_and_scratch_accesses_are_not_traced(
    dataflow: Dataflow, nest: LoopNest, taps: Taps, bias: bool
) -> None:
    traced = trace_blocks(nest, dataflow, taps, block_bytes=8, bias=bias)
    counted = count_work(nest, dataflow, taps, bias=bias)
    for name in ("mac_count", "operation_count", "boundary_check_count", "scratch_buffer_count", "scratch_bytes"):
        assert getattr(traced, name) == getattr(counted, name)
    assert traced.psum_read_count == traced.psum_write_count == traced.input_row_write_count == traced.weight_row_read_count == 0
    assert traced.input_read_count <= counted.input_read_count
    assert (traced.bias_read_count == 0) == (counted.bias_read_count == 0)


def test_padding_has_no_address_and_moves_no_block() -> None:
    # A 1x1 input under a 3x3 kernel: under nominal taps eight of nine reads fall on padding; all nine weights are read.
    nest = LoopNest(CONV2D, 1, 1, 1, Axis(1, 3, 1, 1, 1), Axis(1, 3, 1, 1, 1), False)
    traced = trace_blocks(nest, OS, Taps.NOMINAL, block_bytes=1)
    assert (traced.input_read_count, traced.weight_read_count, traced.mac_count) == (1, 9, 9)


@pytest.mark.timing
def test_the_largest_layer_is_traced_in_a_few_seconds() -> None:
    axis = Axis(16, 3, 1, 1, 1)
    begun = time.process_time()
    trace_blocks(LoopNest(CONV2D, 1, 51, 25, axis, axis, True), OS, block_bytes=64)
    assert time.process_time() - begun < 5
