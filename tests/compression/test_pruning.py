"""How many channels structured pruning leaves: the decimal that was written counts, for numbers and columns alike."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from costmodel.compression.pruning import kept_channels


@example(channels=10, per_mille=900)
@given(channels=st.integers(1, 4096), per_mille=st.integers(0, 999))
def test_what_is_kept_follows_from_the_decimal_as_written(channels: int, per_mille: int) -> None:
    kept = math.floor((1 - Fraction(per_mille, 1000)) * channels)
    assert kept_channels(channels, per_mille / 1000) == kept
    assert kept_channels(np.array([channels]), per_mille / 1000).tolist() == [kept]
