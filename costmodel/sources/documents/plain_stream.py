"""Captures as loggers store them, as plain bytes: gzip unpacked, UTF-16 of Windows programs read as UTF-8."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from costmodel.errors import FormatError, Location

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_GZIP: Final = b"\x1f\x8b"
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_READ_BYTES: Final = 1 << 20


def plain_stream(stream: BinaryIO, name: str) -> BinaryIO:
    """Return a file's content as it was before it was packed or widened.

    Parameters
    ----------
    stream : binary stream
        At its start; seekable.
    name : str
        File name, for messages.

    Returns
    -------
    binary stream
        The same stream where there is nothing to undo; reading it raises FormatError where the file is not whole.
    """
    head = stream.read(2)
    stream.seek(0)
    if head == _GZIP:
        unpacked = io.BufferedReader(_Undone(_unpacking(stream, name)), _READ_BYTES)
        if unpacked.peek(2)[:2] not in _UTF_16:
            return unpacked
        stream = cast(BinaryIO, unpacked)
    elif head not in _UTF_16:
        return stream
    return io.BufferedReader(_Undone(_decoding(stream, name)), _READ_BYTES)


class _Undone(io.RawIOBase):
    """A stream of whatever a function returns piece by piece, empty at the end."""

    def __init__(self, piece: Callable[[], bytes]) -> None:
        super().__init__()
        self._piece = piece
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._left:
            self._left = self._piece()
        view = memoryview(buffer)
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _unpacking(stream: BinaryIO, name: str) -> Callable[[], bytes]:
    archive = gzip.GzipFile(fileobj=stream)

    def piece() -> bytes:
        try:
            return archive.read1(_READ_BYTES)
        except (EOFError, OSError, zlib.error) as error:
            raise FormatError(f"not a whole gzip file: {error}", Location(name)) from None

    return piece


def _decoding(stream: BinaryIO, name: str) -> Callable[[], bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()

    def piece() -> bytes:
        while True:
            wide = stream.read(_READ_BYTES)
            try:
                text = decoder.decode(wide, final=not wide)
            except UnicodeDecodeError as error:
                raise FormatError(f"not whole UTF-16 text: {error.reason}", Location(name)) from None
            if text or not wide:
                return text.encode("utf-8", errors="replace")

    return piece
