"""Power of a board while it infers: nearly the same whatever network runs, so that one measured network tells the energy of others.

Within the submissions of MLPerf Tiny (v0.7 to v1.3; 88 networks with times and energies) the power of one network gave another's energy
within 4 % at the median and 10 % nine times in ten.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from costmodel.columns import Number
from costmodel.provenance import formula

NETWORK_SD: Final = 0.042
"""Standard deviation of the logarithm of a network's power beside that of its board."""


@formula(
    id="power.measured",
    equation="P = sum(E_i) / sum(t_i)",
    symbols={
        "P": "power of the board while it infers [W]",
        "E_i": "energy of one inference of measured network i [J]",
        "t_i": "its time [s]",
    },
    unit="W",
    source="definition: mean over the time of all",
    terms=lambda energies_j, durations_s: {"E_i": energies_j, "t_i": durations_s},
)
def measured_power_w(energies_j: Sequence[float], durations_s: Sequence[float]) -> float:
    """Return the power of a board from networks whose energy was measured.

    Parameters
    ----------
    energies_j : sequence of float
        Of one inference of each [J], above zero.
    durations_s : sequence of float
        Of the same [s].

    Returns
    -------
    float
        [W].
    """
    return sum(energies_j) / sum(durations_s)


@formula(
    id="energy.at_power",
    equation="E = P*t",
    symbols={"E": "energy of one inference [J]", "P": "power of the board while it infers [W]", "t": "its time [s]"},
    unit="J",
    source="definition: power times time",
)
def energy_at_power_j(power_w: Number, duration_s: Number) -> Number:
    """Return the energy of an inference at a power.

    Parameters
    ----------
    power_w : float or column
        [W].
    duration_s : float or column
        [s].

    Returns
    -------
    float or column
        [J].
    """
    return power_w * duration_s


def power_sd(network_count: int) -> float:
    """Return the standard deviation of the logarithm of another network's power, where some were measured."""
    return NETWORK_SD * math.sqrt(1.0 + 1.0 / network_count)
