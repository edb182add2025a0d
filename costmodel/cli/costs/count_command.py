"""`costmodel count`: the memory accesses of one layer, or of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from costmodel.cli.model_options import AllowUnsupported, InputShapes

if TYPE_CHECKING:
    from costmodel.specs.counting import CountingConvention
    from costmodel.specs.network import Network


def count_command(
    kind: Annotated[str | None, typer.Argument(help="Kind of the layer: conv2d, linear, max-pool2d, ...", show_default=False)] = None,
    shape: Annotated[str | None, typer.Option("--input", help="Input as CHANNELSxROWSxCOLUMNS, or FEATURES.")] = None,
    out_channels: Annotated[int | None, typer.Option(help="Output channels of a convolution.")] = None,
    out_features: Annotated[int | None, typer.Option(help="Outputs of a linear layer.")] = None,
    kernel: Annotated[str | None, typer.Option(help="Kernel: 3 or 3x5 (rows x columns).")] = None,
    stride: Annotated[str | None, typer.Option(help="Stride: 2 or 2x1; of a pooling, the kernel if not given.")] = None,
    padding: Annotated[str | None, typer.Option(help="Padding: 1, 1,2 (rows, columns) or top,bottom,left,right.")] = None,
    dilation: Annotated[str | None, typer.Option(help="Dilation: 2 or 2x1.")] = None,
    groups: Annotated[int | None, typer.Option(help="Groups of a convolution; the input channels for a depthwise one.")] = None,
    output_size: Annotated[str | None, typer.Option(help="Output of adaptive pooling: 2 or 2x2.")] = None,
    bias: Annotated[bool, typer.Option("--bias/--no-bias", help="Whether biases are there and count.")] = True,
    network: Annotated[str | None, typer.Option(help="Count a packaged network or a network file instead of one layer.")] = None,
    input_shape: InputShapes = None,
    allow_unsupported: AllowUnsupported = False,
    layer: Annotated[str | None, typer.Option(help="With --network: this layer only.")] = None,
    dataflow: Annotated[list[str] | None, typer.Option(help="A dataflow, or all; may be given several times.", show_default="all")] = None,
    taps: Annotated[str, typer.Option(help="valid (on real input) or nominal (padding counted too).")] = "valid",
    granularity: Annotated[str | None, typer.Option(help="element, block_packed or block_traced.", show_default="element")] = None,
    block_bytes: Annotated[int | None, typer.Option(help="Size of a block, for the block granularities.")] = None,
    element_bytes: Annotated[int | None, typer.Option(help="One element size for every operand in blocks.")] = None,
    activation: Annotated[str, typer.Option(help="Element type of a layer's input and output.")] = "int8",
    weight: Annotated[str, typer.Option(help="Element type of a layer's weights.")] = "int8",
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Count the memory accesses of a layer, or of a network, under each dataflow.

    Examples
    --------
    costmodel count conv2d --input 25x16x16 --out-channels 51 --kernel 3 --padding 1
    costmodel count linear --input 204 --out-features 76
    costmodel count --network cifar-aap-pruned --layer conv1 --taps nominal --granularity block_packed --block-bytes 64
    """
    from costmodel.cli.model_options import model_network
    from costmodel.cli.options import extents, mappings_chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.errors import MissingError, SpecError, UnknownNameError
    from costmodel.evaluation.layers.counted_layers import counted_dataflows, counted_totals
    from costmodel.report.answers.counts import counts_answer
    from costmodel.sources.catalogue import load_network

    convention = _convention(taps, bias, granularity, block_bytes, element_bytes)
    given = {
        "out_channels": out_channels,
        "out_features": out_features,
        "kernel": kernel if kernel is None else extents("--kernel", kernel, (1, 2)),
        "stride": stride if stride is None else extents("--stride", stride, (1, 2)),
        "padding": padding if padding is None else extents("--padding", padding, (1, 2, 4)),
        "dilation": dilation if dilation is None else extents("--dilation", dilation, (1, 2)),
        "groups": groups,
        "output_size": output_size if output_size is None else extents("--output-size", output_size, (1, 2)),
    }
    fields = {name: value for name, value in given.items() if value is not None}
    if network is not None:
        if kind is not None or shape is not None or fields:
            found = kind or _option(next(iter(fields), "input"))
            raise SpecError(f"--network: counts a whole network or one --layer of it; {found!r} describes a layer of its own")
        counted = load_network(model_network(network, input_shape, allow_unsupported) or network)
        if layer is not None and layer not in (names := [step.name for step in counted.steps]):
            raise UnknownNameError("--layer", layer, names, f"a layer of {counted.name}")
    elif input_shape or allow_unsupported:
        raise SpecError("--network: give the model file that --input-shape and --allow-unsupported are about")
    elif kind is None:
        raise MissingError("give a kind of layer with its shape (count conv2d --input 3x32x32 ...), or --network NAME")
    else:
        if layer is not None:
            raise SpecError("--layer: names a layer of a network; give --network as well")
        counted = _lone_layer(kind, shape, fields, bias, {"input": activation, "activation": activation, "weight": weight})
    form = format_of(output_format)
    counts = counted_dataflows(counted, mappings_chosen("--dataflow", dataflow or ()), convention, layer)
    write_answer(counts_answer(counted, counts, counted_totals(counts), convention), form)


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def _convention(taps: str, bias: bool, granularity: str | None, block_bytes: int | None, element_bytes: int | None) -> CountingConvention:
    from costmodel.cli.options import chosen
    from costmodel.errors import MissingError, SpecError
    from costmodel.sources.documents.validation_errors import checked_spec
    from costmodel.sources.documents.yaml_document import YamlDocument
    from costmodel.specs.counting import CountingConvention, Granularity, Taps

    if granularity is None:
        unit = Granularity.ELEMENT if block_bytes is None else Granularity.BLOCK_PACKED
    else:
        unit = chosen("--granularity", granularity, Granularity)
    if unit is Granularity.ELEMENT and (block_bytes is not None or element_bytes is not None):
        raise SpecError("--granularity: element counts elements of any size; leave --block-bytes and --element-bytes out")
    if unit is not Granularity.ELEMENT and block_bytes is None:
        raise MissingError(f"--granularity {unit.value} counts blocks: give --block-bytes, the size of one")
    fields = {
        "taps": chosen("--taps", taps, Taps),
        "bias": bias,
        "granularity": unit,
        "block_bytes": block_bytes,
        "element_bytes": element_bytes,
    }
    return checked_spec(YamlDocument(fields), CountingConvention, "counting")


