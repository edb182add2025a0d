"""A schedule is one noun: plan, report and sweep state the same bytes, counts, energy, time and verdict for it."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from random_graphs import random_graphs

from costmodel.errors import SpecError
from costmodel.evaluation.evaluating import cost_of, evaluate
from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.evaluation.figures import figure_of
from costmodel.evaluation.layers.staged_layers import WeightTurns
from costmodel.evaluation.storage.strategy_plans import compare_strategies
from costmodel.evaluation.timing.outlook import outlook_of
from costmodel.provenance import origin_of
from costmodel.results.counts import ACCESSES
from costmodel.results.storage.heap_replay import HeapOutcome
from costmodel.results.trust import Trust
from costmodel.sources.catalogue import load_scenario, names
from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario
from costmodel.sources.usual_use import usual_use
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow
from costmodel.specs.running.mapping import mapping_of
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.running.strategy import MemoryStrategy
from costmodel.specs.scenario import Scenario, Storage
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.study.overrides import with_override

PLANNED = [name for name in ScheduleName if name.is_planned]


def scenarios(count: int, seed: int) -> list[Scenario]:
    """Random networks on random devices, weights and input here and there."""
    draw = random.Random(seed)
    found = []
    for network in random_graphs(count, seed, types=False):
        start = changed_scenario(None, ScenarioChanges(network=network, device=draw.choice(names("devices"))))
        places = {"weights_in": draw.choice(list(Storage)), "input_in": draw.choice(list(Storage))}
        changes = {"static_bytes": draw.choice([0, 60_000]), "dataflows": (mapping_of(Dataflow.OUTPUT_STATIONARY),), **places}
        found.append(with_changes(start, changes))
    return found


def test_every_planned_schedule_is_a_strategy() -> None:
    assert {name.value for name in PLANNED} <= {strategy.value for strategy in MemoryStrategy}


@pytest.mark.parametrize("name", PLANNED)
def test_plan_and_report_say_the_same(name: ScheduleName) -> None:
    applied = 0
    for scenario in scenarios(12, 41):
        (plan,) = compare_strategies(scenario, (MemoryStrategy(name.value),)).plans
        under = with_changes(scenario, {"schedule": name})
        if plan.total_bytes is None:
            with pytest.raises(SpecError, match="does not apply to"):
                evaluate(under)
            continue
        applied += 1
        found = evaluate(under)
        runs, summary, schedule = found.dataflows[0], found.memory, found.schedule
        assert schedule is not None
        assert summary.plan.tensor_buffer_bytes == schedule.planned.buffer_bytes == plan.total_bytes
        assert summary.plan.bound_bytes == plan.bound_bytes
        assert [tensor.offset_bytes for tensor in summary.plan.tensors] == [piece.offset_bytes for piece in plan.pieces]
        assert schedule.stages == plan.stages
        accesses = sum(getattr(layer.counts, counter) for layer in runs.layers for counter in ACCESSES)
        assert accesses == schedule.planned.access_count == plan.access_count
        assert runs.counts.mac_count == found.mac_valid_count == plan.mac_count
        assert plan.extra_access_count == plan.access_count - schedule.layer_by_layer.access_count
        assert runs.energy.memory_pj == schedule.planned.memory_pj == plan.memory_pj
        assert runs.latency.total_s == plan.duration_s
        assert summary.heap == plan.heap
        if plan.heap is not None and plan.replay is not None:
            assert plan.heap.fits == (plan.replay.outcome in (HeapOutcome.FITS, HeapOutcome.FRESH_ONLY))
    assert applied


def test_a_sweep_says_what_the_report_says() -> None:
    """Widths are columns, schedules choices: a planned one is evaluated network by network."""
    figures = ["memory.ram", "energy.memory", "network.mac_count", "network.psum_read_count", "latency.total", "memory.arena-in-place"]
    study: dict[str, Any] = {
        "name": "schedules",
        "base": "esp32-deck",
        "set": {"weights_in": "flash"},
        "axes": [
            {"path": "schedule", "values": ["layer-by-layer", "streaming", "strips-4", "fused-rows"]},
            {"path": "layers.conv1.out_channels", "values": [3, 25]},
            {"path": "memory_energy.read_pj", "values": [1.0, 2.0]},
        ],
        "keep": "all",
        "objectives": [{"minimise": "memory.ram"}],
        "columns": [*figures[1:], "device.fits"],
    }
    frame = sweep(study).to_frame()
    assert len(frame) == 16
    start = with_changes(load_scenario("esp32-deck"), {"weights_in": Storage.FLASH, "duration_s": None})
    for row in frame.to_dict("records"):
        asked = start
        for axis in study["axes"]:
            asked = with_override(asked, axis["path"], row[axis["path"]])
        known = cost_of(asked, Dataflow.OUTPUT_STATIONARY)[1]
        for figure in [*figures, "device.fits"]:
            value = figure_of(known, figure).value
            assert row[figure] == pytest.approx(math.nan if value is None else value, rel=1e-12, nan_ok=True), (row, figure)


def test_designs_that_a_schedule_does_not_apply_to_are_left_out() -> None:
    study = {
        "name": "narrow",
        "set": {"schedule": "strips-8"},
        "axes": [{"path": "input.extent", "values": [16, 32, 40]}],
        "keep": "all",
        "objectives": [{"minimise": "memory.ram"}],
    }
    answer = sweep(study)
    assert answer.survivors[0] == ("every layer fits its input, and the schedule the network", 2)


def test_layers_that_stream_run_output_stationary_and_those_alone_as_asked() -> None:
    scenario = with_changes(changed_scenario(None, ScenarioChanges(network="mobilenet-v1-0.25")), {"schedule": ScheduleName.STREAMING})
    os, rs = (cost_of(scenario, dataflow)[1] for dataflow in (Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY))
    differ = {one.step.name for one, other in zip(os.running, rs.running, strict=True) if one.counts != other.counts}
    streamed = {layer.step.name for layer in os.running if layer.staged is not None}
    assert "conv1" in streamed
    assert "depthwise9" in differ
    assert not differ & streamed
    assert evaluate(scenario).dataflows[1].layers[0].counts == os.layers[0].counts


def test_a_block_trace_follows_layers_one_by_one() -> None:
    scenario = load_scenario("esp32-deck")
    counting = with_changes(scenario.counting, {"granularity": "block_traced"})
    with pytest.raises(SpecError, match="'block_traced' follows layers one by one, and schedule streaming runs them together"):
        evaluate(with_changes(scenario, {"counting": counting, "schedule": ScheduleName.STREAMING}))


@pytest.mark.parametrize("name", [ScheduleName.STREAMING, ScheduleName.STRIPS_2, ScheduleName.FUSED_MEANS])
def test_figures_of_a_schedule_are_explained(name: ScheduleName) -> None:
    scenario = with_changes(load_scenario("esp32-deck"), {"schedule": name})
    figures = recorded_figures(scenario, Dataflow.OUTPUT_STATIONARY)
    for figure in ("schedule.planned.access_count", "schedule.layer_by_layer.memory_pj", "memory.arena-in-place", "pool1.psum_read_count"):
        origin = origin_of(figures[figure].value)
        assert origin is not None, figure
    plain = cost_of(scenario, Dataflow.OUTPUT_STATIONARY)[1]
    assert figures["energy.memory"].value == plain.energy_pj
    assert figures["memory.ram"].value == plain.ram_bytes


def test_weights_that_take_turns_are_fetched_again_where_they_do_not_fit_the_cache() -> None:
    """Against an LRU cache of whole layers, turn by turn: 16 turns of a, 4 of b after every fourth, one of c at the end of each eight."""
    sizes = {"a": 10, "b": 30, "c": 50}
    turns = {"a": 16, "b": 4, "c": 2}
    order = [name for at in range(1, 17) for name in ("a", *("b" if at % 4 == 0 else ""), *("c" if at % 8 == 0 else ""))]
    among = tuple((turns[name], sum(sizes[other] for other in sizes if turns[other] >= turns[name])) for name in "abc")
    for cache in (5, 20, 45, 80, 95):
        for name, size in sizes.items():
            fetched, recent = 0, list[str]()
            for other in order:
                held = [each for each in recent if each != other]
                if other == name and (
                    size > cache or sum(sizes[each] for each in recent[: recent.index(name) + 1]) > cache if name in recent else True
                ):
                    fetched += 1
                recent = [other, *held]
            assert WeightTurns(turns[name], among).fetched_count(size, cache, turns[name]) == pytest.approx(fetched, abs=1), (cache, name)


def test_streams_through_a_large_network_pay_for_weights_in_flash() -> None:
    """Layers of 78 KB of weights take turns through a cache of 32 KB; in RAM they would not."""
    scenario = changed_scenario(None, ScenarioChanges(network="resnet8"))
    energies: dict[tuple[str, str], Any] = {}
    for place in Storage:
        for name in (ScheduleName.LAYER_BY_LAYER, ScheduleName.PIXEL_STREAMING):
            under = with_changes(scenario, {"weights_in": place, "schedule": name})
            energies[place.value, name.value] = cost_of(under, Dataflow.OUTPUT_STATIONARY)[1].energy_pj
    assert energies["flash", "pixel-streaming"] > 10 * energies["flash", "layer-by-layer"]
    assert energies["ram", "pixel-streaming"] < energies["ram", "layer-by-layer"]


@pytest.mark.parametrize(("start", "alone"), [("esp32-deck", Trust.CALIBRATED), ("resnet8", Trust.SCALED)])
def test_no_runtime_was_measured_with_layers_that_stream(start: str, alone: Trust) -> None:
    for name, trust in ((ScheduleName.LAYER_BY_LAYER, alone), (ScheduleName.STREAMING, Trust.ASSUMED)):
        scenario = with_changes(changed_scenario(start, ScenarioChanges()), {"schedule": name, "duration_s": None})
        outlook = outlook_of(scenario, evaluate(scenario), usual_use(scenario))
        assert outlook.time.trust is trust
