"""A scenario to its evaluation: unpack, cost each dataflow, wrap in results."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from costmodel.energy.grouping import packed_accesses
from costmodel.errors import SpecError
from costmodel.evaluation.battery.lives import Drain, fits_period
from costmodel.evaluation.calibrating import Calibrated, calibrate
from costmodel.evaluation.composition import Cost, cost
from costmodel.evaluation.design import design_of, own_duration, own_power
from costmodel.evaluation.findings import find
from costmodel.evaluation.layers.layer_cost import is_convolution
from costmodel.evaluation.layers.layer_results import energy_split, layer_result, nominal_mac_count, staged_counts_of
from costmodel.evaluation.layers.tracing import Progress, traced_accesses
from costmodel.evaluation.storage.flash_weights import accessed_sizes, flash_weight_cost
from costmodel.evaluation.storage.memory_summary import summarise_memory
from costmodel.evaluation.storage.schedule_cost import schedule_cost
from costmodel.memory.scheduled import scheduled
from costmodel.provenance import Constant, is_recording, leaf
from costmodel.results.conclusions.reason import Reason, ReasonKind, reason
from costmodel.results.counts import counts_together
from costmodel.results.evaluation import DataflowEvaluation, EnergyBounds, Evaluation
from costmodel.results.power import BatterySummary, PeriodDrain, PowerGiver, PowerSummary
from costmodel.results.storage.memory_convention import FlashPathEnergy, FlashWeightCost
from costmodel.results.storage.schedule_cost import ScheduleCost
from costmodel.results.timing.latency import LatencySummary, RateSummary
from costmodel.results.totals import ratio_of, total_of
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow, Granularity, Taps
from costmodel.specs.network import TensorBytes
from costmodel.specs.running.mapping import Mapping
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.scenario import MemoryAccounting, Scenario


def evaluate(scenario: Scenario, progress: Progress | None = None, known: tuple[Calibrated, Cost] | None = None) -> Evaluation:
    """Answer a scenario.

    Parameters
    ----------
    scenario : Scenario
        Network, device and everything the answer depends on.
    progress : callable, optional
        Called as progress(layer, done, total) while layers are executed; only granularity `block_traced` executes any.
    known : tuple of Calibrated and Cost, optional
        `cost_of` the scenario's first dataflow, where the caller has it already.

    Returns
    -------
    Evaluation
        Every figure, for each of the scenario's dataflows; what cannot be told is None with a reason.

    Raises
    ------
    SpecError
        If the schedule does not apply to the network, or the convention contradicts itself: blocks of another width than the memory's, an
        inference longer than its period.
    """
    check_convention(scenario)
    calibrated, first = cost_of(scenario, scenario.dataflows[0], progress) if known is None else known
    others = [(dataflow, *cost_of(scenario, dataflow, progress, first)) for dataflow in scenario.dataflows[1:]]
    answers = [(scenario.dataflows[0], calibrated, first), *others]
    check_period(scenario, first)
    network = scenario.network
    found_dataflows: list[DataflowEvaluation] = []
    for dataflow, held, answer in answers:
        found_dataflows.append(_dataflow(scenario, dataflow, held, answer, found_dataflows))
    battery = _battery(scenario, first)
    found = Evaluation(
        scenario=scenario.name,
        description=scenario.description,
        network=network.name,
        network_input=network.input,
        device=scenario.device.name,
        counting=scenario.counting,
        access_bytes=scenario.memory_energy.access_bytes,
        memory_energy=scenario.memory_energy.name,
        parameter_count=first.parameter_count,
        weight_bytes=first.weight_bytes,
        input_bytes=first.input_bytes,
        mac_valid_count=total_of([layer.valid_counts.mac_count for layer in found_dataflows[0].layers]),
        mac_nominal_count=nominal_mac_count(first),
        dataflows=tuple(found_dataflows),
        memory=summarise_memory(scenario, first),
        schedule=_schedule(scenario, first),
        duration_s=first.duration_s,
        duration_basis=_duration_basis(scenario, first, calibrated),
        **_leakage(scenario.memory_energy.leakage_w),
        leakage_pj=first.leakage_pj,
        power=None if first.power is None else PowerSummary(**_awake(scenario), **first.power._asdict()),
        battery=battery,
        missing=_missing(scenario, first, battery),
        left_out=network.left_out,
        at_least=bool(network.left_out),
        decided=network.decided,
    )
    return found.model_copy(update={"findings": find(found)})


def _schedule(scenario: Scenario, answer: Cost) -> ScheduleCost | None:
    if answer.tensors.planned is None:
        return None
    changes = {"schedule": ScheduleName.LAYER_BY_LAYER, "accounting": MemoryAccounting.ARENA_IN_PLACE}
    return schedule_cost(answer, cost_of(with_changes(scenario, changes), scenario.dataflows[0])[1])


def cost_of(
    scenario: Scenario, dataflow: Mapping | Dataflow, progress: Progress | None = None, other: Cost | None = None
) -> tuple[Calibrated, Cost]:
    """Return the cost of a scenario under one dataflow, and the calibration that holds for it.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    dataflow : Mapping or Dataflow
        One of its dataflows.
    progress : callable, optional
        Told of each layer that is executed, for granularity `block_traced`.
    other : Cost, optional
        Of the same scenario under another dataflow, to take from it what no dataflow changes.

    Returns
    -------
    tuple of Calibrated and Cost
        The second rests on the first.
    """
    calibrated = calibrate(scenario, dataflow)
    traced = None
    if scenario.counting.granularity is Granularity.BLOCK_TRACED:
        name = scenario.schedule
        if name.is_planned and any(stage.streams for stage in scheduled(scenario.network, name).stages):
            raise SpecError(f"granularity 'block_traced' follows layers one by one, and schedule {name.value} runs them together")
        traced = traced_accesses(scenario, dataflow, progress)
    return calibrated, cost(design_of(scenario, dataflow, calibrated.rates, reach=calibrated.reach), traced, other)


def _leakage(leakage_w: Constant) -> dict[str, float | None]:
    """Return the memory's leakage and its range; while formulas are being recorded, with its source."""
    found = {"leakage_w": leakage_w.value, "leakage_low_w": leakage_w.low, "leakage_high_w": leakage_w.high}
    if is_recording():
        return {name: leaf(value, f"memory_energy.{name}", leakage_w.source) for name, value in found.items()}
    return found


