"""From a board's states to its battery's currents: regulators, self-discharge, temperature, and where two ways of resting cost the same."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from costmodel.columns import Number, is_column, larger, smaller
from costmodel.provenance import formula, leaf
from costmodel.specs.devices.battery import SHELF_DEGC
from costmodel.units import DAYS_PER_YEAR, S_PER_DAY, S_PER_HOUR

_TABLE: Final = "definition: the table of the cell or the regulator, each of whose points names its own source"


class DutyStep(NamedTuple):
    """A stay in one state, as the board's supply sees it."""

    name: str
    supply_v: Number
    current_a: Number
    duration_s: Number


@formula(
    id="battery.battery_current",
    equation="I_b = V_s * I_s / (V_b * eta) + I_q",
    symbols={
        "I_b": "current drawn from the battery [A]",
        "V_s": "voltage the board is supplied with [V]",
        "I_s": "current the board draws [A]",
        "V_b": "battery voltage [V]",
        "eta": "efficiency of the regulator at that load [1]",
        "I_q": "current drawn all the time: self-discharge, and what the regulator draws for itself [A]",
    },
    unit="A",
    source="definition: energy is conserved across the regulator",
)
def battery_current_a(supply_v: Number, current_a: Number, battery_v: Number, efficiency_ratio: Number, background_a: Number) -> Number:
    """Return the current a board's load draws from the battery.

    Parameters
    ----------
    supply_v, current_a : float or column
        What the board draws [V, A].
    battery_v : float or column
        Battery voltage [V].
    efficiency_ratio : float or column
        Efficiency of the regulator at that load [1].
    background_a : float or column
        Current drawn all the time [A].

    Returns
    -------
    float or column
        Current [A].
    """
    return supply_v * current_a / (battery_v * efficiency_ratio) + background_a


@formula(
    id="battery.self_discharge",
    equation="I_sd = Q * r / 8766 * 2^((T - 20) / 10)",
    symbols={
        "I_sd": "current that would empty the battery as fast as the shelf does [A]",
        "Q": "capacity [Ah]",
        "r": "share of the charge lost a year at 20 degC [1/year]",
        "T": "temperature [degC]",
    },
    unit="A",
    source="assumption: self-discharge doubles every 10 K, the rule of thumb after van 't Hoff",
)
def self_discharge_a(capacity_ah: Number, yearly_ratio: Number, temperature_degc: Number) -> Number:
    """Return self-discharge as a current.

    Parameters
    ----------
    capacity_ah : float or column
        Capacity [Ah].
    yearly_ratio : float or column
        Share lost in a year at 20 degC [1].
    temperature_degc : float or column
        Temperature [degC].

    Returns
    -------
    float or column
        Current [A].
    """
    if not is_column(yearly_ratio) and yearly_ratio == 0.0:
        return 0.0  # Whatever the temperature: a lone number, so that nothing seems to depend on it.
    year_h = DAYS_PER_YEAR * S_PER_DAY / S_PER_HOUR
    return capacity_ah * yearly_ratio / year_h * 2.0 ** ((temperature_degc - SHELF_DEGC) / 10.0)


def _neighbours(at: Number, points: Sequence[float], shares: Sequence[float]) -> dict[str, Number]:
    """Return the tabulated places around a place, for `explain`."""
    before = max(sum(point <= at for point in points[:-1]) - 1, 0)
    after = min(before + 1, len(points) - 1)
    places, values = (points[before], points[after]), (shares[before], shares[after])
    x_a, x_b, y_a, y_b = (leaf(each, "tabulated point", _TABLE) for each in (*places, *values))
    return {"x": at, "x_a": x_a, "x_b": x_b, "y_a": y_a, "y_b": y_b}


