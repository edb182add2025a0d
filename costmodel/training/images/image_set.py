"""Labelled images in memory: one byte a channel of a pixel, whatever they were read from."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import SpecError

HELD_OUT: Final = 5_000
"""Training images that choices are made on."""


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images with their classes."""

    images: NDArray[np.uint8]
    """(images, rows, columns, channels)."""
    labels: NDArray[np.int64]
    """Class of each image."""

    def __len__(self) -> int:
        """Count the images."""
        return len(self.labels)

    def part(self, places: NDArray[np.int64] | slice) -> ImageSet:
        """Return some of the images, in the order given."""
        return ImageSet(self.images[places], self.labels[places])

    def spread(self, count: int) -> ImageSet:
        """Return so many images, at equal distances, so that classes that lie one after the other are all among them."""
        return self.part(np.unique(np.linspace(0, len(self) - 1, min(count, len(self))).round().astype(np.int64)))


@dataclass(frozen=True, eq=False)
class DataSet:
    """Images to train on and images to test with."""

    train: ImageSet
    test: ImageSet
    classes: tuple[str, ...]
    """Names of the classes, in the order of their labels."""

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of every image and label, the same whatever form they were read from."""
        digest = hashlib.sha256()
        for part in (self.train, self.test):
            digest.update(np.array(part.images.shape, "<i8").tobytes())
            digest.update(np.ascontiguousarray(part.images).data)
            digest.update(part.labels.astype("<i8").tobytes())
        return digest.hexdigest()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, rows, columns) of an image."""
        _, rows, columns, channels = self.train.images.shape
        return (channels, rows, columns)


def held_out(images: ImageSet, count: int, seed: int = 0) -> tuple[ImageSet, ImageSet]:
    """Split off images that choices are made on.

    Parameters
    ----------
    images : ImageSet
        Training images.
    count : int
        How many to hold out.
    seed : int
        Of the draw.

    Returns
    -------
    tuple of ImageSet
        The rest, and those held out.

    Raises
    ------
    SpecError
        If nothing would be left to train on.
    """
    if not 0 < count < len(images):
        raise SpecError(f"{count:,} of {len(images):,} training images cannot be held out: some must be left to train on")
    order = np.random.default_rng([seed, 3]).permutation(len(images))
    return images.part(np.sort(order[count:])), images.part(np.sort(order[:count]))
