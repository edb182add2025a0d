"""Sweeps as a whole: fronts, constraints, stopping and going on, and every way a study can be wrong."""

import errno
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENT_S

import costmodel
from costmodel.errors import FormatError, InputError, LimitError, MissingError, SpecError, UnknownNameError
from costmodel.evaluation.evaluating import evaluate
from costmodel.sources.catalogue import load_network, load_scenario
from costmodel.sweeps.engine import design_blocks, job, kept_files
from costmodel.sweeps.engine.design_blocks import Block, blocks_of
from costmodel.sweeps.engine.running import checked_study, prepared_space, sweep
from costmodel.sweeps.engine.workers import run_in_processes
from costmodel.sweeps.front.pareto import front_rows
from costmodel.sweeps.front.summary import chosen_row, summary_of, write_answer_files

WIDTHS = [
    {"name": "conv1", "path": "layers.conv1.out_channels", "range": {"start": 2, "stop": 32, "step": 3}},
    {"name": "conv2", "path": "layers.conv2.out_channels", "values": [4, 8, 16, 32, 51]},
    {"name": "period", "path": "period_s", "values": [1.0, 60.0, 600.0]},
    {"name": "capacity", "path": "battery.capacity_ah", "values": [0.5, 1.0]},
]
OBJECTIVES = [{"minimise": "energy.memory"}, {"maximise": "battery.duty_life"}, {"maximise": "network.mac_count"}]
STUDY = {"name": "widths", "axes": WIDTHS, "objectives": OBJECTIVES}


