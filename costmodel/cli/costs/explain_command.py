"""`costmodel explain`: a figure, its formula with the numbers put in, down to constants with their sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from costmodel.cli.output import OutputFormat

EXPLANATION_WIDTH: Final = 100
"""Columns of an explanation that goes to no terminal."""


def explain_command(
    figure: Annotated[str | None, typer.Argument(help="Figure to explain, such as conv2.energy. Left out: list them all.")] = None,
    scenario: Annotated[str, typer.Option("--scenario", "-s", help="Packaged scenario, or a scenario file.")] = "esp32-deck",
    trace: Annotated[
        Path | None, typer.Option(metavar="CAPTURE", help="Explain a figure of a current trace instead: trace.computational.mean, ...")
    ] = None,
    supply_v: Annotated[
        str | None, typer.Option("--supply-v", "--supply", metavar="VOLTS", help="Supply of the trace, where it holds no voltage.")
    ] = None,
    dataflow: Annotated[str | None, typer.Option(help="Dataflow of the scenario; left out, its first.")] = None,
    depth: Annotated[int, typer.Option(min=1, help="How many levels down.")] = 32,
    output: Annotated[str, typer.Option("--format", "-f", help="terminal, markdown, html or json.")] = "terminal",
) -> None:
    """Show where a figure comes from: formula, numbers put in, constants, sources.

    Examples
    --------
    costmodel explain battery.continuous_life
    costmodel explain trace.computational.mean --trace capture.csv
    """
    from costmodel.cli.options import mappings_chosen
    from costmodel.cli.output import WITHOUT_TABLE, format_of, write_answer
    from costmodel.evaluation.explaining import explain, recorded_figures
    from costmodel.report.answers.explanation import explanation_answer, figures_answer
    from costmodel.results.explanation import ListedFigure
    from costmodel.sources.catalogue import load_scenario

    form = format_of(output, WITHOUT_TABLE)
    if trace is not None or supply_v is not None:
        _explain_capture(trace, supply_v, figure, depth, form)
        return
    asked = load_scenario(scenario)
    chosen = mappings_chosen("--dataflow", [dataflow])[0] if dataflow else asked.dataflows[0]
    if figure is None:
        write_answer(figures_answer({name: ListedFigure(*found) for name, found in recorded_figures(asked, chosen).items()}), form)
        return
    write_answer(explanation_answer(explain(asked, figure, chosen), depth), form, pipe_width=EXPLANATION_WIDTH)


def _explain_capture(trace: Path | None, supply_v: str | None, figure: str | None, depth: int, form: OutputFormat) -> None:
    from costmodel.cli.output import write_answer
    from costmodel.cli.quantity_text import VOLTS, positive_quantity
    from costmodel.errors import SpecError, UnknownNameError
    from costmodel.evaluation.explaining import explanation_of, recorded_result
    from costmodel.measurement.trace_analysis import FOUND
    from costmodel.report.answers.explanation import explanation_answer, figures_answer
    from costmodel.results.explanation import ListedFigure
    from costmodel.sources.captures import analysed_capture

    if trace is None:
        raise SpecError("--supply-v: the supply a trace was taken at; give the capture with --trace")
    supply = None if supply_v is None else positive_quantity("--supply-v", supply_v, VOLTS, "voltage")
    figures = recorded_result(lambda: analysed_capture(trace, supply, FOUND, {}).summary, "trace")
    if figure is None:
        write_answer(figures_answer({name: ListedFigure(*found) for name, found in figures.items()}), form)
        return
    if figure not in figures:
        raise UnknownNameError("figure", figure, figures, f"a figure of {trace.name}")
    write_answer(explanation_answer(explanation_of(figure, figures[figure], figures), depth), form, pipe_width=EXPLANATION_WIDTH)
