"""A document as one self-contained page: styles and drawings inline, nothing fetched from anywhere."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from costmodel.printable_text import printable
from costmodel.report.document import Block, Derivation, Document, Table, patterned
from costmodel.report.figures.style import DARK, LIGHT

if TYPE_CHECKING:
    from jinja2 import Template

_BEFORE_UNIT: Final = re.compile(r"(?<=\d) (?=(?:[µmnp]?[JWs]|Wh|KiB|B|V|mA|Hz|h|min|days|years)\b)")
"""The space between a figure and its unit, where no line should break."""


def html_page(document: Document, drawings: Mapping[str, str], written: str = "") -> str:
    """Return a document as a page for any screen, for paper, and for readers that speak.

    Parameters
    ----------
    document : Document
        What to write; every text in it is escaped.
    drawings : mapping
        Id of each illustration to its `svg` element, as `figures.drawing.draw_svg` makes them.
    written : str, optional
        The day, for its last line.

    Returns
    -------
    str
        HTML that names no other resource.
    """
    from markupsafe import Markup

    inline = {name: Markup(drawing) for name, drawing in drawings.items()}
    explained = {part.figure for section in document.sections for part in section.blocks if isinstance(part, Derivation)}
    page = _template().render(
        document=document,
        heading=_heading(document),
        drawings=inline,
        style=Markup(_style()),
        script=Markup(_packaged_text("report.js").strip()),
        table_of=lambda choices: Markup(choices.as_json),
        kind=_kind,
        patterned=patterned,
        written=written,
        explained=explained,
    )
    return f"{page}\n"


def _heading(document: Document) -> str:
    """What a page is called: as the document, or else as what it holds first."""
    blocks = [block for section in document.sections for block in section.blocks]
    first = [section.title for section in document.sections]
    first += [block.caption for block in blocks if isinstance(block, Table)]
    first += [block.root.name for block in blocks if isinstance(block, Derivation)]
    return document.title or next((name for name in first if name), "costmodel")


def _kind(block: Block) -> str:
    return type(block).__name__


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_finalized, keep_trailing_newline=False)
    return environment.from_string(_packaged_text("report.html.j2"))


def _finalized(value: Any) -> Any:
    """Clean plain text on its way into the page; what is already markup was cleaned where it was made."""
    return _BEFORE_UNIT.sub("\u00a0", printable(value)) if type(value) is str else value


def _style() -> str:
    """The page's style sheet, with the palette of the charts in light and dark."""
    light, dark = (" ".join(f"--{name}: {color};" for name, color in palette.items()) for palette in (LIGHT, DARK))
    palettes = f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    return f"{palettes}\n{_packaged_text('report.css').strip()}"


def _packaged_text(name: str) -> str:
    return resources.files("costmodel.report").joinpath("templates", name).read_text(encoding="utf-8")
