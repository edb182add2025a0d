"""A teacher's outputs for a fixed set of crops, computed once, and the loss that learns them beside the labels (hinton2015distilling)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from costmodel.errors import ShapeError
from costmodel.specs.trained.training_recipe import Distilling, Fit
from costmodel.training.images.augmentation import Augmenter
from costmodel.training.images.image_set import ImageSet
from costmodel.training.pytorch.fitting import EVALUATED, Objective


def teacher_outputs(
    teacher: Callable[[NDArray[np.uint8]], NDArray[np.float32]], images: ImageSet, settings: Fit, views: int, seed: int, classes: int
) -> NDArray[np.float32]:
    """Return a teacher's outputs for every crop the student will see.

    Parameters
    ----------
    teacher : callable
        From images (images, rows, columns, channels) of uint8 to scores.
    images : ImageSet
        Training images.
    settings : Fit
        How they are varied.
    views : int
        Different crops of each.
    seed : int
        Of the crops: the student's.
    classes : int
        Scores of an image.

    Returns
    -------
    array of float32
        (views, images, classes).

    Raises
    ------
    ShapeError
        If the teacher knows another number of classes.
    """
    augmenter = Augmenter(images.images, settings.augmentation, seed, views)
    found = np.zeros((views, len(images), classes), np.float32)
    for view in range(views):
        for begin in range(0, len(images), EVALUATED):
            places = np.arange(begin, min(begin + EVALUATED, len(images)))
            scores = teacher(augmenter.view(places, view))
            if scores.shape != (len(places), classes):
                raise ShapeError("teacher", f"gives {scores.shape[1:]} scores an image, the data has {classes} classes")
            found[view, places] = scores
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
