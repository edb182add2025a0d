"""The page in a real browser: sliders, views, sorting, filtering, folding, explanations; nothing an accessibility checker finds; paper."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from costmodel.cli.app import main
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.report.document import Document
from costmodel.report.figures.drawing import draw_svg
from costmodel.report.formats.as_html import html_page
from costmodel.report.reporting import report_document
from costmodel.sources.catalogue import load_scenario
from costmodel.sources.starters.starter_capture import write_capture

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium by Playwright, which downloads none: the system's own is run."""
    required = "browser" in os.environ.get("COSTMODEL_REQUIRE", "").split(",")
    program = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if program is None or sync_playwright is None:
        assert not required, "COSTMODEL_REQUIRE names browser: install chromium and playwright"
        pytest.skip("needs chromium and the package playwright (pip install --group browser)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


def written(document: Document, folder: Path) -> str:
    path = folder / "report.html"
    path.write_text(html_page(document, {one.id: draw_svg(one) for one in document.illustrations}, "2026-01-01"), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def address(deck_page_document: Document, tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(deck_page_document, tmp_path_factory.mktemp("page"))


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    said: list[str] = []
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    opened.goto(address)
    yield opened
    opened.close()
    assert not said, "the page raised an error or asked the network"


def test_the_answer_is_above_the_fold_of_a_phone(browser: Any, address: str) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(address)
    last = phone.evaluate("[...document.querySelectorAll('#answer .facts div')].at(-1).getBoundingClientRect().bottom")
    assert last < 844
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.close()


def test_sliders_show_the_life_of_their_place(page: Any) -> None:
    assert page.inner_text("#lives-life") == "20.9\u00a0h" or page.inner_text("#lives-life") == "20.9 h"
    page.select_option("#lives-rest", label="light sleep")
    assert page.inner_text("#lives-life").startswith("42.2 days")
    before = page.inner_text("#lives-rate")
    page.focus("#lives-often")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#lives-rate") != before
    assert page.get_attribute("#lives-often", "aria-valuetext") == page.inner_text("#lives-rate")


def test_a_dataflow_and_a_placement_are_chosen(page: Any) -> None:
    table = page.locator("table.views")
    assert table.locator("th[data-view]:visible").count() == 4
    page.get_by_label("row-stationary", exact=True).check()
    page.get_by_label("registers", exact=True).check()
    heads = table.locator("th[data-view]:visible")
    assert heads.count() == 1
    assert "row-stationary" in heads.inner_text()


def test_layers_are_sorted(page: Any) -> None:
    table = page.locator("table.views")
    table.get_by_role("button", name=re.compile("MACs")).click()
    names = table.locator("tbody th").all_inner_texts()
    assert names[0] == "conv2"
    assert names[-1] == "all"
    assert table.locator("th[aria-sort=descending]").count() == 1


def test_a_figure_opens_how_it_follows(page: Any) -> None:
    page.locator("#answer a.why").first.click()
    assert page.locator("#explanation").is_visible()
    assert page.locator("#explanation h2").inner_text() == "memory.ram"
    page.keyboard.press("Escape")
    assert not page.locator("#explanation").is_visible()


def test_large_networks_fold_and_are_filtered(browser: Any, tmp_path: Path) -> None:
    scenario = load_scenario({"name": "any", "network": "resnet18", "device": "esp32-wroom"})
    evaluation = evaluate(scenario)
    address = written(report_document(evaluation, scenario, grounds_of(scenario, evaluation), "1"), tmp_path)
    assert (tmp_path / "report.html").stat().st_size < 500_000
    page = browser.new_page()
    page.goto(address)
    table = page.locator("table.views")
    assert table.locator("tbody tr:visible").count() < 20
    table.get_by_role("button", name=re.compile(r"layer1\.0")).click()
    assert table.get_by_text("layer1.0.conv1").is_visible()
    page.get_by_role("figure", name="Where it goes").get_by_placeholder("name, kind or value").fill("downsample.0")
    assert table.locator("tbody tr:visible").count() == 4
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_an_accessibility_checker_finds_nothing(browser: Any, address: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(address)
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    page.close()


@pytest.mark.parametrize(
    "command",
    [
        "plan resnet8",
        "predict ds-cnn --device nrf52840 --device esp32-wroom",
        "diff resnet8 ds-cnn --device esp32-s3-wroom-1-n8",
        "battery --battery 18650 --states esp32-module --sleep deep --rate 1/min --duration 300ms --samples 200",
        "count conv2d --input 8x16x16 --out-channels 4 --kernel 3",
        "explain conv2.energy",
        "reproduce",
        "list devices",
        "cacti table --node 40",
        "trace capture.csv",
        "sweep pruning-pool-bits",
    ],
)
def test_answers_pages_are_accessible_and_fit_a_phone(
    browser: Any, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python")
    monkeypatch.chdir(tmp_path)
    write_capture(tmp_path / "capture.csv")
    assert main([*command.split(), "--format", "html"]) == 0
    (tmp_path / "page.html").write_text(capsys.readouterr().out, encoding="utf-8")
    for scheme, width in (("dark", 390), ("light", 1440)):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.goto((tmp_path / "page.html").as_uri())
        found = axe.Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.inner_text("h1") != "costmodel"
        page.close()


def test_without_a_script_all_but_the_sliders_is_there(browser: Any, address: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    assert not page.locator("#lives").is_visible()
    assert page.locator("#answer .outcome").is_visible()
    assert page.locator("table.views th[data-view]:visible").count() == 4
    page.locator("#answer a.why").first.click()
    assert page.url.endswith("#why-memory.ram")
    page.close()


def test_it_prints_on_numbered_pages(page: Any) -> None:
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 5 < len(re.findall(rb"/Type\s*/Page\b", printed)) < 40
