"""Marks of inferences: times from a file, or the edges of a digital column."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location
from costmodel.json_text import parsed_json
from costmodel.measurement.captures.trace_chunk import Floats, MarkedRun

_HIGH: Final = 0.5
"""Share of the way from low to high above which a pin is high."""
_LEVELS: Final = {
    **{"0": 0.0, "low": 0.0, "false": 0.0, "off": 0.0, "l": 0.0},
    **{"1": 1.0, "high": 1.0, "true": 1.0, "on": 1.0, "h": 1.0, "x": 1.0, "-": math.nan, "": math.nan},
}
"""What people and Nordic's export write for the level of a pin."""
_MOST_MARKS: Final = 1_000_000


def marked_times(text: str, name: str) -> tuple[MarkedRun, ...]:
    """Read begins and ends of inferences.

    Parameters
    ----------
    text : str
        A JSON list of times, or lines with begin and end, or with one time each, begins and ends in turn [s]; a first line of words is
        passed over, and so are lines that begin with #.
    name : str
        File name, for messages.

    Returns
    -------
    tuple of MarkedRun
        One inference each, in order of time.

    Raises
    ------
    FormatError
        If a time is missing or no number, an end lies not after its begin, or a begin before the last end.
    """
    times = _json_times(text, name) if text.lstrip()[:1] in ("[", "{") else _line_times(text, name)
    if not times or len(times) % 2:
        raise FormatError(f"found {len(times)} times of marks; expected a begin and an end for each inference", Location(name))
    runs = []
    before = -math.inf
    for place in range(0, len(times), 2):
        (begin, line), (end, _) = times[place], times[place + 1]
        if not before <= begin < end:
            raise FormatError(
                f"marks {begin:.9g} s and {end:.9g} s: expected an end after its begin, and each after the last", Location(name, line)
            )
        runs.append(MarkedRun(begin, end, 1))
        before = end
    return tuple(runs)


def _json_times(text: str, name: str) -> list[tuple[float, int]]:
    try:
        document: Any = parsed_json(text, Location(name))
    except (ValueError, RecursionError):
        raise FormatError("not JSON: expected a list of times in seconds", Location(name)) from None
    listed = document.get("timestamps") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise FormatError("expected a list of times in seconds", Location(name))
    numbers = [each[-1] if isinstance(each, list) and each else each for each in listed]
    return [(_time(number, name, 0), 0) for number in numbers]


def _line_times(text: str, name: str) -> list[tuple[float, int]]:
    times: list[tuple[float, int]] = []
    for number, line in enumerate(text.splitlines(), 1):
        spread = line.replace(";", ",").replace("\t", ",")
        cells = [cell.strip(' "') for cell in (spread.split(",") if "," in spread else spread.split()) if cell.strip()]
        if not cells or line.lstrip().startswith("#") or (not times and not _is_number(cells[0])):
            continue
        if len(cells) > 2:
            raise FormatError(f"found {len(cells)} fields; expected a begin and an end, or one time", Location(name, number))
        times.extend((_time(cell, name, number), number) for cell in cells)
        if len(times) > _MOST_MARKS:
            raise FormatError(f"more than {_MOST_MARKS:,} marks", Location(name, number))
    return times


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _time(value: Any, name: str, line: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not _is_number(str(value)):
        raise FormatError(f"expected a time in seconds, found {str(value)[:40]!r}", Location(name, line))
    return float(value)


def told_level(cell: str, bit: int | None) -> float | None:
    """Return the level of a pin that a cell tells in letters.

    Nordic's Power Profiler writes a character for each of `D0` to `D7`, D0 first: 0, 1, X where the pin was both within the sample, and -
    where its level is not known (`exportChartAction` of pc-nrfconnect-ppk puts those of pin 0, 1, ... one after the other).

    Parameters
    ----------
    cell : str
        As it stands in the file.
    bit : int or None
        Place of the pin where the cell holds a character for each.

    Returns
    -------
    float or None
        1 for high and for X, 0 for low, NaN where it is not known; None where the cell tells no level.
    """
    text = cell.strip(' "').lower()
    if bit is not None:
        text = text[bit] if len(text) > bit else text
    return _LEVELS.get(text)


@dataclass
class PinMarks:
    """Runs of a pin that is high, gathered as a capture is walked through."""

    runs: list[MarkedRun] = field(default_factory=list)
    begin_s: float | None = None
    """Where the pin rose, while it is high."""
    began_high: bool = False
    """Whether it was high when the capture began: what runs then is not whole."""
    last: bool | None = None

    def add(self, time_s: Floats, level: Floats) -> None:
        """Take more samples of the pin; NaN leaves it as it was."""
        known = ~np.isnan(level)
        time_s, level = time_s[known], level[known]
        high: NDArray[np.bool_] = level > _HIGH
        if not len(high):
            return
        if self.last is None:
            self.last = self.began_high = bool(high[0])
        before = np.concatenate(([self.last], high[:-1]))
        for place in np.flatnonzero(high != before).tolist():
            if high[place]:
                self.begin_s = float(time_s[place])
            elif self.begin_s is not None:
                self.runs.append(MarkedRun(self.begin_s, float(time_s[place]), 1))
                self.begin_s = None
        self.last = bool(high[-1])
