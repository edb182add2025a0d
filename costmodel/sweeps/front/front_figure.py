"""The Pareto front drawn: every pair of objectives, the knee marked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from costmodel.printable_text import drawable, shortened
from costmodel.sweeps.front.answer import Front, SweepAnswer
from costmodel.sweeps.front.study_output import save_figure
from costmodel.units import BYTES_PER_KIB, MJ_PER_J, MW_PER_W, PJ_PER_UJ, S_PER_HOUR

_MOST_POINTS: Final = 20_000
_TITLE: Final = 200
"""Characters of a study's question that a drawing holds."""
_INK: Final = "#1f4e79"
_KNEE: Final = "#c0392b"
_LABELS: Final[Mapping[str, tuple[str, float]]] = {
    "pJ": ("uJ", 1 / PJ_PER_UJ),
    "s": ("s", 1.0),
    "B": ("KiB", 1 / BYTES_PER_KIB),
    "J": ("mJ", MJ_PER_J),
    "W": ("mW", MW_PER_W),
}
"""Unit of a figure to the unit it is drawn in, and the factor."""


def draw_front(answer: SweepAnswer, path: Path, units: Mapping[str, str]) -> Path | None:
    """Draw a front, one panel a pair of objectives.

    Parameters
    ----------
    answer : SweepAnswer
        With a front.
    path : Path
        Of the image, `front.png` say.
    units : mapping
        Figure to unit.

    Returns
    -------
    Path or None
        The image; None where there are fewer than two objectives or no designs.
    """
    objectives = answer.space.study.objectives
    pairs = list(itertools.combinations(range(len(objectives)), 2))
    front = answer.front
    if not pairs or front is None or not len(front.places):
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = min(3, len(pairs))
    down = math.ceil(len(pairs) / across)
    figure = Figure(figsize=(4.6 * across, 3.9 * down + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    shown = np.arange(len(front.places))[:: max(1, math.ceil(len(front.places) / _MOST_POINTS))]
    for place, (one, other) in enumerate(pairs):
        axes = figure.add_subplot(down, across, place + 1)
        _draw_pair(axes, front, answer.knee, (objectives[one].figure, objectives[other].figure), shown, units)
        for objective, which in ((objectives[one], "x"), (objectives[other], "y")):
            arrow = "less is better" if objective.ascending else "more is better"
            text, _ = drawn_unit(objective.figure, units)
            getattr(axes, f"set_{which}label")(f"{drawable(objective.figure)}{text}\n({arrow})", fontsize=9)
    title = answer.space.study.question or answer.space.study.name
    figure.suptitle(
        f"{shortened(drawable(title), _TITLE)}\n{len(front.places):,} designs on the front of {answer.evaluated:,}", fontsize=10
    )
    return save_figure(figure, path)


def drawn_unit(name: str, units: Mapping[str, str]) -> tuple[str, float]:
    """Return the bracketed unit a figure is drawn in, and the factor that brings it there."""
    unit = units.get(name, "")
    if unit == "s" and "life" in name:
        return " [h]", 1 / S_PER_HOUR
    shown, factor = _LABELS.get(unit, (unit, 1.0))
    return (f" [{shown}]" if shown else ""), factor


def _draw_pair(axes: Any, front: Front, knee: int | None, names: tuple[str, str], shown: np.ndarray, units: Mapping[str, str]) -> None:
    x, y = (front.rows[name] * drawn_unit(name, units)[1] for name in names)
    axes.scatter(x[shown], y[shown], s=8, color=_INK, alpha=0.6, linewidths=0, rasterized=True)
    if knee is not None:
        place = int(np.searchsorted(front.places, knee))
        axes.scatter([x[place]], [y[place]], s=60, marker="D", color=_KNEE, label="knee", zorder=3)
        axes.legend(loc="best", fontsize=8, frameon=False)
    for values, which in ((x, "x"), (y, "y")):
        finite = values[np.isfinite(values)]
        if len(finite) and finite.min() > 0 and finite.max() > 50 * finite.min():
            getattr(axes, f"set_{which}scale")("log")
    axes.grid(visible=True, linewidth=0.4, alpha=0.5)
    axes.tick_params(labelsize=8)
