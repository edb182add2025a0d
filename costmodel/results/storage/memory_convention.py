"""What a network costs under one convention of charging memory accesses."""

from __future__ import annotations

from costmodel.results.base import Result


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

    def of(self, role: str) -> ConventionCost | None:
        """Return the convention of a role, or None."""
        return next((cost for cost in self.conventions if cost.role == role), None)
