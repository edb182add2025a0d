"""An equation's text with its numbers put in: symbols replaced, sums over lists written out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

LARGE: Final = 1e5
"""Floats from here on are shown to the unit."""
EXACT_FLOATS: Final = 2.0**53
"""Beyond this a float no longer tells neighbouring whole numbers apart."""
_NAME: Final = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z][A-Za-z0-9_]*")
_SUM: Final = re.compile(r"(?<![A-Za-z0-9_])sum\(")


def symbols_of(equation: str) -> frozenset[str]:
    """Return every name an equation mentions, its functions' among them."""
    return frozenset(_NAME.findall(equation))


def with_numbers(equation: str, values: Mapping[str, Any]) -> str:
    """Return the right-hand side of an equation with each symbol replaced by its number.

    Parameters
    ----------
    equation : str
        Statements between semicolons; the last one is the value, the others name intermediates, which stay as they are.
    values : mapping
        Symbol to number, or to the list of numbers that an indexed symbol stands for.

    Returns
    -------
    str
        `sum(x_i)` becomes the sum of its members.
    """
    *before, last = equation.split("; ")
    # What stands left of the equals sign is the value itself.
    body = re.sub(r"^[A-Za-z][A-Za-z0-9_]* = ", "", last)
    return "; ".join(_replaced(_written_out(part, values), values) for part in (*before, body))


def _written_out(text: str, values: Mapping[str, Any]) -> str:
    """Write out each sum over the members of lists."""
    found = _SUM.search(text)
    if found is None:
        return text
    end = _closing(text, found.end())
    body, rest = text[found.end() : end], _written_out(text[end + 1 :], values)
    indexed = [name for name in symbols_of(body) if isinstance(values.get(name), list | tuple)]
    if not indexed:
        return f"{text[: found.start()]}sum({_written_out(body, values)}){rest}"
    terms = list(_terms(body, indexed, values)) or ["0"]
    alone = found.start() == 0 or text[: found.start()].endswith(" = ")
    total = " + ".join(terms) if alone and not rest else f"({' + '.join(terms)})"
    return f"{text[: found.start()]}{total}{rest}"


def _terms(body: str, indexed: Sequence[str], values: Mapping[str, Any]) -> Iterator[str]:
    for members in zip(*(values[name] for name in indexed), strict=True):
        if body in indexed and not members[0]:
            continue
        yield _replaced(body, dict(zip(indexed, members, strict=True)))


def _closing(text: str, start: int) -> int:
    """Return where the parenthesis closes that opens just before `start`."""
    depth = 1
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


def _replaced(text: str, values: Mapping[str, Any]) -> str:
    return _NAME.sub(lambda found: _shown(values[found.group()]) if found.group() in values else found.group(), text)


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_shown(part) for part in value) or "0"
    text = number_text(value)
    return f"({text})" if text.startswith("-") else text


def number_text(value: object) -> str:
    """Return a number as people read it: thousands separated, floats to six significant digits or to the unit."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or LARGE <= abs(value) < EXACT_FLOATS:
        return f"{round(value):,}"
    return f"{float(value):.6g}"
