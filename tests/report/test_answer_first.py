"""Every rendering begins with the answer, in words, symbols and colours that can be read; a page's lives are the battery's own."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from costmodel.evaluation.battery.answer import answer_battery
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.life_table import PERIODS_S, life_table
from costmodel.evaluation.timing.outlook import outlook_of, outlook_question
from costmodel.report.document import Document
from costmodel.report.figures.drawing import draw_svg
from costmodel.report.first.life_words import DOES_NOT_FIT, life_choices, life_words
from costmodel.report.formats.as_html import html_page
from costmodel.report.formats.as_markdown import markdown_text
from costmodel.report.sections.outlook import life_words as outlook_words
from costmodel.results.life_table import TabledLife
from costmodel.sources.catalogue import load_battery, load_scenario, names
from costmodel.sources.usual_use import usual_use

LABELS = ("RAM", "Flash", "Time", "Energy", "Battery", "Accuracy")


@pytest.fixture(scope="module")
def page(deck_page_document: Document) -> str:
    return html_page(deck_page_document, {one.id: draw_svg(one) for one in deck_page_document.illustrations})


def test_a_page_begins_with_the_answer(page: str) -> None:
    shown = page[page.index("<h1>") :]
    places = [
        shown.index(words) for words in ("FITS", *(f"<dt>{label}</dt>" for label in LABELS), "costmodel report --sleep light", "What does")
    ]
    assert places == sorted(places)
    assert shown.index("What would help") < shown.index('id="findings"')


def test_markdown_begins_with_the_answer(deck_page_document: Document) -> None:
    lines = markdown_text(deck_page_document, {}).splitlines()
    assert lines[2].startswith("**✓ FITS** 183.04 KiB RAM of 312.10 KiB")
    rows = [line for line in lines[:14] if line.startswith("| ") and "**" in line]
    assert [row.split("|")[1].strip() for row in rows] == list(LABELS)
    assert [row.split("|")[3].strip() for row in rows] == ["exact", "exact", "measured", "measured", "assumed", "assumed"]


def test_a_figure_of_the_answer_leads_to_how_it_follows(page: str) -> None:
    linked = re.findall(r'class="why" href="#(why-[^"]+)"', page)
    assert linked == [
        f"why-{name}" for name in ("memory.ram", "memory.flash_bytes", "latency.duration", "power.inference_energy", "battery.duty_life")
    ]
    for name in linked:
        assert page.count(f'id="{name}"') == 1


def test_every_rate_has_a_life_in_the_page(page: str) -> None:
    found = re.search(r'<script type="application/json" id="lives-table">(.*?)</script>', page)
    assert found is not None
    table = json.loads(found[1])
    assert len(table["rates"]) == len(PERIODS_S) == 61
    assert {len(row) for battery in table["lives"] for row in battery} == {61}
    assert len(table["lives"]) == len(names("batteries"))


@pytest.mark.parametrize("asked", ["esp32-deck", {"name": "any", "network": "ds-cnn", "device": "stm32f746zg"}], ids=["measured", "range"])
def test_each_tabled_life_is_the_batterys_own(asked: object) -> None:
    scenario = load_scenario(asked)
    use = usual_use(scenario)
    outlook = outlook_of(scenario, evaluate(scenario), use)
    cells = {cell.name: cell for cell in (scenario.battery or use.battery, *map(load_battery, names("batteries")))}
    table = life_table(scenario, use, outlook, tuple(cells.values()))
    question = outlook_question(scenario, outlook.time, use)
    assert table is not None
    assert question is not None
    assert outlook.life is not None
    own = table.lives[0][table.asked_rest][table.asked_period]
    assert own == TabledLife(outlook.life.life_s, outlook.life.life_low_s, outlook.life.life_high_s)
    assert life_words(own) == outlook_words(outlook)
    fitting = 0
    for at, battery in enumerate(table.batteries):
        for which, rest in enumerate(table.rests):
            # One of twenty, other ones in each row: each value would take minutes of samples.
            for place in range((7 * at + 3 * which) % 20, len(table.periods_s), 20):
                life = table.lives[at][which][place]
                if life is None:
                    continue
                told = answer_battery(replace(question, cell=cells[battery], rest=rest, period_s=table.periods_s[place])).lives[0]
                expected = None if outlook.time.duration_s is None else told.life_s
                assert life == TabledLife(expected, told.life_low_s, told.life_high_s), (battery, rest, place)
                fitting += 1
    assert fitting > 30


def test_a_rate_that_does_not_fit_says_so() -> None:
    assert life_words(None) == DOES_NOT_FIT
    scenario = load_scenario("esp32-deck")
    use = usual_use(scenario)
    table = life_table(scenario, use, outlook_of(scenario, evaluate(scenario), use), ())
    assert table is not None
    assert table.lives[0][0][-1] is None
    assert life_choices(table).lives[0][0][-1] == DOES_NOT_FIT


def luminance(color: str) -> float:
    """Of WCAG 2.2."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_colour_can_be_read(page: str, scheme: str) -> None:
    style = page[page.index("<style>") : page.index("</style>")]
    dark = "".join(re.findall(r"@media screen and \(prefers-color-scheme: dark\) \{(.*?)\}\s*\}", style, re.DOTALL))
    light = re.sub(r"@media screen and \(prefers-color-scheme: dark\) \{(.*?)\}\s*\}", "", style, flags=re.DOTALL)
    colors = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", light))
    if scheme == "dark":
        colors |= dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", dark))
    for text in ("ink", "muted", "link", "green", "violet", "slate", "amber", "teal", "alarm"):
        for ground in ("paper", "card", "band"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
