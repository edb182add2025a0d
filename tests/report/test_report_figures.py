"""Charts: they show the evaluation's own numbers, follow the page's colours, and are drawn alike every time."""

from __future__ import annotations

import re

import pytest

from costmodel.report.charts import LayerBars, LifeCurve, MemoryTimeline, ShareBars
from costmodel.report.document import Document
from costmodel.report.figures.drawing import draw_png, draw_svg
from costmodel.report.figures.style import DARK, LIGHT
from costmodel.results.evaluation import Evaluation
from costmodel.units import BYTES_PER_KIB, PJ_PER_UJ, S_PER_HOUR


def chart_of(document: Document, kind: type) -> object:
    return next(one.chart for one in document.illustrations if isinstance(one.chart, kind))


def test_bars_of_energy_add_up_to_each_dataflow(deck_document: Document, deck_evaluation: Evaluation) -> None:
    chart = chart_of(deck_document, LayerBars)
    assert isinstance(chart, LayerBars)
    for answer, series in zip(deck_evaluation.dataflows, chart.panels[1].series, strict=True):
        assert sum(series.solid) * PJ_PER_UJ == pytest.approx(answer.energy.tensor_pj)
        assert sum(series.light) * PJ_PER_UJ == pytest.approx(answer.energy.scratch_pj)


def test_bars_of_time_add_up_to_the_calibrated_total(deck_document: Document, deck_evaluation: Evaluation) -> None:
    chart = chart_of(deck_document, ShareBars)
    assert isinstance(chart, ShareBars)
    total_s = deck_evaluation.dataflows[0].latency.total_s
    assert total_s is not None
    assert sum(chart.values) / 1e3 == pytest.approx(total_s)
    assert list(chart.values) == sorted(chart.values, reverse=True)


def test_the_life_curve_passes_through_both_published_points(deck_document: Document, deck_evaluation: Evaluation) -> None:
    chart = chart_of(deck_document, LifeCurve)
    battery = deck_evaluation.battery
    assert isinstance(chart, LifeCurve)
    assert battery is not None
    assert battery.continuous_life_s is not None
    assert battery.duty_life_s is not None
    assert chart.y[-1] == pytest.approx(battery.continuous_life_s / S_PER_HOUR)
    assert [mark.y for mark in chart.marks] == pytest.approx([battery.duty_life_s / S_PER_HOUR, battery.continuous_life_s / S_PER_HOUR])
    assert list(chart.x) == sorted(chart.x)
    assert list(chart.y) == sorted(chart.y, reverse=True)
    assert chart.limit is not None
    assert max(chart.y) <= chart.limit


def test_the_memory_chart_stacks_to_the_plan_at_every_step(deck_document: Document, deck_evaluation: Evaluation) -> None:
    chart = chart_of(deck_document, MemoryTimeline)
    assert isinstance(chart, MemoryTimeline)
    for place, moment in enumerate(deck_evaluation.memory.plan.timeline):
        alive = [bar for bar in chart.buffers if bar.first <= place <= bar.last]
        assert sum(bar.height for bar in alive) * BYTES_PER_KIB == pytest.approx(moment.total_bytes)
        stack = sorted((bar.base, bar.base + bar.height) for bar in alive)
        assert [low for low, _ in stack] == pytest.approx([0.0, *(high for _, high in stack[:-1])])


def test_every_kind_of_chart_is_drawn_in_colours_of_the_page(small_document: Document) -> None:
    for one in small_document.illustrations:
        drawn = draw_svg(one)
        # White is what matplotlib writes for a background it then leaves transparent.
        assert not set(re.findall(r"#[0-9a-f]{6}\b", drawn)) - {"#ffffff", "#000000"}, one.id
        assert set(re.findall(r"var\(--([a-z0-9-]+)\)", drawn)) <= set(LIGHT)
        assert draw_png(one.chart).startswith(b"\x89PNG")


def test_drawing_twice_gives_the_same_bytes(small_document: Document) -> None:
    one = small_document.illustrations[0]
    assert draw_svg(one) == draw_svg(one)
    assert draw_png(one.chart) == draw_png(one.chart)


def test_settings_of_the_user_do_not_reach_a_chart_nor_the_other_way(small_document: Document) -> None:
    import matplotlib as mpl

    one = small_document.illustrations[1]
    before = draw_svg(one)
    with mpl.rc_context({"font.size": 31.0, "axes.facecolor": "red"}):
        assert draw_svg(one) == before
        assert mpl.rcParams["font.size"] == 31.0


def _luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_stand_out_from_the_paper_and_have_one_name_each(palette: dict[str, str]) -> None:
    assert set(LIGHT) == set(DARK)
    assert len(set(LIGHT.values())) == len(LIGHT)
    paper = _luminance(palette["paper"])
    for name, color in palette.items():
        ratio = (max(paper, _luminance(color)) + 0.05) / (min(paper, _luminance(color)) + 0.05)
        needed = 1.0 if name in {"paper", "line"} else 2.5 if name == "quiet" else 4.5
        assert ratio >= needed, f"{name} {color}: {ratio:.2f}"