def _lone_layer(kind: str, shape: str | None, fields: dict[str, Any], bias: bool, types: dict[str, str]) -> Network:
    """Return a network of one layer."""
    from costmodel.cli.options import extents
    from costmodel.errors import MissingError, SpecError, UnknownNameError
    from costmodel.sources.catalogue import load_network
    from costmodel.specs.layers import LAYERS
    from costmodel.specs.operations import OPERATIONS

    name = kind.strip().lower().replace("-", "_")
    if name not in LAYERS:
        raise UnknownNameError("count", kind, [known.replace("_", "-") for known in LAYERS], "a kind of layer")
    known = LAYERS[name].model_fields
    for field in fields:
        if field not in known:
            raise SpecError(f"{_option(field)}: has no meaning for {kind}")
    lacking = [_option(field) for field, declared in known.items() if declared.is_required() and field not in ("name", *fields)]
    if shape is None or lacking:
        options = [f"{', '.join(lacking[:-1])} and {lacking[-1]}" if len(lacking) > 1 else "".join(lacking)] if lacking else []
        given = ["--input, as CHANNELSxROWSxCOLUMNS or FEATURES"] if shape is None else []
        raise MissingError(f"{kind} needs {'; '.join((*given, *options))}")
    layer: dict[str, Any] = {"name": name, "kind": name, **fields}
    if "bias" in known:
        layer["bias"] = bias
    arity = OPERATIONS[name].arity
    if arity is None or arity > 1:
        layer["inputs"] = ["input"] * (1 if arity is None and fields.get("constant") is not None else arity or 2)
    found = extents("--input", shape, (1, 3))
    return load_network({"name": name, "input": [found] if isinstance(found, int) else found, "types": types, "layers": [layer]})
