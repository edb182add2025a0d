"""How far a network's memory energy may lie from its nominal value: the ranges of its access energies, carried through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.energy.access_energy import dynamic_energy_pj
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.specs.devices.hardware import MemoryEnergy


class EnergyRange(NamedTuple):
    """Dynamic energies with the smallest and the largest credible access energies; None where a range is not known."""

    tensor_low_pj: float | None
    tensor_high_pj: float | None
    scratch_low_pj: float | None
    """What scratch rows add where they live in the same memory."""
    scratch_high_pj: float | None


def energy_range(layers: Sequence[LayerCost], memory: MemoryEnergy) -> EnergyRange:
    """Return the range of a network's dynamic energy.

    Reads and writes err together: both come of the same array, so both bounds are taken at once.

    Parameters
    ----------
    layers : sequence of LayerCost
        Accesses of each layer.
    memory : MemoryEnergy
        Access energies with their ranges.

    Returns
    -------
    EnergyRange
        Around the nominal energies.
    """
    tensor = _accesses(layers, "tensor")
    scratch = _accesses(layers, "scratch")
    low = (memory.read_pj.low, memory.write_pj.low)
    high = (memory.read_pj.high, memory.write_pj.high)
    return EnergyRange(_bound(tensor, low), _bound(tensor, high), _bound(scratch, low), _bound(scratch, high))


def _accesses(layers: Sequence[LayerCost], where: str) -> tuple[int, int]:
    reads, writes = f"{where}_read_count", f"{where}_write_count"
    return sum(getattr(layer, reads) for layer in layers), sum(getattr(layer, writes) for layer in layers)


def _bound(accesses: tuple[int, int], energies: tuple[float | None, float | None]) -> float | None:
    read_pj, write_pj = energies
    if read_pj is None or write_pj is None:
        return None
    bound: float = dynamic_energy_pj(*accesses, read_pj, write_pj)
    return bound
