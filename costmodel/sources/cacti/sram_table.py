"""The table of CACTI runs: exact rows or a refusal, never a silent interpolation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

from costmodel.errors import FormatError, MissingError, SpecError, UnknownNameError
from costmodel.results.runs.sram_run import SramFigures, SramRow
from costmodel.specs.devices.sram import SramSpec

NEAREST_COUNT: Final = 3
"""Rows a refusal names."""


class SramTable:
    """Rows by configuration and by name.

    Parameters
    ----------
    rows : iterable of SramRow
        No two of one configuration or one name.

    Raises
    ------
    FormatError
        If two rows say different things of one configuration or name.
    """

    def __init__(self, rows: Iterable[SramRow]) -> None:
        self.rows: tuple[SramRow, ...] = tuple(rows)
        self._by_spec: dict[SramSpec, SramRow] = {row.spec: row for row in self.rows}
        self._by_name: dict[str, SramRow] = {row.name: row for row in self.rows if row.name}
        if len(self._by_spec) != len(self.rows):
            raise FormatError("the table of SRAM runs has two rows of one configuration")
        if len(self._by_name) != sum(bool(row.name) for row in self.rows):
            raise FormatError("the table of SRAM runs has two rows of one name")

    def __iter__(self) -> Iterator[SramRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name."""
        return tuple(self._by_name)

    def named(self, name: str) -> SramRow:
        """Return the row of a packaged configuration.

        Parameters
        ----------
        name : str
            For example `deck-45nm-hp-128k-64b`.

        Returns
        -------
        SramRow
            With its figures.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        """
        row = self._by_name.get(name)
        if row is None:
            raise UnknownNameError("SRAM", name, self._by_name, "a packaged configuration")
        return row

    def find(self, spec: SramSpec) -> SramRow | None:
        """Return the row of exactly this configuration, or None."""
        return self._by_spec.get(spec)

    def figures(self, spec: SramSpec) -> SramFigures:
        """Return the figures of exactly this configuration.

        Parameters
        ----------
        spec : SramSpec
            The array.

        Returns
        -------
        SramFigures
            As CACTI printed them.

        Raises
        ------
        SpecError
            If CACTI was run and found no array that fits.
        MissingError
            If there is no such row; the message names the nearest ones.
        """
        row = self._by_spec.get(spec)
        if row is None:
            raise self.refusal(spec)
        if row.figures is None:
            raise SpecError(f"CACTI finds no array of {spec.summary}")
        return row.figures

    def refusal(self, spec: SramSpec) -> MissingError:
        """Return the error that says a configuration has no row, and names the nearest ones."""
        near = "; ".join(described(found) for found in self.nearest(spec))
        return MissingError(
            f"no packaged run of {spec.summary}; nearest: {near}. Run CACTI on it (`costmodel cacti run`), or ask for an "
            "interpolation between sizes (interpolate=yes), which states its error"
        )

    def nearest(self, spec: SramSpec, count: int = NEAREST_COUNT) -> tuple[SramRow, ...]:
        """Return the rows most like a configuration, the likest first.

        Parameters
        ----------
        spec : SramSpec
            The array.
        count : int
            How many.

        Returns
        -------
        tuple of SramRow
            Rows with figures only.
        """
        usable = [row for row in self.rows if row.figures is not None]
        return tuple(sorted(usable, key=lambda row: _distance(row.spec, spec))[:count])

    def updated(self, rows: Iterable[SramRow]) -> SramTable:
        """Return the table with some rows replaced, and those it did not have appended; a row keeps its name.

        Parameters
        ----------
        rows : iterable of SramRow
            Fresh runs.

        Returns
        -------
        SramTable
            In its order: named rows by name, then the others by configuration.
        """
        merged = dict(self._by_spec)
        for row in rows:
            before = merged.get(row.spec)
            kept = before.name if before is not None and not row.name else row.name
            merged[row.spec] = row.model_copy(update={"name": kept})
        return SramTable(sorted(merged.values(), key=_order))


def _order(row: SramRow) -> tuple[Any, ...]:
    spec = row.spec
    return (not row.name, row.name, spec.node_nm, spec.data_cell, spec.bus_bits, spec.size_bytes, spec.ecc, row.config_hash)


def _distance(a: SramSpec, b: SramSpec) -> float:
    # Doublings apart in size and width, nodes weighted up since leakage changes most there; a change of kind counts as doublings too.
    octaves = (
        abs(math.log2(a.size_bytes / b.size_bytes)) + abs(math.log2(a.bus_bits / b.bus_bits)) + 4 * abs(math.log2(a.node_nm / b.node_nm))
    )
    kinds = 4 * (a.data_cell != b.data_cell) + 2 * (a.periphery_cell != b.periphery_cell) + (a.ecc != b.ecc)
    rest = abs(a.temperature_k - b.temperature_k) / 50 + 4 * (a.array != b.array) + (a.block_bytes != b.block_bytes)
    chosen = sum(bool(getattr(a, field) != getattr(b, field)) for field in ("objective", "deviation", "optimised", "signaling"))
    return float(octaves + kinds + rest + 2 * (a.bank_count != b.bank_count) + chosen)


def described(row: SramRow) -> str:
    """Return a row in one line: its name, or its configuration."""
    return f"{row.name} ({row.spec.summary})" if row.name else row.spec.summary
