"""(8) Which accuracies of the deck come out of its recipe, and what do better recipes reach, over seeds?

Run: python studies/08-trained-recipes/study.py
Train again (hours, PyTorch): python studies/08-trained-recipes/study.py --retrain cifar10.zip --teacher resnet20_teacher.py:build
"""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path
from typing import Any

from costmodel.report.figures.study_figures import HUES, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sources.trained_accuracies import accuracies_file, read_accuracies, write_accuracies
from costmodel.specs.trained.trained_accuracy import TrainedAccuracy
from costmodel.sweeps.front.study_output import run_study, write_study_table
from costmodel.units import PERCENT
from costmodel.validation.ledger.published_ledger import reckon
from costmodel.validation.ledger.trained_figures import TEST_IMAGES, TRAINED_ROWS, sampling_error_ratio, summary_of

HERE = Path(__file__).parent
SEEDS = {"deck": (0, 1, 2), "best": (0, 1, 2), "distilled": (0, 1, 2), "distilled-pruned": (0, 1, 2)}
"""Recipes and the seeds each was run with."""
DECK_ROWS = {
    ("trained", "float32"): "accuracy.baseline_fp32",
    ("trained", "int8-weights"): "accuracy.baseline_int8",
    ("pooled", "float32"): "accuracy.aap_fp32",
    ("pooled", "int8-weights"): "accuracy.aap_int8",
    ("pruned", "float32"): "accuracy.pruned",
    ("fine-tuned", "float32"): "accuracy.tuned_fp32",
    ("quantised", "int8-weights"): "accuracy.tuned_int8",
}
"""Rows of the ledger that a stage of the deck's recipe stands beside."""
COLORS = {"deck": HUES[5], "best": HUES[0], "distilled": HUES[1], "distilled-pruned": HUES[2]}


def main(folder: Path) -> None:
    """Write table and figure."""
    rows = read_accuracies(accuracies_file(HERE))
    ledger = {row.id: row for row in reckon().rows if row.id in TRAINED_ROWS}
    table, steps = [], []
    for (recipe, stage, numbers), found in groupby(sorted(rows, key=_place), key=lambda row: (row.recipe, row.stage, row.numbers)):
        group = list(found)
        over = summary_of([row.top1_ratio for row in group], stage, "measured")
        published = ledger[DECK_ROWS[stage, numbers]] if recipe == "deck" else None
        table.append(
            (
                recipe,
                stage,
                numbers,
                group[0].parameter_count,
                len(group),
                *(f"{share * PERCENT:.2f}" for share in (over.mean, over.low, over.high)),
                f"{sum(row.top3_ratio for row in group) / len(group) * PERCENT:.2f}",
                "" if published is None else str(published.published),
                "" if published is None else str(published.status).removeprefix("trained here: "),
            )
        )
        steps.append((recipe, stage, numbers, group, None if published is None else float(str(published.published))))
    header = (
        *("recipe", "stage", "numbers", "parameters", "seeds"),
        *("top 1 [%]", "lowest [%]", "highest [%]", "top 3 [%]", "the deck [%]", "and the deck"),
    )
    write_study_table(folder, "table", header, table)
    _draw(steps, folder / "figure.png")


