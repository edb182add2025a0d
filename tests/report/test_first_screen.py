"""The first screen: the verdict in the first five lines, at most 40 lines, never wider than it may be, and the answer in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from costmodel.cli.answers.report_additions import accuracy_of
from costmodel.evaluation.advice import advise
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.timing.outlook import outlook_of
from costmodel.report.first.answer import Asked, fit_verdict, next_step
from costmodel.report.first.first_screen import first_screen
from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario, named_parts
from costmodel.sources.usual_use import usual_use


def asked(changes: ScenarioChanges, scenario: str | None = None) -> Asked:
    found = changed_scenario(scenario, changes)
    evaluation = evaluate(found)
    outlook = outlook_of(found, evaluation, usual_use(found))
    accuracy = accuracy_of(scenario, found.network)
    network, device = named_parts(scenario, changes.network if isinstance(changes.network, str) else None, changes.device)
    plan = f"costmodel plan {network} --device {device}"
    return Asked(evaluation, outlook, advise(found, evaluation, outlook), "costmodel report", plan_command=plan, accuracy=accuracy)


def text_of(screen: Asked, width: int = 80) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in first_screen(screen, width)]


SCREENS = {
    "fits, measured": (ScenarioChanges(), None),
    "fits only fresh": (ScenarioChanges(static_bytes=61_000), "esp32-deck"),
    "fits narrowly": (ScenarioChanges(network="resnet8", device="stm32l476rg", static_bytes=46_000), None),
    "does not fit": (ScenarioChanges(network="cifar-baseline", device="stm32l476rg"), None),
    "calibrated": (ScenarioChanges(network="resnet8", device="nrf52840"), None),
    "range": (ScenarioChanges(network="ds-cnn", device="stm32f746zg"), None),
    "no battery": (ScenarioChanges(network="resnet8", device="esp32-c3-mini-1-n4", period_s=0.01), None),
}


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_it_is_one_screen(name: str, width: int) -> None:
    lines = text_of(asked(*SCREENS[name]), width)
    assert max(len(line) for line in lines) <= min(width, 80)
    assert any("FIT" in line for line in lines[:5])
    if width >= 80:
        assert len(lines) <= 40


@pytest.mark.parametrize("name", SCREENS)
def test_it_looks_as_it_did(name: str, matches_golden: Callable[[str, str], None]) -> None:
    matches_golden(f"first-{name.replace(', ', '-').replace(' ', '-')}.txt", "\n".join(text_of(asked(*SCREENS[name]))) + "\n")


def test_accuracy_says_how_far_to_trust_it_and_whose_weights_it_is_of() -> None:
    shipped = next(line for line in text_of(asked(*SCREENS["fits, measured"])) if line.startswith("  Accuracy"))
    assert shipped.split()[1:4] == ["81.50", "%", "assumed"]
    assert "weights of trained-pruned-int8" in shipped
    own = next(line for line in text_of(asked(ScenarioChanges(network="trained-pruned-int8"))) if line.startswith("  Accuracy"))
    assert own.split(maxsplit=4)[3:] == ["measured", "8,150 of 10,000 test images"]
    assert not any("Accuracy" in line for line in text_of(asked(*SCREENS["calibrated"])))


def test_verdicts_say_what_they_mean() -> None:
    found = {name: fit_verdict(asked(*SCREENS[name]).evaluation) for name in ("fits, measured", "fits narrowly", "does not fit")}
    assert [one.word for one in found.values()] == ["FITS", "FITS NARROWLY", "DOES NOT FIT"]
    assert [one.tone for one in found.values()] == ["verdict", "nearly", "fails"]
    assert len({one.symbol for one in found.values()}) == 3
    assert "in one block, the largest free is" in found["does not fit"].text
    fresh = fit_verdict(asked(*SCREENS["fits only fresh"]).evaluation)
    assert (fresh.word, fresh.symbol) == ("FITS NARROWLY", "△")
    assert fresh.text.endswith("only on a fresh heap: not wherever what is taken may lie")
    assert "to spare" not in fresh.text
    heap = asked(*SCREENS["fits, measured"]).evaluation.memory.heap
    assert heap is not None
    ratio = heap.spare_ratio
    assert ratio is not None
    assert ratio > 0.10


def test_the_next_step_follows_from_the_answer() -> None:
    assert next_step(asked(*SCREENS["fits, measured"])).command == "costmodel report --sleep light"
    assert next_step(asked(*SCREENS["does not fit"])).command == "costmodel plan cifar-baseline --device stm32l476rg"
    assert "--duration" in next_step(asked(*SCREENS["range"])).command
    assert next_step(asked(*SCREENS["calibrated"])).command.startswith("costmodel plan resnet8")


def test_advice_stands_by_its_gain() -> None:
    gains = [advice.gain_ratio for advice in asked(*SCREENS["fits, measured"]).advice]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 20.0
