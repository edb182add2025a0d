"""A layer and its counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.results.counts import AccessCounts
from costmodel.results.totals import total_of
from costmodel.specs.lowering import Step


class CountedLayer(NamedTuple):
    """One layer of a network in running order."""

    step: Step
    counts: AccessCounts
    surplus_mac_count: int = 0
    """Multiply-accumulates beyond its taps under the convention: columns of the padding that a dataflow multiplies."""

    @property
    def parameter_count(self) -> int:
        """Weights and biases."""
        count: int = total_of([self.step.lowered.weight_count, self.step.lowered.bias_count])
        return count


class SurplusCount(NamedTuple):
    """Multiply-accumulates of some layers, and those of them on columns of zero padding."""

    surplus_mac_count: int
    mac_count: int


def surplus_of(layers: Sequence[CountedLayer]) -> SurplusCount:
    """Return how many multiply-accumulates of layers fall on columns of the padding."""
    surplus, executed = ([layer.surplus_mac_count for layer in layers], [layer.counts.mac_count for layer in layers])
    return SurplusCount(total_of(surplus), total_of(executed))
