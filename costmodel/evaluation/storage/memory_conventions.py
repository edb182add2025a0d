"""One network, charged for its memory accesses in several ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.evaluation.composition import Cost, cost
from costmodel.evaluation.design import design_of
from costmodel.evaluation.evaluating import cost_of
from costmodel.evaluation.storage.flash_weights import flash_weight_cost
from costmodel.latency.rates import TapRates
from costmodel.provenance import Constant, noted
from costmodel.results.storage.memory_convention import ConventionComparison, ConventionCost, FlashWeightCost
from costmodel.results.totals import total_of
from costmodel.specs.base import with_changes
from costmodel.specs.devices.hardware import MemoryEnergy
from costmodel.specs.scenario import Scenario


class Convention(NamedTuple):
    """One way to charge accesses."""

    role: str
    """Short name by which conclusions refer to it."""
    label: str
    memory: MemoryEnergy
    element_bytes: int | None
    """Size every operand is taken to have: the memory's width makes each element one access; None takes each tensor's own, packed."""


class FlashPath(NamedTuple):
    """What weights in flash are read through."""

    cache: MemoryEnergy
    line: MemoryEnergy
    """Flash, by the cache's line."""


def compare_conventions(scenario: Scenario, conventions: Sequence[Convention], flash: FlashPath | None = None) -> ConventionComparison:
    """Charge a network's accesses under each convention; taps, bias and dataflow stay the scenario's.

    Parameters
    ----------
    scenario : Scenario
        The network, and how its taps and biases count.
    conventions : sequence of Convention
        The first is what the others are held against.
    flash : FlashPath, optional
        What weights in flash are read through; left out, that is not told.

    Returns
    -------
    ConventionComparison
        For the scenario's first dataflow.

    Raises
    ------
    InputError
        If the scenario cannot be answered.
    """
    calibrated, answer = cost_of(scenario, scenario.dataflows[0])
    return ConventionComparison(
        scenario=scenario.name,
        network=scenario.network.name,
        dataflow=scenario.dataflows[0],
        duration_s=answer.duration_s,
        idle_w=None if answer.power is None else answer.power.idle_w,
        flash_weights=_flash_weights(scenario, answer, flash),
        inference_j=None if answer.power is None else answer.power.inference_j,
        conventions=tuple(_charge(scenario, convention, calibrated.rates) for convention in conventions),
    )


def _flash_weights(scenario: Scenario, answer: Cost, flash: FlashPath | None) -> FlashWeightCost | None:
    if flash is None:
        return None
    return flash_weight_cost(answer.layers, scenario.network.tensor_bytes, scenario.dataflows[0], flash.cache, flash.line)


def _charge(scenario: Scenario, convention: Convention, rates: TapRates | None) -> ConventionCost:
    memory = convention.memory
    design = design_of(with_changes(scenario, {"memory_energy": memory}), scenario.dataflows[0], rates)
    answer = cost(design._replace(element_bytes=_element_bytes(convention), flash=None))
    reads = total_of([layer.tensor_read_count for layer in answer.layers])
    writes = total_of([layer.tensor_write_count for layer in answer.layers])
    span = answer.bounds
    return ConventionCost(
        role=convention.role,
        label=convention.label,
        memory_energy=memory.name,
        description=memory.description,
        access_bytes=memory.access_bytes,
        element_bytes=convention.element_bytes,
        read_pj=_noted(memory, "read_pj"),
        write_pj=_noted(memory, "write_pj"),
        read_count=reads,
        write_count=writes,
        dynamic_pj=answer.tensor_pj,
        dynamic_low_pj=span.tensor_low_pj,
        dynamic_high_pj=span.tensor_high_pj,
        leakage_w=_noted(memory, "leakage_w"),
        leakage_low_w=memory.leakage_w.low,
        leakage_high_w=memory.leakage_w.high,
        leakage_pj=answer.leakage_pj,
        leakage_stated=_is_stated(memory.leakage_w),
    )


def _element_bytes(convention: Convention) -> int | None:
    if convention.element_bytes is None:
        return None
    found: int = noted(convention.element_bytes, f"{convention.role}.element_bytes", f"definition: {convention.label}")
    return found


def _noted(memory: MemoryEnergy, field: str) -> float:
    constant: Constant = getattr(memory, field)
    found: float = noted(constant.value, f"{memory.name}.{field}", constant.source)
    return found


def _is_stated(leakage: Constant) -> bool:
    return leakage.value > 0 or leakage.low is not None
