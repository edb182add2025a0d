"""`costmodel init`: a network, a scenario and a study to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init_command(
    network: Annotated[Path | None, typer.Argument(help="The network file to write, like my-net.yaml.", show_default=False)] = None,
    device: Annotated[
        str | None, typer.Option(help="Write a scenario for this device, with nothing in it that belongs to another.", show_default=False)
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="With --device: the network to run there: a model file or folder, a YAML file, a name.", show_default=False
        ),
    ] = None,
    keep_types: Annotated[
        bool, typer.Option("--keep-types", help="With --from: leave floating-point elements; otherwise they count as int8.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    schemas: Annotated[Path | None, typer.Option(help="Write only the JSON Schemas of the files, into this folder.")] = None,
    capture: Annotated[
        Path | None, typer.Option(help="Write only an example of a current trace, like capture.csv, for costmodel trace.")
    ] = None,
    onnx: Annotated[
        Path | None, typer.Option(help="Write only an example of a trained network, like cifar-aap-pruned.onnx.", show_default=False)
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Write a commented network, a scenario and a study that run at once, and the schemas from which editors complete them.

    Examples
    --------
    costmodel init my-net.yaml
    costmodel report my-net.scenario.yaml
    costmodel sweep my-net.study.yaml --out results
    costmodel init --device esp32-s3-wroom-1-n8 --from model.tflite
    costmodel init --onnx cifar-aap-pruned.onnx
    costmodel init --capture capture.csv
    costmodel trace capture.csv --supply-v 5.03
    """
    from costmodel.cli.output import format_of, write_answer
    from costmodel.errors import MissingError, SpecError
    from costmodel.report.answers.files.written import written_answer
    from costmodel.sources.starters.starter_files import SCHEMA_FOLDER, write_schemas, write_starter

    form = format_of(output_format)
    alone = [option for option, path in (("--schemas", schemas), ("--capture", capture), ("--onnx", onnx)) if path is not None]
    others = [*alone[1:], *(name for name, path in (("the network file", network), ("--device", device), ("--from", source)) if path)]
    if alone and others:
        raise SpecError(f"{alone[0]}: is all that is written; leave {others[0]} out")
    if source is not None and device is None:
        raise MissingError("--from: give the device it is to run on, too: --device esp32-wroom (`costmodel list devices`)")
    if keep_types and source is None:
        raise SpecError("--keep-types: says how a model is read; give it with --from")
    if device is not None:
        from costmodel.sources.starters.starter_files import write_device_starter

        made = write_device_starter(device, source=source, network=network, keep_types=keep_types, force=force)
        counted = "  (floating-point elements count as int8, as quantised networks run; --keep-types leaves them)" if made.int8 else ""
        written, note = made.written, f"Next: costmodel report {made.scenario}{counted}"
    elif capture is not None:
        from costmodel.sources.starters.starter_capture import CAPTURE_SUPPLY_V, write_capture

        written = write_capture(capture, force=force)
        note = f"A synthetic trace of the reference board. Next: costmodel trace {capture} --supply-v {CAPTURE_SUPPLY_V:g}"
    elif onnx is not None:
        from costmodel.sources.starters.starter_files import write_example_onnx

        written = (write_example_onnx(onnx, force=force),)
        note = f"A trained network of 28,576 parameters. Next: costmodel report {onnx} --device esp32-s3"
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
