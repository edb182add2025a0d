"""(10) How far are predicted times and energies from public measurements they were not fitted to?

Run: python studies/10-predicted-measured/study.py
The measurements are read from ../shared/data/measurements, or from data/measurements in the folder that COSTMODEL_SHARED names.
"""

import importlib.util
import itertools
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from costmodel.energy.board_power import energy_at_power_j, power_sd
from costmodel.errors import MissingError
from costmodel.evaluation.timing.network_regressors import network_mix
from costmodel.latency.kernel_paths import REGRESSORS
from costmodel.latency.kernel_rates import COVERAGE, left_out_cycles
from costmodel.latency.scaling import ANY_NETWORK, NORMAL_P90, SAME_NETWORK, Timed, scaled_from
from costmodel.report.figures.study_figures import HUES, INK, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sources.catalogue import load_network
from costmodel.sweeps.front.study_output import run_study, write_study_table

ROOT = Path(__file__).parents[2]
ROWS = Path(os.environ.get("COSTMODEL_SHARED", ROOT.parent / "shared")) / "data" / "measurements"
TIERS = {
    "layer": "one layer, from rates of its path",
    "same, two": "network timed elsewhere, from two",
    "same, one": "network timed elsewhere, from one",
    "any, two": "any network, from two",
    "any, one": "any network, from one",
    "class": "any network, range of the class",
    "energy": "energy, from the power of another network",
}
"""What stands for a group of predictions, in words."""
COLOURS = (HUES[0], HUES[2], HUES[7], HUES[4], HUES[5], HUES[1], HUES[3])


class Prediction(NamedTuple):
    """A figure that was not fitted to, and what was said of it."""

    tier: str
    measured: float
    predicted: float
    """The middle of a range, where there is no point value."""
    low: float
    high: float


def main(folder: Path) -> None:
    """Write table and figure."""
    if not ROWS.is_dir():
        raise MissingError(f"no measurements in {ROWS}: COSTMODEL_SHARED names the folder that holds data/measurements")
    fitting = _fitting_script()
    devices = pd.read_csv(ROWS / "devices.csv")
    found = [*layers(fitting), *networks(fitting, devices), *classes(fitting, devices), *energies(devices)]
    own = {tier: [each for each in found if each.tier == tier] for tier in TIERS}
    header = ("predicted", "pairs", "median error [%]", "90 % within [%]", "worst [%]", "interval [%]", "holds [%]", "high/low, median")
    write_study_table(folder, "table", header, [_row(tier, predictions) for tier, predictions in own.items()])
    _draw(own, folder / "figure.png")


def layers(fitting: Any) -> Iterator[Prediction]:
    """Single convolutions: a fifth of the shapes left out at a time, on each board and path; intervals from the other half."""
    for _, rows in fitting.measured_layers(ROWS).groupby("board"):
        for path in REGRESSORS:
            counts, cycles, shapes = fitting.counts_of(path, rows[rows["path"] == path])
            if not cycles:
                continue
            predicted = left_out_cycles(counts, cycles, shapes)
            ratios = np.array(cycles) / predicted
            half = np.arange(len(ratios)) % 2
            tail = (1.0 - COVERAGE) / 2.0
            spans = [np.quantile(ratios[half != part], [tail, 1.0 - tail]) for part in (0, 1)]
            for place, (measured, middle) in enumerate(zip(cycles, predicted.tolist(), strict=True)):
                low, high = (float(end) for end in spans[half[place]])
                yield Prediction("layer", measured, middle, middle * low, middle * high)


def networks(fitting: Any, devices: pd.DataFrame) -> Iterator[Prediction]:
    """MLPerf Tiny's networks: a board left out at a time, one or two of its networks measured."""
    table = fitting.stacks(devices)
    mixes = {network: network_mix(load_network(network)) for network in table.columns}
    unknown = dict.fromkeys(table.columns, 1.0)
    for (library, version, board, _), cycles in table.iterrows():
        elsewhere = table[table.index.get_level_values("board") != board]
        version_of = zip(elsewhere.index.get_level_values("kernel_library"), elsewhere.index.get_level_values("version"), strict=True)
        known = elsewhere[[each == (library, version) for each in version_of]]
        ways = [("any", fitting.profile_of(elsewhere, mixes)[0], unknown, ANY_NETWORK)]
        if len(known):
            ways.append(("same", *fitting.profile_of(known, mixes), SAME_NETWORK))
        for (kind, rates, factors, spreads), count in itertools.product(ways, (1, 2)):
            for given in itertools.combinations(table.columns, count):
                timed = [Timed(mixes[network], cycles[network], factors[network]) for network in given]
                for asked in sorted(set(table.columns) - set(given)):
                    told = scaled_from(Timed(mixes[asked], 0.0, factors[asked]), timed, rates, spreads)
                    if kind == "same" or not told.unidentified:
                        tier = f"{kind}, {('one', 'two')[count - 1]}"
                        yield Prediction(tier, float(cycles[asked]), told.cycles, told.low_cycles, told.high_cycles)


