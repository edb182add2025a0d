"""`costmodel report` with a trace and with battery life: both in every format, beside what the report holds anyway."""

import json

import pytest

from costmodel.cli.app import main
from costmodel.measurement.synthetic_trace import SyntheticTrace, as_ppk2_csv


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "capture.csv"
    path.write_bytes(b"".join(as_ppk2_csv(SyntheticTrace(rate_hz=10_000.0, span_s=4.0, active_a=0.050, inference_s=0.2))))
    return path


def reported(capsys, *arguments):
    assert main(["report", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_a_trace_and_a_battery_stand_in_a_report_for_people(capsys, capture, form):
    text = reported(
        capsys,
        "--trace",
        str(capture),
        "--sleep",
        "deep",
        "--battery",
        "18650",
        "--format",
        form,
        *(["--full"] if form == "terminal" else []),
    ).replace("&#160;", " ")
    assert "Trace " in text
    assert "Battery life on 18650" in text
    assert "deep beats light below" in text
    assert "Battery, deep in between" in text
    assert "97.5 %" in text


def test_a_trace_gives_the_report_its_power_and_duration(capsys, capture):
    content = json.loads(reported(capsys, "--trace", str(capture), "--format", "json"))
    assert content["evaluation"]["duration_s"] == pytest.approx(0.2, rel=1e-6)
    assert content["evaluation"]["power"]["active_w"] == pytest.approx(0.050 * 5.03, rel=1e-3)
    assert len(content["trace"]["windows"]) == 3
    life = content["battery_life"]["lives"][0]
    assert life["life_low_s"] <= life["life_s"] <= life["life_high_s"]
    assert any(constant["source"].startswith(str(capture)) for constant in content["provenance"]["constants"])


def test_a_battery_has_one_life_wherever_it_stands(capsys):
    text = " ".join(reported(capsys, "--battery", "18650", "--sleep", "idle", "--full").split())
    assert "Battery, once a minute" in text
    assert "The same lives as under Power and battery, with intervals: energy model, self-discharge" in text


def test_figures_of_a_trace_stand_in_a_report_without_its_curve(capsys, capture, tmp_path):
    figures = tmp_path / "figures.json"
    assert main(["trace", str(capture), "--format", "json"]) == 0
    figures.write_text(capsys.readouterr().out, encoding="utf-8")
    text = reported(capsys, "--trace", str(figures), "--format", "html")
    assert "What counts as an inference" in text
    assert "Inference analysis, bounded" not in text


def test_options_come_before_the_trace(capsys, capture):
    content = json.loads(reported(capsys, "--trace", str(capture), "--duration", "0.25", "--active", "0.06", "--format", "json"))
    assert content["evaluation"]["duration_s"] == 0.25
    assert content["evaluation"]["power"]["active_w"] == pytest.approx(0.06 * 5.03)


def test_another_devices_battery_life_takes_the_power_packaged_of_its_board(capsys):
    content = json.loads(reported(capsys, "--device", "esp32-s3-wroom-1-n8", "--sleep", "deep", "--duration", "0.2", "--format", "json"))
    assert content["evaluation"]["power"]["active_w"] == pytest.approx(0.0659 * 3.3)
    assert content["battery_life"]["states"] == "esp32-s3-module"
    assert content["battery_life"]["lives"][0]["life_low_s"] < content["battery_life"]["lives"][0]["life_s"]


def test_quantities_of_a_report_may_name_their_unit(capsys):
    plain = ("--duration", "0.25", "--idle", "0.03", "--active", "0.04", "--supply", "3.3", "--period", "120", "--format", "json")
    units = ("--duration", "250ms", "--idle", "30mA", "--active", "40 mA", "--supply", "3300mV", "--period", "2min", "--format", "json")
    first, second = (json.loads(reported(capsys, *options))["evaluation"] for options in (plain, units))
    assert second["power"] == pytest.approx(first["power"])
    assert second["battery"]["duty_life_s"] == pytest.approx(first["battery"]["duty_life_s"])
    assert second["duration_s"] == first["duration_s"] == 0.25


def test_a_report_without_either_holds_neither(capsys):
    content = json.loads(reported(capsys, "--format", "json"))
    assert not {"trace", "battery_life"} & set(content)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--sleep", "depe"), "did you mean 'deep'"),
        (("--device", "stm32f746zg", "--battery", "18560"), "did you mean '18650'"),
        (("--trace", "absent.csv"), "does not exist"),
        (("--sleep", "deep", "--period", "0.4"), "do not fit the period of 0.4 s"),
    ],
)
def test_what_is_missing_for_them_is_said_in_one_line(capsys, arguments, words):
    assert main(["report", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
