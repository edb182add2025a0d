"""`costmodel plan`: what a network's tensors take under every memory strategy, and whether a device holds it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.model_options import InputShapes

if TYPE_CHECKING:
    from costmodel.results.storage.strategy_plan import StrategyPlan
    from costmodel.specs.network import Network


def plan_command(
    network: Annotated[
        str | None,
        typer.Argument(metavar="[NETWORK]", help="Network of the zoo, a YAML file, a model file or folder.", show_default=False),
    ] = None,
    network_option: Annotated[str | None, typer.Option("--network", help="The same, as an option.")] = None,
    input_shape: InputShapes = None,
    device: Annotated[str | None, typer.Option(help="Packaged device, or a file.", show_default="esp32-wroom")] = None,
    strategy: Annotated[
        list[str] | None, typer.Option(help="A strategy to plan and draw, or all; may be given several times.", show_default="all")
    ] = None,
    activation: Annotated[str | None, typer.Option(help="Element type of the activations: int8, int32, float32, ...")] = None,
    pooled: Annotated[str | None, typer.Option(help="Element type of what poolings leave, where it differs.")] = None,
    static_bytes: Annotated[
        int | None, typer.Option(min=0, metavar="BYTES", help="Static data of the program, taken from the heap before the network.")
    ] = None,
    radio: Annotated[str | None, typer.Option(help="Radio that runs beside the network and takes heap: ble, wifi.")] = None,
    idf: Annotated[str | None, typer.Option(metavar="VERSION", help="Version of ESP-IDF, such as 5.4: how its malloc rounds.")] = None,
    poisoning: Annotated[str | None, typer.Option(help="Heap poisoning of ESP-IDF: none, light or comprehensive.")] = None,
    out: Annotated[Path | None, typer.Option(help="Picture of the plan, a .png or .svg file; with --emit, the file to write.")] = None,
    emit: Annotated[
        str | None, typer.Option(help="Write the plan instead: c (a header) or tflm (the offline planner's metadata).", show_default=False)
    ] = None,
    largest: Annotated[bool, typer.Option("--largest", help="Search the widest version, and the largest input, that fit.")] = False,
    output_format: Annotated[str, typer.Option("--format", help="terminal, markdown, html, json or csv.")] = "terminal",
) -> None:
    """Plan a network's memory under every strategy: bytes, how far from the bound, what it costs in work, and whether it fits.

    One plan is drawn piece by piece: the one that is recommended, or the one --strategy names.

    Examples
    --------
    costmodel plan cifar-aap-pruned
    costmodel plan my-net.yaml --device esp32-s3-wroom-1-n8 --activation int8
    costmodel plan --network mobilenet-v1-0.25 --strategy streaming --out plan.svg
    costmodel plan ds-cnn --strategy streaming --emit c --out plan.h
    costmodel plan resnet8 --strategy greedy --emit tflm
    costmodel plan mobilenet-v1-0.25 --largest --strategy streaming --strategy greedy
    costmodel plan resnet8 --device esp32-wroom --static-bytes 60000 --idf 5.4 --poisoning light
    """
    from costmodel.cli.model_options import model_network
    from costmodel.cli.options import all_chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.errors import MissingError, SpecError
    from costmodel.evaluation.storage.strategy_plans import compare_strategies
    from costmodel.report.answers.plans import plans_answer
    from costmodel.sources.planned_scenario import planned_scenario
    from costmodel.specs.running.strategy import MemoryStrategy

    if network is not None and network_option is not None:
        raise SpecError(f"--network: the network is given twice, {network!r} and {network_option!r}")
    name = network or network_option
    if name is None:
        raise MissingError("give a network: plan NETWORK, a name of `costmodel list networks` or a file")
    form = format_of(output_format)
    strategies = all_chosen("--strategy", strategy or (), MemoryStrategy)
    scenario = planned_scenario(
        model_network(name, input_shape) or name,
        device,
        activation=activation,
        pooled=pooled,
        static_bytes=static_bytes,
        radio=radio,
        idf=idf,
        poisoning=poisoning,
    )
    if largest:
        from costmodel.evaluation.storage.largest_network import largest_versions
        from costmodel.report.answers.largest import largest_answer

        if emit is not None or out is not None:
            raise SpecError("--largest: a search has no plan to draw or to write; leave --emit and --out out")
        write_answer(largest_answer(largest_versions(scenario, strategies)), form)
        return
    comparison = compare_strategies(scenario, strategies)
    wanted = comparison.recommended if len(strategies) > 1 else strategies[0]
    shown = next((plan for plan in comparison.plans if plan.strategy is wanted), None)
    if len(strategies) == 1 and shown is not None and shown.reason is not None:
        raise SpecError(f"--strategy {shown.strategy.value} does not apply to {comparison.network}: {shown.reason}")
    if emit is not None:
        _emit(emit, scenario.network, shown, out)
        return
    write_answer(plans_answer(comparison, shown), form, chart=out, chart_option="--out")


def _emit(kind: str, network: Network, plan: StrategyPlan | None, out: Path | None) -> None:
    """Write a plan for other tools, to a file or to standard output."""
    import sys

    from costmodel.errors import SpecError, UnknownNameError
    from costmodel.report.formats.as_c_header import plan_header
    from costmodel.report.formats.as_json import content_json
    from costmodel.report.formats.as_offline_plan import offline_plan
    from costmodel.sources.documents.atomic_file import write_whole
    from costmodel.validation.stage_table import firmware_table

    if kind not in ("c", "tflm"):
        raise UnknownNameError("--emit", kind, ("c", "tflm"), "a form of a plan")
    if plan is None:
        raise SpecError("--emit: no strategy fits; name one with --strategy")
    text = plan_header(network.name, plan, firmware_table(network, plan.strategy)) if kind == "c" else content_json(offline_plan(plan))
    if out is None:
        sys.stdout.write(text)
    else:
        write_whole(out, text.encode())
