"""CIFAR-10 as its authors give it: Python batches or binary ones, six files of 10,000 images each (krizhevsky2009)."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location, MissingError
from costmodel.sources.documents.input_file import read_input
from costmodel.training.images.image_set import DataSet, ImageSet

BINARY_CLASSES: Final = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""Names of the classes, in the order of their labels."""
TRAIN: Final = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST: Final = ("test_batch",)
MAX_BATCH_BYTES: Final = 2**28
_PIXELS: Final = 32 * 32
_RECORD: Final = 1 + 3 * _PIXELS
"""Bytes of an image in a binary batch: its label, then its red, green and blue rows."""


def is_batch_folder(folder: Path) -> bool:
    """Tell whether a folder, or the only kind of folder CIFAR-10 unpacks to, holds a batch."""
    return _batches_in(folder) is not None


def from_batches(folder: Path) -> DataSet:
    """Read CIFAR-10's batches; raises InputError where one is missing or damaged."""
    held, suffix = _batches_in(folder) or (folder, "")
    read = _binary if suffix else _python
    parts = [[read(_named(held, name + suffix)) for name in names] for names in (TRAIN, TEST)]
    train, test = (ImageSet(np.concatenate([part[0] for part in found]), np.concatenate([part[1] for part in found])) for found in parts)
    return DataSet(train, test, BINARY_CLASSES)


def _batches_in(folder: Path) -> tuple[Path, str] | None:
    for held in (folder, folder / "cifar-10-batches-py", folder / "cifar-10-batches-bin"):
        for suffix in ("", ".bin"):
            if any((held / (name + suffix)).is_file() for name in (*TRAIN, *TEST)):
                return held, suffix
    return None


def _named(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise MissingError(f"a batch of CIFAR-10 is missing: {name}", Location(str(folder)))
    return folder / name


def _binary(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    content = read_input(path, MAX_BATCH_BYTES, "a batch of CIFAR-10")
    if not content or len(content) % _RECORD:
        raise FormatError(f"has {len(content):,} bytes, expected a multiple of {_RECORD:,}", Location(str(path)))
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    return _shaped(records[:, 1:], records[:, 0].astype(np.int64), path)


class _PlainValues(pickle.Unpickler):
    """Reads a pickle of plain values and arrays; nothing a file names is ever called but NumPy's own way to make an array."""

    _ALLOWED: Final = {
        ("numpy.core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"): ("numpy", "ndarray"),
        ("numpy", "dtype"): ("numpy", "dtype"),
        ("_codecs", "encode"): ("_codecs", "encode"),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a batch of images")
        if name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        return super().find_class(*self._ALLOWED[(module, name)])


def _python(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    content = read_input(path, MAX_BATCH_BYTES, "a batch of CIFAR-10")
    try:
        found = _PlainValues(io.BytesIO(content), encoding="bytes").load()
        pixels, labels = np.asarray(found[b"data"], np.uint8), np.asarray(found[b"labels"], np.int64)
    except Exception:
        # A pickle can raise anything at all.
        raise FormatError("is no Python batch of CIFAR-10", Location(str(path))) from None
    return _shaped(pixels, labels, path)


def _shaped(pixels: NDArray[np.uint8], labels: NDArray[np.int64], path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    if pixels.ndim != 2 or pixels.shape[1] != 3 * _PIXELS or labels.shape != pixels.shape[:1]:
        found = f"has pixels {pixels.shape} and labels {labels.shape}"
        raise FormatError(f"{found}, expected (images, 3072) and one label each", Location(str(path)))
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= len(BINARY_CLASSES):
        raise FormatError(f"has a label beyond 0 to {len(BINARY_CLASSES) - 1}", Location(str(path)))
    return np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), labels
