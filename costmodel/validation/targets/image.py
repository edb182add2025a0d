"""A photograph as a network's input."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import CostModelError, FormatError, LimitError, Location, ShapeError
from costmodel.sources.documents.input_file import opened_input
from costmodel.sources.documents.unlogged import unlogged
from costmodel.specs.network import Network

_MODES: Final = {1: "L", 3: "RGB"}
_HALF_RANGE: Final = 127.5
MAX_PIXELS: Final = 50_000_000
"""Most pixels of an image that are decoded: what takes 200 MB with four bytes each."""


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
    LimitError
        If it has more pixels than are decoded.
    ShapeError
        If the network's input is no image.
    """
    from PIL import Image

    if len(network.input) != 3 or network.input[0] not in _MODES:
        raise ShapeError(network.name, f"its input {network.input} is no image of 1 or 3 planes")
    channels, rows, columns = network.input
    place = Location(str(path))
    with opened_input(path, "an image") as stream, warnings.catch_warnings(), unlogged("PIL.TiffImagePlugin"):
        # What a decoder warns of is oddities that it has put right, and sizes that are limited below.
        warnings.simplefilter("ignore")
        try:
            with Image.open(stream) as image:
                if math.prod(image.size) > MAX_PIXELS:
                    raise LimitError(f"has {image.width:,} x {image.height:,} pixels; at most {MAX_PIXELS:,} are read", place)
                resized = image.convert(_MODES[channels]).resize((columns, rows), Image.Resampling.BILINEAR)
        except CostModelError:
            raise
        except Exception:
            # The decoders of damaged images raise whatever they stumble over.
            raise FormatError("is no image that can be read", place) from None
    values = np.asarray(resized, np.float32).reshape(rows, columns, channels) / np.float32(_HALF_RANGE) - np.float32(1)
    return np.ascontiguousarray(values.transpose(2, 0, 1), np.float32)
