"""Conclusions are computed from the figures beside them."""

import pytest

from costmodel.report.answers.memory_conclusions import leakage_text, memory_conclusions
from costmodel.results.storage.memory_convention import ConventionComparison, ConventionCost


def cost(role: str, dynamic_uj: float, leakage_w: float) -> ConventionCost:
    return ConventionCost(
        role=role,
        label=role,
        memory_energy=role,
        description="",
        access_bytes=4,
        element_bytes=4,
        read_pj=20.0,
        write_pj=10.0,
        read_count=1,
        write_count=1,
        dynamic_pj=dynamic_uj * 1e6,
        dynamic_low_pj=None,
        dynamic_high_pj=None,
        leakage_w=leakage_w,
        leakage_low_w=None,
        leakage_high_w=None,
        leakage_pj=leakage_w * 1e12,
        leakage_stated=True,
    )


def comparison(*costs: ConventionCost) -> ConventionComparison:
    return ConventionComparison(
        scenario="s",
        network="n",
        dataflow="output-stationary",
        duration_s=1.0,
        idle_w=0.2,
        inference_j=0.5,
        flash_weights=None,
        conventions=costs,
    )


def test_each_sentence_says_what_the_figures_say() -> None:
    told = memory_conclusions(
        comparison(
            cost("deck", 10, 0.05),
            cost("operand-64b", 160, 0.05),
            cost("word-hp", 40, 0.06),
            cost("byte-hp", 20, 0.06),
            cost("word-lstp", 50, 0.000002),
            cost("word-hp-warm", 40, 0.12),
            cost("word-lstp-warm", 50, 0.00002),
            cost("esp32", 60, 0.000001),
        )
    )
    assert "word access per operand 40.0 µJ, 4.0 times" in told[0]
    assert "8.0 times a byte access" in told[0]
    assert "30,000 times less" in told[1]
    assert "2.0 times as much, low-standby-power cells 10.0 times" in told[2]
    assert "50 mW, 25 % of what the whole board draws idle" in told[3]
    assert "5,000 times its dynamic energy" in told[3]
    assert "6.0 times the deck's figure" in told[4]
    assert len(told) == 5


def test_what_is_not_compared_is_not_concluded() -> None:
    assert memory_conclusions(comparison()) == ()


@pytest.mark.parametrize(("watts", "text"), [(0.0654131, "65.41 mW"), (6.64416e-6, "6.644 µW"), (0.000664, "664 µW")])
def test_leakage_reads_in_its_own_unit(watts: float, text: str) -> None:
    assert leakage_text(watts) == text
