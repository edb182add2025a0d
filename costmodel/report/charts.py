"""Charts as plain data, in the units they are read in; `figures` draws them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

HUES: Final = 6
"""Colours of buffers: of more, the largest have their own, and all others the last, which is grey."""


def hues_of(sizes_bytes: Sequence[int]) -> list[int]:
    """Return which of the colours each of some buffers has.

    Parameters
    ----------
    sizes_bytes : sequence of int
        Of the buffers.

    Returns
    -------
    list of int
        One each where there are no more than colours; else the largest keep theirs, and the others share the last.
    """
    places = range(len(sizes_bytes))
    ranked = sorted(places, key=lambda place: -sizes_bytes[place]) if len(sizes_bytes) > HUES else places
    hues = {place: min(rank, HUES - 1) for rank, place in enumerate(ranked)}
    return [hues[place] for place in places]


@dataclass(frozen=True)
class BarSeries:
    """One bar a layer: a solid part, and a lighter one on top of it."""

    name: str
    color: str
    """Name in the palette."""
    solid: tuple[float, ...]
    light: tuple[float, ...]
    texts: tuple[str, ...]
    """What stands at the end of each bar."""


@dataclass(frozen=True)
class BarPanel:
    """Bars of one quantity."""

    title: str
    """The quantity with its unit."""
    series: tuple[BarSeries, ...]


@dataclass(frozen=True)
class LayerBars:
    """Quantities layer by layer, one bar a dataflow."""

    layers: tuple[str, ...]
    panels: tuple[BarPanel, ...]
    solid_name: str
    light_name: str
    """What the lighter part is; empty where there is none."""


@dataclass(frozen=True)
class ShareBars:
    """Parts of one whole, largest first or in running order."""

    axis: str
    """The quantity with its unit."""
    labels: tuple[str, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...]
    strong: tuple[bool, ...]
    """Which bars matter."""


@dataclass(frozen=True)
class CurveMark:
    """A point of a curve worth a name."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class LifeCurve:
    """Battery life against the rate of inferences."""

    x_axis: str
    y_axis: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    marks: tuple[CurveMark, ...]
    limit: float | None
    """What no rate exceeds; None where idling draws nothing."""
    limit_text: str


@dataclass(frozen=True)
class BufferBar:
    """A buffer and when it is alive."""

    name: str
    first: int
    """Step it is first needed at."""
    last: int
    """Step it is last needed at."""
    height: float
    base: float
    """Height of what it is stacked on."""
    color: int
    """Which of the colours: one a buffer."""
    idle: bool
    """Whether it is reserved but holds nothing that is still needed."""


@dataclass(frozen=True)
class LimitLine:
    """A height that must not be exceeded."""

    height: float
    text: str


@dataclass(frozen=True)
class MemoryTimeline:
    """Which buffers are alive at which step of a network."""

    y_axis: str
    steps: tuple[str, ...]
    buffers: tuple[BufferBar, ...]
    limits: tuple[LimitLine, ...]


@dataclass(frozen=True)
class LifeBand:
    """Life against rate in one way of resting, with its interval; None where there is none."""

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True)
class LifeBands:
    """Battery life against the rate of inferences, one band a way of resting."""

    x_axis: str
    y_axis: str
    bands: tuple[LifeBand, ...]
    marks: tuple[CurveMark, ...]


@dataclass(frozen=True)
class CurrentTrace:
    """Current over time with the inferences found in it."""

    x_axis: str
    y_axis: str
    time: tuple[float, ...]
    low: tuple[float, ...]
    mean: tuple[float, ...]
    high: tuple[float, ...]
    windows: tuple[tuple[float, float], ...]
    """Begin and end of each."""
    window_text: str
    thresholds: tuple[float, ...]
    boot_end: float | None


@dataclass(frozen=True)
class FrontPanel:
    """Two objectives against each other."""

    x_axis: str
    """The quantity with its unit, and which way is better."""
    y_axis: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    base: tuple[float, float] | None
    """Where the base stands; None where it has no such figures."""


@dataclass(frozen=True)
class FrontMark:
    """A design worth a name in the drawing."""

    place: int
    """Among the designs."""
    text: str


@dataclass(frozen=True)
class ParetoFront:
    """Designs that no other betters, one panel a pair of objectives."""

    panels: tuple[FrontPanel, ...]
    names: tuple[str, ...]
    """What each design is, in words."""
    marks: tuple[FrontMark, ...]


class LifeChoices(NamedTuple):
    """What a reader may choose, and what each choice gives."""

    batteries: tuple[str, ...]
    rests: tuple[str, ...]
    rates: tuple[str, ...]
    lives: tuple[tuple[tuple[str, ...], ...], ...]
    """One a battery, rest and rate."""
    rest: int
    """Place of what was asked; the first battery is the asked one."""
    rate: int
    trust: str

    @property
    def as_json(self) -> str:
        """For a script: safe inside a page, whatever the names are."""
        content = {"rates": self.rates, "lives": self.lives}
        return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


Chart: TypeAlias = LayerBars | ShareBars | LifeCurve | LifeBands | CurrentTrace | MemoryTimeline | ParetoFront
