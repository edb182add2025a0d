"""A logger's clock that begins anew when its counter is full, or at midnight: read on where the step back is the counter's length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from costmodel.measurement.captures.delimited_lines import Floats
from costmodel.measurement.captures.trace_columns import DATE_TIME, SchemaColumn
from costmodel.units import S_PER_HOUR

_COUNTERS: Final = (2.0**16, 2.0**31, 2.0**32)
"""Counts after which the counters of loggers begin anew, in the unit they print."""
_DAY_S: Final = 24.0 * S_PER_HOUR
_USUAL_STEPS: Final = 50.0
"""Usual steps that lie between the samples before and after, at most; further apart, time merely runs backwards."""


class WrappedClock:
    """Times of one capture, chunk after chunk, made to run on."""

    def __init__(self, lengths_s: Sequence[float]) -> None:
        self._lengths_s = lengths_s
        self._passed_s = 0.0
        self._previous_s: float | None = None
        self.wraps: list[float] = []
        """Length of the clock each time it began anew [s]."""

    def running_on(self, time_s: Floats) -> Floats:
        """Return the times of the next chunk, each wrap of the clock added.

        Parameters
        ----------
        time_s : Floats, shape (samples,)
            As the file gives them [s].

        Returns
        -------
        Floats
            As many; steps back that no clock's length explains stay.
        """
        if not len(time_s) or not self._lengths_s:
            return time_s
        before = time_s[:1] if self._previous_s is None else np.array([self._previous_s])
        self._previous_s = float(time_s[-1])
        with np.errstate(invalid="ignore"):  # times that are not finite are told by whoever reads them
            steps = np.diff(np.concatenate((before, time_s)))
        back = np.flatnonzero(steps < 0.0)
        if not len(back):
            return time_s + self._passed_s if self._passed_s else time_s
        forward = steps[steps > 0.0]
        usual_s = float(np.median(forward)) if len(forward) else 0.0
        added = np.zeros(len(time_s))
        for place in back.tolist():
            fits = [each for each in self._lengths_s if 0.0 <= steps[place] + each <= _USUAL_STEPS * usual_s]
            if fits:
                added[place] = fits[0]
                self.wraps.append(fits[0])
        on = time_s + self._passed_s + np.cumsum(added)
        self._passed_s += float(added.sum())
        return on

    @property
    def note(self) -> str:
        """What is to be said of it; empty where the clock ran on by itself."""
        if not self.wraps:
            return ""
        times = "once" if len(self.wraps) == 1 else f"{len(self.wraps)} times"
        return f"the clock began anew {times}, {self.wraps[0]:.6g} s after its zero: read on from there"


def clock_of(time: SchemaColumn | None, *, dated: bool) -> WrappedClock:
    """Return the clock of a column of times.

    Parameters
    ----------
    time : SchemaColumn or None
        None where samples follow each other at a known rate.
    dated : bool
        Whether the times of day come with their date.

    Returns
    -------
    WrappedClock
        It never begins anew where it is dated, or there is no column.
    """
    if time is None:
        return WrappedClock(())
    if time.unit == DATE_TIME:
        return WrappedClock(() if dated else (_DAY_S,))
    return WrappedClock([count * time.factor for count in _COUNTERS])
