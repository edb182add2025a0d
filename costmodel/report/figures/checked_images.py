"""One image of each class with what a network took it for."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.report.figures.style import LIGHT, house_style
from costmodel.results.runs.image_run import CheckedImage

_COLUMNS = 5
_DPI = 160


def checked_images_png(checked: Sequence[CheckedImage], images: NDArray[np.uint8]) -> bytes:
    """Draw the check of one image a class.

    Parameters
    ----------
    checked : sequence of CheckedImage
        At least one.
    images : array of uint8
        (images, rows, columns, channels): the test images.

    Returns
    -------
    bytes
        A PNG file: under each image its class and the first answer, a wrong one with the place its class has among the three.
    """
    from matplotlib.figure import Figure

    rows = -(-len(checked) // _COLUMNS)
    with house_style():
        figure = Figure(figsize=(1.6 * _COLUMNS, 2.0 * rows), layout="constrained")
        axes: Any = figure.subplots(rows, _COLUMNS, squeeze=False)
        for axis in axes.flat:
            axis.set_axis_off()
        for axis, image in zip(axes.flat, checked, strict=False):
            pixels = images[image.image_index]
            axis.imshow(pixels if pixels.shape[2] == 3 else pixels[..., 0], cmap="gray", interpolation="nearest")
            axis.set_title(_words(image), fontsize=8, color=LIGHT["ink"])
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=_DPI, facecolor=LIGHT["paper"], metadata={"Software": "costmodel"})
    return stream.getvalue()


def _words(image: CheckedImage) -> str:
    if image.right:
        return f"{image.label}\n✓ {image.answers[0]}"
    place = f" ({image.label} is {image.answers.index(image.label) + 1}.)" if image.label in image.answers else ""
    return f"{image.label}\n✗ {image.answers[0]}{place}"
