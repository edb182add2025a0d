"""The designs a sweep keeps: held, or read again from disk a batch at a time, so that keeping everything takes no memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

Rows = Mapping[str, np.ndarray]
"""Columns by name, one entry a design."""


@dataclass(frozen=True)
class KeptDesigns:
    """Kept designs in batches."""

    sizes: tuple[int, ...]
    """Designs of each batch; at least one batch."""
    read: Callable[[int], Rows]
    """Returns the batch of a position."""

    def __len__(self) -> int:
        """Count the designs."""
        return sum(self.sizes)

    def batches(self) -> Iterator[Rows]:
        """Yield the batches that are not empty, in order; of no designs, the columns of none."""
        return (self.read(place) for place, size in enumerate(self.sizes) if size or (not len(self) and not place))

    def joined(self) -> Rows:
        """Return all designs at once."""
        return joined_rows([*self.batches()])

    def row(self, place: int) -> Rows:
        """Return one design, as columns of one entry."""
        if not 0 <= place < len(self):
            raise IndexError(f"row {place} of {len(self)} designs")
        last = np.cumsum(self.sizes)
        batch = int(np.searchsorted(last, place, side="right"))
        within = place - int(last[batch]) + self.sizes[batch]
        return {name: column[within : within + 1] for name, column in self.read(batch).items()}


def held_designs(rows: Rows) -> KeptDesigns:
    """Return designs that are held in memory."""
    return KeptDesigns((row_count(rows),), lambda _: rows)


def row_count(rows: Rows) -> int:
    """Count the designs of columns."""
    return len(next(iter(rows.values())))


def joined_rows(pieces: list[Rows]) -> Rows:
    """Return pieces as one; empty ones say nothing of a column's type."""
    filled = [piece for piece in pieces if row_count(piece)] or pieces[:1]
    return filled[0] if len(filled) == 1 else {name: np.concatenate([piece[name] for piece in filled]) for name in filled[0]}