def classes(fitting: Any, devices: pd.DataFrame) -> Iterator[Prediction]:
    """Ranges of a core's class under a runtime: a board left out at a time."""
    rows = fitting.class_rows(devices)
    packaged = {fitting.ROWS_OF.get(name, name) for name in fitting.ABOUT}
    for _, own in rows[rows["kernel_library"].isin(packaged)].groupby(["kernel_library", "core"]):
        for board, asked in own.groupby("board"):
            others = own[own["board"] != board]
            if others.empty:
                continue
            low, high, _ = fitting.widened(others)
            for measured in asked["cycles_per_mac"]:
                yield Prediction("class", float(measured), math.sqrt(low * high), low, high)


def energies(devices: pd.DataFrame) -> Iterator[Prediction]:
    """Energy of a submission's other networks by the power of one."""
    rows = devices[devices["energy_uj"].notna() & devices["submission"].notna() & devices["model"].str.startswith("mlperf-")]
    spread = math.exp(NORMAL_P90 * power_sd(1))
    for _, own in rows.groupby(["submission", "board", "kernel_library", "runtime_as_published", "clock_mhz"], dropna=False):
        for given, asked in itertools.permutations(list(own.itertuples()), 2):
            energy = float(energy_at_power_j(given.energy_uj / given.latency_ms, asked.latency_ms))
            yield Prediction("energy", asked.energy_uj, energy, energy / spread, energy * spread)


def _fitting_script() -> Any:
    """The script that fits the packaged runtimes: what it reads of the measurements is read by it here too."""
    found = importlib.util.spec_from_file_location("fit_runtimes", ROOT / "benchmarks" / "fit_runtimes.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _row(tier: str, predictions: list[Prediction]) -> tuple[Any, ...]:
    errors = np.array([abs(each.predicted / each.measured - 1.0) for each in predictions])
    held = np.mean([each.low <= each.measured <= each.high for each in predictions])
    width = np.median([each.high / each.low for each in predictions])
    told = [_percent(error) for error in (np.median(errors), np.quantile(errors, 0.9), errors.max())] if tier != "class" else ["none"] * 3
    return (TIERS[tier], len(predictions), *told, 90 if tier == "class" else 80, _percent(held), float(f"{width:.3g}"))


def _percent(ratio: float) -> float:
    return float(f"{100.0 * ratio:.2g}")


@house_style()
def _draw(own: dict[str, list[Prediction]], path: Path) -> None:
    """Draw predicted over measured, from the strongest knowledge down, and how the errors are spread."""
    figure, (left, right) = study_figure(2, width=5.6, height=4.4)
    for place, (tier, predictions) in enumerate(own.items()):
        ratios = np.sort([each.predicted / each.measured for each in predictions])
        colour = COLOURS[place]
        low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
        left.plot([low, high], [-place, -place], color=colour, linewidth=7, solid_capstyle="butt", alpha=0.45)
        left.plot(ratios, np.full(len(ratios), -place), "|", color=colour, markersize=7, alpha=min(1.0, 40.0 / len(ratios) + 0.1))
        left.plot([middle], [-place], "o", color=colour, markersize=6)
        errors = np.sort(np.abs(ratios - 1.0))
        if tier != "class":
            right.plot(100.0 * errors, np.arange(1, len(errors) + 1) / len(errors), color=colour)
    left.axvline(1.0, color=INK, linewidth=0.8)
    left.set(xscale="log", xlim=(0.25, 4.0), xlabel="predicted / measured", title="eight in ten within the bar")
    left.set_xticks([0.25, 0.5, 1.0, 2.0, 4.0], ["1/4", "1/2", "1", "2", "4"])
    left.set_yticks([-place for place in range(len(own))], [TIERS[tier] for tier in own])
    left.minorticks_off()
    right.set(
        xscale="log",
        xlim=(0.1, 100.0),
        ylim=(0, 1),
        xlabel="error [%]",
        ylabel="share of predictions",
        title="at most this error, colours as left",
    )
    right.set_xticks([0.1, 1.0, 10.0, 100.0], ["0.1", "1", "10", "100"])
    save_figure(figure, path)


if __name__ == "__main__":
    run_study(main, __file__)
