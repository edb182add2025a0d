"""What is known of a device under a runtime, before any network is asked about."""

from __future__ import annotations

from costmodel.results.timing.time_estimate import RuntimeKnowledge, TimeBasis
from costmodel.results.trust import Trust
from costmodel.specs.devices.hardware import Device
from costmodel.specs.devices.runtime import Runtime


def knowledge_of(runtime: Runtime, device: Device) -> RuntimeKnowledge | None:
    """Return the strongest that is known of a device under a runtime.

    Parameters
    ----------
    runtime : Runtime
        What would run a network.
    device : Device
        On what.

    Returns
    -------
    RuntimeKnowledge or None
        None where nothing is.
    """
    if not runs_on(runtime, device):
        return None
    kernels = [entry for entry in runtime.kernels if device.core.endswith(entry.core)]
    measured = [entry for entry in runtime.measured if entry.device == device.name]
    classes = [entry for entry in runtime.ranges if device.core.endswith(entry.core)]
    low, high = (classes[0].low_cycles, classes[0].high_cycles) if classes else (None, None)
    plain = {"runtime": runtime.name, "device": device.name, "low_cycles": low, "high_cycles": high}
    if kernels:
        boards = tuple(dict.fromkeys(entry.board for entry in kernels))
        paths = tuple(dict.fromkeys(path.path for entry in kernels for path in entry.paths))
        return RuntimeKnowledge(
            **plain, trust=Trust.CALIBRATED, basis=TimeBasis.KERNEL_RATES, version=kernels[0].version, measured_on=boards, paths=paths
        )
    if measured:
        names = tuple(entry.network for entry in measured)
        return RuntimeKnowledge(
            **plain, trust=Trust.SCALED, basis=TimeBasis.MEASURED_NETWORKS, version=measured[0].version, measured_on=names
        )
    return RuntimeKnowledge(**plain, trust=Trust.RANGE, basis=TimeBasis.CLASS_RANGE) if classes else None


def runs_on(runtime: Runtime, device: Device) -> bool:
    """Tell whether a runtime is made for a device."""
    return not runtime.only_on or device.name.startswith(runtime.only_on)
