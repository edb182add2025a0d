"""Every strategy behind one protocol: a network in, what it takes and where every piece lies out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from costmodel.memory.arenas.climbing import climbed
from costmodel.memory.arenas.fitting import problem_of
from costmodel.memory.arenas.proving import proven
from costmodel.memory.lifetimes import Lifetimes, lifetimes_of
from costmodel.memory.ordering import OrderProblem, best_order
from costmodel.memory.overlapping import Overlap, lead_bytes, overlapped, spared_bytes
from costmodel.memory.placement import Block, Sizes, blocks_of, place_blocks, sizes_of
from costmodel.memory.planning import PER_TENSOR, plan_memory
from costmodel.memory.strategies import COUNTS_INPUT, alive_by_step, arena_height_bytes, end_bytes, lower_bound, total_bytes
from costmodel.memory.streaming.blocks import Layout, layout_of
from costmodel.memory.streaming.covers import BANDS, PIXELS, ROWS, RUNNING, WINDOWS, Cover, fused, layered, mixed, streamed
from costmodel.memory.streaming.staged_lives import StagedLives, staged_lives
from costmodel.memory.tflm.greedy import PlannedBuffer, place_greedily
from costmodel.provenance import noted
from costmodel.results.storage.strategy_plan import PlannedPiece, PlannedStage, StrategyPlan
from costmodel.specs.network import Network
from costmodel.specs.running.schedule import holders_of, layer_by_layer
from costmodel.specs.running.stages import Grain, InputDelivery, Stage
from costmodel.specs.running.strategy import MemoryStrategy
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.shapes import element_count


class Subject(NamedTuple):
    """A network, and what every strategy asks of it."""

    network: Network
    lives: Lifetimes
    """Layer by layer."""
    layout: Layout
    delivery: InputDelivery
    """How the input may come in, where a strategy leaves it open."""


class NetworkStrategy(Protocol):
    """One way of giving a network's tensors memory."""

    def __call__(self, subject: Subject) -> tuple[StrategyPlan, Cover | None]:
        """Return what the network takes, and the stages where they are not single layers."""


def subject_of(network: Network, delivery: InputDelivery = InputDelivery.DELIVERED) -> Subject:
    """Return a network ready to be planned.

    Parameters
    ----------
    network : Network
        The graph, its tensors of the types it states.
    delivery : InputDelivery
        How the network's input may come in under the strategy `streaming`.

    Returns
    -------
    Subject
        To be handed to any strategy.
    """
    schedule = layer_by_layer(network.steps)
    lives = lifetimes_of(network.steps, schedule, network.tensor_bytes, element_count(network.input), network.input_bytes)
    return Subject(network, lives, layout_of(network), delivery)


def plan_strategy(strategy: MemoryStrategy, subject: Subject) -> tuple[StrategyPlan, tuple[Stage, ...]]:
    """Return what a network takes under a strategy.

    Parameters
    ----------
    strategy : MemoryStrategy
        How its tensors get memory.
    subject : Subject
        The network.

    Returns
    -------
    StrategyPlan and tuple of Stage
        With a reason and no bytes where it does not apply; work and verdict are left for who counts it. The stages it runs in.
    """
    plan, cover = NETWORK_STRATEGIES[strategy](subject)
    if cover is not None:
        return plan, cover.stages
    return plan, tuple(Stage((step,)) for block in subject.layout.blocks for step in block.steps)


def _accounted(accounting: MemoryAccounting, subject: Subject) -> tuple[StrategyPlan, None]:
    """A strategy that runs layer by layer and is known as an accounting."""
    found = plan_memory(accounting, subject.lives)
    at = {life.name: place for place, life in enumerate(subject.lives.tensors)}
    pieces = []
    for buffer in found.buffers:
        tenants = [subject.lives.tensors[at[name]] for name in buffer.tenants]
        first, last = -1, len(subject.lives.steps) - 1
        if accounting in PER_TENSOR:
            (life,) = tenants
            first, last = life.made, life.last
        pieces.append(
            PlannedPiece(
                name=" / ".join(buffer.tenants),
                role="tensor" if len(tenants) == 1 else "buffer",
                size_bytes=buffer.size_bytes,
                element_bytes=max(int(life.element_bytes) for life in tenants),
                first_stage=first,
                last_stage=last,
                offset_bytes=buffer.offset_bytes,
            )
        )
    plan = StrategyPlan(
        strategy=MemoryStrategy(accounting.value),
        reason=found.reason,
        total_bytes=found.tensor_buffer_bytes,
        bound_bytes=found.bound_bytes,
        with_input=COUNTS_INPUT[accounting],
        delivery=InputDelivery.WHOLE,
        stages=tuple(
            PlannedStage(layers=layers, grain=Grain.LAYER, live_bytes=moment.total_bytes)
            for layers, moment in zip(found.stages, found.timeline, strict=False)
        ),
        pieces=tuple(pieces),
    )
    return plan, None


