"""Memory plans: where a network's tensors lie under one way of sharing memory, and what is alive at each step."""

from __future__ import annotations

from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.totals import difference_of, total_of
from costmodel.specs.scenario import MemoryAccounting


class PlannedTensor(Result):
    """One tensor: how long it is needed, and where it lies."""

    name: str
    """The layer that makes it, or `input`."""
    size_bytes: int
    element_bytes: int
    """Bytes of one element, which its offset is a multiple of."""
    last: str | None
    """Last layer that needs it; None where nothing runs. An output of the network is needed to the end."""
    in_place_of: str | None
    """Tensor it overwrites, where a pooling runs in place."""
    offset_bytes: int | None
    """In the arena; None where it is allocated for itself."""


class PlannedBuffer(Result):
    """One piece of memory."""

    name: str
    """Its first tenant: a layer, or `input`."""
    size_bytes: int
    tenants: tuple[str, ...]
    """Tensors that live in it, one after the other."""
    offset_bytes: int | None = None
    """In the arena; None where it is allocated for itself."""


class LiveBuffer(Result):
    """A buffer during one step."""

    name: str
    """Of the buffer."""
    size_bytes: int
    """Bytes it takes during the step."""
    tenants: tuple[str, ...]
    """Tensors in it that the step still needs; empty where it is reserved but idle."""


class StepMemory(Result):
    """Memory during one step."""

    step: str
    buffers: tuple[LiveBuffer, ...]

    @property
    def total_bytes(self) -> int:
        """Bytes taken during the step."""
        total: int = total_of([buffer.size_bytes for buffer in self.buffers])
        return total


class MemoryPlan(Result):
    """A network's tensors under one way of sharing memory."""

    accounting: MemoryAccounting
    with_input: bool
    """Whether the network's input is among the buffers."""
    tensor_buffer_bytes: int | None
    """Bytes of the tensors together: the height of the arena where they share one. None where the accounting does not apply."""
    reason: str | None
    """Why it does not apply."""
    is_lower_bound: bool = False
    """Always false: what a plan states has been placed. Kept for readers of plans that stated a bound alone."""
    bound_bytes: int | None = None
    """The most that is alive at once: nothing that shares memory so takes less."""
    tensors: tuple[PlannedTensor, ...] = ()
    """In running order, the network's input first where it counts."""
    stages: tuple[tuple[str, ...], ...] = ()
    """Layers that run together, in running order; those merged into another run with it."""
    scratch_bytes: int = 0
    """Largest scratch of any layer that is memory: one region behind the tensors serves all."""
    scratch_offset_bytes: int | None = None
    """Of that region; None where there is none, or where it is allocated for itself."""
    buffers: tuple[PlannedBuffer, ...]
    timeline: tuple[StepMemory, ...]
    """One entry a step that runs, merged steps left out."""

    @property
    def tensor_buffer_count(self) -> int:
        """Number of buffers."""
        return len(self.buffers)

    @property
    def is_optimal(self) -> bool | None:
        """Whether no plan can take less; None where the accounting does not apply."""
        return None if self.tensor_buffer_bytes is None else self.tensor_buffer_bytes == self.bound_bytes

    derived: ClassVar[tuple[str, ...]] = ("above_bound_bytes",)

    @property
    def above_bound_bytes(self) -> int | None:
        """What the buffers take above the least possible; None where either is not known."""
        return (
            None
            if self.tensor_buffer_bytes is None or self.bound_bytes is None
            else difference_of(self.tensor_buffer_bytes, self.bound_bytes)
        )

    @property
    def arena_bytes(self) -> int | None:
        """One piece of memory that holds every tensor and the scratch; None where tensors are allocated one by one."""
        ends = [None if tensor.offset_bytes is None else tensor.offset_bytes + tensor.size_bytes for tensor in self.tensors]
        if self.tensor_buffer_bytes is None or None in ends:
            return None
        if self.scratch_offset_bytes is not None:
            ends.append(self.scratch_offset_bytes + self.scratch_bytes)
        return max((end for end in ends if end is not None), default=0)

    @property
    def peak_steps(self) -> tuple[str, ...]:
        """Steps during which the most is taken."""
        most = max((moment.total_bytes for moment in self.timeline), default=0)
        return tuple(moment.step for moment in self.timeline if moment.total_bytes == most)
