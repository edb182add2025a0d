"""(9) Accuracy against RAM, energy and battery days: which pruning ratios, poolings and bits are worth it?

Run: python studies/09-accuracy-front/study.py
Train again (half an hour, PyTorch): python studies/09-accuracy-front/study.py --retrain cifar10.zip
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from costmodel.compression.pooling import pooled
from costmodel.compression.slicing import pruned, ratios_by_kind
from costmodel.deployment.deployed import Variant
from costmodel.deployment.folding import network_as_deployed
from costmodel.deployment.parameters import random_parameters
from costmodel.report.figures.study_figures import HUES, INK, PAPER, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sources.catalogue import load_network
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.sweeps.front.pareto import front_rows
from costmodel.sweeps.front.study_output import run_study, write_study_table
from costmodel.training.stage_costs import network_as_stored, network_cost
from costmodel.units import BYTES_PER_KIB, MS_PER_S, PERCENT, PJ_PER_UJ, S_PER_DAY

HERE = Path(__file__).parent
GIVEN = HERE / "accuracies.csv"
HEADER = ("kept_ratio", "pooled", "numbers", "accuracy")
DEVICE, BATTERY, RUNTIME = "nrf52840", "lipo-500mah", "tflm-cmsis-nn"
KEPT = (1.0, 0.8, 0.5)
POOLED = (2, 4)
COLORS = {2: HUES[0], 4: HUES[1]}
MARKS = {"float32": "o", "int8": "s"}


class Point(NamedTuple):
    """A trained network and what it costs."""

    kept_ratio: float
    pooled: int
    numbers: str
    accuracy: float
    parameters: int
    weight_bytes: int
    ram_bytes: int
    energy_pj: float
    time_s: tuple[float | None, float | None]
    life_s: tuple[float | None, float | None]


def main(folder: Path) -> None:
    """Write table and figure."""
    with GIVEN.open(encoding="utf-8", newline="") as stream:
        given = [(float(kept), int(size), numbers, float(accuracy)) for kept, size, numbers, accuracy in list(csv.reader(stream))[1:]]
    points = [_point(*row) for row in given]
    goals = np.array([(-each.accuracy, each.ram_bytes, each.energy_pj, each.weight_bytes) for each in points])
    best = set(front_rows(goals).tolist())
    rows = [
        (
            each.kept_ratio,
            f"{each.pooled} x {each.pooled}",
            each.numbers,
            f"{each.accuracy * PERCENT:.2f}",
            each.parameters,
            round(each.weight_bytes / BYTES_PER_KIB, 1),
            round(each.ram_bytes / BYTES_PER_KIB, 1),
            round(each.energy_pj / PJ_PER_UJ, 1),
            _between(each.time_s, MS_PER_S),
            _between(each.life_s, 1 / S_PER_DAY),
            "yes" if place in best else "",
        )
        for place, each in enumerate(points)
    ]
    header = ("kept", "pooled", "numbers", "top 1 [%]", "parameters", "weights [KiB]", "RAM [KiB]", "memory energy [µJ]")
    write_study_table(folder, "table", (*header, "time [ms]", "battery [days]", "on the front"), rows)
    _draw(points, best, folder / "figure.png")


def retrain(data: str, _teacher: str | None) -> None:
    """Train every point again, and renew the accuracies that are given; what is done is kept in the user's cache."""
    from costmodel.sources.cache_folder import cache_folder
    from costmodel.sources.training_recipes import RecipeChanges
    from costmodel.training.pipeline import compress
    from costmodel.training.running import prepared

    cache = cache_folder(os.environ)
    lines = [HEADER]
    for size in POOLED:
        for kept in KEPT:
            share = None if kept == 1 else round(1 - kept, 6)
            changes = RecipeChanges(output_size=size, convolution_ratio=share, linear_ratio=share, seed=0)
            folder = cache / HERE.name / f"pool-{size}"
            run = prepared(str(HERE / "front.recipe.yaml"), None, data, changes, cache=cache, folder=folder, threads=1)
            found: dict[str, Any] = {result.stage: result.model for result in compress(run.recipe, run.network, run.data, run.folder)}
            for stage, numbers in (("fine-tuned", "float32"), ("quantised", "int8")):
                lines.append((kept, size, numbers, found[stage].accuracies[0].top1_ratio))
    write_whole(GIVEN, "".join(",".join(map(str, line)) + "\n" for line in lines))


