"""Reports of networks with many layers: what is computed for each layer grows with the layers, not with their square."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.report.document import Document, Table
from costmodel.report.reporting import report_document
from costmodel.report.writing import page_text
from costmodel.results.evaluation import LayerEvaluation
from costmodel.sources.catalogue import load_scenario


class Tables(HTMLParser):
    """Cells of the tables of a page: text, figure, dataflow and unit, with what stands at their column and table put in."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[dict[str, str]]]] = []
        self.titles: list[dict[str, str]] = []
        self.shared = ""
        self.text: dict[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "table":
            self.tables.append([])
            self.titles, self.shared = [], own.get("data-dataflow", "")
        elif tag == "th" and own.get("scope") == "col":
            self.titles.append(own)
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            row = self.tables[-1][-1]
            row.append(own | {"text": ""})
            self.text = row[-1]

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text["text"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self.text = None
        elif tag == "tr" and self.tables[-1][-1]:
            row = self.tables[-1][-1]
            for title, cell in zip(self.titles, row, strict=False):
                if "data-figure" in title and "data-figure" not in cell:
                    usual = {name: value for name, value in title.items() if name in ("data-figure", "data-dataflow", "data-unit")}
                    cell |= usual | {"data-figure": usual["data-figure"].replace("*", row[0]["text"], 1)}
                if "data-figure" in cell:
                    cell.setdefault("data-dataflow", self.shared)
                    cell.setdefault("data-unit", "1")


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """A hundred layers and more, each of which works; names that stand in one another, and in figures' own."""
    path = tmp_path_factory.mktemp("deep") / "deep.yaml"
    kinds = "".join(f"  - {{name: {name}, kind: conv2d, out_channels: 3, kernel: 3, padding: 1}}\n" for name in ("a", "counts", "flows"))
    names = (f"block{at // 10}.unit{at % 10}" for at in range(100))
    layers = kinds + "".join(f"  - {{name: {name}, kind: conv2d, out_channels: 3, kernel: 3, padding: 1}}\n" for name in names)
    path.write_text(f"name: deep\ninput: [3, 8, 8]\nlayers:\n{layers}  - {{name: flat, kind: flatten}}\n", encoding="utf-8")
    scenario = load_scenario({"name": "deep", "network": str(path), "device": "esp32-s3-wroom-1-n8"})
    answer = evaluate(scenario)
    return report_document(answer, scenario, grounds_of(scenario, answer), "1")


def test_a_page_of_a_hundred_layers_is_light_and_names_every_figure(hundred: Document) -> None:
    page = page_text(hundred)
    assert len(page.encode()) < 500_000
    found = [[row for row in table if row] for table in Tables(page).tables]
    tables = [block for section in hundred.sections for block in section.blocks if isinstance(block, Table)]
    assert len(found) == len(tables)
    told = 0
    for table, rows in zip(tables, found, strict=True):
        for row, cells in zip(table.rows, (cells for cells in rows if "colspan" not in cells[0]), strict=True):
            for cell, shown in zip(row.typed[1:], cells[1:], strict=True):
                if cell.figure:
                    own = (shown["data-figure"], shown["data-dataflow"], shown["data-unit"])
                    assert own == (cell.figure, cell.dataflow, cell.unit)
                    told += 1
    assert told > 3_000


@pytest.mark.parametrize("options", [("--full",), ("--format", "json")], ids=["terminal", "json"])
def test_twice_the_layers_are_asked_about_twice_as_often(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = 0
    works = LayerEvaluation.works.fget
    assert works is not None

    def counted(self: LayerEvaluation) -> bool:
        nonlocal asked
        asked += 1
        return bool(works(self))

    monkeypatch.setattr(LayerEvaluation, "works", property(counted))
    found = []
    for count in (80, 160):
        asked = 0
        layers = "".join(f"  - {{name: c{at}, kind: conv2d, out_channels: 2, kernel: [1, 1]}}\n" for at in range(count))
        (tmp_path / "deep.yaml").write_text(f"name: deep\ninput: [2, 4, 4]\nlayers:\n{layers}", encoding="utf-8")
        assert main(["report", str(tmp_path / "deep.yaml"), *options]) == 0
        assert f"c{count - 1}" in capsys.readouterr().out
        found.append(asked)
    assert 0 < found[1] <= 2.4 * found[0]
