"""A current trace, as a Python user holds it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from costmodel.api.shown import Shown, shown
from costmodel.results.runs.trace import TraceCurve, TraceSummary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from costmodel.report.document import Section


class Trace(TraceSummary, Shown):
    """The figures of a capture, which show and draw themselves."""

    _curve: TraceCurve = PrivateAttr()

    def _section(self) -> Section:
        from costmodel.report.sections.trace import trace_section

        return trace_section(self, self._curve)

    def plot(self) -> Figure:
        """Draw the current over time, with the inferences found in it."""
        from costmodel.report.document import Illustration
        from costmodel.report.figures.drawing import figure_of
        from costmodel.report.figures.style import house_style

        chart = next(block.chart for block in self._section().blocks if isinstance(block, Illustration))
        with house_style():
            return figure_of(chart)

    def _line(self) -> str:
        from costmodel.report.sections.trace import trace_lead

        return trace_lead(self)[0]

    def _repr_html_(self) -> str:
        """Show the figures, in a notebook."""
        from costmodel.report.formats.as_fragment import html_fragment

        return html_fragment(self._line(), self._section().blocks)


def read_trace(capture: str | Path, supply_v: float | None = None) -> Trace:
    """Return the figures of a current trace, with the inferences found in it.

    Parameters
    ----------
    capture : str or Path
        A capture of any kind that `costmodel trace` reads.
    supply_v : float, optional
        Supply it was taken at [V], where it holds no voltage.

    Returns
    -------
    Trace
        Power, energy and duration of an inference, with their spread.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from costmodel.measurement.trace_analysis import FOUND
    from costmodel.sources.measured.captures import analysed_capture

    found = analysed_capture(Path(capture), supply_v, FOUND, {})
    trace = shown(Trace, found.summary)
    trace._curve = found.curve
    return trace
