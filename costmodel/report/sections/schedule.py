"""Schedule: which layers run together, and what that saves in RAM and costs in accesses, energy and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Paragraph, Row, Section, Table
from costmodel.report.quantities import bytes_text, share_text
from costmodel.results.storage.schedule_cost import ScheduleCost, ScheduleFigures
from costmodel.specs.running.stages import InputDelivery

DELIVERIES: Final = {
    InputDelivery.WHOLE: "the input lies in the arena or beside it",
    InputDelivery.DELIVERED: "the input is delivered as the first stage asks for it",
    InputDelivery.FLASH: "the input is read in flash",
}
_UNSEEN: Final = 0.0005
"""A change that a tenth of a percent does not show."""


def schedule_section(found: ScheduleCost) -> Section:
    """Return a schedule beside layer by layer, and its stages.

    Parameters
    ----------
    found : ScheduleCost
        Both.

    Returns
    -------
    Section
        Words and two tables.
    """
    return Section("schedule", "Schedule", (Paragraph(schedule_text(found)), _comparison(found), _stages(found)))


def schedule_text(found: ScheduleCost) -> str:
    """Return in a sentence what a schedule saves and costs.

    Parameters
    ----------
    found : ScheduleCost
        With what it is held against.

    Returns
    -------
    str
        Shares are of the figures layer by layer.
    """
    own, alone = found.planned, found.layer_by_layer
    told = [f"accesses {_change(found.access_change_ratio)}", f"memory energy {_change(found.memory_change_ratio)}"]
    if found.latency_change_ratio is not None:
        told.append(f"time {_change(found.latency_change_ratio)}")
    return (
        f"{own.schedule.value} takes {bytes_text(own.buffer_bytes)} of buffers in place of {bytes_text(alone.buffer_bytes)}"
        f" layer by layer; {', '.join(told)}; {DELIVERIES[found.delivery]}. Layers that stream run output stationary."
    )


def _change(change: float) -> str:
    if abs(change) < _UNSEEN:
        return "as before" if change == 0 else "as before within 0.1 %"
    return f"{'+' if change > 0 else '-'}{share_text(abs(change))}"


def _comparison(found: ScheduleCost) -> Table:
    # What the scenario itself takes goes by the names it has without a comparison.
    alone = [f"schedule.layer_by_layer.{name}" for name in ("buffer_bytes", "mac_count", "access_count", "memory_pj", "latency_s")]
    own = ["memory.arena-in-place", "network.mac_count", "schedule.planned.access_count", "energy.memory", "latency.total"]
    rows = [_row(alone, found.layer_by_layer), _row(own, found.planned)]
    columns = (
        Column("Schedule", number=False),
        *(Column(title) for title in ("Buffers", "Multiply-accumulates", "Accesses", "Memory energy", "Time")),
    )
    note = (
        "Bytes and counts are exact. Accesses are of single elements; partial results of a pooling that streams are among them. Weights in"
        " flash are fetched again where those of layers that take turns do not fit the cache together. Times take a layer of a stage to"
        " last as long as alone."
    )
    return Table("Layers together, against layer by layer in one arena", columns, tuple(rows), note)


def _row(names: Sequence[str], figures: ScheduleFigures) -> Row:
    buffers, macs, accesses, energy, time = names
    return Row(
        (
            figures.schedule.value,
            Cell(figures.buffer_bytes, Form.EXACT_BYTES, buffers),
            Cell(figures.mac_count, Form.COUNT, macs),
            Cell(figures.access_count, Form.COUNT, accesses),
            Cell(figures.memory_pj, Form.ENERGY, energy),
            Cell(figures.latency_s, Form.TIME, time),
        )
    )


def _stages(found: ScheduleCost) -> Table:
    rows = tuple(
        Row(
            (
                str(number),
                stage.grain.value if stage.strip_count == 1 else f"{stage.grain.value}, {stage.strip_count} strips",
                Cell(stage.live_bytes, Form.EXACT_BYTES, f"schedule.stages.{number - 1}.live_bytes"),
                " ".join(stage.layers),
            )
        )
        for number, stage in enumerate(found.stages, start=1)
    )
    columns = (Column("Stage", number=False), Column("Grain", number=False), Column("Live", "B"), Column("Layers", number=False))
    return Table("Stages", columns, rows)
