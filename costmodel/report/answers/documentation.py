"""The answer of `costmodel docs`: what there is to read, or a page as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from costmodel.report.answer import Answer, answer_of
from costmodel.report.document import Listing, Paragraph, plain_table


class PageText(Protocol):
    """A page of the documentation."""

    @property
    def topic(self) -> str:
        """What it is asked for by."""

    @property
    def title(self) -> str:
        """Its heading."""

    @property
    def text(self) -> str:
        """Markdown."""


def pages_answer(pages: Sequence[PageText], *, whole: bool = False) -> Answer:
    """Return what there is to read.

    Parameters
    ----------
    pages : sequence of PageText
        Pages.
    whole : bool, optional
        Whether their text is wanted, too.

    Returns
    -------
    Answer
        Topics with their titles.
    """
    table = plain_table("Documentation", ("topic", "title"), [(page.topic, page.title) for page in pages])
    content = [{"topic": page.topic, "title": page.title, **({"text": page.text} if whole else {})} for page in pages]
    if whole:
        return answer_of([Listing(page.title, "markdown", tuple(page.text.splitlines())) for page in pages], content, table)
    return answer_of([table, Paragraph("Read one: costmodel docs tutorial")], content, table)
