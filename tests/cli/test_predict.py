"""`predict` and `report --runtime` as a newcomer uses them."""

from __future__ import annotations

import json

import pytest

from costmodel.cli.app import main
from costmodel.sources.catalogue import names


def run(*arguments: str) -> int:
    return main([*arguments])


def test_one_network_on_all_devices(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", "ds-cnn", "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["device"] for row in rows} == set(names("devices"))
    assert all(row["fits"] for row in rows)
    assert all(row["time"]["low_s"] < row["time"]["high_s"] for row in rows)
    lives = [row["life"]["life_s"] or row["life"]["life_low_s"] for row in rows]
    assert lives == sorted(lives, reverse=True)


def test_what_does_not_fit_stands_last_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", "cifar-baseline") == 0
    lines = capsys.readouterr().out.splitlines()
    fits = ["no; if it did:" in line for line in lines if line.startswith(("esp32", "nrf", "rp2040", "stm32"))]
    assert fits == sorted(fits)
    assert any(fits)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("predict",), "give a network: costmodel predict ds-cnn"),
        (("predict", "ds-cmn"), "did you mean 'ds-cnn'?"),
        (("predict", "ds-cnn", "--device", "nrf52841"), "did you mean 'nrf52840'?"),
        (("predict", "ds-cnn", "--runtime", "tflm-cmsys"), "did you mean 'tflm-cmsis-nn'?"),
        (("report", "ds-cnn", "--device", "rp2040-pico", "--runtime", "esp-nn"), "esp-nn is made for esp32*, not for rp2040-pico"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    found = capsys.readouterr().err
    assert said in found
    assert found.count("\n") == 1


def test_a_report_on_any_device_has_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "ds-cnn", "--device", "stm32f746zg", "--format", "json") == 0
    outlook = json.loads(capsys.readouterr().out)["outlook"]
    assert outlook["time"]["trust"] == "range"
    assert outlook["time"]["duration_s"] is None
    assert outlook["life"]["life_low_s"] > 0.0


def test_runtimes_are_listed_with_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "runtimes", "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"runtime": "esp-nn", "device": "esp32-wroom", "trust": "scaled"}.items() <= next(
        row for row in rows if (row["runtime"], row["device"]) == ("esp-nn", "esp32-wroom")
    ).items()
    assert not [row for row in rows if row["runtime"] == "x-cube-ai" and not row["device"].startswith("stm32")]
