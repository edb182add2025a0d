"""A report as files in a folder, and a document as a page."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path
from typing import Final

from costmodel.errors import SpecError
from costmodel.report.document import Document


class ReportFormat(StrEnum):
    """How a report is written."""

    TERMINAL = "terminal"
    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


FILE_NAMES: Final = {ReportFormat.HTML: "report.html", ReportFormat.MARKDOWN: "report.md", ReportFormat.JSON: "report.json"}
"""What a format is called in a folder; the terminal has no file."""
FIGURES: Final = "figures"
"""Folder of the pictures of a Markdown report."""
_NAMED: Final = 3
"""Files in the way that are named."""


def page_text(document: Document) -> str:
    """Return a document as a page with its charts drawn in it, and today's date."""
    from costmodel.report.figures.drawing import draw_svg
    from costmodel.report.formats.as_html import html_page

    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return html_page(document, {one.id: draw_svg(one) for one in document.illustrations}, today)


def refuse_other_files(folder: Path, *, force: bool) -> None:
    """Refuse a folder that holds anything but an earlier report.

    Parameters
    ----------
    folder : Path
        Where a report is to go; it need not exist.
    force : bool
        Write among other files all the same.

    Raises
    ------
    SpecError
        Naming some of what is in the way.
    """
    if force or not folder.is_dir():
        return
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in (*FILE_NAMES.values(), FIGURES))
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        raise SpecError(f"{folder}: holds {', '.join(others[:_NAMED])}{more}, which are no report's; --force writes beside them")


def write_report_files(
    folder: Path, formats: Collection[ReportFormat], document: Document, as_json: str, say: Callable[[str], None] = lambda _: None
) -> str:
    """Write a report into a folder.

    Parameters
    ----------
    folder : Path
        Made if need be.
    formats : collection of ReportFormat
        What to write.
    document : Document
        The report.
    as_json : str
        The same as JSON.
    say : callable, optional
        Told what is being drawn.

    Returns
    -------
    str
        What was written, in words.
    """
    from costmodel.sources.documents.atomic_file import write_whole

    names = [FILE_NAMES[form] for form in formats if form in FILE_NAMES]
    if ReportFormat.JSON in formats:
        write_whole(folder / FILE_NAMES[ReportFormat.JSON], as_json)
    if ReportFormat.MARKDOWN in formats:
        from costmodel.report.figures.drawing import draw_png
        from costmodel.report.formats.as_markdown import markdown_text

        pictures = {one.id: f"{FIGURES}/{one.id}.png" for one in document.illustrations}
        for one in document.illustrations:
            say(f"drawing {one.id}")
            write_whole(folder / pictures[one.id], draw_png(one.chart))
        write_whole(folder / FILE_NAMES[ReportFormat.MARKDOWN], markdown_text(document, pictures))
        names.append(f"{len(pictures)} figures")
    if ReportFormat.HTML in formats:
        say("drawing the page")
        write_whole(folder / FILE_NAMES[ReportFormat.HTML], page_text(document))
    return ", ".join(names)
