"""One number: the report's arena, the packed one, the firmware's own, and the last byte it really writes; over random graphs.

`COSTMODEL_GRAPHS` says over how many; `.ci/run` takes 10,000.
"""

from __future__ import annotations

import os
import struct
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from random_graphs import random_graphs

from costmodel.deployment.deployed import Variant
from costmodel.deployment.folding import network_as_deployed
from costmodel.evaluation.evaluating import evaluate
from costmodel.memory.plan_check import check_plan
from costmodel.sources.catalogue import load_network, load_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting, Scenario
from costmodel.validation.comparing import Expected
from costmodel.validation.firmware_plan import KERNEL_DATAFLOWS, firmware_plan, predicted_counts
from costmodel.validation.targets.compiling import compiled, exact_flags
from costmodel.validation.targets.host import HostLibrary, build_library, core_sources
from costmodel.validation.validating import Workbench, expect_network

pytestmark = pytest.mark.firmware

GRAPHS = int(os.environ.get("COSTMODEL_GRAPHS", "500"))
BATCH = 250


@pytest.fixture(scope="module")
def watermark(bench: Workbench) -> Path:
    if os.name != "posix":
        pytest.skip("guard pages are mapped as POSIX systems do")
    sources = [*core_sources(bench.firmware), bench.firmware / "test" / "host" / "watermark.c"]
    headers = sorted(path for path in (bench.firmware / "core").iterdir() if path.suffix in (".h", ".inc", ".def"))
    flags = [*exact_flags(str(bench.compiler)), "-DCM_COUNTING"]
    return compiled(str(bench.compiler), flags, sources, [], headers, bench.cache, "watermark")


@pytest.fixture(scope="module")
def library(bench: Workbench) -> HostLibrary:
    return HostLibrary(build_library(firmware=bench.firmware, cache=bench.cache, build="counting"))


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return with_changes(load_scenario("esp32-deck"), {"accounting": MemoryAccounting.ARENA_IN_PLACE})


def batches(count: int) -> Iterator[list[Expected]]:
    """Random graphs, every other one as int8 and as float32, with the stated input's type, each with weights of its own."""
    held: list[Expected] = []
    for index, network in enumerate(random_graphs(count, 21)):
        held.append(expect_network(network, tuple(Variant)[index % 2], index))
        if len(held) == BATCH:
            yield held
            held = []
    yield held


def measured(program: Path, batch: Sequence[Expected], folder: Path) -> list[list[str]]:
    """Status, arena, high-water mark and hash of all outputs under two fills, for each graph and dataflow."""
    models = folder / "batch.bin"
    models.write_bytes(b"".join(struct.pack("<I", len(expected.model)) + expected.model for expected in batch))
    done = subprocess.run([program, models], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [line.split() for line in done.stdout.splitlines()]


def outputs_hash(expected: Expected) -> str:
    hashes = [int(each, 16) for each in expected.output_hashes]
    return f"{zlib.crc32(struct.pack(f'<{len(hashes)}I', *hashes)):08x}"


def reported_bytes(scenario: Scenario, network: Network) -> int | None:
    return evaluate(with_changes(scenario, {"network": network})).memory.plan.tensor_buffer_bytes


@pytest.mark.slow
def test_report_pack_firmware_and_high_water_mark_are_one_number(
    watermark: Path, library: HostLibrary, scenario: Scenario, tmp_path: Path
) -> None:
    seen = in_place = 0
    for batch in batches(GRAPHS):
        lines = iter(measured(watermark, batch, tmp_path))
        for expected in batch:
            network, deployed = expected.network, expected.deployed
            typed = network_as_deployed(network, deployed.variant)
            assert reported_bytes(scenario, typed) == deployed.activation_bytes, network
            for dataflow in KERNEL_DATAFLOWS:
                plan = firmware_plan(network, deployed.variant, dataflow)
                check_plan(plan, typed)
                in_place += any(tensor.in_place_of for tensor in plan.tensors)
                status, arena, mark, first, second = next(lines)
                assert status == "ok"
                assert (int(arena), int(mark)) == (plan.arena_bytes, plan.arena_bytes), network
                assert first == second == outputs_hash(expected), network
                ran = library.run(expected.model, dataflow, expected.image, deployed.tensors[deployed.input_tensor].arena_offset)
                assert np.array_equal(np.array(predicted_counts(network, deployed.variant, dataflow), np.uint64), ran.counts), network
                seen += 1
    assert seen == len(KERNEL_DATAFLOWS) * GRAPHS
    assert in_place > GRAPHS // 10


def test_row_stationary_writes_behind_the_tensors_and_nowhere_else(watermark: Path, tmp_path: Path) -> None:
    layers = [{"kind": "conv2d", "name": "conv", "out_channels": 1, "kernel": 3, "padding": 1}]
    network = Network.model_validate({"name": "odd", "input": "1x3x3", "layers": layers})
    expected = expect_network(network, Variant.INT8, 1)
    lines = measured(watermark, [expected], tmp_path)
    # 9 B of input and 9 B of output; rows from the next multiple of 4: three 4-byte sums, three inputs, three weights.
    assert [int(line[2]) for line in lines] == [18, 20 + 12 + 3 + 3]
    assert firmware_plan(network, Variant.INT8, Dataflow.ROW_STATIONARY).arena_bytes == 38


@pytest.mark.parametrize("accounting", [MemoryAccounting.SUM, MemoryAccounting.PING_PONG, MemoryAccounting.STATIC_IN_PLACE])
def test_other_ways_of_sharing_one_arena_run_too(accounting: MemoryAccounting, watermark: Path, tmp_path: Path) -> None:
    expected = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 3, accounting=accounting)
    lines = measured(watermark, [expected], tmp_path)
    for dataflow, (status, arena, mark, first, second) in zip(KERNEL_DATAFLOWS, lines, strict=True):
        assert status == "ok"
        assert {int(arena), int(mark)} == {firmware_plan(expected.network, Variant.INT8, dataflow, accounting).arena_bytes}
        assert first == second == outputs_hash(expected)
