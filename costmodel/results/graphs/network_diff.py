"""What changed from one network to another: every figure of the whole, and layer by layer."""

from __future__ import annotations

from typing import Literal

from costmodel.results.base import Result
from costmodel.results.conclusions.reason import Reason
from costmodel.results.timing.outlook import Outlook
from costmodel.results.trust import Trust

Match = Literal["name", "structure", "added", "removed"]
"""How a layer was found again: by its name, by what it is, or not at all."""


class FigureChange(Result):
    """One figure before and after."""

    figure: str
    unit: str
    """Empty for a count."""
    before: int | float | None
    """None where it is not known, or where there was no such layer."""
    after: int | float | None
    change: int | float | None
    """None where one of both is not known."""
    change_ratio: float | None
    """Of the figure before; None where that is 0 or not known."""
    trust: Trust
    """How far to trust it, the weaker of both."""
    reason: Reason | None = None
    """Why one of both is not known."""

    @property
    def changed(self) -> bool:
        """Whether it is not the same."""
        return self.before != self.after


class LayerChange(Result):
    """One layer before and after."""

    before: str | None
    """Its name; None where it was added."""
    after: str | None
    """Its name; None where it was removed."""
    kind: str
    match: Match
    figures: tuple[FigureChange, ...]

    @property
    def changed(self) -> bool:
        """Whether any figure is not the same."""
        return any(figure.changed for figure in self.figures)


class ExceededLimit(Result):
    """A figure that grew more than it may."""

    figure: str
    unit: str
    change: int | float
    change_ratio: float | None
    """None where it grew from nothing."""
    limit: str
    """As it was asked for."""


class NetworkDiff(Result):
    """Two networks on one device, or two scenarios."""

    before: str
    """Name of the network."""
    after: str
    device: str
    """Of the network after."""
    dataflow: str
    totals: tuple[FigureChange, ...]
    layers: tuple[LayerChange, ...]
    """In the order of the network after; removed ones where they stood."""
    exceeded: tuple[ExceededLimit, ...] = ()
    decided: tuple[str, ...] = ()
    """What the files leave to the data and how it is counted, network by network."""
    left_out: tuple[str, ...] = ()
    """Operators of either network's model file that are not costed: totals are then at least what is told."""
    device_before: str = ""
    """Empty in what an older version wrote: the same as after."""
    dataflow_before: str = ""
    outlooks: tuple[Outlook, ...] = ()
    """Time, energy and life before and after; empty where they were not asked for."""
    outlook_changes: tuple[FigureChange, ...] = ()
    """How the points of time, energy and life change; of a mere range there is none. Empty where the outlooks are."""
