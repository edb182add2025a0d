"""The page: well formed, self-contained, accessible, and deaf to markup in users' text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from costmodel.report.document import Document, Illustration, Table
from costmodel.report.figures.drawing import draw_svg
from costmodel.report.formats.as_html import html_page

VOID = {"meta", "br", "hr", "img", "link", "input"}
ADDRESSES = ("src", "href", "xlink:href", "action", "data", "poster", "srcset", "background")


class Page(HTMLParser):
    """Elements with their attributes and text, and a proof that each is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append((self.open[-1] if self.open else "", data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(document: Document) -> tuple[str, Page]:
    text = html_page(document, {one.id: draw_svg(one) for one in document.illustrations})
    return text, Page(text)


@pytest.fixture(scope="module")
def deck_page(deck_document: Document) -> tuple[str, Page]:
    return page_of(deck_document)


def test_a_figure_in_the_page_names_what_explains_it(deck_page: tuple[str, Page]) -> None:
    assert 'data-figure="conv2.energy" data-dataflow="row-stationary" data-unit="pJ">70.72</td>' in deck_page[0]


def test_each_section_is_there_and_linked(deck_page: tuple[str, Page], deck_document: Document) -> None:
    _, page = deck_page
    sections = [attributes["id"] for attributes in page.of("section")]
    assert sections == [section.id for section in deck_document.sections]
    assert {"findings", "figures", "verdict", "energy", "memory", "latency", "power", "counts", "assumptions"} <= set(sections)
    assert [attributes["href"] for attributes in page.of("a")][1:] == [f"#{name}" for name in sections]


def test_nothing_is_fetched_from_anywhere(deck_page: tuple[str, Page]) -> None:
    text, page = deck_page
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "img", "base"}
        for name in ADDRESSES:
            assert (attributes.get(name) or "#").startswith("#"), f"{tag} {name}={attributes[name]}"
    style = "".join(data for tag, data in page.text if tag == "style")
    assert "@import" not in style
    assert "url(" not in style
    assert all(reference.startswith("#") for reference in re.findall(r"url\(([^)]*)\)", text))


def test_ids_are_unique_and_every_reference_leads_somewhere(deck_page: tuple[str, Page]) -> None:
    text, page = deck_page
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    references = {attributes[name] for _, attributes in page.elements for name in ("aria-labelledby", "href") if attributes.get(name)}
    references |= set(re.findall(r"url\((#[^)]*)\)", text))
    assert {reference.removeprefix("#") for reference in references if reference} <= set(ids)


def test_readers_that_speak_find_language_headers_and_words_for_pictures(deck_page: tuple[str, Page], deck_document: Document) -> None:
    _, page = deck_page
    assert page.of("html")[0]["lang"] == "en"
    tables = [block for section in deck_document.sections for block in section.blocks if isinstance(block, Table)]
    assert len(page.of("table")) == len(tables)
    scopes = [attributes.get("scope") for attributes in page.of("th")]
    assert scopes.count("row") == sum(len(table.rows) for table in tables)
    assert scopes.count("col") == sum(len(table.columns) for table in tables)
    assert all(svg["role"] == "img" and svg["aria-labelledby"] for svg in page.of("svg"))
    assert len(page.of("svg")) == len(deck_document.illustrations) == 4
    titles = "".join(data for tag, data in page.text if tag == "title")
    assert all(one.alternative in titles for one in deck_document.illustrations)
    assert not any(column.title == "" for table in tables for column in table.columns)


def test_a_phone_a_printer_and_a_dark_screen_are_provided_for(deck_page: tuple[str, Page]) -> None:
    text, page = deck_page
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.of("meta")
    for rule in ("@media print", "@media (max-width", "prefers-color-scheme: dark", "overflow-x: auto"):
        assert rule in text


def test_text_of_users_is_text(hostile_document: Document) -> None:
    text, page = page_of(hostile_document)
    assert page.of("script") == [{}]
    assert not page.of("img")
    said = "".join(data for _, data in page.text)
    assert "<script>alert(1)</script>" in said
    assert "{{ 7*7 }}" in said
    assert not set(text) & {"\x1b", "\x00", "\u202e", "\ud800"}
    text.encode("utf-8")


def test_names_inside_drawings_are_escaped(small_document: Document) -> None:
    one = small_document.illustrations[1]
    hostile = Illustration(
        "x", "c", "</title><script>", type(one.chart)("a < b", ("<b>&", "$x$"), (1.0, 2.0), ("</text>", "1"), (True, True))
    )
    drawn = draw_svg(hostile)
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert "$x$" in drawn


def test_the_same_document_gives_the_same_page(small_document: Document) -> None:
    assert page_of(small_document)[0] == page_of(small_document)[0]
