"""A runtime fitted to networks that were measured on one device: rates by kind of layer, and errors of each network left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from costmodel.errors import MissingError, SpecError
from costmodel.evaluation.timing.measured_power import measured_power
from costmodel.evaluation.timing.network_regressors import mix_of_measured, network_mix
from costmodel.latency.operation_mix import MIX_KINDS, OperationMix
from costmodel.latency.scaling import IDENTIFIED_SHARE_RATIO, USUAL_RATES, Timed, scaled_from, shares_of
from costmodel.printable_text import shortened
from costmodel.results.timing.calibration_fit import CalibrationFit, KindRate, LeftOut
from costmodel.specs.devices.hardware import Device
from costmodel.specs.devices.runtime import ArenaKernels, MeasuredNetwork, Runtime
from costmodel.specs.network import Network
from costmodel.units import HZ_PER_MHZ

VERSION: Final = "as measured"
"""Of a runtime whose user stated none."""


_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
_LONGEST_VERSION: Final = 200


class NetworkTime(NamedTuple):
    """A network and its measured time."""

    network: Network
    duration_s: float
    clock_hz: float | None
    """None for the device's fastest."""
    energy_j: float | None = None
    """Of one inference, at the board's supply, where it was measured."""


def fit_networks(
    times: Sequence[NetworkTime], device: Device, runtime: str, version: str = VERSION, arena: ArenaKernels | None = None
) -> tuple[Runtime, CalibrationFit]:
    """Fit a runtime to measured networks.

    Parameters
    ----------
    times : sequence of NetworkTime
        At least one; two or more with errors.
    device : Device
        They were measured on.
    runtime : str
        What ran them.
    version : str, optional
        Of it.
    arena : str, optional
        Whose kernels ask for scratch, where the runtime is TensorFlow Lite Micro.

    Returns
    -------
    tuple of Runtime and CalibrationFit
        The first answers for other networks; the second says how well.

    Raises
    ------
    SpecError
        If a network multiplies nothing, or stands twice at one clock; if the runtime's name is none.
    MissingError
        If the clock is known from neither the table nor the device.
    """
    if not _NAME.fullmatch(runtime):
        raise SpecError(f"runtime: expected a name of letters, digits and _ . -, found {shortened(repr(runtime), 60)}")
    if not 1 <= len(version) <= _LONGEST_VERSION:
        raise SpecError(f"version: expected 1 to {_LONGEST_VERSION} characters, found {len(version)}")
    fastest = max(device.clock_hz) if device.clock_hz else None
    measured: list[MeasuredNetwork] = []
    for time in times:
        clock = time.clock_hz or fastest
        mix = network_mix(time.network)
        if clock is None:
            raise MissingError(f"{device.name} states no clock: add a column clock_mhz")
        if not mix.total:
            raise SpecError(f"{time.network.name}: has no multiply-accumulates, so that its time tells no rate")
        if any(known.network == time.network.name and known.clock_hz == clock for known in measured):
            raise SpecError(f"{time.network.name}: stands twice at {clock / HZ_PER_MHZ:g} MHz; give one time, such as the mean")
        measured.append(
            MeasuredNetwork(
                device=device.name,
                network=time.network.name,
                clock_hz=clock,
                version=version,
                duration_s=time.duration_s,
                energy_j=time.energy_j,
                **{f"{kind}_mac_count": int(count) for kind, count in zip(MIX_KINDS, mix, strict=True)},
                source="measured: given by the user",
            )
        )
    made = Runtime(
        name=f"{runtime}-measured",
        description=f"{runtime} on {device.name}, from {len(measured)} measured network{'s' if len(measured) > 1 else ''}.",
        arena=arena,
        measured=tuple(measured),
        source="measured: given by the user",
    )
    timed = [Timed(mix_of_measured(network), network.duration_s * network.clock_hz) for network in measured]
    left_out = tuple(_left_out(place, measured, timed) for place in range(len(measured))) if len(measured) > 1 else ()
    rates = tuple(_rate(kind, timed) for kind in MIX_KINDS)
    clocks_hz = sorted({known.clock_hz for known in measured if known.energy_j is not None})
    fit = CalibrationFit(
        device=device.name,
        runtime=runtime,
        network_count=len(measured),
        rates=rates,
        left_out=left_out,
        powers=tuple(measured_power(made, device, clock_hz) for clock_hz in clocks_hz),
    )
    return made, fit


def _left_out(place: int, measured: Sequence[MeasuredNetwork], timed: Sequence[Timed]) -> LeftOut:
    others = [each for at, each in enumerate(timed) if at != place]
    found = scaled_from(timed[place], others)
    clock = measured[place].clock_hz
    told = not found.unidentified
    return LeftOut(
        network=measured[place].network,
        measured_s=measured[place].duration_s,
        predicted_s=found.cycles / clock if told else None,
        low_s=found.low_cycles / clock,
        high_s=found.high_cycles / clock,
        unidentified=found.unidentified,
    )


def _rate(kind: str, timed: Sequence[Timed]) -> KindRate:
    """What one multiply-accumulate of a kind takes: the estimate for a network of nothing else."""
    found = scaled_from(Timed(OperationMix()._replace(**{kind: 1}), 0.0), timed)
    place = MIX_KINDS.index(kind)
    most = max(shares_of(network.mix, USUAL_RATES)[place] for network in timed)
    return KindRate(
        kind=kind,
        rate_cycles=found.cycles,
        low_cycles=found.low_cycles,
        high_cycles=found.high_cycles,
        identified=most >= IDENTIFIED_SHARE_RATIO / 2,
    )
