"""`costmodel reproduce`: every published figure of the reference deployment, accounted for."""

from __future__ import annotations

from typing import Annotated

import typer


def reproduce_command(
    status: Annotated[str | None, typer.Option(help="Show only rows of this status, such as explained.")] = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv, markdown or html.")] = "terminal",
) -> None:
    """Compute every figure the reference deployment published, and hold one against the other.

    Exit status 1 if a figure that should follow does not.

    Example: costmodel reproduce --status explained
    """
    from costmodel.cli.options import chosen
    from costmodel.cli.output import PIPE_WIDTH, format_of, write_answer
    from costmodel.report.answers.checks.ledger import ledger_answer
    from costmodel.results.runs.ledger import Status
    from costmodel.validation.ledger.published_ledger import reckon

    form, wanted = format_of(output_format), None if status is None else chosen("--status", status, Status)
    ledger = reckon()
    rows = tuple(row for row in ledger.rows if wanted is None or row.status is wanted)
    write_answer(ledger_answer(ledger.model_copy(update={"rows": rows}), ledger), form, pipe_width=PIPE_WIDTH)
    if ledger.failures:
        raise typer.Exit(1)
