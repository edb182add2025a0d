"""How much a channel or neuron matters: what structured pruning ranks them by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import MissingError
from costmodel.specs.trained.training_recipe import Criterion


def importance_of(
    criterion: Criterion,
    weight: NDArray[np.float64],
    *,
    factors: NDArray[np.float64] | None = None,
    gradient: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the importance of each output channel or neuron of a layer.

    Parameters
    ----------
    criterion : Criterion
        What it is.
    weight : array of float
        The first extent is the channel's.
    factors : array of float, optional
        Of the batch norm behind the layer, one per channel.
    gradient : array of float, optional
        Of the loss by the weights, in their shape.

    Returns
    -------
    array of float
        One per channel, at least 0.

    Raises
    ------
    MissingError
        If the criterion needs factors or gradients that are not given.
    """
    rows = weight.reshape(len(weight), -1)
    found: NDArray[np.float64]
    if criterion is Criterion.L1:
        found = np.abs(rows).sum(axis=1)
        return found
    if criterion is Criterion.L2:
        found = np.sqrt((rows**2).sum(axis=1))
        return found
    if criterion is Criterion.BATCH_NORM:
        if factors is None:
            raise MissingError("batch-norm: a layer that is pruned has no batch normalisation behind it; rank by l1")
        return np.abs(factors)
    if gradient is None:
        raise MissingError("taylor: the gradients of the loss are not given")
    found = np.abs((rows * gradient.reshape(rows.shape)).sum(axis=1))
    return found
