"""`costmodel init`: a network, a scenario and a study to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init_command(
    network: Annotated[Path | None, typer.Argument(help="The network file to write, like my-net.yaml.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    schemas: Annotated[Path | None, typer.Option(help="Write only the JSON Schemas of the files, into this folder.")] = None,
    capture: Annotated[
        Path | None, typer.Option(help="Write only an example of a current trace, like capture.csv, for costmodel trace.")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Write a commented network, a scenario and a study that run at once, and the schemas from which editors complete them.

    Examples
    --------
    costmodel init my-net.yaml
    costmodel report my-net.scenario.yaml
    costmodel sweep my-net.study.yaml --out results
    costmodel init --capture capture.csv
    costmodel trace capture.csv --supply-v 5.03
    """
    from costmodel.cli.output import format_of, write_answer
    from costmodel.errors import MissingError, SpecError
    from costmodel.report.answers.written import written_answer
    from costmodel.sources.starter_files import SCHEMA_FOLDER, write_schemas, write_starter

    form = format_of(output_format)
    alone = [option for option, path in (("--schemas", schemas), ("--capture", capture)) if path is not None]
    if alone and (network is not None or len(alone) > 1):
        raise SpecError(f"{alone[0]}: is all that is written; leave {'the network file' if network is not None else alone[1]} out")
    if capture is not None:
        from costmodel.sources.starter_capture import CAPTURE_SUPPLY_V, write_capture

        written = write_capture(capture, force=force)
        note = f"A synthetic trace of the reference board. Next: costmodel trace {capture} --supply-v {CAPTURE_SUPPLY_V:g}"
    elif schemas is not None:
        from costmodel.sweeps.study.study_schema import write_study_schema

        written = (*write_schemas(schemas), write_study_schema(schemas))
        note = "Point an editor at one with a first line like: # yaml-language-server: $schema=PATH"
    elif network is None:
        raise MissingError("give the network file to write: costmodel init my-net.yaml")
    else:
        from costmodel.sweeps.study.study_schema import write_study_schema

        written = (*write_starter(network, force=force), write_study_schema(network.parent / SCHEMA_FOLDER))
        note = f"Next: costmodel report {written[1]}, or: costmodel sweep {written[2]}"
    write_answer(written_answer([str(path) for path in written], note), form)
