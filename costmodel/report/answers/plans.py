"""A network under every memory strategy: one table, and where every piece of one plan lies."""

from __future__ import annotations

import string
from typing import Final

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell, Form
from costmodel.report.charts import HUES, BufferBar, LimitLine, MemoryTimeline, hues_of
from costmodel.report.document import Block, Content, Illustration, Paragraph, Table, plain_table
from costmodel.report.quantities import energy_scale, share_text
from costmodel.report.sections.schedule import DELIVERIES
from costmodel.report.words.json_words import worded
from costmodel.report.words.reason_words import reason_text
from costmodel.results.storage.strategy_plan import PlanComparison, PlannedPiece, StrategyPlan
from costmodel.specs.running.strategy import MemoryStrategy
from costmodel.units import BYTES_PER_KIB

LETTERS: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits
"""Names of pieces in a sketch, used again from the first where there are more pieces."""
SKETCH_ROWS: Final = 16
"""Rows of a sketch."""
SKETCH_COLUMNS: Final = 60
"""Most columns of a sketch: of more stages, several share one."""

_NO_TIMES: Final = " Times of this project's own firmware are unknown: no calibration holds for this device and network."

WORDS: Final = {
    MemoryStrategy.SUM: "every tensor in a buffer of its own",
    MemoryStrategy.PEAK_LIVE: "malloc and free per layer",
    MemoryStrategy.PING_PONG: "two buffers in turn",
    MemoryStrategy.STATIC_IN_PLACE: "static buffers, poolings in place",
    MemoryStrategy.ARENA_IN_PLACE: "one arena, poolings in place",
    MemoryStrategy.GREEDY: "one arena as TensorFlow Lite Micro plans it",
    MemoryStrategy.HILL_CLIMBING: "one arena, climbing from the best of 14 orders",
    MemoryStrategy.EXACT: "one arena, searched until proven",
    MemoryStrategy.OVERLAPPING: "one arena, results over inputs that are done with",
    MemoryStrategy.REORDERED: "layers in the order that keeps least alive",
    MemoryStrategy.FUSED_BANDS: "convolution and pooling over a band of its rows",
    MemoryStrategy.FUSED_ROWS: "convolution row by row into the pooling's result",
    MemoryStrategy.FUSED_WINDOWS: "convolution and pooling, window by window",
    MemoryStrategy.FUSED_MEANS: "the same with the mean behind it",
    MemoryStrategy.ROW_STREAMING: "rings of rows through the network",
    MemoryStrategy.PIXEL_STREAMING: "rings of pixels through the network",
    MemoryStrategy.PIXEL_STREAMING_FLASH: "the same, its input read in flash",
    MemoryStrategy.STRIPS_2: "the same in 2 vertical strips",
    MemoryStrategy.STRIPS_4: "the same in 4 vertical strips",
    MemoryStrategy.STRIPS_8: "the same in 8 vertical strips",
    MemoryStrategy.STREAMING: "streams and single layers, cut where that takes least",
}
"""What each strategy does, in a few words."""


def plans_answer(comparison: PlanComparison, shown: StrategyPlan | None) -> Answer:
    """Return every strategy in one table, and one plan piece by piece.

    Parameters
    ----------
    comparison : PlanComparison
        What was found.
    shown : StrategyPlan or None
        The plan that is drawn; None where none applies.

    Returns
    -------
    Answer
        For programs, the comparison.
    """
    table = _strategies_table(comparison)
    blocks: list[Block] = [table, Paragraph(_recommendation(comparison))]
    reasons = [(plan.strategy.value, plan.reason) for plan in comparison.plans if plan.reason is not None]
    if reasons:
        blocks.append(plain_table("Strategies that do not apply", ("strategy", "why"), reasons))
    failing = [
        (
            plan.strategy.value,
            failure.name,
            *(
                Cell(getattr(failure, field), figure=f"{_own(plan)}.replay.failure.{field}")
                for field in ("size_bytes", "searched_bytes", "largest_bytes")
            ),
            failure.largest_region,
            plan.replay.remedy,
        )
        for plan in comparison.plans
        if plan.replay is not None and (failure := plan.replay.failure) is not None
    ]
    if failing:
        titles = ("strategy", "block that fails", "asked B", "malloc looks for B", "largest free B", "in", "what would make it fit")
        blocks.append(plain_table("What the heap does not hold", titles, failing))
    if shown is not None and shown.pieces:
        blocks += [_stages_table(shown), _pieces_table(shown), *_sketch(shown), _picture(comparison, shown)]
    return answer_of(blocks, {"schema_version": 1, **worded(comparison), **_derived(comparison)}, table, comparison)


