"""Where a step lies among the samples that were kept around it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from costmodel.measurement.windows.ends.edges import _kept, _split


@pytest.mark.parametrize(
    ("kept", "boundary", "reach"),
    [
        ((4, 5), 5, range(4, 6)),
        ((5, 6), 5, range(5, 7)),
        ((4, 5, 6), 5, range(4, 6)),
        ((4, 6), 5, range(0)),
        ((5,), 5, range(0)),
        ((0, 1), 0, range(2)),
        ((8, 9), 9, range(8, 10)),
        ((1, 2, 7, 8), 5, range(0)),
    ],
)
def test_two_neighbouring_blocks_whose_samples_were_kept_hold_an_edge(kept: tuple[int, ...], boundary: int, reach: range) -> None:
    blocks: Any = SimpleNamespace(raw=dict.fromkeys(kept), charge=np.zeros(10))
    assert _kept(blocks, boundary) == reach


@pytest.mark.parametrize("offset_a", [0.0, 10.0])
def test_a_step_lies_where_one_step_explains_most_whatever_a_burst_beside_it_draws(offset_a: float) -> None:
    up = offset_a + np.array([0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    assert _split(up, offset_a, offset_a + 1.0) == 6
    assert _split(up[::-1], offset_a + 1.0, offset_a) == 2
    assert _split(up[:2], offset_a, offset_a + 1.0) == 2
