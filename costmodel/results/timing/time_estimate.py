"""Time of an inference under a runtime, with how far to trust it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.totals import ratio_of, total_of
from costmodel.results.trust import Trust


class TimeBasis(StrEnum):
    """What a time rests on."""

    GIVEN = "given"
    """A measurement of this network on this device, stated with the question."""
    LAYER_TIMES = "layer-times"
    """Measured layers of this firmware, by taps."""
    KERNEL_RATES = "kernel-rates"
    """Rates of this core's kernels, by path."""
    MEASURED_NETWORKS = "measured-networks"
    """Other networks measured on this device under this version of the runtime."""
    CLASS_RANGE = "class-range"
    """What networks took on this class of cores under the runtime."""
    NONE = "none"
    """Nothing is known of this core under the runtime."""


def _low_share(path: PathTime, paths: tuple[PathTime, ...]) -> float:
    total = total_of([each.low_cycles for each in paths])
    share: float = ratio_of(path.low_cycles, total) if total else 0.0
    return share


class PathTime(Result):
    """What the layers of one path take together."""

    path: str
    layer_count: int
    mac_count: int
    low_cycles: float
    high_cycles: float


class Term(StrEnum):
    """What a kernel spends its time on."""

    MULTIPLYING = "multiplying"
    COPYING = "copying"
    """Windows copied, or filled where they are out of bounds."""
    OUTPUTS = "outputs"
    """Sums rescaled and stored."""
    OVERHEAD = "overhead"
    """Weights summed once, and what a call costs."""


class RegressorTime(Result):
    """What one regressor of a layer takes."""

    per: str
    """Such as `copied_byte`."""
    count: int
    """How much of it the layer has."""
    cycles: float


class TermTime(Result):
    """What one term of a layer takes."""

    term: Term
    cycles: float
    duration_s: float
    regressors: tuple[RegressorTime, ...]


class LayerTime(Result):
    """What one layer takes, in the middle of its interval."""

    layer: str
    path: str
    mac_count: int
    cycles: float
    duration_s: float
    share_ratio: float
    """Of all layers that rates tell."""
    terms: tuple[TermTime, ...]
    """What its cycles are the sum of; a network that was scaled tells multiply-accumulates alone."""


class TimeEstimate(Result):
    """Time of one inference: a middle where there is one, and an interval."""

    runtime: str
    trust: Trust
    basis: TimeBasis
    duration_s: float | None
    """None where only a range is known."""
    low_s: float | None
    high_s: float | None
    coverage_ratio: float | None
    """Share of truths the interval is to hold."""
    clock_hz: float | None
    core: str
    version: str | None = None
    """Of the kernel library the times were measured with."""
    measured_on: str | None = None
    """Board, or networks."""
    network_count: int = 0
    """Measured networks behind it."""
    unmeasured_mac_ratio: float = 0.0
    """Share of the multiply-accumulates in layers whose kind has no rates."""
    unidentified: tuple[str, ...] = ()
    """Kinds of layer that the measurements do not tell apart from the others."""
    float_factor: bool = False
    """Whether int8 cycles were widened for floating point."""
    external_regions: tuple[str, ...] = ()
    """Memory outside the chip that holds buffers: the time is that of the chip's own RAM, which is faster."""
    paths: tuple[PathTime, ...] = ()
    layers: tuple[LayerTime, ...] = ()
    """In running order, where there is a middle; layers without rates are left out."""
    source: str = ""

    derived: ClassVar[tuple[str, ...]] = ("path_shares",)

    @property
    def path_shares(self) -> dict[str, float]:
        """Each path's share of the cycles, by its name, at their low ends."""
        return {path.path: _low_share(path, self.paths) for path in self.paths}


class RuntimeKnowledge(Result):
    """The strongest that is known of a device under a runtime."""

    runtime: str
    device: str
    trust: Trust
    """Of a network whose layers are of the measured kinds."""
    basis: TimeBasis
    version: str | None = None
    measured_on: tuple[str, ...] = ()
    """Boards, or networks."""
    paths: tuple[str, ...] = ()
    """Paths through the kernel library that have rates."""
    low_cycles: float | None = None
    """Per multiply-accumulate of whole networks, from the class."""
    high_cycles: float | None = None
