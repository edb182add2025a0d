"""CRC-32C of blocks of bytes, many bytes at a time: what Joulescope files are checked with, and zlib has not."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL: Final = 0x82F63B78
"""Castagnoli's, lowest bit first."""
_ROW_BYTES: Final = 256
_NO_ROWS: Final = np.empty((0, _ROW_BYTES), np.uint8)

Words = NDArray[np.uint32]


def crc32c(content: bytes) -> int:
    """Return the CRC-32C of some bytes.

    The remainder is linear in the message: that of a row of bytes is the sum, without carries, of what each byte leaves at its place,
    and that of rows one after the other follows from theirs.

    Parameters
    ----------
    content : bytes
        Any length.

    Returns
    -------
    int
        32 bits.

    Source
    ------
    RFC 3720, appendix B.4.
    """
    one, places, further = _tables()
    begin = len(content) % _ROW_BYTES
    total = 0xFFFFFFFF
    for byte in content[:begin]:
        total = total >> 8 ^ one[(total ^ byte) & 255]
    rows = np.frombuffer(content, np.uint8, offset=begin).reshape(-1, _ROW_BYTES) if begin < len(content) else _NO_ROWS
    for row in np.bitwise_xor.reduce(places[np.arange(_ROW_BYTES), rows], axis=1).tolist():
        total = row ^ further[0][total & 255] ^ further[1][total >> 8 & 255] ^ further[2][total >> 16 & 255] ^ further[3][total >> 24]
    return total ^ 0xFFFFFFFF


@cache
def _tables() -> tuple[list[int], Words, list[list[int]]]:
    """What a byte leaves, what it leaves at each place of a row, and what each byte of a remainder becomes a row further."""
    alone = list(range(256))
    for _ in range(8):
        alone = [word >> 1 ^ (word & 1) * _POLYNOMIAL for word in alone]
    one: Words = np.array(alone, np.uint32)
    places = np.empty((_ROW_BYTES, 256), np.uint32)
    places[-1] = one
    for place in range(_ROW_BYTES - 2, -1, -1):
        places[place] = _byte_further(places[place + 1], one)
    further = []
    for byte in range(4):
        moved: Words = np.array([one_byte << 8 * byte for one_byte in range(256)], np.uint32)
        for _ in range(_ROW_BYTES):
            moved = _byte_further(moved, one)
        further.append(moved.tolist())
    return alone, places, further


def _byte_further(remainders: Words, one: Words) -> Words:
    moved: Words = (remainders >> 8) ^ one[remainders & 255]
    return moved
