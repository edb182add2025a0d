"""`costmodel doctor`: what is installed."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor_command(output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal") -> None:
    """Say what is installed, what each extra adds and how to get it; to paste into a report of a fault.

    Examples
    --------
    costmodel doctor
    costmodel doctor --format json
    """
    from costmodel.cli.output import format_of, write_answer
    from costmodel.report.answers.installed import installation_answer
    from costmodel.sources.shipped.installed import installation, own_encoding

    form = format_of(output_format)
    write_answer(installation_answer(installation(own_encoding())), form)
