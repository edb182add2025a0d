"""What a battery sees: one period of a repeating pattern of currents, and the protocol every battery model answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from costmodel.columns import Number, is_column
from costmodel.provenance import formula

BLOCK_ELEMENTS: Final = 1 << 13
"""Elements worked on at once, so that temporaries stay in the cache."""


class LoadProfile(NamedTuple):
    """One period of a load that repeats until the battery is empty; it starts at full charge, after a long rest."""

    currents_a: tuple[Number, ...]
    """Current drawn from the battery in each step [A]."""
    durations_s: tuple[Number, ...]
    """Length of each step [s]."""


class BatteryModel(Protocol):
    """A battery: frozen parameters, and the life they give under a load."""

    @property
    def source(self) -> str:
        """Where the model's equations come from."""
        ...

    def life_s(self, profile: LoadProfile) -> Number:
        """Return the time until the battery is empty, infinite where nothing is drawn.

        Parameters
        ----------
        profile : LoadProfile
            Load; its currents and durations may be columns that broadcast against each other and the parameters.

        Returns
        -------
        float or column
            Life [s].
        """
        ...


def constant_load(current_a: Number, span_s: Number = 1.0) -> LoadProfile:
    """Return the profile of a current that never changes.

    Parameters
    ----------
    current_a : float or column
        Current drawn from the battery [A].
    span_s : float or column, optional
        Length of the period [s]; every choice describes the same load.

    Returns
    -------
    LoadProfile
        A single step.
    """
    return LoadProfile((current_a,), (span_s,))


def _profile_terms(profile: LoadProfile) -> dict[str, Any]:
    return {"I_i": profile.currents_a, "t_i": profile.durations_s}


@formula(
    id="battery.period",
    equation="T = sum(t_i)",
    symbols={"T": "length of one period [s]", "t_i": "length of step i [s]"},
    unit="s",
    source="definition: a period is its steps",
    terms=_profile_terms,
)
def period_s(profile: LoadProfile) -> Number:
    """Return the length of one period [s]."""
    total = profile.durations_s[0]
    for duration in profile.durations_s[1:]:
        total = total + duration
    return total


@formula(
    id="battery.average_current",
    equation="I_avg = sum(I_i * t_i) / sum(t_i)",
    symbols={
        "I_avg": "average current over one period [A]",
        "I_i": "current in step i [A]",
        "t_i": "length of step i [s]",
    },
    unit="A",
    source="definition: mean over time",
    terms=_profile_terms,
)
def average_current_a(profile: LoadProfile) -> Number:
    """Return the mean current over one period.

    Parameters
    ----------
    profile : LoadProfile
        One period of the load.

    Returns
    -------
    float or column
        Current [A].
    """
    charge = profile.currents_a[0] * profile.durations_s[0]
    for current, duration in zip(profile.currents_a[1:], profile.durations_s[1:], strict=True):
        charge = charge + current * duration
    return charge / period_s(profile)


def _power_terms(powers_w: Sequence[Number], durations_s: Sequence[Number]) -> dict[str, Any]:
    return {"P_i": tuple(powers_w), "t_i": tuple(durations_s)}


@formula(
    id="battery.average_power",
    equation="P_avg = sum(P_i * t_i) / sum(t_i)",
    symbols={
        "P_avg": "average power over one period [W]",
        "P_i": "power in step i [W]",
        "t_i": "length of step i [s]",
    },
    unit="W",
    source="definition: mean over time",
    terms=_power_terms,
)
def average_power_w(powers_w: Sequence[Number], durations_s: Sequence[Number]) -> Number:
    """Return the mean power over one period.

    Parameters
    ----------
    powers_w : sequence of float or column
        Power in each step [W].
    durations_s : sequence of float or column
        Length of each step [s].

    Returns
    -------
    float or column
        Power [W].
    """
    energy = powers_w[0] * durations_s[0]
    whole_s = durations_s[0]
    for power, duration in zip(powers_w[1:], durations_s[1:], strict=True):
        energy = energy + power * duration
        whole_s = whole_s + duration
    return energy / whole_s


@formula(
    id="battery.rate",
    equation="f = k / T",
    symbols={"f": "inferences a second [Hz]", "k": "inferences a period [1]", "T": "length of one period [s]"},
    unit="Hz",
    source="definition: rate",
)
def rate_of_hz(inference_count: int, period_s: float) -> float:
    """Return the rate of inferences."""
    return inference_count / period_s


@formula(
    id="battery.whole_inferences",
    equation="N = floor(k * t / T + 0.5)",
    symbols={
        "N": "inferences until empty, to the nearest whole one [1]",
        "k": "inferences a period [1]",
        "t": "battery life [s]",
        "T": "length of one period [s]",
    },
    unit="1",
    source="definition: periods of a life, and the inferences in them",
)
def whole_inference_count(inference_count: int, life_s: float, period_s: float) -> int:
    """Return the inferences until empty."""
    return math.floor(inference_count * life_s / period_s + 0.5)


@formula(
    id="battery.drain_share",
    equation="r = E / sum(E_i)",
    symbols={
        "r": "share of what a period draws that one part takes [1]",
        "E": "energy one part of a period draws from the battery [J]",
        "E_i": "energy each part draws [J]",
    },
    unit="1",
    source="definition: part over whole",
)
def drain_share_ratio(E: Number, E_i: Sequence[Number]) -> Number:
    """Return the share one part takes of what a period draws."""
    return E / sum(E_i)


def by_row_blocks(function: Callable[..., Number], *values: Number, block_elements: int = BLOCK_ELEMENTS) -> Number:
    """Evaluate a function element by element on columns that broadcast, a block of rows at a time.

    Parameters
    ----------
    function : callable
        Takes as many numbers as are given and returns one that broadcasts as they do.
    *values : float or column
        Its arguments.
    block_elements : int, optional
        Elements of a block; larger where the function works on whole rows of arguments as well.

    Returns
    -------
    float or column
        What a single call would have returned, without its large temporaries.
    """
    if not any(is_column(value) for value in values):
        return function(*values)
    import numpy as np

    shape = np.broadcast_shapes(*(np.shape(value) for value in values))
    rows = max(1, block_elements // max(math.prod(shape[1:]), 1))
    if not shape or shape[0] <= rows:
        return function(*values)
    result = np.empty(shape)
    wide = [np.reshape(value, (1,) * (len(shape) - np.ndim(value)) + np.shape(value)) for value in values]
    for first in range(0, shape[0], rows):
        block = (value[first : first + rows] if value.shape[0] > 1 else value for value in wide)
        result[first : first + rows] = function(*block)
    return result


@formula(
    id="battery.cutoff_voltage",
    equation="V_stop = V_cut + R * P_max / V_cut",
    symbols={
        "V_stop": "open-circuit voltage at which the loaded cell is at cut-off [V]",
        "V_cut": "cut-off voltage under load [V]",
        "R": "internal resistance [ohm]",
        "P_max": "largest power of the pattern [W]",
    },
    unit="V",
    source="chen2006battery: equivalent circuit of a voltage source and a resistance",
)
def stopping_voltage_v(cutoff_v: Number, resistance_ohm: Number, peak_w: Number) -> Number:
    """Return the open-circuit voltage at which the device stops.

    Parameters
    ----------
    cutoff_v : float or column
        Cut-off voltage under load [V].
    resistance_ohm : float or column
        Internal resistance [ohm].
    peak_w : float or column
        Largest power of the pattern [W].

    Returns
    -------
    float or column
        Voltage [V].
    """
    return cutoff_v + resistance_ohm * peak_w / cutoff_v
