"""Random graphs on each emulated core: arena, counters, outputs, loads and stores as planned, and nothing stored behind the plan's end."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from random_graphs import random_graphs

from costmodel.deployment.deployed import Variant
from costmodel.measurement.device_log import read_device_log
from costmodel.validation.comparing import compare_runs
from costmodel.validation.firmware_plan import KERNEL_DATAFLOWS, firmware_plan, predicted_counts
from costmodel.validation.targets.emulators import EmulatorRun, run_on_emulator
from costmodel.validation.tensor_accesses import core_activities
from costmodel.validation.validating import expect_network

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

GUARD_BYTES = 64
"""Behind the arena, in which no store may fall."""


def high_water_marks(timed: EmulatorRun) -> list[int]:
    """For each run, the end of the last byte that its layers stored to in the arena or just behind it, from the arena's beginning."""
    segments = iter(timed.segments)
    marks = []
    for run in read_device_log(BytesIO(timed.log), "emulator's log"):
        start = min(place[0] for ranges in run.ranges for name, place in ranges.ranges.items() if name in ("input", "output"))
        # The tensor at the arena's beginning is an input or an output of some layer.
        end = start + run.arena_bytes + GUARD_BYTES
        stored = [0]
        for _ in run.ranges:
            rows = next(segments).rows
            inside = rows[(rows[:, 3] > 0) & (rows[:, 0] >= start) & (rows[:, 0] < end)]
            stored += (inside[:, 0] + inside[:, 4] // inside[:, 3] - start).tolist()
        marks.append(int(max(stored)))
    return marks


@pytest.mark.parametrize(("variant", "count"), [(Variant.INT8, 180), (Variant.FLOAT32, 20)])
def test_random_graphs_keep_to_their_plans(variant: Variant, count: int, target: str, firmware: Path, cache: Path) -> None:
    expectations = [expect_network(network, variant, index) for index, network in enumerate(random_graphs(count, 22))]
    models = b"".join(expected.model for expected in expectations)
    predicted = [predicted_counts(expected.network, variant, dataflow) for expected in expectations for dataflow in KERNEL_DATAFLOWS]
    log = run_on_emulator(target, models, firmware=firmware, cache=cache, build="counting").log
    timed = run_on_emulator(target, models, firmware=firmware, cache=cache, build="timing", plugin=True)
    activities = core_activities(timed, predicted)
    runs = read_device_log(BytesIO(log), target)
    marks = iter(high_water_marks(timed))
    for index, expected in enumerate(expectations):
        part = slice(len(KERNEL_DATAFLOWS) * index, len(KERNEL_DATAFLOWS) * (index + 1))
        compared = compare_runs(runs[part], expected.network, expected, activities[part])
        assert [str(mismatch) for mismatch in compared.mismatches] == [], expected.network
        for dataflow in KERNEL_DATAFLOWS:
            plan = firmware_plan(expected.network, variant, dataflow)
            # The input is stored before the first layer runs.
            given = next(tensor.offset_bytes + tensor.size_bytes for tensor in plan.tensors if tensor.offset_bytes is not None)
            assert max(next(marks), given) == plan.arena_bytes, expected.network
