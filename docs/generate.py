"""Write the pages of docs/ that are made from the code: equations, nomenclature, bibliography. A test fails where they are stale."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import costmodel
from costmodel.evaluation.equation_numbers import symbols_of
from costmodel.provenance import FORMULAS, Formula
from costmodel.sources.bibliography import bibliography
from costmodel.units import SUFFIXES

DOCS = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py from the code; change the code, then run `make docs`. -->\n"


def load_everything() -> None:
    """Import every module, so that each formula has declared itself."""
    for found in pkgutil.walk_packages(costmodel.__path__, "costmodel."):
        # PyTorch is optional, and the room that imports it at its door declares no formula.
        if not found.name.endswith("__main__") and not found.name.startswith("costmodel.training.pytorch."):
            importlib.import_module(found.name)


def equations() -> str:
    """Return the page of every formula."""
    intro = (
        "Every formula the results rest on, as it is declared where it is written. `costmodel explain FIGURE` puts the numbers in. A test\n"
        "reads each text, evaluates it on recorded numbers and gets the number recorded; [provenance.md](provenance.md) has the grammar.\n"
        "Sources begin with a key of the [bibliography](bibliography.md), with a page, or with what they are."
    )
    subjects = dict.fromkeys(declared.partition(".")[0] for declared in sorted(FORMULAS))
    index = ", ".join(f"[{subject.capitalize()}](#{subject})" for subject in subjects)
    parts = [f"# Equations\n\n{NOTE}\n{intro}\n\n{index}\n"]
    subject = ""
    for declared in sorted(FORMULAS.values(), key=lambda formula: formula.id):
        head = declared.id.partition(".")[0]
        if head != subject:
            subject = head
            parts.append(f"\n## {head.capitalize()}\n")
        parts.append("\n".join(_formula(declared)))
    return "\n".join(parts) + "\n"


def _formula(declared: Formula) -> Iterator[str]:
    yield f"\n### `{declared.id}`\n"
    summary = (declared.function.__doc__ or "").strip().splitlines()[0]
    yield f"{summary}\n"
    equations = declared.equation if not isinstance(declared.equation, str) else {"": declared.equation}
    yield "```text"
    for part, equation in equations.items():
        yield f"{part} = {equation}" if part else equation
    yield "```\n"
    yield "| symbol | meaning |\n| --- | --- |"
    # Formulas of one subject share a table of symbols; each shows those it mentions.
    mentioned = {symbol for text in equations.values() for symbol in symbols_of(text)}
    for symbol, meaning in declared.symbols.items():
        if symbol not in mentioned and not declared.proof:
            continue
        yield f"| `{symbol}` | {meaning.replace('|', chr(92) + '|')} |"
    proof = f" Solved for, not evaluated; held by `{declared.proof}`." if declared.proof else ""
    yield f"\nUnit: {declared.unit or 'none'}. Source: {_linked(declared.source)}. Code: `{declared.function.__module__}`.{proof}"


def _linked(source: str) -> str:
    """Return a source whose keys lead to the bibliography and whose pages lead to themselves."""
    keys = "|".join(bibliography())
    linked = re.sub(rf"(?<![A-Za-z0-9_])({keys})(?![A-Za-z0-9_])", r"[\1](bibliography.md#\1)", source)
    return re.sub(r"docs/([a-z_]+\.md)", r"[\1](\1)", linked)


def nomenclature() -> str:
    """Return the page of every symbol and unit suffix."""
    lines = [
        "# Nomenclature\n",
        NOTE,
        "## Units\n",
        "A field's last part names its unit.\n",
        "| suffix | unit | type |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `_{suffix}` | {unit.symbol or '1'} | {'int' if unit.exact else 'float'} |" for suffix, unit in SUFFIXES.items()]
    lines += ["\n## Symbols\n", "| symbol | meaning | formulas |", "| --- | --- | --- |"]
    meanings: dict[tuple[str, str], list[str]] = {}
    for declared in FORMULAS.values():
        for symbol, meaning in declared.symbols.items():
            meanings.setdefault((symbol, meaning), []).append(declared.id)
    for (symbol, meaning), users in sorted(meanings.items(), key=lambda item: (item[0][0].lower(), item[0][1])):
        shown = ", ".join(f"`{user}`" for user in sorted(users)[:3]) + (" ..." if len(users) > 3 else "")
        lines.append(f"| `{symbol}` | {meaning.replace('|', chr(92) + '|')} | {shown} |")
    return "\n".join(lines) + "\n"


def publications() -> str:
    """Return the page of what is cited."""
    intro = "What the keys stand for that sources of formulas and constants begin with; the package carries the file, `references.bib`."
    lines = [f"# Bibliography\n\n{NOTE}\n{intro}\n"]
    lines += [f'- <a id="{entry.key}"></a>`{entry.key}`: {entry.citation}' for entry in bibliography().values()]
    return "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    """Return every generated page by its file."""
    load_everything()
    return {DOCS / "equations.md": equations(), DOCS / "nomenclature.md": nomenclature(), DOCS / "bibliography.md": publications()}


def main() -> None:
    """Write every generated page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path.name}: {len(text.splitlines())} lines\n")


if __name__ == "__main__":
    main()
