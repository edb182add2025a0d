"""The whole answer to one scenario."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from costmodel.provenance import formula
from costmodel.results.base import Result
from costmodel.results.conclusions.finding import Finding
from costmodel.results.conclusions.reason import Reason
from costmodel.results.counts import AccessCounts, Counts, counts_together
from costmodel.results.graphs.layer_blocks import LayerBlock, layer_blocks
from costmodel.results.power import BatterySummary, PowerSummary
from costmodel.results.storage.memory_convention import FlashPathEnergy, FlashWeightCost
from costmodel.results.storage.memory_summary import MemorySummary
from costmodel.results.storage.schedule_cost import ScheduleCost
from costmodel.results.timing.latency import LatencySummary
from costmodel.results.totals import largest_part, ratio_of, total_of
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

    derived: ClassVar[tuple[str, ...]] = ("memory_pj",)

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

    @property
    def works(self) -> bool:
        """Whether it does anything of its own: a fused or folded layer and a view do not."""
        return any(self.counts) or any(self.valid_counts)

    @property
    def is_convolution(self) -> bool:
        """Whether its pixels are told apart."""
        return any((self.interior_pixel_count, self.boundary_pixel_count))


class LayersTogether(Result):
    """Some layers of a network as one."""

    name: str
    """Of the block they are."""
    parameter_count: int
    counts: Counts
    valid_counts: Counts
    """Over valid taps with bias: what firmware executes."""
    accesses: Counts
    energy: EnergySplit
    duration_s: float | None
    """None where none of them is calibrated."""


class DataflowEvaluation(Result):
    """A network under one dataflow."""

    derived: ClassVar[tuple[str, ...]] = ("valid_counts", "scratch_buffer_count", "scratch_bytes", "energy_shares", "time_shares", "blocks")
    blocks_from: ClassVar[int] = 20
    """Working layers from which a network is told in blocks too."""

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

    @property
    def working(self) -> tuple[LayerEvaluation, ...]:
        """The layers that do anything of their own, in running order."""
        return tuple(layer for layer in self.layers if layer.works)

    @property
    def valid_counts(self) -> AccessCounts:
        """Counts of all layers over valid taps with bias: what firmware executes."""
        return counts_together(layer.valid_counts for layer in self.layers)

    @property
    def scratch_buffer_count(self) -> int:
        """Most buffers that a layer needs besides its tensors."""
        most: int = largest_part([layer.counts.scratch_buffer_count for layer in self.layers])
        return most

    @property
    def scratch_bytes(self) -> int:
        """Bytes of the largest scratch of any layer."""
        most: int = largest_part([layer.counts.scratch_bytes for layer in self.layers])
        return most

    @property
    def energy_shares(self) -> dict[str, float]:
        """Each working layer's share of the memory's dynamic energy, by its name; empty where there is none."""
        whole = self.energy.memory_pj
        return {layer.name: ratio_of(layer.energy.memory_pj, whole) for layer in self.working} if whole else {}

    @property
    def time_shares(self) -> dict[str, float]:
        """Each timed layer's share of the time of an inference, by its name; empty where no time is known."""
        whole = self.latency.total_s
        return {layer.name: ratio_of(layer.duration_s, whole) for layer in self.layers if layer.duration_s} if whole else {}

    def time_share_of(self, names: Iterable[str]) -> float:
        """Return the share of the time that some layers take together."""
        return _together(self.time_shares, names)

    def energy_share_of(self, names: Iterable[str]) -> float:
        """Return the share of the memory's dynamic energy that some layers take together."""
        return _together(self.energy_shares, names)

    @property
    def blocks(self) -> tuple[LayersTogether, ...]:
        """The working layers of a large network in blocks, those of several layers; empty where there are few."""
        found = layer_blocks([layer.name for layer in self.working]) if len(self.working) >= self.blocks_from else ()
        return tuple(self.together(block) for block in found if len(block.places) > 1)

    def together(self, block: LayerBlock) -> LayersTogether:
        """Return some of the working layers as one.

        Parameters
        ----------
        block : LayerBlock
            Its places are those among the layers that work.

        Returns
        -------
        LayersTogether
            Sums over them.
        """
        working = self.working
        layers = [working[place] for place in block.places]
        split = {name: total_of([getattr(layer.energy, name) for layer in layers]) for name in EnergySplit.model_fields}
        times = [layer.duration_s for layer in layers if layer.duration_s is not None]
        return LayersTogether(
            name=block.name,
            parameter_count=total_of([layer.parameter_count for layer in layers]),
            counts=counts_together(layer.counts for layer in layers),
            valid_counts=counts_together(layer.valid_counts for layer in layers),
            accesses=counts_together(layer.accesses for layer in layers),
            energy=EnergySplit(**split),
            duration_s=total_of(times) if times else None,
        )


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

    derived: ClassVar[tuple[str, ...]] = ("leakage_ratio", "memory_ratios", "tensor_ratios")

    @property
    def leakage_ratio(self) -> float | None:
        """Leakage over the memory's dynamic energy under the first dataflow; None where either is not known."""
        dynamic = self.dataflows[0].energy.memory_pj
        return None if self.leakage_pj is None or not dynamic else ratio_of(self.leakage_pj, dynamic)

    @property
    def memory_ratios(self) -> dict[str, float]:
        """Memory energy of each dataflow against the least, scratch rows in the memory; empty where the least is nothing."""
        return _against_least({answer.dataflow.value: answer.energy.memory_pj for answer in self.dataflows})

    @property
    def tensor_ratios(self) -> dict[str, float]:
        """The same with scratch rows in registers."""
        return _against_least({answer.dataflow.value: answer.energy.tensor_pj for answer in self.dataflows})


def _against_least(energies_pj: dict[str, float]) -> dict[str, float]:
    least = min(energies_pj.values())
    return {name: ratio_of(energy, least) for name, energy in energies_pj.items()} if least else {}


def _together(shares: dict[str, float], names: Iterable[str]) -> float:
    share: float = total_of([shares.get(name, 0.0) for name in names])
    return share
