"""Batteries whose charge lags behind the load: the closed form that kinetic and diffusion models share.

Both models are a total charge and one or more *modes* that fill under load and relax at rest:

    f(t) = Q - q(t) - w * sum_m x_m(t),     dq/dt = I,     dx_m/dt = I - r_m * x_m,     empty at f = 0.

At constant current a mode is an exponential, so it is stepped over a whole step, and over any number of whole periods, without a time loop:
after n periods of length T, x_m = b_m * (1 - a_m^n) / (1 - a_m) with a_m = exp(-r_m T) and b_m its value after the first period. The period
the battery empties in is the first whole number past the root of f over n; the moment within it is the root of f within one step.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.battery.load_profile import LoadProfile, by_row_blocks

Floats = NDArray[np.float64]

_ITERATIONS: Final = 80
"""Newton steps held in a bracket; one that leaves it halves it instead, so 80 exhaust double precision."""
_TOLERANCE: Final = 1e-13
"""Largest step, as a share of the answer, at which a root is taken as found."""
_GONE: Final = 45.0
"""exp(-45) is below the last place of 1."""


class Relaxation(NamedTuple):
    """The parameters of a lagging battery."""

    charge: Any
    """Q: charge that can be drawn infinitely slowly [A s]."""
    weight: Any
    """w: share of a mode that is out of reach [1]."""
    rates: tuple[Any, ...]
    """r_m: relaxation rate of each mode [1/s]."""


def relaxation_life_s(battery: Relaxation, profile: LoadProfile) -> Any:
    """Return the time until a lagging battery is empty under a repeating load.

    Parameters
    ----------
    battery : Relaxation
        Parameters, floats or columns.
    profile : LoadProfile
        Load, floats or columns that broadcast against the parameters.

    Returns
    -------
    float or column
        Life [s]; infinity where nothing is drawn.
    """
    mode_count, step_count = len(battery.rates), len(profile.currents_a)

    def life(*columns: Any) -> Any:
        arrays = [np.asarray(column, dtype=np.float64) for column in columns]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        wide = [np.atleast_1d(array) for array in arrays]
        found = _life(_Problem.of(wide, mode_count, step_count), shape or (1,))
        return found if shape else float(found[0])

    return by_row_blocks(life, battery.charge, battery.weight, *battery.rates, *profile.currents_a, *profile.durations_s)


class _Problem(NamedTuple):
    charge: Floats
    weight: Floats
    rates: list[Floats]
    currents: list[Floats]
    durations: list[Floats]
    ends: list[Floats]
    """Time from the start of the period to the end of each step."""
    drawn: list[Floats]
    """Charge drawn from the start of the period to the end of each step."""
    filled: list[list[Floats]]
    """[step][mode]: the mode at the end of each step, had the period begun at rest."""
    faded: list[list[Floats]]
    """[step][mode]: what is left, at the end of each step, of a mode the period began with."""
    settled: list[Floats]
    """Each mode at the start of a period, after very many."""

    @classmethod
    def of(cls, columns: list[Floats], mode_count: int, step_count: int) -> _Problem:
        charge, weight, *others = columns
        rates = others[:mode_count]
        currents = others[mode_count : mode_count + step_count]
        durations = others[mode_count + step_count :]
        time, charge_drawn = np.zeros(1), np.zeros(1)
        modes: list[Floats] = [np.zeros(1)] * mode_count
        ends, drawn, filled, faded = [], [], [], []
        left: list[Floats] = [np.ones(1)] * mode_count
        for current, duration in zip(currents, durations, strict=True):
            time = time + duration
            charge_drawn = charge_drawn + current * duration
            fading = [np.expm1(-rate * duration) for rate in rates]
            modes = [x + (x - current / r) * fade for x, r, fade in zip(modes, rates, fading, strict=True)]
            left = [share + share * fade for share, fade in zip(left, fading, strict=True)]
            ends.append(time)
            drawn.append(charge_drawn)
            filled.append(modes)
            faded.append(left)
        settled = [x / -np.expm1(-rate * time) for x, rate in zip(modes, rates, strict=True)]
        return cls(charge, weight, rates, currents, durations, ends, drawn, filled, faded, settled)


def _life(problem: _Problem, shape: tuple[int, ...]) -> Floats:
    drawn = np.broadcast_to(problem.drawn[-1], shape)
    endless = drawn <= 0.0
    per_period = np.where(endless, 1.0, drawn)
    whole = np.full(shape, np.inf)
    for step in range(len(problem.currents)):
        np.minimum(whole, _whole_periods(problem, step, per_period), out=whole)
    modes = [settled * -np.expm1(-rate * problem.ends[-1] * whole) for settled, rate in zip(problem.settled, problem.rates, strict=True)]
    left = problem.charge - whole * per_period
    life = np.where(endless, np.inf, np.nan)
    entered, alive = modes, left
    for mode in modes:
        alive = alive - problem.weight * mode
    for step, duration in enumerate(problem.durations):
        reached = [_within(problem, modes, step, mode) for mode in range(len(modes))]
        last = left - problem.drawn[step]
        for mode in reached:
            last = last - problem.weight * mode
        here = np.isnan(life)
        if step < len(problem.durations) - 1:
            here &= last <= 0.0
        if here.any():
            begun = np.broadcast_to(whole * problem.ends[-1] + problem.ends[step] - duration, shape)[here]
            bracket = _Bracket(begun, *(np.broadcast_to(part, shape)[here] for part in (duration, alive, last)))
            level = left - problem.drawn[step] + problem.currents[step] * duration
            life[here] = begun + _moment(problem, step, entered, level, here, bracket)
        entered, alive = reached, last
    return life


class _Bracket(NamedTuple):
    begun: Floats
    """When the step begins, counted from full charge."""
    duration: Floats
    """How long it lasts."""
    first: Floats
    """f at its begin."""
    last: Floats
    """f at its end."""


def _within(problem: _Problem, modes: list[Floats], step: int, mode: int) -> Floats:
    """Return a mode at the end of a step, from its value at the start of the period."""
    reached: Floats = modes[mode] * problem.faded[step][mode] + problem.filled[step][mode]
    return reached


def _whole_periods(problem: _Problem, step: int, per_period: Floats) -> Floats:
    """Return the number of whole periods survived before one whose given step would end empty."""
    fixed = problem.charge - problem.drawn[step]
    fading: list[tuple[Floats, Floats]] = []
    for mode, rate in enumerate(problem.rates):
        share = problem.weight * problem.settled[mode] * problem.faded[step][mode]
        fixed = fixed - share - problem.weight * problem.filled[step][mode]
        fading.append((share, rate * problem.ends[-1]))
    count = np.maximum(fixed / per_period, 0.0)
    lowest = float(count.min())
    fading = [(share, rate) for share, rate in fading if float(rate.min()) * lowest < _GONE]
    # f over n is convex and falling, so Newton's steps from the left never pass the root.
    for _ in range(_ITERATIONS if fading else 0):
        value, slope = fixed - count * per_period, -per_period
        for share, rate in fading:
            left = share * np.exp(-rate * count)
            value = value + left
            slope = slope - rate * left
        change = np.maximum(-value / slope, 0.0)
        count = count + change
        if (change <= _TOLERANCE * count).all():
            break
    return np.ceil(count)


def _moment(problem: _Problem, step: int, entered: list[Floats], left: Floats, where: NDArray[np.bool_], bracket: _Bracket) -> Floats:
    """Return when, within a step that ends empty, the battery empties."""

    def picked(column: Floats) -> Floats:
        taken: Floats = np.broadcast_to(column, where.shape)[where] if column.size > 1 else column.reshape(-1)
        return taken

    weight, current = picked(problem.weight), picked(problem.currents[step])
    base, above = picked(left), []
    rates = [picked(rate) for rate in problem.rates]
    for x, rate in zip(entered, rates, strict=True):
        steady = current / rate
        base = base - weight * steady
        above.append(weight * (picked(x) - steady))
    low, high = np.zeros_like(bracket.duration), bracket.duration.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        time = bracket.duration * np.clip(bracket.first / (bracket.first - bracket.last), 0.0, 1.0)
    time = np.where(np.isnan(time), 0.0, time)
    close = _TOLERANCE * (bracket.begun + bracket.duration)
    for _ in range(_ITERATIONS):
        value, slope = base - current * time, np.broadcast_to(-current, time.shape)
        for level, rate in zip(above, rates, strict=True):
            fading = level * np.exp(-rate * time)
            value = value - fading
            slope = slope + rate * fading
        alive = value > 0.0
        low = np.where(alive, time, low)
        high = np.where(alive, high, time)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = time - value / slope
        inside = (newton >= low) & (newton <= high)
        following = np.where(inside, newton, 0.5 * (low + high))
        change = np.abs(following - time)
        time = following
        if (change <= close).all():
            break
    return time
