"""Every figure of a sweep is the report's: counts, energies, lives, RAM and what fits, on random designs of every dataflow."""

from __future__ import annotations

import pytest

from costmodel.evaluation.evaluating import cost_of, evaluate
from costmodel.evaluation.figures import figures_of
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.counting import Dataflow
from costmodel.specs.scenario import MemoryAccounting
from costmodel.sweeps.engine.running import sweep

STUDY = {
    "name": "every-figure",
    "set": {"counting.block_bytes": None, "counting.element_bytes": None, "counting.bias": True, "static_bytes": 40_000},
    "axes": [
        {"path": "dataflow", "values": [each.value for each in Dataflow]},
        {"path": "accounting", "values": [each.value for each in MemoryAccounting]},
        {"path": "weights_in", "values": ["flash", "ram"]},
        {"path": "input_in", "values": ["flash", "ram"]},
        {"path": "layers.conv1.out_channels", "range": {"start": 1, "stop": 64}},
        {"path": "layers.conv2.out_channels", "range": {"start": 1, "stop": 128}},
        {"path": "layers.conv1.kernel", "values": [1, 2, 3, 5]},
        {"path": "layers.conv*.padding", "values": [0, 1, 2]},
        {"path": "layers.pool1.stride", "values": [1, 2, 3]},
        {"path": "layers.pool1.padding", "values": [0, 1]},
        {"path": "input.extent", "range": {"start": 10, "stop": 90}},
        {"path": "period_s", "log_range": {"start": 60.0, "stop": 86400.0}},
    ],
    "sample": {"designs": 12, "seed": 5},
    "keep": "all",
}


@pytest.mark.slow
def test_every_figure_of_a_thousand_random_designs_is_the_reports() -> None:
    base = load_scenario("esp32-deck")
    figures = list(figures_of(cost_of(base, base.dataflows[0])[1]))
    buffers = [name for name in figures if name.startswith("memory.buffer.")]
    names = [name for name in figures if name not in buffers]
    answer = sweep(STUDY | {"columns": [*names, "memory.ram", "device.fits", "device.fits_heap", "device.fits_flash"]})
    columns = answer.columns()
    assert len(answer) >= 1000
    fitting = 0
    for row in range(len(answer)):
        scenario = answer.scenario(row)
        told = figures_of(cost_of(scenario, scenario.dataflows[0])[1])
        for name in names:
            value = told[name].value if name in told else None
            if isinstance(value, int):
                assert columns[name][row] == value, (name, row)
            elif value is not None:
                assert columns[name][row] == pytest.approx(value, rel=1e-12, abs=0), (name, row)
        memory = evaluate(scenario).memory
        if memory.ram_bytes is not None:
            assert columns["memory.ram"][row] == memory.ram_bytes
        heap, flash = memory.heap is not None and memory.heap.fits, memory.flash_bytes <= memory.flash_capacity_bytes
        assert (columns["device.fits_heap"][row], columns["device.fits_flash"][row]) == (heap, flash)
        assert columns["device.fits"][row] == (heap and flash)
        fitting += heap and flash
    assert 100 < fitting < len(answer) - 100
