"""`costmodel reproduce`: every published figure of the reference deployment, accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from costmodel.results.ledger import Ledger, LedgerRow

_STYLES: Final = {
    "exact": "green",
    "rounds to": "green",
    "rounds to (from rounded parts)": "green",
    "derived here": "green",
    "explained": "yellow",
    "contradicts": "bold yellow",
    "cannot be derived": "dim",
    "needs data": "dim",
    "differs": "bold red",
}
_FIGURE_WIDTH: Final = 46
_WIDE: Final = _FIGURE_WIDTH + 20 + 1 + 20 + 2 + 29
"""Columns a terminal needs to show a figure, both values and the status on one line."""
_PARTS_SHOWN: Final = 5
"""Terms of a sum that a terminal shows."""


def reproduce_command(
    status: Annotated[str | None, typer.Option(help="Show only rows of this status, such as explained.")] = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Compute every figure the reference deployment published, and hold one against the other.

    Exit status 1 if a figure that should follow does not.

    Example: costmodel reproduce --status explained
    """
    from costmodel.cli.answers.tables import Grid, OutputFormat, write_answer
    from costmodel.cli.options import chosen
    from costmodel.results.ledger import Status
    from costmodel.validation.ledger.published_ledger import reckon

    wanted = None if status is None else chosen("--status", status, Status)
    ledger = reckon()
    rows = tuple(row for row in ledger.rows if wanted is None or row.status is wanted)
    shown = ledger.model_copy(update={"rows": rows})
    if chosen("--format", output_format, OutputFormat) is OutputFormat.TERMINAL:
        _print_ledger(shown, ledger)
    else:
        grid = Grid(
            title=f"Ledger of {ledger.source}",
            header=(
                "id",
                "slide",
                "figure",
                "published",
                "unit",
                "computed",
                "computed unit",
                "difference",
                "status",
                "formula",
                "source",
                "why",
            ),
            rows=tuple(_cells(row) for row in rows),
            note=_summary(ledger),
        )
        write_answer(output_format, [grid], shown.model_dump(mode="json"))
    if ledger.failures:
        raise typer.Exit(1)


def _cells(row: LedgerRow) -> tuple[str | int | float | None, ...]:
    return (
        row.id,
        row.slide,
        row.figure,
        row.published,
        row.unit,
        row.computed,
        row.computed_unit,
        row.difference,
        row.status.value,
        row.formula,
        row.source,
        row.why,
    )


def _summary(ledger: Ledger) -> str:
    counts: dict[str, int] = {}
    for row in ledger.rows:
        counts[row.status.value] = counts.get(row.status.value, 0) + 1
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    return f"{len(ledger.rows)} figures: {told}."


def _print_ledger(shown: Ledger, whole: Ledger) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print("Published figures of the reference deployment", style="bold")
    console.print(f"{shown.source}. Published, then computed.", style="dim")
    slides = dict.fromkeys(row.slide for row in shown.rows)
    for slide in slides:
        console.print(Text(f"\n{slide}", style="bold cyan"))
        for row in shown.rows:
            if row.slide == slide:
                _print_row(console, row)
    console.print(f"\n{_summary(whole)}", style="bold")
    for row in whole.failures:
        console.print(f"{row.id}: published {row.published or 'nowhere'} {row.unit}, computed {_computed(row)}", style="bold red")


def _print_row(console: Console, row: LedgerRow) -> None:
    """A figure with both values, then how it follows, or why it does not."""
    from rich.padding import Padding
    from rich.text import Text

    published = "-" if row.published is None else f"{row.published} {row.unit}".strip()
    line = Text(f"  {row.figure}")
    values = Text(f"{published:>20} ", no_wrap=True).append(f"{_computed(row):>20}  ", style="bold")
    values.append(row.status.value, style=_STYLES[row.status.value])
    if console.width >= _WIDE:
        line.pad_right(max(0, _FIGURE_WIDTH - line.cell_len))
        console.print(line.append(values))
    else:
        console.print(line)
        console.print(values)
    for text in (_shortened(row.formula), row.why):
        if text:
            console.print(Padding(Text(text, style="dim"), (0, 0, 0, 6), expand=False))


def _shortened(formula: str) -> str:
    """A long sum with its middle left out; `--format json` has it whole."""
    parts = formula.split(" + ")
    return formula if len(parts) <= _PARTS_SHOWN + 1 else " + ".join([*parts[: _PARTS_SHOWN - 1], "...", parts[-1]])


def _computed(row: LedgerRow) -> str:
    from costmodel.evaluation.equation_numbers import number_text

    if row.computed is None:
        return "-"
    text = number_text(row.computed)
    if row.from_rounded_parts is not None:
        text += f" (parts: {number_text(round(row.from_rounded_parts, 4))})"
    return f"{text} {row.computed_unit}".strip()
