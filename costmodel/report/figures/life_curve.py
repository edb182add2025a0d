"""Chart of battery life against the rate of inferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from costmodel.report.charts import LifeCurve
from costmodel.report.figures.style import LIGHT, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
        right = mark.x > (chart.x[0] * chart.x[-1]) ** 0.5
        axes.plot(
            [mark.x], [mark.y], "o", color=LIGHT["accent"], markersize=7, markeredgecolor=LIGHT["paper"], markeredgewidth=1.5, clip_on=False
        )
        axes.annotate(
            mark.text,
            (mark.x, mark.y),
            xytext=(-2 if right else 2, -11),
            textcoords="offset points",
            va="top",
            ha="right" if right else "center",
            fontsize=9.5,
        )
    axes.set_ylim(0, top * 1.18)
    axes.set_xlim(chart.x[0], chart.x[-1] * 1.15)
    axes.xaxis.set_major_locator(LogLocator(base=10, numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.yaxis.set_tick_params(labelcolor=LIGHT["muted"])
    axes.set_xlabel(chart.x_axis)
    axes.set_title(chart.y_axis)
    return figure
