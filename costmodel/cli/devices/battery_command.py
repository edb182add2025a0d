"""`costmodel battery`: how long a battery lasts, asleep or awake between inferences."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from costmodel.cli.rate_options import Period


def battery_command(
    battery: Annotated[str, typer.Option(help="Packaged battery, or a file.")] = "deck-5v-1ah",
    states: Annotated[str, typer.Option(help="Packaged power states of a board, or a file.")] = "esp32-deck",
    rate: Annotated[str | None, typer.Option(help="Inferences: 1/min, 30/h, 0.5Hz, 1/day, back-to-back; left out, 1/min.")] = None,
    period: Period = None,
    sleep: Annotated[
        str | None, typer.Option(help="Between inferences: idle (awake), or a sleep of the board: light, deep, ...; left out, idle.")
    ] = None,
    cycle: Annotated[
        str | None, typer.Option(help="Packaged duty cycle, or a file: any periodic pattern, instead of --rate and --sleep.")
    ] = None,
    model: Annotated[str, typer.Option(help="energy, peukert, kinetic, diffusion or voltage.")] = "energy",
    duration: Annotated[str | None, typer.Option(metavar="SECONDS", help="Of one inference, such as 320ms.")] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Take supply, currents and duration from a current trace, or from a file of what `trace --format json` printed."),
    ] = None,
    supply_v: Annotated[
        str | None,
        typer.Option("--supply-v", "--supply", metavar="VOLTS", help="Supply the trace was taken at, where it holds no voltage."),
    ] = None,
    temperature: Annotated[float, typer.Option(metavar="DEGC", help="Temperature of the battery.", min=-60.0, max=100.0)] = 20.0,
    samples: Annotated[int, typer.Option(help="Samples of the intervals.", min=100, max=1_000_000)] = 10_000,
    seed: Annotated[int, typer.Option(help="Same seed, same intervals.", min=0)] = 0,
    chart: Annotated[Path | None, typer.Option(help="Draw life against rate to this .png or .svg file.")] = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, markdown, html or json.")] = "terminal",
) -> None:
    """Compute how long a battery lasts: with an interval, what dominates, from which rate sleeping pays, and what to measure better.

    Examples
    --------
    costmodel battery --rate 1/min --sleep deep
    costmodel battery --battery 18650 --states esp32-module --duration 0.3 --model kinetic --rate 4/h --sleep light
    costmodel battery --trace capture.csv --rate 1/day --sleep deep --chart life.png --format json
    costmodel battery --trace figures.json --cycle sense-and-infer
    """
    from costmodel import __version__
    from costmodel.cli.battery_question import CommandInputs, answer_of
    from costmodel.cli.output import PIPE_WIDTH, WITHOUT_TABLE, format_of, write_answer
    from costmodel.cli.rate_options import rate_said
    from costmodel.report.answer import Answer
    from costmodel.report.document import Document
    from costmodel.report.sections.battery_life import battery_lead, battery_section

    form = format_of(output_format, WITHOUT_TABLE)
    inputs = CommandInputs(
        battery, states, rate_said(rate, period), sleep, cycle, model, duration, trace, supply_v, temperature, samples, seed
    )
    answer = answer_of(inputs)
    title = f"Battery life: {answer.states} on {answer.battery}"
    document = Document(title, battery_lead(answer), (battery_section(answer),), f"costmodel {__version__}.")
    write_answer(Answer(document, answer), form, pipe_width=PIPE_WIDTH, chart=chart)
