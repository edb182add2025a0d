"""Words that pairs of filters lie in, counted tile by tile, and which convolutions run over their whole map."""

from __future__ import annotations

import pytest

from costmodel.dataflows.closed_forms.blocked_output_stationary import blocked_terms, paired, runs_in_rows, stored_words
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Taps
from costmodel.specs.operations import CONV2D
from costmodel.specs.work import LoopNest


@pytest.mark.parametrize(("groups", "out", "channels", "rows", "columns"), [(1, 7, 3, 2, 5), (3, 8, 2, 3, 4)])
@pytest.mark.parametrize("filters", [1, 2, 3, 4])
@pytest.mark.parametrize("swar", [0, 2])
def test_a_tile_of_an_even_number_of_filters_takes_half_the_words_and_one_about_them(
    groups: int, out: int, channels: int, rows: int, columns: int, filters: int, swar: int
) -> None:
    words = 0
    for first in range(0, out, filters):
        tile = min(filters, out - first)
        shared = swar > 0 and tile % 2 == 0
        words += channels * rows * columns * (tile // 2 if shared else tile) + shared
    found = stored_words(LoopNest(CONV2D, groups, out, channels, Axis(9, rows), Axis(9, columns)), filters, swar)
    assert found == groups * words
    assert type(found) is int
    assert type(paired(filters, swar)) is int


def test_a_kernel_of_one_runs_over_its_whole_map_and_others_in_rows() -> None:
    for kernel, in_rows in ((1, False), (3, True)):
        nest = LoopNest(CONV2D, 1, 4, 2, Axis(9, kernel), Axis(9, kernel))
        assert runs_in_rows(nest) is in_rows
        assert blocked_terms(nest, Taps.VALID, True, 1, 1, 4, 2)["map"] == 1 - in_rows