def rows_of(answer):
    columns = answer.columns()
    return sorted(zip(*(column.tolist() for column in columns.values()), strict=True))


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks and jobs so small that a little study has many of each."""
    monkeypatch.setattr(design_blocks, "GRID_BLOCK", 24)
    monkeypatch.setattr(design_blocks, "SCATTER_BLOCK", 10)
    monkeypatch.setattr(job, "GRID_JOB", 50)
    monkeypatch.setattr(job, "SCATTER_JOB", 40)
    monkeypatch.setattr(job, "KEPT_JOB", 40)
    monkeypatch.setattr(job, "_CROWD", 8)


def assert_same_rows(found, expected):
    """Axes exactly; figures to the last bits, in which the order of additions shows."""
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    assert np.array([row[4:] for row in found]) == pytest.approx(np.array([row[4:] for row in expected]), rel=1e-12)


def front_by_definition(everything):
    columns = everything.columns()
    points = np.stack([columns["energy.memory"], -columns["battery.duty_life"], -columns["network.mac_count"]], axis=1)
    kept = front_rows(points)
    return sorted(tuple(column[row] for column in columns.values()) for row in kept)


@pytest.mark.parametrize("change", [{}, {"conditions": ["conv1 <= 0.5 * conv2"]}, {"sample": {"designs": 300, "seed": 2}}])
def test_the_front_is_that_of_all_designs_however_they_are_divided(change, small_blocks):
    study = STUDY | change
    whole = sweep(study | {"keep": "all", "columns": []})
    assert_same_rows(rows_of(sweep(study)), front_by_definition(whole))


def test_a_dominated_design_that_a_constraint_removes_does_not_hide_others(small_blocks):
    study = STUDY | {"constraints": ["battery.duty_life <= 60000", "energy.memory >= 1e6"]}
    whole = sweep(study | {"keep": "all"})
    assert 0 < len(whole) < whole.evaluated
    assert_same_rows(rows_of(sweep(study)), front_by_definition(whole))


def test_conditions_leave_out_combinations_and_count_what_is_evaluated():
    answer = sweep({"name": "c", "axes": WIDTHS[:2], "conditions": ["conv1 <= conv2"], "keep": "all", "columns": ["network.mac_count"]})
    expected = [(a, b) for a in range(2, 33, 3) for b in (4, 8, 16, 32, 51) if a <= b]
    columns = answer.columns()
    assert sorted(zip(columns["conv1"].tolist(), columns["conv2"].tolist(), strict=True)) == sorted(expected)
    assert answer.evaluated == len(expected)


def test_blocks_of_a_grid_cover_every_design_once(small_blocks):
    resolved = prepared_space(STUDY | {"keep": "all"})
    part = resolved.parts[0]
    seen = []
    for block in blocks_of(resolved, part, 0, part.designs):
        assert isinstance(block, Block)
        assert block.first == len(seen)
        axes = np.broadcast_arrays(*(np.broadcast_to(block.axes[axis.label], block.shape) for axis in part.axes))
        seen += list(zip(*(values.reshape(-1).tolist() for values in axes), strict=True))
    assert len(seen) == len(set(seen)) == part.designs == 11 * 5 * 3 * 2


def test_a_stopped_sweep_keeps_what_is_done_and_resume_goes_on(tmp_path, small_blocks):
    calls = []

    def stop_after_two(progress):
        calls.append(progress)
        if len(calls) == 2:
            raise KeyboardInterrupt

    stopped = sweep(STUDY, folder=tmp_path / "out", on_progress=stop_after_two)
    assert not stopped.complete
    assert stopped.jobs_done == 2 < stopped.jobs
    assert len(stopped) > 0
    again = []
    resumed = sweep(STUDY, folder=tmp_path / "out", resume=True, on_progress=again.append)
    assert resumed.complete
    assert len(again) == resumed.jobs - 2
    assert again[-1].designs_done == resumed.designs
    assert rows_of(resumed) == rows_of(sweep(STUDY))


def test_a_folder_with_results_is_neither_overwritten_nor_mixed(tmp_path):
    sweep(STUDY, folder=tmp_path)
    with pytest.raises(SpecError, match="already holds results; --resume goes on"):
        sweep(STUDY, folder=tmp_path)
    with pytest.raises(SpecError, match="another study"):
        sweep(STUDY | {"ties": "first"}, folder=tmp_path, resume=True)
    with pytest.raises(SpecError, match="one of the two"):
        sweep(STUDY, folder=tmp_path, resume=True, replace=True)


def test_results_are_replaced_on_demand_and_nothing_else_is_deleted(tmp_path):
    write_answer_files(sweep(STUDY | {"keep": "all"}, folder=tmp_path), tmp_path)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    answer = sweep(STUDY | {"ties": "first"}, folder=tmp_path, replace=True)
    assert rows_of(answer) == rows_of(sweep(STUDY | {"ties": "first"}))
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", "parts", "notes.txt"}


def test_a_sweep_that_failed_at_once_does_not_hold_its_folder(tmp_path):
    with pytest.raises(MissingError, match="there is no duration"):
        sweep(STUDY | {"set": {"dataflow": "row-stationary"}}, folder=tmp_path)
    assert len(sweep(STUDY, folder=tmp_path)) > 0


def test_results_that_another_sweep_has_put_there_are_not_mixed_in(tmp_path, small_blocks):
    """Two sweeps into one folder at once, or a manifest that was deleted."""
    other = STUDY | {"ties": "first"}

    def intrude(progress):
        sweep(other, folder=tmp_path, replace=True)

    with pytest.raises(SpecError, match=r"another sweep is writing to"):
        sweep(STUDY, folder=tmp_path, on_progress=intrude)
    sweep(other, folder=tmp_path, replace=True)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(SpecError, match=r"is another study's result"):
        sweep(STUDY | {"columns": ["memory.ram"]}, folder=tmp_path)


def test_a_time_measured_on_the_base_is_offered_where_none_is_known(tmp_path):
    study = STUDY | {"set": {"dataflow": "row-stationary"}}
    with pytest.raises(MissingError, match=r"the base's duration_s is left out, since .* set: \{duration_s: ...\} takes one"):
        sweep(study)
    assert len(sweep(study | {"set": study["set"] | {"duration_s": 0.3}})) > 0


def test_the_most_of_a_figure_passes_over_designs_it_is_not_known_for():
    """Only float32 activations have a calibrated time."""
    types = {"path": "types.activation", "values": ["int8", "float32"]}
    answer = sweep(STUDY | {"axes": [types, WIDTHS[0]], "objectives": OBJECTIVES[:1], "columns": ["latency.total"], "keep": "all"})
    times = answer.columns()["latency.total"]
    assert np.isnan(times[0])
    for choice, row in (("least:latency.total", np.nanargmin(times)), ("most:latency.total", np.nanargmax(times))):
        assert chosen_row(answer, choice) == row
    with pytest.raises(SpecError, match=r"types.activation is no number"):
        chosen_row(answer, "most:types.activation")
    unknown = sweep(STUDY | {"axes": [types | {"values": ["int8"]}, WIDTHS[0]], "objectives": OBJECTIVES[:1], "columns": ["latency.total"]})
    with pytest.raises(SpecError, match=r"latency.total is not known for any"):
        chosen_row(unknown, "most:latency.total")


def test_a_study_from_python_may_hold_specs_arrays_and_paths(tmp_path):
    axes = [
        {"path": "network", "values": [load_network("ds-cnn"), "resnet8"]},
        {"name": "w", "path": "layers.conv1.kernel", "values": np.arange(3, 6)},
        {"name": "v", "path": "layers.conv1.stride", "values": [np.int64(1)]},
    ]
    study = {"name": "p", "axes": axes, "set": {"counting": {}}, "keep": "all", "columns": ["network.mac_count"]}
    columns = sweep(study).columns()
    assert columns["network"].tolist() == ["ds-cnn"] * 3 + ["resnet8"] * (len(columns["network"]) - 3)
    assert set(columns["w"].tolist()) == {3, 4, 5}
    file = tmp_path / "s.yaml"
    file.write_text("name: f\nkeep: all\naxes: [{path: period_s, values: [1.0, 2.0]}]\ncolumns: [battery.duty_life]\n", encoding="utf-8")
    assert len(sweep(file)) == len(sweep(str(file))) == 2
    with pytest.raises(MissingError, match=r"none.yaml does not exist"):
        sweep(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match=r"a study is a mapping .*found nothing"):
        sweep(None)


def test_the_rate_after_going_on_is_that_of_this_run(tmp_path, small_blocks):
    def stop(progress):
        raise KeyboardInterrupt

    sweep(STUDY, folder=tmp_path / "out", on_progress=stop)
    seen = []
    answer = sweep(STUDY, folder=tmp_path / "out", resume=True, on_progress=seen.append)
    assert answer.jobs_before == 1
    assert seen[0].designs_before == 50
    assert seen[0].rate == pytest.approx((seen[0].designs_done - 50) / seen[0].seconds)


def test_variants_set_several_fields_each():
    """A clock with its time and current; a block with the memory it suits."""
    study = {
        "name": "v",
        "axes": [
            {
                "name": "clock",
                "variants": {
                    "80 MHz": {"duration_s": 0.9, "power.active_a": 0.038},
                    "240 MHz": {"duration_s": 0.32, "power.active_a": 0.043},
                },
            },
            {
                "name": "block",
                "variants": {
                    "4 B": {"memory_energy": "esp32-40nm-lstp-320k-4b", "counting": {"taps": "valid"}},
                    "64 B": {"memory_energy": "deck-printed"},
                },
            },
            {"path": "period_s", "values": [1.0, 60.0]},
        ],
        "conditions": ["block != x"],
        "objectives": [{"maximise": "battery.duty_life"}, {"minimise": "energy.memory"}],
        "keep": "all",
    }
    with pytest.raises(UnknownNameError, match=r"'x' is not a value of 'block'"):
        sweep(study)
    answer = sweep(study | {"conditions": []})
    assert len(answer) == 8
    for row in range(8):
        values, scenario = answer.row(row), answer.scenario(row)
        assert scenario.duration_s.value == {"80 MHz": 0.9, "240 MHz": 0.32}[values["clock"]]
        assert scenario.memory_energy.access_bytes == {"4 B": 4, "64 B": 64}[values["block"]]
        energy = evaluate(scenario).dataflows[0].energy
        assert values["energy.memory"] == pytest.approx(energy.tensor_pj + energy.scratch_pj, rel=1e-12)
    assert answer.explained[0].shares[0].axis in ("clock", "period_s")


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ({"variants": {"a": {"period_s": 1}}}, r"an axis with variants needs a name"),
        ({"name": "v", "variants": {}}, r"has no variants"),
        ({"name": "v", "path": "period_s", "variants": {"a": {"period_s": 1}}}, r"leave path, apply and values out"),
        ({"name": "v", "variants": {"a": {"perid_s": 1}}}, r"'perid_s' is not a field of a scenario \(did you mean 'period_s'"),
        ({"name": "v", "variants": {"a": {"period_s": 0}}}, r"period_s: .*greater than 0"),
        ({"name": "v", "variants": {"a": {"layers.conv1.out_channels": 3}}}, r"axes 'conv1' and 'v' both set layers.conv1.out_channels"),
    ],
)
def test_wrong_variants_are_told(axis, message):
    with pytest.raises(InputError, match=message):
        sweep(STUDY | {"axes": [WIDTHS[0], axis]})


def test_designs_none_of_which_fits_say_what_does_not():
    kernels = {"name": "k", "path": "layers.conv1.kernel", "values": [99]}
    with pytest.raises(SpecError, match=r"'every layer fits its input' removes the last 11 of 11 \(conv1: .*99 rows does not fit"):
        sweep(STUDY | {"axes": [WIDTHS[0], kernels], "objectives": OBJECTIVES[:1]})


def test_a_device_that_does_not_suit_the_bases_counting_says_what_to_set():
    study = {"name": "d", "axes": [{"path": "device", "values": ["nrf52840"]}], "objectives": OBJECTIVES[:1]}
    with pytest.raises(SpecError, match=r"device = nrf52840: counting.block_bytes: .*; set: \{counting: \{\}\}"):
        sweep(study)
    assert len(sweep(study | {"set": {"counting": {}}})) == 1


def test_a_full_disk_leaves_what_is_written_readable(tmp_path, small_blocks, monkeypatch):
    whole, written = np.savez, []

    def savez(stream, **columns):
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(1)
        whole(stream, **columns)

    monkeypatch.setattr(kept_files.np, "savez", savez)
    with pytest.raises(LimitError, match=r"the disk is full; 3 finished jobs are written and stay readable, make room and add --resume"):
        sweep(STUDY, folder=tmp_path)
    monkeypatch.undo()
    assert [path.name for path in sorted((tmp_path / "parts").iterdir())] == [".lock", "000000.npz", "000001.npz", "000002.npz"]


def test_a_result_that_is_damaged_while_the_sweep_runs_is_named(tmp_path, small_blocks):
    def damage(progress):
        part = tmp_path / "parts" / "000000.npz"
        part.write_bytes(part.read_bytes()[:100])

    with pytest.raises(FormatError, match=r"000000.npz is damaged; the same command with --resume computes it again"):
        sweep(STUDY, folder=tmp_path, on_progress=damage)


@pytest.mark.slow
def test_several_processes_give_the_same(monkeypatch):
    from costmodel.sweeps.engine import running

    monkeypatch.setattr(running, "_WORTH_PROCESSES", 0)
    study = STUDY | {
        "sample": {"designs": 2 * job.SCATTER_JOB + 5000, "seed": 1},
        "objectives": OBJECTIVES[:1],
        "columns": ["battery.duty_life"],
    }
    assert rows_of(sweep(study, workers=2)) == rows_of(sweep(study))


def test_ties_stay_or_the_first_stands_for_them():
    objectives = [{"minimise": "network.parameters"}]
    study = {"name": "t", "axes": [WIDTHS[1], WIDTHS[2]], "objectives": objectives, "columns": ["battery.duty_life"]}
    assert len(sweep(study)) == 3
    assert len(sweep(study | {"ties": "first"})) == 1


def test_the_chosen_design_is_a_scenario_that_report_reads(tmp_path):
    answer = sweep(STUDY | {"columns": ["memory.ram"]})
    files = {path.name for path in write_answer_files(answer, tmp_path, "least:energy.memory")}
    assert files == {"front.csv", "summary.json", "chosen.scenario.yaml"}
    scenario = load_scenario(tmp_path / "chosen.scenario.yaml")
    found = evaluate(scenario).dataflows[0].energy
    assert found.tensor_pj + found.scratch_pj == pytest.approx(answer.columns()["energy.memory"].min(), rel=1e-12)
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")) == summary_of(answer)
    lines = (tmp_path / "front.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("conv1,conv2,period,capacity,energy.memory [pJ],battery.duty_life [s]")
    assert len(lines) == len(answer) + 1


def test_given_accuracies_join_by_their_axes_and_constrain():
    rows = [[conv2, 0.5 + 0.005 * conv2] for conv2 in (4, 8, 16, 32)]
    study = STUDY | {
        "given": [{"on": ["conv2"], "figure": "accuracy", "rows": rows}],
        "columns": ["accuracy"],
        "constraints": ["accuracy >= 0.57"],
    }
    assert set(sweep(study).columns()["conv2"].tolist()) <= {16, 32}


def test_a_choice_of_network_and_device_changes_everything_that_hangs_on_it():
    study = {
        "name": "n",
        "axes": [{"path": "network", "values": ["ds-cnn", "resnet8"]}, {"path": "device", "values": ["nrf52840", "esp32-wroom"]}],
        "set": {"counting": {}},
        "keep": "all",
        "columns": ["network.parameters", "device.sram_bytes", "latency.total"],
    }
    answer = sweep(study)
    columns = answer.columns()
    assert columns["device.sram_bytes"].tolist() == [262144, 532480] * 2
    assert any(note.startswith("power was measured on the board of esp32-wroom") for note in answer.space.notes)
    assert len(set(columns["network.parameters"].tolist())) == 2
    assert all(math.isnan(value) for value in columns["latency.total"])


def test_choices_may_be_lists_and_mappings():
    """Kernels that are not square, and a battery written out, are choices and not columns."""
    cell = {"name": "own", "voltage_v": 3.7, "capacity_ah": 0.1, "converter_ratio": 0.9, "discharge_ratio": 0.8, "source": "label"}
    study = {
        "name": "l",
        "axes": [
            {"name": "kernel", "path": "layers.conv1.kernel", "values": [[3, 1], [1, 3]]},
            {"path": "battery", "values": [cell, "cr2032"]},
            {"name": "same", "path": "layers.conv1.padding", "values": [[1, 1]]},
        ],
        "objectives": [{"maximise": "battery.duty_life"}, {"minimise": "energy.memory"}],
    }
    columns = sweep(study | {"keep": "all"}).columns()
    assert columns["kernel"].tolist() == [[3, 1], [3, 1], [1, 3], [1, 3]]
    assert columns["battery"].tolist() == ["own", "cr2032"] * 2
    assert sweep(study).scenario(0).network.layers[0].kernel in ((3, 1), (1, 3))


def test_axes_may_all_be_choices():
    study = {
        "name": "d",
        "base": {"name": "b", "network": "ds-cnn", "device": "esp32-wroom", "weights_in": "ram"},
        "axes": [{"path": "dataflow", "values": ["output-stationary", "row-stationary", "weight-stationary"]}],
        "objectives": [{"minimise": "energy.memory"}, {"minimise": "energy.tensors"}],
    }
    answer = sweep(study)
    energies = [evaluate(answer.scenario(row)).dataflows[0].energy for row in range(len(answer))]
    assert answer.columns()["energy.memory"].tolist() == pytest.approx([each.tensor_pj + each.scratch_pj for each in energies], rel=1e-12)
    assert len(answer) == 2
    assert answer.explained[0].shares[0].first == pytest.approx(1.0)


def test_overflow_is_refused_with_the_design_that_causes_it():
    wide = 2**30
    axis = {"name": "w", "path": "layers.conv2.out_channels", "values": [8, wide, 2**40]}
    study = {
        "name": "o",
        "set": {"period_s": None},
        "axes": [axis, {"name": "v", "path": "layers.conv1.out_channels", "values": [8, wide]}],
        "keep": "all",
        "columns": ["network.mac_count", "energy.memory"],
    }
    with pytest.raises(LimitError, match=r"a count of the design w = 1073741824, v = 1073741824 exceeds the limit of 64-bit"):
        sweep(study)
    # Beyond what the maxima prove, within what the designs need: exact, and an ordinary column in the end.
    fine = sweep(study | {"axes": [axis | {"values": [8, 2**36]}, WIDTHS[0]]})
    found = evaluate(fine.scenario(len(fine) - 1)).dataflows[0]
    columns = fine.columns()
    assert columns["network.mac_count"].dtype == np.int64
    assert columns["network.mac_count"][-1] == found.counts.mac_count > 2**47
    assert columns["energy.memory"][-1] == pytest.approx(found.energy.tensor_pj + found.energy.scratch_pj, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (
            {"axes": [{"path": "layers.conv1.out_chanels", "values": [1]}]},
            UnknownNameError,
            r"'out_chanels' is not .* \(did you mean 'out_channels'\?\)",
        ),
        ({"axes": [{"path": "layers.conv9.kernel", "values": [1]}]}, UnknownNameError, r"'conv9' is not a layer"),
        ({"axes": [{"path": "batery.capacity_ah", "values": [1]}]}, UnknownNameError, r"did you mean 'battery.capacity_ah'"),
        ({"axes": [{"path": "counting.tap", "values": ["valid"]}]}, UnknownNameError, r"did you mean 'counting.taps'"),
        ({"axes": [{"path": "period_s", "values": []}]}, SpecError, r"the product of the axes is empty"),
        ({"axes": [WIDTHS[0], WIDTHS[0]]}, SpecError, r"two axes are called 'conv1'"),
        ({"axes": [WIDTHS[0], WIDTHS[0] | {"name": "again"}]}, SpecError, r"axes 'conv1' and 'again' both set layers.conv1.out_channels"),
        ({"axes": [WIDTHS[0] | {"range": {"start": 0, "stop": 3}}]}, SpecError, r"out_channels: should be at least 1, found 0"),
        ({"axes": [WIDTHS[0] | {"range": {"start": 1.5, "stop": 3.5, "step": 1}}]}, SpecError, r"takes whole numbers"),
        ({"axes": [{"path": "period_s", "range": {"start": 1.5, "stop": 3.5}}]}, SpecError, r"needs a step"),
        ({"axes": [{"path": "counting.taps", "values": ["vlid"]}]}, UnknownNameError, r"counting.taps: 'vlid' .* \(did you mean 'valid'"),
        ({"axes": [{"path": "counting", "values": [3]}]}, InputError, r"counting"),
        ({"conditions": ["conv1 < conv3"]}, UnknownNameError, r"'conv3' is not an axis.*did you mean"),
        ({"conditions": ["conv1 = 3"]}, SpecError, r"expected a comparison"),
        ({"conditions": ["conv1 > 1000"]}, SpecError, r"no design satisfies its conditions"),
        (
            {"constraints": ["energy.memory <= 1e12", "memory.ram <= 1", "network.parameters <= 9e9"]},
            SpecError,
            r"the constraint 'memory.ram <= 1' removes the last 330 of 330",
        ),
        (
            {"constraints": ["battery.duty_life >= 1e4", "energy.memory < 3e6", "network.mac_count > 5e6"]},
            SpecError,
            r"the constraint 'network.mac_count > 5e6' removes the last",
        ),
        ({"constraints": ["energy.memry <= 1"]}, UnknownNameError, r"did you mean 'energy.memory'"),
        ({"objectives": [{"minimise": "latency.totl"}]}, UnknownNameError, r"did you mean 'latency.total'"),
        ({"objectives": []}, SpecError, r"a front needs objectives"),
        ({"objectives": OBJECTIVES * 2}, SpecError, r"objectives: .*at most 4"),
        ({"set": {"dataflow": "row-stationary"}}, MissingError, r"battery.duty_life is not known: there is no duration \(not calibrated"),
        ({"axes": [{"path": "memory_energy.access_bytes", "values": [4, 8]}]}, SpecError, r"set counting.block_bytes to null"),
        ({"nmae": 1}, SpecError, r"nmae"),
        ({"set": {"counting.granularity": "block_traced"}}, SpecError, r"block_traced"),
    ],
)
def test_a_wrong_study_is_one_clear_line(change, kind, message):
    with pytest.raises(kind, match=message) as found:
        sweep(STUDY | change)
    assert "\n" not in str(found.value)


def test_a_study_is_checked_without_its_names_too():
    with pytest.raises(SpecError, match=r"axes\[0\]: .*needs one of values, range, log_range and variants"):
        checked_study({"name": "x", "axes": [{"path": "period_s"}], "objectives": OBJECTIVES})


@pytest.mark.timing
def test_who_stops_a_sweep_on_several_processes_does_not_wait_for_the_jobs_that_run():
    """Their results would be thrown away."""
    axes = [{"path": f"layers.{layer}", "range": {"start": 1, "stop": 400}} for layer in ("conv1.out_channels", "conv2.out_channels")]
    axes.append({"path": "layers.fc1.out_features", "range": {"start": 1, "stop": 400}})
    prepared = prepared_space({"name": "long", "axes": axes, "objectives": OBJECTIVES})
    jobs = [job.Job(0, 0, 0, 400), *(job.Job(1 + at, 0, at * 30_000_000, (at + 1) * 30_000_000) for at in range(2))]
    stream = run_in_processes(prepared, jobs, 2)
    done, _ = next(stream)
    assert done.number == 0
    started = time.monotonic()
    stream.close()
    assert time.monotonic() - started < 2.0


def test_a_script_that_starts_itself_anew_in_each_process_is_told_what_it_lacks(tmp_path):
    script = tmp_path / "script.py"
    widths = [{"path": f"layers.{layer}", "range": {"start": 1, "stop": 400}} for layer in ("conv1.out_channels", "conv2.out_channels")]
    axes = [*widths, {"path": "layers.fc1.out_features", "range": {"start": 1, "stop": 200}}]
    study = {"name": "long", "axes": axes, "objectives": OBJECTIVES[:1]}
    script.write_text(f"import costmodel\ncostmodel.sweep({study!r}, workers=2)\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(costmodel.__file__).parents[1])}
    ran = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False, timeout=PATIENT_S)
    assert ran.returncode == 1
    # The processes that ended while they started print as well, in any order.
    told = [line for line in ran.stderr.splitlines() if line.startswith("costmodel.")]
    assert len(told) == 1, ran.stderr
    assert 'keeps its own work below `if __name__ == "__main__":` (or takes workers=1)' in told[0]
