"""Rates fitted around what they are expected to be, for code whose structure is known and whose compiler is not quite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from costmodel.errors import SpecError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ExpectedRate(NamedTuple):
    """What a rate is expected to be before anything was measured."""

    value: float
    spread: float
    """Standard deviation: how far off that may be."""


def fit_expected(
    counts: Sequence[Sequence[int]], measured: Sequence[float], expected: Sequence[ExpectedRate], noise_ratio: float
) -> NDArray[np.float64]:
    """Fit rates to what was measured and to what they are expected to be.

    Parameters
    ----------
    counts : sequence of sequence of int, (layers, rates)
        How much of each every layer has.
    measured : sequence of float, (layers,)
        What it took.
    expected : sequence of ExpectedRate, (rates,)
        Of each rate; one that no layer tells from the others stays there.
    noise_ratio : float
        Standard deviation of a layer's relative error.

    Returns
    -------
    array of float64, (rates,)
        The most probable rates where errors are normal: least squares with Tikhonov's term (tikhonov1977), weighted by the layers' size.

    Raises
    ------
    SpecError
        If a measured value or a spread is not above zero.
    """
    import numpy as np

    matrix, values = np.asarray(counts, np.float64), np.asarray(measured, np.float64)
    means, spreads = (np.asarray([getattr(rate, name) for rate in expected], np.float64) for name in ("value", "spread"))
    if not (values > 0).all() or not (spreads > 0).all() or noise_ratio <= 0:
        raise SpecError("what was measured, the spread of expected rates and the noise should be above 0")
    weights = 1.0 / (values * noise_ratio)
    rows = np.vstack([matrix * weights[:, None] * spreads, np.eye(len(spreads))])
    wanted = np.concatenate([(values - matrix @ means) * weights, np.zeros(len(spreads))])
    found: NDArray[np.float64] = means + spreads * np.linalg.lstsq(rows, wanted, rcond=None)[0]
    return found
