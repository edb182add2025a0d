"""The ideal battery with efficiencies: it delivers the same charge whatever the load. The deck's model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from costmodel.battery.energy_budget import endless_where_idle
from costmodel.battery.load_profile import LoadProfile, average_current_a, by_row_blocks
from costmodel.columns import Number
from costmodel.provenance import formula
from costmodel.units import S_PER_HOUR

SOURCE: Final = "kornak2025deck: slide 'Battery Life Estimates'"


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
    source=SOURCE,
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

    capacity_ah: Number
    """Rated capacity [Ah]."""
    discharge_ratio: Number = 1.0
    """Share of it that is delivered [1]."""

    def life_s(self, profile: LoadProfile) -> Number:
        """Return the life under a repeating load [s]."""

        def life(capacity_ah: Number, discharge_ratio: Number, *steps: Number) -> Number:
            half = len(steps) // 2
            return ideal_life_s(capacity_ah, discharge_ratio, average_current_a(LoadProfile(steps[:half], steps[half:])))

        return by_row_blocks(life, self.capacity_ah, self.discharge_ratio, *profile.currents_a, *profile.durations_s)
