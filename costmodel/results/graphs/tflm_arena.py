"""The arena that TensorFlow Lite Micro needs for a model file."""

from __future__ import annotations

from costmodel.results.base import Result


class TflmBuffer(Result):
    """A tensor or a kernel's scratch in the head of the arena."""

    name: str
    size_bytes: int
    """Before its end is aligned."""
    offset_bytes: int


class TflmPart(Result):
    """A share of the tail."""

    part: str
    size_bytes: int


class TflmArena(Result):
    """Head and tail of the arena on a chip with 32-bit pointers, and totals of other builds; None with a reason where not known."""

    runs: bool
    """Whether the runtime starts the model."""
    reason: str | None
    """Why it does not, or why the arena is not known."""
    head_bytes: int | None
    """Tensors and scratch as its greedy planner places them."""
    tail_bytes: int | None
    """Records of tensors and operators, quantisation, kernels' own data, variables."""
    total_bytes: int | None
    """Both, with the reference kernels."""
    cmsis_nn_total_bytes: int | None
    """Both, with the kernels of CMSIS-NN."""
    host_total_bytes: int | None
    """Both, in the published Python package of 64 bits."""
    buffers: tuple[TflmBuffer, ...] = ()
    tail: tuple[TflmPart, ...] = ()
    registrations: tuple[str, ...] = ()
    """What `MicroMutableOpResolver` must register, in alphabetical order; those the runtime has."""