@formula(
    id="battery.interpolated_share",
    equation="y = y_a + (y_b - y_a) * (min(max(x, x_a), x_b) - x_a) / (x_b - x_a) if x_b > x_a else y_a",
    symbols={
        "y": "capacity left at a temperature, or efficiency at a load [1]",
        "x": "where the table is read: degrees Celsius, or the natural logarithm of a load in A [1]",
        "x_a": "tabulated place at or before x, or the table's first [1]",
        "x_b": "tabulated place after it, or the table's last [1]",
        "y_a": "share at x_a [1]",
        "y_b": "share at x_b [1]",
    },
    unit="1",
    source="definition: straight lines between the tabulated points",
    terms=_neighbours,
)
def interpolated_share_ratio(at: Number, points: Sequence[float], shares: Sequence[float]) -> Number:
    """Interpolate a tabulated share.

    Parameters
    ----------
    at : float or column
        Where to read the table.
    points : sequence of float
        Tabulated places, rising.
    shares : sequence of float
        Tabulated shares [1].

    Returns
    -------
    float or column
        Share [1].
    """
    if is_column(at):
        import numpy as np

        return np.interp(at, points, shares)
    upper = bisect.bisect_right(points, at)
    if upper == 0 or upper == len(points):
        return shares[0] if upper == 0 else shares[-1]
    slope = (shares[upper] - shares[upper - 1]) / (points[upper] - points[upper - 1])
    return slope * (at - points[upper - 1]) + shares[upper - 1]


def _load_terms(load_a: Number, lightest_a: Number) -> dict[str, Number]:
    return {"I": load_a, "I_0": leaf(lightest_a, "lightest tabulated load", _TABLE)}


@formula(
    id="battery.logarithm_of_load",
    equation="x = ln(max(I, I_0))",
    symbols={"x": "place on a regulator's curve [1]", "I": "load [A]", "I_0": "lightest load of the curve [A]"},
    unit="1",
    source="definition: curves are drawn over the logarithm of the load",
    terms=_load_terms,
)
def logarithm_of_load(load_a: Number, lightest_a: Number) -> Number:
    """Return where a load stands on a regulator's curve."""
    if is_column(load_a):
        import numpy as np

        return np.log(np.maximum(load_a, lightest_a))
    return math.log(max(load_a, lightest_a))


def efficiency_ratio(load_a: Number, loads_a: Sequence[float], efficiencies: Sequence[float]) -> Number:
    """Return a regulator's efficiency at a load, over the logarithm of the load.

    Parameters
    ----------
    load_a : float or column
        Load [A]; at zero the lightest tabulated load's efficiency holds.
    loads_a : sequence of float
        Tabulated loads, rising from above zero [A].
    efficiencies : sequence of float
        Efficiency at each [1].

    Returns
    -------
    float or column
        Efficiency [1].
    """
    at = logarithm_of_load(load_a, loads_a[0])
    return interpolated_share_ratio(at, [math.log(load) for load in loads_a], list(efficiencies))


@formula(
    id="battery.crossover_period",
    equation="T = t_inf + (q_A - I_A * t_A - q_B + I_B * t_B) / (I_B - I_A)",
    symbols={
        "T": "period at which two ways of resting draw the same charge [s]",
        "t_inf": "duration of an inference [s]",
        "q_A": "charge of a wake-up from A [A s]",
        "I_A": "battery current resting in A [A]",
        "t_A": "duration of a wake-up from A [s]",
        "q_B": "charge of a wake-up from B [A s]",
        "I_B": "battery current resting in B [A]",
        "t_B": "duration of a wake-up from B [s]",
    },
    unit="s",
    source="definition: equal charge a period, q_A + I_A (T - t_inf - t_A) = q_B + I_B (T - t_inf - t_B)",
)
def crossover_period_s(
    inference_s: Number,
    deeper_wake_charge: Number,
    deeper_a: Number,
    deeper_wake_s: Number,
    lighter_wake_charge: Number,
    lighter_a: Number,
    lighter_wake_s: Number,
) -> Number:
    """Return the period from which a deeper rest pays.

    Parameters
    ----------
    inference_s : float or column
        Duration of an inference [s].
    deeper_wake_charge, lighter_wake_charge : float or column
        Charge of a wake-up [A s].
    deeper_a, lighter_a : float or column
        Battery current at rest [A].
    deeper_wake_s, lighter_wake_s : float or column
        Duration of a wake-up [s].

    Returns
    -------
    float or column
        Period [s].
    """
    extra = deeper_wake_charge - deeper_a * deeper_wake_s - lighter_wake_charge + lighter_a * lighter_wake_s
    return inference_s + extra / (lighter_a - deeper_a)


