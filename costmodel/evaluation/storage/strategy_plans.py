"""A network under every memory strategy: bytes, work, time, and whether a scenario's device holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.evaluation.composition import Cost
from costmodel.evaluation.evaluating import cost_of
from costmodel.evaluation.layers.staged_layers import counts_of_stages
from costmodel.memory.heap import judge_heap, largest_request_bytes, regions_without
from costmodel.memory.heap_replay import FREE, MALLOC, Request, replay_heap
from costmodel.memory.network_strategies import Subject, plan_strategy, subject_of
from costmodel.memory.strategies import arena_with_scratch_bytes
from costmodel.provenance import noted
from costmodel.results.conclusions.reason import Reason, ReasonKind, reason
from costmodel.results.counts import grouped_count
from costmodel.results.storage.heap_replay import HeapOutcome, HeapReplay
from costmodel.results.storage.heap_verdict import HeapRequest, HeapVerdict
from costmodel.results.storage.strategy_plan import PlanComparison, PlannedPiece, StrategyPlan
from costmodel.results.totals import change_of, difference_of, largest_part, total_of
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import mapping_of
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.running.stages import InputDelivery, Stage
from costmodel.specs.running.strategy import MemoryStrategy
from costmodel.specs.scenario import Scenario, Storage
from costmodel.specs.shapes import element_count

PLANNED = frozenset(name.value for name in ScheduleName if name.is_planned)
"""Strategies with stages of their own; all others run layer by layer."""


class _Asked(NamedTuple):
    scenario: Scenario
    subject: Subject
    cost: Cost
    """Layer by layer, output stationary."""
    scratch_bytes: int


def compare_strategies(scenario: Scenario, strategies: Sequence[MemoryStrategy] = tuple(MemoryStrategy)) -> PlanComparison:
    """Return what a scenario's network takes under each strategy.

    Parameters
    ----------
    scenario : Scenario
        Network, device, what is taken of its heap, and where weights and input live.
    strategies : sequence of MemoryStrategy, optional
        In the order of the answer; left out, all.

    Returns
    -------
    PlanComparison
        With the strategy that is recommended: of those that fit, what computes the least twice, and of several the smallest.
    """
    mapping = mapping_of(Dataflow.OUTPUT_STATIONARY)
    _, cost = cost_of(scenario, mapping)
    subject = subject_of(scenario.network)
    asked = _Asked(scenario, subject, cost, cost.scratch_bytes)
    plans = tuple(_plan(strategy, asked) for strategy in strategies)
    recommended, why = _recommended(plans, scenario)
    return PlanComparison(
        network=scenario.network.name,
        device=scenario.device.name,
        heap_bytes=sum(region.size_bytes for region in scenario.device.heap_regions),
        plans=plans,
        recommended=recommended,
        basis=why,
    )


def _plan(strategy: MemoryStrategy, asked: _Asked) -> StrategyPlan:
    plan, stages = plan_strategy(strategy, asked.subject)
    if plan.total_bytes is None:
        return plan
    network, base = asked.scenario.network, asked.cost
    cost = base if strategy.value not in PLANNED else _cost_under(strategy, asked.scenario)
    heap = _verdict(plan, asked)
    return plan.model_copy(
        update={
            "mac_count": _sum(cost, "mac_count"),
            "extra_mac_count": difference_of(_sum(cost, "mac_count"), _sum(base, "mac_count")),
            "extra_mac_nominal_ratio": _nominal_ratio(network, stages),
            "access_count": _sum(cost, "access_count"),
            "extra_access_count": difference_of(_sum(cost, "access_count"), _sum(base, "access_count")),
            "memory_pj": cost.energy_pj,
            "extra_memory_pj": difference_of(cost.energy_pj, base.energy_pj),
            "duration_s": cost.latency_s,
            "heap": heap,
            "replay": None if heap is None else _replay(plan, asked),
            "margin_bytes": None if heap is None else _margin(plan, asked, heap),
        }
    )


def _cost_under(strategy: MemoryStrategy, scenario: Scenario) -> Cost:
    """Cost of a scenario under the schedule that a strategy plans."""
    under = with_changes(scenario, {"schedule": ScheduleName(strategy.value)})
    return cost_of(under, mapping_of(Dataflow.OUTPUT_STATIONARY))[1]


def _sum(cost: Cost, group: str) -> int:
    total: int = total_of([grouped_count(layer.counts, group) for layer in cost.running])
    return total


def _nominal_ratio(network: Network, stages: Sequence[Stage]) -> float:
    """What strips compute again, of the multiply-accumulates of the stages that run in strips, padding processed like data."""
    stripped = [stage for stage in stages if stage.strips]
    if not stripped:
        nothing: float = noted(0.0, "computed again", "definition: nothing runs in strips")
        return nothing
    ours, once = (
        total_of([counts.mac_count for counts in counts_of_stages(network, run, Taps.NOMINAL).values()])
        for run in (stripped, [Stage((step,)) for stage in stripped for step in stage.steps])
    )
    again: float = change_of(ours, once) if once else 0.0
    return again


def _requests(plan: StrategyPlan, asked: _Asked) -> list[HeapRequest]:
    """What is allocated, in order: constants in RAM, then one arena, or every buffer, or those alive at the peak."""
    scenario = asked.scenario
    requests = []
    if scenario.weights_in is Storage.RAM and asked.cost.weight_bytes:
        requests.append(HeapRequest(name="weights", size_bytes=asked.cost.weight_bytes))
    if scenario.input_in is Storage.RAM and not plan.with_input and plan.delivery is not InputDelivery.FLASH:
        requests.append(HeapRequest(name="input", size_bytes=asked.cost.input_bytes))
    if _one_block(plan):
        arena = arena_with_scratch_bytes(plan.total_bytes or 0, asked.scratch_bytes)
        return [*requests, HeapRequest(name="arena", size_bytes=arena)]
    pieces: Sequence[PlannedPiece] = plan.pieces
    if plan.strategy is MemoryStrategy.PEAK_LIVE:
        peak = max(range(len(plan.stages)), key=lambda time: plan.stages[time].live_bytes, default=0)
        pieces = [piece for piece in pieces if piece.first_stage <= peak <= piece.last_stage]
    requests += [HeapRequest(name=piece.name, size_bytes=piece.size_bytes) for piece in pieces]
    return [*requests, *([HeapRequest(name="scratch", size_bytes=asked.scratch_bytes)] if asked.scratch_bytes else [])]


def _one_block(plan: StrategyPlan) -> bool:
    return not _one_by_one(plan)


def _one_by_one(plan: StrategyPlan) -> bool:
    """Whether its buffers are allocated one by one."""
    return plan.strategy in (
        MemoryStrategy.SUM,
        MemoryStrategy.PEAK_LIVE,
        MemoryStrategy.PING_PONG,
        MemoryStrategy.STATIC_IN_PLACE,
    )


def _verdict(plan: StrategyPlan, asked: _Asked) -> HeapVerdict | None:
    device = asked.scenario.device
    if not device.heap_regions:
        return None
    return judge_heap(_requests(plan, asked), device.heap_regions, device.allocator, asked.cost.design.device.taken)


def _replay(plan: StrategyPlan, asked: _Asked) -> HeapReplay:
    """Replay what a plan allocates; what is malloc and free per layer also gives back, layer by layer."""
    requests = [Request(MALLOC, request.name, request.size_bytes) for request in _requests(plan, asked)]
    if plan.strategy is MemoryStrategy.PEAK_LIVE:
        names = {piece.name for piece in plan.pieces}
        requests = [request for request in requests if request.name not in names]
        for time in range(len(plan.stages)):
            requests += [Request(MALLOC, piece.name, piece.size_bytes) for piece in plan.pieces if max(piece.first_stage, 0) == time]
            requests += [Request(FREE, piece.name, piece.size_bytes) for piece in plan.pieces if piece.last_stage == time]
    device = asked.scenario.device
    return replay_heap(requests, device.heap_regions, device.allocator, asked.cost.design.device.taken.total_bytes)


def _margin(plan: StrategyPlan, asked: _Asked, heap: HeapVerdict) -> int:
    """The largest single request that the heap serves, less the plan's largest; where it fails, what the request that fails lacks."""
    if heap.shortfall is not None:
        return _left(heap.shortfall.largest_bytes, heap.shortfall.searched_bytes)
    device = asked.scenario.device
    left = regions_without(device.heap_regions, heap.taken.total_bytes)
    largest = largest_part([noted(largest_request_bytes(region, device.allocator), region.name, device.source) for region in left])
    return _left(largest, largest_part([request.size_bytes for request in _requests(plan, asked)]))