def check_convention(scenario: Scenario) -> None:
    """Refuse a block size that is not the memory's access width: an access energy only multiplies accesses of its own width.

    Raises
    ------
    SpecError
        Naming both widths.
    """
    counting, memory = scenario.counting, scenario.memory_energy
    if counting.block_bytes is not None and counting.block_bytes != memory.access_bytes:
        raise SpecError(
            f"counting.block_bytes: {counting.block_bytes} is not the access width of memory {memory.name!r} ({memory.access_bytes} bytes);"
            " an access energy only multiplies accesses of its own width, so leave block_bytes out or choose another memory"
        )


def check_period(scenario: Scenario, answer: Cost) -> None:
    """Refuse an inference that takes longer than the time to the next one.

    Raises
    ------
    SpecError
        Naming both times.
    """
    period, duration_s, found = scenario.period_s, answer.duration_s, answer.battery
    if period is None or duration_s is None:
        return
    if duration_s > period.value:
        raise SpecError(f"period_s: an inference takes {duration_s:g} s, longer than its period of {period.value:g} s")
    if found is not None and not fits_period(state := found.board.state(found.rest), duration_s, period.value):
        raise SpecError(
            f"period_s: an inference of {duration_s:.6g} s and a wake-up from {found.rest} of {state.wake_s:.6g} s do not fit the period of"
            f" {period.value:.6g} s; choose a lighter sleep or a longer period"
        )


