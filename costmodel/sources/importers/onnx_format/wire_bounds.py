"""What a protobuf message takes in memory, before it is parsed: two bytes may stand for an object of a thousand.

Wire format (https://protobuf.dev/programming-guides/encoding/): a field is a varint of its number and its kind (0 a varint, 1 eight bytes,
2 a length and so many bytes, 5 four bytes), then its content; a message in a message is bytes of the second kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from costmodel.errors import LimitError, Location

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

MAX_HELD_BYTES: Final = 300_000_000
"""Most memory that a message may take: the whole program stays below 500 MB."""
_MESSAGE_BYTES: Final = 1_500
"""Of a message, and of what is made of it: a node, an attribute, an extent."""
_FIELD_BYTES: Final = 400
"""Of any other field without its content."""
_NUMBER_BYTES: Final = 8
"""Of a number of a packed list, which may be written in one."""
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10


def refuse_large_message(data: bytes, root: Descriptor, where: Location) -> None:
    """Refuse a message that could take more memory than `MAX_HELD_BYTES`; one that is damaged is left to its parser.

    Parameters
    ----------
    data : bytes
        The message.
    root : Descriptor
        What it is.
    where : Location
        Its file.

    Raises
    ------
    LimitError
        If it could take more.
    """
    held = 0
    waiting = [(0, len(data), root)]
    while waiting:
        at, end, message = waiting.pop()
        while at < end:
            tag, at = _varint(data, at, end)
            number, kind = tag >> 3, tag & 7
            held += _FIELD_BYTES
            length = {_VARINT: 0, _EIGHT: 8, _FOUR: 4}.get(kind)
            if kind == _VARINT:
                _, at = _varint(data, at, end)
            if kind == _LENGTH:
                length, at = _varint(data, at, end)
            if length is None or at + length > end:
                return
            if kind == _LENGTH:
                field = message.fields_by_number.get(number)
                if field is not None and field.message_type is not None:
                    held += _MESSAGE_BYTES
                    waiting.append((at, at + length, field.message_type))
                else:
                    is_text = field is None or field.type in (field.TYPE_STRING, field.TYPE_BYTES)
                    held += length * (1 if is_text else _NUMBER_BYTES)
            if held > MAX_HELD_BYTES:
                raise LimitError(f"holds operators and numbers that take more than {MAX_HELD_BYTES:,} bytes of memory", where)
            at += length


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return a number written seven bits a byte, and where it ends; beyond the end where it is cut off."""
    found = 0
    for place in range(_LONGEST_VARINT):
        if at >= end:
            return 0, end + 1
        byte = data[at]
        at += 1
        found |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return found, at
    return 0, end + 1
