"""What stands in for what a scenario leaves open of its use."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.specs.devices.battery import BatteryCell
from costmodel.specs.devices.power import PowerStates
from costmodel.specs.devices.runtime import Runtime


class UsualUse(NamedTuple):
    """A runtime and a battery for a scenario that names none."""

    runtime: Runtime | None
    """None where only this project's firmware is meant, or nothing is known of the core."""
    battery: BatteryCell
    states: PowerStates | None = None
    """Of the device's class, where the scenario has no power of its board."""
    runtime_given: bool = False
    """Whether the runtime was asked for: then no time of this project's firmware comes before it."""
    clock_hz: float | None = None
    """Left out, the device's fastest."""
    rest_open: bool = False
    """Whether nobody said how the board rests, though how often it infers was said: then it rests as deep as its memory lasts."""
