"""The answer of `costmodel diff`: totals before and after, the layers that changed, and limits that do not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from costmodel.report.answer import Answer
from costmodel.report.cells import Cell
from costmodel.report.document import Block, Column, Content, Document, Paragraph, Remark, Remarks, Row, Section, Table
from costmodel.report.quantities import NONE, bytes_text, count_text, energy_text, share_text, time_text
from costmodel.report.sections.summary import decided_text, left_out_text
from costmodel.report.words.reason_words import reason_text
from costmodel.results.graphs.network_diff import FigureChange, LayerChange, NetworkDiff

_LABELS: Final[Mapping[str, str]] = {
    "parameters": "Parameters",
    "stored": "Stored weights",
    "macs": "Multiply-accumulates",
    "accesses": "Memory accesses",
    "ram": "RAM",
    "flash": "Flash",
    "energy": "Memory energy",
    "time": "Time",
    "tflm-arena": "TFLM arena, 32 bits",
}
_TEXTS: Final[Mapping[str, Callable[[float], str]]] = {
    "B": lambda value: bytes_text(int(value)),
    "pJ": energy_text,
    "s": time_text,
    "": lambda value: count_text(int(value)),
}
_TITLES: Final[Mapping[str, str]] = {
    "parameters": "Parameters",
    "stored": "Stored",
    "macs": "MACs",
    "accesses": "Accesses",
    "energy": "Energy",
    "time": "Time",
}


def diff_answer(found: NetworkDiff, checked: bool) -> Answer:
    """Return what changed from one network to another.

    Parameters
    ----------
    found : NetworkDiff
        The comparison.
    checked : bool
        Whether limits were asked for: whether they hold is then said.

    Returns
    -------
    Answer
        Limits first, then totals, then the layers that changed.
    """
    blocks: list[Block] = []
    if checked:
        blocks.append(Remarks(_verdicts(found)))
    blocks.append(_totals_table(found))
    unknown = [
        f"{_LABELS[total.figure]} is not known: {reason_text(total.reason)}."
        for total in found.totals
        if total.change is None and total.reason
    ]
    blocks += [Paragraph(text) for text in unknown]
    changed = [layer for layer in found.layers if layer.changed]
    blocks.append(Paragraph(_layers_text(found, len(changed))))
    if changed:
        blocks.append(_layers_table(found))
    title = f"{found.before} to {found.after} on {found.device}, {found.dataflow}"
    said = tuple(text for text in (left_out_text(found.left_out), decided_text(found.decided)) if text)
    return Answer(Document(title, said, (Section("diff", "", tuple(blocks)),), ""), found, _records(found))


def _verdicts(found: NetworkDiff) -> tuple[Remark, ...]:
    if not found.exceeded:
        return (Remark("holds", "verdict", "Nothing grows more than it may."),)
    return tuple(
        Remark(
            "exceeded",
            "fails",
            f"{_LABELS[limit.figure]}: {_TEXTS[limit.unit](limit.change)} more"
            + (f" ({share_text(limit.change_ratio)})" if limit.change_ratio is not None else ", from nothing")
            + f", allowed is {limit.limit}.",
        )
        for limit in found.exceeded
    )


def _text(unit: str, value: float | None) -> str:
    return NONE if value is None else _TEXTS[unit](value)


def _signed(figure: FigureChange) -> str:
    if figure.change is None:
        return NONE
    if not figure.change:
        return "="
    sign = "+" if figure.change > 0 else "-"
    return f"{sign}{_TEXTS[figure.unit](abs(figure.change))}"


def _share(figure: FigureChange) -> str:
    if not figure.change or figure.change_ratio is None:
        return ""
    return f"{'+' if figure.change > 0 else '-'}{share_text(abs(figure.change_ratio))}"


def _totals_table(found: NetworkDiff) -> Table:
    rows = tuple(Row(_total_cells(total, f"diff.totals.{place}")) for place, total in enumerate(found.totals))
    columns = (Column("Figure", number=False), *map(Column, ("Before", "After", "Change", "Share")), Column("Trust", number=False))
    return Table("", columns, rows)


def _total_cells(total: FigureChange, owner: str) -> tuple[Content, ...]:
    told = {
        "before": _text(total.unit, total.before),
        "after": _text(total.unit, total.after),
        "change": _signed(total),
        "change_ratio": _share(total),
    }
    return _LABELS[total.figure], *(Cell(text, figure=f"{owner}.{name}") for name, text in told.items()), total.trust.value


def _layers_text(found: NetworkDiff, changed: int) -> str:
    alike = len(found.layers) - changed
    if not changed:
        return f"No layer changed: {alike} alike."
    return f"{changed} of {len(found.layers)} layers changed; {alike} alike are left out."


def _name(layer: LayerChange) -> str:
    if layer.before is None or layer.after is None or layer.before == layer.after:
        return layer.after or layer.before or ""
    return f"{layer.before} > {layer.after}"


def _layers_table(found: NetworkDiff) -> Table:
    changed = [(place, layer) for place, layer in enumerate(found.layers) if layer.changed]
    shown = [name for name in _TITLES if any(figure.figure == name and figure.changed for _, layer in changed for figure in layer.figures)]
    columns = (Column("Layer", number=False), Column("Kind", number=False), Column("Found", number=False))
    rows = []
    for place, layer in changed:
        by_name = {figure.figure: (f"diff.layers.{place}.figures.{at}", figure) for at, figure in enumerate(layer.figures)}
        cells = tuple(_layer_cell(layer, *by_name[name]) for name in shown)
        rows.append(Row((_name(layer), layer.kind, {"name": "by name", "structure": "by structure"}.get(layer.match, layer.match), *cells)))
    return Table("Layers that changed", (*columns, *(Column(_TITLES[name]) for name in shown)), tuple(rows))


def _layer_cell(layer: LayerChange, owner: str, figure: FigureChange) -> Cell:
    """What is added or removed counts whole; what stays, by its change."""
    if layer.match == "added":
        return Cell(f"+{_text(figure.unit, figure.after)}" if figure.after else "", figure=f"{owner}.after")
    if layer.match == "removed":
        return Cell(f"-{_text(figure.unit, figure.before)}" if figure.before else "", figure=f"{owner}.before")
    return Cell(_signed(figure), figure=f"{owner}.change")


def _records(found: NetworkDiff) -> Table:
    """Every figure of the whole and of each layer, one a row."""
    titles = ("layer before", "layer after", "kind", "match", "figure", "unit", "before", "after", "change")
    columns = tuple(Column(title) for title in titles)
    rows = [Row(("", "", "network", "", total.figure, total.unit, total.before, total.after, total.change)) for total in found.totals]
    rows += [
        Row((layer.before or "", layer.after or "", layer.kind, layer.match, one.figure, one.unit, one.before, one.after, one.change))
        for layer in found.layers
        for one in layer.figures
    ]
    return Table("", columns, tuple(rows))