@formula(
    id="battery.step_charge",
    equation="q = I * t",
    symbols={"q": "charge a step draws each period [A s]", "I": "battery current in it [A]", "t": "its length [s]"},
    unit="A s",
    source="definition: charge",
)
def step_charge(current_a: Number, duration_s: Number) -> Number:
    """Return the charge one step draws each period.

    Parameters
    ----------
    current_a : float or column
        Battery current [A].
    duration_s : float or column
        Length of the step [s].

    Returns
    -------
    float or column
        Charge [A s].
    """
    return current_a * duration_s


@formula(
    id="battery.background_current",
    equation="I_q = I_sd + I_reg",
    symbols={
        "I_q": "current drawn from the battery all the time [A]",
        "I_sd": "self-discharge [A]",
        "I_reg": "current the regulator draws for itself [A]",
    },
    unit="A",
    source="definition: what goes on whatever the board does",
)
def background_current_a(self_discharge_a: Number, quiescent_a: Number) -> Number:
    """Return the current drawn from the battery whatever the board does.

    Parameters
    ----------
    self_discharge_a : float or column
        Self-discharge [A].
    quiescent_a : float or column
        Current the regulator draws for itself [A].

    Returns
    -------
    float or column
        Current [A].
    """
    return self_discharge_a + quiescent_a


@formula(
    id="battery.rest_duration",
    equation="t_rest = max(T - tau, 0) - t_wake",
    symbols={
        "t_rest": "time between an inference and the wake-up before the next [s]",
        "T": "period between two starts [s]",
        "tau": "duration of an inference [s]",
        "t_wake": "duration of the wake-up, at most what the inference leaves of the period [s]",
    },
    unit="s",
    source="definition: a period is an inference, a rest and a wake-up",
)
def rest_duration_s(period_s: Number, inference_s: Number, wake_s: Number) -> Number:
    """Return the time a board rests each period.

    Parameters
    ----------
    period_s : float or column
        Period between two starts [s].
    inference_s : float or column
        Duration of an inference [s].
    wake_s : float or column
        Duration of the wake-up [s].

    Returns
    -------
    float or column
        Time [s].
    """
    return larger(period_s - inference_s, 0.0) - wake_s


@formula(
    id="battery.drain_energy",
    equation="E = V_b * I * t",
    symbols={
        "E": "energy one part of a period draws from the battery [J]",
        "V_b": "battery voltage [V]",
        "I": "current that part draws from the battery [A]",
        "t": "its length each period [s]",
    },
    unit="J",
    source="definition: electrical energy",
)
def drain_energy_j(battery_v: Number, current_a: Number, duration_s: Number) -> Number:
    """Return the energy one part of a period draws from the battery.

    Parameters
    ----------
    battery_v : float or column
        Battery voltage [V].
    current_a : float or column
        Current the part draws from the battery [A].
    duration_s : float or column
        Its length each period [s].

    Returns
    -------
    float or column
        Energy [J].
    """
    return battery_v * current_a * duration_s


@formula(
    id="battery.regulator_efficiency",
    equation="eta = min(e * f, 1)",
    symbols={
        "eta": "efficiency of the regulator at a load [1]",
        "e": "efficiency its curve gives there [1]",
        "f": "factor on the whole curve [1]",
    },
    unit="1",
    source="definition: one factor varies a curve, up to no loss",
)
def regulator_efficiency_ratio(curve_ratio: Number, relative_ratio: Number) -> Number:
    """Return a regulator's efficiency with one factor on its whole curve."""
    return smaller(curve_ratio * relative_ratio, 1.0)
