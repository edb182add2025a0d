"""Tables on a narrow screen: numbers whole, headings broken between words, in pieces where nothing else helps."""

import pytest
from rich.console import Console

from costmodel.report.answer import answer_of
from costmodel.report.document import Column, Row, Table, plain_table
from costmodel.report.formats.as_terminal import print_terminal
from costmodel.report.table_layout import COLUMN_GAP, column_widths, side_by_side, title_lines

WIDE = plain_table(
    "wide",
    ("", "layers.*.out_channels", "device", *(f"network.figure_{place} [pJ]" for place in range(12))),
    [("knee" if row else "0", row, "esp32-s3-wroom-1-n8", *(1234567.0 * 10**place for place in range(12))) for row in range(3)],
)


def _printed(table: Table, width: int) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        print_terminal(answer_of([table], None).document, console)
    return captured.get()


@pytest.mark.parametrize("width", [40, 80, 120, 200, 400])
def test_no_number_name_or_word_of_a_heading_is_broken_at_any_width(width: int) -> None:
    text = _printed(WIDE, width)
    assert all(len(line) <= width for line in text.splitlines())
    words = text.split()
    assert words.count("1.23457e+17") == words.count("esp32-s3-wroom-1-n8") == 3
    assert {"[pJ]", "1,234,567"} <= set(words)
    assert sum("figure_" in word for word in words) == 12
    pieces = words.count("knee") / 2
    assert pieces == 1 if width == 400 else pieces > 1


def test_a_heading_breaks_after_its_dots_and_keeps_its_unit_whole() -> None:
    assert title_lines(Column("energy.memory [pJ]"), 8) == ["energy.", "memory", "[pJ]"]
    assert title_lines(Column("network.mac_count"), 12) == ["network.mac_", "count"]
    assert title_lines(Column("tensor read"), 11) == ["tensor read"]
    assert title_lines(Column("2.5 %", "s"), 2) == ["2.5", "%", "[s]"]


def test_headings_are_folded_tighter_before_a_table_is_divided() -> None:
    columns = (Column("layer", number=False), Column("tensor read"), Column("tensor write"))
    texts = [("conv1", "123456", "123456")]
    roomy, tight = (column_widths(columns, texts, room) for room in (40, 22))
    assert roomy == [5, 10, 10]
    assert tight == [5, 6, 6]
    assert sum(tight) + 2 * COLUMN_GAP <= 22


def test_pieces_hold_every_column_once_beside_the_first() -> None:
    assert side_by_side([4, 10, 10, 50, 3], 30) == [[0, 1, 2], [0, 3], [0, 4]]
    assert side_by_side([4, 10], 30) == [[0, 1]]
    assert side_by_side([40], 30) == [[0]]


def test_long_texts_may_fold_and_numbers_not() -> None:
    columns = (Column("n", number=False), Column("t", number=False), Column("x"))
    assert column_widths(columns, [("a", "b" * 90, "1" * 40)], 80) == [1, 24, 40]


def test_tables_too_wide_for_the_console_are_split_and_keep_their_first_column() -> None:
    table = Table("t", tuple(Column(f"c{place}") for place in range(6)), (Row(("1,000,000,000",) * 6),))
    groups = side_by_side(column_widths(table.columns, [row.texts for row in table.rows], 30), 30)
    assert all(group[0] == 0 for group in groups)
    assert sorted({place for group in groups for place in group}) == list(range(6))
