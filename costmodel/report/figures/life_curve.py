"""Chart of battery life against the rate of inferences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from costmodel.printable_text import printable
from costmodel.report.charts import CurveMark, LifeCurve
from costmodel.report.figures.style import LIGHT, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAME_RATIO: Final = 0.3
"""Share of the axis the name of a point takes."""


def life_curve_figure(chart: LifeCurve) -> Figure:
    """Draw battery life against rate, the rate on a logarithmic axis.

    Parameters
    ----------
    chart : LifeCurve
        What to draw.

    Returns
    -------
    Figure
        Life starts at zero, so that a flat curve looks flat.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    figure = new_figure(3.3)
    axes = figure.subplots()
    quiet_axes(axes, grid="y")
    axes.set_xscale("log")
    top = max(max(chart.y), chart.limit or 0.0)
    if chart.limit is not None:
        axes.axhline(chart.limit, color=LIGHT["muted"], linewidth=1.0, linestyle=(0, (4, 3)))
        axes.annotate(
            chart.limit_text,
            (chart.x[0], chart.limit),
            xytext=(0, 5),
            textcoords="offset points",
            va="bottom",
            fontsize=9,
            color=LIGHT["muted"],
        )
    axes.plot(chart.x, chart.y, color=LIGHT["accent"], solid_capstyle="round")
    for mark in chart.marks:
        _draw_mark(axes, chart, mark)
    axes.set_ylim(0, top * 1.18)
    axes.set_xlim(chart.x[0], chart.x[-1] * 1.15)
    axes.xaxis.set_major_locator(LogLocator(base=10, numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.yaxis.set_tick_params(labelcolor=LIGHT["muted"])
    axes.set_xlabel(chart.x_axis)
    axes.set_title(chart.y_axis)
    return figure


def _draw_mark(axes: Axes, chart: LifeCurve, mark: CurveMark) -> None:
    """Name a point below it, or above it where the name of the last point is in the way."""
    axes.plot(
        [mark.x], [mark.y], "o", color=LIGHT["accent"], markersize=7, markeredgecolor=LIGHT["paper"], markeredgewidth=1.5, clip_on=False
    )
    decades = math.log10(chart.x[-1] / chart.x[0])
    crowded = 0 < math.log10(chart.x[-1] / mark.x) < _NAME_RATIO * decades
    left = mark.x > (chart.x[0] * chart.x[-1]) ** 0.5
    if crowded:
        above = (mark.x, max(chart.limit or 0.0, *chart.y))
        axes.annotate(printable(mark.text), above, xytext=(3, 6), textcoords="offset points", va="bottom", ha="right", fontsize=9.5)
        axes.plot([mark.x, mark.x], [mark.y, above[1] * 1.02], color=LIGHT["muted"], linewidth=0.8)
        return
    axes.annotate(
        printable(mark.text),
        (mark.x, mark.y),
        xytext=(-2, -11),
        textcoords="offset points",
        va="top",
        ha="right" if left else "center",
        fontsize=9.5,
        bbox={"facecolor": LIGHT["paper"], "linewidth": 0, "pad": 1.5},
    )
