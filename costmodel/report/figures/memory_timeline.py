"""Chart of the buffers that are alive at each step of a network, against what the device has."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

from costmodel.printable_text import printable
from costmodel.report.charts import BufferBar, LimitLine, MemoryTimeline
from costmodel.report.figures.style import LIGHT, LIGHT_PART, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS: Final = tuple(f"buffer-{number}" for number in range(1, 7))
_NAMED_RATIO: Final = 0.055
"""A buffer of at least this share of the chart's height has room for its name inside."""
_LETTERS_A_ROW: Final = 88
"""Letters there is room for across the whole chart."""
_HEAD_ROOM: Final = 1.1
_FAR_RATIO: Final = 3.0
"""A limit this many times above the peak is named, not drawn: it would flatten everything else."""
_UPRIGHT_STEPS: Final = 9
_SMALL_TYPE_STEPS: Final = 24


def memory_timeline_figure(chart: MemoryTimeline) -> Figure:
    """Draw each buffer as a block from the step it is first taken at to the last.

    Parameters
    ----------
    chart : MemoryTimeline
        What to draw.

    Returns
    -------
    Figure
        Steps from left to right, memory upwards, limits as lines across.
    """
    from matplotlib.ticker import FuncFormatter

    figure = new_figure(3.9)
    axes = figure.subplots()
    quiet_axes(axes, grid="y")
    peak = max((bar.base + bar.height for bar in chart.buffers), default=1.0)
    near = [line for line in chart.limits if line.height <= _FAR_RATIO * peak]
    top = max([peak, *(line.height for line in near)]) * _HEAD_ROOM
    # Where nothing runs, the input is there all the same.
    step_count = max(len(chart.steps), 1)
    for bar in chart.buffers:
        _draw_buffer(axes, bar, top, step_count)
    for line in near:
        axes.axhline(line.height, color=LIGHT["alarm"], linewidth=1.3, linestyle=(0, (5, 3)))
    if _has_room(near, peak, top):
        for line in near:
            at = (step_count - 0.5, line.height)
            axes.annotate(
                printable(line.text),
                at,
                xytext=(0, 3),
                textcoords="offset points",
                ha="right",
                va="bottom",
                fontsize=9,
                color=LIGHT["alarm"],
            )
        _name_limits(axes, "above the chart", [line for line in chart.limits if line not in near])
    else:
        _name_limits(axes, "dashed" if len(near) == len(chart.limits) else "limits", list(chart.limits))
    axes.set_xlim(-0.5, step_count - 0.5)
    axes.set_ylim(0, top)
    # Names only as many as can be read.
    named = range(0, len(chart.steps), math.ceil(len(chart.steps) / _SMALL_TYPE_STEPS) or 1)
    axes.set_xticks(named, [printable(chart.steps[step]) for step in named])
    if len(chart.steps) > _UPRIGHT_STEPS:
        for label in axes.get_xticklabels():
            label.set(rotation=50, ha="right", rotation_mode="anchor", fontsize=9)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.tick_params(axis="x", labelcolor=LIGHT["ink"])
    axes.tick_params(axis="y", labelcolor=LIGHT["muted"])
    axes.set_title(chart.y_axis)
    return figure


def _has_room(lines: list[LimitLine], peak: float, top: float) -> bool:
    """Whether each line can carry its name: above the buffers and apart from the others."""
    heights = sorted(line.height for line in lines)
    apart = all(high - low > _NAMED_RATIO * top for low, high in itertools.pairwise(heights))
    return apart and all(height > peak for height in heights)


def _name_limits(axes: Axes, where: str, lines: list[LimitLine]) -> None:
    """Name limits beside the title."""
    if lines:
        text = f"{where}: {', '.join(printable(line.text) for line in lines)}"
        axes.set_title(text, loc="right", fontsize=9, fontweight="normal", color=LIGHT["alarm"])


def _draw_buffer(axes: Axes, bar: BufferBar, top: float, step_count: int) -> None:
    from matplotlib.patches import Rectangle

    left, width = bar.first - 0.5, bar.last - bar.first + 1
    color = LIGHT[_COLORS[bar.color]]
    block = Rectangle((left, bar.base), width, bar.height, facecolor=color, edgecolor=LIGHT["paper"], linewidth=0.8)
    block.set_alpha(LIGHT_PART if bar.idle else None)
    axes.add_patch(block)
    name = printable(bar.name)
    if bar.height >= _NAMED_RATIO * top and len(name) <= width * _LETTERS_A_ROW / step_count:
        at = (left + width / 2, bar.base + bar.height / 2)
        axes.annotate(name, at, ha="center", va="center", fontsize=8.5, color=LIGHT["ink"] if bar.idle else LIGHT["paper"])