def _covered(
    strategy: MemoryStrategy, delivery: InputDelivery, cover_of: Callable[[Subject], Cover | str], subject: Subject
) -> tuple[StrategyPlan, Cover | None]:
    """A strategy that runs layers together, in one arena."""
    cover = cover_of(subject)
    if isinstance(cover, str):
        return _refused(strategy, delivery, cover), None
    return planned_cover(strategy, subject, cover), cover


def planned_cover(strategy: MemoryStrategy, subject: Subject, cover: Cover) -> StrategyPlan:
    """Return the plan of a network in stages, everything in one arena.

    Parameters
    ----------
    strategy : MemoryStrategy
        What the plan is called.
    subject : Subject
        The network.
    cover : Cover
        Its stages.

    Returns
    -------
    StrategyPlan
        Without work and verdict.
    """
    staged = staged_lives(subject.network, subject.layout, cover)
    blocks = blocks_of(staged.lives, with_input=True)
    placed = place_blocks(blocks, sizes_of(staged.lives, blocks), lower_bound(staged.lives, in_place=True, with_input=True))
    return planned_pieces(strategy, subject, cover, staged, blocks, [int(offset) for offset in placed.offsets])


def planned_pieces(
    strategy: MemoryStrategy, subject: Subject, cover: Cover, staged: StagedLives, blocks: Sequence[Block], placed: Sequence[int]
) -> StrategyPlan:
    """Return a plan of blocks that have been placed.

    Parameters
    ----------
    strategy : MemoryStrategy
        What the plan is called.
    subject : Subject
        The network.
    cover : Cover
        Its stages.
    staged : StagedLives
        Its pieces of memory.
    blocks : sequence of Block
        What was placed.
    placed : sequence of int
        Offset of each block [B].

    Returns
    -------
    StrategyPlan
        Its height is the largest end of a piece.
    """
    lives = staged.lives
    bound = lower_bound(lives, in_place=True, with_input=True)
    offsets = {place: offset for block, offset in zip(blocks, placed, strict=True) for place in block.tensors}
    alive = alive_by_step(lives, in_place=True, with_input=True)
    return StrategyPlan(
        strategy=strategy,
        total_bytes=arena_height_bytes([end_bytes(_noted(offset), lives.tensors[place].size_bytes) for place, offset in offsets.items()]),
        bound_bytes=bound,
        with_input=staged.has_input,
        delivery=cover.delivery,
        stages=tuple(
            PlannedStage(
                layers=names,
                grain=stage.grain,
                scattered=tuple(subject.layout.name(step) for step in sorted(stage.scattered)),
                strip_count=max(1, len(stage.strips)),
                live_bytes=total_bytes([lives.tensors[place].size_bytes for place in places]),
            )
            for stage, names, places in zip(cover.stages, lives.stages, alive, strict=True)
        ),
        pieces=_pieces(staged, offsets),
    )


def _noted(offset: int) -> int:
    found: int = noted(offset, "offset", "definition: where the strategy placed it")
    return found


def _pieces(staged: StagedLives, offsets: dict[int, int]) -> tuple[PlannedPiece, ...]:
    return tuple(
        PlannedPiece(
            name=life.name,
            role="tensor" if held is None else held.role.value,
            size_bytes=life.size_bytes,
            element_bytes=int(life.element_bytes),
            unit_count=None if held is None else held.unit_count,
            first_stage=life.made,
            last_stage=life.last,
            offset_bytes=None if place not in offsets else _noted(offsets[place]),
        )
        for place, (life, held) in enumerate(zip(staged.lives.tensors, staged.held, strict=True))
    )


def _mixed(subject: Subject) -> Cover | str:
    """Cut a network where its largest stage takes least."""
    blocks = subject.layout.blocks
    alive = alive_by_step(subject.lives, in_place=True, with_input=True)
    sizes = [sum(int(subject.lives.tensors[place].size_bytes) for place in places) for places in alive]
    begins = [0]
    for block in blocks:
        begins.append(begins[-1] + len(block.steps))

    def peak_of(place: int) -> int:
        return max(sizes[begins[place] : begins[place + 1]])

    return mixed(subject.layout, subject.delivery, peak_of)


