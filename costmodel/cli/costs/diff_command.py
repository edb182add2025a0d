"""`costmodel diff`: what changes when one network, or one scenario, takes another's place."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from costmodel.cli.model_options import AllowUnsupported, InputShapes
from costmodel.cli.rate_options import Period, Rate

if TYPE_CHECKING:
    from costmodel.evaluation.differences import Limit
    from costmodel.results.graphs.compared_side import ComparedSide
    from costmodel.results.graphs.network_diff import NetworkDiff

_LIMIT: Final = re.compile(r"^\s*(?:([A-Za-z][A-Za-z_-]*)\s*=\s*)?([0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)\s*(%?)\s*$")


def diff_command(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="Network or scenario: a packaged name, a YAML file, a model file.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="What takes its place.")],
    input_shape: InputShapes = None,
    allow_unsupported: AllowUnsupported = False,
    device: Annotated[str | None, typer.Option(help="Packaged device, or a file.")] = None,
    dataflow: Annotated[
        str | None, typer.Option(help="Dataflow both run in; left out, a scenario's own, else output-stationary.", show_default=False)
    ] = None,
    battery: Annotated[str | None, typer.Option(help="Packaged battery, or a file.")] = None,
    rate: Rate = None,
    period: Period = None,
    max_increase: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMIT",
            help="Exit 1 where a figure grows more: 5% for every one, or macs=5%,ram=0 by name, in its own unit or in %. Several times.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, markdown, html, json or csv.")] = "terminal",
) -> None:
    """Compare two networks on one device, or two scenarios: RAM, flash, time, energy, battery life, counts, and layer by layer.

    Layers are found again by their names, then by what they are. With --max-increase it is a check for a pull request: status 1, naming
    each figure that grows too much. Figures: parameters, stored, macs, accesses, ram, flash, energy, time; tflm-arena of two .tflite.
    As HTML it is a page with buffers, energies and battery life of both side by side.

    Examples
    --------
    costmodel diff cifar-baseline cifar-aap-pruned --device esp32-wroom
    costmodel diff resnet8 mobilenet-v1-0.25 --device esp32-s3-wroom-1-n8 --rate 1/min --format html
    costmodel diff before.scenario.yaml after.scenario.yaml
    costmodel diff before.tflite after.tflite --max-increase macs=5%,ram=0 --format markdown
    """
    from costmodel.cli.answers.report_additions import tflm_arena_of
    from costmodel.cli.model_options import model_network
    from costmodel.cli.options import mappings_chosen
    from costmodel.cli.output import OutputFormat, format_of, write_answer
    from costmodel.cli.rate_options import period_asked
    from costmodel.evaluation.compared_sides import compared_side
    from costmodel.evaluation.differences import diff_sides
    from costmodel.report.answers.differences import diff_answer
    from costmodel.sources.network_references import names_a_network
    from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario
    from costmodel.sources.usual_use import usual_use
    from costmodel.specs.counting import Dataflow
    from costmodel.specs.running.mapping import mapping_of

    form = format_of(output_format)
    limits = limits_of(max_increase or ())
    chosen = mappings_chosen("--dataflow", [dataflow])[:1] if dataflow else None
    changes = ScenarioChanges(device=device, dataflows=chosen, battery=battery, period_s=period_asked(rate, period))

    def side(name: str) -> ComparedSide:
        read = model_network(name, input_shape, allow_unsupported)
        alone = not isinstance(read, str) or names_a_network(read)
        if alone:
            of_network = changes._replace(network=read, dataflows=chosen or (mapping_of(Dataflow.OUTPUT_STATIONARY),))
            scenario = changed_scenario(None, of_network)
        else:
            scenario = changed_scenario(str(read), changes)
        arena = tflm_arena_of(name, input_shape)
        return compared_side(scenario, usual_use(scenario, rest_open=alone), arena, with_lives=form is OutputFormat.HTML)

    before_side, after_side = side(before), side(after)
    found = diff_sides(before_side, after_side, limits)
    _refuse_unknown(limits, found)
    write_answer(diff_answer(found, bool(limits), (before_side, after_side)), form)
    if found.exceeded:
        raise typer.Exit(1)


def limits_of(texts: Sequence[str]) -> list[Limit]:
    """Return the limits that options ask for.

    Parameters
    ----------
    texts : sequence of str
        `5%`, `macs=5%,ram=0`.

    Returns
    -------
    list of Limit
        In the order given.

    Raises
    ------
    SpecError
        If one is no limit, or names no figure.
    """
    from costmodel.errors import SpecError, UnknownNameError
    from costmodel.evaluation.differences import UNITS, Limit
    from costmodel.units import PERCENT

    limits = []
    for text in (part for given in texts for part in given.split(",")):
        found = _LIMIT.match(text)
        if found is None:
            raise SpecError(f"--max-increase: expected 5%, macs=5% or ram=0, found {text.strip()!r}")
        name = None if found[1] is None else found[1].lower().replace("_", "-")
        if name is not None and name not in UNITS:
            raise UnknownNameError("--max-increase", name, UNITS, "a figure")
        if name is None and not found[3]:
            raise SpecError(f"--max-increase: {text.strip()} of what? A limit without a name is a share, such as 5%; with one, ram=0")
        most = float(found[2])
        if not math.isfinite(most):
            raise SpecError(f"--max-increase: {text.strip()} is no finite limit")
        limits.append(Limit(name, most / PERCENT if found[3] else most, bool(found[3]), text.strip()))
    return limits


def _refuse_unknown(limits: Sequence[Limit], found: NetworkDiff) -> None:
    """A limit that names a figure nobody knows would always hold."""
    from costmodel.errors import MissingError
    from costmodel.report.words.reason_words import reason_text

    known = {total.figure: total for total in found.totals}
    for limit in limits:
        total = None if limit.figure is None else known.get(limit.figure)
        if limit.figure is not None and (total is None or total.change is None):
            unknown = "" if total is None or total.reason is None else reason_text(total.reason)
            reason = "both networks must be .tflite files" if total is None else unknown
            raise MissingError(f"--max-increase {limit.text}: {limit.figure} is not known: {reason}")
