"""The answer on one screen: does it fit, RAM, flash, time, energy, battery days, each with its trust, and the one next step."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Final, NamedTuple

from costmodel.report.first.answer import Asked, advice_words, answer_rows, explain_command, fit_verdict, next_step
from costmodel.report.quantities import energy_scale, share_text
from costmodel.report.sections.outlook import assumed_text
from costmodel.report.sections.schedule import schedule_text
from costmodel.report.sections.summary import decided_text, left_out_text
from costmodel.results.conclusions.advice import Advice
from costmodel.results.evaluation import DataflowEvaluation, Evaluation
from costmodel.results.timing.outlook import Outlook

WIDEST: Final = 80
MOST_ADVICE: Final = 3
MOST_LAYERS: Final = 3
BAR: Final = 20
LEAST_NOTE: Final = 22
"""Columns a note needs beside its value."""


_HELD: Final = "\u00a0"
_NUMBER_AND_UNIT: Final = re.compile(r"\d (?:[pnµm]?[JsWA]|KiB|MiB|B|h|min|days|years|%)\b|\d %")


class Span(NamedTuple):
    """Some words, and a tone that a renderer may colour."""

    text: str
    tone: str = ""


Line = tuple[Span, ...]


def first_screen(asked: Asked, width: int = WIDEST) -> tuple[Line, ...]:
    """Return the first screen.

    Parameters
    ----------
    asked : Asked
        Evaluation, outlook, advice, and the command that asked.
    width : int, optional
        Columns; at most 80 are used.

    Returns
    -------
    tuple of tuple of Span
        One a line, none wider.
    """
    width = min(width, WIDEST)
    evaluation = asked.evaluation
    blocks = (
        _title(evaluation, width),
        _wrapped("AT LEAST  ", left_out_text(evaluation.left_out), width, "nearly", 2) if evaluation.at_least else [],
        _wrapped("COUNTED  ", decided_text(evaluation.decided), width, "nearly", 2) if evaluation.decided else [],
        [*_verdict(asked, width), *_rows(asked, width)],
        _assumed(asked.outlook, width),
        _next(asked, width),
        _advice(asked.advice, width),
        [] if evaluation.schedule is None else _wrapped("Schedule: ", schedule_text(evaluation.schedule), width, "heading", 2),
        _where(evaluation, width),
        _dataflows(evaluation, width),
        _wrapped("", f"More: {asked.command} --full | --section memory | {explain_command(asked.command)}", width, "quiet"),
    )
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [*([()] if lines else []), *block]
    return tuple(lines)


def _title(evaluation: Evaluation, width: int) -> list[Line]:
    left, right = f"{evaluation.network} on {evaluation.device}", evaluation.scenario
    if right == f"{evaluation.network}-on-{evaluation.device}" or len(left) + len(right) + 2 > width:
        return [(Span(line, "title"),) for line in _wrap(left, width)]
    return [(Span(left, "title"), Span(" " * (width - len(left) - len(right))), Span(right, "quiet"))]


def _verdict(asked: Asked, width: int) -> list[Line]:
    found = fit_verdict(asked.evaluation, asked.arena)
    return _wrapped(f"{found.symbol} {found.word}  ", found.text, width, found.tone, 2)


def _rows(asked: Asked, width: int) -> list[Line]:
    rows = answer_rows(asked)
    values = max(len(row.value) for row in rows)
    trusts = max(len(row.trust.value) for row in rows)
    lines: list[Line] = []
    for label, value, trust, note, _ in rows:
        head = f"  {label:<8} {value:<{values}}  {trust.value:<{trusts}}  "
        if len(head) + LEAST_NOTE > width:
            lines += [(Span(part),) for part in _wrap(head.strip(), width, initial_indent="  ", subsequent_indent="    ")]
            lines += [(Span(part, "quiet"),) for part in _wrap(note, width, initial_indent="    ", subsequent_indent="    ")]
            continue
        parts = _wrap(note, width - len(head)) or [""]
        told = Span(f"{value:<{values}}", "value"), Span(f"  {trust.value:<{trusts}}  "), Span(parts[0], "quiet")
        lines.append((Span(f"  {label:<8} "), *told))
        lines += [(Span(" " * len(head)), Span(part, "quiet")) for part in parts[1:]]
    return lines


def _assumed(outlook: Outlook, width: int) -> list[Line]:
    return [(Span(line, "quiet"),) for line in _wrap(assumed_text(outlook), width)]


def _next(asked: Asked, width: int) -> list[Line]:
    step = next_step(asked)
    return _wrapped("Next: ", step.command + (f"   ({step.why})" if step.why else ""), width, "next")


def _advice(advice: Sequence[Advice], width: int) -> list[Line]:
    if not advice:
        return []
    lines: list[Line] = [(Span("What would help, largest gain first", "heading"),)]
    for one in advice[:MOST_ADVICE]:
        lines += [(Span(line),) for line in _wrap(advice_words(one).text, width, initial_indent="  ", subsequent_indent="    ")]
    return lines


def _where(evaluation: Evaluation, width: int) -> list[Line]:
    runs = evaluation.dataflows[0]
    shares = _shares(runs)
    if not shares:
        return []
    timed = any(layer.duration_s for layer in runs.layers)
    title = "Where it goes (time, memory energy)" if timed else "Where the memory energy goes"
    lines: list[Line] = [(Span(title, "heading"),)]
    shown = shares[:MOST_LAYERS]
    rest = shares[MOST_LAYERS:]
    if rest:
        names = [name for name, _, _ in rest]
        shown.append((f"{len(rest)} others", runs.time_share_of(names), runs.energy_share_of(names)))
    label = min(max(len(name) for name, _, _ in shown), 24)
    for place, (name, time, energy) in enumerate(shown):
        figures = f"{share_text(time, 0):>5} {share_text(energy, 0):>5}" if timed else f"{share_text(energy, 0):>5}"
        # What is left over is no layer: its bar would compare unlike things.
        bar = "#" * max(1, round(BAR * (time if timed else energy))) if place < MOST_LAYERS else ""
        lines.append((Span(f"  {name[:label]:<{label}}  {figures}  "[:width]), Span(bar[: max(0, width - label - 18)], "bar")))
    return lines


def _shares(runs: DataflowEvaluation) -> list[tuple[str, float, float]]:
    """Name, share of the time and of the memory energy of each layer, the largest first."""
    times, energies = runs.time_shares, runs.energy_shares
    found = [(layer.name, times.get(layer.name, 0.0), energies.get(layer.name, 0.0)) for layer in runs.layers]
    return sorted((each for each in found if each[1] or each[2]), key=lambda each: -(each[1] if times else each[2]))


def _dataflows(evaluation: Evaluation, width: int) -> list[Line]:
    answers = evaluation.dataflows[:2]
    if len(answers) < 2:
        return []
    scale = energy_scale(value for answer in answers for value in (answer.energy.memory_pj, answer.energy.tensor_pj))
    lines: list[Line] = [(Span("Dataflow (memory energy of one inference)", "heading"),)]
    for where, of in (("scratch in SRAM", "memory_pj"), ("scratch in registers", "tensor_pj")):
        told = "   ".join(f"{answer.dataflow.value} {scale.text(getattr(answer.energy, of))}" for answer in answers)
        lines += [(Span(line),) for line in _wrap(f"{where:<21} {told}", width, initial_indent="  ", subsequent_indent="    ")]
    return lines


def _wrap(text: str, width: int, initial_indent: str = "", subsequent_indent: str = "") -> list[str]:
    """Lines of at most a width; a number and its unit stay together, words with hyphens whole."""
    held = _NUMBER_AND_UNIT.sub(lambda found: found[0].replace(" ", _HELD), text)
    lines = textwrap.wrap(
        held, width, initial_indent=initial_indent, subsequent_indent=subsequent_indent, break_on_hyphens=False, break_long_words=True
    )
    return [line.replace(_HELD, " ") for line in lines]


def _wrapped(head: str, text: str, width: int, tone: str, indent: int = 0) -> list[Line]:
    """Words after a toned head, wrapped below it."""
    parts = _wrap(head + text, width, subsequent_indent=" " * (indent or len(head)))
    if not head:
        return [(Span(part, tone),) for part in parts]
    first = parts[0]
    return [(Span(first[: len(head)], tone), Span(first[len(head) :])), *((Span(part),) for part in parts[1:])]
