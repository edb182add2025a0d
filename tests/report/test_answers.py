"""Answers of commands are documents: each format serves them as it serves a report."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser

import pytest

from costmodel.cli.app import main
from costmodel.cli.output import OutputFormat, answer_text
from costmodel.report.answer import answer_of
from costmodel.report.answers.explanation import explanation_answer, figures_answer
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Paragraph, Row, Table, plain_table
from costmodel.report.progress import ProgressDisplay
from costmodel.report.quantities import Scale, plain_text, unit_text
from costmodel.results.conclusions.explanation import Explanation, ListedFigure

COMMANDS = (
    ("count", "linear", "--input", "4", "--out-features", "2"),
    ("list", "batteries"),
    ("cacti", "table", "esp32"),
    ("cacti", "compare"),
    ("reproduce", "--status", "contradicts"),
    ("explain",),
    ("explain", "conv1.energy"),
)


class Elements(HTMLParser):
    """Names of a page's elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("form", list(OutputFormat))
def test_every_answer_has_every_format_or_says_which_it_has(
    command: tuple[str, ...], form: OutputFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([*command, "--format", form.value])
    told = capsys.readouterr()
    if form is OutputFormat.CSV and command[0] == "explain":
        assert status == 2
        assert "--format: 'csv' is not a format of this answer" in told.err
        return
    assert status == 0
    if form is OutputFormat.JSON:
        assert json.loads(told.out)
    elif form is OutputFormat.CSV:
        rows = list(csv.reader(io.StringIO(told.out)))
        assert len({len(row) for row in rows}) == 1
    elif form is OutputFormat.HTML:
        assert told.out.isascii()
        assert {"table", "ul"} & set(Elements(told.out).names)
    else:
        assert told.out.strip()


def test_a_format_is_refused_before_anything_is_computed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "--format", "jsn"]) == 2
    assert "did you mean 'json'" in capsys.readouterr().err


def test_a_spreadsheet_gets_values_and_people_their_text() -> None:
    table = Table(
        "t",
        (Column("layer", number=False), Column("energy"), Column("share")),
        (
            Row(("conv1", Cell(8_230_560.0, Form.ENERGY, "conv1.energy"), Cell(0.192, Form.SHARE))),
            Row(("fc1", Cell(None, Form.ENERGY), "")),
        ),
    )
    answer = answer_of([table], {"a": 1})
    assert answer_text(answer, OutputFormat.CSV) == "layer,energy,share\nconv1,8230560.0,0.192\nfc1,,\n"
    assert "| conv1 | 8.23 µJ | 19.2 % |" in answer_text(answer, OutputFormat.MARKDOWN)
    page = answer_text(answer, OutputFormat.HTML)
    assert 'data-figure="conv1.energy" data-unit="pJ">8.23&#160;&#181;J</td>' in page


@pytest.mark.parametrize(
    ("cell", "unit", "text"),
    [
        (Cell(33_893_784.0, Form.ENERGY), "pJ", "33.9 µJ"),
        (Cell(33_893_784.0, Form.ENERGY, scale=Scale("µJ", 1e6)), "pJ", "33.89"),
        (Cell(63_664.5, Form.LIFE), "s", "17.7 h"),
        (Cell(0.043, Form.CURRENT), "A", "43.0 mA"),
        (Cell(155_784, Form.BYTES), "B", "152.13 KiB"),
        (Cell(155_784, Form.EXACT_BYTES), "B", "155,784"),
        (Cell(0.005333, Form.FINE_SHARE), "1", "0.53 %"),
        (Cell(2.066, Form.TIMES), "1", "2.07×"),
        (Cell(None, Form.TIMES), "1", "–"),
        (Cell(3.125, Form.RATE), "Hz", "3.12 Hz"),
        (Cell(7.54e-8, Form.NANOSECONDS), "s", "75.4"),
        (Cell("a"), "", "a"),
        (Cell(2220.0), "", "2,220"),
        (Cell(5_775_000.0), "", "5,775,000"),
    ],
)
def test_a_cell_knows_its_unit_and_reads_as_people_say_it(cell: Cell, unit: str, text: str) -> None:
    assert (cell.unit, cell.text) == (unit, text)


def test_numbers_are_never_written_with_an_exponent_where_people_count() -> None:
    assert [plain_text(value) for value in (2220.0, 1e5, 123456.7, -2e6, 12, 0.5, None)] == [
        "2,220",
        "100,000",
        "123,457",
        "-2,000,000",
        "12",
        "0.5",
        "–",
    ]
    assert [unit_text(unit) for unit in ("uJ", "mm2", "mJ")] == ["µJ", "mm²", "mJ"]


def test_an_explanation_repeats_no_step_and_stops_where_it_is_told_to() -> None:
    leaf = Explanation(name="b", meaning="", value=2, unit="", equation="", substituted="", source="given")
    step = Explanation(name="a", meaning="", value=4, unit="pJ", equation="a = b*b", substituted="2*2", source="definition", inputs=(leaf,))
    whole = Explanation(
        name="w", meaning="", value=8, unit="pJ", equation="w = a + a", substituted="4 + 4", source="s", inputs=(step, step)
    )
    text = answer_text(explanation_answer(whole, 9), OutputFormat.MARKDOWN)
    assert text.count("from given") == 1
    assert "as above" in text
    assert "deeper with --depth" in answer_text(explanation_answer(whole, 1), OutputFormat.MARKDOWN)


def test_the_list_of_figures_leaves_out_what_is_nothing_for_people_only() -> None:
    answer = figures_answer({"a": ListedFigure(5, "pJ", "m"), "b": ListedFigure(0, "", "n"), "c": ListedFigure(None, "s", "o")})
    assert [row.texts[0] for row in answer.document.sections[0].blocks[0].rows] == ["a"]  # type: ignore[union-attr]
    assert set(answer.content) == {"a", "b", "c"}


def test_an_answer_without_a_table_has_no_csv() -> None:
    with pytest.raises(Exception, match="holds no table"):
        answer_text(answer_of([Paragraph("words")], None), OutputFormat.CSV)


class Terminal(io.StringIO):
    """An error stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    silent, shown = io.StringIO(), Terminal()
    for stream in (silent, shown):
        monkeypatch.setattr("sys.stderr", stream)
        with ProgressDisplay("designs", "designs") as progress:
            progress.say("drawing [bold]energy[/]")
            progress.advance(1, 2)
            progress.layer("conv[1]", 5, 10)
            progress.rate(1_000_000, 2_000_000, 3_500_000.0)
            progress.pause(lambda: None)
        with ProgressDisplay("quiet", quiet=True) as quiet:
            quiet.advance(1, 2)
    assert silent.getvalue() == ""
    text = shown.getvalue()
    assert "3.5 million designs per second" in text
    assert "quiet" not in text


def test_a_total_is_marked_and_columns_of_numbers_stand_flush_right() -> None:
    table = plain_table("t", ("layer", "mac", "note"), [("conv1", 5, "a"), ("total", 5, None)], total=True)
    assert [column.number for column in table.columns] == [False, True, False]
    assert [row.total for row in table.rows] == [False, True]
