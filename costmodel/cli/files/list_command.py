"""`costmodel list`: what is packaged."""

from __future__ import annotations

from typing import Annotated

import typer


def list_command(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="networks, devices, memories, compute, batteries, power_states, duty_cycles, calibrations or scenarios.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """List what is packaged: everything by name, or one kind with its key figures.

    Any of these names may stand in a scenario or follow an option like --network; so may the path of a file of your own.

    Examples
    --------
    costmodel list
    costmodel list networks
    costmodel list devices --format json
    """
    from costmodel.cli.answers.list_answer import everything_grid, kind_grid
    from costmodel.cli.answers.tables import write_answer
    from costmodel.sources.catalogue import KINDS, names

    if kind is None:
        write_answer(output_format, [everything_grid()], {each: list(names(each)) for each in KINDS})
        return
    grid = kind_grid(kind.replace("-", "_"))
    keys = [title.replace(" ", "_") for title in grid.header]
    write_answer(output_format, [grid], [dict(zip(keys, row, strict=True)) for row in grid.rows])
