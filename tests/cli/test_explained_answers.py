"""`explain --of`: every figure of another command's answer, down to sources, with an equation that gives the number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from equation_text import Numbers, evaluate, parse

from costmodel.cli.app import main, run_command
from costmodel.cli.output import answers_taken
from costmodel.evaluation.explained.explaining import explanation_of, recorded_result
from costmodel.evaluation.figures import Figure
from costmodel.results.conclusions.explanation import Explanation

pytestmark = pytest.mark.long

COMMANDS = {
    "battery": "battery --battery 18650 --states esp32-module --sleep deep --rate 1/min --duration 300ms --samples 200",
    "battery of a cycle": "battery --battery cr2032 --states esp32-module --cycle sense-and-infer --duration 300ms --samples 200",
    "count": "count conv2d --input 25x16x16 --out-channels 51 --kernel 3 --padding 1",
    "count of a network": "count --network ds-cnn --granularity block_packed --block-bytes 64",
    "cacti table": "cacti table --node 40",
    "cacti compare": "cacti compare",
    "predict": "predict ds-cnn --device stm32l476rg --device esp32-wroom --device rp2040-pico",
    "report": "report --network ds-cnn --device nrf52840",
}
DIGITS = 2e-5
"""Share by which six printed digits may put a printed equation's value off."""


LARGE = {"count of a network", "report"}
"""Answers of thousands of figures."""


@pytest.fixture(scope="module", params=[pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else []) for name in COMMANDS])
def figures(request: pytest.FixtureRequest) -> dict[str, Figure]:
    return figures_of(COMMANDS[request.param])


def figures_of(command: str) -> dict[str, Figure]:
    words = command.split()

    def answer() -> Any:
        with answers_taken() as taken:
            assert run_command(words) == 0
        return taken[-1].content if taken[-1].explained is None else taken[-1].explained

    return recorded_result(answer, words[0])


def nodes(node: Explanation) -> Iterator[Explanation]:
    yield node
    for part in node.inputs:
        yield from nodes(part)


def largest_number(text: str) -> float:
    return max((abs(float(found.replace(",", ""))) for found in re.findall(r"\d[\d,]*\.?\d*(?:e[-+]?\d+)?", text)), default=0.0)


def test_figures_of_answers_end_in_sources_and_their_equations_give_them(figures: dict[str, Figure]) -> None:
    assert len(figures) > 20
    seen: set[str] = set()
    for name, figure in figures.items():
        if not figure.value:
            continue
        for node in nodes(explanation_of(name, figure, figures)):
            assert node.source or not node.value or node.value in range(1, 9), f"{name}: {node.name} = {node.value} has no source"
            if not node.substituted or node.substituted in seen:
                continue
            seen.add(node.substituted)
            given = float(evaluate(parse(node.substituted), {}, Numbers()))
            # Differences of large numbers are known to their last printed digit, whole inferences of a long life too.
            scale = (
                max(largest_number(node.substituted), abs(float(node.value or 0)))
                if " - " in node.substituted or "floor" in node.substituted
                else abs(float(node.value or 0))
            )
            assert abs(given - float(node.value or 0)) <= DIGITS * scale + 1e-300, f"{name}: {node.substituted} is not {node.value}"


@pytest.mark.parametrize(
    "figure",
    [
        "lives.deep.life_low_s",
        "lives.deep.drains.wake-up.energy_high_j",
        "inference.computational_low_j",
        "lives.deep.inference_high_count",
    ],
)
def test_an_end_of_an_interval_is_the_figure_of_the_inputs_drawn_for_it(figure: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMANDS["battery"].split(), "--format", "json"]) == 0
    printed: Any = json.loads(capsys.readouterr().out)
    for part in figure.split("."):
        printed = next(each for each in printed if part in each.values()) if isinstance(printed, list) else printed[part]
    assert main(["explain", f"battery.{figure}", "--of", COMMANDS["battery"], "--format", "json"]) == 0
    told = capsys.readouterr().out
    found = json.loads(told)
    assert found["value"] == printed
    assert "of 200 from its range, seed 0" in told
    assert found["substituted"]


@pytest.mark.parametrize("figure", ["outlook.energy.energy_high_j", "outlook.life.life_low_s", "outlook.time.low_s", "conv1.energy"])
def test_a_figure_of_a_report_is_explained_by_the_name_its_cell_has(figure: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "report --network ds-cnn --device nrf52840 --format json"
    assert main(asked.split()) == 0
    printed: Any = json.loads(capsys.readouterr().out)
    assert main(["explain", figure, "--of", asked, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["substituted"]
    if figure.startswith("outlook."):
        for part in figure.split("."):
            printed = printed[part]
        assert found["value"] == printed


def test_the_interval_of_a_crossover_is_that_of_the_inputs_drawn_for_it() -> None:
    figures = figures_of(COMMANDS["battery"])
    ends = [figure for name, figure in figures.items() if re.search(r"crossovers\..*rate_(low|high)_hz", name)]
    assert ends
    for figure in ends:
        assert explanation_of("rate", figure, figures).equation == "r = 1 / max(T, T_s)"


def test_figures_of_a_command_are_listed_and_an_example_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--of", "count linear --input 20 --out-features 3"]) == 0
    told = capsys.readouterr().out
    assert "Figures of count" in told
    assert '--of "count linear --input 20 --out-features 3"' in " ".join(told.split())


@pytest.mark.parametrize(
    ("figure", "command", "told"),
    [
        ("count.total.row-stationary.mac_cuont", "count linear --input 20 --out-features 3", "row-stationary.mac_count"),
        ("x", "explain energy.memory", "expected a command"),
        ("x", "", "expected a command"),
        ("x", "count 'linear", "no closing quotation"),
        ("x", "list networks", "without figures"),
        ("x", "cuont linear", "count"),
        ("x", "count linear --inptu 20", "--input"),
    ],
)
def test_a_command_that_cannot_be_explained_is_told_in_a_line(
    figure: str, command: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", figure, "--of", command]) == 2
    shown = capsys.readouterr()
    assert not shown.out
    assert shown.err.count("\n") == 1
    assert told in shown.err
