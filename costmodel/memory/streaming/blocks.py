"""Blocks: a network between its cuts, where one tensor is all that the later layers read of the earlier ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from typing import Final, NamedTuple

from costmodel.memory.lifetimes import tensor_size_bytes
from costmodel.memory.streaming.progress import GraphEdge, GraphNode, rings_of
from costmodel.memory.streaming.reach import Reach, axis_spans, running_units, same_spans
from costmodel.provenance import noted
from costmodel.specs.lowering import NETWORK_INPUT, Step
from costmodel.specs.network import Network
from costmodel.specs.operations import Action
from costmodel.specs.running.schedule import holders_of, sources_of
from costmodel.specs.running.stages import Grain, Held, Role
from costmodel.specs.work import LoopNest

STREAMED: Final = frozenset({Action.SLIDING_MAC, Action.LARGEST, Action.MEAN, Action.RECTIFY, Action.SCALE_AND_SHIFT, Action.SUM})
"""What can be computed from a few rows or pixels of its input."""
ELEMENT_BY_ELEMENT: Final = frozenset({Action.RECTIFY, Action.SCALE_AND_SHIFT, Action.SUM})
"""What reads each element of its inputs once, in the order in which it writes."""
ACCUMULATOR_BYTES: Final = 4
MOST_BRANCHED_STEPS: Final = 200
"""A block of more steps is not streamed: following it would take more than a plan may."""


class TensorMap(NamedTuple):
    """A tensor as rows and columns of pixels."""

    channels: int
    rows: int
    columns: int
    element_bytes: int

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole tensor."""
        return self.channels * self.rows * self.columns * self.element_bytes


class Block(NamedTuple):
    """Steps between two cuts."""

    steps: tuple[int, ...]
    """Running steps, in order."""
    reads: int
    """The tensor all of them start from, by the step that makes it; -1 is the network's input."""
    why: str | None
    """Why it cannot be streamed; None where it can."""
    stays: bool
    """Whether the tensor that is left of it is an output of the network: a stream may end with it, and none goes through it."""

    @property
    def makes(self) -> int:
        """The tensor that is left of it."""
        return self.steps[-1]


_MAP_EXTENTS: Final = 3
"""Channels, rows, columns."""


class Layout(NamedTuple):
    """A network as a chain of blocks."""

    blocks: tuple[Block, ...]
    maps: Mapping[int, TensorMap]
    """Of the network's input (-1) and every running step."""
    sources: Mapping[int, tuple[int, ...]]
    """For each running step, the tensors it reads, by the running step that makes each."""
    steps: tuple[Step, ...]
    reaches: dict[int, Reach]
    """What has been asked of `reach_of_step`."""
    branches: dict[tuple[int, Grain], tuple[int, tuple[Held, ...]]]
    """What has been asked of `rings_inside`, by the block's last step."""

    def name(self, step: int) -> str:
        """Return what a tensor is called."""
        return NETWORK_INPUT if step < 0 else self.steps[step].name


def layout_of(network: Network) -> Layout:
    """Return a network as a chain of blocks.

    Parameters
    ----------
    network : Network
        The graph, its tensors of the types it states.

    Returns
    -------
    Layout
        A chain has a block a running layer; what branches is one block from the branch to where it joins again.
    """
    steps = network.steps
    holders = holders_of(steps)
    running = tuple(position for position, step in enumerate(steps) if not step.merged)
    sources = sources_of(steps)
    maps = {-1: _map(network.input, network.input_bytes)}
    for at in running:
        maps[at] = _map(steps[at].lowered.output, network.tensor_bytes[at].output_bytes)
    place = {-1: -1} | {at: number for number, at in enumerate(running)}
    last_read = [-1] * (len(running) + 1)
    for at in running:
        for source in sources[at]:
            last_read[place[source] + 1] = place[at]
    read = {source for step in steps for source in step.sources}
    outputs = {holders[position] for position, step in enumerate(steps) if position not in read or step.is_output}
    blocks = []
    begin, furthest = 0, -1
    for number in range(len(running)):
        furthest = max(furthest, last_read[number])
        if furthest <= number:
            inside = running[begin : number + 1]
            reads = running[begin - 1] if begin else -1
            blocks.append(Block(inside, reads, _why(steps, inside, outputs), inside[-1] in outputs))
            begin = number + 1
    return Layout(tuple(blocks), maps, sources, steps, {}, {})


def _map(shape: Sequence[int], element_bytes: int) -> TensorMap:
    # What is not channels x rows x columns stays whole: its bytes alone count.
    channels, *rows, columns = (*shape, *(1,) * (_MAP_EXTENTS - len(shape)))
    return TensorMap(channels, math.prod(rows), columns, element_bytes)


def _why(steps: Sequence[Step], inside: Sequence[int], outputs: Set[int]) -> str | None:
    if len(inside) > MOST_BRANCHED_STEPS:
        return f"{steps[inside[0]].name} begins a branch of {len(inside)} layers that run together or not at all"
    for at in inside:
        step = steps[at]
        if step.operation.action not in STREAMED or any(len(shape) != 3 for shape in step.inputs):
            return f"{step.name} ({step.kind}) needs all of its input"
    kept = next((at for at in inside[:-1] if at in outputs), None)
    return None if kept is None else f"{steps[kept].name} is an output of the network, and stays whole"


