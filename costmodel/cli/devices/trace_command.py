"""`costmodel trace`: the inferences in a current trace, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_CURRENT = "Such as 40mA."


def trace_command(
    capture: Annotated[
        Path,
        typer.Argument(
            metavar="CAPTURE", help="PPK2 CSV or .ppk2, Joulescope CSV or JLS, MLPerf Tiny JSON or .bin, or any CSV with units."
        ),
    ],
    supply_v: Annotated[
        str | None, typer.Option("--supply-v", "--supply", metavar="VOLTS", help="Supply, where the capture holds no voltage.")
    ] = None,
    min_current: Annotated[str | None, typer.Option(metavar="AMPERES", help=f"I_min of an inference; left out, found. {_CURRENT}")] = None,
    max_current: Annotated[str | None, typer.Option(metavar="AMPERES", help=f"I_max of an inference. {_CURRENT}")] = None,
    min_duration: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="tau_min of an inference; left out, found. Such as 20ms.")
    ] = None,
    boot: Annotated[str | None, typer.Option(metavar="SECONDS", help="Time at the begin that does not count; left out, found.")] = None,
    time_column: Annotated[
        str | None, typer.Option(metavar="NAME[:UNIT]", help="Time column of a CSV file: its name, or its number from 1.")
    ] = None,
    current_column: Annotated[str | None, typer.Option(metavar="NAME[:UNIT]", help="Current column of a CSV file.")] = None,
    voltage_column: Annotated[str | None, typer.Option(metavar="NAME[:UNIT]", help="Voltage column of a CSV file.")] = None,
    power_column: Annotated[
        str | None, typer.Option(metavar="NAME[:UNIT]", help="Power column of a CSV file, where none is a current.")
    ] = None,
    sample_rate: Annotated[
        str | None, typer.Option(metavar="HERTZ", help="Of a CSV file whose columns do not tell the time. Such as 100kHz.")
    ] = None,
    shunt: Annotated[str | None, typer.Option(metavar="OHMS", help="A CSV file holds the voltage over this resistance. 0.1ohm.")] = None,
    marks: Annotated[
        str | None, typer.Option(metavar="FILE|PIN", help="Times of begins and ends, or the pin (D0, PD13) that is high while inferring.")
    ] = None,
    inferences: Annotated[int | None, typer.Option(metavar="N", min=1, help="Inferences in each window: a run of many.")] = None,
    period: Annotated[str | None, typer.Option(metavar="SECONDS", help="From one inference to the next, in a run too.")] = None,
    duration: Annotated[str | None, typer.Option(metavar="SECONDS", help="Of one inference, about; others are left out.")] = None,
    above: Annotated[str | None, typer.Option(metavar="AMPERES", help="Tell the time the current is above this.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw the trace with its windows to this .png or .svg file.")] = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, markdown, html or json.")] = "terminal",
) -> None:
    """Find the inferences in a current trace: idle and active current, durations, energy split into baseline and computation.

    Idle is what the capture returns to between inferences, and everything between two returns is one inference; where the capture does not
    tell, it says what would. Mean current, charge and energy of the whole capture are given in any case.

    Examples
    --------
    costmodel trace capture.csv
    costmodel trace capture.csv --supply-v 5.03 --min-current 40mA --max-current 50mA --chart trace.png
    costmodel trace mlperf.csv --supply-v 1.8 --inferences 110
    costmodel trace session.ppk2 --marks D0
    costmodel trace bare.txt --time-column 1:ms --current-column 2:mA
    costmodel trace logger.csv --current-column shunt:mA --sample-rate 1kHz --format json > figures.json
    """
    from dataclasses import replace

    from costmodel import __version__
    from costmodel.cli.output import PIPE_WIDTH, WITHOUT_TABLE, format_of, write_answer
    from costmodel.cli.quantity_text import positive_quantity, quantity
    from costmodel.errors import SpecError
    from costmodel.measurement.trace_analysis import Thresholds
    from costmodel.report.answer import Answer
    from costmodel.report.document import Document
    from costmodel.report.sections.trace import trace_lead, trace_section
    from costmodel.sources.measured.captures import CaptureOptions, analysed_capture
    from costmodel.units import AMPERES, HERTZ, OHMS, SECONDS, VOLTS

    form = format_of(output_format, WITHOUT_TABLE)
    thresholds = Thresholds(
        None if min_current is None else quantity("--min-current", min_current, AMPERES),
        None if max_current is None else quantity("--max-current", max_current, AMPERES),
        None if min_duration is None else quantity("--min-duration", min_duration, SECONDS),
        None if boot is None else quantity("--boot", boot, SECONDS),
        None if duration is None else positive_quantity("--duration", duration, SECONDS, "time"),
        None if period is None else positive_quantity("--period", period, SECONDS, "time"),
        inferences,
    )
    if thresholds.minimum_a is not None and thresholds.maximum_a is not None and thresholds.minimum_a >= thresholds.maximum_a:
        raise SpecError(f"--min-current {min_current} is not below --max-current {max_current}: no current lies between")
    named = {"time": time_column, "current": current_column, "voltage": voltage_column, "power": power_column}
    columns = {kind: column for kind, column in named.items() if column is not None}
    options = CaptureOptions(
        None if sample_rate is None else quantity("--sample-rate", sample_rate, HERTZ),
        None if shunt is None else positive_quantity("--shunt", shunt, OHMS, "resistance"),
        marks,
        None if above is None else quantity("--above", above, AMPERES),
    )
    supply = None if supply_v is None else positive_quantity("--supply-v", supply_v, VOLTS, "voltage")
    summary, curve = analysed_capture(capture, supply, thresholds, columns, options)
    section = replace(trace_section(summary, curve), title="What the capture holds")
    document = Document(f"Trace {capture.name}", trace_lead(summary), (section,), f"costmodel {__version__}.")
    write_answer(Answer(document, summary), form, pipe_width=PIPE_WIDTH, chart=chart)
