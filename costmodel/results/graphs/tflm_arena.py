"""The arena that TensorFlow Lite Micro needs for a model file."""

from __future__ import annotations

from costmodel.results.base import Result
from costmodel.results.storage.heap_verdict import HeapVerdict


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


class TflmUse(Result):
    """The arena as a device's runtime asks for it, and whether the heap holds it."""

    runtime: str
    kernels: str
    """Whose scratch is in the head."""
    head_bytes: int
    tail_bytes: int
    """Records of the interpreter and kernels' own data."""
    total_bytes: int
    heap: HeapVerdict | None
    """Of `tensor_arena` as one block, beside the same as the network's own buffers; None where the device states no heap."""


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
    cmsis_nn_head_bytes: int | None = None
    cmsis_nn_tail_bytes: int | None = None
    host_total_bytes: int | None
    """Both, in the published Python package of 64 bits."""
    buffers: tuple[TflmBuffer, ...] = ()
    tail: tuple[TflmPart, ...] = ()
    registrations: tuple[str, ...] = ()
    """What `MicroMutableOpResolver` must register, in alphabetical order; those the runtime has."""
    used: TflmUse | None = None
    """What the device's runtime asks for; None where another runs the model, or the arena is not known."""
