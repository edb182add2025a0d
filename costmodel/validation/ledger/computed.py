"""What a row's function of the ledger finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from costmodel.columns import Number
from costmodel.validation.ledger.deck import Deck


class Computed(NamedTuple):
    """What a row's function found."""

    value: Number
    """In the base unit, remembering where it came from."""
    scale: float = 1
    """From the base unit to the published one."""
    from_rounded_parts: float | None = None
    """In the published unit, from parts rounded as the deck prints them."""
    seeds: tuple[float, float] | None = None
    """Lowest and highest of the seeds of what is trained here, in the published unit."""
    between: tuple[float, float] | None = None
    """The same, with two sampling errors on either side."""


RowFunction = Callable[[Deck], Computed]
