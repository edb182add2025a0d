"""Chart of a current trace: the whole capture above, one inference close up below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from costmodel.printable_text import printable
from costmodel.report.charts import CurrentTrace
from costmodel.report.figures.style import LIGHT, LIGHT_PART, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEADROOM: Final = 0.25
"""Above the upper threshold and below idle, as a share of the range between, in the close view."""


def current_trace_figure(chart: CurrentTrace) -> Figure:
    """Draw a trace with its windows.

    Parameters
    ----------
    chart : CurrentTrace
        What to draw.

    Returns
    -------
    Figure
        Above, all of it on a scale that shows every peak; below, the first inferences on the scale of the thresholds, where there are some.
    """
    if not chart.windows:
        figure = new_figure(2.6)
        _draw_whole(figure.subplots(), chart)
        return figure
    figure = new_figure(4.6)
    whole, close = figure.subplots(2, 1)
    _draw_whole(whole, chart)
    _draw(close, chart)
    first = chart.windows[0]
    margin = 1.5 * (first[1] - first[0])
    end = chart.windows[1][1] if len(chart.windows) > 1 and chart.windows[1][1] - first[0] < 8 * margin else first[1]
    close.set_xlim(max(first[0] - margin, chart.time[0]), min(end + margin, chart.time[-1]))
    shown = [place for place, time in enumerate(chart.time) if close.get_xlim()[0] <= time <= close.get_xlim()[1]]
    inside = [chart.mean[place] for place in shown if chart.mean[place] < chart.thresholds[-1]] or list(chart.mean)
    low, high = min(min(inside), chart.thresholds[0]), max(max(inside), chart.thresholds[0])
    room = _HEADROOM * (high - low)
    close.set_ylim(low - room, high + room)
    close.set_title(printable(chart.window_text))
    close.set_xlabel(chart.x_axis)
    for threshold, name in zip(chart.thresholds, ("I min", "I max"), strict=False):
        if close.get_ylim()[0] < threshold < close.get_ylim()[1]:
            close.annotate(
                name,
                (close.get_xlim()[1], threshold),
                xytext=(-3, 3),
                textcoords="offset points",
                ha="right",
                fontsize=9,
                color=LIGHT["muted"],
                bbox={"facecolor": LIGHT["paper"], "alpha": 0.8, "edgecolor": "none", "pad": 0.5},
            )
    return figure


def _draw_whole(axes: Axes, chart: CurrentTrace) -> None:
    _draw(axes, chart)
    if chart.time[-1] > chart.time[0]:
        axes.set_xlim(chart.time[0], chart.time[-1])
    low, high = min(0.0, min(chart.low)), max(chart.high) * 1.08
    if high > low:
        axes.set_ylim(low, high)
    axes.set_title(chart.y_axis)


def _draw(axes: Axes, chart: CurrentTrace) -> None:
    quiet_axes(axes, grid="y")
    axes.yaxis.set_tick_params(labelcolor=LIGHT["muted"])
    for begin, end in chart.windows:
        axes.axvspan(begin, end, color=LIGHT["row-stationary"], alpha=LIGHT_PART / 1.5, linewidth=0)
    axes.fill_between(chart.time, chart.low, chart.high, step="post", color=LIGHT["accent"], alpha=LIGHT_PART, linewidth=0)
    axes.plot(chart.time, chart.mean, drawstyle="steps-post", color=LIGHT["accent"], linewidth=1.0)
    for threshold in chart.thresholds:
        axes.axhline(threshold, color=LIGHT["muted"], linewidth=0.9, linestyle=(0, (4, 3)))
    if chart.boot_end is not None:
        axes.axvspan(chart.time[0], chart.boot_end, color=LIGHT["quiet"], alpha=LIGHT_PART, linewidth=0)
