"""A reason: why a figure is not there, or how far it holds, as its kind and what it names; `report` puts it in words."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from costmodel.results.base import Result


class ReasonKind(StrEnum):
    """What is the matter; each kind names its values."""

    DURATION_NOT_GIVEN = "duration-not-given"
    DURATION_OF_ANOTHER_DEVICE = "duration-of-another-device"
    """`measured_on`, `device`."""
    DURATION_MEASURED = "duration-measured"
    """`source`."""
    POWER_NOT_GIVEN = "power-not-given"
    POWER_OF_ANOTHER_DEVICE = "power-of-another-device"
    """`measured_on`, `device`."""
    BATTERY_NEEDS_MORE = "battery-needs-more"
    """`needed`: what is not known."""
    PERIOD_NOT_GIVEN = "period-not-given"
    NOTHING_DRAWN = "nothing-drawn"
    """The battery never empties."""

    CALIBRATED = "calibrated"
    """`convolution_count`, `network`, `calibration`."""
    DEVICE_NOT_TIMED = "device-not-timed"
    """`device`."""
    TIMED_ON_ANOTHER_DEVICE = "timed-on-another-device"
    """`measured`, `asked`."""
    TIMED_UNDER_ANOTHER_DATAFLOW = "timed-under-another-dataflow"
    """`measured`, `asked`."""
    TIMED_WITH_OTHER_ACTIVATIONS = "timed-with-other-activations"
    """`measured`, `asked`, `layer`."""
    TIMED_WITH_OTHER_WEIGHTS = "timed-with-other-weights"
    """`measured`, `asked`, `layer`."""
    NO_GROUPS_TIMED = "no-groups-timed"
    """`layer`, `group_count`."""
    BEYOND_MEASUREMENTS = "beyond-measurements"
    """The conditions beside it say how."""

    TEMPERATURE_NOT_STATED = "temperature-not-stated"
    """`cell`, `temperature_degc`."""
    TEMPERATURE_BEYOND = "temperature-beyond"
    """`cell`, `low_degc`, `high_degc`, `temperature_degc`, `taken_degc`."""
    LOAD_TOO_GREAT = "load-too-great"
    """`cell`, `peak_w`, `resistance_ohm`, `full_v`, `cutoff_v`."""
    BARE_MODULE = "bare-module"
    """`states`."""
    BARE_WITHOUT_RADIO = "bare-without-radio"
    """`states`, `others`: names of the states that phases may go by."""
    CAPTURE_BESIDE_STATES = "capture-beside-states"
    """`capture`, `states`."""
    BEYOND_SHELF_LIFE = "beyond-shelf-life"
    """`year_count`."""

    STRATEGY_NOT_APPLICABLE = "strategy-not-applicable"
    """`told`."""
    HEAP_TOO_SMALL = "heap-too-small"
    """`total_bytes`, `outcome`."""
    FLASH_TOO_SMALL = "flash-too-small"
    """`weight_bytes`, `flash_bytes`."""
    NO_SUCH_VERSION = "no-such-version"
    """`told`."""
    NOT_TRIED_BEYOND = "not-tried-beyond"
    """`most_ratio`."""
    INPUT_IS_FLAT = "input-is-flat"
    NO_STRATEGY_FITS = "no-strategy-fits"
    FEWEST_BYTES = "fewest-bytes"
    """Of the strategies that compute nothing twice, on a device that states no heap."""
    FITS_IN_FEWEST_BYTES = "fits-in-fewest-bytes"
    """Of the strategies that compute nothing twice."""
    FITS_WITH_LEAST_TWICE = "fits-with-least-twice"
    ARENA_NOT_KNOWN = "arena-not-known"
    """`told`."""


class Reason(Result):
    """What is the matter with a figure, and the names and numbers it is told with."""

    kind: ReasonKind
    values: dict[str, str | int | float] = Field(default_factory=dict)

    def __str__(self) -> str:
        """Return kind and values, as an error names them."""
        values = ", ".join(str(value) for value in self.values.values())
        return f"{self.kind.value}: {values}" if values else self.kind.value


def reason(kind: ReasonKind, **values: str | float) -> Reason:
    """Return a reason of a kind with what it names."""
    return Reason(kind=kind, values=values)
