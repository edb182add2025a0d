"""An answer to standard output in the format that was asked for, and its chart to a file."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from costmodel.cli.options import chosen
from costmodel.errors import SpecError, UnknownNameError
from costmodel.printable_text import encodable, printable

if TYPE_CHECKING:
    from costmodel.report.answer import Answer
    from costmodel.report.document import Document
    from costmodel.report.first.first_screen import Line


class OutputFormat(StrEnum):
    """How a command prints its answer."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    CSV = "csv"


WITHOUT_TABLE: Final = tuple(form for form in OutputFormat if form is not OutputFormat.CSV)
"""Formats of an answer that no single table holds."""
PIPE_WIDTH: Final = 120
"""Columns of a document that goes to no terminal."""
WIDE_PIPE_WIDTH: Final = 200
"""Columns of an answer that is nothing but tables."""


_TAKEN: ContextVar[list[Answer] | None] = ContextVar("answers_taken", default=None)


@contextmanager
def answers_taken() -> Iterator[list[Answer]]:
    """Keep the answers that commands give inside the block, in place of printing them.

    Yields
    ------
    list of Answer
        In order, filled as they are given.
    """
    taken: list[Answer] = []
    token = _TAKEN.set(taken)
    try:
        yield taken
    finally:
        _TAKEN.reset(token)


def is_taken() -> bool:
    """Tell whether answers are kept in place of printing them."""
    return _TAKEN.get() is not None


def format_of(text: str, allowed: Collection[OutputFormat] = tuple(OutputFormat)) -> OutputFormat:
    """Return the format an option names, before anything is computed.

    Parameters
    ----------
    text : str
        As the user gave it.
    allowed : collection of OutputFormat, optional
        What the command can print.

    Returns
    -------
    OutputFormat
        One of them.

    Raises
    ------
    UnknownNameError
        If it is none of them.
    """
    form = chosen("--format", text, OutputFormat)
    if form not in allowed:
        raise UnknownNameError("--format", text, [each.value for each in allowed], "a format of this answer")
    return form


def write_answer(
    answer: Answer, form: OutputFormat, *, pipe_width: int = WIDE_PIPE_WIDTH, chart: Path | None = None, chart_option: str = "--chart"
) -> None:
    """Write an answer to standard output.

    Parameters
    ----------
    answer : Answer
        What a command found.
    form : OutputFormat
        How to print it.
    pipe_width : int, optional
        Columns where there is no terminal.
    chart : Path, optional
        Picture file for the answer's last illustration; `.png` or `.svg`.
    chart_option : str, optional
        Option that named it.

    Raises
    ------
    SpecError
        If the picture's suffix is another one, or there is nothing to draw.
    """
    taken = _TAKEN.get()
    if taken is not None:
        taken.append(answer)
        return
    if chart is not None:
        _write_chart(answer.document, chart, chart_option)
    if form is OutputFormat.TERMINAL:
        print_document(answer.document, pipe_width)
        return
    sys.stdout.write(answer_text(answer, form))


def answer_text(answer: Answer, form: OutputFormat) -> str:
    """Return an answer as text in any format but a terminal's."""
    if form is OutputFormat.JSON:
        from costmodel.report.formats.as_json import content_json

        return content_json(answer.content)
    if form is OutputFormat.CSV:
        from costmodel.report.answer import records_of
        from costmodel.report.formats.as_csv import table_csv

        table = records_of(answer)
        if table is None:
            raise SpecError("--format csv: this answer holds no table")
        return table_csv(table)
    if form is OutputFormat.MARKDOWN:
        from costmodel.report.formats.as_markdown import markdown_text

        return markdown_text(answer.document, {})
    from costmodel.report.writing import page_text

    # In a page every character has a name in ASCII, so that it survives any console.
    return page_text(answer.document).encode("ascii", errors="xmlcharrefreplace").decode("ascii")


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

    from costmodel.report.formats.as_terminal import print_terminal

    if sys.stdout.isatty():
        print_terminal(document, Console(highlight=False))
        return
    lines = io.TextIOWrapper(io.BytesIO(), encoding=sys.stdout.encoding or "utf-8", errors="replace", newline="\n")
    print_terminal(document, Console(file=lines, width=pipe_width, highlight=False))
    lines.seek(0)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in lines.read().splitlines()))


def print_lines(lines: Sequence[Line]) -> None:
    """Print toned lines on the terminal, or as plain text to a pipe."""
    from rich.console import Console

    from costmodel.report.formats.as_terminal import print_toned

    if sys.stdout.isatty():
        print_toned(lines, Console(highlight=False))
        return
    for line in lines:
        text = printable("".join(span.text for span in line).rstrip())
        sys.stdout.write(encodable(text, sys.stdout.encoding or "utf-8") + "\n")


def print_markdown(text: str) -> None:
    """Print a page of Markdown as a terminal shows it, or as it stands to a pipe."""
    if not sys.stdout.isatty():
        write_text(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(highlight=False)
    console.print(Markdown(encodable(text, console.encoding)))


def write_text(text: str) -> None:
    """Write text to standard output in characters its encoding has."""
    sys.stdout.write(encodable(text, sys.stdout.encoding or "utf-8"))


def _write_chart(document: Document, path: Path, option: str) -> None:
    from costmodel.report.figures.drawing import draw_png, draw_svg_file
    from costmodel.sources.documents.atomic_file import write_whole

    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise SpecError(f"{option}: expected a file ending in .png or .svg, found {path.name!r}")
    if not document.illustrations:
        raise SpecError(
            f"{option}: nothing to draw here: a written cycle has no other rates, a life that is endless or nothing no curve, "
            "and the figures of a trace no samples"
        )
    chart = document.illustrations[-1].chart
    write_whole(path, draw_png(chart) if suffix == ".png" else draw_svg_file(chart))
