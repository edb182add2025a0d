"""`costmodel explain`: a figure, its formula with the numbers put in, down to constants with their sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from costmodel.cli.output import OutputFormat
    from costmodel.evaluation.figures import Figure

ANSWERING: Final = ("battery", "cacti", "count", "diff", "map", "plan", "predict", "report", "reproduce", "sweep", "trace")
"""Commands whose answers have figures."""
EXPLANATION_WIDTH: Final = 100
"""Columns of an explanation that goes to no terminal."""


def explain_command(
    figure: Annotated[str | None, typer.Argument(help="Figure to explain, such as conv2.energy. Left out: list them all.")] = None,
    scenario: Annotated[
        str, typer.Option("--scenario", "-s", help="Scenario or network: a packaged name, a YAML file, a model file.")
    ] = "esp32-deck",
    trace: Annotated[
        Path | None, typer.Option(metavar="CAPTURE", help="Explain a figure of a current trace instead: trace.computational.mean, ...")
    ] = None,
    supply_v: Annotated[
        str | None, typer.Option("--supply-v", "--supply", metavar="VOLTS", help="Supply of the trace, where it holds no voltage.")
    ] = None,
    of: Annotated[
        str | None, typer.Option("--of", metavar="COMMAND", help='Explain a figure of another command\'s answer: --of "count conv2d ...".')
    ] = None,
    dataflow: Annotated[str | None, typer.Option(help="Dataflow of the scenario; left out, its first.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help="Which layers run together, as in `report`: streaming, ...", show_default="the scenario's")
    ] = None,
    depth: Annotated[int, typer.Option(min=1, help="How many levels down.")] = 32,
    output: Annotated[str, typer.Option("--format", "-f", help="terminal, markdown, html or json.")] = "terminal",
) -> None:
    """Show where a figure comes from: formula, numbers put in, constants, sources.

    Examples
    --------
    costmodel explain battery.continuous_life
    costmodel explain trace.computational.mean --trace capture.csv
    costmodel explain tflm.total_bytes --scenario model.tflite
    costmodel explain memory.ram --scenario mobilenet-v1-0.25 --schedule streaming
    costmodel explain battery.lives.deep.life_low_s --of "battery --battery 18650 --states esp32-module --rate 1/min --duration 300ms"
    """
    from costmodel.cli.answers.report_additions import ACCURACY, TFLM, accuracy_figures
    from costmodel.cli.options import chosen, mappings_chosen
    from costmodel.cli.output import WITHOUT_TABLE, format_of, write_answer
    from costmodel.errors import MissingError, SpecError
    from costmodel.evaluation.explained.explaining import explain, recorded_figures
    from costmodel.report.answers.explanation import explanation_answer, figures_answer
    from costmodel.results.conclusions.explanation import ListedFigure
    from costmodel.sources.network_references import tflite_of
    from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario
    from costmodel.sources.usual_use import usual_use
    from costmodel.specs.running.schedule import ScheduleName

    form = format_of(output, WITHOUT_TABLE)
    said = [option for option, value in (("--dataflow", dataflow), ("--schedule", schedule)) if value is not None]
    if said and (of is not None or trace is not None):
        other = "say it in the command of --of" if of is not None else "a capture has none"
        raise SpecError(f"{said[0]}: belongs to a scenario; {other}")
    if of is not None:
        _explain_answer(of, figure, depth, form)
        return
    if trace is not None or supply_v is not None:
        _explain_capture(trace, supply_v, figure, depth, form)
        return
    if figure is not None and figure.startswith(f"{TFLM}."):
        _explain_arena(scenario, figure, depth, form)
        return
    runs = None if schedule is None else chosen("--schedule", schedule, ScheduleName)
    asked = changed_scenario(scenario, ScenarioChanges(schedule=runs))
    of_accuracy = figure is not None and figure.startswith(f"{ACCURACY}.")
    right = accuracy_figures(scenario, asked.network) if figure is None or of_accuracy else {}
    if of_accuracy:
        if not right:
            raise MissingError(f"{figure}: no trained weights of {asked.network.name} are known; give a model with --scenario")
        _write(right, figure, "its accuracy", "", depth, form)
        return
    mapping = mappings_chosen("--dataflow", [dataflow])[0] if dataflow else asked.dataflows[0]
    use = usual_use(asked)
    if figure is None:
        model = tflite_of(scenario)
        known = recorded_figures(asked, mapping, use) | right | ({} if model is None else _arena_figures(model))
        write_answer(figures_answer({name: ListedFigure(*found) for name, found in known.items()}), form)
        return
    outlook = use if figure.startswith("outlook.") else None
    write_answer(
        explanation_answer(explain(asked, figure, mapping, outlook, _levels(depth, form)), depth), form, pipe_width=EXPLANATION_WIDTH
    )


def _levels(depth: int, form: OutputFormat) -> int:
    """How many levels of an explanation are made: for people one more than is shown, which tells that there are more."""
    from costmodel.cli.output import OutputFormat
    from costmodel.evaluation.explained.explaining import MOST_LEVELS

    return MOST_LEVELS if form is OutputFormat.JSON else depth + 1


def _arena_figures(path: Path) -> dict[str, Figure]:
    from costmodel.cli.answers.report_additions import TFLM
    from costmodel.evaluation.explained.explaining import recorded_result
    from costmodel.evaluation.graphs.tflm import plan_tflm_arena
    from costmodel.sources.importers.model_files import load_model_graph

    graph = load_model_graph(path)
    return recorded_result(lambda: plan_tflm_arena(graph), TFLM)


def _explain_arena(scenario: str, figure: str, depth: int, form: OutputFormat) -> None:
    from costmodel.cli.output import write_answer
    from costmodel.errors import SpecError, UnknownNameError
    from costmodel.evaluation.explained.explaining import explanation_of
    from costmodel.report.answers.explanation import explanation_answer
    from costmodel.sources.network_references import tflite_of

    path = tflite_of(scenario)
    if path is None:
        raise SpecError(f"{figure}: TensorFlow Lite Micro's arena follows from a .tflite file; give one with --scenario")
    figures = _arena_figures(path)
    if figure not in figures:
        raise UnknownNameError("figure", figure, figures, "a figure of its arena")
    write_answer(
        explanation_answer(explanation_of(figure, figures[figure], figures, _levels(depth, form)), depth),
        form,
        pipe_width=EXPLANATION_WIDTH,
    )


def _explain_answer(command: str, figure: str | None, depth: int, form: OutputFormat) -> None:
    """Explain a figure of what another command answers."""
    import shlex
    import sys

    from costmodel.cli.app import run_command
    from costmodel.cli.output import answers_taken
    from costmodel.errors import SpecError
    from costmodel.evaluation.explained.explaining import recorded_result

    try:
        # A backslash is part of a path on Windows, and an escape elsewhere.
        words = shlex.split(command) if sys.platform != "win32" else [word.strip("\"'") for word in shlex.split(command, posix=False)]
    except ValueError as error:
        raise SpecError(f"--of: {command!r} cannot be read as a command: {str(error).lower()}") from None
    if not words or words[0] == "explain":
        example = "'count linear --input 204 --out-features 76'"
        raise SpecError(f"--of: expected a command whose answer is explained, such as {example}, found {command!r}")

    def answer() -> Any:
        with answers_taken() as taken:
            run_command(words)
        if not taken:
            return {}
        return taken[-1].content if taken[-1].explained is None else taken[-1].explained

    figures = recorded_result(answer, words[0])
    if not figures:
        raise SpecError(f"--of: {words[0]} answers without figures to explain; {', '.join(ANSWERING)} have some")
    if figure is not None and figure not in figures and f"{words[0]}.{figure}" in figures:
        # A report's cells name their figures without the command that prints them.
        figure = f"{words[0]}.{figure}"
    _write(figures, figure, words[0], f'{next(iter(figures))} --of "{command}"', depth, form)


def _write(figures: Mapping[str, Figure], figure: str | None, whose: str, example: str, depth: int, form: OutputFormat) -> None:
    from costmodel.cli.output import write_answer
    from costmodel.errors import UnknownNameError
    from costmodel.evaluation.explained.explaining import explanation_of
    from costmodel.evaluation.explained.result_figures import distinct
    from costmodel.report.answers.explanation import explanation_answer, figures_answer
    from costmodel.results.conclusions.explanation import ListedFigure

    if figure is None:
        listed = {name: ListedFigure(*found) for name, found in distinct(figures).items()}
        write_answer(figures_answer(listed, whose, example), form)
        return
    if figure not in figures:
        raise UnknownNameError("figure", figure, figures, f"a figure of {whose}")
    write_answer(
        explanation_answer(explanation_of(figure, figures[figure], figures, _levels(depth, form)), depth),
        form,
        pipe_width=EXPLANATION_WIDTH,
    )


def _explain_capture(trace: Path | None, supply_v: str | None, figure: str | None, depth: int, form: OutputFormat) -> None:
    from costmodel.cli.quantity_text import positive_quantity
    from costmodel.errors import SpecError
    from costmodel.evaluation.explained.explaining import recorded_result
    from costmodel.measurement.trace_analysis import FOUND
    from costmodel.sources.measured.captures import analysed_capture
    from costmodel.units import VOLTS

    if trace is None:
        raise SpecError("--supply-v: the supply a trace was taken at; give the capture with --trace")
    supply = None if supply_v is None else positive_quantity("--supply-v", supply_v, VOLTS, "voltage")
    figures = recorded_result(lambda: analysed_capture(trace, supply, FOUND, {}).summary, "trace")
    _write(figures, figure, trace.name, f"{next(iter(figures))} --trace {trace.name}", depth, form)
