"""`costmodel compare`: holds the log of a device against the closed forms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compare_command(
    log: Annotated[Path, typer.Argument(help="What came out of the serial port; - reads standard input.")],
    network: Annotated[str | None, typer.Option("--network", "-n", help="Network it ran; default: the one the log names.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The model file has weights of this seed: compare outputs too.")] = None,
    accounting: Annotated[str, typer.Option(help="How the packed tensors share the arena.")] = "arena-in-place",
    mapping: Annotated[
        str | None, typer.Option(help="What `pack --mapping` was given, where it ran generated kernels.", show_default=False)
    ] = None,
    core: Annotated[str, typer.Option(help="With --mapping: the core they are for, xtensa, riscv or arm.")] = "xtensa",
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Compare every counter of a device's log with its closed form.

    Boot messages, other tasks' lines and line breaks around and within the records do no harm. Exits 1 where a figure differs.

    Examples
    --------
    costmodel compare device.jsonl
    costmodel compare device.jsonl --network my-net.yaml
    costmodel compare device.jsonl --mapping best --core xtensa
    """
    import sys

    from costmodel.cli.options import chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.report.answers.checks.firmware import comparison_answer
    from costmodel.sources.documents.input_file import opened_input
    from costmodel.sources.shipped.packaged_data import packaged_folder
    from costmodel.specs.scenario import MemoryAccounting
    from costmodel.validation.comparing_logs import compare
    from costmodel.validation.targets.core_hash import core_hash

    form = format_of(output_format)
    shared = chosen("--accounting", accounting, MemoryAccounting)
    if str(log) == "-":
        comparison = compare(sys.stdin.buffer, network, seed=seed, name="standard input", accounting=shared, mapping=mapping, core=core)
    else:
        with opened_input(log, "the log of a device", (".jsonl", ".log", ".txt", ".json")) as stream:
            comparison = compare(stream, network, seed=seed, name=str(log), accounting=shared, mapping=mapping, core=core)
    core = core_hash(packaged_folder("firmware"))
    write_answer(comparison_answer(comparison, in_detail=True, seed=seed, packaged_core=core), form)
    if not comparison.equal:
        raise typer.Exit(1)
