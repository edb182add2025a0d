"""Which input index each tap of each output falls on, found by testing them one by one."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from costmodel.specs.axis import AdaptiveAxis, Axis


class Tap(NamedTuple):
    """One tap of one output along one axis."""

    kernel: int
    """Kernel index."""
    position: int
    """Input index; negative, or beyond the input, in the padding."""
    inside: bool
    """Whether it falls on real input."""


Reach: TypeAlias = list[list[Tap]]
"""For each output index of an axis, its taps in kernel order, those on padding included."""


def reach_of(axis: Axis | AdaptiveAxis) -> Reach:
    """Return the taps of every output of an axis.

    Parameters
    ----------
    axis : Axis or AdaptiveAxis
        Only its raw fields are read.

    Returns
    -------
    list of list of Tap
        Outputs in order; as many as windows fit into the padded input.
    """
    if isinstance(axis, AdaptiveAxis):
        return [
            [Tap(k, position, True) for k, position in enumerate(range(i * axis.H // axis.n, -(-(i + 1) * axis.H // axis.n)))]
            for i in range(axis.n)
        ]
    reach: Reach = []
    start = -axis.p
    while True:
        positions = [start + k * axis.d for k in range(axis.K)]
        if positions[-1] >= axis.H + axis.q:
            return reach
        reach.append([Tap(k, position, 0 <= position < axis.H) for k, position in enumerate(positions)])
        start += axis.s


class Use(NamedTuple):
    """One output that a kernel index or an input index serves."""

    output: int
    tap: Tap


def by_kernel(reach: Reach, kernel: int) -> list[list[Use]]:
    """Return, for each kernel index, the outputs it serves, in order."""
    return [[Use(o, taps[k]) for o, taps in enumerate(reach)] for k in range(kernel)]


def by_position(reach: Reach) -> list[tuple[int, list[Use]]]:
    """Return, for each index some tap falls on, in ascending order, the outputs that use it, in order."""
    users: dict[int, list[Use]] = {}
    for o, taps in enumerate(reach):
        for tap in taps:
            users.setdefault(tap.position, []).append(Use(o, tap))
    return sorted(users.items())
