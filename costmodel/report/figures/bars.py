"""Charts of bars: quantities layer by layer, and parts of a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from costmodel.printable_text import printable
from costmodel.report.charts import BarPanel, LayerBars, ShareBars
from costmodel.report.figures.style import LIGHT, LIGHT_PART, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAR_IN: Final = 0.17
"""Height of one bar [in]."""
_LABEL_ROOM: Final = 1.27
"""The axis reaches this far beyond the longest bar, for the figure at its end."""


def layer_bars_figure(chart: LayerBars) -> Figure:
    """Draw quantities layer by layer, one panel a quantity and one bar a dataflow.

    Parameters
    ----------
    chart : LayerBars
        What to draw.

    Returns
    -------
    Figure
        Layers from top to bottom in running order.
    """
    count = len(chart.panels[0].series)
    group_in = max(_BAR_IN * count + 0.12, 0.30)
    figure = new_figure(1.15 + group_in * len(chart.layers))
    axes = figure.subplots(1, len(chart.panels), sharey=True, squeeze=False)[0]
    for panel, panel_axes in zip(chart.panels, axes, strict=True):
        _draw_panel(panel_axes, panel, chart.layers, group_in)
    _draw_legend(figure, chart)
    return figure


def _draw_panel(axes: Axes, panel: BarPanel, layers: tuple[str, ...], group_in: float) -> None:
    quiet_axes(axes)
    height = _BAR_IN / group_in
    count = len(panel.series)
    longest = max((a + b for one in panel.series for a, b in zip(one.solid, one.light, strict=True)), default=0.0) or 1.0
    for place, one in enumerate(panel.series):
        at = [row + (place - (count - 1) / 2) * height for row in range(len(layers))]
        color = LIGHT[one.color]
        axes.barh(at, one.solid, height * 0.86, color=color, linewidth=0)
        axes.barh(at, one.light, height * 0.86, left=one.solid, color=color, alpha=LIGHT_PART, linewidth=0)
        for y, solid, light, text in zip(at, one.solid, one.light, one.texts, strict=True):
            axes.annotate(
                text, (solid + light, y), xytext=(3, 0), textcoords="offset points", va="center_baseline", fontsize=8.5, color=LIGHT["ink"]
            )
    axes.set_xlim(0, longest * _LABEL_ROOM)
    axes.set_ylim(len(layers) - 0.45, -0.55)
    axes.set_yticks(range(len(layers)), [printable(name) for name in layers])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_title(panel.title)


def _draw_legend(figure: Figure, chart: LayerBars) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=LIGHT[one.color], label=one.name, linewidth=0) for one in chart.panels[0].series]
    if chart.light_name:
        solid = Patch(color=LIGHT["muted"], label=chart.solid_name, linewidth=0)
        handles += [solid, Patch(color=LIGHT["muted"], alpha=LIGHT_PART, label=chart.light_name, linewidth=0)]
    figure.legend(handles=handles, loc="outside lower left", ncols=4, fontsize=9, handlelength=1, handleheight=1, columnspacing=1.4)


def share_bars_figure(chart: ShareBars) -> Figure:
    """Draw parts of a whole as bars with their figures beside.

    Parameters
    ----------
    chart : ShareBars
        What to draw.

    Returns
    -------
    Figure
        The first part on top.
    """
    figure = new_figure(0.75 + 0.27 * len(chart.labels))
    axes = figure.subplots()
    quiet_axes(axes)
    rows = range(len(chart.labels))
    colors = [LIGHT["accent"] if strong else LIGHT["quiet"] for strong in chart.strong]
    axes.barh(rows, chart.values, 0.68, color=colors, linewidth=0)
    for row, value, text in zip(rows, chart.values, chart.texts, strict=True):
        axes.annotate(text, (value, row), xytext=(4, 0), textcoords="offset points", va="center_baseline", fontsize=9.5, color=LIGHT["ink"])
    axes.set_xlim(0, (max(chart.values) or 1.0) * _LABEL_ROOM)
    axes.set_ylim(len(chart.labels) - 0.4, -0.6)
    axes.set_yticks(rows, [printable(label) for label in chart.labels])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_title(chart.axis)
    return figure
