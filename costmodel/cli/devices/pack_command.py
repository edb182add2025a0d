"""`costmodel pack`: writes a network as the binary the firmware reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pack_command(
    network: Annotated[str, typer.Argument(help="Network of the zoo, or a file.")] = "cifar-aap-pruned",
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path("models.bin"),
    layout: Annotated[str, typer.Option(help="model (what the firmware reads), raw (bare arrays) or header (C source).")] = "model",
    variant: Annotated[str, typer.Option(help="int8, or float32 (int8 weights, float32 activations).")] = "int8",
    seed: Annotated[int, typer.Option(min=0, help="Of the weights, and of the input that goes with them.")] = 7,
    image: Annotated[Path | None, typer.Option(help="Put this picture in as the input.")] = None,
    accounting: Annotated[str, typer.Option(help="How tensors share the arena, as in a scenario's `accounting`.")] = "arena-in-place",
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Write a network with weights of a seed, and an input, as the binary the firmware reads.

    Tensors lie where the memory plan that `report` shows puts them. Ways to run the network that are planned, and have no kernel in the
    firmware yet, are named beside.

    The raw layout and the C header are the reference deployment's, to compare sizes with; both hold int8 weights and biases.

    Examples
    --------
    costmodel pack cifar-aap-pruned --output models.bin
    costmodel pack --layout raw --output weights.bin
    """
    from costmodel.cli.options import chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.deployment.deployed import Variant
    from costmodel.deployment.legacy_layout import (
        PUBLISHED_WEIGHTS_RATIO,
        Layout,
        as_header_text,
        as_raw_bytes,
        compared_sizes,
        raw_arrays,
    )
    from costmodel.deployment.model_file import model_hash
    from costmodel.report.answers.written import facts_answer
    from costmodel.sources.catalogue import load_network
    from costmodel.sources.documents.atomic_file import write_whole
    from costmodel.specs.scenario import MemoryAccounting
    from costmodel.validation.firmware_plan import KERNEL_DATAFLOWS, MissingKernel, missing_kernels, predicted_arena_bytes
    from costmodel.validation.targets.image import image_values
    from costmodel.validation.validating import expect_network

    output_form = format_of(output_format)
    form = chosen("--layout", layout, Layout)
    wanted = chosen("--variant", variant, Variant) if form is Layout.MODEL else Variant.FLOAT32
    packed = load_network(network)
    shared = chosen("--accounting", accounting, MemoryAccounting)
    expected = expect_network(packed, wanted, seed, None if image is None else image_values(image, packed), shared)
    missing: list[MissingKernel] = []
    facts: dict[str, str | int | float] = {"network": packed.name, "file": str(output), "seed": seed}
    if form is Layout.MODEL:
        content = expected.model
        facts |= {"variant": wanted.value, "model": model_hash(content), "parameter_bytes": expected.deployed.parameter_bytes}
        for dataflow in KERNEL_DATAFLOWS:
            facts[f"{dataflow.name.lower()}_arena_bytes"] = predicted_arena_bytes(packed, wanted, dataflow, shared) or 0
        missing = list(missing_kernels(packed, wanted, shared))
    else:
        arrays = raw_arrays(expected.deployed)
        content = as_raw_bytes(arrays) if form is Layout.RAW else as_header_text(arrays).encode()
        sizes = compared_sizes(arrays)
        facts |= {**sizes._asdict(), "published_saving_ratio": PUBLISHED_WEIGHTS_RATIO}
    facts["file_bytes"] = len(content)
    write_whole(output, content)
    write_answer(facts_answer(str(output), facts, [each._asdict() for each in missing]), output_form)
