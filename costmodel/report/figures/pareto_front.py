"""Chart of a Pareto front: one panel a pair of objectives, the base and the designs worth a name in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from costmodel.printable_text import printable, shortened
from costmodel.report.charts import FrontPanel, ParetoFront
from costmodel.report.figures.style import LIGHT, new_figure, plain_ticks, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINT: Final = "front-point"
"""What the name of a design's point begins with inside a drawing: panel and place follow."""
_LOGARITHMIC: Final = 50.0
"""Times between the ends of an axis beyond which it is logarithmic."""
_PANEL_IN: Final = 2.7
_LONGEST_LABEL: Final = 40


def pareto_front_figure(chart: ParetoFront) -> Figure:
    """Draw a front.

    Parameters
    ----------
    chart : ParetoFront
        With one panel at least.

    Returns
    -------
    Figure
        Two panels in a row; each point a group of its own, so that a page can name it.
    """
    across = min(2, len(chart.panels))
    down = math.ceil(len(chart.panels) / across)
    figure = new_figure((_PANEL_IN if across > 1 else 3.6) * down + 0.3)
    for place, panel in enumerate(chart.panels):
        _draw_panel(figure.add_subplot(down, across, place + 1), panel, place, chart)
    return figure


def _draw_panel(axes: Axes, panel: FrontPanel, number: int, chart: ParetoFront) -> None:
    quiet_axes(axes, grid="y")
    axes.spines["left"].set_visible(True)
    axes.yaxis.set_tick_params(labelcolor=LIGHT["muted"])
    marked = {mark.place: mark.text for mark in chart.marks}
    for place, (x, y) in enumerate(zip(panel.x, panel.y, strict=True)):
        if not (math.isfinite(x) and math.isfinite(y)):
            continue
        named = place in marked
        color, size = (LIGHT["row-stationary"], 8) if named else (LIGHT["accent"], 5)
        (drawn,) = axes.plot([x], [y], "D" if named else "o", color=color, markersize=size, markeredgewidth=0, zorder=4 if named else 3)
        drawn.set_gid(f"{POINT}-{number}-{place}")
        if named:
            _name(axes, marked[place], x, y, color)
    if panel.base is not None and all(map(math.isfinite, panel.base)):
        axes.plot(*([value] for value in panel.base), "s", color=LIGHT["ink"], markersize=7, markeredgewidth=0, zorder=4)
        _name(axes, "base", *panel.base, LIGHT["ink"])
    for values, base, which in ((panel.x, 0, "x"), (panel.y, 1, "y")):
        finite = [value for value in (*values, *(() if panel.base is None else (panel.base[base],))) if math.isfinite(value)]
        if finite and min(finite) > 0 and max(finite) > _LOGARITHMIC * min(finite):
            getattr(axes, f"set_{which}scale")("log")
    axes.margins(0.12)
    axes.autoscale_view()
    plain_ticks(axes)
    axes.set_xlabel(_label(panel.x_axis), fontsize=9)
    axes.set_ylabel(_label(panel.y_axis), fontsize=9)
    axes.tick_params(labelsize=8.5)


def _label(text: str) -> str:
    return "\n".join(map(printable, text.splitlines()))


def _name(axes: Axes, text: str, x: float, y: float, color: str) -> None:
    axes.annotate(
        shortened(printable(text), _LONGEST_LABEL),
        (x, y),
        xytext=(7, 7),
        textcoords="offset points",
        fontsize=9,
        color=color,
        zorder=5,
        bbox={"facecolor": LIGHT["paper"], "alpha": 0.8, "linewidth": 0, "pad": 0.8},
    )
