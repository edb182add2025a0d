"""Cells: a value with its unit, how it is read, and the name `explain` knows it by. Text is made when one is rendered, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from costmodel.report import quantities


class Form(StrEnum):
    """What a value is, and so how people read it."""

    PLAIN = "plain"
    """Text as it is, a number with thousands apart."""
    COUNT = "count"
    ENERGY = "energy"
    JOULES = "joules"
    WATT_HOURS = "watt-hours"
    TIME = "time"
    LIFE = "life"
    POWER = "power"
    CURRENT = "current"
    BYTES = "bytes"
    EXACT_BYTES = "exact bytes"
    """A number of them, under a heading that says so."""
    RATE = "rate"
    SHARE = "share"
    FINE_SHARE = "fine share"
    """To the hundredth of a percent."""
    TIMES = "times"
    NANOSECONDS = "nanoseconds"
    """A number of them, under a heading that says so."""


class _Reading(NamedTuple):
    unit: str
    """Of the value itself, not of the text."""
    text: Callable[[Any], str]


_READINGS: Final[Mapping[Form, _Reading]] = {
    Form.PLAIN: _Reading("", quantities.plain_text),
    Form.COUNT: _Reading("1", quantities.count_text),
    Form.ENERGY: _Reading("pJ", quantities.energy_text),
    Form.JOULES: _Reading("J", quantities.joules_text),
    Form.WATT_HOURS: _Reading("J", quantities.watt_hours_text),
    Form.TIME: _Reading("s", quantities.time_text),
    Form.LIFE: _Reading("s", quantities.life_text),
    Form.POWER: _Reading("W", quantities.power_text),
    Form.CURRENT: _Reading("A", quantities.current_text),
    Form.BYTES: _Reading("B", quantities.bytes_text),
    Form.EXACT_BYTES: _Reading("B", quantities.count_text),
    Form.RATE: _Reading("Hz", quantities.hertz_text),
    Form.SHARE: _Reading("1", quantities.share_text),
    Form.FINE_SHARE: _Reading("1", lambda value: quantities.share_text(value, 2)),
    Form.TIMES: _Reading("1", lambda value: quantities.NONE if value is None else quantities.times_text(value)),
    Form.NANOSECONDS: _Reading("s", quantities.nanoseconds_number),
}


_VARYING: Final = frozenset({Form.ENERGY, Form.JOULES, Form.TIME, Form.LIFE, Form.POWER, Form.CURRENT, Form.BYTES})
"""Forms whose unit depends on the size of the value."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that stands in a table or among key figures."""

    value: str | int | float | None
    """In its form's unit; None where there is none."""
    form: Form = Form.PLAIN
    figure: str = ""
    """Its name in `explain`; empty where it has none."""
    dataflow: str = ""
    """The dataflow the figure is of; empty where it is of none, or of the first."""
    scale: quantities.Scale | None = None
    """The unit its column is shown in, where all its cells share one."""
    tone: str = ""
    """A word renderers choose a colour by; never the only carrier of meaning."""
    change: bool = False
    """Whether it is a difference: told with its sign, and no difference as `=`."""

    @property
    def unit(self) -> str:
        """Unit of the value: `pJ`, `s`, `B`, `1` for ratios and counts, empty for text."""
        return _READINGS[self.form].unit

    @property
    def varies(self) -> bool:
        """Whether its unit depends on its size, so that its text does not tell its order."""
        return self.scale is None and self.form in _VARYING and self.value is not None

    @property
    def text(self) -> str:
        """The value as people read it."""
        if self.change and isinstance(self.value, int | float):
            size = replace(self, value=abs(self.value), change=False).text
            return "=" if not self.value else f"{'+' if self.value > 0 else '-'}{size}"
        if self.scale is None:
            return _READINGS[self.form].text(self.value)
        return self.scale.number(None if isinstance(self.value, str) else self.value)


def cell_of(content: Cell | str | float | None) -> Cell:
    """Return what stands in a table as a cell: text and bare numbers are plain ones."""
    return content if isinstance(content, Cell) else Cell(content)
