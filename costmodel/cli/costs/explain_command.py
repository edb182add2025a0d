"""`costmodel explain`: a figure, its formula with the numbers put in, down to constants with their sources."""

from __future__ import annotations

from typing import Annotated, Final

import typer

EXPLANATION_WIDTH: Final = 100
"""Columns of an explanation that goes to no terminal."""


def explain_command(
    figure: Annotated[str | None, typer.Argument(help="Figure to explain, such as conv2.energy. Left out: list them all.")] = None,
    scenario: Annotated[str, typer.Option("--scenario", "-s", help="Packaged scenario, or a scenario file.")] = "esp32-deck",
    dataflow: Annotated[str | None, typer.Option(help="Dataflow of the scenario; left out, its first.")] = None,
    depth: Annotated[int, typer.Option(min=1, help="How many levels down.")] = 32,
    output: Annotated[str, typer.Option("--format", "-f", help="terminal, markdown, html or json.")] = "terminal",
) -> None:
    """Show where a figure comes from: formula, numbers put in, constants, sources.

    Example: costmodel explain battery.continuous_life
    """
    from costmodel.cli.output import WITHOUT_TABLE, format_of, write_answer
    from costmodel.errors import UnknownNameError
    from costmodel.evaluation.explaining import explain, recorded_figures
    from costmodel.report.answers.explanation import explanation_answer, figures_answer
    from costmodel.results.explanation import ListedFigure
    from costmodel.sources.catalogue import load_scenario
    from costmodel.specs.counting import Dataflow

    form = format_of(output, WITHOUT_TABLE)
    asked = load_scenario(scenario)
    if dataflow is not None and dataflow not in set(Dataflow):
        raise UnknownNameError("--dataflow", dataflow, [known.value for known in Dataflow], "a dataflow")
    chosen = Dataflow(dataflow) if dataflow else asked.dataflows[0]
    if figure is None:
        write_answer(figures_answer({name: ListedFigure(*found) for name, found in recorded_figures(asked, chosen).items()}), form)
        return
    write_answer(explanation_answer(explain(asked, figure, chosen), depth), form, pipe_width=EXPLANATION_WIDTH)
