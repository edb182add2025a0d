"""The command: files, formats, and one clear line for a wrong study file."""

import json
import re

import pytest

from costmodel.cli.app import main
from costmodel.evaluation.evaluating import evaluate
from costmodel.report.quantities import energy_text
from costmodel.sources.catalogue import load_scenario

STUDY = """\
name: widths
axes:
  - {name: conv1, path: layers.conv1.out_channels, range: {start: 4, stop: 24, step: 4}}
  - {name: conv2, path: layers.conv2.out_channels, values: [8, 16, 32]}
objectives: [{minimise: energy.memory}, {maximise: network.mac_count}]
"""


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(STUDY, encoding="utf-8")
    return file


def test_a_study_becomes_a_front_a_figure_and_a_scenario_that_report_reads(study, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["sweep", str(study), "--out", str(out), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["evaluated"] == 18
    assert {path.name for path in out.iterdir()} >= {"front.csv", "front.png", "summary.json", "chosen.scenario.yaml", "parts"}
    assert main(["report", str(out / "chosen.scenario.yaml"), "--format", "json"]) == 0
    capsys.readouterr()
    assert main(["sweep", str(study), "--out", str(out)]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(["sweep", str(study), "--out", str(out), "--resume"]) == 0


def test_a_folder_stands_for_its_study_and_every_format_is_there(study, tmp_path, capsys):
    for form in ("terminal", "markdown", "csv", "json"):
        assert main(["sweep", str(tmp_path), "--out", str(tmp_path / form), "--format", form]) == 0
        assert "energy.memory" in capsys.readouterr().out


def test_the_chosen_design_stands_beside_the_base_in_peoples_units(study, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["sweep", str(study), "--out", str(out), "--choose", "least:energy.memory", "--format", "markdown"]) == 0
    said = capsys.readouterr().out
    first, _, _ = said.partition("## ")
    rows = {row.split("|")[1].strip(): [cell.strip() for cell in row.split("|")[2:-1]] for row in first.splitlines() if row.startswith("|")}
    base, chosen, change, share = rows["energy.memory"]
    assert base == "42.7 µJ"
    assert chosen.endswith("µJ")
    assert change.startswith("-")
    assert share.endswith(" %")
    assert rows["conv1"][0] == "25"
    assert f"costmodel report {out / 'chosen.scenario.yaml'}" in said
    energy_pj = evaluate(load_scenario(out / "chosen.scenario.yaml")).dataflows[0].energy.memory_pj
    assert chosen == energy_text(energy_pj)


def test_a_page_names_each_point_of_the_front(study, tmp_path, capsys):
    assert main(["sweep", str(study), "--out", str(tmp_path / "o"), "--format", "html"]) == 0
    page = capsys.readouterr().out
    with (tmp_path / "o" / "front.csv").open(encoding="utf-8") as table:
        designs = len(table.readlines()) - 1
    points = re.findall(r'class="point" role="img" aria-label="([^"]+)"', page)
    assert len(points) == designs
    assert len([point for point in points if point.startswith("knee: conv1 ")]) == 1
    assert page.count('<tr><th scope="row">') >= designs
    assert "http://www.w3.org" not in page.replace('xmlns="http://www.w3.org', "")


def test_keeping_all_says_its_size_first(study, tmp_path, capsys):
    assert main(["sweep", str(study), "--out", str(tmp_path / "o"), "--keep", "all", "--format", "csv"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("keep: all writes up to 18 designs of 6 columns")
    assert len((tmp_path / "o" / "all.csv").read_text(encoding="utf-8").splitlines()) == 19


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "minimise: energy.memory",
            "minimize: energy.memory",
            "study.yaml:5:15 objectives[0]: 'minimize' is not a field here (did you mean 'minimise'?)",
        ),
        ("start: 4", "start: four", "study.yaml:3:"),
        ("name: conv1, ", "nmae: conv1, ", "study.yaml:3:"),
        (STUDY, "- a list\n", "a study is a mapping"),
        (STUDY, "", "study"),
        ("[8, 16, 32]", "[8, 16", "not YAML"),
    ],
)
def test_a_wrong_study_file_is_one_line_with_its_place(old, new, message, study, capsys):
    study.write_text(STUDY.replace(old, new), encoding="utf-8")
    assert main(["sweep", str(study), "--out", str(study.parent / "o")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.strip().splitlines()) == 1


def test_the_size_that_is_said_holds_and_what_is_there_counts_as_room(study, tmp_path, capsys, monkeypatch):
    """Results of the jobs and the table: both stay on disk."""
    out = tmp_path / "o"
    study.write_text(STUDY.replace("stop: 24, step: 4", "stop: 2000"), encoding="utf-8")
    arguments = ["sweep", str(study), "--out", str(out), "--keep", "all", "--format", "csv"]
    assert main(arguments) == 0
    said = sum(float(size) for size in re.findall(r"([0-9.]+) MB", capsys.readouterr().err)) * 1e6
    written = sum(path.stat().st_size for path in out.rglob("*") if path.name in ("all.csv", "000000.npz"))
    assert 0.4 * said < written < said
    usage = type("Usage", (), {"free": int(said) - 100_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert main([*arguments, "--force"]) == 2
    assert "MB are free" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0


@pytest.mark.parametrize("choice", ["best", "least:enrgy.memory", "9999"])
def test_a_choice_that_names_no_design_is_refused(choice, study, capsys):
    assert main(["sweep", str(study), "--out", str(study.parent / "o"), "--choose", choice]) == 2
    assert "--choose" in capsys.readouterr().err


def test_a_missing_study_offers_the_nearest_file(study, capsys):
    assert main(["sweep", str(study.parent / "studi.yaml")]) == 2
    assert "study.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("layers.conv1.out_channels", "layers.conv1.out_chanels", "study.yaml:3:5 layers.conv1: 'out_chanels' is not a field of conv1"),
        (
            "path: layers.conv2.out_channels, values: [8, 16, 32]",
            "path: dataflow, values: [row-stationery]",
            "study.yaml:4:44 dataflow: 'row-st",
        ),
        ("[8, 16, 32]", "[8, 16, 8]", "study.yaml:4:60 conv2: axis 'conv2' has the value 8 twice"),
        ("energy.memory}", "enrgy.memory}", "study.yaml:5:14 figure: 'enrgy.memory' is not"),
        ("objectives", "constraints: [memory.ram <= 9]\nobjectives", "study.yaml:5:15 no design is left: the constraint 'memory.ram <= 9'"),
        ("objectives", "conditions: [conv1 < conv3]\nobjectives", "study.yaml:5:14 conditions: 'conv3' is not an axis"),
        (
            "objectives",
            "set: {acounting: sum}\nobjectives",
            "study.yaml:5:18 field: 'acounting' is not a field of a scenario (did you mean",
        ),
        ("objectives", "columns: [memory.rm]\nobjectives", "study.yaml:5:11 figure: 'memory.rm'"),
        ("objectives", "base: esp32-dek\nobjectives", "study.yaml:5:7 scenario: 'esp32-dek' is not packaged (did you mean"),
        ("objectives", "objetives", "study.yaml:5:1 study: 'objetives' is not a field here (did you mean 'objectives'?)"),
        ("objectives", "given: [{on: [conv], figure: a, rows: [[4, 1]]}]\nobjectives", "study.yaml:5:9 given 'a': 'conv' is not an axis"),
    ],
)
def test_a_mistake_in_a_name_has_its_place_in_the_file(old, new, message, study, capsys):
    study.write_text(STUDY.replace(old, new, 1), encoding="utf-8")
    assert main(["sweep", str(study), "--out", str(study.parent / "o")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (study.parent / "o" / "front.csv").exists()


def test_a_packaged_study_goes_by_its_name(tmp_path, capsys):
    assert main(["sweep", "pruning-pool-bits", "--out", str(tmp_path / "o"), "--format", "csv"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["sweep", "prunin-pool-bits"]) == 2
    assert "did you mean 'pruning-pool-bits'" in capsys.readouterr().err
    assert main(["sweep", str(tmp_path / "none.yaml")]) == 2
    assert "`costmodel init my-net.yaml` writes a study" in capsys.readouterr().err


def test_several_mistakes_in_a_base_written_out_have_its_place(study, capsys):
    study.write_text(STUDY + "base: {name: b, netwrk: resnet8, device: esp32-wroom}\n", encoding="utf-8")
    assert main(["sweep", str(study)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("study.yaml:6:7 scenario: 'net" in line for line in lines)


def test_what_all_designs_of_the_front_share_is_said_once_and_not_in_every_row(study, tmp_path, capsys):
    text = study.read_text(encoding="utf-8") + "columns: [battery.usable_energy, energy.leakage]\n"
    both = "axes:\n  - {path: dataflow, values: [output-stationary, row-stationary]}\n"
    study.write_text(text.replace("axes:\n", both), encoding="utf-8")
    assert main(["sweep", str(study), "--out", str(tmp_path / "o")]) == 0
    _, _, designs = capsys.readouterr().out.partition("Designs of the front")
    table, _, rest = designs.partition("designs evaluated")
    assert "conv1" in table
    assert "dataflow" not in table
    told = " ".join(rest.split())
    assert "All on the front have dataflow = output-stationary, battery.usable_energy = 13,770 J" in told
    assert main(["sweep", str(study), "--out", str(tmp_path / "o"), "--resume", "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith(",dataflow,conv1,conv2,energy.memory [pJ],network.mac_count,battery.usable_energy [J]")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("leats:energy.memory", "--choose: expected knee, least:FIGURE, most:FIGURE or a row from 0, found 'leats:energy.memory'"),
        ("least:energy.memry", "--choose: 'energy.memry' is not a column of this sweep (did you mean 'energy.memory'?)"),
        ("least", "--choose: expected knee"),
        ("-1", "--choose: expected knee"),
    ],
)
def test_a_wrong_choice_is_told_before_anything_is_computed(choice, message, study, tmp_path, capsys):
    assert main(["sweep", str(study), "--out", str(tmp_path / "o"), "--choose", choice]) == 2
    assert capsys.readouterr().err.startswith(message)
    assert not (tmp_path / "o").exists()


def test_a_knee_is_not_chosen_nor_shown_without_objectives(study, tmp_path, capsys):
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace(re.findall("objectives.*", text)[0], "keep: all\ncolumns: [energy.memory]"), encoding="utf-8")
    assert main(["sweep", str(study), "--out", str(tmp_path / "o"), "--choose", "knee"]) == 2
    assert "--choose: a knee needs objectives; choose least:FIGURE" in capsys.readouterr().err
    assert main(["sweep", str(study), "--out", str(tmp_path / "o"), "--choose", "least:energy.memory"]) == 0
    out = capsys.readouterr().out
    assert "are shown; all are in the table" in " ".join(out.split())
    assert "the knee" not in out


def test_two_clusters_at_once_are_refused(study, tmp_path, capsys):
    assert main(["sweep", str(study), "--out", str(tmp_path / "o"), "--dask", "tcp://127.0.0.1:1", "--local-cluster", "2"]) == 2
    assert "a Dask scheduler or on a local cluster, and not on both" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "kind"),
    [("name: n\ninput: 1x8x8\nlayers: []\n", "network"), ("name: s\nnetwork: resnet8\ndevice: esp32-wroom\n", "scenario")],
)
def test_another_kind_of_file_is_told_as_such_in_one_line(text, kind, study, capsys):
    study.write_text(text, encoding="utf-8")
    assert main(["sweep", str(study)]) == 2
    error = capsys.readouterr().err
    assert f"study.yaml describes a {kind} and no study of several; `costmodel init my-net.yaml` writes a study" in error
    assert error.count("\n") == 1


def test_what_is_known_of_neither_side_is_said_below_the_key_figures(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", "pruning-pool-bits"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Not known on either side: latency.total and battery.duty_life; the next command says why." in said
    assert main(["report", "sweep-pruning-pool-bits/chosen.scenario.yaml", "--section", "latency"]) == 0
    assert "not calibrated: " in " ".join(capsys.readouterr().out.split())
