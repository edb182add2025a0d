"""`costmodel compare`: holds the log of a device against the closed forms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compare_command(
    log: Annotated[Path, typer.Argument(help="What came out of the serial port; - reads standard input.")],
    network: Annotated[str | None, typer.Option("--network", "-n", help="Network it ran; default: the one the log names.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The model file has weights of this seed: compare outputs too.")] = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Compare every counter of a device's log with its closed form.

    Boot messages, other tasks' lines and line breaks around and within the records do no harm. Exits 1 where a figure differs.

    Examples
    --------
    costmodel compare device.jsonl
    costmodel compare device.jsonl --network my-net.yaml
    """
    import sys

    from costmodel.cli.validate_answer import write_comparison
    from costmodel.compression.deployed import Variant
    from costmodel.errors import FormatError, Location, MissingError
    from costmodel.measurement.device_log import read_device_log
    from costmodel.results.comparison import Comparison, RunComparison
    from costmodel.sources.catalogue import load_network
    from costmodel.validation.comparing import compare_runs
    from costmodel.validation.validating import expect_network

    if str(log) == "-":
        runs = read_device_log(sys.stdin.buffer, "standard input")
    else:
        try:
            with log.open("rb") as stream:
                runs = read_device_log(stream, str(log))
        except FileNotFoundError:
            raise MissingError("does not exist", Location(str(log))) from None
        except OSError as error:
            raise FormatError(f"cannot be read: {error.strerror or error}", Location(str(log))) from None
    compared: list[RunComparison] = []
    for run in runs:
        chosen = load_network(network or run.network)
        variants = {member.value: member for member in Variant}
        known = seed is not None and run.variant in variants
        expected = expect_network(chosen, variants[run.variant], seed or 0) if known else None
        compared += compare_runs([run], chosen, expected).runs
    comparison = Comparison(runs=tuple(compared))
    write_comparison(comparison, output_format, in_detail=True, seed=seed)
    if not comparison.equal:
        raise typer.Exit(1)
