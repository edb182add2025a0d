"""Which latency rates hold for a scenario, fitted from its calibration, and what else the same times could mean."""

from __future__ import annotations

import functools
from typing import NamedTuple

from costmodel.dataflows.counting import count_work
from costmodel.errors import MissingError
from costmodel.evaluation.layers.layer_cost import Reach, is_convolution, nominal_taps_by_region, other_tap_count, tap_count
from costmodel.evaluation.network_numbers import steps_of
from costmodel.latency.fitting import fit_other_rate_s, fit_two_rates
from costmodel.latency.rates import TapRates
from costmodel.provenance import is_observed, is_recording, leaf
from costmodel.results.conclusions.reason import Reason, ReasonKind, reason
from costmodel.results.timing.latency import AlternativeFit, Condition, UnmetCondition
from costmodel.results.totals import difference_of, total_of
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.hardware import LatencyCalibration
from costmodel.specs.lowering import Step
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import Mapping
from costmodel.specs.scenario import Scenario
from costmodel.specs.shapes import element_count
from costmodel.specs.work import LoopNest

TOTAL = "total"
"""The layer name that stands for all layers together."""
FARTHEST_RATIO = 10
"""How many times as many taps as the largest measured layer of its kind a layer may have and still be given a time."""


class Calibrated(NamedTuple):
    """Rates that hold, or the reason why none do."""

    rates: TapRates | None
    basis: Reason
    fitted: bool
    """Whether the network asked about is the one that was measured."""
    measurement_count: int
    alternatives: tuple[AlternativeFit, ...]
    conditions: tuple[UnmetCondition, ...] = ()
    """What a scenario asks of the rates beyond what they were measured under; where there is any, none are given."""
    reach: Reach = ()
    """How far the rates reach."""


def calibrate(scenario: Scenario, dataflow: Mapping | Dataflow) -> Calibrated:
    """Return the latency rates that hold for a scenario under a dataflow.

    Parameters
    ----------
    scenario : Scenario
        With its calibration and the network that was measured.
    dataflow : Mapping or Dataflow
        The dataflow asked about.

    Returns
    -------
    Calibrated
        Rates, or None with the reason: a device, dataflow or data type nobody measured is not calibrated, nor is what lies beyond the
        measurements, whose error nobody knows.
    """
    calibration, measured = scenario.calibration, scenario.calibration_network
    if calibration is None or measured is None:
        return Calibrated(None, reason(ReasonKind.DEVICE_NOT_TIMED, device=scenario.device.name), False, 0, ())
    differs = _difference(scenario, dataflow, calibration)
    if differs is not None:
        return Calibrated(None, differs, False, 0, ())
    # A recorded fit has to be made anew: its numbers remember the tape they were recorded on.
    fit = _fit(calibration, measured) if is_observed() else _remembered_fit(calibration, measured)
    fitted = scenario.network.layers == measured.layers and scenario.network.input == measured.input
    conditions = unmet_conditions(scenario, calibration, measured)
    if conditions:
        return Calibrated(None, reason(ReasonKind.BEYOND_MEASUREMENTS), False, 0, (), conditions)
    basis = reason(ReasonKind.CALIBRATED, convolution_count=fit.measurement_count, network=measured.name, calibration=calibration.name)
    return Calibrated(fit.rates, basis, fitted, fit.measurement_count, fit.alternatives, (), reach_of(measured))


class _Fit(NamedTuple):
    rates: TapRates
    measurement_count: int
    alternatives: tuple[AlternativeFit, ...]


def _fit(calibration: LatencyCalibration, measured: Network) -> _Fit:
    timed = _timed_convolutions(calibration, measured)
    return _Fit(fit_rates(calibration, measured), len(timed), alternatives(calibration, measured))


_remembered_fit = functools.lru_cache(maxsize=64)(_fit)


def fit_rates(calibration: LatencyCalibration, measured: Network) -> TapRates:
    """Fit seconds per tap to a calibration's measured times.

    Parameters
    ----------
    calibration : LatencyCalibration
        Measured times of convolutions, and of all layers together.
    measured : Network
        The network they were measured on.

    Returns
    -------
    TapRates
        The other layers share what the total leaves over the convolutions.
    """
    timed = _timed_convolutions(calibration, measured)
    regions = [nominal_taps_by_region(step) for step, _ in timed]
    durations = [duration for _, duration in timed]
    convolution = fit_two_rates([interior for interior, _ in regions], [boundary for _, boundary in regions], durations)
    others = total_of([other_tap_count(step) for step in steps_of(measured)])
    other_s = fit_other_rate_s(_time_of(calibration, TOTAL), total_of(durations), others)
    return TapRates(convolution.first_s, convolution.second_s, other_s)


