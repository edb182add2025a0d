"""Memories that count: they hand out a port for each tensor and scratch buffer, and add up what the ports saw."""

from __future__ import annotations

from collections.abc import MutableSequence
from enum import StrEnum
from typing import Any, Protocol

from costmodel.dataflows.executed.ports import BlockPort, ElementPort, Port, StraddlingBlockPort
from costmodel.results.counts import AccessCounts


class Operand(StrEnum):
    """What a port holds; the value is the stem of its counters' names."""

    INPUT = "input"
    WEIGHT = "weight"
    BIAS = "bias"
    OUTPUT = "output"
    PSUM = "psum"
    INPUT_ROW = "input_row"
    WEIGHT_ROW = "weight_row"


class Memory(Protocol):
    """What a kernel works on."""

    mac_count: int
    """Multiply-accumulates; a kernel adds one beside each."""
    operation_count: int
    """Comparisons or additions of a pooling."""
    boundary_check_count: int
    """Tests whether a tap is in bounds."""

    def tensor(self, operand: Operand, values: MutableSequence[Any], element_bytes: int) -> Port:
        """Return the port of one of the layer's tensors."""

    def scratch(self, operand: Operand, length: int, element_bytes: int) -> Port:
        """Return the port of a new scratch buffer whose accesses count."""

    def register(self, element_bytes: int) -> None:
        """Take a scratch buffer of one element; what goes in and out of it is not counted."""

    def counts(self) -> AccessCounts:
        """End the layer and return every counter."""


class ElementMemory:
    """Counts each element access of tensors and scratch buffers."""

    def __init__(self) -> None:
        self.mac_count = 0
        self.operation_count = 0
        self.boundary_check_count = 0
        self._ports: list[tuple[Operand, Port]] = []
        self._scratch_sizes: list[int] = []

    def tensor(self, operand: Operand, values: MutableSequence[Any], element_bytes: int) -> Port:  # noqa: ARG002 - one interface
        """Return a port that counts elements."""
        return self._counted(operand, ElementPort(values))

    def scratch(self, operand: Operand, length: int, element_bytes: int) -> Port:
        """Return a port to a new buffer, empty until written."""
        self._scratch_sizes.append(length * element_bytes)
        return self._counted(operand, ElementPort([None] * length))

    def register(self, element_bytes: int) -> None:
        """Take one element of scratch."""
        self._scratch_sizes.append(element_bytes)

    def counts(self) -> AccessCounts:
        """Return what the ports saw, and the scratch buffers taken."""
        totals: dict[str, int] = {}
        for operand, port in self._ports:
            port.close()
            for name, number in ((f"{operand}_read_count", port.reads), (f"{operand}_write_count", port.writes)):
                if number:
                    totals[name] = totals.get(name, 0) + number
        return AccessCounts(
            mac_count=self.mac_count,
            operation_count=self.operation_count,
            boundary_check_count=self.boundary_check_count,
            scratch_buffer_count=len(self._scratch_sizes),
            scratch_bytes=sum(self._scratch_sizes),
            **totals,
        )

    def _counted(self, operand: Operand, port: Port) -> Port:
        self._ports.append((operand, port))
        return port


class BlockMemory(ElementMemory):
    """Counts block transfers of tensors, each through a one-block buffer of its own; accesses of scratch are not traced.

    Parameters
    ----------
    block_bytes : int
        Size of a block.
    """

    def __init__(self, block_bytes: int) -> None:
        super().__init__()
        self._block_bytes = block_bytes

    def tensor(self, operand: Operand, values: MutableSequence[Any], element_bytes: int) -> Port:
        """Return a port that counts blocks; its tensor starts at the start of a block."""
        if self._block_bytes % element_bytes == 0:
            return self._counted(operand, BlockPort(values, self._block_bytes // element_bytes))
        return self._counted(operand, StraddlingBlockPort(values, element_bytes, self._block_bytes))

    def scratch(self, operand: Operand, length: int, element_bytes: int) -> Port:  # noqa: ARG002 - one interface
        """Return a port to a new buffer, none of whose accesses are counted."""
        self._scratch_sizes.append(length * element_bytes)
        return ElementPort([None] * length)
