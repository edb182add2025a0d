"""The firmware over a whole test set, on this machine, held against the reference image for image."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deploy import input_as_deployed
from costmodel.deployment.model_file import model_hash
from costmodel.deployment.reference import ELEMENTS, run_reference
from costmodel.errors import ShapeError
from costmodel.results.runs.image_run import CheckedImage, ImageRun
from costmodel.results.runs.known_accuracy import share_right
from costmodel.specs.counting import Dataflow
from costmodel.validation.comparing import Expected
from costmodel.validation.targets.host import HostLibrary, build_library
from costmodel.validation.validating import Workbench

MIDDLE: Final = 128
"""The byte of an image that stands for 0."""
_CHUNK: Final = 200
"""Images a call: between calls Ctrl-C is heard, and progress told."""
_TOP: Final = 3

Told = Callable[[str, int, int], None]
"""Told what is done, how many images, of how many."""


def run_images(
    expected: Expected,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    bench: Workbench,
    *,
    input_scale: float,
    dataflow: Dataflow = Dataflow.OUTPUT_STATIONARY,
    compared_count: int | None = None,
    told: Told | None = None,
) -> ImageRun:
    """Run the firmware on every image, and the reference on some or all.

    Parameters
    ----------
    expected : Expected
        The deployment.
    images : array of uint8
        (images, rows, columns, channels).
    labels : array of int
        Class of each.
    classes : sequence of str
        Names, in the order of the network's outputs.
    bench : Workbench
        What building needs.
    input_scale : float
        What a step of a byte less 128 stands for.
    dataflow : Dataflow
        Of the convolutions.
    compared_count : int, optional
        Images that the reference runs too, from the first; left out, all.
    told : callable, optional
        Told how far it is.

    Returns
    -------
    ImageRun
        Accuracy, agreement, the confusion matrix and the check of one image a class.

    Raises
    ------
    ShapeError
        If the images do not fit the network, or the classes its outputs.
    ToolError
        If there is no C compiler, or it fails.
    """
    deployed = expected.deployed
    first, last = deployed.tensors[deployed.input_tensor], deployed.tensors[deployed.output_tensor]
    if (images.shape[3], *images.shape[1:3]) != first.shape:
        raise ShapeError(deployed.name, f"takes {first.shape}, the images are {(images.shape[3], *images.shape[1:3])}")
    if last.elements != len(classes):
        raise ShapeError(deployed.name, f"has {last.elements} outputs, the images {len(classes)} classes")
    library = HostLibrary(build_library(firmware=bench.firmware, cache=bench.cache, build="timing", compiler=bench.compiler))
    inputs = _inputs(expected, images, input_scale)
    outputs: list[NDArray[Any]] = []
    busy_s = 0.0
    for begin in range(0, len(images), _CHUNK):
        # The processor's time: what else runs on this machine is not the firmware's.
        start = time.process_time()
        part = library.run_batch(expected.model, dataflow, inputs[begin : begin + _CHUNK], last.size_bytes)
        busy_s += time.process_time() - start
        outputs.append(part)
        if told is not None:
            told("firmware", min(begin + _CHUNK, len(images)), len(images))
    found = np.concatenate(outputs).view(ELEMENTS[last.type]).reshape(len(images), -1)
    count = len(images) if compared_count is None else min(compared_count, len(images))
    equal = 0
    for place in range(count):
        held = inputs[place].view(ELEMENTS[first.type]).reshape(first.shape)
        equal += run_reference(deployed, held)[-1].tobytes() == found[place].tobytes()
        if told is not None and (place % _CHUNK == 0 or place == count - 1):
            told("reference", place + 1, count)
    order = np.argsort(-found.astype(np.float64), axis=1, kind="stable")
    return ImageRun(
        network=deployed.name,
        variant=deployed.variant.value,
        dataflow=dataflow.value,
        model_hash=model_hash(expected.model),
        image_count=len(images),
        classes=tuple(classes),
        top1_ratio=share_right(int(np.sum(order[:, 0] == labels)), len(images)),
        top3_ratio=float(np.mean((order[:, :_TOP] == labels[:, None]).any(axis=1))),
        compared_count=count,
        equal_count=equal,
        duration_s=busy_s,
        confusion_count=_confusion(labels, order[:, 0], len(classes)),
        checked=tuple(_checked(order, labels, classes)),
    )


def _inputs(expected: Expected, images: NDArray[np.uint8], scale: float) -> NDArray[np.int8]:
    """(images, bytes of the input tensor)."""
    planes = images.transpose(0, 3, 1, 2)
    rows = [input_as_deployed(expected.deployed, (plane.astype(np.float64) - MIDDLE) * scale) for plane in planes]
    found: NDArray[np.int8] = np.stack(rows).reshape(len(images), -1).view(np.int8)
    return found


def _confusion(labels: NDArray[np.int64], answers: NDArray[np.int64], classes: int) -> tuple[tuple[int, ...], ...]:
    counts = np.bincount(labels * classes + answers, minlength=classes * classes).reshape(classes, classes)
    return tuple(tuple(int(count) for count in row) for row in counts)


def _checked(order: NDArray[np.int64], labels: NDArray[np.int64], classes: Sequence[str]) -> list[CheckedImage]:
    found = []
    for label, name in enumerate(classes):
        places = np.flatnonzero(labels == label)
        if places.size:
            place = int(places[0])
            found.append(CheckedImage(image_index=place, label=name, answers=tuple(classes[each] for each in order[place, :_TOP])))
    return found