def reach_of_step(layout: Layout, step: int) -> Reach:
    """Return what each output pixel of a step reads of each of its inputs."""
    if step not in layout.reaches:
        work, own = layout.steps[step].lowered.work, layout.maps[step]
        if isinstance(work, LoopNest):
            layout.reaches[step] = Reach(axis_spans(work.h), axis_spans(work.w))
        else:
            layout.reaches[step] = Reach(same_spans(own.rows), same_spans(own.columns))
    return layout.reaches[step]


def is_pool(layout: Layout, step: int) -> bool:
    """Tell whether a step gathers windows without weights."""
    return layout.steps[step].operation.pools


def reads_each_once(layout: Layout, step: int, reach: Reach) -> bool:
    """Tell whether a step reads every element of its input exactly once, so that it can take each as it is made."""
    source = layout.maps[layout.sources[step][0]]
    whole = reach.rows[0][0] == 0 and reach.rows[-1][1] == source.rows - 1
    whole = whole and reach.columns[0][0] == 0 and reach.columns[-1][1] == source.columns - 1
    per_channel = layout.steps[step].operation.action is not Action.SLIDING_MAC
    return per_channel and len(layout.sources[step]) == 1 and whole and reach.reads_each_once


def unit_elements(own: TensorMap, grain: Grain) -> int:
    """Return the elements of one unit of a tensor."""
    return own.channels if grain is Grain.PIXELS else own.channels * own.columns


def ring(layout: Layout, step: int, units: int, grain: Grain) -> Held:
    """Return the ring of a tensor."""
    own = layout.maps[step]
    return Held(step, Role.RING, units, unit_elements(own, grain), own.element_bytes)


def running_row(layout: Layout, step: int, reach: Reach, grain: Grain) -> Held:
    """Return what a pooling keeps of results that are not complete; means are summed in accumulators."""
    own = layout.maps[step]
    mean = layout.steps[step].operation.action is Action.MEAN
    element = max(ACCUMULATOR_BYTES, own.element_bytes) if mean else own.element_bytes
    units = running_units(reach.by_rows() if grain is Grain.ROWS else reach)
    return Held(step, Role.ROW, units, unit_elements(own, grain), element)


def whole_bytes(layout: Layout, step: int, scattered: bool) -> int:
    """Return the bytes a stage's last tensor takes: where a mean is summed up in it, those of its accumulators."""
    own = layout.maps[step]
    if scattered and layout.steps[step].operation.action is Action.MEAN:
        elements = noted(own.channels * own.rows * own.columns, "sums", "definition: an accumulator for each element of the mean")
        element = noted(max(ACCUMULATOR_BYTES, own.element_bytes), "bytes of an accumulator", "definition: sums of int8 take 32 bits")
        sums: int = tensor_size_bytes(elements, element)
        return sums
    return own.size_bytes


def rings_inside(layout: Layout, block: Block, grain: Grain) -> tuple[int, tuple[Held, ...]]:
    """Return the units to keep of the tensor a block starts from, and the rings of the tensors inside it.

    Parameters
    ----------
    layout : Layout
        The network.
    block : Block
        One that streams.
    grain : Grain
        Rows or pixels.

    Returns
    -------
    tuple of int and tuple of Held
        An element-by-element step takes what only it reads as it is made: no ring.
    """
    if (block.makes, grain) not in layout.branches:
        layout.branches[block.makes, grain] = _rings_inside(layout, block, grain)
    return layout.branches[block.makes, grain]


def _rings_inside(layout: Layout, block: Block, grain: Grain) -> tuple[int, tuple[Held, ...]]:
    taken = directly_taken(layout, block) if grain is Grain.PIXELS else frozenset()
    nodes: dict[int, GraphNode] = {}
    for step in block.steps:
        if step not in taken:
            nodes[step] = GraphNode(_units(layout.maps[step], grain), tuple(_edges(layout, step, taken, grain)))
    found = rings_of(nodes, block.reads, block.makes, _units(layout.maps[block.reads], grain))
    inside = tuple(ring(layout, step, units, grain) for step, units in found.items() if step not in (block.reads, block.makes))
    return found[block.reads], inside


def directly_taken(layout: Layout, block: Block) -> frozenset[int]:
    """Return the tensors inside a block that their only reader takes element by element."""
    readers: dict[int, list[int]] = {}
    for step in block.steps:
        for source in layout.sources[step]:
            readers.setdefault(source, []).append(step)
    return frozenset(
        source
        for source, found in readers.items()
        if source in block.steps and len(found) == 1 and layout.steps[found[0]].operation.action in ELEMENT_BY_ELEMENT
    )


def _units(own: TensorMap, grain: Grain) -> int:
    return own.rows * own.columns if grain is Grain.PIXELS else own.rows


def _edges(layout: Layout, step: int, taken: frozenset[int], grain: Grain) -> list[GraphEdge]:
    """What a step reads, through what it takes directly."""
    edges = []
    own = reach_of_step(layout, step)
    waiting = [(source, own) for source in layout.sources[step]]
    while waiting:
        source, reach = waiting.pop(0)
        if source in taken:
            inner = reach_of_step(layout, source)
            waiting += [(further, reach.through(inner)) for further in layout.sources[source]]
        elif grain is Grain.PIXELS:
            edges.append(GraphEdge(source, reach, layout.maps[source].columns))
        else:
            edges.append(GraphEdge(source, reach.by_rows(), 1))
    return edges
