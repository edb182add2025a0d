"""What TensorFlow Lite Micro needs for a model file: whether it starts, its arena, and what must be registered."""

from __future__ import annotations

from costmodel.memory.tflm.arena import arena_of, registrations_of
from costmodel.memory.tflm.builds import CHIP_32, CHIP_32_CMSIS_NN, HOST_64
from costmodel.memory.tflm.refusals import why_refused
from costmodel.results.graphs.tflm_arena import TflmArena, TflmBuffer, TflmPart
from costmodel.specs.imported_graph import ImportedGraph


def plan_tflm_arena(graph: ImportedGraph) -> TflmArena:
    """Return what TensorFlow Lite Micro needs for a model.

    Parameters
    ----------
    graph : ImportedGraph
        Read from a TensorFlow Lite file.

    Returns
    -------
    TflmArena
        Of a chip with 32-bit pointers; where the runtime does not start the model, the reason.
    """
    registrations = registrations_of(graph)
    refused = why_refused(graph)
    chip = refused or arena_of(graph, CHIP_32)
    arm = refused or arena_of(graph, CHIP_32_CMSIS_NN)
    host = refused or arena_of(graph, HOST_64)
    if isinstance(chip, str) or isinstance(arm, str) or isinstance(host, str):
        reason = next(found for found in (chip, arm, host) if isinstance(found, str))
        unknown = dict.fromkeys(("head_bytes", "tail_bytes", "total_bytes", "cmsis_nn_total_bytes", "host_total_bytes"))
        return TflmArena(runs=refused is None, reason=reason, registrations=registrations, **unknown)
    return TflmArena(
        runs=True,
        reason=None,
        head_bytes=chip.head_bytes,
        tail_bytes=chip.tail_bytes,
        total_bytes=chip.total_bytes,
        cmsis_nn_total_bytes=arm.total_bytes,
        host_total_bytes=host.total_bytes,
        buffers=tuple(
            TflmBuffer(name=buffer.name, size_bytes=buffer.size_bytes, offset_bytes=offset)
            for buffer, offset in zip(chip.buffers, chip.offsets, strict=True)
        ),
        tail=tuple(TflmPart(part=part, size_bytes=size) for part, size in chip.parts.items()),
        registrations=registrations,
    )
