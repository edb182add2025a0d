"""Write the pages of docs/ that are made from the code: equations, nomenclature, bibliography. A test fails where they are stale."""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import costmodel
from costmodel.cli.app import app
from costmodel.cli.command_table import COMMANDS
from costmodel.evaluation.explained.equation_numbers import symbols_of
from costmodel.provenance import FORMULAS, Formula
from costmodel.sources.catalogue import load_battery, load_device, load_network, names
from costmodel.sources.shipped.bibliography import bibliography
from costmodel.specs.layers import LAYERS
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


def commands() -> str:
    """Return the page of every command, with its options."""
    import typer

    table: Any = typer.main.get_command(app)
    lines = [f"# Commands\n\n{NOTE}\nEach ends with 0 on success, 1 where a comparison fails, 2 on bad input with one line.\n"]
    for name, summary in COMMANDS.items():
        _, found, _ = table.resolve_command(None, [name])
        lines.append(f"## `costmodel {name}`\n\n{summary[:1].upper()}{summary[1:]}.\n")
        for inner_name, inner in getattr(found, "commands", {"": found}).items():
            if inner_name:
                lines.append(f"### `costmodel {name} {inner_name}`\n")
            about, _, examples = (inner.help or "").partition("\b\nExamples:")
            lines.append(" ".join(about.split()).replace("<", "&lt;") + "\n")
            if examples:
                # However wide the terminal was, an example is one line here.
                told = "\n".join(line.strip() for line in examples.strip().splitlines())
                lines.append("```sh\n" + re.sub(r" \\\n", " ", told) + "\n```\n")
            lines += ["| option | meaning |", "| --- | --- |", *map(_option, inner.params), ""]
    return "\n".join(lines).rstrip() + "\n"


def _option(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar or parameter.name.upper()}`"
    else:
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    text = " ".join((getattr(parameter, "help", None) or "").split())
    return f"| {names} | {text.replace('|', chr(92) + '|').replace('<', '&lt;')} |"


def devices() -> str:
    """Return the page of packaged devices, batteries and runtimes."""
    lines = [f"# Devices, batteries, runtimes\n\n{NOTE}\nWhat is packaged; a file of yours stands wherever a name does.\n"]
    lines += ["## Devices\n", "| name | core | flash B | description |", "| --- | --- | ---: | --- |"]
    lines += [
        f"| `{found.name}` | {found.core} | {found.flash_bytes:,} | {found.description} |" for found in map(load_device, names("devices"))
    ]
    lines += ["\n## Batteries\n", "| name | description |", "| --- | --- |"]
    lines += [f"| `{found.name}` | {found.description} |" for found in map(load_battery, names("batteries"))]
    lines += ["\n## Networks\n", "| name | parameters | description |", "| --- | ---: | --- |"]
    lines += [f"| `{found.name}` | {found.parameter_count:,} | {found.description} |" for found in map(load_network, names("networks"))]
    return "\n".join(lines) + "\n"


def operators() -> str:
    """Return the page of layer kinds."""
    lines = [f"# Operators\n\n{NOTE}\nKinds of layers, as a network file names them; see `costmodel list operators`, too.\n"]
    lines += ["| kind | what it is | fields |", "| --- | --- | --- |"]
    for kind, layer in LAYERS.items():
        about = (layer.__doc__ or "").strip().splitlines()[0]
        own = [name for name in layer.model_fields if name not in ("name", "kind", "inputs", "output_type")]
        lines.append(f"| `{kind}` | {about} | {', '.join(f'`{name}`' for name in own)} |")
    return "\n".join(lines) + "\n"


def python_face() -> str:
    """Return the page of the public Python names."""
    lines = [f"# Python\n\n{NOTE}\n`import costmodel` gives these names; results show themselves in a notebook.\n"]
    for name in costmodel.__all__:
        found = getattr(costmodel, name)
        text = inspect.cleandoc(found.__doc__ or "")
        signature = ""
        if inspect.isfunction(found):
            parameters = ", ".join(
                each.name if each.default is each.empty else f"{each.name}=..." for each in inspect.signature(found).parameters.values()
            )
            signature = f"({parameters})"
        lines.append(f"## `{name}{signature}`\n\n```text\n{text}\n```\n")
    return "\n".join(lines).rstrip() + "\n"


def notebook(path: Path) -> str:
    """Return a notebook as a page: its words, its code and what came of it, tables as they stand in it."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = []
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source if number else f"{source}\n\n{NOTE}\nThe notebook itself: [{path.name}]({path.name}).")
            continue
        # Cells go on from each other: they are executed as a notebook, and not one by one.
        parts.append(f"```ipython3\n{source}\n```")
        for place, output in enumerate(cell["outputs"]):
            data = output.get("data", {})
            picture = f"{path.stem}-{number}-{place}.png"
            text = "".join(output.get("text") or data.get("text/plain") or "").rstrip()
            if "image/png" in data:
                parts.append(f"![What the cell draws]({picture})")
            elif text:
                parts.append(f"```text\n{text}\n```")
            shown = "".join(data.get("text/html", ""))
            if shown.startswith('<div class="costmodel">') and "data:image" not in shown:
                parts.append(shown)
    return "\n\n".join(parts) + "\n"


def notebook_pictures(path: Path) -> dict[Path, bytes]:
    """Return the pictures of a notebook by the files its page names."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {
        path.with_name(f"{path.stem}-{number}-{place}.png"): base64.b64decode("".join(output["data"]["image/png"]))
        for number, cell in enumerate(cells)
        for place, output in enumerate(cell.get("outputs", ()))
        if "image/png" in output.get("data", {})
    }


def pages() -> dict[Path, str]:
    """Return every generated page by its file."""
    load_everything()
    notebooks = {path.with_suffix(".md"): notebook(path) for path in sorted((DOCS / "notebooks").glob("*.ipynb"))}
    return notebooks | {
        DOCS / "equations.md": equations(),
        DOCS / "nomenclature.md": nomenclature(),
        DOCS / "bibliography.md": publications(),
    }


def site_pages() -> dict[Path, str]:
    """Return the pages that a build of the site makes, and that stand in no repository: they say what the code says anyway."""
    return {
        DOCS / "reference_commands.md": commands(),
        DOCS / "reference_devices.md": devices(),
        DOCS / "reference_operators.md": operators(),
        DOCS / "reference_api.md": python_face(),
    }


def main() -> None:
    """Write every generated page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path.name}: {len(text.splitlines())} lines\n")
    for found in (DOCS / "notebooks").glob("*.ipynb"):
        for path, picture in notebook_pictures(found).items():
            path.write_bytes(picture)


if __name__ == "__main__":
    main()