def _dataflow(
    scenario: Scenario, dataflow: Mapping, calibrated: Calibrated, answer: Cost, before: Sequence[DataflowEvaluation]
) -> DataflowEvaluation:
    """Wrap one dataflow's cost; only convolutions that run alone differ from a dataflow wrapped before."""
    executed = staged_counts_of(answer, Taps.VALID)
    layers = tuple(
        [
            before[0].layers[place].model_copy(update={"duration_s": layer.duration_s})
            if before and not (is_convolution(layer.step) and layer.staged is None)
            else layer_result(layer, sizes, dataflow.of(layer.step.name), scenario.counting, executed.get(place))
            for place, (layer, sizes) in enumerate(zip(answer.layers, scenario.network.tensor_bytes, strict=True))
        ]
    )
    return DataflowEvaluation(
        dataflow=dataflow,
        layers=layers,
        counts=counts_together(layer.counts for layer in answer.running),
        accesses=counts_together(layer.accesses for layer in answer.running),
        energy=energy_split(answer),
        energy_bounds=EnergyBounds(**answer.bounds._asdict()),
        flash_weights=_flash_weights(scenario, dataflow, answer),
        flash_path=_flash_path(answer, dataflow),
        latency=_latency(scenario, calibrated, answer),
    )


def _flash_weights(scenario: Scenario, dataflow: Mapping, answer: Cost) -> FlashWeightCost | None:
    flash, cache = scenario.flash_energy, scenario.cache_energy
    if answer.design.flash is None or flash is None or cache is None:
        return None
    return flash_weight_cost(answer.layers, scenario.network.tensor_bytes, dataflow, cache, flash)


def _accessed(answer: Cost, dataflow: Mapping) -> Iterator[TensorBytes]:
    """Yield the element sizes of each layer's accesses; what streams is not blocked."""
    for layer, sizes in zip(answer.layers, answer.design.sizes, strict=True):
        yield sizes if layer.staged is not None else accessed_sizes(layer.step, sizes, dataflow.of(layer.step.name))


def _flash_path(answer: Cost, dataflow: Mapping) -> FlashPathEnergy | None:
    design = answer.design
    flash = design.flash
    if flash is None:
        return None
    bounds = answer.bounds
    replaced = [
        packed_accesses(layer.counts.weight_read_count, design.element_bytes or sizes.weight_bytes, design.memory.access_bytes)
        if design.granularity is not Granularity.BLOCK_TRACED
        else layer.accesses.weight_read_count
        for layer, sizes in zip(answer.layers, _accessed(answer, dataflow), strict=True)
    ]
    hits, fills = (total_of([getattr(layer, name) for layer in answer.layers]) for name in ("hit_count", "fill_count"))
    return FlashPathEnergy(
        replaced_count=total_of(replaced),
        hit_count=hits,
        fill_count=fills,
        memory_pj=answer.energy_pj,
        memory_low_pj=bounds.memory_low_pj,
        memory_high_pj=bounds.memory_high_pj,
        hit_pj=hits * flash.hit_pj,
        fill_pj=fills * flash.line_pj,
    )


def _latency(scenario: Scenario, calibrated: Calibrated, answer: Cost) -> LatencySummary:
    rates, calibration = calibrated.rates, scenario.calibration
    return LatencySummary(
        calibration=calibration.name if calibration and rates else None,
        basis=calibrated.basis,
        fitted=calibrated.fitted,
        measurement_count=calibrated.measurement_count,
        total_s=answer.latency_s,
        rates=None
        if rates is None
        else RateSummary(
            interior_tap_s=rates.interior_tap_s,
            boundary_tap_s=rates.boundary_tap_s,
            other_tap_s=rates.other_tap_s,
            interior_tap_cycles=rates.interior_tap_s * calibration.clock_hz.value if calibration and calibration.clock_hz else None,
        ),
        alternatives=calibrated.alternatives,
        conditions=calibrated.conditions,
    )


def _duration_basis(scenario: Scenario, answer: Cost, calibrated: Calibrated) -> tuple[Reason, ...]:
    measured = own_duration(scenario)
    if measured is not None:
        return (reason(ReasonKind.DURATION_MEASURED, source=measured.source),)
    return (calibrated.basis,) if answer.duration_s is not None else (why_no_duration(scenario), calibrated.basis)


