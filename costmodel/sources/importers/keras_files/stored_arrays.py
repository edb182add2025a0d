"""Arrays of a Keras file (HDF5): every size checked before it is read, nothing followed out of the file."""

from __future__ import annotations

import io
import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

from costmodel.errors import FormatError, LimitError, Location, MissingError
from costmodel.sources.documents.input_file import MAX_MODEL_BYTES
from costmodel.sources.importers.channels_first.graph_draft import Array

_MOST_TEXT_BYTES: Final = 1 << 25
"""Of the configuration."""
_CONFIGURATION: Final = "model_config"
_VARIABLE_LENGTH: Final = 9
"""Class of a type whose elements say their length."""
_MOST_ENTRIES: Final = 100_000
_DEEPEST: Final = 32


class StoredArrays:
    """One HDF5 file in memory.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        For messages.

    Raises
    ------
    MissingError
        If h5py is not installed.
    FormatError
        If it is no HDF5 file, or damaged.
    """

    def __init__(self, data: bytes, name: str) -> None:
        try:
            import h5py
        except ImportError:
            raise MissingError("reading Keras files needs h5py: pip install 'costmodel[keras]'", Location(name)) from None
        self._h5py = h5py
        self._where = Location(name)
        self._data = data
        self._left_bytes = MAX_MODEL_BYTES
        self._entries = 0
        try:
            self._file = h5py.File(io.BytesIO(data), "r")
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, SystemError, OverflowError, MemoryError) as error:
            raise FormatError(f"is no HDF5 file, or is cut off or damaged: {_line(error)}", self._where) from None

    def configuration(self) -> str | None:
        """Return the configuration that a file of Keras 2 holds beside its arrays; None where there is none."""
        with _Told(self._where):
            if _CONFIGURATION not in self._file.attrs:
                return None
            stored = self._file.attrs.get_id(_CONFIGURATION)
            # HDF5's own library dies of reading a damaged list where a text is expected.
            if stored.shape != () or not isinstance(stored.get_type(), self._h5py.h5t.TypeStringID):
                return None
            if stored.get_storage_size() > _MOST_TEXT_BYTES or self._claims_more_text():
                raise LimitError(f"claims a configuration of more than {_MOST_TEXT_BYTES:,} bytes", self._where)
            found = self._file.attrs.get(_CONFIGURATION)
        return found.decode("utf-8", errors="replace") if isinstance(found, bytes) else found if isinstance(found, str) else None

    def _claims_more_text(self) -> bool:
        """Tell whether the length of the configuration is more than can be: HDF5 takes memory for it before it looks for its bytes.

        An attribute's message holds version, sizes of name, type and space, then these, then the content; of a text of any length that is
        the length and where it lies. In version 1 each part ends at a multiple of 8 bytes (HDF5 file format, IV.A.2.m).
        """
        name = _CONFIGURATION.encode() + b"\0"
        at = self._data.find(name)
        while at >= 0:
            for version, before, multiple in ((1, 8, 8), (2, 8, 1), (3, 9, 1)):
                head = self._data[max(at - before, 0) : at]
                if len(head) == before and head[0] == version:
                    parts = struct.unpack_from("<HHH", head, 2)
                    kind = at + -(-parts[0] // multiple) * multiple
                    content = kind + sum(-(-part // multiple) * multiple for part in parts[1:])
                    is_text = self._data[kind : kind + 1] != b"" and self._data[kind] & 15 == _VARIABLE_LENGTH
                    if is_text and int.from_bytes(self._data[content : content + 4], "little") > _MOST_TEXT_BYTES:
                        return True
            at = self._data.find(name, at + 1)
        return False

    def by_layer(self) -> dict[str, dict[str, Array]]:
        """Return the arrays of a file of Keras 2: by layer, then by name (`kernel`, `forward_lstm/kernel`)."""
        own: dict[str, dict[str, Array]] = {}
        inner: dict[str, dict[str, Array]] = {}
        with _Told(self._where):
            root = self._file.get("model_weights") if "model_weights" in self._file else self._file
            for path, array in self._arrays(root, "", 0):
                parts = path.split("/")
                variable = parts[-1].partition(":")[0]
                side = next((part.partition("_")[0] for part in parts[1:-1] if part.startswith(("forward_", "backward_"))), "")
                key = f"{side}/{variable}" if side else variable
                own.setdefault(parts[0], {})[key] = array
                # A model inside a model has its layers' arrays under their names.
                for part in parts[1:-1]:
                    inner.setdefault(part, {})[key] = array
        return {**inner, **own}

    def by_path(self) -> dict[str, list[Array]]:
        """Return the arrays of a file of Keras 3: by the path of what holds them (`layers/conv2d`), in their order."""
        found: dict[str, dict[int, Array]] = {}
        with _Told(self._where):
            for path, array in self._arrays(self._file, "", 0):
                parts = path.split("/")
                if len(parts) > 1 and parts[-2] == "vars" and parts[-1].isdecimal() and len(parts[-1]) < 6:
                    found.setdefault("/".join(parts[:-2]), {})[int(parts[-1])] = array
        return {path: [arrays[at] for at in sorted(arrays)] for path, arrays in found.items()}

    def _arrays(self, group: Any, path: str, depth: int) -> Iterator[tuple[str, Array]]:
        if depth > _DEEPEST:
            raise FormatError(f"has groups {_DEEPEST} deep", self._where)
        if not isinstance(group, self._h5py.Group):
            return
        for key in group:
            self._entries += 1
            if self._entries > _MOST_ENTRIES:
                raise LimitError(f"has more than {_MOST_ENTRIES:,} entries", self._where)
            place = f"{path}/{key}" if path else str(key)
            if not isinstance(group.get(key, getlink=True), self._h5py.HardLink):
                raise FormatError(f"has {place!r} in another file or place, where nothing is read", self._where)
            found = group[key]
            if isinstance(found, self._h5py.Dataset):
                yield place, self._array(found, place)
            else:
                yield from self._arrays(found, place, depth + 1)

    def _array(self, found: Any, place: str) -> Array:
        if found.external or found.is_virtual:
            raise FormatError(f"has the array {place!r} in another file, where nothing is read", self._where)
        if found.shape is None or found.dtype.kind not in "fiub":
            raise FormatError(f"has the array {place!r} of {found.dtype}, expected numbers", self._where)
        # A chunk is unpacked whole, whatever part of it the array takes.
        size = max(math.prod(found.shape), math.prod(found.chunks or (1,))) * found.dtype.itemsize
        self._left_bytes -= size
        if self._left_bytes < 0:
            raise LimitError(f"holds more than {MAX_MODEL_BYTES:,} bytes of numbers ({place}); no microcontroller holds them", self._where)
        array: Array = found[()]
        return array


class _Told:
    """Turns what h5py raises on a damaged file into one line."""

    def __init__(self, where: Location) -> None:
        self._where = where

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        wrong = (OSError, RuntimeError, ValueError, KeyError, TypeError, SystemError, UnicodeError, MemoryError, OverflowError)
        if isinstance(error, wrong):
            raise FormatError(f"is damaged: {_line(error)}", self._where) from None


def _line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


def layer_names_of(configurations: list[Mapping[str, Any]]) -> list[str]:
    """Return what a file of Keras 3 calls the layers of one model: their class in small letters, counted."""
    used: dict[str, int] = {}
    names = []
    for configuration in configurations:
        kind = str(configuration.get("class_name", ""))
        stem = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", kind))).lower()
        used[stem] = used.get(stem, -1) + 1
        names.append(f"{stem}_{used[stem]}" if used[stem] else stem)
    return names
