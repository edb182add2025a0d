"""Counts, energy and time of a network are those of the schedule's stages: a step counts where, and as often as, it runs."""

from __future__ import annotations

import pytest

from costmodel.evaluation.composition import Cost, cost
from costmodel.evaluation.evaluating import cost_of
from costmodel.evaluation.figures import figure_of
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.running.schedule import Schedule

FIGURES = ("network.mac_count", "network.input_read_count", "energy.tensors", "energy.memory", "energy.compute", "latency.total")


@pytest.fixture(scope="module")
def answer() -> Cost:
    scenario = load_scenario("esp32-deck")
    return cost_of(scenario, scenario.dataflows[0])[1]


@pytest.mark.parametrize("figure", FIGURES)
def test_what_a_schedule_runs_twice_counts_twice(figure: str, answer: Cost) -> None:
    place = next(place for place, step in enumerate(answer.tensors.steps) if step.name == "conv2")
    layer, stages = answer.layers[place], answer.tensors.schedule.stages
    once_more = answer._replace(tensors=answer.tensors._replace(schedule=Schedule((*stages, (place,)))))
    alone = {
        "network.mac_count": layer.counts.mac_count,
        "network.input_read_count": layer.counts.input_read_count,
        "energy.tensors": layer.tensor_pj,
        "energy.memory": layer.tensor_pj + layer.scratch_pj,
        "energy.compute": layer.compute_pj,
        "latency.total": layer.duration_s,
    }
    once = figure_of(answer, figure).value
    twice = figure_of(cost(answer.design, None, once_more), figure).value
    assert twice == pytest.approx(once + alone[figure], rel=1e-12)


def test_steps_that_no_stage_runs_have_no_cost_to_leave_out(answer: Cost) -> None:
    merged = set(range(len(answer.layers))) - set(answer.tensors.schedule.running)
    assert merged
    assert not any(any(answer.layers[place].counts) for place in merged)
    assert figure_of(answer, "network.mac_count").value == sum(layer.counts.mac_count for layer in answer.layers)
