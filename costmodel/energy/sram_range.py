"""How far an SRAM's energies may lie from what CACTI says: other cells, a warmer chip, and what published arrays show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from costmodel.provenance import formula
from costmodel.specs.devices.sram import Cell

BELOW_RATIO: Final = 0.12
"""Agreement of CACTI with circuit simulation: Muralimanohar, Ahn, Jouppi, Memory Modeling with CACTI, Springer 2010, abstract."""
ABOVE_RATIO: Final = 0.66
"""How far published reads lie above CACTI's: Horowitz's 8 KB, 32 KB and 1 MB at 45 nm are 1.65, 1.18 and 1.30 times CACTI's."""
WARM_K: Final = 350.0
"""A chip at work; CACTI's coolest is 300 K."""

_ALTERNATIVES: Final[dict[Cell, tuple[Cell, ...]]] = {
    "itrs-hp": ("itrs-hp", "itrs-lop", "itrs-lstp"),
    "itrs-lop": ("itrs-lop", "itrs-lstp"),
    "itrs-lstp": ("itrs-lop", "itrs-lstp"),
}


class Span(NamedTuple):
    """Smallest and largest credible value."""

    low: float
    high: float


def alternative_cells(cell: Cell) -> tuple[Cell, ...]:
    """Return the cells an array stated to be of one cell may really be of.

    A process that is called low power is not a high-performance one: its chips sleep at milliwatts. The reverse is not known.

    Parameters
    ----------
    cell : Cell
        The stated cell.

    Returns
    -------
    tuple of Cell
        With the stated one.
    """
    return _ALTERNATIVES[cell]


@formula(
    id="energy.sram_energy_span",
    equation={"low": "E_low = min(E_i) * (1 - 0.12)", "high": "E_high = max(E_i) * (1 + 0.66)"},
    symbols={
        "E_low": "smallest credible energy of one access [pJ]",
        "E_high": "largest credible energy of one access [pJ]",
        "E_i": "CACTI's energy with each cell the array may be of [pJ]",
    },
    unit="pJ",
    source="muralimanohar2010cacti: agreement with circuit simulation; above, horowitz2014 against the packaged table",
)
def energy_span_pj(energies_pj: Sequence[float]) -> Span:
    """Return the range of an access energy.

    Parameters
    ----------
    energies_pj : sequence of float
        CACTI's energy with each cell the array may be of, one or more [pJ].

    Returns
    -------
    Span
        Low and high [pJ].
    """
    return Span(min(energies_pj) * (1 - BELOW_RATIO), max(energies_pj) * (1 + ABOVE_RATIO))


def _widened(span: Span, error_ratio: float) -> dict[str, float]:
    """Return the value of every symbol, for `explain`."""
    return {"a": span.low, "b": span.high, "e": error_ratio}


@formula(
    id="energy.sram_widened_span",
    equation={"low": "x_low = a * max(0, 1 - e)", "high": "x_high = b * (1 + e)"},
    symbols={
        "x_low": "smallest credible figure at a size no run was made of [the figure's]",
        "x_high": "largest credible figure at that size [the figure's]",
        "a": "low end between those of both neighbours [the figure's]",
        "b": "high end between those of both neighbours [the figure's]",
        "e": "largest relative error of the interpolation on left-out rows",
    },
    unit="the figure's",
    source="definition: an interpolation knows no more than the rows it stands between",
    terms=_widened,
)
def widened_span(span: Span, error_ratio: float) -> Span:
    """Return a range widened by the error an interpolation is known to have.

    Parameters
    ----------
    span : Span
        Low and high, each interpolated between those of both neighbours.
    error_ratio : float
        Largest relative error on left-out rows; 0.15 stands for 15 %.

    Returns
    -------
    Span
        In the same unit; never below zero.
    """
    return Span(span.low * max(0.0, 1 - error_ratio), span.high * (1 + error_ratio))


@formula(
    id="energy.sram_leakage_span",
    equation={"low": "P_low = min(P_i)", "high": "P_high = max(P_i)"},
    symbols={
        "P_low": "smallest credible leakage [W]",
        "P_high": "largest credible leakage [W]",
        "P_i": "CACTI's leakage with each cell the array may be of, at 300 and 350 K [W]",
    },
    unit="W",
    source="balasubramonian2017cacti: the packaged table of its runs",
)
def leakage_span_w(leakages_w: Sequence[float]) -> Span:
    """Return the range of a leakage; cell and temperature move it by orders of magnitude, beside which the model's own error vanishes.

    Parameters
    ----------
    leakages_w : sequence of float
        CACTI's leakage with each cell the array may be of and each temperature, one or more [W].

    Returns
    -------
    Span
        Low and high [W].
    """
    return Span(min(leakages_w), max(leakages_w))
