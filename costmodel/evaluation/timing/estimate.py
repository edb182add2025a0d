"""Time of a network on a device under a runtime: by the strongest knowledge there is, never by another chip's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

from costmodel.evaluation.timing.layer_times import layers_by_kernels, layers_by_networks
from costmodel.evaluation.timing.network_regressors import TimedStep, mix_of_measured, network_mix, timed_steps
from costmodel.latency.class_range import clock_cycles, cycles_time_s, float_cycles, middle_cycles, range_cycles
from costmodel.latency.kernel_paths import KernelPath, kernel_regressors
from costmodel.latency.kernel_rates import COVERAGE, board_low_cycles, end_cycles, path_cycles
from costmodel.latency.operation_mix import OperationMix
from costmodel.latency.scaling import ANY_NETWORK, SAME_NETWORK, USUAL_RATES, Timed, scaled_from
from costmodel.provenance import noted
from costmodel.results.timing.time_estimate import PathTime, TimeBasis, TimeEstimate
from costmodel.results.totals import ratio_of, total_of
from costmodel.results.trust import Trust
from costmodel.specs.devices.hardware import Device
from costmodel.specs.devices.runtime import ClassRange, KernelRates, MeasuredNetwork, PathRates, Runtime, VersionProfile
from costmodel.specs.layers import ARITHMETIC_TYPE, DataType
from costmodel.specs.network import Network
from costmodel.specs.work import LoopNest

RANGE_COVERAGE: Final = 0.90
"""What a range of a class is to hold."""
MOST_UNMEASURED_RATIO: Final = 0.05
"""Share of the multiply-accumulates that may lie in kinds of layer without rates before the point value is withheld."""
FLOAT_UNIT_RATIO: Final = (1.0, 4.0)
"""Assumption: cycles of float32 over int8 where the core has a floating-point unit."""
SOFT_FLOAT_RATIO: Final = (3.0, 30.0)
"""Assumption: the same without one."""
_FLOAT_SOURCE: Final = "assumption: of cores with and without a floating-point unit"
_WITH_FLOAT_UNIT: Final = ("Cortex-M4F", "Cortex-M7", "Cortex-M33", "Cortex-M55", "Xtensa LX6", "Xtensa LX7", "RV32IMAFC")


class _OfACore(Protocol):
    @property
    def core(self) -> str: ...


C = TypeVar("C", bound=_OfACore)


class _Asked(NamedTuple):
    """What a time is asked for."""

    network: Network
    device: Device
    runtime: Runtime
    clock_hz: float


class _Interval(NamedTuple):
    """Cycles: the middle and both ends."""

    middle: float
    low: float
    high: float


def estimate_time(network: Network, device: Device, runtime: Runtime, clock_hz: float | None = None) -> TimeEstimate:
    """Return the time of one inference.

    Parameters
    ----------
    network : Network
        Any.
    device : Device
        Its core and clock decide; no measurement of another chip is taken for it.
    runtime : Runtime
        What runs the network.
    clock_hz : float, optional
        Clock [Hz]; left out, the device's fastest.

    Returns
    -------
    TimeEstimate
        Calibrated where the core's kernels were measured, scaled where other networks were measured on the device, else the range of the
        class under the runtime; unknown where nothing is.
    """
    clock = clock_hz or (max(device.clock_hz) if device.clock_hz else None)
    if clock is not None:
        asked = _Asked(network, device, runtime, clock)
        ways = (_by_class,) if _computes_in_floats(network) else (_by_kernels, _by_networks, _by_class)
        for way in ways:
            found = way(asked)
            if found is not None:
                return found
    return TimeEstimate(
        runtime=runtime.name,
        trust=Trust.UNKNOWN,
        basis=TimeBasis.NONE,
        duration_s=None,
        low_s=None,
        high_s=None,
        coverage_ratio=None,
        clock_hz=clock,
        core=device.core,
    )


def _by_kernels(asked: _Asked) -> TimeEstimate | None:
    """By rates of the core's kernels, path by path; a kind of layer without rates takes the range of the class."""
    held = _nearest_clock(_of_core(asked.runtime.kernels, asked.device.core), asked.clock_hz)
    if held is None:
        return None
    steps, classes = timed_steps(asked.network), _of_core(asked.runtime.ranges, asked.device.core)
    total = total_of([timed.mac_count for timed in steps])
    rates: dict[str, PathRates] = {entry.path: entry for entry in held.paths}
    lacking = total_of([timed.mac_count for timed in steps if timed.path.value not in rates])
    if not total or lacking == total or (lacking and not classes):
        return None
    paths, found = [], []
    for path in dict.fromkeys(timed.path for timed in steps):
        own = [timed for timed in steps if timed.path is path]
        cycles = _path_cycles(own, rates.get(path.value), classes[0] if classes else None, held.source)
        found.append(cycles)
        paths.append(_path_time(path, own, cycles))
    unmeasured = ratio_of(lacking, total)
    told = unmeasured <= MOST_UNMEASURED_RATIO
    # Errors of layers of one path have a common cause, the board: its factor widens the whole.
    board_ratio = noted(held.board_ratio, "board_ratio", held.source)
    low = board_low_cycles(total_of([cycles.low for cycles in found]), board_ratio)
    high = end_cycles(total_of([cycles.high for cycles in found]), board_ratio)
    clock_hz = _clock(asked)
    return TimeEstimate(
        runtime=asked.runtime.name,
        trust=Trust.CALIBRATED if told else Trust.RANGE,
        basis=TimeBasis.KERNEL_RATES,
        duration_s=cycles_time_s(total_of([cycles.middle for cycles in found]), clock_hz) if told else None,
        low_s=cycles_time_s(low, clock_hz),
        high_s=cycles_time_s(high, clock_hz),
        coverage_ratio=COVERAGE if told else RANGE_COVERAGE,
        clock_hz=asked.clock_hz,
        core=asked.device.core,
        version=held.version,
        measured_on=held.board,
        unmeasured_mac_ratio=unmeasured,
        paths=tuple(paths),
        layers=layers_by_kernels(steps, {name: _per_unit(entry, held.source) for name, entry in rates.items()}, clock_hz) if told else (),
        source=held.source,
    )


