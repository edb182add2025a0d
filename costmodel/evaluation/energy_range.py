"""How far a network's memory energy may lie from its nominal value: the ranges of its access energies, carried through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.energy.access_energy import dynamic_energy_pj
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.evaluation.totals import total_of
from costmodel.provenance import Constant, is_recording, leaf
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
    low = (_end(memory.read_pj, memory.read_pj.low, "memory.read_pj"), _end(memory.write_pj, memory.write_pj.low, "memory.write_pj"))
    high = (_end(memory.read_pj, memory.read_pj.high, "memory.read_pj"), _end(memory.write_pj, memory.write_pj.high, "memory.write_pj"))
    return EnergyRange(_bound(tensor, low), _bound(tensor, high), _bound(scratch, low), _bound(scratch, high))


def _end(constant: Constant, end: float | None, name: str) -> float | None:
    """One end of a range; while formulas are being recorded it remembers its constant."""
    if end is None or not is_recording():
        return end
    which = "low" if end == constant.low else "high"
    found: float = leaf(end, f"{name}, {which} end", constant.source)
    return found


def _accesses(layers: Sequence[LayerCost], where: str) -> tuple[int, int]:
    reads, writes = f"{where}_read_count", f"{where}_write_count"
    return total_of([getattr(layer, reads) for layer in layers]), total_of([getattr(layer, writes) for layer in layers])


def _bound(accesses: tuple[int, int], energies: tuple[float | None, float | None]) -> float | None:
    read_pj, write_pj = energies
    if read_pj is None or write_pj is None:
        return None
    bound: float = dynamic_energy_pj(*accesses, read_pj, write_pj)
    return bound
