"""From a figure to the constants it rests on: the composition is run once with a tape, then the tape is walked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from costmodel.errors import MissingError, UnknownNameError
from costmodel.evaluation.evaluating import cost_of, evaluate
from costmodel.evaluation.explained.equation_numbers import symbols_of, with_numbers
from costmodel.evaluation.explained.result_figures import result_figures
from costmodel.evaluation.figures import Figure, figures_of
from costmodel.evaluation.storage.device_figures import device_figures
from costmodel.evaluation.timing.outlook import outlook_of
from costmodel.provenance import Origin, Record, origin_of, recording
from costmodel.results.base import origins_kept
from costmodel.results.conclusions.explanation import Explanation
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.usual_use import UsualUse
from costmodel.specs.running.mapping import Mapping as LayerMapping
from costmodel.specs.scenario import Scenario
from costmodel.units import unit_of

MOST_LEVELS: Final = 100
"""Most levels that are walked down: where the buffers of a network lie follows from one another, layer by layer."""
MOST_STEPS: Final = 100_000
"""Of an explanation with more steps no more than its first levels are told: a network of a thousand layers has millions."""
_LEVELS_OF_LARGE: Final = 3


def recorded_figures(scenario: Scenario, dataflow: LayerMapping | Dataflow, use: UsualUse | None = None) -> dict[str, Figure]:
    """Return every figure of a scenario, each remembering what it was made from: those of its cost, then what else its evaluation states.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    dataflow : LayerMapping or Dataflow
        One of its dataflows.
    use : UsualUse, optional
        What stands in for what the scenario does not say of its use; left out, time, energy and life of its outlook are left out.

    Returns
    -------
    dict of str to Figure
        By dotted name.
    """
    asked = with_changes(scenario, {"dataflows": (dataflow,)})
    with recording(), origins_kept():
        known = cost_of(asked, dataflow)
        figures = figures_of(known[1])
        answer = evaluate(asked, known=known)
        figures |= device_figures(asked, answer.memory)
        if use is not None:
            found = outlook_of(asked, answer, use)
            figures |= {f"outlook.{name}": figure for name, figure in result_figures(found).items()}
        return figures | result_figures(answer, figures)


def recorded_result(make: Callable[[], BaseModel | Mapping[str, Any]], owner: str) -> dict[str, Figure]:
    """Return the numbers of any other answer, each remembering what it was made from.

    Parameters
    ----------
    make : callable
        Makes the answer: that of a capture, of a battery, of memories compared.
    owner : str
        What their names begin with.

    Returns
    -------
    dict of str to Figure
        Named by the owner and the place in the answer's JSON: `trace.computational.mean`.
    """
    with recording(), origins_kept():
        return {f"{owner}.{name}": figure for name, figure in result_figures(make()).items()}


def explain(
    scenario: Scenario,
    figure: str,
    dataflow: LayerMapping | Dataflow | None = None,
    use: UsualUse | None = None,
    levels: int = MOST_LEVELS,
) -> Explanation:
    """Explain one figure.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    figure : str
        Dotted name, for example `conv2.energy`.
    dataflow : LayerMapping or Dataflow, optional
        Left out, the scenario's first.
    use : UsualUse, optional
        For figures of the outlook, `outlook.time.duration_s` and the like: what stands in for what the scenario does not say of its use.
    levels : int, optional
        How many are walked down.

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
    figures = recorded_figures(scenario, dataflow or scenario.dataflows[0], use)
    if figure not in figures:
        raise UnknownNameError("figure", figure, figures, "a figure of this scenario")
    found = figures[figure]
    if found.value is None:
        raise MissingError(f"{figure}: cannot be told for scenario {scenario.name!r} with {(dataflow or scenario.dataflows[0]).value}")
    return explanation_of(figure, found, figures, levels)


