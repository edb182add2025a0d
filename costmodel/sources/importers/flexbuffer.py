"""FlexBuffers: the self-describing values in which TensorFlow Lite files keep the options of operators of their author's own.

Layout (https://flatbuffers.dev/internals, "FlexBuffers"): the last byte is the width of the root, the one before its type; a map is a
vector of values with a vector of keys in front, and every offset leads backwards.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from costmodel.specs.imported_graph import OptionValue

_MOST_VALUES: Final = 10_000
_MOST_DEPTH: Final = 16
_REALS: Final = {2: "e", 4: "f", 8: "d"}
_INT, _UINT, _FLOAT, _KEY, _STRING, _IN_INT, _IN_UINT, _IN_FLOAT, _MAP, _VECTOR, _BOOL = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 26
_TYPED: Final = {11: _INT, 12: _UINT, 13: _FLOAT, 14: _KEY, 15: _STRING, 36: _BOOL}


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.values = 0

    def number(self, at: int, width: int, *, signed: bool = False) -> int:
        if at < 0 or width not in (1, 2, 4, 8) or at + width > len(self.data):
            raise ValueError("outside the options")
        return int.from_bytes(self.data[at : at + width], "little", signed=signed)

    def real(self, at: int, width: int) -> float:
        self.number(at, width)
        if width not in _REALS:
            raise ValueError("a real number of one byte")
        return float(struct.unpack_from(f"<{_REALS[width]}", self.data, at)[0])

    def behind(self, at: int, width: int) -> int:
        return at - self.number(at, width)

    def text(self, at: int) -> str:
        end = self.data.find(b"\0", at)
        if at < 0 or end < 0:
            raise ValueError("outside the options")
        return self.data[at:end].decode("utf-8", errors="replace")

    def value(self, at: int, parent_width: int, packed: int, depth: int = 0) -> OptionValue:
        self.values += 1
        if self.values > _MOST_VALUES or depth > _MOST_DEPTH:
            raise ValueError("too many options")
        kind, width = packed >> 2, 1 << (packed & 3)
        return self._kind(at, parent_width, kind, width, depth)

    def _kind(self, at: int, parent_width: int, kind: int, width: int, depth: int) -> OptionValue:
        match kind:
            case 0:
                return None
            case 1:
                return self.number(at, parent_width, signed=True)
            case 2 | 26:
                return self.number(at, parent_width)
            case 3:
                return self.real(at, parent_width)
        target = self.behind(at, parent_width)
        match kind:
            case 4:
                return self.text(target)
            case 5:
                length = self.number(target - width, width)
                return self.data[target : target + length].decode("utf-8", errors="replace")
            case 6 | 7:
                return self.number(target, width, signed=kind == _IN_INT)
            case 8:
                return self.real(target, width)
            case 9:
                return self._map(target, width, depth)
            case 10:
                return self._vector(target, width, depth)
        if kind in _TYPED:
            length = self.number(target - width, width)
            self._bounded(length)
            return tuple(self._kind(target + number * width, width, _TYPED[kind], width, depth + 1) for number in range(length))
        raise ValueError(f"options of type {kind}")

    def _bounded(self, length: int) -> None:
        self.values += length
        if self.values > _MOST_VALUES:
            raise ValueError("too many options")

    def _vector(self, target: int, width: int, depth: int) -> tuple[OptionValue, ...]:
        length = self.number(target - width, width)
        self._bounded(length)
        types = target + length * width
        return tuple(self.value(target + at * width, width, self.number(types + at, 1), depth + 1) for at in range(length))

    def _map(self, target: int, width: int, depth: int) -> Mapping[str, OptionValue]:
        values = self._vector(target, width, depth)
        keys, key_width = self.behind(target - 3 * width, width), self.number(target - 2 * width, width)
        names = [self.text(self.behind(keys + at * key_width, key_width)) for at in range(len(values))]
        return dict(zip(names, values, strict=True))


def from_flexbuffer(data: bytes) -> OptionValue:
    """Read options of an operator of its author's own.

    Parameters
    ----------
    data : bytes
        As they stand in the file.

    Returns
    -------
    int, float, str, tuple, mapping, None or bytes
        The value; the bytes themselves where they are no FlexBuffer, which is no fault: an author may keep options in any form.
    """
    if len(data) < 3:
        return data
    reader, width = _Reader(data), data[-1]
    try:
        return reader.value(len(data) - 2 - width, width, data[-2])
    except ValueError:
        return data