def _path_cycles(own: Sequence[TimedStep], rates: PathRates | None, fallback: ClassRange | None, source: str) -> _Interval:
    if rates is None:
        macs = total_of([timed.mac_count for timed in own])
        ends = (0.0, 0.0) if fallback is None else (fallback.low_cycles, fallback.high_cycles)
        told = "" if fallback is None else fallback.source
        low, high = (range_cycles(macs, noted(end, "cycles per multiply-accumulate", told)) for end in ends)
        return _Interval(middle_cycles(low, high), low, high)
    per = _per_unit(rates, source)
    nests = [timed.step.lowered.work for timed in own if isinstance(timed.step.lowered.work, LoopNest)]
    middle = total_of([path_cycles(per, kernel_regressors(nest)) for nest in nests])
    low_ratio, high_ratio = (
        noted(ratio, f"{rates.path}.{name}", source) for name, ratio in (("low_ratio", rates.low_ratio), ("high_ratio", rates.high_ratio))
    )
    return _Interval(middle, end_cycles(middle, low_ratio), end_cycles(middle, high_ratio))


def _per_unit(rates: PathRates, source: str) -> dict[str, float]:
    return {rate.per: noted(rate.rate_cycles, f"{rates.path}.{rate.per}.rate_cycles", source) for rate in rates.rates}


def _path_time(path: KernelPath, own: Sequence[TimedStep], cycles: _Interval) -> PathTime:
    macs = total_of([timed.mac_count for timed in own])
    count = noted(len(own), f"layers on the {path.value} path", "definition: layers whose kernel is on this path")
    return PathTime(path=path.value, layer_count=count, mac_count=macs, low_cycles=cycles.low, high_cycles=cycles.high)


