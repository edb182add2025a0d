"""Write the pages of docs/ that are made from the code: equations, nomenclature, the ledger. A test fails where they are stale."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import costmodel
from costmodel.provenance import FORMULAS, Formula
from costmodel.units import SUFFIXES

DOCS = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py from the code; change the code, then run `make docs`. -->\n"


def load_everything() -> None:
    """Import every module, so that each formula has declared itself."""
    for found in pkgutil.walk_packages(costmodel.__path__, "costmodel."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def equations() -> str:
    """Return the page of every formula."""
    intro = "Every formula the results rest on, as it is declared where it is written. `costmodel explain FIGURE` puts the numbers in."
    parts = [f"# Equations\n\n{NOTE}\n{intro}\n"]
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
    for symbol, meaning in declared.symbols.items():
        yield f"| `{symbol}` | {meaning.replace('|', chr(92) + '|')} |"
    yield f"\nUnit: {declared.unit or 'none'}. Source: {declared.source}. Code: `{declared.function.__module__}`."


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


def pages() -> dict[Path, str]:
    """Return every generated page by its file."""
    load_everything()
    return {DOCS / "equations.md": equations(), DOCS / "nomenclature.md": nomenclature()}


def main() -> None:
    """Write every generated page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path.name}: {len(text.splitlines())} lines\n")


if __name__ == "__main__":
    main()
