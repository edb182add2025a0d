"""A short document (a trace, a battery) to standard output in any format, and its chart to a file."""

from __future__ import annotations

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from costmodel.errors import SpecError

if TYPE_CHECKING:
    from costmodel.report.document import Document
    from costmodel.results.base import Result


class DocumentFormat(StrEnum):
    """How a document is printed."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


_PIPE_WIDTH: Final = 120
"""Columns of a terminal document that goes to no terminal."""


def deliver_document(document: Document, answer: Result, form: DocumentFormat, chart: Path | None) -> None:
    """Print a document, or its figures as JSON, and write its chart.

    Parameters
    ----------
    document : Document
        For people.
    answer : Result
        For programs.
    form : DocumentFormat
        How to print.
    chart : Path or None
        Picture file for the last illustration; `.png` or `.svg`.

    Raises
    ------
    SpecError
        If the picture's suffix is another one, or it cannot be written.
    """
    if chart is not None:
        _write_chart(document, chart)
    if form is DocumentFormat.JSON:
        sys.stdout.write(answer.model_dump_json(indent=2) + "\n")
    elif form is DocumentFormat.MARKDOWN:
        from costmodel.report.as_markdown import markdown_text

        sys.stdout.write(markdown_text(document, {}))
    elif form is DocumentFormat.HTML:
        from costmodel.report.as_html import html_page
        from costmodel.report.figures.drawing import draw_svg

        page = html_page(document, {one.id: draw_svg(one) for one in document.illustrations})
        sys.stdout.write(page.encode("ascii", errors="xmlcharrefreplace").decode("ascii"))
    else:
        print_document(document, _PIPE_WIDTH)


def print_document(document: Document, pipe_width: int) -> None:
    """Print a document on the terminal, or to a pipe in lines of a fixed width without padding, in characters its encoding has.

    Parameters
    ----------
    document : Document
        What to print.
    pipe_width : int
        Columns where there is no terminal.
    """
    from rich.console import Console

    from costmodel.report.as_terminal import print_terminal

    if sys.stdout.isatty():
        print_terminal(document, Console(highlight=False))
        return
    lines = io.TextIOWrapper(io.BytesIO(), encoding=sys.stdout.encoding or "utf-8", errors="replace", newline="\n")
    print_terminal(document, Console(file=lines, width=pipe_width, highlight=False))
    lines.seek(0)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in lines.read().splitlines()))


def _write_chart(document: Document, path: Path) -> None:
    from costmodel.report.figures.drawing import draw_png, draw_svg_file
    from costmodel.sources.documents.atomic_file import write_whole

    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise SpecError(f"--chart: expected a file ending in .png or .svg, found {path.name!r}")
    if not document.illustrations:
        raise SpecError(
            "--chart: nothing to draw here: a written cycle has no other rates, a life that is endless or nothing no curve, "
            "and the figures of a trace no samples"
        )
    chart = document.illustrations[-1].chart
    write_whole(path, draw_png(chart) if suffix == ".png" else draw_svg_file(chart))
