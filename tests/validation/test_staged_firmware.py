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
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.running.stages import InputDelivery
from costmodel.specs.running.strategy import MemoryStrategy as Strategy
from costmodel.validation.stage_table import stage_table
from costmodel.validation.targets.compiling import exact_flags
from costmodel.validation.targets.host import core_sources
from costmodel.validation.validating import Workbench, expect_network

pytestmark = [pytest.mark.firmware, pytest.mark.long]

STREAMED = [name for name in Strategy if name.value in {schedule.value for schedule in ScheduleName if schedule.is_planned} - {"reordered"}]
"""Strategies with stages that stream."""


@pytest.fixture(scope="module")
def library(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if os.name != "posix":
        pytest.skip("guard pages are mapped as POSIX systems do")
    sources = [*core_sources(bench.firmware), bench.firmware / "test" / "host" / "staged.c"]
    built = tmp_path_factory.mktemp("staged") / "staged.so"
    flags = [*exact_flags(str(bench.compiler)), "-DCM_COUNTING", "-shared", "-fPIC"]
    subprocess.run([str(bench.compiler), *flags, *map(str, sources), "-o", str(built)], check=True)
    return ctypes.CDLL(str(built))


def run(
    library: ctypes.CDLL, network: Network, strategy: Strategy, seed: int, variant: Variant = Variant.INT8, *, less: int = 0
) -> tuple[int, int]:
    """Run a plan and hold outputs and counters against what is expected; return status and arena."""
    expected = expect_network(network, variant, seed)
    deployed, packed = expected.deployed, network_as_deployed(network, variant)
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
        int(plan.delivery is InputDelivery.FLASH),
        counters,
        arena,
    )
    if status:
        return status, plan.total_bytes
    last = stages[-1].steps[-1]
    piece = next(piece for piece in plan.pieces if piece.name == packed.steps[last].name and piece.role == "tensor")
    output: Any = run_reference(deployed, values)[last]
    kind = np.int8 if variant is Variant.INT8 else np.float32
    found = np.frombuffer(bytes(arena)[piece.offset_bytes :][: output.size * np.dtype(kind).itemsize], kind)
    if variant is Variant.INT8 or not any(stage.strips for stage in stages):
        np.testing.assert_array_equal(found, output.ravel())
    else:
        # A mean that several strips add to is summed strip by strip, and rounds otherwise than in index order.
        np.testing.assert_allclose(found, output.ravel(), rtol=1e-5, atol=1e-5)
    for step, counts in counts_of_stages(packed, stages).items():
        width = len(AccessCounts._fields)
        assert AccessCounts(*counters[width * step : width * (step + 1)]) == counts, packed.steps[step].name
    return status, plan.total_bytes


@pytest.mark.parametrize(
    ("name", "strategy", "int8_bytes", "float32_bytes"),
    [
        ("cifar-aap-pruned", Strategy.STREAMING, 2_399, 6_248),
        ("cifar-aap-pruned", Strategy.PIXEL_STREAMING_FLASH, 2_099, 5_948),
        ("cifar-aap-pruned", Strategy.STRIPS_8, 1_142, 2_120),
        ("cifar-aap-pruned", Strategy.FUSED_BANDS, 11_296, 45_184),
        ("cifar-aap-pruned", Strategy.FUSED_ROWS, 10_480, 41_920),
        ("ds-cnn", Strategy.STREAMING, 4_000, None),
        ("resnet8", Strategy.STREAMING, 9_600, None),
        ("mobilenet-v1-0.25", Strategy.STREAMING, 14_500, None),
    ],
)
def test_networks_stream_in_an_arena_of_the_planned_size(
    name: str, strategy: Strategy, int8_bytes: int, float32_bytes: int | None, library: ctypes.CDLL
) -> None:
    for variant, most_bytes in ((Variant.INT8, int8_bytes), (Variant.FLOAT32, float32_bytes)):
        if most_bytes is not None:
            status, taken = run(library, load_network(name), strategy, 1, variant)
            assert status == 0
            assert taken <= most_bytes


@pytest.mark.parametrize("variant", Variant)
def test_random_networks_stream_in_the_firmware(variant: Variant, library: ctypes.CDLL) -> None:
    ran = dict.fromkeys(STREAMED, 0)
    for seed, network in enumerate(random_graphs(50, 5, types=False)):
        packed = network_as_deployed(network, variant)
        alone = any(step.kind == "batch_norm2d" and not step.merged for step in packed.steps)
        for strategy in STREAMED:
            if plan_strategy(strategy, subject_of(packed))[0].total_bytes is not None:
                status, _ = run(library, network, strategy, seed, variant)
                assert status == 0 or (alone and status == 15), strategy  # a batch norm that nothing absorbs has no kernel that streams
                ran[strategy] += status == 0
    assert min(count for strategy, count in ran.items() if strategy is not Strategy.STRIPS_8) > 1, ran  # few maps are that wide


@pytest.mark.parametrize("variant", Variant)
def test_results_written_over_their_inputs_are_what_they_are_apart(variant: Variant, library: ctypes.CDLL) -> None:
    ran = 0
    for seed, network in enumerate(random_graphs(60, 23, types=False)):
        if plan_strategy(Strategy.OVERLAPPING, subject_of(network_as_deployed(network, variant)))[0].total_bytes is not None:
            assert run(library, network, Strategy.OVERLAPPING, seed, variant)[0] == 0
            ran += 1
    assert ran > 20
    assert run(library, load_network("mobilenet-v1-0.25"), Strategy.OVERLAPPING, 1)[0] == 0


def test_an_arena_a_byte_smaller_is_refused(library: ctypes.CDLL) -> None:
    assert run(library, load_network("ds-cnn"), Strategy.STREAMING, 1, less=1)[0] == 14
