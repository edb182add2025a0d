"""The energy budget of a duty-cycled device and the deck's battery model: usable energy, energy per inference, a charge always delivered.

Every function is pure and takes floats or NumPy columns that broadcast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

from costmodel.battery.load_profile import LoadProfile, average_current_a, by_row_blocks
from costmodel.columns import Number, is_column
from costmodel.provenance import formula
from costmodel.units import S_PER_HOUR

_DECK: Final = "kornak2025deck: slides 'Power Consumption' and 'Battery Life Estimates'"


@formula(
    id="battery.usable_energy",
    equation="E_usable = V * Q * 3600 * eta_conv * eta_dis",
    symbols={
        "E_usable": "energy the load can draw from a full battery [J]",
        "V": "nominal voltage [V]",
        "Q": "capacity [Ah]",
        "eta_conv": "converter (regulator) efficiency [1]",
        "eta_dis": "discharge efficiency: the share of the capacity that is delivered [1]",
    },
    unit="J",
    source=_DECK,
)
def usable_energy_j(voltage_v: Number, capacity_ah: Number, converter_ratio: Number, discharge_ratio: Number) -> Number:
    """Return the energy a load can draw from a full battery.

    Parameters
    ----------
    voltage_v : float or column
        Nominal voltage [V].
    capacity_ah : float or column
        Capacity [Ah].
    converter_ratio : float or column
        Efficiency of the regulator [1].
    discharge_ratio : float or column
        Share of the capacity that is delivered [1].

    Returns
    -------
    float or column
        Energy [J].
    """
    return voltage_v * capacity_ah * S_PER_HOUR * converter_ratio * discharge_ratio


@formula(
    id="battery.electrical_power",
    equation="P = V * I",
    symbols={"P": "electrical power [W]", "V": "supply voltage [V]", "I": "supply current [A]"},
    unit="W",
    source="definition: electrical power",
)
def electrical_power_w(supply_v: Number, current_a: Number) -> Number:
    """Return the power a load draws.

    Parameters
    ----------
    supply_v : float or column
        Supply voltage [V].
    current_a : float or column
        Supply current [A].

    Returns
    -------
    float or column
        Power [W].
    """
    return supply_v * current_a


@formula(
    id="battery.inference_energy",
    equation="E_inf = P_active * tau",
    symbols={
        "E_inf": "energy of one inference, idle power included [J]",
        "P_active": "power during an inference [W]",
        "tau": "duration of an inference [s]",
    },
    unit="J",
    source=_DECK,
)
def inference_energy_j(power_w: Number, duration_s: Number) -> Number:
    """Return the energy of one inference, what the device would have drawn idle included.

    Parameters
    ----------
    power_w : float or column
        Power during an inference [W].
    duration_s : float or column
        Duration of an inference [s].

    Returns
    -------
    float or column
        Energy [J].
    """
    return power_w * duration_s


@formula(
    id="battery.baseline_energy",
    equation="E_base = P_idle * tau",
    symbols={
        "E_base": "energy the idle device would have drawn during an inference [J]",
        "P_idle": "power of the idle device [W]",
        "tau": "duration of an inference [s]",
    },
    unit="J",
    source=_DECK,
)
def baseline_energy_j(idle_w: Number, duration_s: Number) -> Number:
    """Return the part of an inference's energy that the idle device would have drawn anyway.

    Parameters
    ----------
    idle_w : float or column
        Power of the idle device [W].
    duration_s : float or column
        Duration of an inference [s].

    Returns
    -------
    float or column
        Energy [J].
    """
    return idle_w * duration_s


@formula(
    id="battery.computational_energy",
    equation="E_comp = E_inf - E_base",
    symbols={
        "E_comp": "energy of an inference above idle [J]",
        "E_inf": "energy of one inference [J]",
        "E_base": "energy the idle device would have drawn meanwhile [J]",
    },
    unit="J",
    source=_DECK,
)
def computational_energy_j(inference_j: Number, baseline_j: Number) -> Number:
    """Return the part of an inference's energy that computing adds to idling.

    Parameters
    ----------
    inference_j : float or column
        Energy of one inference [J].
    baseline_j : float or column
        Energy the idle device would have drawn meanwhile [J].

    Returns
    -------
    float or column
        Energy [J].
    """
    return inference_j - baseline_j


@formula(
    id="battery.energy_share",
    equation="r = E_part / E_inf",
    symbols={
        "r": "share of an inference's energy [1]",
        "E_part": "baseline or computational energy [J]",
        "E_inf": "energy of one inference [J]",
    },
    unit="1",
    source=_DECK,
)
def energy_share_ratio(part_j: Number, inference_j: Number) -> Number:
    """Return the share one part has in an inference's energy.

    Parameters
    ----------
    part_j : float or column
        Baseline or computational energy [J].
    inference_j : float or column
        Energy of one inference [J].

    Returns
    -------
    float or column
        Share [1].
    """
    return part_j / inference_j


@formula(
    id="battery.duty_ratio",
    equation="D = tau / T",
    symbols={"D": "duty cycle [1]", "tau": "duration of an inference [s]", "T": "period between two starts [s]"},
    unit="1",
    source=_DECK,
)
def duty_ratio(duration_s: Number, period_s: Number) -> Number:
    """Return the share of the time spent inferring.

    Parameters
    ----------
    duration_s : float or column
        Duration of an inference [s].
    period_s : float or column
        Time from one start to the next [s]; the caller refuses a period shorter than the inference.

    Returns
    -------
    float or column
        Duty cycle [1].
    """
    return duration_s / period_s


@formula(
    id="battery.inference_count",
    equation="N = t / T",
    symbols={"N": "inferences until empty [1]", "t": "battery life [s]", "T": "period between two starts [s]"},
    unit="1",
    source=_DECK,
)
def inference_count(life_s: Number, period_s: Number) -> Number:
    """Return the inferences a battery lasts for, as a real number; whoever prints it rounds.

    Parameters
    ----------
    life_s : float or column
        Battery life [s].
    period_s : float or column
        Time from one start to the next [s]; the inference's own duration when they run back to back.

    Returns
    -------
    float or column
        Inferences.
    """
    return life_s / period_s


@formula(
    id="battery.inference_rate",
    equation="f = 1 / tau",
    symbols={"f": "inferences per second, back to back [Hz]", "tau": "duration of an inference [s]"},
    unit="Hz",
    source=_DECK,
)
def inference_rate_hz(duration_s: Number) -> Number:
    """Return the rate of inferences that follow each other without a pause.

    Parameters
    ----------
    duration_s : float or column
        Duration of an inference [s].

    Returns
    -------
    float or column
        Rate [Hz].
    """
    return 1.0 / duration_s


def endless_where_idle(store: Number, drain: Number) -> Number:
    """Return store / drain, and infinity where the drain is zero or negative: such a load never empties the store."""
    if is_column(store) or is_column(drain):
        import numpy as np

        if np.greater(drain, 0.0).all():
            return store / drain
        shape = np.broadcast_shapes(np.shape(store), np.shape(drain))
        endless = np.full(shape, math.inf)
        return np.divide(store, drain, out=endless, where=np.broadcast_to(np.greater(drain, 0.0), shape))
    return store / drain if drain > 0.0 else math.inf


@formula(
    id="battery.ideal_life",
    equation="t = Q * eta_dis * 3600 / I_avg",
    symbols={
        "t": "battery life; infinite at no load [s]",
        "Q": "capacity [Ah]",
        "eta_dis": "share of the capacity that is delivered [1]",
        "I_avg": "average current drawn from the battery [A]",
    },
    unit="s",
    source=_DECK,
)
def ideal_life_s(capacity_ah: Number, discharge_ratio: Number, average_a: Number) -> Number:
    """Return the life of a battery that delivers the same charge at every rate.

    Parameters
    ----------
    capacity_ah : float or column
        Capacity [Ah].
    discharge_ratio : float or column
        Share of the capacity that is delivered [1].
    average_a : float or column
        Average current drawn from the battery [A].

    Returns
    -------
    float or column
        Life [s]; infinity where nothing is drawn.
    """
    return endless_where_idle(capacity_ah * discharge_ratio * S_PER_HOUR, average_a)


@dataclass(frozen=True)
class IdealCharge:
    """A battery that delivers the same charge at every rate."""

    source: ClassVar[str] = _DECK
    capacity_ah: Number
    """Rated capacity [Ah]."""
    discharge_ratio: Number = 1.0
    """Share of it that is delivered [1]."""

    def life_s(self, profile: LoadProfile) -> Number:
        """Return the life under a repeating load [s]."""

        def life(capacity_ah: Number, discharge_ratio: Number, *steps: Number) -> Number:
            half = len(steps) // 2
            return ideal_life_s(capacity_ah, discharge_ratio, average_current_a(LoadProfile(steps[:half], steps[half:])))

        # Larger than a block of scattered designs, which is in the cache as it is.
        steps = (*profile.currents_a, *profile.durations_s)
        return by_row_blocks(life, self.capacity_ah, self.discharge_ratio, *steps, block_elements=1 << 15)


@formula(
    id="battery.held_capacity",
    equation="Q_T = Q * s",
    symbols={
        "Q_T": "capacity at a temperature [Ah]",
        "Q": "rated capacity [Ah]",
        "s": "share of it the temperature leaves [1]",
    },
    unit="Ah",
    source="definition: the share a cell's data give",
)
def held_capacity_ah(capacity_ah: Number, share_ratio: Number) -> Number:
    """Return the capacity at a temperature.

    Parameters
    ----------
    capacity_ah : float or column
        Rated capacity [Ah].
    share_ratio : float or column
        Share of it the temperature leaves [1].

    Returns
    -------
    float or column
        Capacity [Ah].
    """
    return capacity_ah * share_ratio


@formula(
    id="battery.delivered_capacity",
    equation="Q_d = Q * eta_dis",
    symbols={
        "Q_d": "charge the battery delivers [Ah]",
        "Q": "capacity at its temperature [Ah]",
        "eta_dis": "share of it that is delivered [1]",
    },
    unit="Ah",
    source="kornak2025deck: slide 'Battery Life Estimates'",
)
def delivered_capacity_ah(capacity_ah: Number, discharge_ratio: Number) -> Number:
    """Return the charge a battery delivers."""
    return capacity_ah * discharge_ratio


@formula(
    id="battery.rated_time",
    equation="H = H_r * (Q_d / Q_r)",
    symbols={
        "H": "discharge time at the rated current [s]",
        "H_r": "discharge time the capacity is rated at [s]",
        "Q_d": "charge the battery delivers [Ah]",
        "Q_r": "rated capacity [Ah]",
    },
    unit="s",
    source="definition: the rated current is the rated capacity's, whatever is delivered of it",
)
def rated_time_s(rated_s: Number, delivered_ah: Number, rated_ah: Number) -> Number:
    """Return how long the delivered charge lasts at the rated current."""
    return rated_s * (delivered_ah / rated_ah)
