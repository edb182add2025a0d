"""A photograph as a network's input."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location, MissingError, ShapeError
from costmodel.specs.network import Network

_MODES: Final = {1: "L", 3: "RGB"}
_HALF_RANGE: Final = 127.5


def image_values(path: Path, network: Network) -> NDArray[np.float32]:
    """Read an image and resize it to a network's input.

    Parameters
    ----------
    path : Path
        A file of any format Pillow reads.
    network : Network
        Whose input is 1 or 3 planes.

    Returns
    -------
    array of float32
        (channels, rows, columns), black -1 and white 1.

    Raises
    ------
    MissingError
        If there is no such file.
    FormatError
        If it is no image.
    ShapeError
        If the network's input is no image.
    """
    from PIL import Image, UnidentifiedImageError

    if len(network.input) != 3 or network.input[0] not in _MODES:
        raise ShapeError(network.name, f"its input {network.input} is no image of 1 or 3 planes")
    channels, rows, columns = network.input
    try:
        with Image.open(path) as image:
            resized = image.convert(_MODES[channels]).resize((columns, rows), Image.Resampling.BILINEAR)
    except FileNotFoundError:
        raise MissingError("does not exist", Location(str(path))) from None
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise FormatError("is no image that can be read", Location(str(path))) from None
    values = np.asarray(resized, np.float32).reshape(rows, columns, channels) / np.float32(_HALF_RANGE) - np.float32(1)
    return np.ascontiguousarray(values.transpose(2, 0, 1), np.float32)
