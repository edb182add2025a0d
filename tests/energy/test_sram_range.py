"""Ranges contain what they are ranges of."""

from hypothesis import given
from hypothesis import strategies as st

from costmodel.energy.sram_range import alternative_cells, energy_span_pj, leakage_span_w

ENERGIES = st.lists(st.floats(1e-3, 1e4), min_size=1, max_size=6)


@given(ENERGIES)
def test_every_energy_lies_inside_its_range(energies: list[float]) -> None:
    span = energy_span_pj(energies)
    assert all(span.low < energy < span.high for energy in energies)


@given(ENERGIES)
def test_every_leakage_lies_inside_its_range(leakages: list[float]) -> None:
    span = leakage_span_w(leakages)
    assert (span.low, span.high) == (min(leakages), max(leakages))


def test_low_power_is_never_ranged_over_high_performance_cells() -> None:
    assert "itrs-hp" not in alternative_cells("itrs-lstp") + alternative_cells("itrs-lop")
    assert set(alternative_cells("itrs-hp")) == {"itrs-hp", "itrs-lstp", "itrs-lop"}