_DELIVERED: Final = InputDelivery.DELIVERED
_FLASH: Final = InputDelivery.FLASH
_COVERS: Final[dict[MemoryStrategy, tuple[InputDelivery, Callable[[Subject], Cover | str]]]] = {
    MemoryStrategy.FUSED_BANDS: (InputDelivery.WHOLE, lambda subject: fused(subject.layout, BANDS)),
    MemoryStrategy.FUSED_ROWS: (InputDelivery.WHOLE, lambda subject: fused(subject.layout, RUNNING)),
    MemoryStrategy.FUSED_WINDOWS: (InputDelivery.WHOLE, lambda subject: fused(subject.layout, WINDOWS)),
    MemoryStrategy.FUSED_MEANS: (InputDelivery.WHOLE, lambda subject: fused(subject.layout, WINDOWS, with_means=True)),
    MemoryStrategy.ROW_STREAMING: (_DELIVERED, lambda subject: streamed(subject.layout, ROWS, _DELIVERED)),
    MemoryStrategy.PIXEL_STREAMING: (_DELIVERED, lambda subject: streamed(subject.layout, PIXELS, _DELIVERED)),
    MemoryStrategy.PIXEL_STREAMING_FLASH: (_FLASH, lambda subject: streamed(subject.layout, PIXELS, _FLASH)),
    MemoryStrategy.STRIPS_2: (_FLASH, lambda subject: streamed(subject.layout, PIXELS._replace(strip_count=2), _FLASH)),
    MemoryStrategy.STRIPS_4: (_FLASH, lambda subject: streamed(subject.layout, PIXELS._replace(strip_count=4), _FLASH)),
    MemoryStrategy.STRIPS_8: (_FLASH, lambda subject: streamed(subject.layout, PIXELS._replace(strip_count=8), _FLASH)),
    MemoryStrategy.STREAMING: (_DELIVERED, _mixed),
}


def _greedy(subject: Subject) -> tuple[StrategyPlan, None]:
    """Place as TensorFlow Lite Micro does: every size rounded up, nothing in place."""
    cover = Cover(tuple(layered(subject.layout, 0, len(subject.layout.blocks))))
    staged = staged_lives(subject.network, subject.layout, cover)
    apart = staged._replace(lives=staged.lives._replace(tensors=tuple(life._replace(in_place_of=None) for life in staged.lives.tensors)))
    lives = apart.lives
    buffers = [PlannedBuffer(life.name, int(life.size_bytes), max(life.made, 0), life.last) for life in lives.tensors]
    plan = planned_pieces(MemoryStrategy.GREEDY, subject, cover, apart, blocks_of(lives, with_input=True), place_greedily(buffers))
    bound = lower_bound(lives, in_place=False, with_input=True)
    return plan.model_copy(update={"bound_bytes": bound}), None


def _climbing(subject: Subject) -> tuple[StrategyPlan, None]:
    """Climb from the best of a portfolio."""
    cover = Cover(tuple(layered(subject.layout, 0, len(subject.layout.blocks))))
    return _climbed(MemoryStrategy.HILL_CLIMBING, subject, cover), None


def _climbed(strategy: MemoryStrategy, subject: Subject, cover: Cover) -> StrategyPlan:
    staged, blocks, sizes, bound = _to_place(subject, cover)
    return planned_pieces(strategy, subject, cover, staged, blocks, climbed(problem_of(blocks, sizes, bound)).offsets)


def _to_place(subject: Subject, cover: Cover) -> tuple[StagedLives, Sequence[Block], Sizes, int]:
    staged = staged_lives(subject.network, subject.layout, cover)
    blocks = blocks_of(staged.lives, with_input=True)
    return staged, blocks, sizes_of(staged.lives, blocks), int(lower_bound(staged.lives, in_place=True, with_input=True))


def _exact(subject: Subject) -> tuple[StrategyPlan, None]:
    """Search until proven."""
    cover = Cover(tuple(layered(subject.layout, 0, len(subject.layout.blocks))))
    staged, blocks, sizes, bound = _to_place(subject, cover)
    found = proven(staged.lives, blocks, sizes, bound)
    if found.reason is not None:
        return _refused(MemoryStrategy.EXACT, InputDelivery.WHOLE, found.reason), None
    plan = planned_pieces(MemoryStrategy.EXACT, subject, cover, staged, blocks, found.fitted.offsets)
    return plan.model_copy(update={"is_proven": found.is_proven}), None