def _by_networks(asked: _Asked) -> TimeEstimate | None:
    """By other networks that were measured on the device under one version of the runtime."""
    found = [network for network in asked.runtime.measured if network.device == asked.device.name]
    mix = network_mix(asked.network)
    if not found or not mix.total:
        return None
    version = found[0].version
    measured = [network for network in found if network.version == version]
    profile = next((profile for profile in asked.runtime.profiles if profile.version == version), None)
    factors = {} if profile is None else {known.network: known.factor_ratio for known in profile.networks}
    same = profile is not None and asked.network.name in factors and all(network.network in factors for network in measured)
    timed = [_timed(network, factors.get(network.network, 1.0)) for network in measured]
    clock_hz, rates = _clock(asked), _rates_of(asked.runtime, profile)
    cycles = scaled_from(
        Timed(mix, 0.0, noted(factors.get(asked.network.name, 1.0) if same else 1.0, "factor_ratio", f"runtime {asked.runtime.name}")),
        timed,
        rates,
        SAME_NETWORK if same else ANY_NETWORK,
    )
    unidentified = cycles.unidentified if profile is None else ()
    told = not unidentified
    return TimeEstimate(
        runtime=asked.runtime.name,
        trust=Trust.SCALED if told else Trust.RANGE,
        basis=TimeBasis.MEASURED_NETWORKS,
        duration_s=cycles_time_s(cycles.cycles, clock_hz) if told else None,
        low_s=cycles_time_s(cycles.low_cycles, clock_hz),
        high_s=cycles_time_s(cycles.high_cycles, clock_hz),
        coverage_ratio=COVERAGE,
        clock_hz=asked.clock_hz,
        core=asked.device.core,
        version=version,
        measured_on=", ".join(network.network for network in measured),
        network_count=len(measured),
        unidentified=unidentified,
        layers=layers_by_networks(asked.network, timed_steps(asked.network), rates, cycles.cycles, clock_hz) if told else (),
        source=measured[0].source,
    )


def _by_class(asked: _Asked) -> TimeEstimate | None:
    """By the range of the class under the runtime."""
    classes = _of_core(asked.runtime.ranges, asked.device.core)
    macs = total_of([timed.mac_count for timed in timed_steps(asked.network)])
    if not classes or not macs:
        return None
    held, in_floats = classes[0], _computes_in_floats(asked.network)
    low_cycles, high_cycles = (noted(end, "cycles per multiply-accumulate", held.source) for end in (held.low_cycles, held.high_cycles))
    if in_floats:
        slower = FLOAT_UNIT_RATIO if asked.device.core.endswith(_WITH_FLOAT_UNIT) else SOFT_FLOAT_RATIO
        fewest, most = (noted(ratio, "float32 over int8", _FLOAT_SOURCE) for ratio in slower)
        low_cycles, high_cycles = float_cycles(low_cycles, fewest), float_cycles(high_cycles, most)
    return TimeEstimate(
        runtime=asked.runtime.name,
        trust=Trust.ASSUMED if in_floats else Trust.RANGE,
        basis=TimeBasis.CLASS_RANGE,
        duration_s=None,
        low_s=cycles_time_s(range_cycles(macs, low_cycles), _clock(asked)),
        high_s=cycles_time_s(range_cycles(macs, high_cycles), _clock(asked)),
        coverage_ratio=RANGE_COVERAGE,
        clock_hz=asked.clock_hz,
        core=asked.device.core,
        network_count=held.network_count,
        float_factor=in_floats,
        source=held.source,
    )


def _timed(network: MeasuredNetwork, factor_ratio: float) -> Timed:
    """A measured network, in cycles."""
    seconds = noted(network.duration_s, f"{network.network}.duration_s", network.source)
    cycles = clock_cycles(seconds, noted(network.clock_hz, f"{network.network}.clock_hz", network.source))
    return Timed(mix_of_measured(network), cycles, noted(factor_ratio, f"{network.network}.factor_ratio", network.source))


def _clock(asked: _Asked) -> float:
    clock_hz: float = noted(asked.clock_hz, "clock_hz", f"device {asked.device.name}, or as asked")
    return clock_hz


def _of_core(entries: Sequence[C], core: str) -> list[C]:
    return [entry for entry in entries if core.endswith(entry.core)]


def _nearest_clock(entries: Sequence[KernelRates], clock_hz: float) -> KernelRates | None:
    """The rates measured at the nearest clock: waiting for flash takes more cycles the faster a core runs."""

    def distance(entry: KernelRates) -> float:
        return min(abs(math.log(measured / clock_hz)) for measured in entry.clock_hz)

    return min(entries, key=distance, default=None)


def _computes_in_floats(network: Network) -> bool:
    return any(ARITHMETIC_TYPE[kind] is DataType.FLOAT32 for kind in network.output_types)


def _rates_of(runtime: Runtime, profile: VersionProfile | None) -> OperationMix:
    """How the kinds of layers compare under a version of a runtime, or usually."""
    if profile is None:
        rates, source = USUAL_RATES, "measured: middle of 23 pairs of board and runtime"
    else:
        rates = OperationMix(profile.convolution_ratio, profile.pointwise_ratio, profile.depthwise_ratio, profile.linear_ratio)
        source = f"runtime {runtime.name}, version {profile.version}"
    return OperationMix(*(noted(rate, f"{kind}_ratio", source) for kind, rate in rates._asdict().items()))
