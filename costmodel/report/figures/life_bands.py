"""Chart of battery life against the rate of inferences for several ways of resting, each with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from costmodel.printable_text import printable
from costmodel.report.charts import LifeBands
from costmodel.report.figures.style import LIGHT, LIGHT_PART, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LABEL_STEP: Final = 0.09
"""From one label down to the next, as a share of the height."""
_DECADE: Final = 10.0
_HEAD_ROOM: Final = 1.12
_COLORS: Final = ("output-stationary", "row-stationary", "weight-stationary", "input-stationary", "no-local-reuse")
_STYLES: Final[tuple[tuple[float, tuple[float, ...] | None], ...]] = (
    (0, None),
    (0, (6, 2)),
    (0, (1, 1.2)),
    (0, (6, 2, 1, 2)),
    (0, (3, 1)),
)


def life_bands_figure(chart: LifeBands) -> Figure:
    """Draw life against rate, both on logarithmic axes; lives within one decade from nothing up, where a logarithmic axis has no numbers.

    Parameters
    ----------
    chart : LifeBands
        What to draw.

    Returns
    -------
    Figure
        A band an interval, a line the figure, in a colour and a dash of its own.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    figure = new_figure(3.9)
    axes = figure.subplots()
    quiet_axes(axes, grid="y")
    axes.set_xscale("log")
    drawn = [value for band in chart.bands for value in (*band.y, *band.low, *band.high) if value]
    floor, top = min(drawn, default=1.0), max(drawn, default=1.0)
    near = top < _DECADE * floor
    toward = (0.5, 1.0) if near else (0.0, 0.5)
    if near:
        axes.set_ylim(0.0, top * _HEAD_ROOM)
    else:
        axes.set_yscale("log")
    for place, band in enumerate(chart.bands):
        color = LIGHT[_COLORS[place % len(_COLORS)]]
        line = [math.nan if value is None or value <= 0.0 else value for value in band.y]
        # A band that reaches down to no life at all reaches the lowest life drawn.
        low, high = ([math.nan if value is None else max(value, floor) for value in values] for values in (band.low, band.high))
        axes.fill_between(band.x, low, high, color=color, alpha=LIGHT_PART / 2, linewidth=0)
        axes.plot(band.x, line, color=color, linestyle=_STYLES[place % len(_STYLES)], linewidth=1.8, label=printable(band.name))
    for place, mark in enumerate(chart.marks):
        axes.plot([mark.x], [mark.y], "o", color=LIGHT["ink"], markersize=6, markeredgecolor=LIGHT["paper"], markeredgewidth=1.2, zorder=5)
        # Every curve falls: the upper right corner is free, and where they start from nothing, the lower left.
        axes.annotate(
            printable(mark.text),
            (mark.x, mark.y),
            xytext=(0.02, 0.06 + _LABEL_STEP * place) if near else (0.99, 0.96 - _LABEL_STEP * place),
            textcoords="axes fraction",
            fontsize=9.5,
            ha="left" if near else "right",
            va="center",
            arrowprops={"arrowstyle": "-", "color": LIGHT["muted"], "linewidth": 0.8, "shrinkB": 4.0, "relpos": toward},
        )
    axes.xaxis.set_major_locator(LogLocator(base=10, numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    if not near:
        axes.yaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.yaxis.set_tick_params(labelcolor=LIGHT["muted"])
    axes.set_xlabel(chart.x_axis)
    axes.set_title(chart.y_axis)
    figure.legend(loc="outside lower left", ncols=5, fontsize=9.5, handlelength=2.6)
    return figure
