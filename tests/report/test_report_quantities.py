"""Figures as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.report import quantities as q


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (q.energy_text(33_893_784.0), "33.9 µJ"),
        (q.energy_text(20_931_200_000.0), "20.9 mJ"),
        (q.energy_text(91.9), "91.9 pJ"),
        (q.energy_text(None), "–"),
        (q.energy_text(0.0), "0 pJ"),
        (q.joules_text(0.0692128), "69.2 mJ"),
        (q.time_text(0.32), "320.0 ms"),
        (q.time_text(7.5e-8), "75.0 ns"),
        (q.power_text(0.21629), "216.3 mW"),
        (q.power_text(6.6e-6), "6.60 µW"),
        (q.watt_hours_text(13_770.0), "3.83 Wh"),
        (q.life_text(63_664.5), "17.7 h"),
        (q.life_text(10 * 86_400.0), "10.0 days"),
        (q.life_text(5 * 365.25 * 86_400.0), "5.00 years"),
        (q.life_text(90.0), "1.50 min"),
        (q.count_text(198_951.639), "198,952"),
        (q.count_text(10**30), f"{10**30:,}"),
        (q.bytes_text(155_784), "152.13 KiB"),
        (q.bytes_text(163), "163 B"),
        (q.share_text(0.8465), "84.7 %"),
        (q.share_text(0.005333, 2), "0.53 %"),
        (q.share_text(0.79, 0), "79 %"),
        (q.share_text(0.0001), "<0.1 %"),
        (q.every_text(60.0), "once a minute"),
        (q.every_text(0.2 + 0.264 + 59.536 + 1e-11), "once a minute"),
        (q.every_text(86400.00000001), "once a day"),
        (q.every_text(900.0), "every 15 min"),
        (q.every_text(0.5), "every 0.5 s"),
        (q.digits(3.125), "3.12"),
        (q.digits(0.016667), "0.0167"),
        (q.sentence("all fit"), "All fit."),
    ],
)
def test_a_figure_is_said_as_people_say_it(text: str, expected: str) -> None:
    assert text == expected


def test_a_column_keeps_one_unit_and_shows_that_little_is_not_nothing() -> None:
    scale = q.energy_scale([79_064_551.9, 3_496.0])
    assert (scale.unit, scale.number(3_496.0), scale.number(0.0), scale.number(None)) == ("µJ", "<0.01", "0", "–")


@given(st.floats(1e-6, 1e16))
def test_an_energy_keeps_three_digits_of_its_value(value_pj: float) -> None:
    number, unit = q.energy_text(value_pj).split()
    per = {"pJ": 1.0, "nJ": 1e3, "µJ": 1e6, "mJ": 1e9, "J": 1e12}[unit]
    assert float(number.replace(",", "")) * per == pytest.approx(value_pj, rel=0.0051)
