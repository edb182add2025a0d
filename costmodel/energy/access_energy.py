"""Energies of accesses, leakage and arithmetic."""

from __future__ import annotations

from costmodel.columns import Number, product
from costmodel.provenance import formula
from costmodel.units import PJ_PER_J


@formula(
    id="energy.dynamic",
    equation="E = R*E_r + W*E_w",
    symbols={
        "E": "dynamic energy [pJ]",
        "R": "read accesses",
        "W": "write accesses",
        "E_r": "energy of one read access [pJ]",
        "E_w": "energy of one write access [pJ]",
    },
    unit="pJ",
    source="kornak2025deck: slide 'Memory Simulation Methodology'; access energies from CACTI, balasubramonian2017cacti",
)
def dynamic_energy_pj(read_count: Number, write_count: Number, read_pj: Number, write_pj: Number) -> Number:
    """Return the dynamic energy of accesses to one memory.

    Parameters
    ----------
    read_count, write_count : int or column
        Accesses of the memory's own width.
    read_pj, write_pj : float or column
        Energy of one access [pJ].

    Returns
    -------
    float or column
        Energy [pJ].
    """
    return product(read_count, read_pj) + product(write_count, write_pj)


@formula(
    id="energy.compute",
    equation="E = M * E_mac",
    symbols={"E": "energy of arithmetic [pJ]", "M": "multiply-accumulates", "E_mac": "energy of one multiply-accumulate [pJ]"},
    unit="pJ",
    source="horowitz2014: figure 1.1.9",
)
def compute_energy_pj(mac_count: Number, mac_pj: Number) -> Number:
    """Return the energy of multiply-accumulates in arithmetic units alone.

    Parameters
    ----------
    mac_count : int or column
        Multiply-accumulates.
    mac_pj : float or column
        Energy of one [pJ].

    Returns
    -------
    float or column
        Energy [pJ]; instruction fetch, decode and registers are not in it.
    """
    return mac_count * mac_pj


@formula(
    id="energy.leakage",
    equation="E = P_leak * t * 1e12",
    symbols={"E": "leakage energy [pJ]", "P_leak": "leakage power [W]", "t": "time the memory is powered [s]"},
    unit="pJ",
    source="definition: energy of a power over a time",
)
def leakage_energy_pj(leakage_w: Number, duration_s: Number) -> Number:
    """Return what a memory leaks over a duration.

    Parameters
    ----------
    leakage_w : float or column
        Leakage power [W].
    duration_s : float or column
        Time the memory is powered [s].

    Returns
    -------
    float or column
        Energy [pJ].
    """
    return leakage_w * duration_s * PJ_PER_J
