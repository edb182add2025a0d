"""What a network costs under one convention of charging memory accesses."""

from __future__ import annotations

from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.totals import ratio_of, total_of
from costmodel.units import PJ_PER_J


class ConventionCost(Result):
    """One convention's answer."""

    role: str
    """Short name by which conclusions refer to it."""
    label: str
    """What is charged, in a few words."""
    memory_energy: str
    """Name of the memory's energies."""
    description: str
    access_bytes: int
    """Width of one access."""
    element_bytes: int | None
    """Size every operand is taken to have; None for each tensor's own."""
    read_pj: float
    write_pj: float
    read_count: int
    """Read accesses of the memory's width, scratch rows in registers."""
    write_count: int
    dynamic_pj: float
    dynamic_low_pj: float | None
    """With the smallest credible access energies; None where their range is not known."""
    dynamic_high_pj: float | None
    leakage_w: float
    leakage_low_w: float | None
    leakage_high_w: float | None
    leakage_pj: float | None
    """Over one inference; None without a duration."""
    leakage_stated: bool
    """False where the source gives none: then 0 means left out."""

    derived: ClassVar[tuple[str, ...]] = ("access_count", "leakage_ratio", "all_pj")

    @property
    def access_count(self) -> int:
        """Reads and writes."""
        count: int = total_of([self.read_count, self.write_count])
        return count

    @property
    def leakage_ratio(self) -> float | None:
        """Leakage over one inference against the dynamic energy; None without a duration."""
        return None if self.leakage_pj is None or not self.dynamic_pj else ratio_of(self.leakage_pj, self.dynamic_pj)

    @property
    def all_pj(self) -> float:
        """Dynamic energy and leakage of one inference; without a duration the dynamic energy alone."""
        energy: float = total_of([self.dynamic_pj, self.leakage_pj or 0.0])
        return energy


class FlashWeightCost(Result):
    """Weights read from flash through a cache, once for each use."""

    cache: str
    """Name of the cache's energies."""
    flash: str
    """Name of the flash's energies, by the line."""
    weight_bytes: int
    """All weights."""
    read_count: int
    """Reads of weights, each one access of the cache."""
    hit_pj: float
    """Those reads."""
    fill_count: int
    """Lines fetched."""
    fill_pj: float
    fill_low_pj: float | None
    """With the smallest credible energy of a line; None where its range is not known."""
    fill_high_pj: float | None


class FlashPathEnergy(Result):
    """The memory's dynamic energy where weights are read from flash through a cache, and not from the memory."""

    replaced_count: int
    """Weight reads that the memory does not serve, of its width."""
    hit_count: int
    """Weight reads of the cache, of its width."""
    fill_count: int
    """Lines fetched from flash."""
    memory_pj: float
    """Of memory, cache and flash together, scratch rows in the memory: the energy of the dataflow."""
    memory_low_pj: float | None
    """With the smallest credible energies; None where a range is not known."""
    memory_high_pj: float | None
    hit_pj: float
    """Of it what the cache takes."""
    fill_pj: float
    """Of it what the lines take."""


class ConventionComparison(Result):
    """A network under several conventions."""

    scenario: str
    network: str
    dataflow: str
    duration_s: float | None
    idle_w: float | None
    """What the whole board draws idle, to hold leakage against; None where not given."""
    inference_j: float | None
    """What the whole board takes for one inference; None where not given."""
    flash_weights: FlashWeightCost | None
    """The same weights read from flash; None where not asked."""
    conventions: tuple[ConventionCost, ...]
    """The first is what the others are held against."""

    derived: ClassVar[tuple[str, ...]] = ("dynamic_ratios",)

    @property
    def dynamic_ratios(self) -> dict[str, float]:
        """Dynamic energy of each convention against the first, by its label."""
        first = self.conventions[0].dynamic_pj
        return {cost.label: ratio_of(cost.dynamic_pj, first) for cost in self.conventions}

    def leakage_share_of(self, role: str) -> float | None:
        """Return the leakage of a role's convention as a share of what the whole board draws idle; None where either is not known."""
        cost = self.of(role)
        return None if cost is None or not self.idle_w else ratio_of(cost.leakage_w, self.idle_w)

    def board_share_of(self, role: str) -> float | None:
        """Return what a role's convention takes for an inference as a share of what the board takes; None where either is not known."""
        cost = self.of(role)
        return None if cost is None or not self.inference_j else ratio_of(cost.all_pj, self.inference_j * PJ_PER_J)

    def fill_ratio_of(self, role: str) -> float | None:
        """Return the energy of the flash lines against the dynamic energy of a role's convention; None where either is not known."""
        cost = self.of(role)
        return None if cost is None or self.flash_weights is None else ratio_of(self.flash_weights.fill_pj, cost.dynamic_pj)

    def of(self, role: str) -> ConventionCost | None:
        """Return the convention of a role, or None."""
        return next((cost for cost in self.conventions if cost.role == role), None)


def dynamic_times(cost: ConventionCost, other: ConventionCost) -> float:
    """Return how many times the dynamic energy of one convention that of another is."""
    times: float = ratio_of(cost.dynamic_pj, other.dynamic_pj)
    return times


def leakage_times(cost: ConventionCost, other: ConventionCost) -> float:
    """Return how many times the leakage of one convention that of another is."""
    times: float = ratio_of(cost.leakage_w, other.leakage_w)
    return times
