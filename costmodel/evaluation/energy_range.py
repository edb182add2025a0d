"""How far a network's memory energy may lie from its nominal value: the ranges of its access energies, carried through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.columns import Number
from costmodel.energy.access_energy import dynamic_energy_pj
from costmodel.energy.serial_memory import cached_read_pj
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.evaluation.storage.memory_numbers import FlashNumbers, MemoryNumbers
from costmodel.results.totals import total_of


class EnergyRange(NamedTuple):
    """Dynamic energies with the smallest and the largest credible access energies; None where a range is not known."""

    tensor_low_pj: Number | None
    """Of tensors, wherever they live."""
    tensor_high_pj: Number | None
    scratch_low_pj: Number | None
    """What scratch rows add where they live in the same memory."""
    scratch_high_pj: Number | None

    @property
    def memory_low_pj(self) -> Number | None:
        """Of all memories, scratch rows in the SRAM."""
        return _together(self.tensor_low_pj, self.scratch_low_pj)

    @property
    def memory_high_pj(self) -> Number | None:
        """Of all memories, scratch rows in the SRAM."""
        return _together(self.tensor_high_pj, self.scratch_high_pj)


def energy_range(layers: Sequence[LayerCost], memory: MemoryNumbers, flash: FlashNumbers | None) -> EnergyRange:
    """Return the range of a network's dynamic energy.

    Reads and writes err together: both come of the same array, so both bounds are taken at once; so do memory, cache and flash.

    Parameters
    ----------
    layers : sequence of LayerCost
        Accesses of each layer.
    memory : MemoryNumbers
        Access energies with their ranges.
    flash : FlashNumbers or None
        What weights are read through, if not from the memory.

    Returns
    -------
    EnergyRange
        Around the nominal energies.
    """
    tensor = _total(layers, "tensor_read_count"), _total(layers, "tensor_write_count")
    scratch = _total(layers, "scratch_read_count"), _total(layers, "scratch_write_count")
    through = None if flash is None else (_total(layers, "hit_count"), _total(layers, "fill_count"))
    found: list[tuple[Number | None, Number | None]] = []
    for end in (0, 1):
        read_pj, write_pj = memory.read_ends[end], memory.write_ends[end]
        if read_pj is None or write_pj is None:
            found.append((None, None))
            continue
        bound = dynamic_energy_pj(*tensor, read_pj, write_pj)
        if flash is not None and through is not None:
            hit_pj, line_pj = flash.hit_ends[end], flash.line_ends[end]
            known = hit_pj is not None and line_pj is not None
            bound = total_of([bound, cached_read_pj(through[0], hit_pj, through[1], line_pj)]) if known else None
        found.append((bound, dynamic_energy_pj(*scratch, read_pj, write_pj)))
    (tensor_low, scratch_low), (tensor_high, scratch_high) = found
    return EnergyRange(tensor_low, tensor_high, scratch_low, scratch_high)


def _total(layers: Sequence[LayerCost], count: str) -> Number:
    return total_of([getattr(layer, count) for layer in layers])


def _together(tensor_pj: Number | None, scratch_pj: Number | None) -> Number | None:
    return None if tensor_pj is None or scratch_pj is None else total_of([tensor_pj, scratch_pj])
