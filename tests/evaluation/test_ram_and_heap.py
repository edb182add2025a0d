"""One number for the arena: the report's, the plan's, the heap verdict's and the packed file's; and what the heap starts without."""

from __future__ import annotations

import os
from typing import Any

import pytest
from random_graphs import random_graphs

from costmodel.deployment.deploy import deploy, network_as_deployed
from costmodel.deployment.deployed import Variant
from costmodel.deployment.parameters import random_input, random_model
from costmodel.errors import InputError
from costmodel.evaluation.evaluating import evaluate
from costmodel.memory.plan_check import check_plan
from costmodel.memory.planning import plan_network
from costmodel.results.evaluation import Evaluation
from costmodel.sources.catalogue import load_device, load_network, load_scenario
from costmodel.specs.counting import Dataflow
from costmodel.specs.network import Network
from costmodel.validation.firmware_plan import firmware_plan

GRAPHS = int(os.environ.get("COSTMODEL_GRAPHS", "500"))
"""Random graphs that are planned; 10,000 where time is no matter."""


def evaluated(network: Network | str, **fields: Any) -> Evaluation:
    found = load_network(network) if isinstance(network, str) else network
    device = load_device(fields.pop("device", "esp32-wroom"))
    return evaluate(load_scenario({"name": "s", "network": found, "device": device, **fields}))


@pytest.mark.slow
def test_the_arena_is_one_number_over_random_graphs() -> None:
    dataflows = list(Dataflow)
    for place, network in enumerate(random_graphs(GRAPHS, 3)):
        memory = evaluated(network, dataflows=[dataflows[place % len(dataflows)]]).memory
        check_plan(memory.plan, network)
        assert memory.heap is not None
        (request,) = memory.heap.placements or (memory.heap.shortfall,)
        assert memory.plan.arena_bytes == memory.ram_bytes == request.size_bytes
        assert memory.plan.scratch_bytes == memory.scratch_bytes
        assert memory.plan.tensor_buffer_bytes == plan_network(network).arena_bytes
        ends = [tensor.offset_bytes + tensor.size_bytes for tensor in memory.plan.tensors]
        assert memory.plan.tensor_buffer_bytes == max(ends)


@pytest.mark.slow
def test_what_is_packed_has_the_reports_arena_over_random_graphs() -> None:
    for place, network in enumerate(random_graphs(max(GRAPHS // 5, 1), 4, types=False)):
        variant = list(Variant)[place % 2]
        plan = firmware_plan(network, variant)
        deployed = deploy(random_model(network, place), variant, random_input(network, place), plan)
        reported = evaluated(network_as_deployed(network, variant), dataflows=["output-stationary"]).memory
        assert deployed.activation_bytes == plan.arena_bytes == reported.plan.arena_bytes == reported.ram_bytes


LEFT = {
    "name": "w16",
    "input": "3x96x96",
    "layers": [
        {"kind": "conv2d", "name": "c1", "out_channels": 16, "kernel": 3, "padding": 1},
        {"kind": "max_pool2d", "name": "p1", "kernel": 2},
        {"kind": "conv2d", "name": "c2", "out_channels": 32, "kernel": 3, "padding": 1},
        {"kind": "max_pool2d", "name": "p2", "kernel": 2},
        {"kind": "flatten", "name": "f"},
        {"kind": "linear", "name": "l", "out_features": 2},
    ],
}
FRAME = {
    "name": "frame-buffer",
    "input": "3x64x64",
    "layers": [{"kind": "conv2d", "name": "conv", "out_channels": 30, "kernel": 3, "padding": 1}],
}


def test_an_arena_as_large_as_its_plan_fits() -> None:
    memory = evaluated(Network.model_validate(LEFT)).memory
    assert memory.plan.arena_bytes == memory.ram_bytes == 175_104
    assert memory.heap is not None
    assert memory.heap.fits
    assert memory.heap.taken.is_nothing


def test_what_a_program_found_taken_comes_out_of_where_static_data_lives() -> None:
    observed = {"total_bytes": 201_000, "remaining_bytes": 201_000}
    heap = evaluated(Network.model_validate(FRAME), observed_heap=observed).memory.heap
    assert heap is not None
    assert not heap.fits
    assert heap.taken.missing_bytes == 118_976
    assert heap.shortfall is not None
    assert (heap.shortfall.size_bytes, heap.shortfall.largest_bytes, heap.shortfall.largest_region) == (135_168, 110_592, "d-iram")
    assert {state.name: (state.taken_bytes, state.free_bytes) for state in heap.regions}["dram"] == (118_976, 64_704)
    # Taken from the instruction region's end instead, the large one would have held it.
    assert heap.split_matters


def test_static_data_and_a_radio_add_up_and_pass_on_to_the_next_largest_region() -> None:
    heap = evaluated("resnet8", static_bytes=130_000, radio="ble").memory.heap
    assert heap is not None
    assert heap.taken.total_bytes == 130_000 + 65_536
    assert [state.taken_bytes for state in heap.regions] == [0, 0, 184_632, 130_000 + 65_536 - 184_632]
    assert heap.fits
    assert not heap.split_matters


def test_a_radio_nobody_has_a_source_for_names_the_way_out() -> None:
    with pytest.raises(InputError, match=r"the radio 'wifi' takes: esp32-wroom states what ble takes alone; .*--static-bytes"):
        evaluated("resnet8", radio="wifi")
    with pytest.raises(InputError, match="states of no radio"):
        evaluated("resnet8", device="nrf52840", radio="ble")


def test_scratch_weights_and_input_in_ram_are_in_the_verdict_as_in_the_figure() -> None:
    memory = evaluated("resnet8", device="stm32l476rg", dataflows=["input-stationary"]).memory
    assert memory.heap is not None
    assert (memory.plan.arena_bytes, memory.heap.fits) == (49_152 + 65_537, False)
    fields = {"accounting": "static-in-place", "weights_in": "ram", "dataflows": ["row-stationary"]}
    memory = evaluated("cifar-aap-pruned", **fields).memory
    assert memory.heap is not None
    asked = [placement.size_bytes for placement in memory.heap.placements]
    assert sum(asked) == memory.ram_bytes
    assert [placement.name for placement in memory.heap.placements][:2] == ["weights", "input"]
    assert memory.heap.placements[-1].name == "scratch"


def test_a_register_is_no_ram() -> None:
    plan = evaluated("cifar-aap-pruned", dataflows=["output-stationary"]).memory.plan
    assert (plan.scratch_bytes, plan.arena_bytes) == (0, 105_472)
    rows = evaluated("cifar-aap-pruned", dataflows=["row-stationary"]).memory.plan
    assert (rows.scratch_offset_bytes, rows.arena_bytes) == (105_472, 105_472 + rows.scratch_bytes)
