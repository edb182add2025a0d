"""`costmodel validate`: runs the firmware here or on emulated cores, and compares every counter with its closed form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from costmodel.cli.output import OutputFormat
    from costmodel.deployment.deployed import Variant
    from costmodel.validation.deployables import Deployable
    from costmodel.validation.validating import Target, Workbench


def validate_command(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="As --network.", show_default=False)] = None,
    network: Annotated[
        str, typer.Option("--network", "-n", help="A model with its weights, a network of the zoo, or a file.")
    ] = "trained-pruned-int8",
    target: Annotated[str, typer.Option("--target", "-t", help="host, xtensa, riscv, arm, several with commas, or all.")] = "host",
    layers: Annotated[int | None, typer.Option(min=1, max=100_000, help="Run so many random layers instead of a network.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of inputs, of weights where a network has none, and of random layers.")] = 7,
    variant: Annotated[str, typer.Option(help="int8, float32 (int8 weights, float32 activations), or all.")] = "int8",
    mapping: Annotated[
        str | None,
        typer.Option(help="Run generated kernels: best, a file of `costmodel map`, or a mapping as of --dataflow.", show_default=False),
    ] = None,
    image: Annotated[Path | None, typer.Option(help="Run this picture, resized to the network's input.")] = None,
    data: Annotated[str | None, typer.Option(help="Run a whole test set: as `compress` takes it.", show_default=False)] = None,
    images: Annotated[int | None, typer.Option(min=1, help="So many images of the test set alone.", show_default=False)] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw one image of each class with its answer, as PNG.", show_default=False)] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for what is built; default: the user's cache.")] = None,
    compiler: Annotated[str | None, typer.Option("--cc", help="C compiler of this machine; default: CC, cc, gcc or clang.")] = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Run the firmware and compare every counter of every layer with its closed form.

    Exits 1 where a figure differs. Emulated cores also run the timing build, whose real loads and stores are compared as well. A model has
    its own weights; any other network gets random ones. With --data the firmware runs a whole test set on this machine.

    Examples
    --------
    costmodel validate
    costmodel validate --target all
    costmodel validate --mapping best --target riscv
    costmodel validate --layers 200 --seed 7
    costmodel validate --image photo.jpg
    costmodel validate model.tflite
    costmodel validate --network model/ --data cifar10.zip --picture check.png
    """
    import os
    import shutil

    from costmodel.cli.options import all_chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.deployment.deployed import Variant
    from costmodel.errors import SpecError
    from costmodel.report.answers.checks.firmware import comparison_answer
    from costmodel.sources.cache_folder import cache_folder
    from costmodel.sources.shipped.packaged_data import packaged_folder
    from costmodel.validation.deployables import deployable
    from costmodel.validation.mapping_choice import validate_mapped
    from costmodel.validation.validating import Target, Workbench, expect_layers, validate

    output = format_of(output_format)
    network = model or network
    targets = all_chosen("--target", (target,), Target)
    variants = all_chosen("--variant", (variant,), Variant)
    usual = os.environ.get("CC")
    named = compiler or (usual if usual and shutil.which(usual) else None)
    bench = Workbench(packaged_folder("firmware"), cache or cache_folder(os.environ), named)
    if layers is not None:
        if image is not None:
            raise SpecError("--image: random layers have no use for a picture; leave --layers out")
        expectations = expect_layers(layers, seed, variants)
    else:
        held = deployable(network, seed)
        if data is not None:
            _run_images(held, data, images, picture, bench, output, variants=variants, targets=targets)
            return
        values = None if image is None else held.input_of(image)
        expectations = [held.expected(form, values) for form in variants]
    if mapping is None:
        comparison = validate(expectations, targets, bench)
    else:
        if layers is not None or variants != (Variant.INT8,):
            raise SpecError("--mapping: generated kernels run a network in the int8 variant; leave --layers and --variant out")
        comparison = validate_mapped(expectations, mapping, targets, bench)
    random = None if layers is None and held.trained else seed
    write_answer(comparison_answer(comparison, in_detail=layers is None, seed=random), output)
    if not comparison.equal:
        raise typer.Exit(1)


def _run_images(
    held: Deployable,
    data: str,
    count: int | None,
    picture: Path | None,
    bench: Workbench,
    output: OutputFormat,
    *,
    variants: Sequence[Variant],
    targets: Sequence[Target],
) -> None:
    """Run a test set on this machine."""
    import os

    from costmodel.cli.output import write_answer
    from costmodel.errors import SpecError
    from costmodel.report.answers.checks.image_runs import image_run_answer
    from costmodel.report.figures.checked_images import checked_images_png
    from costmodel.report.progress import ProgressDisplay
    from costmodel.sources.cache_folder import cache_folder
    from costmodel.sources.documents.atomic_file import write_whole
    from costmodel.training.images.reading import load_data_set
    from costmodel.validation.image_runs import run_images
    from costmodel.validation.validating import Target

    if tuple(targets) != (Target.HOST,):
        raise SpecError("--data: a test set runs on this machine (--target host); emulated cores run single images")
    shape = held.model.network.input
    found = load_data_set(data, cache_folder(os.environ), shape=(shape[0], shape[1], shape[2]) if len(shape) == 3 else None)
    test = found.test.part(slice(0, None)) if count is None else found.test.spread(count)
    equal = True
    for variant in variants:
        with ProgressDisplay() as display:
            asked = held.expected(variant, None)
            scale, told = held.input_scale, display.stage
            run = run_images(asked, test.images, test.labels, found.classes, bench, input_scale=scale, told=told)
        if picture is not None:
            write_whole(picture, checked_images_png(run.checked, test.images))
        write_answer(image_run_answer(run, None if picture is None else str(picture)), output)
        equal = equal and run.equal
    if not equal:
        raise typer.Exit(1)
