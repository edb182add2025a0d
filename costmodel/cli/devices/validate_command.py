"""`costmodel validate`: runs the firmware here or on emulated cores, and compares every counter with its closed form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def validate_command(
    network: Annotated[str, typer.Option("--network", "-n", help="Network of the zoo, or a file.")] = "cifar-aap-pruned",
    target: Annotated[str, typer.Option("--target", "-t", help="host, xtensa, riscv, arm, several with commas, or all.")] = "host",
    layers: Annotated[int | None, typer.Option(min=1, max=100_000, help="Run so many random layers instead of a network.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and inputs, and of random layers.")] = 7,
    variant: Annotated[str, typer.Option(help="int8, float32 (int8 weights, float32 activations), or all.")] = "int8",
    image: Annotated[Path | None, typer.Option(help="Run this picture, resized to the network's input.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for what is built; default: the user's cache.")] = None,
    compiler: Annotated[str | None, typer.Option("--cc", help="C compiler of this machine; default: CC, cc, gcc or clang.")] = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Run the firmware and compare every counter of every layer with its closed form.

    Exits 1 where a figure differs. Emulated cores also run the timing build, whose real loads and stores are compared as well.

    Examples
    --------
    costmodel validate
    costmodel validate --target all
    costmodel validate --layers 200 --seed 7
    costmodel validate --image photo.jpg
    """
    import os
    import shutil

    from costmodel.cli.options import all_chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.deployment.deployed import Variant
    from costmodel.errors import SpecError
    from costmodel.report.answers.firmware import comparison_answer
    from costmodel.sources.cache_folder import cache_folder
    from costmodel.sources.catalogue import load_network
    from costmodel.sources.packaged_data import packaged_folder
    from costmodel.validation.targets.image import image_values
    from costmodel.validation.validating import Target, Workbench, expect_layers, expect_network, validate

    output = format_of(output_format)
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
        chosen = load_network(network)
        values = None if image is None else image_values(image, chosen)
        expectations = [expect_network(chosen, form, seed, values) for form in variants]
    comparison = validate(expectations, targets, bench)
    write_answer(comparison_answer(comparison, in_detail=layers is None, seed=seed), output)
    if not comparison.equal:
        raise typer.Exit(1)
