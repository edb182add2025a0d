"""What a study's script writes: a table for people and programs; and how it is run."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from costmodel.errors import InputError
from costmodel.sources.documents.atomic_file import write_whole

_FOUR_DIGITS: Final = 1e4
_TOO_MANY: Final = 1e15
"""Between these, a number that four digits would turn into a power of ten is written out."""


def write_study_table(folder: Path, stem: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[Path, Path]:
    """Write a table as CSV and as Markdown.

    Parameters
    ----------
    folder : Path
        Made if need be.
    stem : str
        File name without its ending.
    header : sequence of str
        Headings, units in brackets.
    rows : sequence of sequence
        Numbers and texts.

    Returns
    -------
    tuple of Path
        Both files.
    """
    lines = [",".join(str(cell) for cell in row) for row in (header, *rows)]
    told = [[_text(cell) for cell in row] for row in rows]
    marks = ["---" if all(isinstance(row[place], str) for row in rows) else "---:" for place in range(len(header))]
    markdown = ["| " + " | ".join(cells) + " |" for cells in (list(header), marks, *told)]
    files = (folder / f"{stem}.csv", folder / f"{stem}.md")
    for file, text in zip(files, ("\n".join(lines), "\n".join(markdown)), strict=True):
        write_whole(file, text + "\n")
    return files


def run_study(
    study: Callable[[Path], None],
    script: str,
    arguments: Sequence[str] | None = None,
    *,
    retrain: Callable[[str, str | None], None] | None = None,
) -> None:
    """Run a study's script from the command line: `python study.py [FOLDER]`.

    Parameters
    ----------
    study : callable
        Writes table and figure into a folder; its docstring is the help.
    script : str
        The script's file; its folder is where they go when none is given.
    arguments : sequence of str, optional
        Left out, those of the command line.
    retrain : callable, optional
        Renews the figures that the study commits because they take hours, from a data set and maybe a teacher: `--retrain DATA`.
    """
    reader = argparse.ArgumentParser(description=study.__doc__)
    reader.add_argument("folder", nargs="?", type=Path, default=Path(script).parent, help="where to write; left out, beside the script")
    if retrain is not None:
        reader.add_argument(
            "--retrain", metavar="DATA", help="train again on this data set, as `costmodel compress` takes it, and renew what is given"
        )
        reader.add_argument("--teacher", help="what recipes with a teacher learn from, as `costmodel compress` takes it")
    said = reader.parse_args(arguments)
    try:
        if retrain is not None and said.retrain is not None:
            retrain(said.retrain, said.teacher)
        study(said.folder)
    except InputError as error:
        reader.exit(2, f"{error}\n")


def _text(cell: Any) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if _FOUR_DIGITS <= abs(cell) < _TOO_MANY else f"{cell:,.4g}"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
