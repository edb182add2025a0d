"""Chart of the buffers that are alive at each step of a network, against what the device has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from costmodel.report.charts import BufferBar, MemoryTimeline
from costmodel.report.figures.style import LIGHT, new_figure, quiet_axes
from costmodel.report.printable_text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS: Final = tuple(f"buffer-{number}" for number in range(1, 7))
_NAMED_RATIO: Final = 0.055
"""A buffer of at least this share of the chart's height has room for its name inside."""


def memory_timeline_figure(chart: MemoryTimeline) -> Figure:
    """Draw each buffer as a block from the step it is first needed at to the last.

    Parameters
    ----------
    chart : MemoryTimeline
        What to draw.

    Returns
    -------
    Figure
        Steps from left to right, memory upwards, limits as lines across.
    """
    figure = new_figure(3.9)
    axes = figure.subplots()
    quiet_axes(axes, grid="y")
    top = max([bar.base + bar.height for bar in chart.buffers] + [line.height for line in chart.limits], default=1.0) * 1.08
    for place, bar in enumerate(chart.buffers):
        _draw_buffer(axes, bar, LIGHT[_COLORS[place % len(_COLORS)]], top)
    for line in chart.limits:
        axes.axhline(line.height, color=LIGHT["alarm"], linewidth=1.3, linestyle=(0, (5, 3)))
        axes.annotate(
            line.text, (len(chart.steps) - 0.5, line.height), xytext=(0, 3), textcoords="offset points", ha="right", va="bottom", fontsize=9, color=LIGHT["alarm"]
        )
    axes.set_xlim(-0.5, len(chart.steps) - 0.5)
    axes.set_ylim(0, top)
    crowded = len(chart.steps) > 8
    axes.set_xticks(
        range(len(chart.steps)),
        [printable(step) for step in chart.steps],
        rotation=45 if crowded else 0,
        ha="right" if crowded else "center",
        rotation_mode="anchor",
        fontsize=9 if len(chart.steps) <= 24 else 6,
    )
    axes.tick_params(axis="y", labelcolor=LIGHT["muted"])
    axes.set_title(chart.y_axis)
    return figure


def _draw_buffer(axes: Axes, bar: BufferBar, color: str, top: float) -> None:
    from matplotlib.patches import Rectangle

    left, width = bar.first - 0.5, bar.last - bar.first + 1
    axes.add_patch(
        Rectangle((left, bar.base), width, bar.height, facecolor=color, alpha=0.82, edgecolor=LIGHT["paper"], linewidth=1.2)
    )
    if bar.height >= _NAMED_RATIO * top:
        axes.annotate(
            printable(bar.name), (left + width / 2, bar.base + bar.height / 2), ha="center", va="center", fontsize=8.5, color=LIGHT["paper"]
        )
