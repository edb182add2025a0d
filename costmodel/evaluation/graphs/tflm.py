"""What TensorFlow Lite Micro needs for a model file: whether it starts, its arena, and what must be registered."""

from __future__ import annotations

from typing import Final

from costmodel.evaluation.storage.memory_numbers import DeviceNumbers
from costmodel.memory.heap import judge_heap
from costmodel.memory.tflm.arena import arena_of, registrations_of
from costmodel.memory.tflm.builds import CHIP_32, CHIP_32_CMSIS_NN, HOST_64
from costmodel.memory.tflm.refusals import why_refused
from costmodel.results.graphs.tflm_arena import TflmArena, TflmBuffer, TflmPart, TflmUse
from costmodel.results.storage.heap_verdict import HeapRequest
from costmodel.results.storage.memory_summary import MemorySummary
from costmodel.specs.devices.runtime import Runtime
from costmodel.specs.imported_graph import ImportedGraph
from costmodel.specs.scenario import Scenario

TENSOR_ARENA: Final = "tensor_arena"
"""What programs call the block they give the interpreter."""


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
        cmsis_nn_head_bytes=arm.head_bytes,
        cmsis_nn_tail_bytes=arm.tail_bytes,
        host_total_bytes=host.total_bytes,
        buffers=tuple(
            TflmBuffer(name=buffer.name, size_bytes=buffer.size_bytes, offset_bytes=offset)
            for buffer, offset in zip(chip.buffers, chip.offsets, strict=True)
        ),
        tail=tuple(TflmPart(part=part, size_bytes=size) for part, size in chip.parts.items()),
        registrations=registrations,
    )


def used_arena(arena: TflmArena, scenario: Scenario, memory: MemorySummary, runtime: Runtime | None) -> TflmArena:
    """Return an arena with what a device's runtime asks for, and whether the heap holds it.

    Parameters
    ----------
    arena : TflmArena
        Of a model file.
    scenario : Scenario
        Device, and what is taken of its heap before.
    memory : MemorySummary
        Where the weights live.
    runtime : Runtime or None
        What runs the model.

    Returns
    -------
    TflmArena
        The same, where another runtime runs it or the arena is not known.
    """
    if runtime is None or runtime.arena is None:
        return arena
    # Of ESP-NN's kernels no more is known than that their scratch comes on top of the reference's.
    head, tail, total = (
        (arena.cmsis_nn_head_bytes, arena.cmsis_nn_tail_bytes, arena.cmsis_nn_total_bytes)
        if runtime.arena == "cmsis-nn"
        else (arena.head_bytes, arena.tail_bytes, arena.total_bytes)
    )
    if head is None or tail is None or total is None:
        return arena
    device = scenario.device
    weights = [HeapRequest(name="weights", size_bytes=memory.weight_bytes)] if memory.weights_in_ram and memory.weight_bytes else []
    requests = [*weights, HeapRequest(name=TENSOR_ARENA, size_bytes=total)]
    taken = DeviceNumbers(device, scenario.observed_heap, scenario.static_bytes, scenario.radio).taken
    heap = judge_heap(requests, device.heap_regions, device.allocator, taken) if device.heap_regions else None
    used = TflmUse(runtime=runtime.name, kernels=runtime.arena, head_bytes=head, tail_bytes=tail, total_bytes=total, heap=heap)
    return arena.model_copy(update={"used": used})
