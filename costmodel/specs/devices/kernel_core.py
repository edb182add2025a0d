"""Cores that kernels are generated for: what of their registers a tile may take, and how they load bytes."""

from __future__ import annotations

from typing import Final, NamedTuple

from costmodel.errors import UnknownNameError

POINTERS: Final = 3
"""Registers of a tap loop beside its operands: where inputs and weights are, and where they end."""


class KernelCore(NamedTuple):
    """One core."""

    name: str
    register_count: int
    """General registers a compiler may use within a function."""
    signed_bytes: bool
    """Whether it loads a signed byte in one instruction."""


CORES: Final = {core.name: core for core in (KernelCore("xtensa", 14, False), KernelCore("riscv", 24, True), KernelCore("arm", 14, True))}
"""Xtensa call0 without a0 and a1; RV32 without zero, sp, gp, tp and four that GCC keeps for what is around a tap loop (a tile of 28 was
seen to spill, one of 24 not to); Arm without sp and pc."""


def kernel_core(name: str) -> KernelCore:
    """Return a core by name, or raise UnknownNameError with the nearest."""
    if name not in CORES:
        raise UnknownNameError("--core", name, CORES, "a core that kernels are generated for")
    return CORES[name]


def tile_register_count(pixels: int, filters: int, swar: int = 0) -> int:
    """Return the registers a tile takes: its accumulators, the fewer of its operands held, one passing by, and the pointers.

    Under SWAR a pair of filters shares an accumulator a pixel and an operand. The sums it is parted into, two more, are needed once in
    `swar` taps: where there is no room for them they wait on the stack, which costs less than smaller tiles would.
    """
    if swar:
        pairs = filters // 2
        return pixels * pairs + min(pixels, pairs) + 1 + POINTERS
    return pixels * filters + min(pixels, filters) + 1 + POINTERS
