"""How often the weights of a network are right: what a model's manifest counted, beside the network that is asked about."""

from __future__ import annotations

from typing import Final

from costmodel.provenance import leaf
from costmodel.results.runs.known_accuracy import KnownAccuracy, share_right
from costmodel.results.trust import Trust
from costmodel.specs.layers import DataType
from costmodel.specs.network import Network
from costmodel.specs.trained.model_manifest import ModelManifest

_CARRIED: Final = {"float32": DataType.FLOAT32, "int8": DataType.INT8}
"""Type of the activations of each variant."""


def known_accuracy(manifest: ModelManifest, network: Network, *, own: bool) -> KnownAccuracy | None:
    """Return how often a model's weights are right.

    Parameters
    ----------
    manifest : ModelManifest
        Of the model; the first of its accuracies is its own, others are of what it was made from.
    network : Network
        That is asked about.
    own : bool
        Whether the network is the model's own, not one that it was trained for.

    Returns
    -------
    KnownAccuracy or None
        None where nothing was counted. Measured, where the model ran with the element types of the network; else assumed.
    """
    if not manifest.accuracies:
        return None
    counted, origin = manifest.accuracies[0], manifest.origin
    same_types = _CARRIED.get(counted.variant) is network.types.activation
    by = "" if origin is None else f", recipe {origin.recipe}, seed {origin.seed}"
    source = f"measured: manifest of {manifest.name}{by}, {counted.variant} by {counted.judge.value}"
    image_count = leaf(counted.image_count, f"{counted.images} images", source)
    right_count = leaf(round(counted.top1_ratio * counted.image_count), f"{counted.images} images told rightly", source)
    return KnownAccuracy(
        trust=Trust.MEASURED if own or same_types else Trust.ASSUMED,
        model=manifest.name,
        own=own,
        variant=counted.variant,
        judge=counted.judge.value,
        images=counted.images,
        image_count=counted.image_count,
        right_count=right_count,
        top1_ratio=share_right(right_count, image_count),
        top3_ratio=counted.top3_ratio,
        recipe=None if origin is None else origin.recipe,
        seed=None if origin is None else origin.seed,
    )
