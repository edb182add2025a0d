"""A figure down to its constants: steps with their equations and the numbers put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Derivation, Paragraph, Step, plain_table
from costmodel.report.quantities import plain_text
from costmodel.results.conclusions.explanation import Explanation, ListedFigure
from costmodel.sources.shipped.bibliography import cited
from costmodel.units import S_PER_HOUR

_FORMS: Final[Mapping[str, Form]] = {"pJ": Form.ENERGY, "J": Form.JOULES, "W": Form.POWER}
_SILENT_UNITS: Final = frozenset({"", "1", "the parts'"})


def explanation_answer(explanation: Explanation, depth: int) -> Answer:
    """Return a figure with everything it was made of.

    Parameters
    ----------
    explanation : Explanation
        The figure.
    depth : int
        How many levels of it are shown.

    Returns
    -------
    Answer
        One derivation, and what the keys of its sources stand for; for programs, all of it.
    """
    publications = [Paragraph(f"{entry.key}: {entry.citation}") for entry in cited(_sources(explanation))]
    return answer_of([derivation_of(explanation, depth), *publications], explanation)


def _sources(node: Explanation) -> set[str]:
    found: set[str] = set()
    waiting, met = [node], {id(node)}
    while waiting:
        one = waiting.pop()
        found.add(one.source)
        # What many stand on is one and the same: it is looked at once.
        new = [part for part in one.inputs if id(part) not in met]
        met.update(map(id, new))
        waiting += new
    return found


def derivation_of(explanation: Explanation, depth: int, figure: str = "") -> Derivation:
    """Return a figure with some levels of what it was made of.

    Parameters
    ----------
    explanation : Explanation
        The figure.
    depth : int
        How many levels are shown.
    figure : str, optional
        The name a page finds it by.

    Returns
    -------
    Derivation
        What is met twice is told once.
    """
    return Derivation(_step(explanation, depth, set()), figure)


def figures_answer(figures: Mapping[str, ListedFigure], whose: str = "this scenario", example: str = "conv2.energy") -> Answer:
    """Return the figures there are to explain.

    Parameters
    ----------
    figures : mapping of str to ListedFigure
        By name.
    whose : str, optional
        What they are figures of.
    example : str, optional
        What to type after `costmodel explain`.

    Returns
    -------
    Answer
        Those that are not nothing for people, all for programs.
    """
    rows = [(name, Cell(figure.value, figure=name), figure.unit) for name, figure in figures.items() if figure.value]
    table = plain_table(f"Figures of {whose}", ("figure", "value", "unit"), rows)
    listed = {name: figure._asdict() for name, figure in figures.items()}
    return answer_of([table, Paragraph(f"Explain one: costmodel explain {example}")], listed)


def _step(node: Explanation, depth: int, seen: set[str]) -> Step:
    note, parts = "", node.inputs
    key = f"{node.name}|{node.value}|{node.substituted}"
    if parts and key in seen:
        note, parts = "as above", ()
    elif parts and depth <= 1:
        note, parts = "... (deeper with --depth)", ()
    seen.add(key)
    return Step(node.name, _value(node), _working(node), node.source, tuple(_step(part, depth - 1, seen) for part in parts), note)


def _value(node: Explanation) -> str:
    unit = "" if node.unit in _SILENT_UNITS else f" {node.unit}"
    return f"{plain_text(node.value)}{unit}{_everyday(node)}"


def _everyday(node: Explanation) -> str:
    """The same quantity in a unit of everyday size, where that reads better."""
    if isinstance(node.value, str) or not node.value:
        return ""
    form = _FORMS.get(node.unit)
    if node.unit == "s":
        form = Form.LIFE if node.value >= S_PER_HOUR else Form.TIME
    if form is None:
        return ""
    shown = Cell(node.value, form).text
    return "" if shown.split()[-1] == node.unit else f" ({shown})"


def _working(node: Explanation) -> str:
    return f"{node.equation}   i.e. {node.substituted}" if node.substituted else node.equation
