"""`costmodel report`: the cost of a network on a device, in words, tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from costmodel.cli.model_options import AllowUnsupported, InputShapes
from costmodel.cli.rate_options import Period, Rate

if TYPE_CHECKING:
    from costmodel.results.evaluation import Evaluation


def report_command(
    ctx: typer.Context,
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCENARIO]",
            help="Scenario or network: a name, a YAML file, a model file or folder.  [default: esp32-deck]",
            show_default=False,
        ),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(help="Network of the zoo, a YAML file, a model file or folder. Without a scenario, the rest starts from defaults."),
    ] = None,
    input_shape: InputShapes = None,
    allow_unsupported: AllowUnsupported = False,
    device: Annotated[str | None, typer.Option(help="Packaged device, or a file.")] = None,
    dataflow: Annotated[
        list[str] | None, typer.Option(help="Dataflow to cost; the first one runs. Several times, or `all`.", show_default=False)
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(help="Which layers run together: layer-by-layer, streaming, strips-8 ...; as in `plan`.", show_default=False),
    ] = None,
    taps: Annotated[str | None, typer.Option(help="valid or nominal.")] = None,
    granularity: Annotated[str | None, typer.Option(help="element, block_packed or block_traced.")] = None,
    bias: Annotated[bool | None, typer.Option("--bias/--no-bias", help="Whether bias reads count.")] = None,
    memory_energy: Annotated[str | None, typer.Option(help="Packaged name, file, or size=320KiB,width=4,node=40,cell=lstp.")] = None,
    battery: Annotated[str | None, typer.Option(help="Packaged battery, or a file.")] = None,
    supply: Annotated[str | None, typer.Option("--supply", "--supply-v", metavar="VOLTS", help="Supply of the board.")] = None,
    idle: Annotated[str | None, typer.Option(metavar="AMPERES", help="Current of the idle board, such as 36.4mA.")] = None,
    active: Annotated[str | None, typer.Option(metavar="AMPERES", help="Current during an inference.")] = None,
    duration: Annotated[str | None, typer.Option(metavar="SECONDS", help="Measured duration of one inference, such as 320ms.")] = None,
    rate: Rate = None,
    period: Period = None,
    static_bytes: Annotated[
        int | None, typer.Option(min=0, metavar="BYTES", help="Static data of the program, taken from the heap before the network.")
    ] = None,
    radio: Annotated[str | None, typer.Option(help="Radio that runs beside the network and takes heap: ble, wifi.")] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Current trace, or a file of what `trace --format json` printed: gives power and duration, and is shown."),
    ] = None,
    sleep: Annotated[
        str | None,
        typer.Option(help="Between inferences: idle, light, deep, ... Adds battery life with intervals, as --battery and --trace do."),
    ] = None,
    states: Annotated[str | None, typer.Option(help="Packaged power states of the board, or a file; left out, the device's.")] = None,
    model: Annotated[str | None, typer.Option(help="How the battery empties: energy, peukert, kinetic, diffusion or voltage.")] = None,
    temperature: Annotated[float | None, typer.Option(metavar="DEGC", help="Temperature of the battery.", min=-60.0, max=100.0)] = None,
    runtime: Annotated[
        str | None,
        typer.Option(help="What runs it: tflm-cmsis-nn, esp-nn, costmodel ...; see `list runtimes`.", show_default=False),
    ] = None,
    output_format: Annotated[
        list[str] | None, typer.Option("--format", help="terminal, html, markdown or json. Several times.", show_default=False)
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="On a terminal, everything instead of the first screen.")] = False,
    section: Annotated[
        list[str] | None, typer.Option(help="On a terminal, this section: memory, energy, latency ... Several times.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to. Without --format: report.html, .md, .json and figures, and the first screen."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --out: write into a folder that holds other files, too.")] = False,
) -> None:
    """Cost a network on a device end to end: accesses, energy, memory, time and battery life, with the source of every number.

    Without arguments this is the reference deployment. Options come before the scenario's own fields. Duration and heap were measured on
    the scenario's own network and device: changing either drops them. Another device drops the board's power, too; battery life then takes
    what is packaged of that device's board.

    Examples
    --------
    costmodel report
    costmodel report --full
    costmodel report --section memory --section energy
    costmodel report my-net.scenario.yaml --out report
    costmodel report model.tflite --device esp32-s3-wroom-1-n8
    costmodel report --network cifar-baseline --dataflow all --taps nominal --format html --out report
    costmodel report resnet8 --device nrf52840 --runtime tflm-cmsis-nn
    costmodel report mobilenet-v1-0.25 --schedule streaming --section schedule
    costmodel report --duration 250ms --format json
    costmodel report --battery 18650 --sleep deep --trace capture.csv
    """
    from costmodel.cli.answers.report_additions import accuracy_of, tflm_arena_of
    from costmodel.cli.answers.report_output import ScreenAsked, deliver_report
    from costmodel.cli.command_words import LEFT_OUT, command_text, plan_text
    from costmodel.cli.model_options import model_network
    from costmodel.cli.options import all_chosen, chosen, mappings_chosen
    from costmodel.cli.quantity_text import quantity
    from costmodel.cli.rate_options import period_asked
    from costmodel.errors import Mistakes
    from costmodel.report.writing import ReportFormat
    from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario, leaves_rest_open, named_parts
    from costmodel.specs.counting import Granularity, Taps
    from costmodel.specs.devices.battery import BatteryModelName
    from costmodel.specs.running.schedule import ScheduleName
    from costmodel.units import AMPERES, SECONDS, VOLTS

    mistakes = Mistakes()
    formats = mistakes.of(lambda: all_chosen("--format", output_format, ReportFormat)) if output_format else None
    options: dict[str, Any] = {
        "dataflows": None if not dataflow else mistakes.of(lambda: mappings_chosen("--dataflow", dataflow)),
        "taps": None if taps is None else mistakes.of(lambda: chosen("--taps", taps, Taps)),
        "granularity": None if granularity is None else mistakes.of(lambda: chosen("--granularity", granularity, Granularity)),
        "supply_v": None if supply is None else mistakes.of(lambda: quantity("--supply", supply, VOLTS)),
        "idle_a": None if idle is None else mistakes.of(lambda: quantity("--idle", idle, AMPERES)),
        "active_a": None if active is None else mistakes.of(lambda: quantity("--active", active, AMPERES)),
        "duration_s": None if duration is None else mistakes.of(lambda: quantity("--duration", duration, SECONDS)),
        "period_s": mistakes.of(lambda: period_asked(rate, period)),
        "schedule": None if schedule is None else mistakes.of(lambda: chosen("--schedule", schedule, ScheduleName)),
        "model": None if model is None else mistakes.of(lambda: chosen("--model", model, BatteryModelName)),
    }
    named, said = network or scenario, scenario
    if input_shape or allow_unsupported:
        scenario, read = (scenario, network) if network is not None else (None, scenario)
        chosen_network = model_network(read, input_shape, allow_unsupported)
    else:
        chosen_network = network
    changes = ScenarioChanges(
        network=chosen_network,
        device=device,
        bias=bias,
        memory_energy=memory_energy,
        battery=battery,
        states=states,
        sleep=sleep,
        temperature_degc=temperature,
        static_bytes=static_bytes,
        radio=radio,
        **options,
    )
    asked = mistakes.last(lambda: changed_scenario(scenario, changes))
    arena = tflm_arena_of(named, input_shape)
    analysed = None
    if trace is not None:
        from costmodel.cli.answers.report_additions import with_trace

        asked, analysed = with_trace(asked, trace, changes)
    from costmodel.evaluation.graphs.tflm import used_arena
    from costmodel.evaluation.timing.outlook import asked_life, outlook_of
    from costmodel.report.additions import Additions
    from costmodel.sources.usual_use import usual_use

    use = usual_use(asked, runtime, rest_open=leaves_rest_open(scenario, changes))
    typed = (command_text(ctx), command_text(ctx, LEFT_OUT | {"sleep"}), plan_text(*named_parts(said, network, device), ctx))
    screen = ScreenAsked(*typed, full, tuple(section or ()))
    # A trace alone shows the life of a scenario that has a battery; every other question about one asks for it.
    about_life = (battery, sleep, states, model, temperature)
    with_life = any(option is not None for option in about_life) or (trace is not None and asked.battery is not None)

    def additions_of(found: Evaluation) -> Additions:
        told = outlook_of(asked, found, use)
        life = asked_life(asked, found, told) if with_life else None
        used = None if arena is None else used_arena(arena, asked, found.memory, use.runtime)
        return Additions(analysed, life, used, told, accuracy=accuracy_of(named, asked.network))

    deliver_report(asked, formats, out, additions_of, screen, use, force=force)
