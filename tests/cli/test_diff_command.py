"""`costmodel diff`: two networks side by side, and a check for a pull request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tflite_writer import small_network

from costmodel.cli.app import main
from costmodel.cli.costs.diff_command import limits_of
from costmodel.errors import InputError
from costmodel.evaluation.differences import PER_LAYER, UNITS, diff_networks, matched_layers
from costmodel.evaluation.evaluating import evaluate
from costmodel.results.graphs.network_diff import NetworkDiff
from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario
from costmodel.specs.scenario import Scenario

NET = """
name: net
input: [3, 8, 8]
layers:
  - {name: first, kind: conv2d, out_channels: 4, kernel: 3}
  - {name: relu, kind: relu}
  - {name: flat, kind: flatten}
  - {name: out, kind: linear, out_features: 10}
"""


def scenario(name: str) -> Scenario:
    return changed_scenario(None, ScenarioChanges(network=name, device="esp32-wroom"))


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(NET, encoding="utf-8")
    return tmp_path


def diffed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    assert main(["diff", *arguments, "--format", "json"]) == status, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("before", "after"), [("cifar-baseline", "cifar-aap-pruned"), ("resnet8", "ds-cnn"), ("ds-cnn", "ds-cnn")])
def test_layers_add_up_to_the_whole_before_and_after(before: str, after: str) -> None:
    found = diff_networks(scenario(before), scenario(after))
    totals = {total.figure: total for total in found.totals}
    answers = {name: evaluate(scenario(name)) for name in (before, after)}
    assert totals["parameters"].before == answers[before].parameter_count
    assert totals["energy"].after == answers[after].dataflows[0].energy.memory_pj
    for figure in PER_LAYER:
        for side in ("before", "after"):
            layers = [getattr(one, side) or 0 for layer in found.layers for one in layer.figures if one.figure == figure]
            whole = getattr(totals[figure], side)
            if whole is not None:
                assert sum(layers) == pytest.approx(whole, rel=1e-12)
    assert NetworkDiff.model_validate_json(found.model_dump_json()) == found


def test_a_network_and_itself_are_alike(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "ds-cnn", "ds-cnn", "--max-increase", "0%"]) == 0
    said = capsys.readouterr().out
    assert "Nothing grows more than it may." in said
    assert "No layer changed" in said


@pytest.mark.usefixtures("nets")
def test_a_layer_put_in_front_leaves_the_others_found(capsys: pytest.CaptureFixture[str]) -> None:
    front = "layers:\n  - {name: zero, kind: conv2d, out_channels: 3, kernel: 3, padding: 1}\n"
    longer = NET.replace("layers:\n", front).replace("first", "second")
    Path("b.yaml").write_text(longer.replace("name: net", "name: longer"), encoding="utf-8")
    found = diffed(capsys, "a.yaml", "b.yaml")
    matches = {layer["after"]: (layer["before"], layer["match"]) for layer in found["layers"]}
    assert matches["zero"] == (None, "added")
    assert matches["second"] == ("first", "structure")
    assert matches["out"] == ("out", "name")
    back = diffed(capsys, "b.yaml", "a.yaml")
    assert [layer["before"] for layer in back["layers"] if layer["match"] == "removed"] == ["zero"]
    assert back["layers"][0]["before"] == "zero"


@pytest.mark.usefixtures("nets")
def test_numbered_names_that_moved_do_not_hide_what_stayed(capsys: pytest.CaptureFixture[str]) -> None:
    def numbered(kernels: list[int]) -> str:
        layer = "  - {{name: conv{at}, kind: conv2d, out_channels: {channels}, kernel: {kernel}, padding: {padding}}}\n"
        layers = [layer.format(at=at, channels=4 + k, kernel=k, padding=k // 2) for at, k in enumerate(kernels)]
        return "name: net\ninput: [3, 8, 8]\nlayers:\n" + "".join(layers)

    Path("b.yaml").write_text(numbered([3, 5, 1]), encoding="utf-8")
    Path("c.yaml").write_text(numbered([3, 3, 5, 1]), encoding="utf-8")
    found = diffed(capsys, "b.yaml", "c.yaml")
    assert [layer["match"] for layer in found["layers"]].count("added") == 1
    assert {(layer["before"], layer["after"]) for layer in found["layers"]} >= {("conv1", "conv2"), ("conv2", "conv3")}


@pytest.mark.usefixtures("nets")
def test_what_grows_too_much_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wide.yaml").write_text(NET.replace("out_channels: 4", "out_channels: 8"), encoding="utf-8")
    found = diffed(capsys, "a.yaml", "wide.yaml", "--max-increase", "5%", status=1)
    assert {limit["figure"] for limit in found["exceeded"]} >= {"parameters", "stored", "macs", "accesses", "ram", "energy"}
    found = diffed(capsys, "a.yaml", "wide.yaml", "--max-increase", "150%,macs=0", status=1)
    assert [limit["figure"] for limit in found["exceeded"]] == ["macs"]
    # A name of its own stands in for the limit over every figure.
    assert diffed(capsys, "a.yaml", "wide.yaml", "--max-increase", "150%")["exceeded"] == []
    assert diffed(capsys, "wide.yaml", "a.yaml", "--max-increase", "0%")["exceeded"] == []
    assert main(["diff", "a.yaml", "wide.yaml", "--max-increase", "ram=0", "--format", "markdown"]) == 1
    assert "**exceeded: RAM:" in capsys.readouterr().out


def test_scenarios_are_held_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    found = diffed(capsys, "esp32-deck", "resnet8")
    assert (found["device_before"], found["device"]) == ("esp32-wroom", "esp32-wroom")
    deck, resnet = found["outlooks"]
    assert deck["time"]["duration_s"] == 0.32
    assert resnet["life"]["battery"] == "lipo-500mah"
    assert main(["diff", "esp32-deck", "resnet8"]) == 0
    said = capsys.readouterr().out
    for words in ("20.9 h", "cifar-aap-pruned is counted with nominal taps", "resnet8 is counted with valid taps", "Battery", "320.0 ms"):
        assert words in said
    assert main(["diff", "esp32-dek", "resnet8"]) == 2
    assert "did you mean 'esp32-deck'?" in capsys.readouterr().err


def test_key_figures_of_both_sides_are_those_of_their_reports(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--device", "nrf52840", "--rate", "1/h", "--battery", "cr2032"]
    assert main(["diff", "resnet8", "ds-cnn", *asked, "--format", "markdown"]) == 0
    rows = {row.split("|")[1].strip(): row for row in capsys.readouterr().out.splitlines() if row.startswith("|")}
    for place, network in ((2, "resnet8"), (3, "ds-cnn")):
        assert main(["report", network, *asked, "--format", "markdown"]) == 0
        answer = [row for row in capsys.readouterr().out.splitlines() if row.startswith("| ") and "**" in row][:5]
        for row in answer:
            label, value = (cell.strip(" *") for cell in row.split("|")[1:3])
            assert rows[label].split("|")[place].strip() == value, label


def test_time_energy_and_life_change_by_their_points_and_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["diff", "resnet8", "mobilenet-v1-0.25", "--device", "esp32-s3", "--rate", "1/min"]
    assert main([*words, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    lives = [side["life"]["life_s"] for side in found["outlooks"]]
    changes = {one["figure"]: one for one in found["outlook_changes"]}
    assert changes["battery-life"]["change"] == pytest.approx(lives[1] - lives[0], rel=1e-12)
    assert changes["inference-time"]["trust"] == "calibrated"
    assert main(words) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("Time ", "Energy ", "Battery "))]
    assert [re.search(r"[+-][\d.]+ (ms|mJ|days)", line) is not None for line in shown[:3]] == [True, True, True]
    assert main(["explain", "diff.outlook_changes.2.change", "--of", " ".join(words), "--depth", "1"]) == 0
    said = capsys.readouterr().out
    assert f"= {changes['battery-life']['change']:,.0f} s" in said
    assert "d = a - b" in said
    # Of a range no point is known: nothing changes by a number.
    assert main(["diff", "resnet8", "ds-cnn", "--device", "nrf52840", "--format", "json"]) == 0
    ranges = json.loads(capsys.readouterr().out)["outlook_changes"]
    assert [one["change"] for one in ranges] == [None, None, None]
    assert [one["trust"] for one in ranges] == ["range", "assumed", "assumed"]


def test_one_network_before_and_after_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "ds-cnn", "ds-cnn"]) == 0
    said = capsys.readouterr().out
    assert "ds-cnn, before" in said
    assert "ds-cnn, after" in said


def test_the_page_holds_layers_buffers_and_life_of_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "resnet8", "ds-cnn", "--device", "esp32-s3-wroom-1-n8", "--format", "html"]) == 0
    page = capsys.readouterr().out
    shown = page[page.index("<h1>") :]
    places = [
        shown.index(words) for words in ("FITS", "Side by side", 'id="totals"', 'id="layers"', 'id="energy"', 'id="memory"', 'id="battery"')
    ]
    assert places == sorted(places)
    assert shown.count("<svg") == 4
    assert "once an hour" in shown
    assert len(page) < 500_000
    # What a style holds is no text of the page: no name of a character is read there.
    assert "&#" not in page[page.index("<style>") : page.index("</style>")]


def test_model_files_compare_their_arenas_too(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (nets / "same.tflite").write_bytes(small_network())
    (nets / "valid.tflite").write_bytes(small_network(padding=1))
    found = diffed(capsys, "same.tflite", "valid.tflite")
    arena = next(total for total in found["totals"] if total["figure"] == "tflm-arena")
    assert arena["change"] < 0
    said = " ".join((main(["diff", "same.tflite", "valid.tflite", "--device", "nrf52840"]), capsys.readouterr().out)[1].split())
    assert "TFLM arena, reference kernels" in said
    for name in ("same", "valid"):
        assert main(["report", f"{name}.tflite", "--device", "nrf52840"]) == 0
        verdict = re.search(r"TFLM arena \(head .+? at boot", " ".join(capsys.readouterr().out.split()))
        assert verdict is not None
        assert verdict[0] in said
    assert main(["diff", "same.tflite", "a.yaml", "--max-increase", "tflm-arena=0"]) == 2
    assert "both networks must be .tflite files" in capsys.readouterr().err


def test_what_cannot_be_meant_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["resnet8", "resnt8"], "did you mean 'resnet8'?"),
        (["resnet8", "resnet8", "--max-increase", "mac=5%"], "did you mean 'macs'?"),
        (["resnet8", "resnet8", "--max-increase", "5"], "5 of what?"),
        (["resnet8", "resnet8", "--max-increase", "-5%"], "expected 5%"),
        (["resnet8", "resnet8", "--max-increase", "macs=1e999"], "no finite limit"),
        (["resnet8", "resnet8", "--max-increase", "time=5%"], "time is not known"),
    ):
        assert main(["diff", *arguments]) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


@given(st.text(max_size=12))
def test_any_limit_is_taken_or_refused(text: str) -> None:
    try:
        limits = limits_of([text])
    except InputError:
        return
    assert all(limit.most >= 0 and (limit.figure is None or limit.figure in UNITS) for limit in limits)


@given(st.lists(st.sampled_from("abcd"), max_size=8, unique=True), st.lists(st.sampled_from("abcd"), max_size=8, unique=True))
def test_no_layer_is_found_twice(before: list[str], after: list[str]) -> None:
    from costmodel.evaluation.differences import _Layer

    pairs = matched_layers(*([_Layer(name, "k", (name in "ab",), {}) for name in names] for names in (before, after)))
    assert len(set(pairs.values())) == len(pairs)
    assert all(place < len(after) and at < len(before) for place, at in pairs.items())
    assert len(pairs) == min(len(before), len(after))
