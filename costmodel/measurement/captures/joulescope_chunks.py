"""The chunks a Joulescope capture (JLS v2) is made of: walked one after the other, each checked before it is believed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from costmodel.errors import FormatError, LimitError, Location
from costmodel.measurement.captures.crc32c import crc32c

_FILE_HEADER: Final = struct.Struct("<16sQII")
_HEADER: Final = struct.Struct("<QQBBHIII")
_MAGIC: Final = b"jlsfmt\r\n \n \x1a  \xb2\x1c"
_CRC_BYTES: Final = 4
MAX_PAYLOAD_BYTES: Final = 1 << 24
"""Largest content of a chunk that is read; the instrument's software writes 64 KiB."""
END: Final = 0xFF
"""Tag of the last chunk of a capture that was closed."""


class JlsChunk(NamedTuple):
    """Where one chunk stands, and what it says it is."""

    tag: int
    meta: int
    """Of data, the signal's number in its lowest 12 bits."""
    at: int
    """Where its content begins in the file [B]."""
    payload_bytes: int

    @property
    def next_at(self) -> int:
        """Where the next chunk begins [B]: content and check together fill whole words."""
        return self.at + (-(-(self.payload_bytes + _CRC_BYTES) // 8) * 8 if self.payload_bytes else 0)


def walked_chunks(stream: BinaryIO, name: str) -> Iterator[JlsChunk]:
    """Walk through the chunks of a capture.

    Parameters
    ----------
    stream : binary stream
        Seekable; may be sought elsewhere between two chunks.
    name : str
        File name, for messages.

    Yields
    ------
    JlsChunk
        In the order of the file, up to its end or to where it was cut off.

    Raises
    ------
    FormatError
        If the file is no JLS v2, or a chunk's description is damaged.
    """
    stream.seek(0)
    content = stream.read(_FILE_HEADER.size)
    if len(content) < _FILE_HEADER.size or content[:16] != _MAGIC:
        raise FormatError("not a whole JLS file: its first 32 bytes are not a JLS header", Location(name))
    _, _, version, crc = _FILE_HEADER.unpack(content)
    if crc32c(content[:-_CRC_BYTES]) != crc:
        raise FormatError("not a whole JLS file: its header is damaged", Location(name))
    if version >> 24 != 1:
        raise FormatError(
            f"a JLS file whose header states format {version >> 24}; expected 1, which version 2 of JLS writes", Location(name)
        )
    at = _FILE_HEADER.size
    while True:
        stream.seek(at)
        content = stream.read(_HEADER.size)
        if len(content) < _HEADER.size:
            return
        _, _, tag, _, meta, payload_bytes, _, crc = _HEADER.unpack(content)
        if crc32c(content[:-_CRC_BYTES]) != crc:
            raise FormatError(f"the chunk at byte {at} is damaged: its header's check fails", Location(name))
        chunk = JlsChunk(tag, meta, at + _HEADER.size, payload_bytes)
        yield chunk
        if tag == END:
            return
        at = chunk.next_at


def chunk_content(stream: BinaryIO, chunk: JlsChunk, name: str) -> bytes | None:
    """Return the content of a chunk.

    Parameters
    ----------
    stream : binary stream
        Seekable.
    chunk : JlsChunk
        As `walked_chunks` gave it.
    name : str
        File name, for messages.

    Returns
    -------
    bytes or None
        None where the file ends before it does.

    Raises
    ------
    LimitError
        If it is larger than any instrument writes.
    FormatError
        If it is damaged.
    """
    if chunk.payload_bytes > MAX_PAYLOAD_BYTES:
        raise LimitError(
            f"the chunk at byte {chunk.at} has {chunk.payload_bytes:,} bytes; at most {MAX_PAYLOAD_BYTES:,} are read", Location(name)
        )
    stream.seek(chunk.at)
    whole = stream.read(chunk.next_at - chunk.at)
    if len(whole) < chunk.next_at - chunk.at:
        return None
    content = whole[: chunk.payload_bytes]
    if crc32c(content) != int.from_bytes(whole[-_CRC_BYTES:], "little"):
        raise FormatError(f"the chunk at byte {chunk.at} is damaged: its content's check fails", Location(name))
    return content
