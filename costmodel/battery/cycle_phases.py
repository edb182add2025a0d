"""The phases of a written cycle: what an open one takes, and what a wake-up leaves of the one before it."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.columns import Number, larger
from costmodel.provenance import formula


@formula(
    id="battery.open_phase",
    equation="t = max(T - sum(t_i), 0)",
    symbols={
        "t": "length of a cycle's open phase [s]",
        "T": "length of one period [s]",
        "t_i": "length of each phase and wake-up that is stated [s]",
    },
    unit="s",
    source="definition: what the others leave of the cycle",
)
def open_phase_s(T: Number, t_i: Sequence[Number]) -> Number:
    """Return the length of the phase that takes what the others leave of a cycle."""
    taken: Number = 0.0
    for length in t_i:
        taken = taken + length
    return larger(T - taken, 0.0)


@formula(
    id="battery.phase_before_wake_up",
    equation="t = l - w",
    symbols={
        "t": "length of a phase before the wake-up at its end [s]",
        "l": "length of a phase, its wake-up included [s]",
        "w": "length of a wake-up [s]",
    },
    unit="s",
    source="definition: difference",
)
def phase_before_wake_up_s(lasts_s: Number, wake_s: Number) -> Number:
    """Return what a wake-up leaves of its phase."""
    return lasts_s - wake_s


@formula(
    id="battery.both_times",
    equation="b = a + c",
    symbols={
        "b": "of every time a cycle does the same, together",
        "a": "of the times before",
        "c": "of one more",
    },
    unit="the parts'",
    source="definition: sum of the parts",
)
def both_times(a: Number, c: Number) -> Number:
    """Return a duration or an energy of all the times that a cycle does the same."""
    return a + c
