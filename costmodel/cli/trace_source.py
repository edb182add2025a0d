"""A capture on disk to its figures, with the supply a capture without voltage is taken at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from costmodel.cli.quantity_text import VOLTS, quantity
from costmodel.errors import SpecError

if TYPE_CHECKING:
    from costmodel.measurement.trace_analysis import Thresholds
    from costmodel.results.trace import AnalysedTrace

_STATES: Final = "esp32-deck"
"""Packaged power states whose awake supply stands in where none is given."""


def analysed_capture(
    capture: Path, supply_v: str | None, thresholds: Thresholds, columns: Mapping[str, str], sample_rate_hz: float | None = None
) -> AnalysedTrace:
    """Open a capture and analyse it.

    Parameters
    ----------
    capture : Path
        The file.
    supply_v : str or None
        Supply as the user gave it.
    thresholds : Thresholds
        The rule for windows, where the user gives it.
    columns : mapping
        Kind to column, where the user chose.
    sample_rate_hz : float, optional
        Rate of the samples, where the user gave it.

    Returns
    -------
    AnalysedTrace
        Figures and curve.

    Raises
    ------
    InputError
        If the capture cannot be read or holds no window.
    """
    from costmodel.measurement.trace_analysis import analyse_trace
    from costmodel.sources.catalogue import load_power_states
    from costmodel.sources.trace_files import open_trace

    if supply_v is not None:
        volts, source = quantity("--supply-v", supply_v, VOLTS), "given"
        if volts <= 0.0:
            raise SpecError("--supply-v: expected a voltage above 0")
    else:
        volts = load_power_states(_STATES).inference.supply_v.value
        source = f"assumed, the supply of {_STATES}; --supply-v changes it"
    if sample_rate_hz == 0.0:
        raise SpecError("--sample-rate: expected a rate above 0")
    with open_trace(capture, columns, None if supply_v is None else volts, sample_rate_hz) as trace:
        return analyse_trace(trace, volts, source, thresholds)
