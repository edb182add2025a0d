"""Memory of a limited size: a ring that forgets its oldest unit, and a row of results under way. A read of what is gone fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from costmodel.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[Any]


class Ring:
    """The newest units of a tensor; a unit is one pixel with its channels, or a row of them."""

    def __init__(self, name: str, unit_count: int) -> None:
        self.name = name
        self.slots: list[tuple[int, dict[int, Vector]] | None] = [None] * unit_count

    def write(self, unit: int, column: int, pixel: Vector) -> None:
        """Keep a pixel of a unit; the first of a unit overwrites the oldest."""
        at = unit % len(self.slots)
        held = self.slots[at]
        if held is None or held[0] != unit:
            held = (unit, {})
            self.slots[at] = held
        held[1][column] = pixel

    def read(self, unit: int, column: int) -> Vector:
        """Return a pixel of a unit.

        Raises
        ------
        SpecError
            If the unit was overwritten, or is not there yet.
        """
        held = self.slots[unit % len(self.slots)]
        if held is None or held[0] != unit or column not in held[1]:
            when = "is not made yet" if held is None or held[0] <= unit else "was overwritten"
            raise SpecError(f"{self.name}: unit {unit} is read, but {when}: its ring holds {len(self.slots)}")
        return held[1][column]


class RunningRow:
    """Results of a pooling that are not complete, as many units of them as there is room for."""

    def __init__(self, name: str, unit_count: int | None) -> None:
        self.name = name
        self.unit_count = unit_count
        """None where every result has a place of its own."""
        self.owners: dict[int, int] = {}
        self.results: dict[tuple[int, int], tuple[Vector, int]] = {}

    def add(self, unit: int, place: int, pixel: Vector, averages: bool) -> int:
        """Take a pixel into the result at a place of a unit, and return how many that result has taken in.

        Raises
        ------
        SpecError
            If another unit that is not complete is where this one would be.
        """
        if self.unit_count is not None:
            owner = self.owners.setdefault(unit % self.unit_count, unit)
            if owner != unit:
                raise SpecError(f"{self.name}: result {unit} begins, but {owner} is not complete: there is room for {self.unit_count}")
        found = self.results.get((unit, place))
        total, taken = (pixel, 1) if found is None else (self._joined(found[0], pixel, averages), found[1] + 1)
        self.results[unit, place] = (total, taken)
        return taken

    def take(self, unit: int, place: int) -> tuple[Vector, int]:
        """Return a complete result and how many it has taken in, and give its room back."""
        found = self.results.pop((unit, place))
        if self.unit_count is not None and not any(other == unit for other, _ in self.results):
            self.owners.pop(unit % self.unit_count, None)
        return found

    @staticmethod
    def _joined(total: Vector, pixel: Vector, averages: bool) -> Vector:
        import numpy as np

        joined: Vector = total + pixel if averages else np.maximum(total, pixel)
        return joined
