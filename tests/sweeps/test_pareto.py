"""The front against its definition, pair by pair, and its ties and knee."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from costmodel.sweeps.engine.prefilter import ranks_of, screen_of, worse_in_one
from costmodel.sweeps.front.pareto import front_rows, knee_row
from costmodel.sweeps.study.study_spec import Ties


def by_definition(points):
    at_most = (points[:, None, :] <= points[None]).all(axis=2)
    less = (points[:, None, :] < points[None]).any(axis=2)
    return np.flatnonzero(~(at_most & less).any(axis=0))


def point_arrays(elements, dtype):
    shapes = st.tuples(st.integers(1, 90), st.integers(1, 4))
    return shapes.flatmap(lambda shape: arrays.arrays(dtype, shape, elements=elements))


@settings(max_examples=200, deadline=None)
@given(point_arrays(st.integers(0, 5), np.int64))
def test_front_of_rows_with_many_ties_is_the_definition(points):
    assert front_rows(points).tolist() == by_definition(points).tolist()


@settings(max_examples=200, deadline=None)
@given(point_arrays(st.floats(-1e300, 1e300), np.float64))
def test_front_of_floats_is_the_definition(points):
    assert front_rows(points).tolist() == by_definition(points).tolist()


@pytest.mark.parametrize("objectives", [2, 3, 4])
@pytest.mark.parametrize("count", [17, 63, 500, 1500])
def test_front_of_rows_that_nearly_all_stay_is_the_definition(objectives, count):
    draw = np.random.default_rng(count)
    points = -np.log(draw.random((count, objectives)))
    points /= points.sum(axis=1, keepdims=True)
    points[::7] += 0.01
    assert front_rows(points).tolist() == by_definition(points).tolist()


def test_whole_numbers_beyond_the_precision_of_floats_are_compared_exactly():
    points = np.array([[2**60, 1], [2**60 + 1, 1], [2**60 + 1, 0]])
    assert front_rows(points).tolist() == [0, 2]


def test_equal_rows_stay_together_on_the_front_or_the_first_stands_for_them():
    points = np.array([[1, 2], [2, 1], [1, 2], [3, 3], [3, 3]])
    assert front_rows(points).tolist() == [0, 1, 2]
    assert front_rows(points, Ties.FIRST).tolist() == [0, 1]


def test_rows_with_a_nan_are_on_no_front_and_infinity_compares():
    points = np.array([[np.nan, 0.0], [1.0, np.inf], [2.0, 1.0], [2.0, np.inf]])
    assert front_rows(points).tolist() == [1, 2]
    assert front_rows(np.full((3, 2), np.nan)).tolist() == []
    assert front_rows(np.empty((0, 3))).tolist() == []


@settings(max_examples=300, deadline=None)
@given(point_arrays(st.integers(0, 9), np.int64), st.integers(0, 89))
def test_the_cheap_first_pass_never_drops_a_row_of_the_front(points, place):
    screen = screen_of(points[place % len(points) :: 3])
    assert set(by_definition(points)) <= set(screen.passes(points).tolist())


def test_large_input_takes_the_filtering_path_and_equals_the_plain_one():
    points = np.random.default_rng(4).integers(0, 400, (60_000, 3))
    found = front_rows(points)
    beaten = np.zeros(len(points), dtype=bool)
    for row in points[found]:
        beaten |= (points >= row).all(axis=1) & (points > row).any(axis=1)
    assert found.tolist() == np.flatnonzero(~beaten).tolist()


def test_the_knee_of_a_bent_front_is_its_corner():
    points = np.array([[0.0, 10.0], [1.0, 1.0], [10.0, 0.0]])
    assert knee_row(points) == 1
    assert knee_row(np.array([[3.0, 3.0]])) == 0


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_the_cheap_first_pass_drops_most_of_what_is_dominated(objectives, dtype):
    points = np.random.default_rng(objectives).integers(0, 1 << 40, (50_000, objectives)).astype(dtype)
    passed = screen_of(points).passes(points)
    assert set(front_rows(points).tolist()) <= set(passed.tolist())
    assert len(passed) < 0.05 * len(points)


def test_the_cheap_first_pass_of_nothing_passes_everything():
    for objectives in (1, 2, 4):
        points = np.random.default_rng(0).random((10, objectives))
        assert len(screen_of(points[:0]).passes(points)) == 10
        assert len(screen_of(np.full((5, objectives), np.nan)).passes(points)) == 10


def test_the_knee_of_a_round_front_is_no_corner():
    draw = np.abs(np.random.default_rng(2).normal(size=(5_000, 4)))
    points = 1 - draw / np.linalg.norm(draw, axis=1, keepdims=True)
    corners = np.eye(4) * -1 + 1
    found = np.concatenate([corners, points])[knee_row(np.concatenate([corners, points]))]
    assert (np.abs(found - 0.5) < 0.1).all()


def test_the_knee_of_a_front_with_endless_lives_is_finite_in_its_choice():
    points = np.array([[0.0, 5.0], [1.0, 1.0], [9.0, -np.inf], [10.0, 0.0]])
    assert knee_row(points) == 1
    assert knee_row(np.array([[-np.inf, 1.0], [-np.inf, 2.0]])) == 0


@settings(max_examples=200, deadline=None)
@given(point_arrays(st.integers(0, 3), np.int64).filter(lambda points: points.shape[1] > 1))
def test_what_is_worse_in_one_objective_alone_is_found_by_definition(points):
    ranks = ranks_of(points)
    at_most = (points[:, None, :] <= points[None]).all(axis=2)
    differing = (points[:, None, :] != points[None]).sum(axis=2)
    assert worse_in_one(ranks).tolist() == (at_most & (differing == 1)).any(axis=0).tolist()


def test_many_designs_that_differ_in_one_objective_alone_leave_the_same_front():
    draw = np.random.default_rng(9)
    widths = draw.integers(0, 40, (4_000, 3))
    points = np.column_stack([widths, -widths.sum(axis=1), draw.integers(0, 50, 4_000)])[:, 1:]
    assert front_rows(points).tolist() == by_definition(points).tolist()
