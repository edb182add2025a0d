"""`costmodel map`: the tile of each layer that takes the fewest instructions on a core."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def map_command(
    network: Annotated[
        str | None, typer.Argument(metavar="[NETWORK]", help="Network of the zoo, a file, or a model with its weights.", show_default=False)
    ] = None,
    network_option: Annotated[str | None, typer.Option("--network", "-n", help="The same, as an option.", show_default=False)] = None,
    core: Annotated[str, typer.Option(help="Core that kernels are generated for: xtensa, riscv or arm.")] = "xtensa",
    scratch: Annotated[int, typer.Option(min=0, metavar="BYTES", help="Most that a layer's line buffer may take.")] = 16_384,
    variant: Annotated[str, typer.Option(help="int8, or float32: the packaged kernels alone, with their instructions.")] = "int8",
    layer: Annotated[str | None, typer.Option(help="Show every tile of this layer too.", show_default=False)] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the mapping: a .yaml file.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the weights of a network without.")] = 7,
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Search the best tile of each layer: how many pixels and filters stay in registers, under a core's register file and scratch.

    Each load of an input then serves every filter of the tile, each load of a weight every pixel. Loads follow exactly; instructions are
    predicted from layers that ran on the emulated core. `report --dataflow`, `pack --mapping` and `validate --mapping` take what it finds.

    Examples
    --------
    costmodel map cifar-aap-pruned --core xtensa
    costmodel map ds-cnn --core arm --output mapping.yaml
    costmodel map resnet8 --core riscv --layer conv1 --scratch 2048
    costmodel map cifar-aap-pruned --core arm --variant float32
    """
    import os

    from costmodel.cli.options import chosen as choice
    from costmodel.cli.output import format_of, write_answer
    from costmodel.deployment.deployed import Variant
    from costmodel.errors import MissingError, SpecError, UnknownNameError
    from costmodel.report.answers.mapped import mapping_answer
    from costmodel.sources.cache_folder import cache_folder
    from costmodel.sources.documents.atomic_file import write_whole
    from costmodel.sources.shipped.packaged_data import packaged_folder
    from costmodel.specs.devices.kernel_core import kernel_core
    from costmodel.validation.deployables import deployable
    from costmodel.validation.mapping_choice import mapping_yaml, with_code_sizes
    from costmodel.validation.mapping_search import search_mapping
    from costmodel.validation.validating import Workbench

    form, asked, chosen = format_of(output_format), network or network_option, kernel_core(core)
    if asked is None:
        raise MissingError("give a network: map NETWORK, a name of `costmodel list networks` or a file")
    if output is not None and output.suffix.lower() not in (".yaml", ".yml"):
        raise SpecError(f"--output: expected a file ending in .yaml, found {output.name!r}")
    held = deployable(asked, seed)
    expected = held.expected(choice("--variant", variant, Variant), None)
    found = search_mapping(expected, chosen, scratch)
    names = [one.name for one in found.layers]
    if layer is not None and layer not in names:
        raise UnknownNameError("--layer", layer, names, f"a convolution or linear layer of {found.network}")
    if output is not None:
        write_whole(output, mapping_yaml(found.mapping).encode())
    found = with_code_sizes(found, expected.deployed, chosen, Workbench(packaged_folder("firmware"), cache_folder(os.environ)))
    write_answer(mapping_answer(found, layer, None if output is None else str(output)), form)
