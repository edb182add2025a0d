"""A capture on disk to its figures, with the supply a capture without voltage is taken at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from costmodel.errors import FormatError, Location, MissingError, SpecError
from costmodel.json_text import refuse_large_json
from costmodel.sources.documents.input_file import opened_input, read_input
from costmodel.sources.documents.validation_errors import found_text
from costmodel.sources.measured.trace_files import CAPTURE_SUFFIXES
from costmodel.specs.base import LARGEST, SMALLEST

if TYPE_CHECKING:
    from costmodel.measurement.trace_analysis import Thresholds
    from costmodel.results.runs.trace import AnalysedTrace

_FIGURES: Final = re.compile(rb'\s*\{\s*"schema_version"')
_STATES: Final = "esp32-deck"
"""Packaged power states whose awake supply stands in where none is given."""
_SLOWEST_HZ: Final = 1e-6
"""A sample in eleven days; anything slower is a slip of the pen."""
_MOST_FIGURES_BYTES: Final = 1 << 24
"""Largest file of figures."""
_NOT_ZERO: Final = ("duration_s", "duration.mean", "supply_v")
"""Figures that others are divided by."""


class CaptureOptions(NamedTuple):
    """How a capture is read and asked, beside its columns."""

    sample_rate_hz: float | None = None
    """Rate of the samples, where the user gave it."""
    shunt_ohm: float | None = None
    """Resistance the capture holds the voltage over."""
    marks: str | None = None
    """A file of times, or the pin that is high while the board infers."""
    above_a: float | None = None
    """Current the time above which is asked for."""


USUAL: Final = CaptureOptions()


def analysed_capture(
    capture: Path, supply_v: float | None, thresholds: Thresholds, columns: Mapping[str, str], options: CaptureOptions = USUAL
) -> AnalysedTrace:
    """Open a capture and analyse it, or take the figures of one analysed before.

    Parameters
    ----------
    capture : Path
        The file: a capture, or what `costmodel trace --format json` printed.
    supply_v : float or None
        Supply the capture was taken at, above 0 [V]; None where nobody says.
    thresholds : Thresholds
        The rule for windows, where the user gives it.
    columns : mapping
        Kind to column, where the user chose.
    options : CaptureOptions, optional
        How it is read and asked beside.

    Returns
    -------
    AnalysedTrace
        Figures and curve.

    Raises
    ------
    InputError
        If the capture cannot be read or holds no window.
    """
    from costmodel.measurement.captures.trace_chunk import bounded
    from costmodel.measurement.trace_analysis import FOUND, analyse_trace
    from costmodel.sources.catalogue import load_power_states
    from costmodel.sources.measured.trace_files import open_trace, read_marks

    volts, source = supply_v, "given"
    if volts is None:
        volts = load_power_states(_STATES).inference.supply_v.value
        source = f"assumed, the supply of {_STATES}; --supply-v changes it"
    analysed = _analysed_before(capture)
    if analysed is not None:
        if supply_v is not None or columns or options != USUAL or thresholds != FOUND:
            raise SpecError(f"{capture} holds the figures of a capture already analysed: give options to `costmodel trace`, not here")
        return analysed
    rate_hz = options.sample_rate_hz
    if rate_hz is not None and rate_hz < _SLOWEST_HZ:
        raise SpecError(f"--sample-rate: expected at least {_SLOWEST_HZ:g} Hz, found {rate_hz:g}")
    marked = () if options.marks is None or not Path(options.marks).is_file() else read_marks(Path(options.marks))
    if options.marks is not None and not marked:
        columns = {**columns, "mark": options.marks}
    with open_trace(capture, columns, supply_v, rate_hz, options.shunt_ohm, volts) as opened:
        trace = bounded(opened)
        analysed = analyse_trace(replace(trace, runs=marked) if marked else trace, volts, source, thresholds, options.above_a)
        if options.marks is not None and not trace.runs and not marked:
            raise MissingError(f"--marks {options.marks}: the pin is never high for a whole inference", Location(str(capture)))
    return analysed


def _analysed_before(path: Path) -> AnalysedTrace | None:
    """Return the figures `costmodel trace --format json` wrote to a file; None where it holds something else."""
    from pydantic import ValidationError

    from costmodel.results.runs.trace import AnalysedTrace, TraceCurve, TraceSummary

    with opened_input(path, "a capture", CAPTURE_SUFFIXES) as stream:
        if not _FIGURES.match(stream.read(64)):
            return None
    content = read_input(path, _MOST_FIGURES_BYTES)
    refuse_large_json(content, Location(str(path)))
    try:
        summary = TraceSummary.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise FormatError(f"not whole figures of a trace: {place or 'the file'}: {first['msg']}", Location(str(path))) from None
    _check_numbers(summary.model_dump(), str(path))
    return AnalysedTrace(summary, TraceCurve((), (), (), ()))


def _check_numbers(found: Any, file: str, place: str = "") -> None:
    """Refuse figures that no capture gives: batteries are asked about with them."""
    parts = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list | tuple) else ()
    for name, part in parts:
        _check_numbers(part, file, f"{place}.{name}" if place else str(name))
    if isinstance(found, bool) or not isinstance(found, int | float):
        return
    if (place.endswith(_NOT_ZERO) and found <= 0) or not (found == 0 or SMALLEST <= abs(found) <= LARGEST):
        raise FormatError(f"not the figures of a trace: {place} is {found_text(found)}", Location(file))
