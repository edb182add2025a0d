"""Faults that no test noticed once, each by its own test; `make mutants` puts each of them in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from costmodel.battery.diffusion import Diffusion
from costmodel.battery.load_profile import constant_load
from costmodel.energy.serial_memory import weight_pass_count
from costmodel.evaluation.battery.uncertainty import sampled
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk
from costmodel.measurement.trace_analysis import analyse_trace
from costmodel.memory.heap import buffers_fit, place_buffers
from costmodel.provenance import Constant
from costmodel.results.storage.heap_verdict import HeapRequest
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.devices.hardware import HeapAllocator, HeapRegion
from costmodel.specs.scenario import MemoryAccounting, Scenario, Storage
from costmodel.sweeps.engine.running import sweep


def test_samples_of_a_range_lie_in_two_right_triangles_and_not_evenly() -> None:
    """A right triangle's mean lies at a third of its base, an even spread's at half."""
    column = np.asarray(sampled(Constant(10.0, "A", 4.0, 40.0, "test"), "x", 20_000, 5))
    above, below = (column[column > 10.0] - 10.0) / 30.0, (10.0 - column[column < 10.0]) / 6.0
    for side in (above, below):
        assert side.mean() == pytest.approx(1 / 3, abs=0.01)
        assert np.mean(side < 0.5) == pytest.approx(0.75, abs=0.02)


@pytest.fixture
def rows() -> Scenario:
    scenario = load_scenario("esp32-deck")
    return with_changes(scenario, {"dataflows": (scenario.dataflows[1],)})


@pytest.mark.parametrize("accounting", [MemoryAccounting.STATIC_IN_PLACE, MemoryAccounting.ARENA_IN_PLACE])
def test_scratch_rows_are_in_the_ram(accounting: MemoryAccounting, rows: Scenario) -> None:
    memory = evaluate(with_changes(rows, {"accounting": accounting})).memory
    assert memory.scratch_bytes > 0
    assert memory.ram_bytes is not None
    tensors = memory.plan.tensor_buffer_bytes or 0
    beside = memory.weight_bytes + (0 if accounting is MemoryAccounting.ARENA_IN_PLACE else memory.input_bytes)
    aligned = -(-tensors // 4) * 4 if accounting is MemoryAccounting.ARENA_IN_PLACE else tensors
    assert memory.ram_bytes == aligned + memory.scratch_bytes + beside


def test_weights_are_in_the_ram_where_they_live_there_in_reports_and_sweeps() -> None:
    scenario = load_scenario("esp32-deck")
    in_flash = with_changes(scenario, {"weights_in": Storage.FLASH})
    weights = evaluate(scenario).weight_bytes
    figures = [recorded_figures(each, each.dataflows[0])["memory.ram"].value for each in (scenario, in_flash)]
    assert figures[0] - figures[1] == weights > 0
    study = {
        "name": "weights",
        "base": "esp32-deck",
        "axes": [{"path": "weights_in", "values": ["ram", "flash"]}],
        "columns": ["memory.ram"],
        "keep": "all",
    }
    assert sorted(sweep(study).columns()["memory.ram"]) == sorted(figures)


@pytest.mark.parametrize(("reads", "weights", "passes"), [(5, 2, 3), (4, 2, 2), (1, 2, 1), (2_697_900, 11_475, 236)])
def test_a_pass_over_weights_in_flash_that_is_begun_is_paid(reads: int, weights: int, passes: int) -> None:
    assert weight_pass_count(reads, weights) == passes


def test_the_diffusion_model_sums_ten_terms() -> None:
    rate, charge, current = 1.5e-3, 500.0, 0.4
    rates = rate * np.arange(1, 11) ** 2

    def slope(_: float, state: np.ndarray) -> np.ndarray:
        return np.concatenate(([current], current - rates * state[1:]))

    def empty(_: float, state: np.ndarray) -> float:
        return float(charge - state[0] - 2 * state[1:].sum())

    empty.terminal = True  # type: ignore[attr-defined] # how the solver is told
    solved = solve_ivp(slope, (0.0, 5000.0), np.zeros(11), events=empty, rtol=1e-11, atol=1e-11, method="LSODA")
    assert Diffusion(charge / 3600.0, rate).life_s(constant_load(current)) == pytest.approx(float(solved.t_events[0][0]), rel=1e-7)


def test_the_baseline_of_a_window_is_at_the_windows_own_voltage() -> None:
    """A supply that sags while the board infers: idle current times that voltage, not the capture's mean."""
    time = np.arange(0.0, 10.0, 1e-3)
    active = (time % 1.0) > 0.7
    current, voltage = np.where(active, 0.05, 0.02), np.where(active, 3.0, 4.0)
    trace = Trace("sag", "synthetic", "sample", iter([TraceChunk(time, current, voltage, 1)]))
    summary = analyse_trace(trace, None, "measured").summary
    assert len(summary.windows) >= 8
    for window in summary.windows[1:-1]:
        assert window.baseline_j == pytest.approx(0.02 * window.duration_s * 3.0, rel=0.01)


@pytest.mark.parametrize(("spare_bytes", "left_bytes"), [(11, 0), (12, 12), (13, 13)])
def test_a_heaps_leftover_of_the_smallest_size_is_a_block(spare_bytes: int, left_bytes: int) -> None:
    allocator = HeapAllocator(size_classes=False, alignment_bytes=1, header_bytes=4, minimum_bytes=12)
    region = HeapRegion(name="r", size_bytes=4 + 100 + 4 + spare_bytes)
    verdict = place_buffers([HeapRequest(name="b", size_bytes=100)], [region], allocator)
    assert verdict.regions[0].free_bytes == left_bytes
    again = [100, 8]
    requests = [HeapRequest(name=str(size), size_bytes=size) for size in again]
    assert place_buffers(requests, [region], allocator).fits == bool(buffers_fit(again, [region], allocator)) == (left_bytes >= 12)


def test_a_request_of_just_the_largest_block_that_was_seen_is_served() -> None:
    region = HeapRegion(name="r", size_bytes=100_000, largest_bytes=5_000)
    for size, fits in ((5_000, True), (5_001, False)):
        assert place_buffers([HeapRequest(name="b", size_bytes=size)], [region], HeapAllocator()).fits is fits
        assert bool(buffers_fit([size], [region], HeapAllocator())) is fits
