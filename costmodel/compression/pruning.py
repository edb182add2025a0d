"""Structured pruning: how many channels a ratio leaves."""

from __future__ import annotations

import math
from typing import Final

from costmodel.columns import Number, is_column
from costmodel.provenance import formula

_DECIMALS: Final = 9
"""Places after the point to which a kept share of channels is taken before it is rounded down."""


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
    # A ratio means the decimal that was written: 10 at 0.9 leaves 1, where binary fractions come out a hair below it.
    kept = (1 - pruned_ratio) * channels
    if is_column(kept):
        import numpy as np

        return np.floor(np.round(kept, _DECIMALS)).astype(np.int64)
    return math.floor(round(kept, _DECIMALS))
