"""Memory of a scenario: every accounting side by side, the plan that runs, and whether the device's heap holds it."""

from __future__ import annotations

from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.storage.heap_verdict import HeapVerdict
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.results.totals import difference_of, ratio_of, total_of
from costmodel.specs.scenario import MemoryAccounting


class AccountingBytes(Result):
    """What the tensor buffers take under one accounting."""

    accounting: MemoryAccounting
    tensor_buffer_bytes: int | None
    """None where the accounting does not apply."""
    tensor_buffer_count: int
    with_input: bool
    """Whether the network's input is among them."""
    reason: str | None
    """Why it does not apply."""


class HeapShares(Result):
    """Shares of what a program reported of its heap."""

    total_bytes: int
    """Free before inference."""
    remaining_bytes: int
    """Free during inference."""
    buffers_ratio: float | None
    """Tensor buffers, of what was free before."""
    constants_ratio: float | None
    """Input, weights and biases, of what was free before."""
    buffers_of_used_ratio: float | None
    """Tensor buffers, of what the program used."""

    derived: ClassVar[tuple[str, ...]] = ("used_bytes", "remaining_ratio", "used_ratio")

    @property
    def used_bytes(self) -> int:
        """What the program took while the network ran."""
        used: int = difference_of(self.total_bytes, self.remaining_bytes)
        return used

    @property
    def remaining_ratio(self) -> float | None:
        """What was free while the network ran, of what was before."""
        return ratio_of(self.remaining_bytes, self.total_bytes) if self.total_bytes else None

    @property
    def used_ratio(self) -> float | None:
        """What the program took, of what was free before."""
        return ratio_of(self.used_bytes, self.total_bytes) if self.total_bytes else None


class MemorySummary(Result):
    """Where the network's bytes are."""

    accountings: tuple[AccountingBytes, ...]
    plan: MemoryPlan
    """Under the scenario's accounting."""
    weight_bytes: int
    weights_in_ram: bool
    input_bytes: int
    input_in_ram: bool
    scratch_bytes: int
    """Largest scratch of any layer, under the dataflow that runs; one at a time, so it is not added up."""
    ram_bytes: int | None
    """Tensor buffers, scratch, and the constants that live in RAM; None where the accounting does not apply."""
    flash_bytes: int
    """Constants that live in flash; of `flash_capacity_bytes`."""
    flash_capacity_bytes: int
    heap: HeapVerdict | None
    """None where the device has no heap regions."""
    shares: HeapShares | None
    """None where no program reported its heap."""
    free_heap_bytes: int = 0
    """What the program found free at start, or else what the device's heap regions hold together; 0 where nothing is known of them."""

    derived: ClassVar[tuple[str, ...]] = ("constant_bytes", "heap_ratios")

    @property
    def constant_bytes(self) -> int:
        """Weights and input."""
        both: int = total_of([self.weight_bytes, self.input_bytes])
        return both

    @property
    def heap_ratios(self) -> dict[str, float]:
        """What the tensor buffers take of the free heap, by accounting; those left out that do not apply."""
        sizes = {found.accounting.value: found.tensor_buffer_bytes for found in self.accountings}
        free = self.free_heap_bytes
        return {name: ratio_of(size, free) for name, size in sizes.items() if size is not None} if free else {}
