"""A network's time from others': exact where kinds compare as said, wider the less the measured networks tell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.latency.operation_mix import OperationMix
from costmodel.latency.scaling import SAME_NETWORK, USUAL_RATES, Timed, scaled_cycles, scaled_from, shares_of

MACS = st.integers(1_000, 50_000_000)
MIXES = st.builds(OperationMix, MACS, MACS, MACS, MACS)


def cycles_of(mix: OperationMix, scale: float) -> float:
    return scaled_cycles(mix, USUAL_RATES, 1.0, math.log(scale))


@given(MIXES, st.lists(MIXES, min_size=1, max_size=4), st.floats(0.1, 200.0))
def test_networks_that_follow_the_usual_rates_give_the_scale(asked: OperationMix, measured: list[OperationMix], scale: float) -> None:
    found = scaled_from(Timed(asked, 0.0), [Timed(mix, cycles_of(mix, scale)) for mix in measured])
    assert found.cycles == pytest.approx(cycles_of(asked, scale), rel=1e-3)
    assert found.low_cycles < found.cycles < found.high_cycles


@given(MIXES, MIXES, st.floats(0.1, 200.0))
def test_a_second_measurement_never_widens(asked: OperationMix, other: OperationMix, scale: float) -> None:
    one = Timed(other, cycles_of(other, scale))
    alone = scaled_from(Timed(asked, 0.0), [one])
    both = scaled_from(Timed(asked, 0.0), [one, Timed(asked, cycles_of(asked, scale))])
    assert both.high_cycles / both.low_cycles <= alone.high_cycles / alone.low_cycles * (1 + 1e-9)


def test_a_kind_nothing_measured_has_is_named() -> None:
    convolutions, linears = OperationMix(convolution=10_000_000), OperationMix(linear=1_000_000)
    found = scaled_from(Timed(linears, 0.0), [Timed(convolutions, 3e7)])
    assert found.unidentified == ("linear",)
    assert scaled_from(Timed(convolutions, 0.0), [Timed(convolutions, 3e7)]).unidentified == ()


def test_a_known_network_is_told_closer() -> None:
    mix = OperationMix(1_000, 2_000_000, 300_000, 500)
    other = [Timed(OperationMix(convolution=10_000_000), 3e7)]
    known = scaled_from(Timed(mix, 0.0, 1.1), other, USUAL_RATES, SAME_NETWORK)
    unknown = scaled_from(Timed(mix, 0.0), other)
    assert known.high_cycles / known.low_cycles < 1.5 < unknown.high_cycles / unknown.low_cycles
    assert known.cycles == pytest.approx(1.1 * unknown.cycles, rel=0.01)


def test_shares_add_up() -> None:
    assert sum(shares_of(OperationMix(1, 2, 3, 4), USUAL_RATES)) == pytest.approx(1.0)
