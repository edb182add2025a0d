"""A figure that shows itself in a notebook, whatever backend of matplotlib is chosen there."""

from __future__ import annotations

import io
from typing import Final

from matplotlib.figure import Figure

from costmodel.report.figures.style import LIGHT, house_style

DPI: Final = 100
"""Dots per inch in a notebook."""


class ShownFigure(Figure):
    """A matplotlib figure with a picture of its own."""

    def _repr_png_(self) -> bytes:
        """Show it on white, in the style of every chart."""
        stream = io.BytesIO()
        with house_style():
            self.savefig(stream, format="png", dpi=DPI, facecolor=LIGHT["paper"], metadata={"Software": "costmodel"})
        return stream.getvalue()
