"""Charts to pictures: PNG bytes, or SVG text to stand inside a page."""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING, Final

from costmodel.printable_text import printable
from costmodel.report.charts import Chart, CurrentTrace, LayerBars, LifeBands, LifeCurve, MemoryTimeline, ParetoFront, ShareBars
from costmodel.report.document import Illustration
from costmodel.report.figures.bars import layer_bars_figure, share_bars_figure
from costmodel.report.figures.current_trace import current_trace_figure
from costmodel.report.figures.life_bands import life_bands_figure
from costmodel.report.figures.life_curve import life_curve_figure
from costmodel.report.figures.memory_timeline import memory_timeline_figure
from costmodel.report.figures.pareto_front import POINT, pareto_front_figure
from costmodel.report.figures.style import LIGHT, house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PNG_DPI: Final = 160
"""Dots per inch of a picture file."""
_SUPERFLUOUS: Final = re.compile(r'(?<=<g) id="[^"]*(?:patch|line2d|text|tick|axes|axis|figure|Collection)_\d+"|; stroke-linejoin: miter')
"""Names of parts that nothing refers to, and a style that is SVG's own."""
_LONG_NUMBER: Final = re.compile(r"(?<=[ \"(,-])(\d+\.\d\d)\d+(?=[ \n\"),])")
"""Coordinates beyond hundredths of a point."""
_FONT: Final = re.compile(r"(font: (?:bold )?[0-9.]+px) [^;\"]*")
_COLOR_NAMES: Final = {color: name for name, color in LIGHT.items()}


def draw_png(chart: Chart) -> bytes:
    """Draw a chart as a picture on white.

    Parameters
    ----------
    chart : Chart
        What to draw.

    Returns
    -------
    bytes
        A PNG file.
    """
    stream = io.BytesIO()
    with house_style():
        figure_of(chart).savefig(stream, format="png", dpi=PNG_DPI, facecolor=LIGHT["paper"], metadata={"Software": "costmodel"})
    return stream.getvalue()


def draw_svg_file(chart: Chart) -> bytes:
    """Draw a chart as a picture file of its own, on white.

    Parameters
    ----------
    chart : Chart
        What to draw.

    Returns
    -------
    bytes
        An SVG file.
    """
    stream = io.BytesIO()
    with house_style():
        figure_of(chart).savefig(stream, format="svg", facecolor=LIGHT["paper"], metadata={"Date": None})
    return stream.getvalue()


def draw_svg(illustration: Illustration) -> str:
    """Draw an illustration as an `svg` element whose colours are variables of the page around it.

    Parameters
    ----------
    illustration : Illustration
        Its chart, and the words for someone who cannot see it.

    Returns
    -------
    str
        One element without references to anything outside it.
    """
    stream = io.StringIO()
    with house_style():
        figure_of(illustration.chart).savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    drawn = stream.getvalue()
    body = drawn[drawn.index("<svg") :]
    view = re.search(r'viewBox="([^"]*)"', body)
    inside = body[body.index(">") + 1 : body.rindex("</svg>")]
    inside = re.sub(r"<metadata>.*?</metadata>", "", inside, flags=re.DOTALL)
    inside = re.sub(r"<style[^>]*>.*?</style>", "", inside, flags=re.DOTALL)
    inside = inside.replace("xlink:href", "href")
    # Names inside a drawing are unique in a page only with the drawing's own name before them.
    inside = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{illustration.id}-", inside)
    inside = _FONT.sub(r"\1 var(--figure-font, sans-serif)", inside)
    inside = re.sub(r"#[0-9a-f]{6}\b", _variable, inside)
    inside = _SUPERFLUOUS.sub("", inside)
    inside = _LONG_NUMBER.sub(r"\1", inside)
    inside = re.sub(r"\n\s*", "\n", inside)
    chart = illustration.chart
    # What holds points with names of their own is no single picture.
    role = "group" if isinstance(chart, ParetoFront) else "img"
    if isinstance(chart, ParetoFront):
        inside = _named_points(inside, illustration.id, chart)
    words = html.escape(printable(illustration.alternative))
    name = f"{illustration.id}-words"
    return (
        f'<svg role="{role}" aria-labelledby="{name}" viewBox="{view[1] if view else ""}" preserveAspectRatio="xMidYMid meet">'
        f'<title id="{name}">{words}</title>{inside.strip()}</svg>'
    )


def figure_of(chart: Chart) -> Figure:
    """Return the figure of any chart."""
    if isinstance(chart, LayerBars):
        return layer_bars_figure(chart)
    if isinstance(chart, ShareBars):
        return share_bars_figure(chart)
    if isinstance(chart, LifeCurve):
        return life_curve_figure(chart)
    if isinstance(chart, LifeBands):
        return life_bands_figure(chart)
    if isinstance(chart, CurrentTrace):
        return current_trace_figure(chart)
    if isinstance(chart, MemoryTimeline):
        return memory_timeline_figure(chart)
    if isinstance(chart, ParetoFront):
        return pareto_front_figure(chart)
    raise TypeError(f"no drawing for a chart of type {type(chart).__name__}")


def _named_points(inside: str, drawing: str, chart: ParetoFront) -> str:
    """Give each design's point its name, which a pointer shows and a reader speaks; a page's script lets keys walk from one to the next."""

    def named(found: re.Match[str]) -> str:
        words = html.escape(printable(chart.names[int(found[2])]))
        return f'<g id="{found[1]}-{found[2]}" class="point" role="img" aria-label="{words}"><title>{words}</title>'

    return re.sub(rf'<g id="({re.escape(drawing)}-{POINT}-\d+)-(\d+)">', named, inside)


def _variable(found: re.Match[str]) -> str:
    name = _COLOR_NAMES.get(found[0])
    return f"var(--{name})" if name else found[0]
