"""Figures of the deck that a training decides: means over the seeds of the packaged recipe, and how far chance alone takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from costmodel.columns import Number
from costmodel.provenance import formula, leaf
from costmodel.results.totals import total_of
from costmodel.units import PERCENT
from costmodel.validation.ledger.computed import Computed, RowFunction
from costmodel.validation.ledger.deck import Deck
from costmodel.validation.ledger.deck_formulas import ratio_of

TEST_IMAGES: Final = 10_000
"""Test images of CIFAR-10 (krizhevsky2009)."""
TRAINED_SOURCE: Final = "measured: studies/08-trained-recipes, all 10,000 test images of CIFAR-10"
"""What accuracies are of."""
_ERRORS: Final = 2
"""Sampling errors within which two accuracies are not told apart."""


class SeedSummary(NamedTuple):
    """A figure over seeds."""

    mean: Number
    low: float
    high: float

    def widened(self, error: float) -> tuple[float, float]:
        """Return lowest and highest, with two sampling errors on either side."""
        return self.low - _ERRORS * error, self.high + _ERRORS * error


def summary_of(figures: Sequence[float], name: str, source: str) -> SeedSummary:
    """Return mean, lowest and highest over seeds.

    Parameters
    ----------
    figures : sequence of float
        One a seed; at least one.
    name, source : str
        What `explain` calls each, and where they come from.

    Returns
    -------
    SeedSummary
        The mean remembers its parts.
    """
    parts = [leaf(figure, f"{name}, seed {seed}", source) for seed, figure in enumerate(figures)]
    mean = ratio_of(total_of(parts), leaf(len(parts), "seeds", source))
    return SeedSummary(mean, min(figures), max(figures))


@formula(
    id="ledger.sampling_error",
    equation="s = sqrt(p*(1 - p)/n)",
    symbols={"s": "standard error of a share [1]", "p": "share [1]", "n": "images [1]"},
    unit="1",
    source="definition: binomial standard error",
)
def sampling_error_ratio(share: Number, image_count: Number) -> float:
    """Return the standard error of a share of so many images."""
    return float((share * (1 - share) / image_count) ** 0.5)


def _of_accuracy(stage: str, numbers: str) -> RowFunction:
    def computed(deck: Deck) -> Computed:
        found = deck.trained(stage, numbers)
        over = summary_of([row.top1_ratio for row in found], f"{stage}, {numbers}", TRAINED_SOURCE)
        low, high = over.widened(sampling_error_ratio(over.mean, TEST_IMAGES))
        return Computed(over.mean, PERCENT, seeds=(over.low * PERCENT, over.high * PERCENT), between=(low * PERCENT, high * PERCENT))

    return computed


def _first_images(deck: Deck) -> Computed:
    found = deck.trained("quantised", "int8-weights")
    over = summary_of([row.first_right_count for row in found], "first image of each class", TRAINED_SOURCE)
    return Computed(over.mean, seeds=(over.low, over.high), between=(over.low, over.high))


TRAINED_ROWS: Final[Mapping[str, RowFunction]] = {
    "accuracy.baseline_fp32": _of_accuracy("trained", "float32"),
    "accuracy.baseline_int8": _of_accuracy("trained", "int8-weights"),
    "accuracy.aap_fp32": _of_accuracy("pooled", "float32"),
    "accuracy.aap_int8": _of_accuracy("pooled", "int8-weights"),
    "accuracy.pruned": _of_accuracy("pruned", "float32"),
    "accuracy.tuned_fp32": _of_accuracy("fine-tuned", "float32"),
    "accuracy.tuned_int8": _of_accuracy("quantised", "int8-weights"),
    "accuracy.device": _first_images,
}
"""Function of each row by id."""
