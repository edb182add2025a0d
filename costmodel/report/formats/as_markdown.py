"""A document as Markdown with tables, as most sites that show Markdown read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from costmodel.printable_text import printable
from costmodel.report.document import Block, Derivation, Document, Facts, Illustration, Listing, Paragraph, Remarks, Step, Table, Verdict

_SPECIAL: Final = re.compile(r"([\\`*\[\]<>|#~&$!])")
_UNDERSCORE: Final = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LEADING: Final = re.compile(r"^([-+=]|\d+[.)])(?=\s|$)")
_LINK: Final = re.compile(r"(?i)\b(https?|ftp|mailto|javascript|data)(?=:)|\bwww(?=\.)|(?<=\S)@(?=\S)")


def markdown_text(document: Document, pictures: Mapping[str, str]) -> str:
    """Return a document as Markdown.

    Parameters
    ----------
    document : Document
        What to write.
    pictures : mapping
        Id of an illustration to the path of its picture; one without a picture keeps its words.

    Returns
    -------
    str
        Ends in a line break.
    """
    parts = [f"# {escaped(document.title)}"] if document.title else []
    parts += [_block(block, pictures) for block in document.answer]
    parts += [escaped(sentence) for sentence in document.lead]
    for section in document.sections:
        parts += [f"## {escaped(section.title)}"] if section.title else []
        parts += [_block(block, pictures) for block in section.blocks]
    parts += [f"---\n\n{escaped(document.colophon)}"] if document.colophon else []
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    r"""Return text in which nothing is read as markup.

    Parameters
    ----------
    text : str
        Anything.

    Returns
    -------
    str
        One line, with a backslash before each character Markdown would act on.
    """
    plain = _SPECIAL.sub(r"\\\1", printable(text))
    plain = _UNDERSCORE.sub(r"\\_", plain)
    # A zero-width joiner would be invisible; a backslash before a letter would show. An entity breaks automatic links unseen.
    plain = _LINK.sub(lambda found: "&#64;" if found[0] == "@" else f"&#{ord(found[0][0])};{found[0][1:]}", plain)
    return _LEADING.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}", plain)


def _block(block: Block, pictures: Mapping[str, str]) -> str:
    if isinstance(block, Verdict):
        return f"**{escaped(f'{block.symbol} {block.word}'.strip())}** {escaped(block.text)}"
    if isinstance(block, Paragraph):
        return escaped(block.text)
    if isinstance(block, Listing):
        # Lines come from names of this program's own; a fence ends at three backticks, which none of them has.
        return "\n".join([escaped(block.caption), "", f"```{block.language}", *map(printable, block.lines), "```"])
    if isinstance(block, Remarks):
        return "\n".join(
            f"- **{escaped(item.label)}: {escaped(item.headline)}**" + (f" {escaped(item.detail)}" if item.detail else "")
            for item in block.items
        )
    if isinstance(block, Facts):
        trusted = any(fact.trust for fact in block.items)
        rows = [
            f"| {escaped(fact.label)} | **{escaped(fact.cell.text)}** | {f'{fact.trust} | ' if trusted else ''}{escaped(fact.note)} |"
            for fact in block.items
        ]
        return "\n".join(
            [
                "| figure | value | trust | |" if trusted else "| figure | value | |",
                "|---|---:|---|---|" if trusted else "|---|---:|---|",
                *rows,
            ]
        )
    if isinstance(block, Illustration):
        picture = pictures.get(block.id)
        image = f"![{escaped(block.alternative)}]({picture})\n\n" if picture else ""
        return f"{image}*{escaped(block.caption)}*"
    if isinstance(block, Derivation):
        return "\n".join(_steps(block.root, 0))
    return _table(block)


def _steps(step: Step, level: int) -> Iterator[str]:
    indent = "  " * level
    working = f": {escaped(step.working)}" if step.working else f" (from {escaped(step.source)})" if step.source else ""
    yield f"{indent}- **{escaped(step.name)}** = {escaped(step.value)}{working}"
    if step.working and step.source:
        yield f"{indent}  Source: {escaped(step.source)}"
    if step.note:
        yield f"{indent}  - {escaped(step.note)}"
    for part in step.parts:
        yield from _steps(part, level + 1)


def _table(table: Table) -> str:
    titles = [escaped(f"{column.title} ({column.unit})" if column.unit else column.title) for column in table.columns]
    rules = ["---:" if column.number else "---" for column in table.columns]
    detailed = any(row.detail for row in table.rows)
    titles, rules = [*titles, *(["how, or why not"] if detailed else [])], [*rules, *(["---"] if detailed else [])]
    lines = [*([f"**{escaped(table.caption)}**", ""] if table.caption else []), f"| {' | '.join(titles)} |", f"|{'|'.join(rules)}|"]
    for row in table.rows:
        cells = [escaped(text) for text in (*row.texts, *(["; ".join(row.detail)] if detailed else []))]
        lines.append("| " + " | ".join(f"**{cell}**" if row.total and cell else cell for cell in cells) + " |")
    return "\n".join(lines) + (f"\n\n{escaped(table.note)}" if table.note else "")