def alternatives(calibration: LatencyCalibration, measured: Network) -> tuple[AlternativeFit, ...]:
    """Read the same times in other ways: two unknowns fit two figures always, so agreement between readings is what counts.

    Parameters
    ----------
    calibration : LatencyCalibration
        Measured times.
    measured : Network
        The network they were measured on.

    Returns
    -------
    tuple of AlternativeFit
        Boundary taps that are valid, boundary checks, and outputs as the second regressor.
    """
    timed = _timed_convolutions(calibration, measured)
    steps = [step for step, _ in timed]
    durations = [duration for _, duration in timed]
    interior = [nominal_taps_by_region(step)[0] for step in steps]
    checks = [nominal_taps_by_region(step)[1] for step in steps]
    valid = [_valid_macs(step) for step in steps]
    outputs = [element_count(step.lowered.output) for step in steps]
    readings = (
        ("interior tap and valid boundary tap", interior, [difference_of(v, i) for v, i in zip(valid, interior, strict=True)]),
        ("valid tap and boundary check", valid, checks),
        ("valid tap and output", valid, outputs),
    )
    fits = []
    for name, first, second in readings:
        rates = fit_two_rates(first, second, durations)
        fits.append(AlternativeFit(name=name, first_s=rates.first_s, second_s=rates.second_s, credible=min(rates) >= 0))
    return tuple(fits)


def unmet_conditions(scenario: Scenario, calibration: LatencyCalibration, measured: Network) -> tuple[UnmetCondition, ...]:
    """Return what a scenario asks of a calibration beyond what was measured.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    calibration : LatencyCalibration
        Its rates hold for device, dataflow and types.
    measured : Network
        The network that was measured.

    Returns
    -------
    tuple of UnmetCondition
        Weights read from another memory; layers of a kind that was not measured, or far larger than any that was. The largest of each kind.
    """
    found = []
    if calibration.weights_in is not None and calibration.weights_in != scenario.weights_in.value:
        found.append(UnmetCondition(condition=Condition.WEIGHTS_ELSEWHERE, measured_in=calibration.weights_in))
    largest = _largest_by_kind(measured)
    for kind, (layer, taps) in _largest_by_kind(scenario.network).items():
        if kind not in largest:
            found.append(UnmetCondition(condition=Condition.KIND_NOT_MEASURED, layer=layer, kind=kind))
        elif taps > FARTHEST_RATIO * largest[kind][1]:
            ratio = taps / largest[kind][1]
            found.append(
                UnmetCondition(condition=Condition.FAR_LARGER, layer=layer, kind=kind, ratio=ratio, measured_layer=largest[kind][0])
            )
    return tuple(found)


def reach_of(measured: Network) -> Reach:
    """Return how many taps a layer of each measured kind may have and still be given a time."""
    return tuple((kind, FARTHEST_RATIO * taps) for kind, (_, taps) in _largest_by_kind(measured).items())


@functools.lru_cache(maxsize=64)
def _largest_by_kind(network: Network) -> dict[str, tuple[str, int]]:
    """The layer of each kind that has the most taps, of those that do anything."""
    found: dict[str, tuple[str, int]] = {}
    for step in network.steps:
        taps = tap_count(step)
        if taps > found.get(step.kind, ("", 0))[1]:
            found[step.kind] = (step.name, int(taps))
    return found


def _difference(scenario: Scenario, dataflow: Mapping | Dataflow, calibration: LatencyCalibration) -> Reason | None:
    """Return what differs from what was measured; None where nothing does."""
    network = scenario.network
    if calibration.device != scenario.device.name:
        return reason(ReasonKind.TIMED_ON_ANOTHER_DEVICE, measured=calibration.device, asked=scenario.device.name)
    if calibration.dataflow != dataflow:
        return reason(ReasonKind.TIMED_UNDER_ANOTHER_DATAFLOW, measured=calibration.dataflow.value, asked=dataflow.value)
    for step, layer, kind in zip(network.steps, network.ordered, network.output_types, strict=True):
        if not is_convolution(step):
            continue
        if kind is not calibration.activation:
            measured = calibration.activation.value
            return reason(ReasonKind.TIMED_WITH_OTHER_ACTIVATIONS, measured=measured, asked=kind.value, layer=step.name)
        weight = getattr(layer, "weight_type", None) or network.types.weight
        if weight is not calibration.weight:
            measured = calibration.weight.value
            return reason(ReasonKind.TIMED_WITH_OTHER_WEIGHTS, measured=measured, asked=weight.value, layer=step.name)
        if isinstance(step.lowered.work, LoopNest) and step.lowered.work.groups != 1:
            return reason(ReasonKind.NO_GROUPS_TIMED, layer=step.name, group_count=step.lowered.work.groups)
    return None


def _valid_macs(step: Step) -> int:
    work = step.lowered.work
    macs: int = count_work(work, Dataflow.OUTPUT_STATIONARY).mac_count if isinstance(work, LoopNest) else 0
    return macs


def _timed_convolutions(calibration: LatencyCalibration, measured: Network) -> list[tuple[Step, float]]:
    names = {time.layer for time in calibration.times}
    return [(step, _time_of(calibration, step.name)) for step in steps_of(measured) if is_convolution(step) and step.name in names]


def _time_of(calibration: LatencyCalibration, layer: str) -> float:
    duration = next((time.duration_s for time in calibration.times if time.layer == layer), None)
    if duration is None:
        raise MissingError(f"calibration {calibration.name}: its times hold none of {layer!r}, of all layers together; add it")
    return leaf(duration.value, f"calibration.{layer}.duration_s", calibration.source) if is_recording() else duration.value
