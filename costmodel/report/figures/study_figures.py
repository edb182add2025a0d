"""Figures of studies: panels side by side in the style of every other chart, written as an image.

What draws into them is decorated with `house_style()`: legends and marks then have the style too.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from costmodel.report.figures.style import LIGHT, house_style, plain_ticks, quiet_axes
from costmodel.sources.documents.atomic_file import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HUES: Final = tuple(
    LIGHT[name]
    for name in ("accent", "row-stationary", "weight-stationary", "input-stationary", "no-local-reuse", "muted", "alarm", "quiet")
)
"""Colours of a study's lines and marks, in this order."""
INK: Final = LIGHT["ink"]
PAPER: Final = LIGHT["paper"]
_DPI: Final = 130


def study_figure(panels: int, width: float = 4.8, height: float = 4.0) -> tuple[Figure, list[Axes]]:
    """Return an empty figure and its panels, side by side, without touching any display.

    Parameters
    ----------
    panels : int
        How many.
    width, height : float
        Of one panel, in inches.

    Returns
    -------
    tuple of figure and list of axes
        Of Matplotlib.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(width * panels, height), facecolor=PAPER, layout="constrained")
        FigureCanvasAgg(figure)
        axes = [figure.add_subplot(1, panels, place + 1) for place in range(panels)]
        for panel in axes:
            quiet_axes(panel, grid="y")
            panel.yaxis.set_tick_params(labelcolor=LIGHT["muted"])
            panel.tick_params(labelsize=9)
    return figure, axes


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as an image and return its path."""
    image = io.BytesIO()
    with house_style(), warnings.catch_warnings():
        # A user's character that the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        for panel in figure.axes:
            plain_ticks(panel)
            panel.set(xlabel=_sentence(panel.get_xlabel()), ylabel=_sentence(panel.get_ylabel()))
            title = panel.get_title()
            panel.set_title(_sentence(title or panel.get_title(loc="left")), loc="center" if title else "left")
        figure.savefig(image, dpi=_DPI, format=path.suffix.removeprefix("."), facecolor=PAPER)
    write_whole(path, image.getvalue())
    return path


def _sentence(text: str) -> str:
    """Begin with a capital letter, as titles and axes of every other chart do; a name such as `int8` stays as it is."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text