def _own(plan: StrategyPlan) -> str:
    """What the names of a plan's figures begin with."""
    return f"plan.plans.{plan.strategy.value}"


def _derived(comparison: PlanComparison) -> dict[str, object]:
    """What follows from the plans, for programs that would rather not compute it."""
    return {
        "optimal": {plan.strategy.value: plan.is_optimal for plan in comparison.plans},
        "bound_ratio": {plan.strategy.value: plan.bound_ratio for plan in comparison.plans},
    }


def _strategies_table(comparison: PlanComparison) -> Table:
    rows: list[tuple[Content, ...]] = []
    scale = energy_scale(plan.memory_pj or 0.0 for plan in comparison.plans)
    timed = any(plan.duration_s is not None for plan in comparison.plans)
    for plan in comparison.plans:
        if plan.total_bytes is None:
            continue
        own = f"{_own(plan)}."
        rows.append(
            (
                plan.strategy.value,
                WORDS[plan.strategy],
                Cell(plan.total_bytes, figure=f"{own}total_bytes"),
                Cell(plan.bound_ratio, Form.TIMES, f"{own}bound_ratio") if plan.bound_ratio is not None else None,
                _optimal(plan),
                Cell(_signed_share(plan.extra_mac_nominal_ratio or 0.0), figure=f"{own}extra_mac_nominal_ratio"),
                Cell(_signed_share(plan.extra_access_ratio), figure=f"{own}extra_access_ratio"),
                Cell(plan.memory_pj, Form.ENERGY, f"{own}memory_pj", scale=scale),
                *([Cell(plan.duration_s, Form.TIME, f"{own}duration_s")] if timed else []),
                _fits(plan),
                Cell(plan.margin_bytes, figure=f"{own}margin_bytes"),
            )
        )
    titles = (
        "strategy",
        "how",
        "bytes",
        "of bound",
        "optimal",
        "extra MACs",
        "extra accesses",
        f"memory {scale.unit}",
        *(["time"] if timed else []),
        "fits",
        "margin B",
    )
    times = " Times are calibrated: rates of this device." if timed else _NO_TIMES
    note = (
        "Bytes, bounds and accesses are exact; accesses are single elements, output stationary. Extra multiply-accumulates are those of the"
        " streamed layers, padding processed like data. Memory energy is nominal; weights in flash are fetched again where those of layers"
        " that take turns do not fit the cache together. The margin is what the largest allocation leaves of what the heap gives for it."
        f"{times}"
    )
    return plain_table(f"{comparison.network} on {comparison.device}: what its tensors take", titles, rows, note)


def _optimal(plan: StrategyPlan) -> str:
    found = "yes" if plan.is_optimal else "not proven"
    return found if plan.order_is_proven in (None, True) else f"{found}; order: not proven"


def _signed_share(ratio: float) -> str:
    return "0" if ratio == 0 else f"{'+' if ratio > 0 else '-'}{share_text(abs(ratio))}"


def _fits(plan: StrategyPlan) -> str:
    return "unknown" if plan.replay is None else plan.replay.outcome.value


def _recommendation(comparison: PlanComparison) -> str:
    if comparison.recommended is None:
        return f"Recommended: none; {reason_text(comparison.basis)}."
    return f"Recommended: {comparison.recommended.value}; {reason_text(comparison.basis)}."


