"""`costmodel pack`: writes a network as the binary the firmware reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pack_command(
    network: Annotated[str, typer.Argument(help="Network of the zoo, a file, or a model with its weights.")] = "cifar-aap-pruned",
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path("models.bin"),
    layout: Annotated[
        str, typer.Option(help="model (for the firmware), raw or header (weights alone), image or image-header (the input alone).")
    ] = "model",
    variant: Annotated[str, typer.Option(help="int8, or float32 (int8 weights, float32 activations).")] = "int8",
    seed: Annotated[int, typer.Option(min=0, help="Of the weights of a network without, and of the input.")] = 7,
    image: Annotated[Path | None, typer.Option(help="Put this picture in as the input.")] = None,
    accounting: Annotated[str, typer.Option(help="How tensors share the arena, as in a scenario's `accounting`.")] = "arena-in-place",
    mapping: Annotated[
        str | None,
        typer.Option(help="Generate kernels: best, a file of `costmodel map`, or a mapping as --dataflow takes it.", show_default=False),
    ] = None,
    core: Annotated[str, typer.Option(help="With --mapping: the core they are for, xtensa, riscv or arm.")] = "xtensa",
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Write a network and an input as the binary the firmware reads: a model with its own weights, any other with those of a seed.

    Tensors lie where the memory plan that `report` shows puts them. Ways to run the network that are planned, and have no kernel in the
    firmware yet, are named beside.

    The raw layout and the C header are the reference deployment's, to compare sizes with; both hold int8 weights and biases. `image` writes
    the input alone (--image PICTURE, brought to the network's size) as int8 bytes, plane after plane; `image-header` as C source.

    With --mapping, layers run in kernels generated for their shape and tile: `kernels.c` is written beside the file, for the folder
    `firmware/kernels`, and the weights lie in the order they read them.

    Examples
    --------
    costmodel pack cifar-aap-pruned --output models.bin
    costmodel pack cifar-aap-pruned --mapping best --core xtensa
    costmodel pack --layout raw --output weights.bin
    costmodel pack --layout image --image photo.jpg --output image.bin
    """
    import os

    from costmodel.cli.options import chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.deployment.deployed import Variant
    from costmodel.deployment.kernels.mapped import unheld_pairs
    from costmodel.deployment.kernels.source import kernel_source
    from costmodel.deployment.legacy_layout import (
        PUBLISHED_IMAGE_RATIO,
        PUBLISHED_WEIGHTS_RATIO,
        Layout,
        as_header_text,
        as_raw_bytes,
        compared_sizes,
        image_array,
        int8_input,
        raw_arrays,
    )
    from costmodel.deployment.model_file import model_hash
    from costmodel.errors import SpecError
    from costmodel.report.answers.files.written import facts_answer
    from costmodel.sources.cache_folder import cache_folder
    from costmodel.sources.documents.atomic_file import write_whole
    from costmodel.sources.shipped.packaged_data import packaged_folder
    from costmodel.specs.devices.kernel_core import kernel_core
    from costmodel.specs.scenario import MemoryAccounting
    from costmodel.validation.deployables import deployable
    from costmodel.validation.firmware_plan import KERNEL_DATAFLOWS, MissingKernel, missing_kernels, predicted_arena_bytes
    from costmodel.validation.mapping_choice import mapped_expected
    from costmodel.validation.targets.code_size import layer_code_bytes

    output_form = format_of(output_format)
    form = chosen("--layout", layout, Layout)
    wanted = chosen("--variant", variant, Variant) if form is Layout.MODEL else Variant.FLOAT32
    held = deployable(network, seed)
    packed = held.model.network
    shared = chosen("--accounting", accounting, MemoryAccounting)
    expected = held.expected(wanted, None if image is None else held.input_of(image), shared)
    if mapping is not None:
        if form is not Layout.MODEL or wanted is not Variant.INT8:
            raise SpecError("--mapping: generated kernels run the int8 variant in the model layout; leave --layout and --variant out")
        expected = mapped_expected(expected, mapping, kernel_core(core))
    missing: list[MissingKernel] = []
    code: dict[str, int] | None = {}
    facts: dict[str, str | int | float] = {"network": packed.name, "file": str(output)}
    facts |= {"weights": held.model.source} if held.trained else {"seed": seed}
    if form is Layout.MODEL:
        content = expected.model
        facts |= {"variant": wanted.value, "model": model_hash(content), "parameter_bytes": expected.deployed.parameter_bytes}
        if expected.mapping is None:
            for dataflow in KERNEL_DATAFLOWS:
                facts[f"{dataflow.name.lower()}_arena_bytes"] = predicted_arena_bytes(packed, wanted, dataflow, shared) or 0
        else:
            beside = output.with_name("kernels.c")
            facts |= {"mapping": str(expected.mapping), "core": core, "kernels": str(beside), "kernel_count": len(expected.kernels)}
            facts["mapped_arena_bytes"] = predicted_arena_bytes(packed, wanted, expected.mapping, shared, expected.lines) or 0
            facts |= {
                f"{name}_pairs_fall_back": f"{apart} of {tiles} tiles, one filter at a time"
                for name, (apart, tiles) in unheld_pairs(expected.deployed).items()
            }
            write_whole(beside, kernel_source(expected.kernels).encode())
            firmware, cache = packaged_folder("firmware"), cache_folder(os.environ)
            code = layer_code_bytes(expected.deployed, core, firmware=firmware, cache=cache)
        missing = list(missing_kernels(packed, wanted, shared))
    else:
        of_input = form in (Layout.IMAGE, Layout.IMAGE_HEADER)
        arrays = (image_array(int8_input(expected.deployed)),) if of_input else raw_arrays(expected.deployed)
        content = as_raw_bytes(arrays) if form in (Layout.RAW, Layout.IMAGE) else as_header_text(arrays).encode()
        published = PUBLISHED_IMAGE_RATIO if of_input else PUBLISHED_WEIGHTS_RATIO
        facts |= {**compared_sizes(arrays)._asdict(), "published_saving_ratio": published}
    facts["file_bytes"] = len(content)
    write_whole(output, content)
    write_answer(facts_answer(str(output), facts, [each._asdict() for each in missing], code), output_form)