def _overlapping(subject: Subject) -> tuple[StrategyPlan, None]:
    """Let results begin inside what they are made from."""
    strategy = MemoryStrategy.OVERLAPPING
    cover = Cover(tuple(layered(subject.layout, 0, len(subject.layout.blocks))))
    staged = staged_lives(subject.network, subject.layout, cover)
    lives = staged.lives._replace(tensors=tuple(life._replace(in_place_of=None) for life in staged.lives.tensors))
    overlaps = _overlaps(subject, lives)
    if not overlaps:
        return _refused(strategy, InputDelivery.WHOLE, "no layer's kernel lets its result begin inside what it is made from"), None
    blocks = blocks_of(lives, with_input=True)
    sizes = [int(life.size_bytes) for life in lives.tensors]
    spared = {lives.tensors[place].made: spared for place, spared in spared_bytes(overlaps, sizes).items()}
    alive = alive_by_step(lives, in_place=False, with_input=True)
    live = [sum(sizes[place] for place in places) - spared.get(stage, 0) for stage, places in enumerate(alive)]
    bound = max(live)
    problem = overlapped(problem_of(blocks, sizes_of(lives, blocks), bound), overlaps)
    plan = planned_pieces(strategy, subject, cover, staged._replace(lives=lives), blocks, climbed(problem).offsets)
    stages = tuple(stage.model_copy(update={"live_bytes": size}) for stage, size in zip(plan.stages, live, strict=True))
    return plan.model_copy(update={"bound_bytes": bound, "stages": stages}), None


def _overlaps(subject: Subject, lives: Lifetimes) -> list[Overlap]:
    """Which tensors may begin inside others: those whose only last reader makes them; never inside the network's input."""
    layout = subject.layout
    place = {life.name: at for at, life in enumerate(lives.tensors)}
    found = []
    for stage, step in enumerate(step for block in layout.blocks for step in block.steps):
        lead = lead_bytes(layout.steps[step], subject.network.tensor_bytes[step])
        for source in dict.fromkeys(layout.sources[step]):
            if lead is None or source < 0 or _stays(subject.network, source):
                continue
            if lives.tensors[place[layout.name(source)]].last == stage:
                found.append(Overlap(place[layout.name(source)], place[layout.name(step)], lead))
    return found


def _reordered(subject: Subject) -> tuple[StrategyPlan, Cover | None]:
    """Run the layers in the order that keeps the least alive."""
    if all(len(block.steps) == 1 for block in subject.layout.blocks):
        return _refused(MemoryStrategy.REORDERED, InputDelivery.WHOLE, "a chain has one order"), None
    running = [step for block in subject.layout.blocks for step in block.steps]
    at = {step: place for place, step in enumerate(running)}
    tensors = subject.lives.tensors
    found = best_order(
        OrderProblem(
            sizes=tuple(int(tensors[place + 1].size_bytes) for place in range(len(running))),
            reads=tuple(tuple(at[source] for source in subject.layout.sources[step] if source >= 0) for step in running),
            kept=frozenset(place for place, step in enumerate(running) if _stays(subject.network, step)),
            input_bytes=int(tensors[0].size_bytes),
            input_readers=frozenset(at[step] for step in running if -1 in subject.layout.sources[step]),
            given=frozenset(place for place, step in enumerate(running) if subject.layout.steps[step].operation.given),
        )
    )
    cover = Cover(tuple(Stage((running[place],)) for place in found.order))
    plan = _climbed(MemoryStrategy.REORDERED, subject, cover)
    return plan.model_copy(update={"order_is_proven": found.is_proven}), cover


def _stays(network: Network, step: int) -> bool:
    """Whether what a step makes is there to the end: under any of its names an output, or kept from run to run."""
    read = {source for each in network.steps for source in each.sources}
    return network.steps[step].operation.lasts or any(
        holder == step and (position not in read or network.steps[position].is_output)
        for position, holder in enumerate(holders_of(network.steps))
    )


def _refused(strategy: MemoryStrategy, delivery: InputDelivery, why: str) -> StrategyPlan:
    return StrategyPlan(strategy=strategy, reason=why, total_bytes=None, bound_bytes=None, with_input=True, delivery=delivery)


NETWORK_STRATEGIES: Final[dict[MemoryStrategy, NetworkStrategy]] = {
    **{MemoryStrategy(accounting.value): functools.partial(_accounted, accounting) for accounting in MemoryAccounting},
    MemoryStrategy.GREEDY: _greedy,
    MemoryStrategy.HILL_CLIMBING: _climbing,
    MemoryStrategy.EXACT: _exact,
    MemoryStrategy.OVERLAPPING: _overlapping,
    MemoryStrategy.REORDERED: _reordered,
    **{strategy: functools.partial(_covered, strategy, *parts) for strategy, parts in _COVERS.items()},
}
"""How each strategy plans."""
