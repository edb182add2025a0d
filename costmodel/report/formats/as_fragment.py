"""Some blocks as HTML to stand inside another page, such as a notebook: plain elements, no styles but those of the page around."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

from costmodel.printable_text import printable
from costmodel.report.document import Block, Document, Facts, Illustration, Listing, Paragraph, Remarks, Table, Verdict

MOST_ROWS: Final = 30
"""Rows of a table that are shown."""


def html_fragment(title: str, blocks: Iterable[Block], *, drawn: bool = False) -> str:
    """Return blocks as HTML.

    Parameters
    ----------
    title : str
        What they are of.
    blocks : iterable of Block
        Derivations are left out.
    drawn : bool, optional
        Whether charts are drawn, on white; left out, so are they.

    Returns
    -------
    str
        One element; every text in it is escaped.
    """
    shown = (block for block in blocks if drawn or not isinstance(block, Illustration))
    parts = [f"<p><strong>{_escaped(title)}</strong></p>" if title else "", *map(_block, shown)]
    return f'<div class="costmodel">{"".join(parts)}</div>'


def html_of_document(document: Document) -> str:
    """Return what a document says first as HTML: its answer, or the blocks of its first section."""
    blocks = document.answer or (document.sections[0].blocks if document.sections else ())
    return html_fragment(document.title, blocks)


def _block(block: Block) -> str:
    if isinstance(block, Verdict):
        return f"<p><strong>{_escaped(f'{block.symbol} {block.word}'.strip())}</strong> {_escaped(block.text)}</p>"
    if isinstance(block, Paragraph):
        return f"<p>{_escaped(block.text)}</p>"
    if isinstance(block, Remarks):
        items = (f"<li><strong>{_escaped(one.label)}</strong> {_escaped(one.headline)}</li>" for one in block.items)
        return f"<ul>{''.join(items)}</ul>"
    if isinstance(block, Facts):
        return _table_text([], [(fact.label, fact.cell.text, fact.trust, fact.note) for fact in block.items], "")
    if isinstance(block, Listing):
        lines = "\n".join(_escaped(line) for line in block.lines)
        return f"<p>{_escaped(block.caption)}</p><pre>{lines}</pre>"
    if isinstance(block, Table):
        titles = [f"{column.title} [{column.unit}]" if column.unit else column.title for column in block.columns]
        more = len(block.rows) - MOST_ROWS
        note = f"{more} more rows" if more > 0 else ""
        return _table_text(titles, [row.texts for row in block.rows[:MOST_ROWS]], block.caption) + (f"<p>{note}</p>" if note else "")
    if isinstance(block, Illustration):
        return _picture(block)
    return ""


def _picture(block: Illustration) -> str:
    from costmodel.report.figures.drawing import draw_svg_file

    held = base64.b64encode(draw_svg_file(block.chart)).decode("ascii")
    words = _escaped(block.alternative)
    return f'<p><img src="data:image/svg+xml;base64,{held}" alt="{words}" style="max-width: 46rem; width: 100%"/></p>'


def _table_text(titles: Iterable[str], rows: Iterable[Iterable[str]], caption: str) -> str:
    head = "".join(f"<th>{_escaped(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{_escaped(cell)}</td>' for cell in row)}</tr>" for row in rows)
    named = f"<caption>{_escaped(caption)}</caption>" if caption else ""
    return f"<table>{named}{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _escaped(text: str) -> str:
    from markupsafe import escape

    return str(escape(printable(text)))