def _left(whole: int, part: int) -> int:
    left: int = difference_of(whole, part)
    return left


def _fits(plan: StrategyPlan) -> bool:
    return plan.replay is None or plan.replay.outcome in (HeapOutcome.FITS, HeapOutcome.FRESH_ONLY)


def _recommended(plans: Sequence[StrategyPlan], scenario: Scenario) -> tuple[MemoryStrategy | None, Reason]:
    """Choose: of what fits, what computes the least twice, then the smallest; an input that lives in RAM is not read in flash."""
    in_flash = scenario.input_in is Storage.FLASH
    possible = [plan for plan in plans if in_flash or plan.delivery is not InputDelivery.FLASH]
    known = [plan for plan in possible if plan.total_bytes is not None and _fits(plan)]
    if not known:
        return None, reason(ReasonKind.NO_STRATEGY_FITS)
    beside = int(element_count(scenario.network.input)) * scenario.network.input_bytes

    def ram_bytes(plan: StrategyPlan) -> int:
        """What it takes together with an input that lies beside it."""
        return (plan.total_bytes or 0) + (0 if in_flash or plan.with_input else beside)

    best = min(known, key=lambda plan: (plan.extra_mac_count or 0, ram_bytes(plan), _one_by_one(plan)))
    if best.heap is None:
        return best.strategy, reason(ReasonKind.FEWEST_BYTES)
    if best.extra_mac_count:
        return best.strategy, reason(ReasonKind.FITS_WITH_LEAST_TWICE)
    return best.strategy, reason(ReasonKind.FITS_IN_FEWEST_BYTES)
