"""`calibrate` as a newcomer uses it: a table in, rates and errors out, a file that `report` takes."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any, get_args

import pytest

from costmodel.cli.app import main
from costmodel.evaluation.timing.estimate import estimate_time
from costmodel.latency.kernel_paths import KernelRegressors
from costmodel.results.counts import AccessCounts
from costmodel.sources.catalogue import load_device, load_network
from costmodel.sources.runtimes import load_runtime, runtime_text
from costmodel.specs.devices.runtime import RegressorName

TABLE = "network,latency_ms\nresnet8,731\nds-cnn,187\nmobilenet-v1-0.25,565\nautoencoder,16.1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "measured.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def test_a_table_becomes_a_runtime_that_a_report_takes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "measured.csv", "--device", "nrf52840", "--runtime", "mine", "--format", "json"]) == 0
    fit = json.loads(capsys.readouterr().out)
    assert fit["network_count"] == 4
    assert [rate["kind"] for rate in fit["rates"]] == ["convolution", "pointwise", "depthwise", "linear"]
    assert all(rate["identified"] for rate in fit["rates"])
    assert main(["report", "resnet8", "--device", "nrf52840", "--runtime", "mine-nrf52840.runtime.yaml", "--format", "json"]) == 0
    time = json.loads(capsys.readouterr().out)["outlook"]["time"]
    assert time["trust"] == "scaled"
    assert time["duration_s"] == pytest.approx(0.731, rel=0.05)


def test_measured_networks_are_met_and_the_file_reads_back_equal(folder: Path) -> None:
    assert main(["calibrate", "measured.csv", "--device", "nrf52840", "--out", "mine.yaml"]) == 0
    runtime = load_runtime("mine.yaml")
    (folder / "again.yaml").write_text(runtime_text(runtime), encoding="utf-8")
    assert load_runtime("again.yaml") == runtime
    for network, seconds in (("ds-cnn", 0.187), ("mobilenet-v1-0.25", 0.565)):
        found = estimate_time(load_network(network), load_device("nrf52840"), runtime)
        assert found.low_s is not None
        assert found.high_s is not None
        assert found.low_s < seconds < found.high_s


def test_one_network_answers_and_says_what_it_cannot(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "one.csv").write_text("model,time (ms),clock_mhz\nresnet8,389,120\n", encoding="utf-8")
    assert main(["calibrate", "one.csv", "--device", "nrf52840"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "no: measure a network with depthwise layers" in said
    assert "a second one would show how far its prediction is off" in said
    assert main(["report", "ds-cnn", "--device", "nrf52840", "--runtime", "my-runtime-nrf52840.runtime.yaml", "--format", "json"]) == 0
    time = json.loads(capsys.readouterr().out)["outlook"]["time"]
    assert time["trust"] == "range"
    assert time["duration_s"] is None
    assert "pointwise" in time["unidentified"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("network,latency\nresnet8,389\n", "measured.csv:1:1 column `latency` has no unit: name it latency_s or latency_ms"),
        ("network,latency_ms\nresnt8,389\n", "did you mean 'resnet8'"),
        ("network,latency_ms,clock_mhz\nresnet8,389,0\n", "measured.csv:2:1 the clock should be above 0, found 0"),
        ("network,latency_ms\nresnet8,-3\n", "measured.csv:2:1 the time should be above 0, found -3"),
        ("network,latency_ms\nresnet8,1e300\n", "the time should be 1e-09 to 1e+09 s, found 1e300"),
        ("network,latency_ms\nresnet8,fast\n", "the time should be a number, found 'fast'"),
        ("network,latency_ms\nresnet8,1\nresnet8,2\n", "resnet8: stands twice at 64 MHz"),
        ("latency_ms\n3\n", "has no column of networks"),
        ("network,latency_ms\n", "holds no rows"),
        ("network,latency_ms\nresnet8\n", "has 1 cells, fewer than the header names"),
    ],
)
def test_a_mistake_is_one_line(folder: Path, table: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "measured.csv").write_text(table, encoding="utf-8")
    assert main(["calibrate", "measured.csv", "--device", "nrf52840"]) == 2
    found = capsys.readouterr().err
    assert said in found
    assert found.count("\n") == 1
    assert not (folder / "my-runtime-nrf52840.runtime.yaml").exists()


def test_a_file_that_is_there_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.yaml").write_text("precious", encoding="utf-8")
    assert main(["calibrate", "measured.csv", "--device", "nrf52840", "--out", "mine.yaml"]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert (folder / "mine.yaml").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--runtime", "my runtime"), "runtime: expected a name of letters, digits and _ . -, found 'my runtime'"),
        (("--runtime", "../evil"), "runtime: expected a name"),
        (("--version", ""), "version: expected 1 to 200 characters, found 0"),
    ],
)
def test_a_name_that_is_none_is_one_line(folder: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "measured.csv", "--device", "nrf52840", *options]) == 2
    found = capsys.readouterr().err
    assert said in found
    assert found.count("\n") == 1


def test_a_runtimes_file_that_tells_nothing_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = "{device: nrf52840, network: n, clock_hz: 1.0e6, version: v, duration_s: 1.0, source: s}"
    (folder / "none.yaml").write_text(f"name: none\nmeasured: [{nothing}]\nsource: s\n", encoding="utf-8")
    assert main(["report", "ds-cnn", "--device", "nrf52840", "--runtime", "none.yaml"]) == 2
    assert "needs multiply-accumulates" in capsys.readouterr().err


def test_regressors_of_a_file_are_those_that_are_counted() -> None:
    assert set(get_args(RegressorName)) == set(KernelRegressors._fields)


def test_a_column_of_energies_gives_the_boards_power(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "network,latency_ms,energy_mj\nresnet8,731,14.62\nds-cnn,187,3.74\nautoencoder,16.1,\n"
    (folder / "power.csv").write_text(rows, encoding="utf-8")
    assert main(["calibrate", "power.csv", "--device", "nrf52840", "--out", "mine.yaml"]) == 0
    assert "Power while inferring at 64 MHz: 20.0 mW; another network's is" in " ".join(capsys.readouterr().out.split())
    assert main(["report", "mobilenet-v1-0.25", "--device", "nrf52840", "--runtime", "mine.yaml", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["outlook"]
    energy, time = told["energy"], told["time"]
    assert energy["power_trust"] == energy["trust"] == "scaled"
    assert energy["energy_j"] == pytest.approx(0.020 * time["duration_s"], rel=1e-12)
    # Wider than either of what it is made of, narrower than both at once.
    width = time["high_s"] / time["low_s"]
    assert width < energy["energy_high_j"] / energy["energy_low_j"] < 1.15 * width
    assert told["life"]["life_low_s"] < told["life"]["life_s"] < told["life"]["life_high_s"]
    assert main(["report", "mobilenet-v1-0.25", "--device", "nrf52840", "--runtime", "mine.yaml"]) == 0
    assert "power of resnet8" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("cell", ["0", "-1", "nan", "much", "1e20"])
def test_an_energy_that_is_none_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str], cell: str) -> None:
    (folder / "power.csv").write_text(f"network,latency_ms,energy_mj\nresnet8,731,{cell}\n", encoding="utf-8")
    assert main(["calibrate", "power.csv", "--device", "nrf52840"]) == 2
    assert "power.csv:2:1" in (said := capsys.readouterr().err)
    assert "energy should be" in said


def test_a_table_with_a_stray_carriage_return_is_read_by_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "measured.csv").write_bytes(b"ne\rtwork,latency_ms\nresnet8,731\n")
    assert main(["calibrate", "measured.csv", "--device", "nrf52840"]) == 2
    assert "has no column of networks: expected `network`, found ne" in capsys.readouterr().err


def logged(ran: str, ticks: dict[str, int], **changes: Any) -> str:
    """The log of a run in which layers took ticks."""
    start = {"run": 1, "port": "esp32", "build": "timing", "compiler": "12.2.0", "flags": "-O2", "core": "0123456789abcdef"}
    start |= {"model": "7c83ec0b", "network": ran, "variant": "int8", "dataflow": "output-stationary", "layer_count": len(ticks)}
    start |= {"model_bytes": 1000, "activation_bytes": 64, "arena_bytes": 96, "ticks_hz": 1_000_000, **changes}
    events: list[tuple[str, dict[str, Any]]] = [("start", start)]
    for index, (name, tick_count) in enumerate(ticks.items()):
        layer = {"run": start["run"], "index": index, "name": name, "kind": "conv2d", "tick_count": tick_count, "output": "deadbeef"}
        counts = dict.fromkeys(AccessCounts._fields, 0) if start["build"] == "counting" else {}
        events.append(("layer", layer | counts))
    events.append(("end", {"run": start["run"], "status": "ok", "code": 0, "class": 3, "output": "00ff7f"}))
    lines = []
    for event, fields in events:
        text = json.dumps({"cm": 1, "event": event, **fields}, separators=(",", ":"))[:-1]
        lines.append(f'{text},"crc":"{zlib.crc32(text.encode()):08x}"}}\n')
    return "".join(lines)


def ticks_of(network: str, each: int) -> dict[str, int]:
    return {step.name: each for step in load_network(network).steps}


def test_the_ticks_of_a_log_are_the_times_of_its_networks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [("resnet8", 9_000), ("resnet8", 11_000), ("ds-cnn", 4_000)]
    text = "".join(logged(name, ticks_of(name, each), run=at + 1) for at, (name, each) in enumerate(runs))
    (folder / "serial.log").write_text(f"boot: ESP-IDF v5.4\n{text}", encoding="utf-8")
    assert main(["calibrate", "serial.log", "--device", "esp32-wroom", "--format", "json"]) == 0
    fit = json.loads(capsys.readouterr().out)
    means_s = {name: each * len(load_network(name).steps) / 1e6 for name, each in (("resnet8", 10_000), ("ds-cnn", 4_000))}
    assert {left["network"]: left["measured_s"] for left in fit["left_out"]} == pytest.approx(means_s)
    assert (
        main(["report", "resnet8", "--device", "esp32-wroom", "--runtime", "my-runtime-esp32-wroom.runtime.yaml", "--format", "json"]) == 0
    )
    time = json.loads(capsys.readouterr().out)["outlook"]["time"]
    assert time["low_s"] < means_s["resnet8"] < time["high_s"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"build": "counting"}, "a run of the counting build counts while it runs"),
        ({"ticks_hz": 0}, "a tick of port esp32 is no time"),
        ({"variant": "float32"}, "resnet8 ran as float32"),
        ({"network": "resnt8"}, "say with --network which it is"),
        ({"network": "ds-cnn"}, "which ds-cnn has not"),
    ],
)
def test_a_log_that_tells_no_time_is_refused(folder: Path, changes: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "serial.log").write_text(logged("resnet8", ticks_of("resnet8", 5), **changes), encoding="utf-8")
    assert main(["calibrate", "serial.log", "--device", "esp32-wroom"]) == 2
    found = capsys.readouterr().err
    assert said in found
    assert found.count("\n") == 1


def test_runs_under_several_dataflows_are_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = logged("mine", ticks_of("resnet8", 5)) + logged("mine", ticks_of("resnet8", 7), run=2, dataflow="row-stationary")
    (folder / "serial.log").write_text(log, encoding="utf-8")
    command = ["calibrate", "serial.log", "--device", "esp32-wroom", "--network", "resnet8"]
    assert main(command) == 2
    assert "runs are under output-stationary, row-stationary" in capsys.readouterr().err
    assert main([*command, "--dataflow", "weight-stationary"]) == 2
    assert "holds no run under weight-stationary" in capsys.readouterr().err
    assert main([*command, "--dataflow", "row-stationary"]) == 0
    capsys.readouterr()
    assert load_runtime("my-runtime-esp32-wroom.runtime.yaml").measured[0].duration_s == pytest.approx(
        7e-6 * len(load_network("resnet8").steps)
    )
    assert main(["calibrate", "measured.csv", "--device", "nrf52840", "--network", "resnet8"]) == 2
    assert "--network: is of a device log" in capsys.readouterr().err
