"""The diffusion battery model: charge reaches the electrode by diffusion, and what has not arrived yet is out of reach for now.

The infinite series is cut after ten terms, as its authors do. Within a step, emptiness is looked for at the step's end: among thousands
of random patterns of up to six levels none makes the apparent loss reach a new high inside a step and fall below it before the step ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from costmodel.battery.load_profile import LoadProfile
from costmodel.battery.relaxation import Relaxation, relaxation_life_s
from costmodel.columns import Number
from costmodel.provenance import formula
from costmodel.units import S_PER_HOUR

SOURCE: Final = "rakhmatov2003: ten terms of the series of rakhmatov2001"
TERMS: Final = 10
"""Terms of the series that are summed."""


def _terms(capacity_ah: Number, diffusion_hz: Number, profile: LoadProfile) -> dict[str, Any]:
    return {"Q": capacity_ah, "beta^2": diffusion_hz, "I_i": profile.currents_a, "t_i": profile.durations_s}


@formula(
    id="battery.diffusion_life",
    equation=(
        "smallest t with sigma(t) = 3600 * Q, where sigma = integral_0^t(I) + 2 * sum_(m=1..10) x_m, "
        "x_m' = I - beta^2 * m^2 * x_m, x_m(0) = 0; "
        "at constant I: x_m = x_m0 * exp(-beta^2 * m^2 * t) + I / (beta^2 * m^2) * (1 - exp(-beta^2 * m^2 * t))"
    ),
    symbols={
        "t": "battery life; infinite at no load [s]",
        "sigma": "apparent charge lost [A s]",
        "Q": "charge of the full battery [Ah]",
        "I": "current of the step at hand [A]",
        "I_i": "current of each step [A]",
        "t_i": "length of each step [s]",
        "m": "term of the series [1]",
        "x_m": "charge on its way in term m [A s]",
        "beta^2": "diffusion rate [1/s]",
    },
    unit="s",
    source=SOURCE,
    proof="tests/battery/test_lagging_charge.py::test_diffusion_life_is_that_of_its_differential_equations",
    terms=_terms,
)
def diffusion_life_s(capacity_ah: Number, diffusion_hz: Number, profile: LoadProfile) -> Number:
    """Return the life of a diffusion battery under a repeating load.

    Parameters
    ----------
    capacity_ah : float or column
        Charge alpha that can be drawn infinitely slowly [Ah].
    diffusion_hz : float or column
        Diffusion rate beta squared [1/s].
    profile : LoadProfile
        One period of the load.

    Returns
    -------
    float or column
        Life [s]; infinity where nothing is drawn.
    """
    rates = tuple(diffusion_hz * float(term * term) for term in range(1, TERMS + 1))
    return relaxation_life_s(Relaxation(capacity_ah * S_PER_HOUR, 2.0, rates), profile)


@dataclass(frozen=True)
class Diffusion:
    """A battery after Rakhmatov and Vrudhula."""

    source: ClassVar[str] = SOURCE
    capacity_ah: Number
    """alpha: charge that can be drawn infinitely slowly [Ah]."""
    diffusion_hz: Number
    """beta squared: diffusion rate [1/s]."""

    def life_s(self, profile: LoadProfile) -> Number:
        """Return the life under a repeating load [s]."""
        return diffusion_life_s(self.capacity_ah, self.diffusion_hz, profile)