def rows_of(recipe: str, seed: int, stage: str, model: Any, data: Any) -> list[TrainedAccuracy]:
    """Return the rows of what a stage left: its own, and with int8 weights where the deck prints that too."""
    import numpy as np

    from costmodel.training.pipeline import top_shares
    from costmodel.training.pytorch.judging import float_scores, integer_scores_of
    from costmodel.training.pytorch.quantising import weights_alone

    models = [("int8" if model.quantised else "int8-weights" if model.weight_quantisations else "float32", model)]
    if (recipe, stage) in (("deck", "trained"), ("deck", "pooled")):
        models.append(("int8-weights", weights_alone(model, per_channel=False)))
    found = []
    for numbers, each in models:
        scores: Any = (
            integer_scores_of(each, data.test.images) if each.quantised else float_scores(each.network, each.parameters, data.test.images)
        )
        top1, top3 = top_shares(scores, data.test.labels)
        firsts = np.unique(data.test.labels, return_index=True)[1]
        right = int((scores[firsts].argmax(axis=1) == data.test.labels[firsts]).sum())
        parameters = each.network.parameter_count
        found.append(
            TrainedAccuracy(
                recipe=recipe,
                seed=seed,
                stage=stage,
                parameter_count=parameters,
                numbers=numbers,
                top1_ratio=round(top1, 6),
                top3_ratio=round(top3, 6),
                first_right_count=right,
            )
        )
    return found


def retrain(data: str, teacher: str | None) -> None:
    """Train every recipe with every seed again, and renew the committed accuracies; what is done is kept in the user's cache."""
    from costmodel.sources.cache_folder import cache_folder
    from costmodel.sources.training_recipes import RecipeChanges
    from costmodel.training.pipeline import compress
    from costmodel.training.running import prepared

    cache = cache_folder(os.environ)
    rows: list[TrainedAccuracy] = []
    for recipe, seeds in SEEDS.items():
        for seed in seeds:
            taught = teacher if recipe in ("distilled", "distilled-pruned") else None
            changes = RecipeChanges(seed=seed, teacher=taught)
            kept = cache / HERE.name / f"{recipe}-{seed}"
            run = prepared(recipe, None, data, changes, cache=cache, folder=kept, threads=1)
            made = compress(run.recipe, run.network, run.data, run.folder, teacher=run.teacher, cache=cache)
            for result in made:
                rows += rows_of(recipe, seed, result.stage, result.model, run.data)
    write_accuracies(accuracies_file(HERE), rows)


def _place(row: TrainedAccuracy) -> tuple[int, int, str, int]:
    stages = ("trained", "pooled", "pruned", "fine-tuned", "quantised")
    return list(SEEDS).index(row.recipe), stages.index(row.stage), row.numbers, row.seed


@house_style()
def _draw(steps: list[tuple[str, str, str, list[TrainedAccuracy], float | None]], path: Path) -> None:
    figure, panels = study_figure(2, width=5.4, height=4.4)
    for panel, title, chosen in (
        (panels[0], "the deck's recipe", [step for step in steps if step[0] == "deck"]),
        (panels[1], "other recipes, 28,576 parameters at the end", [step for step in steps if step[0] != "deck"]),
    ):
        for place, (recipe, _, _, group, published) in enumerate(chosen):
            shares = [row.top1_ratio * PERCENT for row in group]
            error = 2 * sampling_error_ratio(shares[0] / PERCENT, TEST_IMAGES) * PERCENT
            middle = (min(shares) + max(shares)) / 2
            panel.errorbar(place, middle, (max(shares) - min(shares)) / 2 + error, color=COLORS[recipe], capsize=4, linewidth=1)
            panel.plot([place] * len(shares), shares, "o", color=COLORS[recipe], markersize=5)
            if published is not None:
                panel.plot(place, published, "x", color=HUES[1], markersize=8)
        names = [f"{step[1]}\n{step[2]}" if step[0] == "deck" else f"{step[0]}\n{step[1]}\n{step[2]}" for step in chosen]
        panel.set_xticks(range(len(chosen)), names, fontsize=7, rotation=45, ha="right")
        panel.set(ylabel="top 1 of 10,000 test images [%]", title=title)
    panels[0].plot([], [], "x", color=HUES[1], label="the deck prints")
    panels[0].plot([], [], "o", color=COLORS["deck"], label="seeds; bars add two sampling errors")
    panels[0].legend(fontsize=8, loc="lower left")
    save_figure(figure, path)


if __name__ == "__main__":
    run_study(main, __file__, retrain=retrain)
