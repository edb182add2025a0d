"""The ledger: every published figure beside what is computed, with its formula and source."""

from __future__ import annotations

from costmodel.errors import UnknownNameError
from costmodel.evaluation.explained.equation_numbers import number_text
from costmodel.evaluation.explained.explaining import substituted_equation
from costmodel.provenance import formula, noted, origin_of, recording
from costmodel.results.runs.ledger import Ledger, LedgerRow, RowKind, Status
from costmodel.results.totals import difference_of
from costmodel.sources.catalogue import load_packaged
from costmodel.validation.ledger.computed import Computed
from costmodel.validation.ledger.deck import Deck
from costmodel.validation.ledger.deck_figures import DECK_FIGURES
from costmodel.validation.ledger.published_figures import PublishedFigure, PublishedFigures, judge, printed_number

LEDGER = "esp32-deck"
"""Packaged published figures."""


@formula(
    id="ledger.published_unit",
    equation="v = x*k",
    symbols={
        "v": "what is computed, in the unit that was published",
        "x": "what is computed",
        "k": "units to a unit [1]",
    },
    unit="the parts'",
    source="definition: conversion of units",
)
def published_value(x: float, k: float) -> float:
    """Return what is computed in the unit that was published."""
    return x * k


def reckon(deck: Deck | None = None) -> Ledger:
    """Compute every figure of the deck and hold it against what was published.

    Parameters
    ----------
    deck : Deck, optional
        What to compute from; left out, the packaged scenario.

    Returns
    -------
    Ledger
        One row a published figure or one that follows from several, in the deck's order.
    """
    published = load_packaged("ledgers", LEDGER, PublishedFigures)
    with recording():
        source = Deck() if deck is None else deck
        rows = tuple(_row(figure, source) for figure in published.rows)
    return Ledger(name=published.name, source=published.source, rows=rows)


def _row(figure: PublishedFigure, deck: Deck) -> LedgerRow:
    if figure.kind in (RowKind.NEEDS_DATA, RowKind.CANNOT_BE_DERIVED):
        return _finished(figure, None)
    if figure.id not in DECK_FIGURES:
        raise UnknownNameError("ledger row", figure.id, DECK_FIGURES, "computed")
    return _finished(figure, DECK_FIGURES[figure.id](deck))


def _finished(figure: PublishedFigure, computed: Computed | None) -> LedgerRow:
    value = None if computed is None else _in_published_unit(computed)
    parts = None if computed is None else computed.from_rounded_parts
    between = None if computed is None else computed.between
    status = judge(figure.kind, figure.printed, value, parts, between)
    comparable = value is not None and figure.published is not None and figure.computed_unit is None
    equation, source = ("", "") if computed is None else _provenance(computed)
    return LedgerRow(
        id=figure.id,
        slide=figure.slide,
        figure=figure.figure,
        published=figure.published,
        unit=figure.unit,
        computed=value,
        computed_unit=figure.computed_unit or figure.unit,
        from_rounded_parts=parts if status is Status.ROUNDED_PARTS else None,
        difference=difference_of(
            value, noted(float(printed_number(figure.printed)), "published", f"kornak2025deck: slide '{figure.slide}'")
        )
        if comparable
        else None,
        status=status,
        formula=equation,
        source=source,
        why=_why(figure, computed),
    )


def _difference(value: float | None, figure: PublishedFigure) -> float:
    printed = noted(float(printed_number(figure.printed)), "published", f"kornak2025deck: slide '{figure.slide}'")
    difference: float = difference_of(value, printed)
    return difference


def _why(figure: PublishedFigure, computed: Computed | None) -> str:
    if computed is None or computed.seeds is None:
        return figure.why
    low, high = computed.seeds
    return f"{figure.why}; its seeds lie from {low:.4g} to {high:.4g} {figure.unit}"


def _in_published_unit(computed: Computed) -> int | float:
    found: int | float = computed.value if computed.scale == 1 else published_value(computed.value, computed.scale)
    return found


def _provenance(computed: Computed) -> tuple[str, str]:
    """The formula a value came from with the numbers put in, and the sources it rests on."""
    origin = origin_of(computed.value)
    if origin is None:
        return "", ""
    if origin.record is None:
        return f"{origin.name} = {number_text(computed.value)}", origin.source
    equation = origin.record.formula.equation_of(origin.part)
    numbers = substituted_equation(origin)
    return f"{equation} = {numbers}" if numbers else equation, origin.record.formula.source
