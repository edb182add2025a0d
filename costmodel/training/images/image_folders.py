"""Images in folders named by their class, lying open or in a zip."""

from __future__ import annotations

import io
import warnings
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, LimitError, Location
from costmodel.sources.documents.input_file import read_input

IMAGE_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
MAX_IMAGE_BYTES: Final = 2**26
MAX_PIXELS: Final = 50_000_000
"""Most pixels of one image."""
_PARTS: Final = {"train": "train", "training": "train", "test": "test", "testing": "test", "val": "test", "valid": "test"}


class _Files(ABC):
    """Names below a place, with what tells a changed file: size and time."""

    @abstractmethod
    def listed(self) -> Mapping[str, tuple[int, float]]:
        """Return every image file's size and time, by its path."""

    @abstractmethod
    def content(self, name: str) -> bytes:
        """Return a file's bytes."""

    def by_class(self) -> dict[str, dict[str, list[str]]]:
        """Return the files of `train` and `test` by class, whatever stands above those folders; folders without images are there, empty."""
        found: dict[str, dict[str, list[str]]] = {}
        for name in (*self.listed(), *self.folders()):
            parts = PurePosixPath(name).parts
            place = next((index for index, part in enumerate(parts[:-1]) if part.lower() in _PARTS), None)
            if place is None:
                continue
            classes = found.setdefault(_PARTS[parts[place].lower()], {})
            if name.endswith("/") and len(parts) == place + 2:
                classes.setdefault(parts[place + 1], [])
            elif not name.endswith("/") and len(parts) > place + 2:
                classes.setdefault(parts[place + 1], []).append(name)
        return found

    @abstractmethod
    def folders(self) -> list[str]:
        """Return every folder's path, with a `/` at its end."""


class FolderFiles(_Files):
    """Files of a folder.

    Parameters
    ----------
    folder : Path
        Exists.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        below = [path for path in folder.rglob("*") if not path.name.startswith(".")]
        self._names = {
            path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime)
            for path in below
            if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
        }
        self._folders = [path.relative_to(folder).as_posix() + "/" for path in below if path.is_dir()]

    def listed(self) -> Mapping[str, tuple[int, float]]:
        """Return every image file's size and time, by its path."""
        return self._names

    def folders(self) -> list[str]:
        """Return every folder's path, with a `/` at its end."""
        return self._folders

    def content(self, name: str) -> bytes:
        """Return a file's bytes."""
        return read_input(self._folder / name, MAX_IMAGE_BYTES, "an image")


class ZipFiles(_Files):
    """Files in a zip.

    Parameters
    ----------
    path : Path
        Of the zip.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except Exception:
            # As below: a list of files that is damaged raises whatever its reader stumbles over.
            raise FormatError("is a zip whose list of files is damaged", Location(str(path))) from None
        entries = self._zip.infolist()
        self._names = {
            entry.filename: (entry.file_size, float(entry.CRC))
            for entry in entries
            if PurePosixPath(entry.filename).suffix.lower() in IMAGE_SUFFIXES and "__MACOSX" not in entry.filename
        }
        # Python 3.11's own question, `is_dir`, takes a name without a letter for a fault.
        self._folders = [entry.filename for entry in entries if entry.filename.endswith("/")]

    def listed(self) -> Mapping[str, tuple[int, float]]:
        """Return every image file's size and checksum, by its path."""
        return self._names

    def folders(self) -> list[str]:
        """Return every folder's path, with a `/` at its end."""
        return self._folders

    def content(self, name: str) -> bytes:
        """Return a file's bytes; raises FormatError where the zip is damaged, LimitError where it is too long."""
        place = Location(f"{self._path}/{name}")
        try:
            with self._zip.open(name) as stream:
                # A length that an entry states may be a lie: no more than this is unpacked.
                content = stream.read(MAX_IMAGE_BYTES + 1)
        except Exception:
            # Readers of damaged archives raise whatever they stumble over.
            raise FormatError("cannot be read from the zip", place) from None
        if len(content) > MAX_IMAGE_BYTES:
            raise LimitError(f"has more than {MAX_IMAGE_BYTES:,} bytes", place)
        return content


def decoded(content: bytes, place: str, shape: tuple[int, int, int] | None) -> NDArray[np.uint8]:
    """Decode one image.

    Parameters
    ----------
    content : bytes
        A file of any format Pillow reads.
    place : str
        As messages name it.
    shape : tuple of int, optional
        (channels, rows, columns) it is brought to.

    Returns
    -------
    array of uint8
        (rows, columns, channels); 3 channels where no shape says otherwise.

    Raises
    ------
    FormatError
        If it is no image.
    LimitError
        If it has too many pixels.
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content)) as image:
                too_large = image.width * image.height > MAX_PIXELS
                if not too_large:
                    picture = image.convert("L" if shape is not None and shape[0] == 1 else "RGB")
                    if shape is not None and picture.size != (shape[2], shape[1]):
                        picture = picture.resize((shape[2], shape[1]), Image.Resampling.BILINEAR)
                    pixels = np.asarray(picture, np.uint8)
        except Exception:
            # The decoders of damaged images raise whatever they stumble over.
            raise FormatError("is no image that can be read", Location(place)) from None
    if too_large:
        raise LimitError(f"has more than {MAX_PIXELS:,} pixels", Location(place))
    return pixels if pixels.ndim == 3 else pixels[..., None]
