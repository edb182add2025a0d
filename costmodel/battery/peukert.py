"""Peukert's law in its rated form: a battery that is drained faster than rated delivers less.

The rated form carries the discharge time H at which the capacity C was rated, so that I = C / H lasts exactly H. The un-rated form
`t = C / I^k` is another convention, and gives other numbers for the same C and k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

from costmodel.battery.energy_budget import IdealCharge
from costmodel.battery.load_profile import LoadProfile
from costmodel.columns import Number, is_column, larger
from costmodel.provenance import formula
from costmodel.units import S_PER_HOUR

SOURCE: Final = "peukert1897: his law in the rated form of doerffel2006"
_LEAST_CHARGE_C: Final = 1e-30
"""Far less than an electron's: a battery that the cold leaves nothing lasts no time, and divides nothing by zero."""


@formula(
    id="battery.peukert_drain",
    equation="u = I * max(1, I * H / (3600 * Q))^(k - 1)",
    symbols={
        "u": "current an ideal battery would have to deliver to empty as fast [A]",
        "Q": "capacity at the rated discharge time [Ah]",
        "H": "discharge time the capacity is rated at [s]",
        "k": "Peukert exponent [1]",
        "I": "current [A]",
    },
    unit="A",
    source=SOURCE + "; held at the rated capacity below the rated current, where the law was not measured",
)
def peukert_drain_a(capacity_ah: Number, rated_s: Number, exponent_ratio: Number, current_a: Number) -> Number:
    """Return the current that would empty an ideal battery as fast.

    Parameters
    ----------
    capacity_ah : float or column
        Capacity at the rated discharge time [Ah].
    rated_s : float or column
        Rated discharge time [s].
    exponent_ratio : float or column
        Peukert exponent [1].
    current_a : float or column
        Current [A].

    Returns
    -------
    float or column
        Equivalent current [A].
    """
    excess = larger(current_a * rated_s / larger(capacity_ah * S_PER_HOUR, _LEAST_CHARGE_C), 1.0)
    return current_a * _power(excess, exponent_ratio - 1.0)


@dataclass(frozen=True)
class Peukert:
    """A battery after Peukert, rated form, each step of a load draining at its own rate."""

    source: ClassVar[str] = SOURCE
    capacity_ah: Number
    """Capacity at the rated discharge time [Ah]."""
    rated_s: Number
    """Discharge time the capacity is rated at [s]."""
    exponent_ratio: Number
    """Peukert exponent [1]."""

    def life_s(self, profile: LoadProfile) -> Number:
        """Return the life under a repeating load [s]."""
        drains = tuple(peukert_drain_a(self.capacity_ah, self.rated_s, self.exponent_ratio, current) for current in profile.currents_a)
        return IdealCharge(self.capacity_ah).life_s(LoadProfile(drains, profile.durations_s))


def _power(base: Number, exponent: Number) -> Number:
    """Raise a base of at least 1 to a power, at the cost of a logarithm and an exponential."""
    if is_column(base) or is_column(exponent):
        import numpy as np

        return np.exp(exponent * np.log(base))
    return math.pow(base, exponent)
