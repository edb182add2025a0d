"""From a figure to the constants it rests on: the composition is run once with a tape, then the tape is walked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from costmodel.errors import MissingError, UnknownNameError
from costmodel.evaluation.calibrating import calibrate
from costmodel.evaluation.composition import cost
from costmodel.evaluation.design import design_of
from costmodel.evaluation.figures import Figure, figures_of
from costmodel.provenance import Origin, Record, origin_of, recording
from costmodel.results.explanation import Explanation
from costmodel.specs.counting import Dataflow
from costmodel.specs.scenario import Scenario

LARGE: Final = 1e5
"""Floats from here on are shown to the unit."""
EXACT_FLOATS: Final = 2.0**53
"""Beyond this a float no longer tells neighbouring whole numbers apart."""


def recorded_figures(scenario: Scenario, dataflow: Dataflow) -> dict[str, Figure]:
    """Return every figure of a scenario, each remembering the formulas and inputs it was made from.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    dataflow : Dataflow
        One of its dataflows.

    Returns
    -------
    dict of str to Figure
        By dotted name.
    """
    with recording():
        return figures_of(cost(design_of(scenario, dataflow, calibrate(scenario, dataflow).rates)))


def explain(scenario: Scenario, figure: str, dataflow: Dataflow | None = None) -> Explanation:
    """Explain one figure.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    figure : str
        Dotted name, for example `conv2.energy`.
    dataflow : Dataflow, optional
        Left out, the scenario's first.

    Returns
    -------
    Explanation
        A tree that ends in constants with their sources.

    Raises
    ------
    UnknownNameError
        If there is no such figure; offers the nearest.
    MissingError
        If the figure cannot be told for this scenario.
    """
    figures = recorded_figures(scenario, dataflow or scenario.dataflows[0])
    if figure not in figures:
        raise UnknownNameError("figure", figure, figures, "a figure of this scenario")
    found = figures[figure]
    if found.value is None:
        raise MissingError(f"{figure}: cannot be told for scenario {scenario.name!r} with {(dataflow or scenario.dataflows[0]).value}")
    return explanation_of(figure, found, figures)


def explanation_of(name: str, figure: Figure, figures: Mapping[str, Figure]) -> Explanation:
    """Walk a recorded figure down to its constants; `figures` lends names to the steps on the way."""
    names = {
        (id(origin.record), origin.part): known
        for known, other in figures.items()
        if (origin := origin_of(other.value)) is not None and origin.record is not None
    }
    return _explain(name, figure.meaning, figure.value, figure.unit, names)


def _explain(name: str, meaning: str, value: Any, unit: str, names: Mapping[tuple[int, str | None], str]) -> Explanation:
    origin = origin_of(value)
    if origin is None or origin.record is None:
        label = origin.name if origin is not None else name
        source = origin.source if origin is not None else ""
        return Explanation(name=label, meaning=meaning, value=_plain(value), unit=unit, equation="", substituted="", source=source)
    record = origin.record
    equation = record.formula.equation_of(origin.part)
    used = _used(record, equation)
    return Explanation(
        name=names.get((id(record), origin.part), name),
        meaning=meaning,
        value=_plain(value),
        unit=unit or record.formula.unit,
        equation=equation,
        substituted=_substituted(equation, used),
        source=record.formula.source,
        inputs=tuple(_input(record, symbol, found, names) for symbol, found in used.items()),
    )


def substituted_equation(origin: Origin) -> str:
    """Return the right-hand side of the equation a number came from, with the numbers put in.

    Parameters
    ----------
    origin : Origin
        Of a recorded number.

    Returns
    -------
    str
        Empty for a leaf, and where the inputs are lists that no symbol stands for.
    """
    if origin.record is None:
        return ""
    equation = origin.record.formula.equation_of(origin.part)
    return _substituted(equation, _used(origin.record, equation))


def _used(record: Record, equation: str) -> dict[str, Any]:
    """The symbols an equation mentions, with their values."""
    return {symbol: found for symbol, found in _spread(record).items() if _stands_in(symbol, equation) or "[" in symbol}


def _input(record: Record, symbol: str, value: Any, names: Mapping[tuple[int, str | None], str]) -> Explanation:
    meaning = record.formula.symbols.get(symbol.partition("[")[0], "")
    unit = re.search(r"\[([^\]]*)\]$", meaning)
    return _explain(symbol, meaning, value, unit.group(1) if unit else "", names)


def _spread(record: Record) -> dict[str, Any]:
    """Symbols of a record, a sequence spread into its non-zero members."""
    spread: dict[str, Any] = {}
    for symbol, value in record.symbols.items():
        if isinstance(value, list | tuple):
            spread |= {f"{symbol}[{place}]": part for place, part in enumerate(value) if part}
        else:
            spread[symbol] = value
    return spread


def _stands_in(symbol: str, equation: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(symbol)}(?![A-Za-z0-9_])", equation) is not None


def _substituted(equation: str, used: Mapping[str, Any]) -> str:
    """The right-hand side with each symbol replaced by its number."""
    left, equals, right = equation.partition(" = ")
    if any("[" in symbol for symbol in used):
        return " + ".join(number_text(value) for value in used.values()) if left == "total" else ""
    body = right if equals else left
    pattern = "|".join(sorted((re.escape(symbol) for symbol in used), key=len, reverse=True))
    if not pattern:
        return body
    return re.sub(rf"(?<![A-Za-z0-9_])(?:{pattern})(?![A-Za-z0-9_])", lambda found: number_text(used[found.group(0)]), body)


def number_text(value: object) -> str:
    """Return a number as people read it: thousands separated, floats to six significant digits or to the unit."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or LARGE <= abs(value) < EXACT_FLOATS:
        return f"{round(value):,}"
    return f"{float(value):.6g}"


def _plain(value: Any) -> int | float | str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, float) else str(value)
