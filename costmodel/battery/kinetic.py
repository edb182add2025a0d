"""The kinetic battery model: two wells of charge with a valve between them; empty when the well the load draws from is.

Its closed form at constant current is stepped over whole steps and periods by `relaxation`, never in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from costmodel.battery.load_profile import LoadProfile
from costmodel.battery.relaxation import Relaxation, relaxation_life_s
from costmodel.columns import Number
from costmodel.provenance import formula
from costmodel.units import S_PER_HOUR

SOURCE: Final = "manwell1993kibam: two wells of charge; jongerden2009 in these coordinates"


def _terms(capacity_ah: Number, available_ratio: Number, rate_hz: Number, profile: LoadProfile) -> dict[str, Any]:
    return {"Q": capacity_ah, "c": available_ratio, "k'": rate_hz, "I_i": profile.currents_a, "t_i": profile.durations_s}


@formula(
    id="battery.kinetic_life",
    equation=(
        "smallest t with y1(t) = 0, where y1 = c * (gamma - (1 - c) * delta), gamma' = -I, delta' = I / c - k' * delta, "
        "gamma(0) = 3600 * Q, delta(0) = 0; "
        "at constant I: gamma = gamma_0 - I * t, delta = delta_0 * exp(-k' * t) + I / (c * k') * (1 - exp(-k' * t))"
    ),
    symbols={
        "t": "battery life; infinite at no load [s]",
        "y1": "charge in the well the load draws from [A s]",
        "c": "share of the charge in that well [1]",
        "gamma": "total charge [A s]",
        "delta": "difference between the heights of the wells [A s]",
        "k'": "rate constant of the valve, k / (c * (1 - c)) [1/s]",
        "Q": "charge of the full battery [Ah]",
        "I": "current of the step at hand [A]",
        "I_i": "current of each step [A]",
        "t_i": "length of each step [s]",
    },
    unit="s",
    source=SOURCE,
    proof="tests/battery/test_lagging_charge.py::test_kinetic_life_is_that_of_its_differential_equations",
    terms=_terms,
)
def kinetic_life_s(capacity_ah: Number, available_ratio: Number, rate_hz: Number, profile: LoadProfile) -> Number:
    """Return the life of a kinetic battery under a repeating load.

    Parameters
    ----------
    capacity_ah : float or column
        Charge in both wells when full [Ah].
    available_ratio : float or column
        Share of it in the well the load draws from [1].
    rate_hz : float or column
        Rate constant k' of the valve [1/s].
    profile : LoadProfile
        One period of the load.

    Returns
    -------
    float or column
        Life [s]; infinity where nothing is drawn.
    """
    out_of_reach = (1.0 - available_ratio) / available_ratio
    return relaxation_life_s(Relaxation(capacity_ah * S_PER_HOUR, out_of_reach, (rate_hz,)), profile)


@dataclass(frozen=True)
class Kinetic:
    """A battery of two wells."""

    source: ClassVar[str] = SOURCE
    capacity_ah: Number
    """Charge in both wells when full [Ah]."""
    available_ratio: Number
    """c: share of it in the well the load draws from [1]."""
    rate_hz: Number
    """k': rate constant of the valve between the wells [1/s]."""

    def life_s(self, profile: LoadProfile) -> Number:
        """Return the life under a repeating load [s]."""
        return kinetic_life_s(self.capacity_ah, self.available_ratio, self.rate_hz, profile)
