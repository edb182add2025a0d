"""Plans of stages in the firmware: on an arena of exactly their size, outputs of the layers one by one and counts of the closed form."""

from __future__ import annotations

import ctypes
import os
import subprocess
from typing import Any

import numpy as np
import pytest
from random_graphs import random_graphs

from costmodel.deployment.deployed import Variant
from costmodel.deployment.folding import network_as_deployed
from costmodel.deployment.reference import run_reference
from costmodel.evaluation.layers.staged_layers import counts_of_stages
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.results.counts import AccessCounts
from costmodel.sources.catalogue import load_network
from costmodel.specs.network import Network
from costmodel.specs.strategy import MemoryStrategy as Strategy
from costmodel.validation.stage_table import stage_table
from costmodel.validation.targets.compiling import exact_flags
from costmodel.validation.targets.host import core_sources
from costmodel.validation.validating import Workbench, expect_network

pytestmark = pytest.mark.firmware

STREAMED = (Strategy.STREAMING, Strategy.PIXEL_STREAMING, Strategy.FUSED_WINDOWS, Strategy.FUSED_MEANS)


@pytest.fixture(scope="module")
def library(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if os.name != "posix":
        pytest.skip("guard pages are mapped as POSIX systems do")
    sources = [*core_sources(bench.firmware), bench.firmware / "test" / "host" / "staged.c"]
    built = tmp_path_factory.mktemp("staged") / "staged.so"
    flags = [*exact_flags(str(bench.compiler)), "-DCM_COUNTING", "-shared", "-fPIC"]
    subprocess.run([str(bench.compiler), *flags, *map(str, sources), "-o", str(built)], check=True)
    return ctypes.CDLL(str(built))


def run(library: ctypes.CDLL, network: Network, strategy: Strategy, seed: int, *, less: int = 0) -> tuple[int, int]:
    """Run a plan and hold outputs and counters against what is expected; return status and arena."""
    expected = expect_network(network, Variant.INT8, seed)
    deployed, packed = expected.deployed, network_as_deployed(network, Variant.INT8)
    plan, stages = plan_strategy(strategy, subject_of(packed))
    assert plan.total_bytes is not None
    shape = deployed.tensors[deployed.input_tensor].shape
    values = np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)
    table = stage_table(packed, plan, stages)
    counters = (ctypes.c_uint64 * (len(AccessCounts._fields) * len(deployed.layers)))()
    arena = (ctypes.c_uint8 * plan.total_bytes)()
    status: int = library.staged_run(
        expected.model,
        ctypes.c_size_t(len(expected.model)),
        (ctypes.c_int32 * len(table))(*table),
        values.ctypes.data_as(ctypes.c_void_p),
        plan.total_bytes - less,
        counters,
        arena,
    )
    if status:
        return status, plan.total_bytes
    last = stages[-1].steps[-1]
    piece = next(piece for piece in plan.pieces if piece.name == packed.steps[last].name and piece.role == "tensor")
    output: Any = run_reference(deployed, values)[last]
    found = np.frombuffer(bytes(arena), np.int8)[piece.offset_bytes :][: output.size]
    np.testing.assert_array_equal(found, output.ravel())
    for step, counts in counts_of_stages(packed, stages).items():
        width = len(AccessCounts._fields)
        assert AccessCounts(*counters[width * step : width * (step + 1)]) == counts, packed.steps[step].name
    return status, plan.total_bytes


@pytest.mark.parametrize(("name", "arena_bytes"), [("cifar-aap-pruned", 2_399), ("ds-cnn", 4_000), ("resnet8", 9_600)])
def test_networks_stream_in_an_arena_of_the_planned_size(name: str, arena_bytes: int, library: ctypes.CDLL) -> None:
    status, taken = run(library, load_network(name), Strategy.STREAMING, 1)
    assert status == 0
    assert taken <= arena_bytes


def test_a_mixed_schedule_streams_and_goes_on_layer_by_layer(library: ctypes.CDLL) -> None:
    status, taken = run(library, load_network("mobilenet-v1-0.25"), Strategy.STREAMING, 1)
    assert status == 0
    assert taken <= 14_500


def test_random_networks_stream_in_the_firmware(library: ctypes.CDLL) -> None:
    ran = 0
    for seed, network in enumerate(random_graphs(80, 5, types=False)):
        packed = network_as_deployed(network, Variant.INT8)
        alone = any(step.kind == "batch_norm2d" and not step.merged for step in packed.steps)
        for strategy in STREAMED:
            if plan_strategy(strategy, subject_of(packed))[0].total_bytes is not None:
                status, _ = run(library, network, strategy, seed)
                assert status == 0 or (alone and status == 15)  # a batch norm that nothing absorbs has no kernel that streams
                ran += status == 0
    assert ran > 50


def test_an_arena_a_byte_smaller_is_refused(library: ctypes.CDLL) -> None:
    assert run(library, load_network("ds-cnn"), Strategy.STREAMING, 1, less=1)[0] == 14