def _stages_table(plan: StrategyPlan) -> Table:
    rows: list[tuple[Content, ...]] = []
    for number, stage in enumerate(plan.stages, start=1):
        how = stage.grain.value if stage.strip_count == 1 else f"{stage.grain.value}, {stage.strip_count} strips"
        live = Cell(stage.live_bytes, figure=f"{_own(plan)}.stages.{number - 1}.live_bytes")
        rows.append((f"{number}", how, live, " ".join(stage.layers)))
    return plain_table(f"{plan.strategy.value}: stages", ("stage", "grain", "live B", "layers"), rows, f"{DELIVERIES[plan.delivery]}.")


def _pieces_table(plan: StrategyPlan) -> Table:
    rows: list[tuple[Content, ...]] = [
        (
            _letter(place),
            piece.name,
            _role(piece),
            Cell(piece.size_bytes, figure=f"{_own(plan)}.pieces.{piece.name}.size_bytes"),
            "malloc" if piece.offset_bytes is None else Cell(piece.offset_bytes, figure=f"{_own(plan)}.pieces.{piece.name}.offset_bytes"),
            f"{max(piece.first_stage, 0) + 1}",
            f"{max(piece.last_stage, 0) + 1}",
        )
        for place, piece in enumerate(plan.pieces)
    ]
    return plain_table(
        f"{plan.strategy.value}: where each piece lies", ("key", "piece", "role", "bytes", "offset B", "from stage", "to stage"), rows
    )


def _role(piece: PlannedPiece) -> str:
    return piece.role if piece.unit_count is None else f"{piece.role} of {piece.unit_count}"


def _letter(place: int) -> str:
    return LETTERS[place % len(LETTERS)]


def _sketch(plan: StrategyPlan) -> list[Table]:
    """The arena in letters: offsets upwards, stages to the right."""
    placed = [
        (place, piece, piece.offset_bytes, piece.end_bytes or 0)
        for place, piece in enumerate(plan.pieces)
        if piece.offset_bytes is not None
    ]
    top = max((end for _, _, _, end in placed), default=0)
    if not top:
        return []
    stages = len(plan.stages)
    wide = max(1, min(4, SKETCH_COLUMNS // max(stages, 1)))
    shown = range(0, stages, max(1, -(-stages // SKETCH_COLUMNS)))
    rows: list[tuple[Content, ...]] = []
    for row in reversed(range(SKETCH_ROWS)):
        low, high = row * top // SKETCH_ROWS, (row + 1) * top // SKETCH_ROWS
        line = ""
        for stage in shown:
            there = [
                (min(high, end) - max(low, offset), -place)
                for place, piece, offset, end in placed
                if max(piece.first_stage, 0) <= stage <= max(piece.last_stage, 0) and offset < max(high, low + 1) and end > low
            ]
            line += (_letter(-max(there)[1]) if there else ".") * wide
        rows.append((f"{low:,}", line))
    return [plain_table(f"{plan.strategy.value}: the arena over time", ("from B", "stages from left to right"), rows)]


def _picture(comparison: PlanComparison, plan: StrategyPlan) -> Illustration:
    stages = tuple(stage.layers[0] if len(stage.layers) == 1 else f"{stage.layers[0]} ..." for stage in plan.stages)
    bars = []
    hues = hues_of([piece.size_bytes for piece in plan.pieces])
    for piece, offset, hue in zip(plan.pieces, plan.stacked_bytes, hues, strict=True):
        bars.append(
            BufferBar(
                piece.name if piece.unit_count is None else f"{piece.name} ({piece.role})",
                max(piece.first_stage, 0),
                max(piece.last_stage, 0),
                piece.size_bytes / BYTES_PER_KIB,
                offset / BYTES_PER_KIB,
                hue,
                idle=False,
            )
        )
    limits = () if plan.total_bytes is None else (LimitLine(plan.total_bytes / BYTES_PER_KIB, f"{plan.total_bytes:,} B"),)
    chart = MemoryTimeline("Offset in the arena [KiB]", stages, tuple(bars), limits)
    what = f"{comparison.network} under {plan.strategy.value}: each piece of memory, at its offset, over the stages that need it"
    grey = " Grey: the smaller pieces." if len(bars) > HUES else ""
    return Illustration("plan", f"{what}.{grey}", f"{what}; {plan.total_bytes or 0:,} bytes in all.", chart)
