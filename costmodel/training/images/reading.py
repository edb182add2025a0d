"""A data set from whatever form it lies in: PNG folders or a zip of them, CIFAR-10's own batches, arrays.

What was decoded once is kept in the user's cache, under a name made of the files' names, sizes and times.
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import CollectedError, FormatError, InputError, LimitError, Location, MissingError, SpecError, did_you_mean
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.training.images.batch_files import from_batches, is_batch_folder
from costmodel.training.images.image_folders import FolderFiles, ZipFiles, decoded
from costmodel.training.images.image_set import DataSet, ImageSet
from costmodel.training.images.synthetic import SYNTHETIC, synthetic_set

MAX_IMAGES: Final = 1_000_000
"""Most images of a data set."""
MAX_BYTES: Final = 2**31
"""Most bytes of its decoded images."""
MAX_TOLD: Final = 20
"""Most mistakes told at once."""
_CACHED: Final = "images"
_ARRAYS: Final = ("train_images", "train_labels", "test_images", "test_labels")


def load_data_set(reference: str | Path, cache: Path | None = None, *, shape: tuple[int, int, int] | None = None) -> DataSet:
    """Read a data set.

    Parameters
    ----------
    reference : str or Path
        A folder or a zip with `train/<class>/*.png` and `test/<class>/*.png` (any image format), a folder of CIFAR-10's Python or binary
        batches, an `.npz` with `train_images` (images, rows, columns, channels) of uint8, `train_labels`, `test_images`, `test_labels` and
        maybe `classes`, or `synthetic`.
    cache : Path, optional
        Folder that what was decoded is kept in.
    shape : tuple of int, optional
        (channels, rows, columns) that images of other sizes are brought to; left out, all must be of one size.

    Returns
    -------
    DataSet
        Training and test images, as bytes.

    Raises
    ------
    InputError
        If there is none, half of it is missing, a class has no images, or an image is none.
    """
    if str(reference) == SYNTHETIC:
        return synthetic_set()
    path = Path(reference)
    if not path.exists():
        raise MissingError("does not exist, expected a folder, a zip or an .npz of images", Location(str(path)))
    if path.suffix == ".npz" and path.is_file():
        return _checked(_from_arrays(path), str(path))
    if path.is_dir() and is_batch_folder(path):
        return _checked(from_batches(path), str(path))
    files = _files_of(path)
    kept = None if cache is None else cache / _CACHED / f"{_name_of(files.listed(), shape)}.npz"
    if kept is not None and kept.is_file():
        try:
            return _from_arrays(kept)
        except InputError:
            kept.unlink(missing_ok=True)
    found = _checked(_decoded(files, str(path), shape), str(path))
    if kept is not None:
        write_whole(kept, _as_arrays(found))
    return found


def _files_of(path: Path) -> FolderFiles | ZipFiles:
    if path.is_dir():
        return FolderFiles(path)
    if zipfile.is_zipfile(path):
        return ZipFiles(path)
    if path.suffix.lower() == ".zip":
        raise FormatError("is no zip that can be read: it is cut short or damaged", Location(str(path)))
    raise FormatError("is no data set: expected a folder, a zip or an .npz of images", Location(str(path)))


def _name_of(listed: Mapping[str, tuple[int, float]], shape: tuple[int, int, int] | None) -> str:
    digest = hashlib.sha256(repr(shape).encode())
    for name in sorted(listed):
        digest.update(f"{name}\0{listed[name]}\0".encode())
    return digest.hexdigest()[:24]


def _decoded(files: FolderFiles | ZipFiles, place: str, shape: tuple[int, int, int] | None) -> DataSet:
    by_part = files.by_class()
    missing = [part for part in ("train", "test") if not by_part.get(part)]
    if missing:
        there = ", ".join(sorted(by_part)) or "nothing"
        expected = "expected train/<class>/*.png and test/<class>/*.png"
        raise MissingError(f"has no {' and no '.join(missing)} images: {expected}, found {there}", Location(place))
    classes = _classes(by_part, place)
    count = sum(len(names) for part in by_part.values() for names in part.values())
    if count > MAX_IMAGES:
        raise LimitError(f"has {count:,} images; at most {MAX_IMAGES:,} are read", Location(place))
    parts = {}
    for part in ("train", "test"):
        images: list[NDArray[np.uint8]] = []
        labels: list[int] = []
        for label, name in enumerate(classes):
            for file in sorted(by_part[part][name]):
                images.append(decoded(files.content(file), f"{place}/{file}", shape))
                labels.append(label)
                _check_shape(images, f"{place}/{file}")
            if len(images) * images[0].nbytes > MAX_BYTES:
                raise LimitError(f"its images take more than {MAX_BYTES:,} bytes decoded", Location(place))
        parts[part] = ImageSet(np.stack(images), np.array(labels, np.int64))
    return DataSet(parts["train"], parts["test"], classes)


def _check_shape(images: list[NDArray[np.uint8]], place: str) -> None:
    if images[-1].shape != images[0].shape:
        found, wanted = (" x ".join(map(str, image.shape)) for image in (images[-1], images[0]))
        raise SpecError(f"has {found} pixels and channels, the others {wanted}", Location(place))


def _classes(by_part: Mapping[str, Mapping[str, list[str]]], place: str) -> tuple[str, ...]:
    """Classes of both halves, in the order of their names; raises InputError where one has no images."""
    halves = {part: set(by_part[part]) for part in ("train", "test")}
    errors: list[InputError] = [
        SpecError(f"{part}/{name}: a class of one half alone{did_you_mean(name, halves[other] - halves[part])}", Location(place))
        for part, other in (("train", "test"), ("test", "train"))
        for name in sorted(halves[part] - halves[other])
    ]
    errors += [
        MissingError(f"{part}/{name}: a class without images", Location(place))
        for part, names in halves.items()
        for name in sorted(names)
        if not by_part[part][name]
    ]
    if errors:
        raise errors[0] if len(errors) == 1 else CollectedError(errors[:MAX_TOLD])
    return tuple(sorted(halves["train"]))


def _as_arrays(found: DataSet) -> bytes:
    room = io.BytesIO()
    arrays: dict[str, Any] = {
        "train_images": found.train.images,
        "train_labels": found.train.labels,
        "test_images": found.test.images,
        "test_labels": found.test.labels,
        "classes": np.array(found.classes),
    }
    np.savez(room, **arrays)
    return room.getvalue()


def _from_arrays(path: Path) -> DataSet:
    place = Location(str(path))
    try:
        # NumPy leaves a file open that it opened itself and could not read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            missing = [name for name in _ARRAYS if name not in stored.files]
            if missing:
                raise MissingError(f"has no array {missing[0]!r}{did_you_mean(missing[0], stored.files)}", place)
            for name in (*_ARRAYS, *({"classes"} & set(stored.files))):
                size = _stated_bytes(stored.zip, name)
                if size > MAX_BYTES:
                    raise LimitError(f"{name} takes {size:,} bytes; at most {MAX_BYTES:,} are read", place)
            arrays = [stored[name] for name in _ARRAYS]
            named = [str(each) for each in stored["classes"]] if "classes" in stored.files else []
    except InputError:
        raise
    except Exception:
        # NumPy's reader of damaged files raises whatever it stumbles over.
        raise FormatError("is no .npz that can be read", place) from None
    for name, images in zip(_ARRAYS[::2], arrays[::2], strict=True):
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
            expected = "expected uint8 of (images, rows, columns, 1 or 3 channels)"
            raise FormatError(f"{name}: {expected}, found {images.dtype} of {images.shape}", place)
    for name, images, labels in zip(_ARRAYS[1::2], arrays[::2], arrays[1::2], strict=True):
        if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1] or labels.min(initial=0) < 0:
            raise FormatError(f"{name}: expected one whole number from 0 for each image, found {labels.dtype} of {labels.shape}", place)
    sets = [ImageSet(images, labels.astype(np.int64)) for images, labels in zip(arrays[::2], arrays[1::2], strict=True)]
    count = max((int(each.labels.max(initial=-1)) for each in sets), default=-1) + 1
    if named and len(named) < count:
        raise FormatError(f"classes: {len(named)} names for labels up to {count - 1}", place)
    return DataSet(sets[0], sets[1], tuple(named) or tuple(str(label) for label in range(count)))


def _stated_bytes(archive: zipfile.ZipFile, name: str) -> int:
    """Bytes that an array takes by what stands before it: they are taken at once, however few follow."""
    with archive.open(f"{name}.npy") as stored:
        header = np.lib.format.read_array_header_1_0 if np.lib.format.read_magic(stored) == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = header(stored)
    return math.prod(shape) * kind.itemsize


def _checked(found: DataSet, place: str) -> DataSet:
    """Refuse a set in which a class is never seen."""
    for part, images in (("train", found.train), ("test", found.test)):
        if not len(images):
            raise MissingError(f"has no {part} images", Location(place))
        seen = np.bincount(images.labels, minlength=len(found.classes))
        if not seen.all():
            raise MissingError(f"{part}/{found.classes[int(np.argmin(seen))]}: a class without images", Location(place))
    if found.train.images.shape[1:] != found.test.images.shape[1:]:
        raise SpecError(f"training images are {found.train.images.shape[1:]}, test images {found.test.images.shape[1:]}", Location(place))
    return found
