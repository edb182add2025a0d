"""Lifetimes: from when to when each tensor of a network is needed, and which poolings may overwrite their input.

Lifetimes are the graph's structure, plain ints; only sizes may be columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from costmodel.columns import Number, any_true, larger
from costmodel.provenance import formula
from costmodel.specs.axis import Axis
from costmodel.specs.lowering import NETWORK_INPUT, Step
from costmodel.specs.network import TensorBytes
from costmodel.specs.running.schedule import Schedule, holders_of
from costmodel.specs.shapes import element_count
from costmodel.specs.work import LoopNest


class TensorLife(NamedTuple):
    """One tensor that needs memory, and when."""

    name: str
    """The layer that makes it, or `input`."""
    size_bytes: Number
    """An int or a column."""
    made: int
    """Stage that writes it; -1 for the network's input."""
    last: int
    """Last stage that needs it; -1 where none does."""
    in_place_of: int | None = None
    """Tensor whose buffer it may take over, by its place among the tensors; None where it may not."""
    element_bytes: Number = 1
    """Bytes of one element, which its offset is a multiple of; an int or a column."""


class Lifetimes(NamedTuple):
    """Every tensor of a network over the stages of its schedule."""

    tensors: tuple[TensorLife, ...]
    """The network's input first, then one a running step, in order."""
    steps: tuple[str, ...]
    """Names of the stages, each by the steps that run in it: those that are not merged into another."""
    reads: tuple[tuple[int, ...], ...]
    """For each stage, the places of the tensors it reads."""
    stages: tuple[tuple[str, ...], ...] = ()
    """For each stage, the layers that run in it: those that run, each followed by what is merged into it."""


@formula(
    id="memory.tensor_bytes",
    equation="B = n*b",
    symbols={"B": "bytes of a tensor [B]", "n": "elements", "b": "bytes of one element [B]"},
    unit="B",
    source="definition: tensors are dense",
)
def tensor_size_bytes(elements: Number, element_bytes: Number) -> Number:
    """Return the bytes of a tensor."""
    return elements * element_bytes


def lifetimes_of(
    steps: Sequence[Step],
    schedule: Schedule,
    sizes: Sequence[TensorBytes],
    input_elements: Number,
    input_element_bytes: Number,
) -> Lifetimes:
    """Return when each tensor of a network is alive, in stages of a schedule.

    A merged step (a view, a fused rectifier, a folded batch norm) lives in its producer's buffer. A tensor nobody reads is an output of the
    network and stays to the end.

    Parameters
    ----------
    steps : sequence of Step
        In running order.
    schedule : Schedule
        Which of them run together; a tensor is alive in whole stages.
    sizes : sequence of TensorBytes
        Element sizes of each step.
    input_elements : int or column
        Elements of the network's input.
    input_element_bytes : int or column
        Bytes of one of them.

    Returns
    -------
    Lifetimes
        Tensors, running steps and reads.
    """
    readers = _readers(steps)
    holders = holders_of(steps)
    members: dict[int, list[int]] = {-1: [-1]}
    for position, holder in enumerate(holders):
        members.setdefault(holder, []).append(position)
    running = schedule.running
    clock = schedule.stage_of()
    place = {-1: 0} | {position: number + 1 for number, position in enumerate(running)}

    read_by = {owner: {r for member in held for r in readers[member]}.difference(held) for owner, held in members.items()}
    outputs = {
        owner for owner, held in members.items() if any((member >= 0 and steps[member].is_output) or not readers[member] for member in held)
    }

    def life(owner: int, name: str, elements: Number, element_bytes: Number) -> TensorLife:
        # What is given is there before anything runs; what the network keeps is there for good.
        given = owner >= 0 and steps[owner].operation.given
        lasts = owner >= 0 and steps[owner].operation.lasts
        made = -1 if given else clock.get(owner, -1)
        needed = [clock[reader] for reader in read_by[owner]]
        last = len(schedule.stages) - 1 if lasts or owner in outputs else max(needed, default=made)
        over = _overwritten(steps, sizes, holders, owner)
        sole = over is not None and read_by[over] == {owner} and over not in outputs and not steps[over].operation.lasts
        size = tensor_size_bytes(elements, element_bytes)
        return TensorLife(name, size, made, last, place[over] if over is not None and sole else None, element_bytes)

    tensors = [life(-1, NETWORK_INPUT, input_elements, input_element_bytes)]
    for position in running:
        elements = element_count(steps[position].lowered.output)
        tensors.append(life(position, steps[position].name, elements, sizes[position].output_bytes))
    reads = tuple(
        tuple(sorted({place[holders[source] if source >= 0 else -1] for position in stage for source in steps[position].sources}))
        for stage in schedule.stages
    )
    names = tuple(" + ".join(steps[position].name for position in stage) for stage in schedule.stages)
    stages = tuple(tuple(steps[member].name for position in stage for member in members[position]) for stage in schedule.stages)
    return Lifetimes(tuple(tensors), names, reads, stages)


def runs_in_place(nest: LoopNest, input_bytes: Number, output_bytes: Number) -> bool:
    """Tell whether a sliding pooling may write its outputs over its input, in raster order.

    No output may land on an element that a later output still reads. It is enough that the second output of a row lands before the first
    element it reads, that a whole row of outputs fits before the row the next one starts from, and that the output is no larger in all.

    Parameters
    ----------
    nest : LoopNest
        The pooling; columns allowed, then it holds for every row.
    input_bytes, output_bytes : int or column
        Element sizes.

    Returns
    -------
    bool
        False where some output would overwrite what is still needed.
    """
    return isinstance(nest.h, Axis) and isinstance(nest.w, Axis) and not any_true(overwrites_needed(nest, input_bytes, output_bytes))


def overwrites_needed(nest: LoopNest, input_bytes: Number, output_bytes: Number) -> Number:
    """Tell where a sliding pooling in place would overwrite what it still needs: a bool, or a column of them."""
    h, w = cast("tuple[Axis, Axis]", (nest.h, nest.w))
    rows, columns = h.output, w.output
    late_columns = (columns > 1) & ((w.s - w.p) * input_bytes < output_bytes)
    late_rows = (rows > 1) & (larger(h.s - h.p, 0) * w.H * input_bytes < columns * output_bytes)
    grows = rows * columns * output_bytes > h.H * w.H * input_bytes
    return late_columns | late_rows | grows


def _readers(steps: Sequence[Step]) -> dict[int, list[int]]:
    """For each step, and -1 for the network's input, the steps that read it."""
    readers: dict[int, list[int]] = {position: [] for position in range(-1, len(steps))}
    for position, step in enumerate(steps):
        for source in set(step.sources):
            readers[source].append(position)
    return readers


def _overwritten(steps: Sequence[Step], sizes: Sequence[TensorBytes], holders: Sequence[int], position: int) -> int | None:
    """Return the step whose buffer a pooling could take over; never the network's input, which may live in flash."""
    if position < 0 or not steps[position].operation.in_place:
        return None
    source = steps[position].sources[0]
    work = steps[position].lowered.work
    if source < 0 or holders[source] < 0 or not isinstance(work, LoopNest):
        return None
    return holders[source] if runs_in_place(work, sizes[position].input_bytes, sizes[position].output_bytes) else None
