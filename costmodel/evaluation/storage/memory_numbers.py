"""Memories and the device as a design takes them: typed numbers or columns, each read from its spec in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from costmodel.columns import Number, is_column
from costmodel.errors import SpecError
from costmodel.evaluation.battery.uncertainty import Read
from costmodel.memory.strategies import largest_bytes
from costmodel.provenance import Constant, formula, is_recording, leaf, noted
from costmodel.results.storage.heap_verdict import HeapTaken
from costmodel.results.totals import total_of
from costmodel.specs.devices.hardware import Device, MemoryEnergy, ObservedHeap
from costmodel.specs.scenario import Scenario, Storage

Ends: TypeAlias = tuple[float | None, float | None]
"""The smallest and the largest credible value of a number; None where its range is not known."""


class MemoryNumbers(NamedTuple):
    """What an access of the memory costs."""

    access_bytes: Number
    read_pj: Number
    write_pj: Number
    leakage_w: Number
    read_ends: Ends = (None, None)
    write_ends: Ends = (None, None)


class FlashNumbers(NamedTuple):
    """What a weight costs that is read from flash through a cache."""

    cache_bytes: int
    """Capacity of the cache."""
    cache_access_bytes: int
    """Width of one of its reads."""
    hit_pj: Number
    """One read of the cache."""
    line_bytes: int
    line_pj: Number
    """One line fetched from flash."""
    hit_ends: Ends = (None, None)
    line_ends: Ends = (None, None)


@formula(
    id="heap.missing_bytes",
    equation="x = max(sum(s_i) - o, 0)",
    symbols={
        "x": "what a program's own report lacks of the heap at boot [B]",
        "s_i": "bytes of region i at boot [B]",
        "o": "free in all regions together, as the program reported it [B]",
    },
    unit="B",
    source="definition: difference",
)
def missing_bytes(s_i: Sequence[int], o: int) -> int:
    """Return what a program found missing of the heap at boot."""
    return max(sum(s_i) - o, 0)


class DeviceNumbers(NamedTuple):
    """What a device has room for, and what of it is taken; what is not asked for is not added up."""

    device: Device
    observed: ObservedHeap | None
    """What a program reported of the heap."""
    static_bytes: int
    radio: str | None

    @property
    def taken(self) -> HeapTaken:
        """What is taken of the heap before the network allocates."""
        radios = [radio for radio in self.device.radios if radio.name == self.radio]
        observed = None
        if self.observed is not None:
            observed = noted(self.observed.total_bytes, "observed_heap.total_bytes", self.observed.source)
        return HeapTaken(
            observed_bytes=observed,
            missing_bytes=0 if observed is None else missing_bytes(self._region_bytes(), observed),
            static_bytes=noted(self.static_bytes, "static_bytes", "given"),
            radio=self.radio,
            radio_bytes=noted(radios[0].heap_bytes, f"device.radio.{self.radio}", radios[0].source) if radios else 0,
        )

    @property
    def heap_bytes(self) -> int:
        """All heap regions at boot."""
        total: int = total_of(self._region_bytes())
        return total

    @property
    def free_heap_bytes(self) -> int:
        """What a program found free at start, or else all heap regions at boot."""
        if self.observed is None:
            return self.heap_bytes
        found: int = noted(self.observed.total_bytes, "observed_heap.total_bytes", self.observed.source)
        return found

    @property
    def largest_region_bytes(self) -> int:
        """The largest heap region at boot; 0 where there is none."""
        largest: int = largest_bytes(self._region_bytes())
        return largest

    def _region_bytes(self) -> list[int]:
        """Sizes of the regions; while formulas are being recorded they remember the device's source."""
        regions = self.device.heap_regions
        if not is_recording():
            return [region.size_bytes for region in regions]
        return [leaf(region.size_bytes, f"heap region {region.name}", self.device.source) for region in regions]


def memory_numbers(energies: MemoryEnergy, read: Read) -> MemoryNumbers:
    """Read the energies of a scenario's memory.

    Parameters
    ----------
    energies : MemoryEnergy
        Of one access.
    read : callable
        What each constant becomes.

    Returns
    -------
    MemoryNumbers
        Numbers or columns; the ends of a range where the number is the constant's own.
    """
    access_bytes = Constant(energies.access_bytes, "B", None, None, energies.source)
    read_pj = read(energies.read_pj, "memory_energy.read_pj", "energy of a read")
    write_pj = read(energies.write_pj, "memory_energy.write_pj", "energy of a write")
    return MemoryNumbers(
        read(access_bytes, "memory_energy.access_bytes", "bytes of an access"),
        read_pj,
        write_pj,
        read(energies.leakage_w, "memory_energy.leakage_w", "leakage"),
        _ends(energies.read_pj, read_pj, "memory.read_pj"),
        _ends(energies.write_pj, write_pj, "memory.write_pj"),
    )


def flash_numbers(scenario: Scenario, read: Read) -> FlashNumbers | None:
    """Read what weights cost that a scenario keeps in flash.

    Parameters
    ----------
    scenario : Scenario
        Where weights live, and the energies of flash and its cache.
    read : callable
        What each constant becomes.

    Returns
    -------
    FlashNumbers or None
        None where weights live in RAM, or no energies of flash are known: then each weight is charged like one in SRAM.

    Raises
    ------
    SpecError
        If the cache has no capacity.
    """
    flash, cache = scenario.flash_energy, scenario.cache_energy
    if scenario.weights_in is not Storage.FLASH or flash is None or cache is None:
        return None
    if cache.capacity_bytes is None:
        raise SpecError(f"the cache {cache.name!r} states no capacity_bytes")
    hit_pj = read(cache.read_pj, "cache_energy.read_pj", "energy of a read of the cache")
    line_pj = read(flash.read_pj, "flash_energy.read_pj", "energy of a line of flash")
    capacity_bytes, width_bytes, line_bytes = (
        leaf(value, name, source) if is_recording() else value
        for value, name, source in (
            (cache.capacity_bytes, "cache.capacity_bytes", cache.source),
            (cache.access_bytes, "cache.access_bytes", cache.source),
            (flash.access_bytes, "flash.access_bytes", flash.source),
        )
    )
    return FlashNumbers(
        capacity_bytes,
        width_bytes,
        hit_pj,
        line_bytes,
        line_pj,
        _ends(cache.read_pj, hit_pj, "cache.read_pj"),
        _ends(flash.read_pj, line_pj, "flash.read_pj"),
    )


def _ends(constant: Constant, number: Number, name: str) -> Ends:
    """The ends of a constant's range; none where another number was read in its place. While formulas are recorded they remember it."""
    if is_column(number) or number != constant.value:
        return None, None
    if not is_recording():
        return constant.low, constant.high
    low, high = (
        None if end is None else leaf(end, f"{name}, {which} end", constant.source)
        for which, end in (("low", constant.low), ("high", constant.high))
    )
    return low, high
