"""The terminal report: readable at any width, in any encoding, whatever users write."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from rich.console import Console

from costmodel.printable_text import encodable, printable
from costmodel.report.document import Document, Table
from costmodel.report.formats.as_terminal import print_terminal
from costmodel.results.evaluation import Evaluation
from costmodel.specs.scenario import Scenario


def printed(document: Document, width: int = 100, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="\n")
    print_terminal(document, Console(file=stream, width=width, highlight=False))
    stream.seek(0)
    return "".join(f"{line.rstrip()}\n" for line in stream.read().splitlines())


def test_each_kind_of_block_looks_as_it_did(small_document: Document, matches_golden: Callable[[str, str], None]) -> None:
    matches_golden("small.txt", printed(small_document, 72))


def test_the_reference_report_looks_as_it_did(deck_document: Document, matches_golden: Callable[[str, str], None]) -> None:
    kept = tuple(
        section for section in deck_document.sections if section.id in {"figures", "verdict", "energy", "counts", "latency", "power"}
    )
    matches_golden("esp32-deck.txt", printed(Document(deck_document.title, deck_document.lead, kept, deck_document.colophon)))


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_number_is_folded_or_cut_at_any_width(deck_document: Document, width: int) -> None:
    words = set(printed(deck_document, width).split())
    for section in deck_document.sections:
        for block in section.blocks:
            if isinstance(block, Table) and not block.supplementary:
                numbers = {row.texts[place] for row in block.rows for place, column in enumerate(block.columns) if column.number}
                assert {part for number in numbers for part in number.split()} <= words, block.caption


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_a_console_without_the_characters_gets_stand_ins(deck_document: Document, encoding: str) -> None:
    text = printed(deck_document, 100, encoding)
    assert "42.67 uJ" in text if encoding == "ascii" else "42.67 µJ" in text
    assert re.search(r"conv2 +output-stationary +#+ 33\.89", text) or encoding == "cp437"


def test_markup_and_escape_sequences_of_users_have_no_effect(hostile_document: Document) -> None:
    text = printed(hostile_document)
    assert "[bold red]rich[/]" in text
    assert not set(text) & {"\x1b", "\x00", "\u202e", "\r"}


def test_findings_come_first(deck_document: Document) -> None:
    assert deck_document.sections[0].id == "findings"
    text = printed(deck_document)
    assert text.index("Findings") < text.index("Key figures") < text.index("Assumptions and sources")


def test_the_word_predicted_is_never_said(deck_document: Document, deck_evaluation: Evaluation, deck: Scenario) -> None:
    text = printed(deck_document)
    assert "predicted" not in text
    assert "calibrated on 2 convolutions" in text
    assert "not calibrated" in text


def test_printable_keeps_spaces_and_drops_what_steers() -> None:
    assert printable("a  µ\tb\nc\x1b[0m") == "a  µ b c\ufffd[0m"
    assert encodable("2 µJ × 3", "ascii") == "2 uJ x 3"
    assert encodable("日本", "no-such-encoding") == "??"