def _awake(scenario: Scenario) -> dict[str, Any]:
    """What gives the currents awake."""
    if own_power(scenario) is not None or scenario.states is None:
        return {"given_by": PowerGiver.SCENARIO, "giver": scenario.name}
    return {"given_by": PowerGiver.STATES, "giver": scenario.states.name}


def _battery(scenario: Scenario, answer: Cost) -> BatterySummary | None:
    found = answer.battery
    if found is None or scenario.battery is None:
        return None
    continuous = found.continuous
    return BatterySummary(
        battery=scenario.battery.name,
        model=scenario.model.value,
        temperature_degc=scenario.temperature_degc.value,
        states=None if scenario.states is None else scenario.states.name,
        sleep=scenario.sleep,
        period_s=answer.design.period_s,
        usable_j=found.usable_j,
        continuous_life_s=_finite(continuous.life_s),
        continuous_inference_count=_finite(continuous.inference_count),
        duty_ratio=found.duty_ratio,
        duty_w=found.duty_w,
        duty_life_s=_finite(found.duty_life_s),
        duty_inference_count=_finite(found.duty_inference_count),
        average_w=None if found.duty is None else found.duty.average_w,
        drains=_drains(found.drains),
    )


def _drains(drains: tuple[Drain, ...]) -> tuple[PeriodDrain, ...]:
    total_j = total_of([drain.energy_j for drain in drains])
    return tuple(
        PeriodDrain(
            part=drain.part,
            duration_s=drain.duration_s,
            energy_j=drain.energy_j,
            share_ratio=ratio_of(drain.energy_j, total_j) if total_j else 0.0,
        )
        for drain in drains
        if (drain.energy_j if drain.duration_s is None else drain.duration_s) > 0.0
    )


def _finite(value: float | None) -> float | None:
    """Endless is None in a result, with a reason beside."""
    return None if value is None or math.isinf(value) else value


def why_no_duration(scenario: Scenario) -> Reason:
    """Return why nothing is known of a duration."""
    if scenario.duration_s is None or scenario.duration_device is None:
        return reason(ReasonKind.DURATION_NOT_GIVEN)
    return reason(ReasonKind.DURATION_OF_ANOTHER_DEVICE, measured_on=scenario.duration_device, device=scenario.device.name)


def why_no_power(scenario: Scenario) -> Reason:
    """Return why nothing is known of a board's power."""
    if scenario.power is None or scenario.power.device is None:
        return reason(ReasonKind.POWER_NOT_GIVEN)
    return reason(ReasonKind.POWER_OF_ANOTHER_DEVICE, measured_on=scenario.power.device, device=scenario.device.name)


def _missing(scenario: Scenario, answer: Cost, battery: BatterySummary | None) -> dict[str, Reason]:
    missing: dict[str, Reason] = {}
    if answer.duration_s is None:
        missing["duration_s"] = why_no_duration(scenario)
    if answer.power is None:
        missing["power"] = why_no_power(scenario)
    if battery is None:
        needed = {"battery": scenario.battery, "power": answer.power, "duration": answer.duration_s}
        unknown = ", ".join(name for name, found in needed.items() if found is None)
        missing["battery"] = reason(ReasonKind.BATTERY_NEEDS_MORE, needed=unknown)
    else:
        endless = {"continuous": battery.continuous_life_s is None, "duty": battery.duty_life_s is None and scenario.period_s is not None}
        for pattern in (pattern for pattern, holds in endless.items() if holds):
            figures = (f"battery.{pattern}_life_s", f"battery.{pattern}_inference_count")
            missing |= dict.fromkeys(figures, reason(ReasonKind.NOTHING_DRAWN))
    if battery is not None and scenario.period_s is None:
        missing["battery.duty_life_s"] = reason(ReasonKind.PERIOD_NOT_GIVEN)
    return missing
