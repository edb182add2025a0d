"""The bibliography: what the keys that sources begin with stand for."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from costmodel.sources.shipped.packaged_data import bibliography_file

KINDS: Final = ("definition", "assumption", "measured")
"""What a source begins with where there is no publication and no page to name."""
_ENTRY: Final = re.compile(r"^@(\w+)\{([\w-]+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD: Final = re.compile(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", re.MULTILINE)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_ACCENTS: Final = {'{\\"U}': "Ü", '{\\"a}': "ä", '{\\"o}': "ö", '{\\"u}': "ü", "{\\'o}": "ó", "{\\'e}": "é"}


class Publication(NamedTuple):
    """An entry of the bibliography."""

    key: str
    citation: str
    """Authors, title, where and when, as people read it."""


@functools.cache
def bibliography() -> Mapping[str, Publication]:
    """Return every entry of the bibliography by its key.

    Returns
    -------
    mapping
        In the file's order.

    Raises
    ------
    MissingError
        If the bibliography is not installed.
    """
    text = bibliography_file().read_text(encoding="utf-8")
    return MappingProxyType({key: Publication(key, _citation(dict(_FIELD.findall(body)))) for _, key, body in _ENTRY.findall(text)})


def cited(sources: Iterable[str]) -> tuple[Publication, ...]:
    """Return the publications that some sources name, each once, in the bibliography's order.

    Parameters
    ----------
    sources : iterable of str
        For example `horowitz2014: figure 1.1.9`.

    Returns
    -------
    tuple of Publication
        Empty where none is named.
    """
    words = {word for source in sources for word in _WORD.findall(source)}
    return tuple(entry for key, entry in bibliography().items() if key in words)


def _citation(fields: Mapping[str, str]) -> str:
    authors = " and ".join(_plain(author) for author in fields.get("author", "").split(" and "))
    place = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or fields.get("institution") or ""
    volume = " ".join(part for part in (place, fields.get("volume", "")) if part)
    details = (fields.get("title", ""), volume, fields.get("pages", "").replace("--", "-"), fields.get("year", ""), fields.get("note", ""))
    doi = f"doi:{fields['doi']}" if "doi" in fields else ""
    return ", ".join(part for part in (authors, *(_plain(each) for each in details), doi) if part)


def _plain(text: str) -> str:
    """Return a field without LaTeX's braces, accents and escapes."""
    for written, letter in _ACCENTS.items():
        text = text.replace(written, letter)
    return text.replace("{", "").replace("}", "").replace("\\&", "&").strip()
