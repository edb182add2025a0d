"""`costmodel list`: what is packaged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from costmodel.cli.model_options import InputShapes

if TYPE_CHECKING:
    from costmodel.report.answer import Answer

OPERATORS: Final = "operators"
"""The kind that is no packaged data: what is understood of model files."""
MODELS: Final = "models"
"""Trained models, each a folder."""


def list_command(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="networks, models, devices, memories, compute, batteries, power_states, duty_cycles, calibrations, runtimes, scenarios"
            " or operators.",
            show_default=False,
        ),
    ] = None,
    network: Annotated[str | None, typer.Option(metavar="MODEL", help="With `operators`: a model file, such as model.tflite.")] = None,
    input_shape: InputShapes = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """List what is packaged: everything by name, or one kind with its key figures; or the operators of model files that are understood.

    Any of these names may stand in a scenario or follow an option like --network; so may the path of a file of your own.
    `list operators --network model.tflite` says how each operator of a file is costed, how large an arena TensorFlow Lite Micro needs for
    it, and gives the `MicroMutableOpResolver` code to paste.

    Examples
    --------
    costmodel list
    costmodel list networks
    costmodel list devices --format json
    costmodel list models
    costmodel list operators --network model.tflite
    """
    from costmodel.cli.output import format_of, write_answer
    from costmodel.errors import SpecError, UnknownNameError
    from costmodel.evaluation.layers.counted_layers import network_macs
    from costmodel.evaluation.timing.knowledge import knowledge_of
    from costmodel.report.answers.files.packaged import everything_answer, kind_answer, runtimes_answer
    from costmodel.sources.catalogue import KINDS, load_device, load_named, names
    from costmodel.sources.stored_models.model_folder import read_manifest
    from costmodel.sources.stored_models.packaged_models import packaged_model_folder, packaged_model_names
    from costmodel.specs.devices.runtime import Runtime
    from costmodel.specs.network import Network

    form = format_of(output_format)
    if kind is not None and kind.casefold() == OPERATORS:
        write_answer(_operators(network, input_shape or ()), form)
        return
    if network is not None:
        raise SpecError("--network: goes with `list operators`, which says what a model file needs")
    if kind is None:
        write_answer(everything_answer({each: names(each) for each in KINDS}), form)
        return
    asked = kind.replace("-", "_")
    if asked == MODELS:
        write_answer(kind_answer(MODELS, {name: read_manifest(packaged_model_folder(name)) for name in packaged_model_names()}, {}), form)
        if not packaged_model_names():
            typer.echo("no trained model comes with this version; `costmodel compress` makes one", err=True)
        return
    if asked not in KINDS:
        raise UnknownNameError("kind", asked, (*KINDS, MODELS, OPERATORS), "packaged")
    specs = {name: load_named(asked, name) for name in names(asked)}
    runtimes = [spec for spec in specs.values() if isinstance(spec, Runtime)]
    if runtimes:
        devices = [load_device(name) for name in names("devices")]
        pairs = [knowledge_of(runtime, device) for runtime in runtimes for device in devices]
        write_answer(runtimes_answer([pair for pair in pairs if pair is not None]), form)
        return
    macs = {name: network_macs(spec) for name, spec in specs.items() if isinstance(spec, Network)}
    write_answer(kind_answer(asked, specs, macs), form)


def _operators(path: str | None, shapes: Sequence[str]) -> Answer:
    from functools import partial

    from costmodel.evaluation.graphs.operators import operator_uses, registration_of
    from costmodel.report.answers.files.operators import understood_answer, used_answer
    from costmodel.sources.importers.understood import costed_as, understood_operators

    if path is None:
        return understood_answer([(*found, registration_of(found.kind)) for found in understood_operators()])
    from costmodel.cli.model_options import given_shapes
    from costmodel.errors import InputError, SpecError
    from costmodel.evaluation.graphs.tflm import plan_tflm_arena
    from costmodel.sources.importers.model_files import is_model_file, load_model_graph
    from costmodel.sources.importers.tflite import FORMAT as TFLITE
    from costmodel.sources.importers.to_network import network_of

    if not is_model_file(path):
        raise SpecError(f"--network: {path} is no model file; operators are those of a .tflite or .onnx")
    graph = load_model_graph(Path(path), given_shapes(shapes))
    refusals: list[str] = []
    try:
        network_of(graph)
    except InputError as error:
        refusals = str(error).splitlines()
    return used_answer(
        operator_uses(graph),
        partial(costed_as, graph.format_name),
        refusals,
        plan_tflm_arena(graph) if graph.format_name == TFLITE else None,
    )
