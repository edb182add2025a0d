"""`costmodel compress`: trains, prunes, pools, fine-tunes and quantises a network, and says what each stage did and costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from costmodel.cli.rate_options import Period, Rate


def compress_command(
    recipe: Annotated[
        str | None,
        typer.Argument(
            help="A recipe: a file, or best, deck, distilled, distilled-pruned, short; or FILE.py:FUNCTION, which returns a module.",
            show_default=False,
        ),
    ] = None,
    network: Annotated[
        str | None, typer.Option("--network", "-n", help="Network of the zoo, a file, or a model with its weights.", show_default=False)
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Folder or zip of train/CLASS/*.png, test/CLASS/*.png; CIFAR-10's batches; an .npz; or synthetic.", show_default=False
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the model; stages are kept beside it.")] = Path("model"),
    epochs: Annotated[int | None, typer.Option(min=0, max=10_000, help="Passes of training.", show_default=False)] = None,
    conv_prune: Annotated[float | None, typer.Option(help="Share of the channels of convolutions to remove.", show_default=False)] = None,
    fc_prune: Annotated[float | None, typer.Option(help="Share of the hidden neurons to remove.", show_default=False)] = None,
    prune: Annotated[float | None, typer.Option(help="Share of all channels to remove, the least important.", show_default=False)] = None,
    criterion: Annotated[str | None, typer.Option(help="Rank by l1, l2, batch-norm or taylor.", show_default=False)] = None,
    pool: Annotated[int | None, typer.Option(min=1, max=1024, help="Pool to so many rows and columns.", show_default=False)] = None,
    fine_tune: Annotated[int | None, typer.Option(min=0, max=10_000, help="Passes of fine-tuning.", show_default=False)] = None,
    bits: Annotated[int | None, typer.Option(help="Quantise to so many bits: 8.", show_default=False)] = None,
    weights_only: Annotated[bool, typer.Option("--weights-only", help="Leave activations as floats, as the deck does.")] = False,
    per_tensor: Annotated[bool, typer.Option("--per-tensor", help="One scale a tensor of weights, not one a channel.")] = False,
    teacher: Annotated[
        str | None, typer.Option(help="Learn from a model, or from FILE.py:FUNCTION, a PyTorch module of uint8 images.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**31, help="Of first weights, order and crops.", show_default=False)] = None,
    held_out: Annotated[
        int | None, typer.Option("--held-out", min=0, help="Judge on so many training images: for choosing.", show_default=False)
    ] = None,
    device: Annotated[str, typer.Option("--device", "-d", help="What each stage's cost is told for.")] = "esp32-wroom",
    battery: Annotated[str, typer.Option(help="And its battery.")] = "deck-5v-1ah",
    rate: Rate = None,
    period: Period = None,
    runtime: Annotated[str | None, typer.Option(help="What runs it; left out, what is usual on the core.", show_default=False)] = None,
    threads: Annotated[int, typer.Option(min=0, help="Threads of training; 0 for one a core.")] = 0,
    output_format: Annotated[str, typer.Option("--format", "-f", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Compress a network: after each stage its size, its accuracy, and what it costs on a device.

    Ctrl-C keeps what is done; the same command goes on from the last finished epoch. Needs PyTorch: pip install 'costmodel[train]'.

    Examples
    --------
    costmodel compress --network cifar-baseline --data DIR --conv-prune 0.2 --fc-prune 0.4 --pool 2 --fine-tune 10 --bits 8 --out model/
    costmodel compress best --data cifar10.zip --rate 4/h
    costmodel compress my_model.py:build --data DIR --epochs 30 --bits 8
    """
    import os

    from costmodel.cli.options import chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.cli.rate_options import period_asked
    from costmodel.printable_text import printable
    from costmodel.report.answers.compressed import CompressedStage, compressed_answer
    from costmodel.report.progress import ProgressDisplay
    from costmodel.sources.cache_folder import cache_folder
    from costmodel.sources.training_recipes import RecipeChanges
    from costmodel.specs.trained.training_recipe import Criterion
    from costmodel.training.pipeline import check_torch, compress
    from costmodel.training.running import finished_model, prepared
    from costmodel.training.stage_costs import stage_cost
    from costmodel.training.teachers import names_a_function
    from costmodel.units import S_PER_MINUTE

    form = format_of(output_format)
    changes = RecipeChanges(
        epoch_count=epochs,
        output_size=pool,
        convolution_ratio=conv_prune,
        linear_ratio=fc_prune,
        global_ratio=prune,
        criterion=None if criterion is None else chosen("--criterion", criterion, Criterion).value,
        fine_tune_count=fine_tune,
        bits=bits,
        weights_only=weights_only or None,
        per_channel=False if per_tensor else None,
        teacher=teacher,
        seed=seed,
        held_out_count=held_out,
    )
    asked_s = period_asked(rate, period)
    period_s = S_PER_MINUTE if asked_s is None else asked_s
    check_torch()
    cache = cache_folder(os.environ)
    module = recipe if recipe is not None and names_a_function(recipe) else None
    run = prepared(None if module else recipe, module or network, data, changes, cache=cache, folder=out, threads=threads)
    stages: list[CompressedStage] = []
    with ProgressDisplay() as display:
        made = compress(
            run.recipe,
            run.network,
            run.data,
            run.folder,
            start=run.start,
            teacher=run.teacher,
            cache=cache,
            told=lambda progress: display.stage(f"{progress.stage}, {progress.stages_left} stages after it", progress.done, progress.total),
        )
        try:
            results = list(made)
        except KeyboardInterrupt:
            display.clear()
            typer.echo(f"stopped: what is done is kept in {printable(str(run.folder))}; the same command goes on", err=True)
            raise typer.Exit(130) from None
        for result in results:
            stages.append(
                CompressedStage(result.stage, result.model.accuracies[0], *stage_cost(result.model, device, battery, period_s, runtime))
            )
            last = result.model
    finished_model(last, out)
    write_answer(compressed_answer(stages, str(out), run.recipe.seed, run.recipe.name), form)