def explanation_of(name: str, figure: Figure, figures: Mapping[str, Figure], levels: int = MOST_LEVELS) -> Explanation:
    """Walk a recorded figure down to its constants, or so many levels of it; `figures` lends names to the steps on the way."""
    names: dict[tuple[int, str | None], str] = {}
    # One number may go by several names: what is explained keeps the one it was asked by, a step takes the first.
    for known, other in ((name, figure), *figures.items()):
        origin = origin_of(other.value)
        if origin is not None and origin.record is not None:
            names.setdefault((id(origin.record), origin.part), known)
    steps, deepest = _extent(figure.value)
    if steps <= MOST_STEPS:
        return _explain(name, figure.meaning, figure.value, figure.unit, _Walk(names, {}), min(levels, deepest, MOST_LEVELS))
    return _explain(name, figure.meaning, figure.value, figure.unit, _Walk(names, {}), min(levels, _LEVELS_OF_LARGE))


def _extent(value: Any) -> tuple[int, int]:
    """Return how many steps an explanation of a number has, told anew wherever others stand on them, and how many levels."""
    extents: dict[int, tuple[int, int]] = {}
    waiting = [value]
    while waiting:
        one = waiting[-1]
        parts = _parts(one)
        new = [part for part in parts if id(part) not in extents]
        if new:
            waiting += new
            continue
        waiting.pop()
        found = [extents[id(part)] for part in parts]
        extents[id(one)] = 1 + sum(steps for steps, _ in found), 1 + max((levels for _, levels in found), default=0)
    return extents[id(value)]


def _parts(value: Any) -> list[Any]:
    """What a number was made of, and that was made of something itself."""
    origin = origin_of(value)
    if origin is None or origin.record is None:
        return []
    symbols = origin.record.symbols.values()
    return [part for symbol in symbols for part in (symbol if isinstance(symbol, list | tuple) else (symbol,))]


class _Walk(NamedTuple):
    """What a walk from figure to constants knows on its way."""

    names: Mapping[tuple[int, str | None], str]
    met: dict[tuple[Any, ...], Explanation]
    """What was explained already: a figure that many others stand on is explained once."""


def _explain(name: str, meaning: str, value: Any, unit: str, walk: _Walk, levels: int) -> Explanation:
    origin = origin_of(value)
    if origin is None or origin.record is None:
        label = origin.name if origin is not None else name
        source = origin.source if origin is not None else ""
        return Explanation(name=label, meaning=meaning, value=_plain(value), unit=unit, equation="", substituted="", source=source)
    record = origin.record
    equation = record.formula.equation_of(origin.part)
    unit = unit or _own_unit(origin.part) or record.formula.unit
    key = (id(record), origin.part, name, meaning, unit, levels)
    known = walk.met.get(key)
    if known is None:
        known = walk.met[key] = Explanation(
            name=walk.names.get((id(record), origin.part), name),
            meaning=meaning,
            value=_plain(value),
            unit=unit,
            equation=equation,
            substituted=_substituted(record, equation),
            source=record.formula.source,
            inputs=tuple(_inputs(record, equation, unit, walk, levels - 1)) if levels > 1 else (),
        )
    return known


def _own_unit(part: str | None) -> str:
    """The unit a part of a formula's value ends in: of counts, the one that is bytes. Empty where it is a number of things."""
    unit = unit_of(part or "")
    return "" if unit is None or unit.symbol == "1" else unit.symbol


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
    return _substituted(origin.record, origin.record.formula.equation_of(origin.part))


def _inputs(record: Record, equation: str, unit: str, walk: _Walk, levels: int) -> Iterator[Explanation]:
    """Explain each number an equation stands on; of a list, those that are not nothing."""
    for symbol, value in record.symbols.items():
        if symbol not in symbols_of(equation) and not record.formula.proof:
            continue
        meaning = record.formula.symbols.get(symbol, "")
        stated = re.search(r"\[([^\]]*)\]$", meaning)
        # Parts without a unit of their own have that of the whole.
        own = stated.group(1) if stated else unit if record.formula.unit.startswith("the ") else ""
        if not isinstance(value, list | tuple):
            yield _explain(symbol, meaning, value, own, walk, levels)
            continue
        for place, part in enumerate(value):
            if part:
                yield _explain(f"{symbol.removesuffix('_i')}[{place}]", meaning, part, own, walk, levels)


def _substituted(record: Record, equation: str) -> str:
    """The equation with its numbers put in; nothing where the equation is solved for its value, not evaluated."""
    return "" if record.formula.proof else with_numbers(equation, record.symbols)


def _plain(value: Any) -> int | float | str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, float) else str(value)
