"""What a network takes under each strategy: its stages, where every piece lies, and what that costs in work."""

from __future__ import annotations

from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.conclusions.reason import Reason
from costmodel.results.storage.heap_replay import HeapReplay
from costmodel.results.storage.heap_verdict import HeapVerdict
from costmodel.results.totals import difference_of, ratio_of
from costmodel.specs.running.stages import Grain, InputDelivery
from costmodel.specs.running.strategy import MemoryStrategy


class PlannedPiece(Result):
    """Something that takes memory for some stages."""

    name: str
    """The layer that makes what is in it, or `input`."""
    role: str
    """`tensor`, `buffer` of several tensors in turn, `ring` or `running row`."""
    size_bytes: int
    element_bytes: int
    """Bytes of one element, which its offset is a multiple of."""
    unit_count: int | None = None
    """Of a ring or a running row, rows or pixels it holds."""
    first_stage: int
    """Stage it is first needed in, from 0 on; what is there before the network runs, from -1 on."""
    last_stage: int
    """Stage it is last needed in."""
    offset_bytes: int | None
    """In the arena; None where it is allocated for itself."""

    @property
    def end_bytes(self) -> int | None:
        """Where it ends in the arena; None where it is allocated for itself."""
        return None if self.offset_bytes is None else self.offset_bytes + self.size_bytes

    def is_aligned(self, alignment_bytes: int) -> bool:
        """Tell whether its offset is a multiple of an alignment; so is what has none."""
        return not (self.offset_bytes or 0) % alignment_bytes


class PlannedStage(Result):
    """Layers that run together."""

    layers: tuple[str, ...]
    """Those that run, in order, each followed by what is merged into it."""
    grain: Grain
    scattered: tuple[str, ...] = ()
    """Poolings that take each pixel of their input as it is made, into windows not complete yet."""
    strip_count: int = 1
    """Vertical strips it runs in, one after the other."""
    live_bytes: int
    """Bytes alive while it runs."""


class StrategyPlan(Result):
    """A network under one strategy."""

    strategy: MemoryStrategy
    reason: str | None = None
    """Why the strategy does not apply, and which layer it fails at; None where it does."""
    total_bytes: int | None
    """What the tensors take together; None where the strategy does not apply."""
    bound_bytes: int | None
    """The most that is alive at once: nothing that runs the same stages takes less."""
    is_proven: bool = False
    """Whether a search has shown that no plan of these stages takes less, even where none reaches the bound."""
    order_is_proven: bool | None = None
    """Whether no order of the layers keeps less alive; None where the order was not searched."""
    with_input: bool
    """Whether the network's input is among them, whole or as a ring."""
    delivery: InputDelivery
    """How the input comes in."""
    stages: tuple[PlannedStage, ...] = ()
    pieces: tuple[PlannedPiece, ...] = ()
    """In the order in which they are needed."""
    mac_count: int | None = None
    """Multiply-accumulates, padding left out."""
    extra_mac_count: int | None = None
    """Of them those that a run layer by layer has not."""
    extra_mac_nominal_ratio: float | None = None
    """What is computed again in the streamed stages, of their multiply-accumulates, padding processed like data."""
    access_count: int | None = None
    """Reads and writes of tensors, rings and partial sums, output stationary."""
    extra_access_count: int | None = None
    """Against a run layer by layer; negative where fewer."""
    memory_pj: float | None = None
    """Dynamic energy of the memories' accesses, output stationary."""
    extra_memory_pj: float | None = None
    """Against a run layer by layer; negative where less."""
    duration_s: float | None = None
    """From calibrated rates; None where none hold."""
    heap: HeapVerdict | None = None
    """Whether the device's heap holds it; None where the device states none."""
    replay: HeapReplay | None = None
    """What comes of the sequence in which it allocates and gives back; None where the device states no heap."""
    margin_bytes: int | None = None
    """What its largest allocation leaves of the largest block that the heap gives for it; below zero where it does not fit."""

    @property
    def stacked_bytes(self) -> tuple[int, ...]:
        """Where each piece begins in a drawing: its offset, and what is allocated for itself on top of one another."""
        begins, top = [], 0
        for piece in self.pieces:
            begins.append(top if piece.offset_bytes is None else piece.offset_bytes)
            top += piece.size_bytes if piece.offset_bytes is None else 0
        return tuple(begins)

    @property
    def is_optimal(self) -> bool | None:
        """Whether no plan of these stages can take less; None where the strategy does not apply."""
        return None if self.total_bytes is None else self.is_proven or self.total_bytes == self.bound_bytes

    derived: ClassVar[tuple[str, ...]] = ("bound_ratio", "extra_access_ratio")

    @property
    def bound_ratio(self) -> float | None:
        """Total to bound."""
        return ratio_of(self.total_bytes, self.bound_bytes) if self.total_bytes is not None and self.bound_bytes else None

    @property
    def extra_access_ratio(self) -> float:
        """Accesses against a run layer by layer, by their share; 0 where there are none."""
        before = difference_of(self.access_count or 0, self.extra_access_count or 0)
        extra: float = ratio_of(self.extra_access_count or 0, before) if before else 0.0
        return extra


class PlanComparison(Result):
    """A network under every strategy that was asked for."""

    network: str
    device: str
    heap_bytes: int
    """Of all regions of the device together, at boot; 0 where it states none."""
    plans: tuple[StrategyPlan, ...]
    recommended: MemoryStrategy | None
    """None where nothing fits."""
    basis: Reason
    """Why that one."""
