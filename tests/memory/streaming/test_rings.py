"""The units a ring keeps, in closed form, are those that a walk through the stream finds."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from costmodel.memory.streaming.progress import GraphEdge, GraphNode, rings_of
from costmodel.memory.streaming.reach import Reach, axis_spans, ring_units, running_units
from costmodel.specs.axis import AdaptiveAxis, Axis


@st.composite
def axes(draw: st.DrawFn) -> Axis | AdaptiveAxis:
    extent, kernel, dilation = draw(st.integers(1, 9)), draw(st.integers(1, 4)), draw(st.integers(1, 2))
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    if draw(st.integers(0, 4)) == 0:
        return AdaptiveAxis(extent, draw(st.integers(1, 4)))
    short = dilation * (kernel - 1) + 1 - extent - before - after
    return Axis(extent + max(short, 0), kernel, draw(st.integers(1, 4)), before, after, dilation)


@given(axes(), axes())
@example(Axis(3, 5, 1, 2, 2), Axis(6, 2, 2, 1, 1, 2))  # rows read again and again, from their second column on
def test_a_ring_in_closed_form_is_what_a_walk_finds(h: Axis | AdaptiveAxis, w: Axis | AdaptiveAxis) -> None:
    reach = Reach(axis_spans(h), axis_spans(w))
    node = GraphNode(h.output * w.output, (GraphEdge(-1, reach, w.H),))
    assert rings_of({0: node}, -1, 0, h.H * w.H)[-1] == ring_units(reach, w.H)


def test_rings_of_the_published_convolution_and_pooling() -> None:
    convolution = Reach(axis_spans(Axis(32, 3, 1, 1, 1)), axis_spans(Axis(32, 3, 1, 1, 1)))
    pooling = Reach(axis_spans(Axis(32, 2, 2)), axis_spans(Axis(32, 2, 2)))
    assert ring_units(convolution, 32) == 2 * 32 + 3
    assert ring_units(pooling.through(convolution), 32) == 3 * 32 + 4
    assert running_units(pooling) == 16


@given(axes(), axes())
def test_results_under_way_are_those_begun_before_the_oldest_is_complete(h: Axis | AdaptiveAxis, w: Axis | AdaptiveAxis) -> None:
    reach = Reach(axis_spans(h), axis_spans(w))
    windows = [(row, column) for row in reach.rows for column in reach.columns]
    most = 1
    for pixel in range(h.H * w.H):
        row, column = divmod(pixel, w.H)
        begun = [at for at, (rows, columns) in enumerate(windows) if rows[0] <= rows[1] and columns[0] <= columns[1]
                 and (rows[0], columns[0]) <= (row, column) and rows[0] * w.H + columns[0] <= pixel]  # fmt: skip
        open_ = [at for at in begun if windows[at][0][1] * w.H + windows[at][1][1] >= pixel]
        if open_:
            most = max(most, max(begun) - min(open_) + 1)
    assert running_units(reach) >= most
