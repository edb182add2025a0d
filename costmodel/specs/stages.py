"""Stages: layers that run together, and what is kept of their tensors while they do. Planned once, executed and counted from here."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


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
        return self.unit_count * self.unit_elements * self.element_bytes


class Stage(NamedTuple):
    """Steps that run together."""

    steps: tuple[int, ...]
    """Places in the network, in an order that runs; merged steps are in none."""
    grain: Grain = Grain.LAYER
    held: tuple[Held, ...] = ()
    """What is kept inside; a tensor of the stage that is neither here nor its last is taken by its reader element by element."""
    scattered: frozenset[int] = frozenset()
    """Poolings that take each pixel of their input as it is made, into windows not complete yet."""
    strip_count: int = 1
    """Vertical strips that the stage runs one after the other; what strips share is computed in each of them."""
