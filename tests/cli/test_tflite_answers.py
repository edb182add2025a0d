"""A newcomer with a .tflite file: how large the arena must be, what to register, and why the runtime does not run it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tflite_writer import ModelFile, Scalar, small_network

import costmodel
from costmodel.cli.app import main
from costmodel.report.document import Listing
from costmodel.report.quantities import bytes_text
from costmodel.sources.importers.channels_first.operator_table import FIRST_LOWERINGS
from costmodel.sources.importers.channels_first.written_out.table import WRITTEN_OUT
from costmodel.sources.importers.lowering_table import FOLDED_ONLY, LOWERINGS
from costmodel.sources.importers.understood import costed_as

ADDS = ("AddConv2D", "AddDepthwiseConv2D", "AddFullyConnected", "AddMean", "AddSoftmax")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.tflite").write_bytes(small_network())
    return tmp_path


def hybrid_model() -> bytes:
    """A convolution of float activations with int8 weights."""
    file = ModelFile()
    source, target = file.tensor([1, 4, 4, 1], "float32"), file.tensor([1, 4, 4, 1], "float32", name="a;b")
    weights = file.tensor([1, 3, 3, 1], "int8", bytes(9), scales=[0.5])
    file.operator(3, [source, weights], [target], {0: Scalar("b", 0), 1: Scalar("i", 1), 2: Scalar("i", 1)})
    return file.written([source], [target])


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_the_code_to_paste_registers_what_the_model_uses(capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "list", "operators", "--network", "small.tflite")
    assert "static tflite::MicroMutableOpResolver<5> resolver;" in said
    assert tuple(re.findall(r"^resolver\.(\w+)\(\);$", said, re.MULTILINE)) == ADDS
    markdown = run(capsys, "list", "operators", "--network", "small.tflite", "--format", "markdown")
    assert "```cpp\nstatic tflite::MicroMutableOpResolver<5> resolver;\n" in markdown
    page = run(capsys, "list", "operators", "--network", "small.tflite", "--format", "html")
    assert "resolver.AddConv2D();" in page
    content = json.loads(run(capsys, "list", "operators", "--network", "small.tflite", "--format", "json"))
    assert content["resolver"].splitlines()[1:] == [f"resolver.{name}();" for name in ADDS]
    assert sum(use["mac_count"] for use in content["operators"]) == 16 * 4 * 27 + 16 * 4 * 9 + 40
    assert content["tflm"]["total_bytes"] == content["tflm"]["head_bytes"] + content["tflm"]["tail_bytes"]


@pytest.mark.usefixtures("folder")
def test_the_report_names_the_arena_and_explain_knows_it(capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(run(capsys, "report", "small.tflite", "--format", "json"))["tflm"]
    assert content["head_bytes"] == 256
    assert content["host_total_bytes"] == 2160
    assert "TFLM arena" in run(capsys, "report", "--network", "small.tflite", "--full")
    explained = run(capsys, "explain", "tflm.total_bytes", "--scenario", "small.tflite")
    assert f"tflm.total_bytes = {content['total_bytes']:,} B" in explained
    assert "tflm.tail_bytes" in run(capsys, "explain", "--scenario", "small.tflite")


@pytest.mark.usefixtures("folder")
def test_a_scenario_of_the_file_is_told_the_same_arena_and_the_commands_to_copy_run(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "init", "mine.yaml", "--device", "nrf52840", "--from", "small.tflite")
    arenas = []
    for words in (["small.tflite", "--device", "nrf52840"], ["mine.scenario.yaml"], ["mine.scenario.yaml", "--sleep", "light"]):
        arenas.append(json.loads(run(capsys, "report", *words, "--format", "json"))["tflm"])
        printed = " ".join(run(capsys, "report", *words).replace("\n", " ").split())
        assert "TFLM arena (head" in printed
        shown = re.findall(r"More: (costmodel .+?) --full", printed)
        assert shown == [" ".join(["costmodel", "report", *words])]
        assert f'costmodel explain FIGURE --of "{shown[0].removeprefix("costmodel ")}"' in printed
    assert arenas[0] == arenas[1] == arenas[2]
    listed = run(capsys, "explain", "tflm.total_bytes", "--scenario", "mine.scenario.yaml")
    assert f"tflm.total_bytes = {arenas[0]['total_bytes']:,} B" in listed
    answer = costmodel.evaluate("mine.scenario.yaml")
    assert "TFLM arena (head" in repr(answer)
    planned = [line for block in answer.document.answer if isinstance(block, Listing) for line in block.lines]
    assert planned == ["costmodel report mine.scenario.yaml --sleep light"]
    direct = costmodel.evaluate("small.tflite", device="esp32-s3").document.answer
    assert [block.lines for block in direct if isinstance(block, Listing)] == [("costmodel plan small.tflite --device esp32-s3",)]
    assert "small" in run(capsys, "plan", "small.tflite", "--device", "nrf52840")


@pytest.mark.usefixtures("folder")
def test_a_scenario_where_a_network_is_asked_names_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "init", "mine.yaml", "--device", "nrf52840", "--from", "small.tflite")
    assert main(["plan", "mine.scenario.yaml"]) == 2
    said = capsys.readouterr().err
    assert said.endswith("network: expected a network, found a scenario; give the network it is about, 'small.tflite'\n")
    assert said.count("\n") == 1


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("device", "runtime", "total", "said"),
    [
        ("nrf52840", (), "cmsis_nn_total_bytes", "FITS {} TFLM arena"),
        ("nrf52840", ("--runtime", "tflm-reference"), "total_bytes", "FITS {} TFLM arena"),
        ("esp32-wroom", (), "total_bytes", "FITS at least {} TFLM arena"),
    ],
)
def test_what_has_to_fit_under_the_interpreter_is_its_arena(
    device: str, runtime: tuple[str, ...], total: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("report", "small.tflite", "--device", device, *runtime)
    content = json.loads(run(capsys, *asked, "--format", "json"))["tflm"]
    used = content["used"]
    assert used["total_bytes"] == content[total] == used["head_bytes"] + used["tail_bytes"]
    (placed,) = used["heap"]["placements"]
    assert (placed["name"], placed["size_bytes"]) == ("tensor_arena", used["total_bytes"])
    screen = " ".join(run(capsys, *asked).split())
    assert said.format(bytes_text(used["total_bytes"])) in screen
    assert f"head {bytes_text(used['head_bytes'])} + tail {bytes_text(used['tail_bytes'])}" in screen
    section = " ".join(run(capsys, *asked, "--section", "tflm").split())
    assert f"it takes {used['total_bytes']:,} B" in section


@pytest.mark.usefixtures("folder")
def test_a_tail_that_finds_no_room_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("report", "small.tflite", "--device", "nrf52840")
    used = json.loads(run(capsys, *asked, "--format", "json"))["tflm"]["used"]
    # The network's own buffers fit what is left, the arena with its tail does not.
    static = 256 * 1024 - used["total_bytes"]
    content = json.loads(run(capsys, *asked, "--static-bytes", str(static), "--format", "json"))
    assert content["evaluation"]["memory"]["heap"]["fits"]
    assert not content["tflm"]["used"]["heap"]["fits"]
    screen = run(capsys, *asked, "--static-bytes", str(static))
    assert "DOES NOT FIT" in screen
    assert "tensor_arena needs" in " ".join(screen.split())


def scenario_of(folder: Path) -> Path:
    """A scenario in another folder than the model file it names."""
    (folder / "plans").mkdir()
    path = folder / "plans" / "deployed.yaml"
    path.write_text("name: deployed\nnetwork: ../small.tflite\ndevice: nrf52840\n", encoding="utf-8")
    return path


def test_a_scenario_that_names_a_model_file_knows_its_arena(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = str(scenario_of(folder))
    alone = json.loads(run(capsys, "report", "small.tflite", "--device", "nrf52840", "--format", "json"))["tflm"]
    assert json.loads(run(capsys, "report", scenario, "--format", "json"))["tflm"] == alone
    # An option comes before the file: another network has no arena of that one.
    assert "tflm" not in json.loads(run(capsys, "report", scenario, "--network", "ds-cnn", "--format", "json"))
    assert f"= {alone['total_bytes']:,} B" in run(capsys, "explain", "tflm.total_bytes", "--scenario", scenario)
    assert "TFLM arena" in run(capsys, "diff", scenario, scenario)
    of_report = run(capsys, "explain", "tflm.used.total_bytes", "--of", f"report {Path(scenario).as_posix()}")
    assert f"= {alone['used']['total_bytes']:,} B" in of_report
    answer = costmodel.evaluate(scenario)
    assert f"{bytes_text(alone['used']['total_bytes'])} TFLM arena" in repr(answer)
    costmodel.write_report(answer, folder / "out")
    assert json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))["tflm"] == alone


@pytest.mark.usefixtures("folder")
def test_predict_judges_the_arena_where_the_interpreter_runs_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    devices = ("nrf52840", "esp32-wroom")
    named = [word for name in devices for word in ("--device", name)]
    rows = {row["device"]: row for row in json.loads(run(capsys, "predict", "small.tflite", *named, "--format", "json"))}
    for device in devices:
        used = json.loads(run(capsys, "report", "small.tflite", "--device", device, "--format", "json"))["tflm"]["used"]
        assert (rows[device]["tflm_arena_bytes"], rows[device]["fits"]) == (used["total_bytes"], used["heap"]["fits"])
    said = run(capsys, "predict", "small.tflite", *named)
    assert "TFLM arena" in said
    known = run(capsys, "explain", "nrf52840.tflm_arena_bytes", "--of", "predict small.tflite --device nrf52840")
    assert f"= {rows['nrf52840']['tflm_arena_bytes']:,} B" in known
    other = json.loads(run(capsys, "predict", "small.tflite", "--device", "stm32l476rg", "--runtime", "x-cube-ai", "--format", "json"))
    assert other[0]["tflm_arena_bytes"] is None
    assert "TFLM arena" not in run(capsys, "predict", "ds-cnn", "--device", "nrf52840")


def test_predict_names_the_device_whose_largest_block_is_too_small_for_the_arena(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("predict", "small.tflite", "--device", "tiny.yaml")
    (folder / "tiny.yaml").write_text("base: nrf52840\nname: tiny\nheap_regions:\n  - {name: ram, size_bytes: 1024}\n", encoding="utf-8")
    (row,) = json.loads(run(capsys, *asked, "--format", "json"))
    assert row["ram_bytes"] <= 1024 < row["tflm_arena_bytes"]
    assert row["fits"] is False
    assert "no; if it did:" in run(capsys, *asked)


def test_predict_says_why_the_interpreter_does_not_run_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hybrid.tflite").write_bytes(hybrid_model())
    said = " ".join(run(capsys, "predict", "hybrid.tflite", "--device", "nrf52840").split())
    assert "TensorFlow Lite Micro does not run this: operator 0 (CONV_2D, 'a')" in said


@pytest.mark.usefixtures("folder")
def test_another_runtime_has_no_arena_of_the_interpreter(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("report", "small.tflite", "--device", "stm32l476rg", "--runtime", "x-cube-ai")
    assert json.loads(run(capsys, *asked, "--format", "json"))["tflm"]["used"] is None
    assert "RAM of" in " ".join(run(capsys, *asked).split())


@pytest.mark.usefixtures("folder")
def test_a_calibrated_runtime_keeps_its_arena(capsys: pytest.CaptureFixture[str]) -> None:
    Path("times.csv").write_text("network,latency_ms\nds-cnn,30\nresnet8,200\n", encoding="utf-8")
    run(capsys, "calibrate", "times.csv", "--device", "nrf52840", "--runtime", "tflm-cmsis-nn", "--out", "mine.runtime.yaml")
    asked = ("report", "small.tflite", "--device", "nrf52840", "--runtime", "mine.runtime.yaml")
    used = json.loads(run(capsys, *asked, "--format", "json"))["tflm"]["used"]
    assert (used["runtime"], used["kernels"]) == ("tflm-cmsis-nn-measured", "cmsis-nn")


def test_a_model_the_runtime_refuses_says_which_operator_and_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hybrid.tflite").write_bytes(hybrid_model())
    said = " ".join(run(capsys, "list", "operators", "--network", "hybrid.tflite").split())
    assert "does not run this: operator 0 (CONV_2D, 'a'): its activations are float32, its weights int8: hybrid models are not supp" in said
    assert "MicroMutableOpResolver" not in said


@pytest.mark.usefixtures("folder")
def test_what_is_no_figure_and_no_model_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["explain", "tflm.total", "--scenario", "small.tflite"], "did you mean 'tflm.total_bytes'?"),
        (["explain", "tflm.total_bytes"], "follows from a .tflite file"),
        (["list", "operators", "--network", "smal.tflite"], "did you mean 'small.tflite'?"),
        (["list", "operators", "--network", "resnet18"], "is no model file"),
        (["list", "networks", "--network", "small.tflite"], "goes with `list operators`"),
        (["list", "operator"], "did you mean 'operators'?"),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


def test_every_lowering_says_how_it_costs_its_operator(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(run(capsys, "list", "operators", "--format", "json"))
    assert {row["operator"] for row in rows if row["format"] == "TensorFlow Lite"} == set(LOWERINGS) | FOLDED_ONLY
    assert {row["operator"] for row in rows if row["format"] == "ONNX"} == set(FIRST_LOWERINGS) | set(WRITTEN_OUT)
    assert [row["operator"] for row in rows if len(row["costed_as"]) < 8] == []
    assert costed_as("ONNX", "UNHEARD_OF") == "not supported"
