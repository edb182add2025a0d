"""Time, energy and life of an outlook are explained down to sources, whatever the time rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from equation_text import Numbers, evaluate, parse

from costmodel.evaluation.evaluating import evaluate as answer_of
from costmodel.evaluation.explained.explaining import explanation_of, recorded_figures
from costmodel.evaluation.timing.outlook import outlook_of
from costmodel.results.conclusions.explanation import Explanation
from costmodel.results.timing.time_estimate import TimeBasis
from costmodel.sources.catalogue import load_scenario
from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario
from costmodel.sources.usual_use import usual_use
from costmodel.specs.base import with_changes
from costmodel.specs.scenario import Scenario

DIGITS = 2e-5
"""Share by which six printed digits may put a printed equation's value off."""


def asked(network: str, device: str) -> Scenario:
    if network == "esp32-deck":
        deck = load_scenario(network)
        return with_changes(deck, {"duration_s": None}) if device else deck
    return changed_scenario(None, ScenarioChanges(network=network, device=device))


def nodes(node: Explanation) -> Iterator[Explanation]:
    yield node
    for part in node.inputs:
        yield from nodes(part)


@pytest.mark.parametrize(
    ("network", "device", "runtime", "basis"),
    [
        ("ds-cnn", "stm32l476rg", None, TimeBasis.KERNEL_RATES),
        ("ds-cnn", "esp32-wroom", None, TimeBasis.MEASURED_NETWORKS),
        ("ds-cnn", "rp2040-pico", None, TimeBasis.CLASS_RANGE),
        ("cifar-aap-pruned", "esp32-wroom", None, TimeBasis.CLASS_RANGE),
        ("esp32-deck", "", None, TimeBasis.GIVEN),
        ("esp32-deck", "untimed", None, TimeBasis.LAYER_TIMES),
    ],
)
def test_every_printed_figure_of_an_outlook_is_explained_and_equal(
    network: str, device: str, runtime: str | None, basis: TimeBasis
) -> None:
    scenario = asked(network, device)
    use = usual_use(scenario, runtime)
    outlook = outlook_of(scenario, answer_of(scenario), use)
    assert outlook.time.basis is basis
    figures = recorded_figures(scenario, scenario.dataflows[0], use)
    printed = {
        "time": ("duration_s", "low_s", "high_s"),
        "energy": ("energy_j", "energy_low_j", "energy_high_j"),
        "life": ("life_s", "life_low_s", "life_high_s"),
    }
    told = 0
    for part, names in printed.items():
        found = getattr(outlook, part)
        for name in names:
            value = None if found is None else getattr(found, name)
            if value is None:
                continue
            told += 1
            full = f"outlook.{part}.{name}"
            assert figures[full].value == value, full
            for node in nodes(explanation_of(full, figures[full], figures)):
                assert node.source or not node.value or node.value in range(1, 9), f"{full}: {node.name} = {node.value} has no source"
                if node.substituted:
                    given = float(evaluate(parse(node.substituted), {}, Numbers()))
                    numbers = (float(each.replace(",", "")) for each in re.findall(r"\d[\d,]*\.?\d*(?:e[-+]?\d+)?", node.substituted))
                    scale = max(numbers) if " - " in node.substituted else abs(float(node.value or 0))
                    assert abs(given - float(node.value or 0)) <= DIGITS * scale + 1e-300, f"{full}: {node.substituted} is not {node.value}"
    assert told >= 6
