"""Rates from measured times: two convolutions give two rates, and what they cannot give is said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from costmodel.errors import SpecError
from costmodel.provenance import formula


class PairOfRates(NamedTuple):
    """Two rates fitted to measured times."""

    first_s: float
    """Per unit of the first regressor."""
    second_s: float
    """Per unit of the second regressor."""


_DETERMINANT: Final = "D = sum(x_i^2)*sum(y_i^2) - sum(x_i*y_i)^2"


@formula(
    id="latency.fit",
    equation={
        "first_s": f"{_DETERMINANT}; a = (sum(y_i^2)*sum(x_i*t_i) - sum(x_i*y_i)*sum(y_i*t_i)) / D",
        "second_s": f"{_DETERMINANT}; b = (sum(x_i^2)*sum(y_i*t_i) - sum(x_i*y_i)*sum(x_i*t_i)) / D",
    },
    symbols={
        "a": "time per unit of the first regressor [s]",
        "b": "time per unit of the second regressor [s]",
        "x_i": "first regressor of measurement i",
        "y_i": "second regressor of measurement i",
        "t_i": "measured time [s]",
    },
    unit="s",
    source="definition: normal equations of linear least squares; two measurements are met exactly",
)
def fit_two_rates(first: Sequence[int], second: Sequence[int], durations_s: Sequence[float]) -> PairOfRates:
    """Fit two rates to measured times.

    Parameters
    ----------
    first, second : sequence of int
        How much of each regressor every measurement has.
    durations_s : sequence of float
        Measured times [s].

    Returns
    -------
    PairOfRates
        Time per unit of each regressor [s]; a rate below zero says that the regressors do not explain the times.

    Raises
    ------
    SpecError
        If there are fewer than two measurements, or they do not tell the regressors apart.
    """
    if len(durations_s) < 2:
        raise SpecError(f"two rates need at least two measured convolutions, found {len(durations_s)}")
    xx, xy, yy = (sum(a * b for a, b in zip(u, v, strict=True)) for u, v in ((first, first), (first, second), (second, second)))
    determinant = xx * yy - xy * xy
    if determinant == 0:
        raise SpecError("the measured convolutions have the same mixture of interior and boundary taps: two rates cannot be told apart")
    xt = math.fsum(x * t for x, t in zip(first, durations_s, strict=True))
    yt = math.fsum(y * t for y, t in zip(second, durations_s, strict=True))
    return PairOfRates((yy * xt - xy * yt) / determinant, (xx * yt - xy * xt) / determinant)


@formula(
    id="latency.fit_other",
    equation="r = (t_total - t_conv) / n",
    symbols={
        "r": "time per tap of the other layers [s]",
        "t_total": "measured time of the whole network [s]",
        "t_conv": "measured time of the convolutions together [s]",
        "n": "taps of the other layers",
    },
    unit="s",
    source="definition: what the total leaves over the convolutions",
)
def fit_other_rate_s(total_s: float, convolutions_s: float, tap_count: int) -> float:
    """Return the time per tap that the layers beside the convolutions share.

    Parameters
    ----------
    total_s : float
        Measured time of the whole network [s].
    convolutions_s : float
        Measured time of its convolutions [s].
    tap_count : int
        Taps of all other layers.

    Returns
    -------
    float
        Time per tap [s].

    Raises
    ------
    SpecError
        If there are no other layers.
    """
    if not tap_count:
        raise SpecError("the network that was timed has no layers beside its convolutions: no time per tap of others can be told")
    return (total_s - convolutions_s) / tap_count
