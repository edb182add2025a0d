"""Changes that a slip, a program or somebody hostile makes to an input: of bytes, and of text that has numbers, words and lines."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

NUMBERS: Final = (
    "0", "-0.0", "1", "-1", "2", "3", "0.5", "1e-9", "5e-324", "1e-320", "1e-30", "1e30", "1e308", "1e309", "-1e308", "65535", "65536",
    "2147483648", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1" + "0" * 400,
    "9" * 1200, ".nan", ".inf", "-.inf", "NaN", "Infinity", "0x1F", "1_000", "1.", ".5", "1,5", "1e", "--1", "²", "٣",
)  # fmt: skip
"""What stands in a number's place."""
WORDS: Final = (
    "", "null", "true", "~", "[]", "{}", "[1, 2]", "{a: 1}", "'text'", '"\\n"', '"\\ud800"', '"\\u202e\\u001b[31m"', '"$a_$ $b^$"',
    "'=1+1'", '"<script>alert(1)</script>"', "'[l](javascript:alert(1))'", "*x", "&x 1", "!!python/object:os.system x", "resnet8",
    "esp32-wroom", "float32", "int8", "conv2d", "row-stationary", "knee", "../x.yaml", "/dev/zero", ".", "a" * 300, "é" * 40, "中文",
    "%s%n", "{0}", "\\", "'",
)  # fmt: skip
"""What stands in a value's place."""
_NUMBER: Final = re.compile(rb"(?<![A-Za-z0-9_.])[-+]?[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?")
_VALUE: Final = re.compile(rb"(?<=: )[^,\n{}\[\]]+|(?<=, )[^,\n:{}\[\]]+")
_WORD: Final = re.compile(rb"[A-Za-z_][A-Za-z0-9_.\-]*")

Mutator = Callable[[random.Random, bytes], bytes]


def _replaced(pattern: re.Pattern[bytes], choices: tuple[str, ...]) -> Mutator:
    def change(chance: random.Random, content: bytes) -> bytes:
        # The next one from some place on: a long input is not looked through for each change.
        one = pattern.search(content, chance.randrange(len(content) + 1)) or pattern.search(content)
        if one is None:
            return content
        return content[: one.start()] + chance.choice(choices).encode() + content[one.end() :]

    return change


def _swapped_tokens(chance: random.Random, content: bytes) -> bytes:
    found = list(_WORD.finditer(content))
    if len(found) < 2:
        return content
    one, other = sorted(chance.sample(found, 2), key=lambda each: each.start())
    return content[: one.start()] + other[0] + content[one.end() : other.start()] + one[0] + content[other.end() :]


def _lines(change: Callable[[random.Random, list[bytes]], None]) -> Mutator:
    def changed(chance: random.Random, content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        if lines:
            change(chance, lines)
        return b"".join(lines)

    return changed


def _drop_line(chance: random.Random, lines: list[bytes]) -> None:
    del lines[chance.randrange(len(lines))]


def _double_line(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(len(lines))
    lines[at:at] = [lines[at]] * chance.choice((1, 1, 1, 3, 30))


def _swap_lines(chance: random.Random, lines: list[bytes]) -> None:
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _shift_line(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(len(lines))
    lines[at] = lines[at].lstrip(b" ") if chance.random() < 0.5 else b"  " + lines[at]


def flipped(chance: random.Random, content: bytes) -> bytes:
    """Change one bit."""
    if not content:
        return content
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def cut(chance: random.Random, content: bytes) -> bytes:
    """Leave out the end, the beginning or the middle."""
    one, other = sorted((chance.randrange(len(content) + 1), chance.randrange(len(content) + 1)))
    return chance.choice((content[:one], content[other:], content[:one] + content[other:]))


def inserted(chance: random.Random, content: bytes) -> bytes:
    """Put something where nothing was."""
    at = chance.randrange(len(content) + 1)
    some = (b"\0", b"\xff", b"\n", b"\r", b",", b":", b"\t", b'"', b"\x1b[2J", "\u202e".encode(), b"\xed\xa0\x80", b"$", b"=", b" " * 50)
    return content[:at] + chance.choice(some) + content[at:]


def overwritten(chance: random.Random, content: bytes) -> bytes:
    """Put a large or small number of machine integers in some place."""
    width = chance.choice((1, 2, 4, 8))
    if len(content) < width:
        return content
    at = chance.randrange(len(content) - width + 1)
    number = chance.choice((0, 1, 2**7, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1))
    return content[:at] + (number % 256**width).to_bytes(width, "little") + content[at + width :]


BINARY: Final[tuple[Mutator, ...]] = (flipped, flipped, cut, inserted, overwritten, overwritten)
TEXT: Final[tuple[Mutator, ...]] = (
    _replaced(_NUMBER, NUMBERS),
    _replaced(_NUMBER, NUMBERS),
    _replaced(_NUMBER, NUMBERS),
    _replaced(_VALUE, (*WORDS, *NUMBERS)),
    _replaced(_VALUE, (*WORDS, *NUMBERS)),
    _replaced(_WORD, WORDS),
    _swapped_tokens,
    _lines(_drop_line),
    _lines(_double_line),
    _lines(_swap_lines),
    _lines(_shift_line),
    flipped,
    cut,
    inserted,
)


def mutated(chance: random.Random, content: bytes, mutators: tuple[Mutator, ...]) -> bytes:
    """Return an input with one to four changes; mostly one, so that most of it is still as it should be."""
    for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3, 4))):
        content = chance.choice(mutators)(chance, content)
    return content
