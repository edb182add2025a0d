"""Predicted beside measured: every counter of every layer, and what a core really accessed."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.results.base import Result
from costmodel.results.counts import AccessCounts, Counts
from costmodel.specs.operations import operation_of


class CounterMismatch(NamedTuple):
    """One figure that is not what was predicted."""

    dataflow: str
    layer: str
    figure: str
    """A counter, `output`, `arena_bytes`, or the loads or stores of a tensor."""
    predicted: int | str
    measured: int | str

    def __str__(self) -> str:
        return f"{self.layer} ({self.dataflow}): {self.figure} is {self.measured}, predicted {self.predicted}"


class TensorAccesses(Result):
    """Loads and stores of one tensor that a core made in one layer."""

    tensor: str
    """`input`, `weight`, `bias`, `output` or `scratch`."""
    predicted_load_count: int
    measured_load_count: int
    predicted_store_count: int
    measured_store_count: int


class CoreActivity(Result):
    """What an emulated core did in one layer of the timing build."""

    instruction_count: int
    output_hash: str
    """CRC-32 of the layer's output in the timing build."""
    tensors: tuple[TensorAccesses, ...]
    other_load_count: int
    """Loads outside tensors: spills, literals, the layer's description."""
    other_store_count: int
    """Stores outside tensors."""


class LayerComparison(Result):
    """One layer."""

    name: str
    kind: str
    predicted: Counts
    measured: Counts
    predicted_output_hash: str | None = None
    """CRC-32 the reference gives; None where the weights are not known here."""
    measured_output_hash: str
    activity: CoreActivity | None = None
    """Where the layer ran on an emulated core."""

    @property
    def difference(self) -> AccessCounts:
        """Measured counters less predicted ones."""
        return AccessCounts(*(measured - predicted for measured, predicted in zip(self.measured, self.predicted, strict=True)))


class RunComparison(Result):
    """One run of a network with one dataflow on one target."""

    target: str
    network: str
    variant: str
    dataflow: str
    compiler: str
    flags: str
    core_hash: str
    model_hash: str
    predicted_arena_bytes: int | None = None
    """None where the placement of tensors is not known here."""
    measured_arena_bytes: int
    class_index: int
    """Index of the network's largest output."""
    folded_bias_count: int = 0
    """Convolutions without a bias that read the one folding their batch norm gave them."""
    layers: tuple[LayerComparison, ...]

    @property
    def measured(self) -> AccessCounts:
        """Measured counters of all layers together."""
        total = AccessCounts()
        for layer in self.layers:
            total = total.plus(layer.measured)
        return total

    @property
    def mismatches(self) -> tuple[CounterMismatch, ...]:
        """Every figure that differs."""
        found = [
            CounterMismatch(self.dataflow, layer.name, *figure)
            for layer in self.layers
            for figure in _layer_figures(layer)
            if figure[1] != figure[2]
        ]
        if self.predicted_arena_bytes not in (None, self.measured_arena_bytes):
            found.append(
                CounterMismatch(self.dataflow, self.network, "arena_bytes", self.predicted_arena_bytes or 0, self.measured_arena_bytes)
            )
        return tuple(found)

    @property
    def instructions_per_mac(self) -> float | None:
        """Instructions of the convolutions over their multiply-accumulates; None without an emulated core."""
        layers = [layer for layer in self.layers if operation_of(layer.kind).takes_dataflow and layer.activity]
        mac_count = sum(layer.measured.mac_count for layer in layers)
        return sum(layer.activity.instruction_count for layer in layers if layer.activity) / mac_count if mac_count else None


class FirmwareComparison(Result):
    """Everything that was compared in one go."""

    runs: tuple[RunComparison, ...]

    @property
    def mismatches(self) -> tuple[CounterMismatch, ...]:
        """Every figure that differs, in all runs."""
        return tuple(mismatch for run in self.runs for mismatch in run.mismatches)

    @property
    def equal(self) -> bool:
        """Whether every figure is what was predicted."""
        return not self.mismatches

    @property
    def counter_count(self) -> int:
        """How many counters were compared."""
        return len(AccessCounts._fields) * sum(len(run.layers) for run in self.runs)


def _layer_figures(layer: LayerComparison) -> list[tuple[str, int | str, int | str]]:
    figures: list[tuple[str, int | str, int | str]] = list(zip(AccessCounts._fields, layer.predicted, layer.measured, strict=True))
    if layer.predicted_output_hash is not None:
        figures.append(("output", layer.predicted_output_hash, layer.measured_output_hash))
        if layer.activity:
            figures.append(("output of the timing build", layer.predicted_output_hash, layer.activity.output_hash))
    for tensor in layer.activity.tensors if layer.activity else ():
        figures.append((f"{tensor.tensor} loads", tensor.predicted_load_count, tensor.measured_load_count))
        figures.append((f"{tensor.tensor} stores", tensor.predicted_store_count, tensor.measured_store_count))
    return figures
