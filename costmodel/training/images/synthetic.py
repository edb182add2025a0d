"""A small data set made from a seed, for tests and for trying the pipeline without any data: stripes that differ in angle and colour."""

from __future__ import annotations

from typing import Final

import numpy as np

from costmodel.training.images.image_set import DataSet, ImageSet

SYNTHETIC: Final = "synthetic"
"""Name that asks for it."""
CLASSES: Final = 10
_ROWS: Final = 32


def synthetic_set(train: int = 2_000, test: int = 500, seed: int = 0) -> DataSet:
    """Return ten classes of striped 3x32x32 images.

    Parameters
    ----------
    train, test : int
        Images of each part, classes in turn.
    seed : int
        The same seed gives the same images on every machine.

    Returns
    -------
    DataSet
        A class is an angle of the stripes; their colour, width, phase and noise are drawn.
    """
    parts = [_striped(count, np.random.default_rng([seed, part, 8])) for part, count in enumerate((train, test))]
    return DataSet(parts[0], parts[1], tuple(f"stripes-{label}" for label in range(CLASSES)))


def _striped(count: int, generator: np.random.Generator) -> ImageSet:
    labels = np.arange(count) % CLASSES
    angles = np.pi * labels / CLASSES + generator.normal(0, 0.04, count)
    frequencies, phases = generator.uniform(0.5, 0.9, count), generator.uniform(0, 2 * np.pi, count)
    rows, columns = np.mgrid[:_ROWS, :_ROWS]
    along = np.cos(angles)[:, None, None] * rows + np.sin(angles)[:, None, None] * columns
    waves = np.sin(frequencies[:, None, None] * along + phases[:, None, None])
    colours = generator.uniform(20, 60, (count, 1, 1, 3)) * generator.choice([-1, 1], (count, 1, 1, 3))
    noise = generator.normal(0, 25, (count, _ROWS, _ROWS, 3))
    return ImageSet(np.clip(128 + waves[..., None] * colours + noise, 0, 255).astype(np.uint8), labels.astype(np.int64))
