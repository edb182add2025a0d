"""A teacher's outputs for a fixed set of crops, computed once, and the loss that learns them beside the labels (hinton2015distilling)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from costmodel.errors import FormatError, ShapeError
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.specs.trained.training_recipe import Augmentation, Distilling
from costmodel.training.images.augmentation import Augmenter
from costmodel.training.images.image_set import ImageSet
from costmodel.training.pytorch.fitting import EVALUATED, Objective, hash_of

_KNOWN_BY: Final = 256
"""Images whose scores tell one teacher from another."""


def teacher_outputs(
    teacher: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    images: ImageSet,
    varied: Augmentation,
    views: int,
    classes: int,
    *,
    folder: Path | None = None,
    told: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Return a teacher's outputs for every crop the student will see.

    Parameters
    ----------
    teacher : callable
        From images (images, rows, columns, channels) of uint8 to scores.
    images : ImageSet
        Training images.
    varied : Augmentation
        How they are varied.
    views : int
        Different crops of each.
    classes : int
        Scores of an image.
    folder : Path, optional
        Where outputs are kept, under a name made of the images and of what the teacher says to the first of them.
    told : callable, optional
        Told after each view: views done, views in all.

    Returns
    -------
    array of float32
        (views, images, classes).

    Raises
    ------
    ShapeError
        If the teacher knows another number of classes.
    FormatError
        If it gives something that is not a number.
    """
    augmenter = Augmenter(images.images, varied, 0, views)

    def answers(places: NDArray[np.int64], view: int) -> NDArray[np.float32]:
        scores = teacher(augmenter.view(places, view))
        if scores.shape != (len(places), classes):
            raise ShapeError("teacher", f"gives {scores.shape[1:]} scores an image, the data has {classes} classes")
        if not np.isfinite(scores).all():
            raise FormatError("teacher: gives scores that are no numbers")
        return scores

    known = answers(np.arange(min(_KNOWN_BY, len(images))), 0)
    pixels = hashlib.sha256(images.images.tobytes()).hexdigest()
    name = hash_of(known.tobytes(), pixels, varied.model_dump(mode="json"), views)
    kept = None if folder is None else folder / f"{name}.npy"
    if kept is not None and kept.is_file():
        try:
            found: NDArray[np.float32] = np.load(kept, allow_pickle=False)
            if found.shape == (views, len(images), classes) and found.dtype == np.float32:
                return found
        except (ValueError, OSError, EOFError):
            # Half a file is computed anew.
            kept.unlink(missing_ok=True)
    found = np.zeros((views, len(images), classes), np.float32)
    for view in range(views):
        for begin in range(0, len(images), EVALUATED):
            places = np.arange(begin, min(begin + EVALUATED, len(images)))
            found[view, places] = answers(places, view)
        if told is not None:
            told(view + 1, views)
    if kept is not None:
        room = io.BytesIO()
        np.save(room, found)
        write_whole(kept, room.getvalue())
    return found


def distilled(outputs: NDArray[np.float32], settings: Distilling) -> Objective:
    """Return the loss that learns a teacher's outputs and the labels."""
    temperature, weight = settings.temperature_ratio, settings.weight_ratio

    def loss(scores: torch.Tensor, labels: torch.Tensor, places: NDArray[np.int64], epoch: int) -> torch.Tensor:
        wanted = functional.softmax(torch.from_numpy(outputs[epoch % len(outputs), places]) / temperature, 1)
        found = functional.log_softmax(scores / temperature, 1)
        learned: Any = functional.kl_div(found, wanted, reduction="batchmean") * temperature**2
        return weight * learned + (1 - weight) * functional.cross_entropy(scores, labels)

    return loss
