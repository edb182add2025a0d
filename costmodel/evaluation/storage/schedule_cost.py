"""What a planned schedule saves and costs, against the same scenario layer by layer."""

from __future__ import annotations

from costmodel.evaluation.composition import Cost
from costmodel.results.counts import ACCESSES
from costmodel.results.storage.schedule_cost import ScheduleCost, ScheduleFigures
from costmodel.results.totals import total_of
from costmodel.specs.scenario import MemoryAccounting


def schedule_cost(answer: Cost, alone: Cost) -> ScheduleCost | None:
    """Return a schedule beside layer by layer.

    Parameters
    ----------
    answer : Cost
        Of a scenario.
    alone : Cost
        Of the same scenario layer by layer, in one arena.

    Returns
    -------
    ScheduleCost or None
        None where the scenario's schedule is no other.
    """
    planned = answer.tensors.planned
    if planned is None:
        return None
    return ScheduleCost(delivery=planned.delivery, stages=planned.plan.stages, planned=_figures(answer), layer_by_layer=_figures(alone))


def _figures(answer: Cost) -> ScheduleFigures:
    return ScheduleFigures(
        schedule=answer.design.schedule,
        buffer_bytes=answer.memory[MemoryAccounting.ARENA_IN_PLACE].tensor_buffer_bytes,
        mac_count=total_of([layer.counts.mac_count for layer in answer.running]),
        access_count=total_of([getattr(layer.counts, name) for layer in answer.running for name in ACCESSES]),
        memory_pj=answer.energy_pj,
        latency_s=answer.latency_s,
    )
