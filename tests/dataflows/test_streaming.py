"""Stages run in the memory they state give what layers give one by one, and count what the closed form says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from random_graphs import random_graphs

from costmodel.dataflows.executed.execution import LayerTensors, execute_work
from costmodel.dataflows.executed.streaming import StagedNetwork, run_stage
from costmodel.errors import SpecError
from costmodel.evaluation.layers.staged_layers import counts_of_stages
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.sources.catalogue import load_network
from costmodel.specs.counting import Dataflow
from costmodel.specs.network import Network
from costmodel.specs.running.schedule import holders_of, sources_of
from costmodel.specs.running.stages import Stage
from costmodel.specs.running.strategy import MemoryStrategy as Strategy

LAYERED = {
    Strategy.SUM,
    Strategy.PEAK_LIVE,
    Strategy.PING_PONG,
    Strategy.STATIC_IN_PLACE,
    Strategy.ARENA_IN_PLACE,
    Strategy.GREEDY,
    Strategy.HILL_CLIMBING,
    Strategy.EXACT,
    Strategy.OVERLAPPING,
    Strategy.REORDERED,
}
"""Strategies that run layer by layer."""
STAGED = [strategy for strategy in Strategy if strategy not in LAYERED]


def parameters_of(network: Network, seed: int) -> dict[int, LayerTensors]:
    draw = np.random.default_rng(seed)
    found = {}
    for position, (layer, step) in enumerate(zip(network.ordered, network.steps, strict=True)):
        if (shape := step.operation.shape_of_weights(layer, step.inputs)) is not None:
            shape = (2, *shape) if step.kind == "batch_norm2d" else shape
            weight = draw.integers(-3, 4, shape)
            found[position] = LayerTensors((), weight, draw.integers(-9, 10, shape[0]))
    return found


def small_reference() -> Network:
    """The reference network on a quarter of its input, at a fifth of its width."""
    layers = [{"name": "conv1", "kind": "conv2d", "out_channels": 5, "kernel": 3, "padding": 1}, {"name": "relu1", "kind": "relu"}]
    layers += [{"name": "pool1", "kind": "max_pool2d", "kernel": 2}, {**layers[0], "name": "conv2", "out_channels": 10}]
    layers += [{"name": "pool2", "kind": "max_pool2d", "kernel": 2}, {"name": "aap", "kind": "adaptive_avg_pool2d", "output_size": 2}]
    return load_network({"name": "small", "input": [3, 32, 32], "layers": layers})


def layer_by_layer(network: Network, parameters: dict[int, LayerTensors], values: Any) -> dict[int, Any]:
    held: dict[int, Any] = {-1: values}
    for position, step in enumerate(network.steps):
        inputs = tuple(held[source] for source in step.sources)
        tensors = LayerTensors(inputs, *parameters.get(position, LayerTensors(()))[1:])
        held[position] = execute_work(step.lowered.work, tensors, Dataflow.OUTPUT_STATIONARY).output
    return held


def check(network: Network, stages: tuple[Stage, ...], seed: int) -> int:
    """Run every stage that streams from the true tensors before it; return how many there were."""
    parameters = parameters_of(network, seed)
    values = np.random.default_rng(seed + 1).integers(-9, 10, network.input)
    expected = layer_by_layer(network, parameters, values)
    holders = holders_of(network.steps)
    whole = {-1: values}
    for position in range(len(network.steps)):
        if expected[position].ndim == 3 and holders[position] >= 0:
            whole[holders[position]] = expected[position]
    shapes = {step: tensor.shape for step, tensor in whole.items()}
    staged = StagedNetwork(network.steps, sources_of(network.steps), holders, parameters, shapes)
    predicted = counts_of_stages(network, stages)
    streamed = [stage for stage in stages if stage.streams]
    for stage in streamed:
        outside = {step: tensor for step, tensor in whole.items() if step not in stage.steps}
        found = run_stage(staged, stage, outside)
        np.testing.assert_array_equal(found.output, whole[stage.steps[-1]])
        assert found.counts == {step: predicted[step] for step in stage.steps}
    return len(streamed)


@pytest.mark.parametrize("strategy", STAGED)
def test_random_networks_stream_what_they_compute_layer_by_layer(strategy: Strategy) -> None:
    streamed = 0
    for seed, network in enumerate(random_graphs(60, 29, types=False)):
        plan, stages = plan_strategy(strategy, subject_of(network))
        if plan.total_bytes is not None:
            streamed += check(network, stages, seed)
    assert streamed > 2


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STAGED)
def test_more_random_networks_stream(strategy: Strategy) -> None:
    for seed, network in enumerate(random_graphs(600, 77, types=False)):
        check(network, plan_strategy(strategy, subject_of(network))[1], seed)


@pytest.mark.parametrize("strategy", [Strategy.PIXEL_STREAMING, Strategy.STRIPS_8, Strategy.FUSED_ROWS])
def test_the_reference_network_streams(strategy: Strategy) -> None:
    network = small_reference()
    assert check(network, plan_strategy(strategy, subject_of(network))[1], 3) > 0


def test_a_ring_one_pixel_too_small_is_found_out() -> None:
    network = small_reference()
    stages = plan_strategy(Strategy.PIXEL_STREAMING, subject_of(network))[1]
    for place, held in enumerate(stages[0].held):
        smaller = list(stages[0].held)
        smaller[place] = held._replace(unit_count=held.unit_count - 1)
        with pytest.raises(SpecError, match=r"was overwritten|is not complete"):
            check(network, (stages[0]._replace(held=tuple(smaller)),), 3)
