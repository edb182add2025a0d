"""`costmodel predict`: one network on several devices."""

from __future__ import annotations

from typing import Annotated

import typer

from costmodel.cli.rate_options import Period, Rate


def predict_command(
    network: Annotated[
        str | None, typer.Argument(metavar="NETWORK", help="Network: a name, a YAML file, a model file or folder.", show_default=False)
    ] = None,
    network_option: Annotated[str | None, typer.Option("--network", help="The same, as an option.", show_default=False)] = None,
    device: Annotated[list[str] | None, typer.Option(help="Device; several times.  [default: all]", show_default=False)] = None,
    runtime: Annotated[str | None, typer.Option(help="What runs it; left out, what is usual on each core.", show_default=False)] = None,
    battery: Annotated[str | None, typer.Option(help="Packaged battery, or a file.  [default: lipo-500mah]", show_default=False)] = None,
    rate: Rate = None,
    period: Period = None,
    sleep: Annotated[str | None, typer.Option(help="Between inferences.  [default: the deepest that keeps RAM]")] = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Predict what a network takes on each device: whether it fits, time, energy and battery days, each with an interval and its trust.

    Examples
    --------
    costmodel predict ds-cnn
    costmodel predict model.tflite --device nrf52840 --device esp32-s3-wroom-1-n8
    costmodel predict resnet8 --battery cr2032 --rate 1/h --format json
    """
    from costmodel.cli.answers.report_additions import tflm_arena_of
    from costmodel.cli.output import format_of, write_answer
    from costmodel.cli.rate_options import period_asked
    from costmodel.errors import MissingError
    from costmodel.evaluation.evaluating import evaluate
    from costmodel.evaluation.graphs.tflm import used_arena
    from costmodel.evaluation.timing.outlook import outlook_of
    from costmodel.report.answers.predictions import Prediction, predictions_answer
    from costmodel.sources.catalogue import load_network, names
    from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario, leaves_rest_open
    from costmodel.sources.usual_use import usual_use

    form = format_of(output_format)
    asked = network or network_option
    if asked is None:
        raise MissingError("give a network: costmodel predict ds-cnn")
    period_s = period_asked(rate, period)
    # Once for all devices: a model file may be large.
    read = load_network(asked)
    arena = tflm_arena_of(asked)
    found = []
    for name in device or names("devices"):
        changes = ScenarioChanges(network=read, device=name, battery=battery, period_s=period_s, sleep=sleep)
        scenario = changed_scenario(None, changes)
        evaluation = evaluate(scenario)
        use = usual_use(scenario, runtime, rest_open=leaves_rest_open(None, changes))
        used = None if arena is None else used_arena(arena, scenario, evaluation.memory, use.runtime)
        found.append(Prediction(evaluation, outlook_of(scenario, evaluation, use), used))
    write_answer(predictions_answer(found), form)
