"""A plan as the metadata that TensorFlow Lite Micro's offline planner reads from a model file."""

from __future__ import annotations

from typing import Any, Final

from costmodel.errors import SpecError
from costmodel.results.storage.strategy_plan import StrategyPlan

METADATA_NAME: Final = "OfflineMemoryAllocation"
VERSION: Final = 1
SUBGRAPH: Final = 0
ALIGNMENT_BYTES: Final = 16
"""Every offset is a multiple of this."""


def offline_plan(plan: StrategyPlan) -> dict[str, Any]:
    """Return a plan as the whole numbers of the metadata, and which tensor each offset is of.

    Parameters
    ----------
    plan : StrategyPlan
        Layer by layer in one arena.

    Returns
    -------
    dict
        `metadata`, `values` (version, subgraph, number of offsets, offsets; each an int32) and `tensors`.

    Raises
    ------
    SpecError
        If it cannot be expressed: a ring, a buffer of its own, or an offset that is not aligned; names the piece.
    """
    for piece in plan.pieces:
        told = f"--emit tflm: {piece.name} under {plan.strategy.value}"
        if piece.role != "tensor":
            raise SpecError(f"{told} is a {piece.role}; the interpreter knows whole tensors only")
        if piece.offset_bytes is None:
            raise SpecError(f"{told} has no offset; choose a strategy with one arena")
        if not piece.is_aligned(ALIGNMENT_BYTES):
            raise SpecError(
                f"{told} lies at {piece.offset_bytes:,}, no multiple of {ALIGNMENT_BYTES}; --strategy greedy aligns every tensor"
            )
    offsets = [piece.offset_bytes for piece in plan.pieces]
    return {
        "metadata": METADATA_NAME,
        "values": [VERSION, SUBGRAPH, len(offsets), *offsets],
        "tensors": [piece.name for piece in plan.pieces],
        "arena_bytes": plan.total_bytes,
    }
