"""What a window reads, against its taps one by one; and what several readers of one tensor keep of it."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from costmodel.memory.strategy_check import _first_read
from costmodel.memory.streaming.progress import GraphEdge, GraphNode, rings_of
from costmodel.memory.streaming.reach import NOTHING, Reach, axis_spans, columns_read, same_spans
from costmodel.specs.axis import AdaptiveAxis, Axis

sliding = st.builds(
    Axis, st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.integers(0, 4), st.integers(1, 3)
).filter(lambda axis: axis.output >= 1)
adaptive = st.builds(AdaptiveAxis, st.integers(1, 9), st.integers(1, 9))


def reads(axis: Axis | AdaptiveAxis, output: int) -> list[int]:
    """The inputs of an output: the taps that are in bounds, or what its share of the axis touches."""
    if isinstance(axis, AdaptiveAxis):
        return [at for at in range(axis.H) if at * axis.n < (output + 1) * axis.H and (at + 1) * axis.n > output * axis.H]
    taps = [output * axis.s - axis.p + tap * axis.d for tap in range(axis.K)]
    return [at for at in taps if 0 <= at < axis.H]


@given(sliding | adaptive)
@example(Axis(5, 1, 2))
@example(Axis(4, 3, 1, 1, 1))
@example(Axis(2, 2, 3, 3, 3, 3))
@example(AdaptiveAxis(5, 3))
@example(AdaptiveAxis(3, 5))
def test_an_output_reads_from_its_first_tap_in_bounds_to_its_last(axis: Axis | AdaptiveAxis) -> None:
    for output, span in enumerate(axis_spans(axis)):
        read = reads(axis, output)
        assert span == ((read[0], read[-1]) if read else NOTHING)
        if read:
            assert _first_read(axis, output) == read[0]


def test_what_windows_read_together_begins_with_the_first_and_ends_with_the_last_that_read_anything() -> None:
    assert columns_read(((2, 2), NOTHING, (5, 5))) == (2, 5)
    assert columns_read((NOTHING, NOTHING)) == NOTHING


def test_windows_beside_one_another_read_each_element_once() -> None:
    def once(axis: Axis) -> bool:
        return Reach(axis_spans(axis), same_spans(3)).reads_each_once

    assert once(Axis(6, 2, 2))
    assert once(Axis(6, 1, 1))
    assert not once(Axis(6, 3, 2))
    assert not once(Axis(6, 1, 2))
    # All of one window's taps are in the padding.
    assert not once(Axis(4, 1, 1, 1))


def test_a_tensor_of_several_readers_is_kept_for_the_last_of_them() -> None:
    """A sum of rows and what three windows, one through the other, make of them: three rows ahead of the one that is added."""
    rows = 8
    alone, window = same_spans(rows), axis_spans(Axis(rows, 3, 1, 1, 1))

    def reading(source: int, spans: tuple[tuple[int, int], ...]) -> GraphEdge:
        return GraphEdge(source, Reach(spans, ((0, 0),)), 1)

    nodes = {
        1: GraphNode(rows, (reading(0, alone),)),
        2: GraphNode(rows, (reading(1, window),)),
        3: GraphNode(rows, (reading(2, window),)),
        4: GraphNode(rows, (reading(3, window),)),
        5: GraphNode(rows, (reading(1, alone), reading(4, alone))),
    }
    assert rings_of(nodes, 0, 5, rows) == {0: 1, 1: 4, 2: 3, 3: 3, 4: 1}
