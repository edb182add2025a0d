"""Memory plans: what a network's buffers take under one accounting, and what is alive at each step."""

from __future__ import annotations

from costmodel.results.base import Result
from costmodel.specs.scenario import MemoryAccounting


class PlannedBuffer(Result):
    """One piece of memory."""

    name: str
    """Its first tenant: a layer, or `input`."""
    size_bytes: int
    tenants: tuple[str, ...]
    """Tensors that live in it, one after the other."""


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
        return sum(buffer.size_bytes for buffer in self.buffers)


class MemoryPlan(Result):
    """A network's tensor buffers under one accounting."""

    accounting: MemoryAccounting
    with_input: bool
    """Whether the network's input is among the buffers."""
    tensor_buffer_bytes: int | None
    """None where the accounting does not apply."""
    reason: str | None
    """Why it does not apply."""
    is_lower_bound: bool
    """True where no arena can be smaller, but no placement of this size has been shown."""
    buffers: tuple[PlannedBuffer, ...]
    timeline: tuple[StepMemory, ...]
    """One entry a step that runs, merged steps left out."""

    @property
    def tensor_buffer_count(self) -> int:
        """Number of buffers."""
        return len(self.buffers)

    @property
    def peak_steps(self) -> tuple[str, ...]:
        """Steps during which the most is taken."""
        most = max((moment.total_bytes for moment in self.timeline), default=0)
        return tuple(moment.step for moment in self.timeline if moment.total_bytes == most)
