"""Batches of augmented images: reflected borders, random crops, flips; a whole batch is cut out at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.specs.trained.training_recipe import Augmentation, Flip

MIDDLE: Final = 128
"""The byte that stands for 0: an int8 input holds byte - 128 exactly."""
STEPS_PER_UNIT: Final = 64
"""Bytes to 1: inputs lie between -2 and 2."""
INPUT_SCALE: Final = 1 / STEPS_PER_UNIT
"""Scale of the int8 input, which loses nothing of a byte."""


class Augmenter:
    """Training images with their borders, and the crops of an epoch.

    Parameters
    ----------
    images : array of uint8
        (images, rows, columns, channels).
    settings : Augmentation
        How they are moved and flipped.
    seed : int
        The same seed gives the same order and the same crops in the same epoch.
    views : int
        Different crops of each image, seen in turn, the same ones for every seed; 0 for new ones in every epoch.
    """

    def __init__(self, images: NDArray[np.uint8], settings: Augmentation, seed: int, views: int = 0) -> None:
        self._rows, self._columns = images.shape[1:3]
        self._channels = images.shape[3]
        self._settings = settings
        self._seed = seed
        # Fixed views are those that a teacher has answered, once for the runs of every seed.
        self._moved_by = 0 if views else seed
        self._views = views
        border = settings.padding
        padded = np.pad(images, ((0, 0), (border, border), (border, border), (0, 0)), mode="reflect") if border else images
        count, height, width, channels = padded.shape
        # Rows of pixels and channels lie one after the other, so a crop is copied a row at a time.
        flat = np.ascontiguousarray(padded).reshape(count, height, width * channels)
        self._windows = np.lib.stride_tricks.sliding_window_view(flat, (self._rows, self._columns * channels), axis=(1, 2))

    def batches(self, epoch: int, batch: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """Yield the batches of an epoch.

        Parameters
        ----------
        epoch : int
            Counted from 0; each has its own order, crops and flips, whatever was drawn before.
        batch : int
            Images in each; the last, smaller one is left out unless it is the only one.

        Yields
        ------
        tuple of array
            Places of the images, and the images (batch, rows, columns, channels).
        """
        count = len(self._windows)
        order = np.random.default_rng([self._seed, epoch, 4]).permutation(count)
        tops, lefts, flipped = self._moves(epoch)
        for begin in range(0, max(count - batch, 0) + 1, batch):
            places = order[begin : begin + batch]
            yield places, self._cut(places, tops[places], lefts[places], flipped[places])

    def view(self, places: NDArray[np.int64], epoch: int) -> NDArray[np.uint8]:
        """Return images as an epoch crops and flips them, in the order given."""
        tops, lefts, flipped = self._moves(epoch)
        return self._cut(places, tops[places], lefts[places], flipped[places])

    def _moves(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        view = epoch % self._views if self._views else epoch
        generator = np.random.default_rng([self._moved_by, view, 7])
        count, reach = len(self._windows), 2 * self._settings.padding + 1
        tops, lefts = generator.integers(0, reach, (2, count))
        random = generator.random(count) < 0.5
        if self._settings.flip is Flip.ALTERNATING:
            # Each image is seen both ways in every two epochs; which comes first is drawn once.
            first = np.random.default_rng([self._moved_by, 5]).random(count) < 0.5
            return tops, lefts, first ^ bool(view % 2)
        return tops, lefts, random if self._settings.flip is Flip.RANDOM else np.zeros(count, bool)

    def _cut(
        self, places: NDArray[np.int64], tops: NDArray[np.int64], lefts: NDArray[np.int64], flipped: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        cut: NDArray[np.uint8] = self._windows[places, tops, lefts * self._channels].reshape(
            len(places), self._rows, self._columns, self._channels
        )
        cut[flipped] = cut[flipped][:, :, ::-1]
        return cut
