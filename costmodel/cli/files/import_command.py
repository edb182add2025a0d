"""`costmodel import`: a model file of another tool as a folder that a person can read and edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from costmodel.cli.model_options import InputShapes


def import_command(
    file: Annotated[Path, typer.Argument(help="A .tflite, .onnx, .pt2, .h5 or .keras file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write.  [default: the file's name without its ending]", show_default=False),
    ] = None,
    input_shapes: InputShapes = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Write a model file as a folder (network as YAML, weights, manifest), and say what became of every operator.

    Examples
    --------
    costmodel import model.onnx -o my-model
    costmodel import speech.onnx -o my-model --input-shape audio=1x1x16000
    costmodel report my-model --device esp32-s3-wroom-1-n8
    """
    from costmodel.cli.model_options import given_shapes
    from costmodel.cli.output import OutputFormat, format_of, write_answer
    from costmodel.errors import SpecError
    from costmodel.evaluation.graphs.imported_costs import folded_operators, imported_operator_costs
    from costmodel.report.answers.files.imported import imported_answer
    from costmodel.report.progress import ProgressDisplay
    from costmodel.sources.importers.model_files import READERS, is_model_file, load_model_graph
    from costmodel.sources.importers.to_model import imported_model
    from costmodel.sources.stored_models.model_folder import write_model

    form = format_of(output_format)
    if not is_model_file(file):
        raise SpecError(f"{file} ends in {file.suffix or 'nothing'!r}, expected a model file: {', '.join(READERS)}")
    folder = file.with_suffix("") if output is None else output
    with ProgressDisplay("import", quiet=form is not OutputFormat.TERMINAL) as progress:
        progress.say(f"reading {file.name}")
        graph = load_model_graph(file, given_shapes(input_shapes or ()))
        progress.say(f"lowering {len(graph.operators):,} operators")
        found = imported_model(graph)
        network = found.model.network
        progress.say(f"counting {len(network.layers):,} layers")
        operators = imported_operator_costs(found.graph, network, found.fates)
        progress.say(f"writing {folder}")
        manifest = write_model(found.model, folder)
    summary = {
        "name": network.name,
        "format": graph.format_name,
        "layers": len(network.layers),
        "parameters": network.parameter_count,
        "multiply_accumulates": sum(each.mac_count for each in operators),
        "accesses": sum(each.access_count for each in operators),
        "decided": list(network.decided),
        "weights_bytes": manifest.weights.size_bytes,
    }
    write_answer(imported_answer(folder, summary, operators, folded_operators(graph)), form)