def network_of(kept: float, size: int) -> Network:
    """Return the network of a point: pooled, and its channels and hidden neurons pruned."""
    network = pooled(load_network("cifar-baseline"), size)
    share = round(1 - kept, 6)
    return pruned(network, random_parameters(network, 0), ratios_by_kind(network, share, share))[0] if share else network


def _point(kept: float, size: int, numbers: str, accuracy: float) -> Point:
    network = network_of(kept, size)
    typed = network_as_deployed(network, Variant.INT8) if numbers == "int8" else network_as_stored(Model(network, {}, ""))
    evaluation, outlook = network_cost(typed, DEVICE, BATTERY, None, RUNTIME)
    life = outlook.life
    return Point(
        kept,
        size,
        numbers,
        accuracy,
        network.parameter_count,
        evaluation.weight_bytes,
        evaluation.memory.ram_bytes,
        evaluation.dataflows[0].energy.memory_pj,
        (outlook.time.low_s, outlook.time.high_s),
        (None, None) if life is None else (life.life_low_s, life.life_high_s),
    )


def _between(ends: tuple[float | None, float | None], scale: float) -> str:
    low, high = ends
    return "unknown" if low is None or high is None else f"{low * scale:.0f} to {high * scale:.0f}"


@house_style()
def _draw(points: list[Point], best: set[int], path: Path) -> None:
    from matplotlib.ticker import LogLocator

    figure, panels = study_figure(3, width=4.6, height=4.2)
    for place, each in enumerate(points):
        look: dict[str, Any] = {"color": COLORS[each.pooled], "marker": MARKS[each.numbers], "markersize": 4 + 5 * each.kept_ratio}
        look |= {"markerfacecolor": COLORS[each.pooled] if place in best else PAPER, "linestyle": "none"}
        share = each.accuracy * PERCENT
        panels[0].plot(each.ram_bytes / BYTES_PER_KIB, share, **look)
        panels[1].plot(each.energy_pj / PJ_PER_UJ, share, **look)
        low, high = each.life_s
        if low is not None and high is not None:
            middle = (low + high) / 2 / S_PER_DAY
            panels[2].errorbar(middle, share, xerr=(high - low) / 2 / S_PER_DAY, **look, linewidth=0.8)
            panels[2].lines[-1].set_linestyle("none")
    for size, color in COLORS.items():
        panels[0].plot([], [], "o", color=color, label=f"pooled to {size} x {size}")
    for numbers, mark in MARKS.items():
        panels[0].plot([], [], mark, color=INK, markerfacecolor=PAPER, label=numbers)
    panels[0].plot([], [], "o", color=INK, label="filled: on the front")
    panels[0].legend(fontsize=8, loc="lower right")
    for panel in panels[:2]:
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter("{x:.0f}")
        panel.xaxis.set_minor_formatter("{x:.0f}")
        panel.xaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))
        panel.tick_params(axis="x", which="both", labelsize=7)
    panels[0].set(xlabel="RAM for tensors [KiB]", ylabel="top 1 of 10,000 test images [%]")
    panels[1].set(xlabel="memory energy of an inference [µJ]", title="larger marks: more channels kept")
    panels[2].set(xlabel=f"days of {BATTERY}, once a minute, {DEVICE}")
    save_figure(figure, path)


if __name__ == "__main__":
    run_study(main, __file__, retrain=retrain)
