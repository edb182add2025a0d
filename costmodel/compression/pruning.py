"""Structured pruning: how many channels a ratio leaves."""

from __future__ import annotations

import math

from costmodel.columns import Number, is_column
from costmodel.provenance import formula


@formula(
    id="compression.kept",
    equation="n = floor((1 - r) * C)",
    symbols={"n": "channels kept", "C": "channels before pruning", "r": "pruned share [1]"},
    unit="channels",
    source="kornak2025deck: slide 'Structured Pruning'; the rounding follows from its parameter count",
)
def kept_channels(channels: Number, pruned_ratio: Number) -> Number:
    """Return the channels that structured pruning leaves.

    Parameters
    ----------
    channels : int or column
        Channels or neurons before pruning.
    pruned_ratio : float or column
        Share that is removed, 0 to below 1.

    Returns
    -------
    int or column
        Rounded down, as the reference deployment does.
    """
    kept = (1 - pruned_ratio) * channels
    if is_column(kept):
        import numpy as np

        return np.floor(kept).astype(np.int64)
    return math.floor(kept)
