"""Plans of stages on each emulated core: the arena of the host to the byte, counters as predicted, and no access beside the arena."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_graphs import random_graphs

from costmodel.deployment.deployed import Variant
from costmodel.deployment.folding import network_as_deployed
from costmodel.evaluation.layers.staged_layers import counts_of_stages
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.results.counts import AccessCounts
from costmodel.results.storage.strategy_plan import StrategyPlan
from costmodel.sources.catalogue import load_network
from costmodel.specs.network import Network
from costmodel.specs.operations import Action
from costmodel.specs.running.stages import InputDelivery, Stage
from costmodel.specs.running.strategy import MemoryStrategy as Strategy
from costmodel.validation.stage_table import stage_table
from costmodel.validation.targets.emulators import EmulatorRun, run_on_emulator
from costmodel.validation.validating import expect_network

pytestmark = pytest.mark.emulator

GUARD_BYTES = 64
COUNTED = [name for name in AccessCounts._fields if name.endswith("_count")]


def program_of(firmware: Path) -> list[Path]:
    return [firmware / "test" / "staged_plan.c", firmware / "app" / "line.c", *sorted((firmware / "core").glob("*.c"))]


def hold(network: Network, strategy: Strategy, variant: Variant, target: str, firmware: Path, cache: Path, seed: int = 1) -> int:
    """Run a plan in both builds and hold everything that was seen against what is predicted; return the arena's bytes."""
    expected = expect_network(network, variant, seed)
    deployed, packed = expected.deployed, network_as_deployed(network, variant)
    plan, stages = plan_strategy(strategy, subject_of(packed))
    assert plan.total_bytes is not None
    table = stage_table(packed, plan, stages)
    values = np.random.default_rng(seed).integers(-128, 128, deployed.tensors[deployed.input_tensor].shape).astype(np.int8)
    in_flash = int(plan.delivery is InputDelivery.FLASH)
    image = struct.pack(f"<3i{len(table)}i", plan.total_bytes, in_flash, len(table), *table) + values.tobytes()

    def ran(build: Any, *, plugin: bool) -> EmulatorRun:
        program = program_of(firmware)
        return run_on_emulator(
            target, expected.model, firmware=firmware, cache=cache, build=build, image=image, plugin=plugin, program=program, timeout_s=500
        )

    lines = [json.loads(text) for text in ran("counting", plugin=False).log.splitlines()]
    predicted = counts_of_stages(packed, stages)
    for step, counts in predicted.items():
        assert {name: lines[step][name] for name in COUNTED} == {name: getattr(counts, name) for name in COUNTED}, packed.steps[step].name
    timed = ran("timing", plugin=True)
    end = json.loads(timed.log.splitlines()[-1])
    assert (end["code"], end["guards_stand"], end["hash"]) == (0, 1, lines[-1]["hash"])
    _hold_accesses(timed, end, packed, plan, stages, predicted)
    return plan.total_bytes


def _hold_accesses(
    timed: EmulatorRun,
    end: dict[str, Any],
    network: Network,
    plan: StrategyPlan,
    stages: tuple[Stage, ...],
    predicted: dict[int, AccessCounts],
) -> None:
    """Hold the loads and stores that the emulator saw in the arena, beside it, and in the model's weights."""
    (segment,) = timed.segments
    start, size = end["arena"]
    arena = segment.within(start, size)
    assert sum(segment.within(start - GUARD_BYTES, GUARD_BYTES)[:3]) == sum(segment.within(start + size, GUARD_BYTES)[:3]) == 0
    # Means that are summed in their tensor's own place are read once more as they are made, their last sums written.
    again = sum(
        int(np.prod(network.steps[stage.steps[-1]].lowered.output))
        for stage in stages
        if stage.steps[-1] in stage.scattered
        and network.steps[stage.steps[-1]].operation.action is Action.MEAN
        and not any(held.step == stage.steps[-1] for held in stage.held)
        and network.output_types[stage.steps[-1]].value == "int8"
    )
    delivered = int(np.prod(network.input)) if plan.delivery is InputDelivery.DELIVERED and stages[0].streams else 0
    from_flash = sum(predicted[step].input_read_count for step in stages[0].steps if network.steps[step].sources == (-1,))
    # A pooling that asks for its window element by element has its one partial result in a register.
    scattered = {step for stage in stages for step in stage.scattered}
    reads = sum(counts.input_read_count + (counts.psum_read_count if step in scattered else 0) for step, counts in predicted.items())
    writes = sum(counts.output_write_count + (counts.psum_write_count if step in scattered else 0) for step, counts in predicted.items())
    assert arena.load_count == reads + again - (from_flash if plan.delivery is InputDelivery.FLASH else 0)
    assert arena.store_count == writes + again + delivered


@pytest.mark.parametrize("strategy", [Strategy.PIXEL_STREAMING, Strategy.FUSED_ROWS, Strategy.STRIPS_2])
def test_small_networks_stream_on_every_core(strategy: Strategy, target: str, firmware: Path, cache: Path) -> None:
    held = 0
    for seed, network in enumerate(random_graphs(40, 5, types=False)):
        packed = network_as_deployed(network, Variant.INT8)
        small = sum(step.lowered.weight_count for step in packed.steps) < 3_000 and not any(
            step.kind in ("softmax", "batch_norm2d") for step in packed.steps
        )
        if small and held < 3 and plan_strategy(strategy, subject_of(packed))[0].total_bytes is not None:
            hold(network, strategy, Variant.INT8, target, firmware, cache, seed)
            held += 1
    assert held


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "variant", "most_bytes"),
    [
        ("cifar-aap-pruned", Variant.INT8, 2_399),
        ("cifar-aap-pruned", Variant.FLOAT32, 6_248),
        ("ds-cnn", Variant.INT8, 4_000),
        ("resnet8", Variant.INT8, 9_600),
        ("mobilenet-v1-0.25", Variant.INT8, 14_500),
    ],
)
def test_networks_stream_on_every_core(name: str, variant: Variant, most_bytes: int, target: str, firmware: Path, cache: Path) -> None:
    assert hold(load_network(name), Strategy.STREAMING, variant, target, firmware, cache) <= most_bytes
