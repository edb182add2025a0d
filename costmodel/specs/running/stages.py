"""Stages: layers that run together, and what is kept of their tensors while they do. Planned once, executed and counted from here."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from costmodel.provenance import formula, is_recording, leaf


class Grain(StrEnum):
    """How much of a layer is computed before the next takes its turn."""

    LAYER = "layer"
    """All of it."""
    ROWS = "rows"
    """A row of its output."""
    PIXELS = "pixels"
    """A pixel of its output, all channels."""


class Role(StrEnum):
    """What a piece of memory inside a stage is for."""

    RING = "ring"
    """The newest units of a tensor; the oldest is overwritten by the next."""
    ROW = "running row"
    """Results of a pooling whose windows are not complete yet."""


class InputDelivery(StrEnum):
    """How the network's input comes in."""

    WHOLE = "whole"
    """It lies in the arena before the first stage."""
    DELIVERED = "delivered"
    """Pixel by pixel or row by row, as a first streamed stage asks for it; whole where the first stage is not streamed."""
    FLASH = "flash"
    """It is read where it is, outside of RAM, as often as it takes."""


@formula(
    id="memory.ring_bytes",
    equation="B = u*n*b",
    symbols={
        "B": "bytes of a ring of rows or pixels, or of a running row [B]",
        "u": "units it holds [1]",
        "n": "elements of one unit [1]",
        "b": "bytes of one element [B]",
    },
    unit="B",
    source="definition: units are dense",
)
def ring_bytes(u: int, n: int, b: int) -> int:
    """Return the bytes of what is kept of a tensor while a stage runs."""
    return u * n * b


class Held(NamedTuple):
    """What is kept of one tensor while a stage runs."""

    step: int
    """The step that makes it; -1 is the network's input."""
    role: Role
    unit_count: int
    """Units it holds: rows, or pixels with all their channels."""
    unit_elements: int
    """Elements of one unit."""
    element_bytes: int

    @property
    def size_bytes(self) -> int:
        """Bytes it takes."""
        units, elements, element = self.unit_count, self.unit_elements, self.element_bytes
        if is_recording():
            units = leaf(units, f"{self.role.value} units", "definition: rows or pixels still needed, found by following the reads")
            elements = leaf(elements, "elements of a unit", "definition: a row or a pixel with all its channels")
            element = leaf(element, "bytes of an element", "definition: size of the element type")
        size: int = ring_bytes(units, elements, element)
        return size


class Strip(NamedTuple):
    """A vertical strip of the maps of a stage."""

    columns: dict[int, tuple[int, int]]
    """First and last column that is computed, or read, of each tensor, by the step that makes it; -1 is the network's input."""


class Stage(NamedTuple):
    """Steps that run together."""

    steps: tuple[int, ...]
    """Places in the network, in an order that runs; merged steps are in none."""
    grain: Grain = Grain.LAYER
    held: tuple[Held, ...] = ()
    """What is kept inside; a tensor of the stage that is neither here nor its last is taken by its reader element by element."""
    scattered: frozenset[int] = frozenset()
    """Poolings that take each pixel of their input as it is made, into windows not complete yet."""
    strips: tuple[Strip, ...] = ()
    """What the stage runs one after the other; what strips share is computed in each of them. Empty where it runs as a whole. A pooling
    that every strip scatters into is in none of them."""

    @property
    def streams(self) -> bool:
        """Whether its steps take turns within their outputs."""
        return self.grain is not Grain.LAYER

    def keeps(self, step: int) -> bool:
        """Tell whether a ring of a tensor is kept."""
        return any(held.step == step and held.role is Role.RING for held in self.held)

    def is_direct(self, step: int) -> bool:
        """Tell whether a tensor made in the stage is taken by its reader element by element, without being kept."""
        return self.streams and step in self.steps[:-1] and not self.keeps(step)
