"""Two answers beside each other: verdicts, key figures, energy of the layers, buffers and battery life."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from costmodel.report.cells import Cell, Form
from costmodel.report.charts import BarPanel, BarSeries, CurveMark, LayerBars, LifeBand, LifeBands
from costmodel.report.document import Block, Column, Content, Illustration, Paragraph, Row, Section, Table, Verdict
from costmodel.report.first.answer import fit_verdict
from costmodel.report.first.life_words import life_words as tabled_words
from costmodel.report.quantities import NONE, energy_scale, every_text, life_scale, life_text
from costmodel.report.sections.energy import MOST_BARS
from costmodel.report.sections.memory import memory_section
from costmodel.report.sections.outlook import assumed_text, energy_words, life_note, life_words, time_words
from costmodel.results.graphs.compared_side import ComparedSide
from costmodel.results.graphs.network_diff import NetworkDiff
from costmodel.results.life_table import LifeTable, TabledLife
from costmodel.results.storage.memory_summary import MemorySummary
from costmodel.results.trust import Trust
from costmodel.units import S_PER_DAY, S_PER_HOUR, S_PER_MINUTE

Sides = tuple[ComparedSide, ComparedSide]
_COLORS = ("output-stationary", "row-stationary")
"""Of the first and the second side, as the palette names them."""
_TABLED_PERIODS_S = (S_PER_DAY, S_PER_HOUR, 10 * S_PER_MINUTE, S_PER_MINUTE, 10.0, 1.0)
"""Rates whose lives stand in a table."""


def side_names(sides: Sides) -> tuple[str, str]:
    """Return what tells two sides apart: network, then device, then scenario, or else their order."""
    evaluations = [side.evaluation for side in sides]
    for name in (
        lambda found: found.network,
        lambda found: f"{found.network} on {found.device}",
        lambda found: found.scenario,
    ):
        before, after = map(name, evaluations)
        if before != after:
            return before, after
    return f"{evaluations[0].network}, before", f"{evaluations[1].network}, after"


def answer_of_sides(sides: Sides, found: NetworkDiff) -> tuple[Block, ...]:
    """Return what is read first of two sides: whether each fits, and the key figures beside each other.

    Parameters
    ----------
    sides : tuple of ComparedSide
        Before and after.
    found : NetworkDiff
        What changed.

    Returns
    -------
    tuple of Block
        Two verdicts, a table, and what nobody said and was assumed.
    """
    names = side_names(sides)
    verdicts = [fit_verdict(side.evaluation, side.arena) for side in sides]
    told = [replace(verdict, text=f"{name}: {verdict.text}") for name, verdict in zip(names, verdicts, strict=True)]
    assumed = dict.fromkeys(text for side in sides if (text := assumed_text(side.outlook)))
    return (*told, _key_table(sides, found, names, verdicts), *(Paragraph(text) for text in assumed))


def _key_table(sides: Sides, found: NetworkDiff, names: tuple[str, str], verdicts: Sequence[Verdict]) -> Table:
    outlooks = [side.outlook for side in sides]
    times = [
        _told(time_words(outlook.time), at, "time", "duration_s", "low_s", outlook.time.duration_s, outlook.time.low_s)
        for at, outlook in enumerate(outlooks)
    ]
    energies = [
        energy_words(outlook)
        if (one := outlook.energy) is None
        else _told(energy_words(outlook), at, "energy", "energy_j", "energy_low_j", one.energy_j, one.energy_low_j)
        for at, outlook in enumerate(outlooks)
    ]
    tabled = [
        life_words(outlook)
        if (own := outlook.life) is None
        else _told(life_words(outlook), at, "life", "life_s", "life_low_s", own.life_s, own.life_low_s)
        for at, outlook in enumerate(outlooks)
    ]
    rows: list[tuple[Content, ...]] = [
        ("Fits", *(f"{verdict.symbol} {verdict.word}" for verdict in verdicts), "", Trust.EXACT.value),
        ("RAM", *_exact(found, "ram"), Trust.EXACT.value),
        ("Flash", *_exact(found, "flash"), Trust.EXACT.value),
        ("Time", *times, *_changed(found, 0, Form.TIME)),
        ("Energy", *energies, *_changed(found, 1, Form.JOULES)),
        ("Battery", *tabled, *_changed(found, 2, Form.LIFE)),
    ]
    columns = (Column("Figure", number=False), *map(Column, (*names, "Change")), Column("Trust", number=False))
    notes = [life_note(outlook) for outlook in outlooks]
    note = notes[0] if notes[0] == notes[1] else "; ".join(f"{name}: {text}" for name, text in zip(names, notes, strict=True) if text)
    return Table("Side by side", columns, tuple(map(Row, rows)), f"Battery: {note}." if note else "")


def _exact(found: NetworkDiff, figure: str) -> tuple[Content, ...]:
    place, total = next((place, total) for place, total in enumerate(found.totals) if total.figure == figure)
    owner = f"diff.totals.{place}"
    return (
        Cell(total.before, Form.BYTES, f"{owner}.before"),
        Cell(total.after, Form.BYTES, f"{owner}.after"),
        Cell(total.change, Form.BYTES, f"{owner}.change", change=True),
    )


def _changed(found: NetworkDiff, place: int, form: Form) -> tuple[Content, Content]:
    """How the points of a figure change, and how far to trust them: of a mere range there is no point."""
    one = found.outlook_changes[place]
    change = "" if one.change is None else Cell(one.change, form, f"diff.outlook_changes.{place}.change", change=True)
    return change, one.trust.value


def _told(words: str, at: int, part: str, middle: str, low: str, middle_value: float | None, low_value: float | None) -> Cell:
    """A figure in words with its interval, which `explain` knows by its middle, or where there is none by its low end."""
    owner = f"diff.outlooks.{at}.{part}"
    if middle_value is not None:
        return Cell(words, figure=f"{owner}.{middle}")
    return Cell(words, figure="" if low_value is None else f"{owner}.{low}")


def side_sections(sides: Sides, found: NetworkDiff) -> tuple[Section, ...]:
    """Return what is read after the figures: memory energy of the layers, buffers, and battery life, each of both sides.

    Parameters
    ----------
    sides : tuple of ComparedSide
        Before and after, with lives.
    found : NetworkDiff
        Which layers belong together.

    Returns
    -------
    tuple of Section
        A chart each, and a table for who cannot see it.
    """
    names = side_names(sides)
    energy = Section("energy", "Memory energy, layer by layer", (_layer_bars(found, names),))
    return (energy, _memory(sides, names), *_battery(sides, names))


def _layer_bars(found: NetworkDiff, names: tuple[str, str]) -> Illustration:
    """The layers that take most on either side, in running order; the others in words, for a bar of many beside bars of one misleads."""
    layers = found.layers
    energies = [next(figure for figure in layer.figures if figure.figure == "energy") for layer in layers]
    largest = sorted(range(len(layers)), key=lambda at: -max(float(energies[at].before or 0.0), float(energies[at].after or 0.0)))
    shown = sorted(largest[:MOST_BARS])
    told = [layers[at].after or layers[at].before or "" for at in shown]
    bars = [[float(getattr(energies[at], side) or 0.0) for at in shown] for side in ("before", "after")]
    scale = energy_scale(value for values in bars for value in values)
    series = tuple(
        BarSeries(name, color, tuple(map(scale.shown, values)), (0.0,) * len(values), tuple(map(scale.number, values)))
        for name, color, values in zip(names, _COLORS, bars, strict=True)
    )
    chart = LayerBars(tuple(told), (BarPanel(f"Dynamic energy [{scale.unit}]", series),), "", "")
    whole = next(total for total in found.totals if total.figure == "energy")
    said = "; ".join(f"{name} {scale.text(value)}" for name, value in zip(names, (whole.before, whole.after), strict=True))
    which = "each layer" if len(shown) == len(layers) else f"the {len(shown)} layers that take most on either side"
    caption = f"Dynamic energy of the memory of {which}. In all: {said}."
    return Illustration("energy_side_by_side", caption, f"{', '.join(told)}. {said}.", chart)


def _memory(sides: Sides, names: tuple[str, str]) -> Section:
    pictures: list[Block] = []
    for side, name, when in zip(sides, names, ("before", "after"), strict=True):
        blocks = memory_section(side.evaluation, side.scenario).blocks
        pictures += [
            replace(block, id=f"{block.id}_{when}", caption=f"{name}: {block.caption}", alternative=f"{name}: {block.alternative}")
            for block in blocks
            if isinstance(block, Illustration)
        ]
    memories = [side.evaluation.memory for side in sides]
    rows: tuple[tuple[Content, ...], ...] = (
        ("Accounting", *(memory.plan.accounting.value for memory in memories)),
        ("Tensor buffers", *(Cell(memory.plan.tensor_buffer_bytes, Form.BYTES) for memory in memories)),
        ("Scratch", *(Cell(memory.scratch_bytes, Form.BYTES) for memory in memories)),
        ("Weights", *(Cell(memory.weight_bytes, Form.BYTES) for memory in memories)),
        ("Input", *(Cell(memory.input_bytes, Form.BYTES) for memory in memories)),
        ("Largest free block before", *(Cell(_largest_free(memory), Form.BYTES) for memory in memories)),
    )
    columns = (Column("Memory", number=False), *map(Column, names))
    return Section("memory", "Memory", (Table("What the buffers take", columns, tuple(map(Row, rows))), *pictures))


def _largest_free(memory: MemorySummary) -> int | None:
    return None if memory.heap is None else memory.heap.largest_before_bytes


def _battery(sides: Sides, names: tuple[str, str]) -> tuple[Section, ...]:
    tables = [side.lives for side in sides]
    known = [(name, table) for name, table in zip(names, tables, strict=True) if table is not None]
    if not known:
        return ()
    rows = tuple(
        Row((every_text(period_s), *(NONE if table is None else _tabled(table, period_s) for table in tables)))
        for period_s in _TABLED_PERIODS_S
    )
    table = Table("Battery life by how often", (Column("Inferring", number=False), *map(Column, names)), rows)
    return (Section("battery", "Battery", (_bands(known), table)),)


def _asked(table: LifeTable) -> tuple[TabledLife | None, ...]:
    return table.lives[0][table.asked_rest]


def _tabled(table: LifeTable, period_s: float) -> str:
    lives = {every_text(each): life for each, life in zip(table.periods_s, _asked(table), strict=True)}
    return tabled_words(lives[every_text(period_s)]) if every_text(period_s) in lives else NONE


def _bands(known: Sequence[tuple[str, LifeTable]]) -> Illustration:
    asked = [table.lives[0][table.asked_rest][table.asked_period] for _, table in known]
    longest = max((value for life in asked if life is not None for value in (life.life_s, life.high_s) if value), default=S_PER_DAY)
    scale = life_scale(longest)

    def scaled(table: LifeTable, of: Callable[[TabledLife], float | None]) -> tuple[float | None, ...]:
        lives = [None if life is None else of(life) for life in _asked(table)]
        return tuple(None if value is None else scale.shown(value) for value in lives)

    bands = tuple(
        LifeBand(
            name,
            tuple(S_PER_HOUR / period_s for period_s in table.periods_s),
            scaled(table, lambda life: life.life_s),
            scaled(table, lambda life: life.low_s),
            scaled(table, lambda life: life.high_s),
        )
        for name, table in known
    )
    marks = []
    for (name, table), life in zip(known, asked, strict=True):
        if life is not None and life.life_s:
            period_s = table.periods_s[table.asked_period]
            text = f"{name}, {every_text(period_s)}: {life_text(life.life_s)}"
            marks.append(CurveMark(S_PER_HOUR / period_s, scale.shown(life.life_s), text))
    chart = LifeBands("Inferences an hour", f"Battery life [{scale.unit}]", bands, tuple(marks))
    said = " ".join(f"{mark.text}." for mark in marks) or "Only ranges are known."
    return Illustration("battery_side_by_side", "Battery life against the rate of inferences, with 95 % intervals.", said, chart)
