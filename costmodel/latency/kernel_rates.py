"""Cycles of one layer by rates of its path, and the fit of those rates to measured layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from costmodel.columns import Number
from costmodel.errors import SpecError
from costmodel.latency.kernel_paths import KernelRegressors
from costmodel.provenance import formula

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS: Final = 5
"""Parts that shapes are dealt to for errors out of sample."""
COVERAGE: Final = 0.80
"""What an interval is to hold."""


class FittedPath(NamedTuple):
    """Rates of one path, and how far they were off on shapes they were not fitted to."""

    cycles: dict[str, float]
    """Per unit of each regressor; a regressor the measurements cannot tell from the others is 0."""
    low_ratio: float
    """Tenth percentile of measured over predicted, out of sample."""
    high_ratio: float
    """Ninetieth."""
    median_error_ratio: float
    """Of the size of the relative error, out of sample."""
    p90_error_ratio: float
    layer_count: int
    shape_count: int


@formula(
    id="latency.kernel",
    equation="c = sum(r_i*x_i)",
    symbols={
        "c": "cycles of the layer [cycles]",
        "r_i": "cycles per unit of regressor i [cycles]",
        "x_i": "how much of regressor i it has",
    },
    unit="cycles",
    source="definition: linear in the counts of its path, latency.kernel_regressors",
)
def layer_cycles(rates: Sequence[Number], counts: Sequence[Number]) -> Number:
    """Return the cycles of a layer.

    Parameters
    ----------
    rates : sequence of float
        Cycles per unit of each regressor.
    counts : sequence of int or column
        How much of each the layer has.

    Returns
    -------
    float or column
        Cycles.
    """
    total: Number = 0
    for rate, count in zip(rates, counts, strict=True):
        total = total + rate * count
    return total


@formula(
    id="latency.term",
    equation="c = r*x",
    symbols={
        "c": "cycles of one thing that a layer's kernel does [cycles]",
        "r": "cycles per unit of it [cycles]",
        "x": "how much of it the layer has",
    },
    unit="cycles",
    source="definition: one term of latency.kernel",
)
def term_cycles(rate: Number, count: Number) -> Number:
    """Return the cycles of one regressor of a layer."""
    return rate * count


@formula(
    id="latency.end",
    equation="e = c*f",
    symbols={
        "e": "one end of the interval [cycles]",
        "c": "cycles of the layers of a path, or the end of all paths together [cycles]",
        "f": "measured over predicted, on shapes that were left out or on another board, at that end",
    },
    unit="cycles",
    source="definition: errors of times are factors",
)
def end_cycles(cycles: Number, factor_ratio: Number) -> Number:
    """Return one end of an interval of cycles, by the factor that predictions were off."""
    return cycles * factor_ratio


@formula(
    id="latency.board_low",
    equation="e = c/b",
    symbols={
        "e": "low end of the interval on another board [cycles]",
        "c": "low end of all paths together [cycles]",
        "b": "factor by which another board of the core was off",
    },
    unit="cycles",
    source="definition: errors of layers of one board have a common cause, whose factor widens both ends",
)
def board_low_cycles(cycles: Number, board_ratio: Number) -> Number:
    """Return the low end of an interval, widened by what another board was off."""
    return cycles / board_ratio


def path_cycles(cycles: Mapping[str, Number], regressors: KernelRegressors) -> Number:
    """Return the cycles of a layer by the rates of its path; what has no rate costs nothing."""
    named = regressors._asdict()
    return layer_cycles([cycles[name] for name in cycles], [named[name] for name in cycles])


def fit_path(names: Sequence[str], counts: Sequence[Sequence[int]], cycles: Sequence[float], shapes: Sequence[str]) -> FittedPath:
    """Fit rates to measured layers of one path.

    Non-negative least squares of relative errors (lawson1974 chapter 23: a rate below zero has no meaning), with the errors of shapes left
    out, a fifth of the shapes at a time.

    Parameters
    ----------
    names : sequence of str
        Regressors, by their names in `KernelRegressors`.
    counts : sequence of sequence of int, (layers, regressors)
        How much of each every layer has.
    cycles : sequence of float, (layers,)
        Measured.
    shapes : sequence of str, (layers,)
        What layers of one shape share: they are left out together.

    Returns
    -------
    FittedPath
        Rates from all of them, errors from the left out.

    Raises
    ------
    SpecError
        If there are fewer shapes than folds, or a time is not above zero.
    """
    import numpy as np

    matrix, measured = _checked(counts, cycles, shapes)
    ratios = measured / left_out_cycles(counts, cycles, shapes)
    errors = np.abs(1.0 / ratios - 1.0)
    tail = (1.0 - COVERAGE) / 2.0
    low, high = np.quantile(ratios, [tail, 1.0 - tail])
    rates = _relative_fit(matrix, measured)
    return FittedPath(
        cycles=dict(zip(names, (float(rate) for rate in rates), strict=True)),
        low_ratio=float(min(low, 1.0)),
        high_ratio=float(max(high, 1.0)),
        median_error_ratio=float(np.median(errors)),
        p90_error_ratio=float(np.quantile(errors, 0.9)),
        layer_count=len(measured),
        shape_count=len(set(shapes)),
    )


def left_out_cycles(counts: Sequence[Sequence[int]], cycles: Sequence[float], shapes: Sequence[str]) -> NDArray[np.float64]:
    """Return the cycles of each layer by rates fitted to the others: a fifth of the shapes is left out at a time.

    Parameters
    ----------
    counts, cycles, shapes
        As `fit_path` takes them.

    Returns
    -------
    array of float64, (layers,)
        Out of sample.

    Raises
    ------
    SpecError
        As `fit_path`.
    """
    import numpy as np

    matrix, measured = _checked(counts, cycles, shapes)
    dealt = {shape: place % FOLDS for place, shape in enumerate(sorted(set(shapes)))}
    fold = np.asarray([dealt[shape] for shape in shapes])
    predicted = np.empty_like(measured)
    for left_out in range(FOLDS):
        rates = _relative_fit(matrix[fold != left_out], measured[fold != left_out])
        predicted[fold == left_out] = matrix[fold == left_out] @ rates
    return predicted


def _checked(
    counts: Sequence[Sequence[int]], cycles: Sequence[float], shapes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    measured = np.asarray(cycles, dtype=np.float64)
    if len(set(shapes)) < FOLDS:
        raise SpecError(f"rates of a path need layers of at least {FOLDS} shapes, found {len(set(shapes))}")
    if measured.min() <= 0.0:
        raise SpecError(f"a layer's cycles should be above 0, found {measured.min():g}")
    return np.asarray(counts, dtype=np.float64), measured


def _relative_fit(matrix: NDArray[np.float64], measured: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np
    from scipy.optimize import nnls

    weighted = matrix / measured[:, None]
    scale = weighted.max(axis=0)
    scale[scale == 0.0] = 1.0
    rates, _ = nnls(weighted / scale, np.ones(len(weighted)))
    found: NDArray[np.float64] = rates / scale
    return found
