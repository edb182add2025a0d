"""One style for every chart: colours that colour-blind readers tell apart, quiet axes, direct labels.

Charts are drawn once. A picture of fixed colours takes them from `LIGHT`; a drawing inside a page has each colour replaced by a variable of
the page, so that it follows its light or dark scheme.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIGHT: Final[dict[str, str]] = {
    "ink": "#1c2530",
    "muted": "#5d6975",
    "line": "#c9d0d7",
    "paper": "#fefefe",
    "output-stationary": "#0b64a0",
    "row-stationary": "#c8500a",
    "weight-stationary": "#00805f",
    "input-stationary": "#b0578e",
    "no-local-reuse": "#8a6a00",
    "accent": "#0b64a1",
    "quiet": "#8fa3b5",
    "alarm": "#c62f2f",
    "buffer-1": "#0b64a2",
    "buffer-2": "#b45f14",
    "buffer-3": "#1d7f73",
    "buffer-4": "#b0578f",
    "buffer-5": "#8a6a01",
    "buffer-6": "#5d6976",
}
"""Name to colour (after Okabe and Ito); no two are equal, so that each can be found in a drawing."""
DARK: Final[dict[str, str]] = {
    "ink": "#e8ecf0",
    "muted": "#a3aeb9",
    "line": "#47525d",
    "paper": "#161b21",
    "output-stationary": "#5db4ee",
    "row-stationary": "#f59453",
    "weight-stationary": "#3fc59c",
    "input-stationary": "#dd93c2",
    "no-local-reuse": "#d6b33c",
    "accent": "#5db4ee",
    "quiet": "#6f8294",
    "alarm": "#ff7b72",
    "buffer-1": "#5db4ee",
    "buffer-2": "#f2a65a",
    "buffer-3": "#55c5b7",
    "buffer-4": "#dd93c2",
    "buffer-5": "#d6b33c",
    "buffer-6": "#a3aeb9",
}
"""The same names on a dark page."""

WIDTH_IN: Final = 6.6
"""Width of every chart [in]."""
LIGHT_PART: Final = 0.34
"""Opacity of the lighter part of a bar."""
_SETTINGS: Final[dict[str, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LIGHT["line"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.titlecolor": LIGHT["ink"],
    "axes.axisbelow": True,
    "text.color": LIGHT["ink"],
    "text.parse_math": False,
    "xtick.color": LIGHT["line"],
    "ytick.color": LIGHT["line"],
    "xtick.labelcolor": LIGHT["muted"],
    "ytick.labelcolor": LIGHT["ink"],
    "grid.color": LIGHT["line"],
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.8,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "costmodel",
    "figure.constrained_layout.use": True,
}


def house_style() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws in this style, whatever the user's own settings are."""
    import matplotlib as mpl

    settings: Any = {name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith("backend")} | _SETTINGS
    return mpl.rc_context(settings)


def new_figure(height_in: float) -> Figure:
    """Return an empty figure of the common width.

    Parameters
    ----------
    height_in : float
        Height [in].

    Returns
    -------
    Figure
        With a transparent background.
    """
    from costmodel.report.figures.shown_figure import ShownFigure

    return ShownFigure(figsize=(WIDTH_IN, height_in), facecolor="none")


def quiet_axes(axes: Axes, *, grid: str = "") -> None:
    """Take away what carries no data: the frame and the tick marks; draw grid lines across one axis at most.

    Parameters
    ----------
    axes : Axes
        Changed in place.
    grid : {'', 'x', 'y'}
        Axis whose values get lines.
    """
    axes.set_facecolor("none")
    axes.tick_params(length=0)
    if grid == "x":
        axes.xaxis.grid(visible=True)
        axes.spines["left"].set_visible(True)
    elif grid == "y":
        axes.yaxis.grid(visible=True)
        axes.spines["left"].set_visible(False)


def plain_ticks(axes: Axes) -> None:
    """Write the numbers of logarithmic and of large axes out, without powers of ten: at decades, or between them where there is but one.

    Parameters
    ----------
    axes : Axes
        Changed in place; axes with numbers of their own stay.
    """
    from matplotlib.ticker import FuncFormatter, LogFormatter, LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

    def plain(value: float, _place: int) -> str:
        small = 0 < abs(value) < _SMALL
        return f"{value:.12f}".rstrip("0") if small else f"{value:,.10g}"

    for axis in (axes.xaxis, axes.yaxis):
        found = axis.get_major_formatter()
        if isinstance(found, LogFormatter):
            low, high = sorted(axis.get_view_interval())
            few = low > 0 and high / low < _FEW_DECADES
            axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=8))
            axis.set_major_formatter(FuncFormatter(plain))
            axis.set_minor_formatter(NullFormatter())
        elif isinstance(found, ScalarFormatter) and max(map(abs, axis.get_view_interval())) >= _LARGE:
            axis.set_major_locator(MaxNLocator(3))
            axis.set_major_formatter(FuncFormatter(plain))


_FEW_DECADES: Final = 30.0
_LARGE: Final = 1e4
_SMALL: Final = 1e-4
