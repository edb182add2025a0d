"""A battery with a voltage: open-circuit curve, internal resistance, and a cut-off below which the device stops.

The load draws constant power, so its current grows as the voltage falls. Life is the charge left at cut-off integrated over current, by
Gauss-Legendre quadrature on each straight piece of the open-circuit curve; a period is taken to be short beside the life.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from costmodel.battery.energy_budget import endless_where_idle
from costmodel.battery.load_profile import LoadProfile, by_row_blocks, period_s, stopping_voltage_v
from costmodel.columns import Number, is_column, larger, smaller
from costmodel.provenance import formula
from costmodel.units import S_PER_HOUR

SOURCE: Final = "chen2006battery: equivalent circuit of a voltage source and a resistance"

_NODES: Final = (
    (-0.8611363115940526, 0.34785484513745385),
    (-0.33998104358485626, 0.6521451548625461),
    (0.33998104358485626, 0.6521451548625461),
    (0.8611363115940526, 0.34785484513745385),
)
"""Gauss-Legendre abscissae on (-1, 1) and weights: NumPy's `leggauss(4)`, written out because a lone life needs no NumPy at start-up; a
test holds them equal."""


@formula(
    id="battery.loaded_current",
    equation="I = 2 * P / (V + sqrt(max(V^2 - 4 * R * P, 0)))",
    symbols={
        "I": "current at which the cell delivers a power [A]",
        "P": "power [W]",
        "V": "open-circuit voltage [V]",
        "R": "internal resistance [ohm]",
    },
    unit="A",
    source=SOURCE + "; P = I (V - I R) solved for the smaller I; beyond the cell's largest power, the current at that power",
)
def loaded_current_a(power_w: Number, open_v: Number, resistance_ohm: Number) -> Number:
    """Return the current at which a cell delivers a power.

    Parameters
    ----------
    power_w : float or column
        Power [W].
    open_v : float or column
        Open-circuit voltage [V].
    resistance_ohm : float or column
        Internal resistance [ohm].

    Returns
    -------
    float or column
        Current [A].
    """
    square = larger(open_v * open_v - 4.0 * resistance_ohm * power_w, 0.0)
    return 2.0 * power_w / (open_v + _root(square))


def _terms(cell: CellVoltage, profile: LoadProfile) -> dict[str, Any]:
    return {
        "Q": cell.capacity_ah,
        "V_n": cell.nominal_v,
        "R": cell.resistance_ohm,
        "V_cut": cell.cutoff_v,
        "I_i": profile.currents_a,
        "t_i": profile.durations_s,
    }


@formula(
    id="battery.voltage_life",
    equation=(
        "t = 3600 * Q * integral from s_stop to 1 of T / q(s) ds, where T = sum of t_i, q(s) = sum of t_i times the current "
        "at which a cell of open-circuit voltage V(s) and resistance R delivers V_n * I_i, and at V(s_stop) the loaded cell is at V_cut"
    ),
    symbols={
        "t": "battery life; infinite at no load [s]",
        "s": "state of charge [1]",
        "V": "open-circuit voltage, straight lines between the tabulated points [V]",
        "T": "length of a period [s]",
        "q": "charge drawn in a period [A s]",
        "Q": "charge between the ends of the curve [Ah]",
        "V_n": "voltage the currents stand for [V]",
        "R": "internal resistance [ohm]",
        "V_cut": "cut-off voltage under load [V]",
        "I_i": "current of each step at V_n [A]",
        "t_i": "length of each step [s]",
    },
    unit="s",
    source=SOURCE,
    proof="tests/battery/test_duty_cycle.py::test_the_voltage_models_life_is_the_integral_of_charge_over_current",
    terms=_terms,
)
def voltage_life_s(cell: CellVoltage, profile: LoadProfile) -> Number:
    """Return the life of a cell with a voltage under a repeating load of constant powers [s]."""
    return cell._life_s(profile)


@dataclass(frozen=True)
class CellVoltage:
    """A cell that stops where its voltage under load falls below the cut-off."""

    source: ClassVar[str] = SOURCE
    capacity_ah: Number
    """Charge between the curve's ends [Ah]."""
    nominal_v: Number
    """Voltage a profile's currents stand for: a step draws `current * nominal_v` [V]."""
    charges: Sequence[float]
    """States of charge of the curve, from 0 to 1 [1]."""
    volts: Sequence[float]
    """Open-circuit voltage at each, not falling [V]."""
    resistance_ohm: Number
    """Internal resistance [ohm]."""
    cutoff_v: Number
    """Voltage under load below which the device stops [V]."""

    def life_s(self, profile: LoadProfile) -> Number:
        """Return the life under a repeating load of constant powers [s]."""
        return voltage_life_s(self, profile)

    def _life_s(self, profile: LoadProfile) -> Number:
        step_count = len(profile.currents_a)

        def life(capacity_ah: Number, nominal_v: Number, resistance_ohm: Number, cutoff_v: Number, *steps: Number) -> Number:
            powers = [current * nominal_v for current in steps[:step_count]]
            cell = CellVoltage(capacity_ah, nominal_v, self.charges, self.volts, resistance_ohm, cutoff_v)
            return cell._life(powers, list(steps[step_count:]))

        return by_row_blocks(
            life, self.capacity_ah, self.nominal_v, self.resistance_ohm, self.cutoff_v, *profile.currents_a, *profile.durations_s
        )

    def _life(self, powers: list[Number], durations: list[Number]) -> Number:
        peak: Number = 0.0
        for power in powers:
            peak = larger(peak, power)
        stop_v = stopping_voltage_v(self.cutoff_v, self.resistance_ohm, peak)
        whole_s = period_s(LoadProfile(tuple(powers), tuple(durations)))
        seconds: Number = 0.0
        pieces = zip(self.charges, self.volts, self.charges[1:], self.volts[1:], strict=False)
        for low_charge, low_v, high_charge, high_v in pieces:
            # Below the stopping voltage nothing is delivered: the piece begins where the curve passes it.
            if high_v > low_v:
                begin = low_charge + (high_charge - low_charge) * smaller(larger((stop_v - low_v) / (high_v - low_v), 0.0), 1.0)
            else:
                begin = low_charge + (high_charge - low_charge) * (stop_v > low_v)
            for node, weight in _NODES:
                charge = begin + 0.5 * (1.0 + node) * (high_charge - begin)
                open_v = low_v + (high_v - low_v) * (charge - low_charge) / (high_charge - low_charge)
                drawn: Number = 0.0
                for power, duration in zip(powers, durations, strict=True):
                    drawn = drawn + loaded_current_a(power, open_v, self.resistance_ohm) * duration
                seconds = seconds + 0.5 * weight * (high_charge - begin) * self.capacity_ah * S_PER_HOUR * endless_where_idle(
                    whole_s, drawn
                )
        return seconds


def _root(square: Number) -> Number:
    if is_column(square):
        import numpy as np

        return np.sqrt(square)
    return math.sqrt(square)
