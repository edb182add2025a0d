"""A layer and its counts."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.results.counts import AccessCounts
from costmodel.specs.lowering import Step


class CountedLayer(NamedTuple):
    """One layer of a network in running order."""

    step: Step
    counts: AccessCounts
    surplus_mac_count: int = 0
    """Multiply-accumulates beyond its taps under the convention: columns of the padding that a dataflow multiplies."""
