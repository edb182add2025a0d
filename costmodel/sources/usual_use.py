"""What stands in for what a scenario does not say of its use: a runtime, a battery."""

from __future__ import annotations

from typing import Final

from costmodel.errors import SpecError
from costmodel.sources.catalogue import load_battery, load_power_states
from costmodel.sources.runtimes import load_runtime, usual_runtime
from costmodel.specs.devices.usual_use import UsualUse
from costmodel.specs.scenario import Scenario

USUAL_BATTERY: Final = "lipo-500mah"
OWN_RUNTIME: Final = "costmodel"
"""This project's firmware: its layers' times are a calibration's."""


def usual_use(scenario: Scenario, runtime: str | None = None, *, rest_open: bool = False) -> UsualUse:
    """Return what stands in for what a scenario does not say.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    runtime : str, optional
        Runtime that was asked for, by name or file; `costmodel` is this project's firmware.
    rest_open : bool, optional
        Whether nobody said how the board rests: true of a network that is asked about without a scenario's file, whose `sleep` is idle
        where it states none.

    Returns
    -------
    UsualUse
        The runtime usual on the device's core, a small lithium-polymer cell, and the currents of the device's class.

    Raises
    ------
    InputError
        If the runtime is unknown, or made for other devices.
    """
    own = runtime == OWN_RUNTIME
    found = None if own else usual_runtime(scenario.device) if runtime is None else load_runtime(runtime)
    if runtime is not None and found is not None and found.only_on and not scenario.device.name.startswith(found.only_on):
        made_for = " and ".join(f"{name}*" for name in found.only_on)
        raise SpecError(f"runtime: {found.name} is made for {made_for}, not for {scenario.device.name}; see `costmodel list runtimes`")
    classed = scenario.device.assumed_power_states
    states = None if classed is None or scenario.states is not None else load_power_states(classed)
    return UsualUse(found, load_battery(USUAL_BATTERY), states, runtime_given=runtime is not None and not own, rest_open=rest_open)
