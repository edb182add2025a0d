"""Ports: the only way a kernel reaches a tensor or a scratch buffer. Each method call is one access."""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import Any, Protocol


class Port(Protocol):
    """One tensor or scratch buffer, flat and row-major."""

    values: MutableSequence[Any]
    """The elements; a kernel never touches them but through the methods below."""

    @property
    def reads(self) -> int:
        """Reads so far."""

    @property
    def writes(self) -> int:
        """Writes so far."""

    def read(self, index: int) -> Any:
        """Read one element."""

    def read_padding(self) -> Any:
        """Read an element of the padding: zero, at no address of the tensor."""

    def write(self, index: int, value: Any) -> None:
        """Write one element."""

    def close(self) -> None:
        """End the layer: whatever is still buffered is written back."""


class ElementPort:
    """Counts every element read and written.

    Parameters
    ----------
    values : mutable sequence
        The elements, flat and row-major.
    """

    __slots__ = ("reads", "values", "writes")

    def __init__(self, values: MutableSequence[Any]) -> None:
        self.values = values
        self.reads = 0
        self.writes = 0

    def read(self, index: int) -> Any:
        """Count a read and return the element."""
        self.reads += 1
        return self.values[index]

    def read_padding(self) -> int:
        """Count a read and return zero."""
        self.reads += 1
        return 0

    def write(self, index: int, value: Any) -> None:
        """Count a write and store the element."""
        self.writes += 1
        self.values[index] = value

    def close(self) -> None:
        """Do nothing: an element is written when it is written."""


class BlockPort:
    """Counts blocks, through a buffer of one block; elements never straddle two blocks.

    A read counts when its block is not the buffered one. A write marks the buffered block dirty; a dirty block counts as a write when
    another replaces it or the layer ends. Nothing is fetched on a write. Padding has no address, so reading it moves no block.

    Parameters
    ----------
    values : mutable sequence
        The elements, flat and row-major, the first at the start of a block.
    block_elements : int
        Elements a block holds.
    """

    __slots__ = ("_block", "_block_elements", "_dirty", "reads", "values", "writes")

    def __init__(self, values: MutableSequence[Any], block_elements: int) -> None:
        self.values = values
        self.reads = 0
        self.writes = 0
        self._block_elements = block_elements
        self._block = -1
        self._dirty = False

    def read(self, index: int) -> Any:
        """Return the element, fetching its block where another is buffered."""
        block = index // self._block_elements
        if block != self._block:
            self._replace(block)
            self.reads += 1
        return self.values[index]

    def read_padding(self) -> int:
        """Return zero; no block moves."""
        return 0

    def write(self, index: int, value: Any) -> None:
        """Store the element in the buffered block, which becomes dirty."""
        block = index // self._block_elements
        if block != self._block:
            self._replace(block)
        self._dirty = True
        self.values[index] = value

    def close(self) -> None:
        """Write the buffered block back if it is dirty."""
        self._replace(-1)

    def _replace(self, block: int) -> None:
        if self._dirty:
            self.writes += 1
            self._dirty = False
        self._block = block


class StraddlingBlockPort:
    """As `BlockPort`, for elements that may lie across two or more blocks: an access touches each of them in turn.

    Parameters
    ----------
    values : mutable sequence
        The elements, flat and row-major, the first at the start of a block.
    element_bytes, block_bytes : int
        Sizes of an element and of a block.
    """

    __slots__ = ("_block_bytes", "_blocks", "_element_bytes", "values")

    def __init__(self, values: MutableSequence[Any], element_bytes: int, block_bytes: int) -> None:
        self.values = values
        self._element_bytes = element_bytes
        self._block_bytes = block_bytes
        count = -(-len(values) * element_bytes // block_bytes)
        self._blocks = BlockPort([0] * count, 1)

    @property
    def reads(self) -> int:
        """Blocks fetched."""
        return self._blocks.reads

    @property
    def writes(self) -> int:
        """Blocks written back."""
        return self._blocks.writes

    def read(self, index: int) -> Any:
        """Return the element, fetching each of its blocks that is not buffered."""
        for block in self._blocks_of(index):
            self._blocks.read(block)
        return self.values[index]

    def read_padding(self) -> int:
        """Return zero; no block moves."""
        return 0

    def write(self, index: int, value: Any) -> None:
        """Store the element, making each of its blocks dirty."""
        for block in self._blocks_of(index):
            self._blocks.write(block, 0)
        self.values[index] = value

    def close(self) -> None:
        """Write the buffered block back if it is dirty."""
        self._blocks.close()

    def _blocks_of(self, index: int) -> range:
        first = index * self._element_bytes
        return range(first // self._block_bytes, (first + self._element_bytes - 1) // self._block_bytes + 1)
