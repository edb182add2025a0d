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
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Write a network with weights of a seed, and an input, as the binary the firmware reads.

    The raw layout and the C header are the reference deployment's, to compare sizes with; both hold int8 weights and biases.

    Examples
    --------
    costmodel pack cifar-aap-pruned --output models.bin
    costmodel pack --layout raw --output weights.bin
    """
    from costmodel.cli.answers.tables import Grid, write_answer
    from costmodel.cli.options import chosen
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
    from costmodel.sources.catalogue import load_network
    from costmodel.sources.documents.atomic_file import write_whole
    from costmodel.specs.counting import Dataflow
    from costmodel.validation.comparing import predicted_arena_bytes, predicted_counts
    from costmodel.validation.targets.image import image_values
    from costmodel.validation.validating import expect_network

    form = chosen("--layout", layout, Layout)
    wanted = chosen("--variant", variant, Variant) if form is Layout.MODEL else Variant.FLOAT32
    packed = load_network(network)
    expected = expect_network(packed, wanted, seed, None if image is None else image_values(image, packed))
    facts: dict[str, str | int | float] = {"network": packed.name, "file": str(output), "seed": seed}
    if form is Layout.MODEL:
        content = expected.model
        facts |= {"variant": wanted.value, "model": model_hash(content), "parameter_bytes": expected.deployed.parameter_bytes}
        for dataflow in (Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY):
            counts = predicted_counts(packed, wanted, dataflow)
            facts[f"{dataflow.name.lower()}_arena_bytes"] = predicted_arena_bytes(expected.deployed, counts, dataflow)
    else:
        arrays = raw_arrays(expected.deployed)
        content = as_raw_bytes(arrays) if form is Layout.RAW else as_header_text(arrays).encode()
        sizes = compared_sizes(arrays)
        facts |= {**sizes._asdict(), "published_saving_ratio": PUBLISHED_WEIGHTS_RATIO}
    facts["file_bytes"] = len(content)
    write_whole(output, content)
    rows = tuple((name.replace("_", " "), value) for name, value in facts.items())
    write_answer(output_format, [Grid(f"Wrote {output}", ("", ""), rows)], {"schema_version": 1, **facts})
