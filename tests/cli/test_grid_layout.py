"""Tables on a narrow screen: numbers whole, headings broken between words, in pieces where nothing else helps."""

import pytest
from rich.console import Console

from costmodel.cli.answers.grid_layout import COLUMN_GAP, column_widths, folded_headings, with_headings
from costmodel.cli.answers.tables import Grid, _print_to
from costmodel.report.as_terminal import side_by_side

WIDE = Grid(
    "wide",
    ("", "layers.*.out_channels", "device", *(f"network.figure_{place} [pJ]" for place in range(12))),
    tuple(("knee" if row else "0", row, "esp32-s3-wroom-1-n8", *(1234567.0 * 10**place for place in range(12))) for row in range(3)),
)


def _printed(grid: Grid, width: int) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        _print_to(console, [grid])
    return captured.get()


@pytest.mark.parametrize("width", [40, 80, 120, 200, 400])
def test_no_number_name_or_word_of_a_heading_is_broken_at_any_width(width: int) -> None:
    text = _printed(WIDE, width)
    assert all(len(line) <= width for line in text.splitlines())
    words = text.split()
    assert words.count("1.23457e+17") == words.count("esp32-s3-wroom-1-n8") == 3
    assert {"[pJ]", "1.23457e+06"} <= set(words)
    assert sum("figure_" in word for word in words) == 12
    pieces = text.count("─\n")
    assert words.count("knee") == 2 * pieces
    assert pieces == 1 if width == 400 else pieces > 1


def test_a_heading_breaks_after_its_dots_and_keeps_its_unit_whole() -> None:
    assert folded_headings(["energy.memory [pJ]", "name of it"], [4, 4], [True, False], 8) == ["energy.\nmemory\n[pJ]", "name of it"]
    assert folded_headings(["network.mac_count"], [12], [True], 80) == ["network.mac_\ncount"]
    assert folded_headings(["tensor read"], [9], [True], 80) == ["tensor read"]


def test_headings_are_folded_tighter_before_a_table_is_divided() -> None:
    headings, widths = ["layer", "tensor read", "tensor write"], [5, 6, 6]
    roomy = folded_headings(headings, widths, [False, True, True], 40)
    tight = folded_headings(headings, widths, [False, True, True], 26)
    assert roomy == headings
    assert tight == ["layer", "tensor\nread", "tensor\nwrite"]
    assert sum(with_headings(widths, tight)) + 2 * COLUMN_GAP <= 26


def test_pieces_hold_every_column_once_beside_the_first() -> None:
    pieces = side_by_side([4, 10, 10, 50, 3], 30, COLUMN_GAP)
    assert pieces == [[0, 1, 2], [0, 3], [0, 4]]
    assert side_by_side([4, 10], 30, COLUMN_GAP) == [[0, 1]]
    assert side_by_side([40], 30, COLUMN_GAP) == [[0]]


def test_long_texts_may_fold_and_numbers_not() -> None:
    assert column_widths([["a" * 90, "1" * 40]], [False, True]) == [24, 40]
