"""The whole answer to one scenario."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from costmodel.provenance import formula
from costmodel.results.base import Result
from costmodel.results.conclusions.finding import Finding
from costmodel.results.conclusions.reason import Reason
from costmodel.results.counts import Counts
from costmodel.results.power import BatterySummary, PowerSummary
from costmodel.results.storage.memory_convention import FlashPathEnergy, FlashWeightCost
from costmodel.results.storage.memory_summary import MemorySummary
from costmodel.results.storage.schedule_cost import ScheduleCost
from costmodel.results.timing.latency import LatencySummary
from costmodel.specs.counting import CountingConvention
from costmodel.specs.running.mapping import Mapping

SCHEMA_VERSION: Literal[1] = 1
"""Of the JSON an evaluation becomes."""


@formula(
    id="energy.with_scratch",
    equation="E = E_t + E_s",
    symbols={
        "E": "dynamic energy of the memory, scratch rows in it [pJ]",
        "E_t": "dynamic energy of tensors [pJ]",
        "E_s": "what scratch rows add [pJ]",
    },
    unit="pJ",
    source="definition: sum of the parts",
)
def with_scratch_pj(tensor_pj: float, scratch_pj: float) -> float:
    """Return the dynamic energy of a memory that holds tensors and scratch rows."""
    return tensor_pj + scratch_pj


class EnergySplit(Result):
    """Energy of one layer or of all, term by term."""

    tensor_pj: float
    """Dynamic energy of tensors, wherever they live: all there is where scratch rows are registers."""
    scratch_pj: float
    """What scratch rows add where they live in the same memory."""
    compute_pj: float
    """Arithmetic alone, beside the memory's energy."""
    flash_pj: float = 0.0
    """Of the tensors' energy what weights read from flash take: reads of the cache, and lines fetched."""

    @property
    def memory_pj(self) -> float:
        """Dynamic energy of all memories, scratch rows in the SRAM."""
        return with_scratch_pj(self.tensor_pj, self.scratch_pj)


class EnergyBounds(Result):
    """How far the memory's dynamic energy may lie from its nominal value; None where no range is known."""

    tensor_low_pj: float | None
    tensor_high_pj: float | None
    scratch_low_pj: float | None
    scratch_high_pj: float | None

    @property
    def memory_low_pj(self) -> float | None:
        """Least credible dynamic energy, scratch rows in the memory."""
        return None if self.tensor_low_pj is None or self.scratch_low_pj is None else self.tensor_low_pj + self.scratch_low_pj

    @property
    def memory_high_pj(self) -> float | None:
        """Greatest credible dynamic energy, scratch rows in the memory."""
        return None if self.tensor_high_pj is None or self.scratch_high_pj is None else self.tensor_high_pj + self.scratch_high_pj


class LayerEvaluation(Result):
    """One layer under one dataflow."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameter_count: int
    counts: Counts
    """Accesses of single elements, under the scenario's convention."""
    valid_counts: Counts
    """The same over valid taps with bias: what firmware executes."""
    accesses: Counts
    """Accesses of the memory's width; of single elements where the convention counts those."""
    interior_pixel_count: int
    """Output pixels whose taps are all in bounds; 0 where the layer is no convolution."""
    boundary_pixel_count: int
    energy: EnergySplit
    duration_s: float | None
    """None where not calibrated."""


class DataflowEvaluation(Result):
    """A network under one dataflow."""

    dataflow: Mapping
    layers: tuple[LayerEvaluation, ...]
    counts: Counts
    accesses: Counts
    energy: EnergySplit
    energy_bounds: EnergyBounds
    """From the ranges of the access energies."""
    flash_weights: FlashWeightCost | None
    """What fetching weights from flash adds; None where they live in RAM, or no energies of flash are known."""
    flash_path: FlashPathEnergy | None
    """What of the energy weights in flash take, and what they replace; None where `flash_weights` is."""
    latency: LatencySummary


class Evaluation(Result):
    """A scenario's answer."""

    schema_version: Literal[1] = SCHEMA_VERSION
    scenario: str
    description: str
    network: str
    network_input: tuple[int, ...]
    device: str
    counting: CountingConvention
    access_bytes: int
    """Width of one access of the memory."""
    memory_energy: str
    """Name of the memory's energies."""
    parameter_count: int
    weight_bytes: int
    input_bytes: int
    mac_valid_count: int
    mac_nominal_count: int
    dataflows: tuple[DataflowEvaluation, ...]
    """The first is the one that runs."""
    memory: MemorySummary
    schedule: ScheduleCost | None = None
    """What layers that run together save and cost; None where they run layer by layer."""
    duration_s: float | None
    """Of one inference, as battery and leakage use it."""
    duration_basis: tuple[Reason, ...]
    """That it was measured, what it was calibrated on, or why there is none."""
    leakage_w: float
    leakage_low_w: float | None
    leakage_high_w: float | None
    leakage_pj: float | None
    """Over the duration."""
    power: PowerSummary | None
    battery: BatterySummary | None
    findings: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()
    """Operators of the network's model file that are not costed."""
    decided: tuple[str, ...] = ()
    """What the network's model file leaves to the data and how it is counted."""
    at_least: bool = False
    """Whether counts, stored bytes, energies and times are at least what is told; RAM holds what is left out from the start."""
    missing: dict[str, Reason] = Field(default_factory=dict)
    """Why a figure is None, by its name."""
