"""`costmodel list`: what is packaged."""

from __future__ import annotations

from typing import Annotated

import typer


def list_command(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="networks, models, devices, memories, compute, batteries, power_states, duty_cycles, calibrations, runtimes or scenarios.",
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
    from costmodel.cli.output import format_of, write_answer
    from costmodel.evaluation.layers.counted_layers import network_macs
    from costmodel.evaluation.timing.knowledge import knowledge_of
    from costmodel.report.answers.packaged import everything_answer, kind_answer, runtimes_answer
    from costmodel.sources.catalogue import KINDS, load_device, load_named, names
    from costmodel.specs.devices.runtime import Runtime
    from costmodel.specs.network import Network

    form = format_of(output_format)
    if kind is None:
        write_answer(everything_answer({each: names(each) for each in KINDS}), form)
        return
    asked = kind.replace("-", "_")
    specs = {name: load_named(asked, name) for name in names(asked)}
    runtimes = [spec for spec in specs.values() if isinstance(spec, Runtime)]
    if runtimes:
        devices = [load_device(name) for name in names("devices")]
        pairs = [knowledge_of(runtime, device) for runtime in runtimes for device in devices]
        write_answer(runtimes_answer([pair for pair in pairs if pair is not None]), form)
        return
    macs = {name: network_macs(spec) for name, spec in specs.items() if isinstance(spec, Network)}
    write_answer(kind_answer(asked, specs, macs), form)
