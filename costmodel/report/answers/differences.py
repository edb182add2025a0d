"""The answer of `costmodel diff`: totals before and after, the layers that changed, and limits that do not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from costmodel import __version__
from costmodel.report.answer import Answer
from costmodel.report.answers.side_by_side import Sides, answer_of_sides, side_names, side_sections
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Block, Column, Content, Document, Paragraph, Remark, Remarks, Row, Section, Table
from costmodel.report.quantities import share_text
from costmodel.report.sections.summary import convention_text, decided_text, left_out_text
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
    "tflm-arena": "TFLM arena, reference kernels",
}
_FORMS: Final[Mapping[str, Form]] = {"B": Form.BYTES, "pJ": Form.ENERGY, "s": Form.TIME, "": Form.COUNT}
_TOLD_FIRST: Final = ("ram", "flash", "time")
"""Totals that stand among the key figures where both sides have an outlook."""
_TITLES: Final[Mapping[str, str]] = {
    "parameters": "Parameters",
    "stored": "Stored",
    "macs": "MACs",
    "accesses": "Accesses",
    "energy": "Energy",
    "time": "Time",
}


def diff_answer(found: NetworkDiff, checked: bool, sides: Sides | None = None) -> Answer:
    """Return what changed from one network or scenario to another.

    Parameters
    ----------
    found : NetworkDiff
        The comparison.
    checked : bool
        Whether limits were asked for: whether they hold is then said.
    sides : tuple of ComparedSide, optional
        Both answers: key figures stand side by side first, and where they hold lives, layers, buffers and battery life last.

    Returns
    -------
    Answer
        Limits first, then totals, then the layers that changed.
    """
    limits: tuple[Block, ...] = (Remarks(_verdicts(found)),) if checked else ()
    first = () if sides is None else answer_of_sides(sides, found)
    shown = [(place, total) for place, total in enumerate(found.totals) if sides is None or total.figure not in _TOLD_FIRST]
    unknown = [
        f"{_LABELS[total.figure]} is not known: {reason_text(total.reason)}." for _, total in shown if total.change is None and total.reason
    ]
    changed = [layer for layer in found.layers if layer.changed]
    layers: list[Block] = [Paragraph(_layers_text(found, len(changed)))]
    if changed:
        layers.append(_layers_table(found))
    totals: tuple[Block, ...] = (_totals_table(shown, sides), *map(Paragraph, unknown))
    title, said = (
        _title(found),
        tuple(text for text in (left_out_text(found.left_out), decided_text(found.decided), *_conventions(sides)) if text),
    )
    if sides is None or any(side.lives is None for side in sides if side.outlook.life is not None):
        document = Document(title, said, (Section("diff", "", (*limits, *first, *totals, *layers)),), "")
        return Answer(document, found, _records(found))
    sections = (Section("totals", "Totals", totals), Section("layers", "Layers", tuple(layers)), *side_sections(sides, found))
    return Answer(Document(title, said, sections, f"costmodel {__version__}.", (*limits, *first)), found, _records(found))


def _title(found: NetworkDiff) -> str:
    before = (found.before, found.device_before or found.device, found.dataflow_before or found.dataflow)
    after = (found.after, found.device, found.dataflow)
    if before[1:] == after[1:]:
        return f"{found.before} to {found.after} on {found.device}, {found.dataflow}"
    return " to ".join(f"{network} on {device}, {dataflow}" for network, device, dataflow in (before, after))


def _conventions(sides: Sides | None) -> tuple[str, ...]:
    """How each side is counted, where that is not the same."""
    if sides is None:
        return ()
    told = [convention_text(side.evaluation) for side in sides]
    if told[0] == told[1]:
        return ()
    names = side_names(sides)
    return tuple(f"{name} is counted with {text}." for name, text in zip(names, told, strict=True))


def _verdicts(found: NetworkDiff) -> tuple[Remark, ...]:
    if not found.exceeded:
        return (Remark("holds", "verdict", "Nothing grows more than it may."),)
    return tuple(
        Remark(
            "exceeded",
            "fails",
            f"{_LABELS[limit.figure]}: {Cell(limit.change, _FORMS[limit.unit]).text} more"
            + (f" ({share_text(limit.change_ratio)})" if limit.change_ratio is not None else ", from nothing")
            + f", allowed is {limit.limit}.",
        )
        for limit in found.exceeded
    )


def _totals_table(totals: Sequence[tuple[int, FigureChange]], sides: Sides | None) -> Table:
    names = ("Before", "After") if sides is None else side_names(sides)
    columns = (Column("Figure", number=False), *map(Column, (*names, "Change", "Share")), Column("Trust", number=False))
    return Table("Counts and bytes", columns, tuple(Row(_total_cells(total, f"diff.totals.{place}")) for place, total in totals))


def _total_cells(total: FigureChange, owner: str) -> tuple[Content, ...]:
    form = _FORMS[total.unit]
    share = total.change_ratio if total.change else None
    return (
        _LABELS[total.figure],
        Cell(total.before, form, f"{owner}.before"),
        Cell(total.after, form, f"{owner}.after"),
        Cell(total.change, form, f"{owner}.change", change=True),
        "" if share is None else Cell(share, Form.SHARE, f"{owner}.change_ratio", change=True),
        total.trust.value,
    )


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
    return Table("Layers that changed", (*columns, *(Column(_TITLES[name]) for name in shown)), tuple(rows), of_layers=True)


def _layer_cell(layer: LayerChange, owner: str, figure: FigureChange) -> Content:
    """What is added or removed counts whole; what stays, by its change."""
    form = _FORMS[figure.unit]
    if layer.match == "added":
        return Cell(figure.after, form, f"{owner}.after", change=True) if figure.after else ""
    if layer.match == "removed":
        return Cell(f"-{Cell(figure.before, form).text}", figure=f"{owner}.before") if figure.before else ""
    return Cell(figure.change, form, f"{owner}.change", change=True)


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
