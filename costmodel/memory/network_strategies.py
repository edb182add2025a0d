"""Every strategy behind one protocol: a network in, what it takes and where every piece lies out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from costmodel.memory.lifetimes import Lifetimes, lifetimes_of
from costmodel.memory.placement import blocks_of, place_blocks, sizes_of
from costmodel.memory.planning import plan_memory
from costmodel.memory.strategies import COUNTS_INPUT, alive_by_step, lower_bound
from costmodel.memory.streaming.blocks import Layout, layout_of
from costmodel.memory.streaming.covers import BANDS, PIXELS, ROWS, RUNNING, WINDOWS, Cover, fused, mixed, streamed
from costmodel.memory.streaming.staged_lives import StagedLives, staged_lives
from costmodel.results.storage.strategy_plan import PlannedPiece, PlannedStage, StrategyPlan
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.schedule import ScheduleName, schedule_of
from costmodel.specs.shapes import element_count
from costmodel.specs.stages import Grain, InputDelivery, Stage
from costmodel.specs.strategy import MemoryStrategy


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
    schedule = schedule_of(ScheduleName.LAYER_BY_LAYER, network.steps)
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
        first, last = min(life.made for life in tenants), max(life.last for life in tenants)
        if accounting not in (MemoryAccounting.PEAK_LIVE, MemoryAccounting.ARENA_IN_PLACE):
            first, last = -1, len(subject.lives.steps) - 1
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
        plan = StrategyPlan(strategy=strategy, reason=cover, total_bytes=None, bound_bytes=None, with_input=True, delivery=delivery)
        return plan, None
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
    lives = staged.lives
    blocks = blocks_of(lives, with_input=True)
    bound = lower_bound(lives, in_place=True, with_input=True)
    placed = place_blocks(blocks, sizes_of(lives, blocks), bound)
    offsets = {place: int(offset) for block, offset in zip(blocks, placed.offsets, strict=False) for place in block.tensors}
    alive = alive_by_step(lives, in_place=True, with_input=True)
    return StrategyPlan(
        strategy=strategy,
        total_bytes=int(placed.height_bytes) if blocks else 0,
        bound_bytes=int(bound),
        with_input=staged.has_input,
        delivery=cover.delivery,
        stages=tuple(
            PlannedStage(
                layers=names,
                grain=stage.grain,
                scattered=tuple(subject.layout.name(step) for step in sorted(stage.scattered)),
                strip_count=max(1, len(stage.strips)),
                live_bytes=sum(int(lives.tensors[place].size_bytes) for place in places),
            )
            for stage, names, places in zip(cover.stages, lives.stages, alive, strict=True)
        ),
        pieces=_pieces(staged, offsets),
    )


def _pieces(staged: StagedLives, offsets: dict[int, int]) -> tuple[PlannedPiece, ...]:
    return tuple(
        PlannedPiece(
            name=life.name,
            role="tensor" if held is None else held.role.value,
            size_bytes=int(life.size_bytes),
            element_bytes=int(life.element_bytes),
            unit_count=None if held is None else held.unit_count,
            first_stage=life.made,
            last_stage=life.last,
            offset_bytes=offsets.get(place),
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

NETWORK_STRATEGIES: Final[dict[MemoryStrategy, NetworkStrategy]] = {
    **{MemoryStrategy(accounting.value): functools.partial(_accounted, accounting) for accounting in MemoryAccounting},
    **{strategy: functools.partial(_covered, strategy, *parts) for strategy, parts in _COVERS.items()},
}
"""How each strategy plans."""
