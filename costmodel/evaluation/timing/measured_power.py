"""Power of a board while it infers, from networks whose energy was measured on it, and what it makes of another network's energy."""

from __future__ import annotations

import math
from typing import Final

from costmodel.energy.board_power import energy_at_power_j, measured_power_w, power_sd
from costmodel.errors import MissingError
from costmodel.latency.scaling import NORMAL_P90
from costmodel.provenance import Constant
from costmodel.results.timing.calibration_fit import MeasuredPower
from costmodel.results.timing.outlook import EnergyEstimate
from costmodel.results.timing.time_estimate import TimeEstimate
from costmodel.results.trust import Trust, weakest
from costmodel.specs.base import with_changes
from costmodel.specs.devices.hardware import Device
from costmodel.specs.devices.power import PowerStates
from costmodel.specs.devices.runtime import Runtime

_SOURCE: Final = "measured: energy and time of {} on this board"


def has_measured_power(runtime: Runtime | None, device: Device, clock_hz: float | None) -> bool:
    """Tell whether a network's energy was measured on a device under a runtime at a clock."""
    return runtime is not None and any(
        network.device == device.name and network.clock_hz == clock_hz and network.energy_j is not None for network in runtime.measured
    )


def measured_power(runtime: Runtime, device: Device, clock_hz: float) -> MeasuredPower:
    """Return the power of a board while it infers.

    Parameters
    ----------
    runtime : Runtime
        With measured networks.
    device : Device
        They were measured on.
    clock_hz : float
        At that clock alone: power grows with it.

    Returns
    -------
    MeasuredPower
        With the interval of another network's.

    Raises
    ------
    MissingError
        If no network's energy was measured there at that clock.
    """
    found = [
        (network, network.energy_j)
        for network in runtime.measured
        if network.device == device.name and network.clock_hz == clock_hz and network.energy_j is not None
    ]
    if not found:
        raise MissingError(f"{runtime.name}: no network's energy was measured on {device.name} at {clock_hz:g} Hz")
    power_w = measured_power_w([energy_j for _, energy_j in found], [network.duration_s for network, _ in found])
    spread = math.exp(NORMAL_P90 * power_sd(len(found)))
    return MeasuredPower(
        power_w=power_w,
        low_w=power_w / spread,
        high_w=power_w * spread,
        clock_hz=clock_hz,
        networks=tuple(network.network for network, _ in found),
    )


def energy_at(power: MeasuredPower, time: TimeEstimate) -> EnergyEstimate | None:
    """Return the energy of an inference, from measured power and an estimated time; None where no time is known.

    Both intervals are of independent errors in logarithms, so that their squares add.
    """
    if time.low_s is None or time.high_s is None:
        return None
    middle = math.sqrt(time.low_s * time.high_s) if time.duration_s is None else time.duration_s
    spread = math.log(power.high_w / power.power_w)
    below, above = (math.exp(math.hypot(spread, math.log(end / middle))) for end in (time.low_s, time.high_s))
    energy_j = energy_at_power_j(power.power_w, middle)
    return EnergyEstimate(
        trust=weakest(time.trust, Trust.SCALED),
        energy_j=None if time.duration_s is None else energy_j,
        energy_low_j=energy_j / below,
        energy_high_j=energy_j * above,
        power_from=", ".join(power.networks),
        power_trust=Trust.SCALED,
    )


def inferring_at(states: PowerStates, power: MeasuredPower) -> PowerStates:
    """Return a board's states with the measured power while it infers; idle draws no more than that."""
    supply_v = states.inference.supply_v.value
    source = _SOURCE.format(", ".join(power.networks))
    drawn = Constant(power.power_w / supply_v, "A", power.low_w / supply_v, power.high_w / supply_v, source)
    changed = {"inference": with_changes(states.inference, {"current_a": drawn})}
    idle = states.idle
    if idle.current_a.value * idle.supply_v.value > power.power_w:
        changed["idle"] = with_changes(idle, {"current_a": Constant(power.power_w / idle.supply_v.value, "A", None, None, source)})
    return with_changes(states, changed)
