"""The Markdown report: tables that hold together, and text that stays text."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from costmodel.report.document import Document, Table
from costmodel.report.formats.as_markdown import escaped, markdown_text


def parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")


def test_each_kind_of_block_looks_as_it_did(small_document: Document, matches_golden: Callable[[str, str], None]) -> None:
    matches_golden("small.md", markdown_text(small_document, {"chart-0": "figures/chart-0.png"}))


def test_tables_are_read_as_tables_with_all_their_cells(deck_document: Document) -> None:
    tokens = parser().parse(markdown_text(deck_document, {}))
    tables = [block for section in deck_document.sections for block in section.blocks if isinstance(block, Table)]
    assert sum(token.type == "table_open" for token in tokens) == len(tables) + 1  # The key figures are one too.
    assert sum(token.type == "tr_open" for token in tokens) >= sum(len(table.rows) + 1 for table in tables)


def test_text_of_users_becomes_neither_markup_nor_link(hostile_document: Document) -> None:
    tokens = parser().parse(markdown_text(hostile_document, {}))
    inner = [child for token in tokens for child in (token.children or [])]
    assert not {token.type for token in tokens} & {"html_block", "fence", "code_block", "blockquote_open"}
    assert not {token.type for token in inner} & {"html_inline", "link_open", "image", "code_inline"}
    headings = sum(token.type == "heading_open" for token in tokens)
    assert headings == 1 + len(hostile_document.sections)


@settings(max_examples=150)
@given(st.text(max_size=60))
def test_any_text_survives_escaping_as_itself(text: str) -> None:
    from costmodel.printable_text import printable

    expected = " ".join(printable(text).split())
    inline = parser().parse(f"x {escaped(text)} y")
    assert [token.type for token in inline] == ["paragraph_open", "inline", "paragraph_close"]
    seen = "".join(child.content for child in inline[1].children or [])
    assert " ".join(seen.split()) == " ".join(f"x {expected} y".split())


def test_pictures_are_named_where_they_are(small_document: Document) -> None:
    text = markdown_text(small_document, {"chart-1": "figures/chart-1.png"})
    assert "![Words 1.](figures/chart-1.png)" in text
    assert "chart-0.png" not in text
