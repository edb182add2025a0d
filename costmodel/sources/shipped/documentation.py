"""The documentation as it is installed: pages in Markdown, by topic."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from costmodel.sources.name_matching import matched_name
from costmodel.sources.shipped.packaged_data import packaged_folder

_TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)
_FIRST: Final = ("tutorial",)
"""Pages that are listed before the others."""


class Page(NamedTuple):
    """A page of the documentation."""

    topic: str
    """What it is asked for by."""
    title: str
    text: str
    """Markdown."""


def pages() -> tuple[Page, ...]:
    """Return every page, the tutorial first."""
    folder = packaged_folder("docs")
    found = [_page(path.relative_to(folder).with_suffix("").as_posix(), path.read_text(encoding="utf-8")) for path in folder.rglob("*.md")]
    return tuple(sorted(found, key=lambda page: (page.topic not in _FIRST, "/" in page.topic, page.topic)))


def load_page(topic: str) -> Page:
    """Return a page.

    Parameters
    ----------
    topic : str
        Its name, or how it begins; of a page in a folder the last part suffices.

    Returns
    -------
    Page
        With its text.

    Raises
    ------
    InputError
        If there is none, or several are meant.
    """
    known = {page.topic: page for page in pages()}
    short = {name.rpartition("/")[2]: name for name in known}
    name = matched_name("docs", topic.removesuffix(".md"), (*known, *(each for each in short if each not in known)), "a topic")
    return known[short.get(name, name) if name not in known else name]


def _page(topic: str, text: str) -> Page:
    title = _TITLE.search(text)
    return Page(topic, title[1] if title else topic, text)
