"""The answer on one screen: does it fit, RAM, flash, time, energy, battery days, each with its trust, and the one next step."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from costmodel.report.quantities import bytes_text, energy_scale, energy_text, every_text, joules_text, life_text, share_text
from costmodel.report.sections.outlook import assumed_text, basis_text, energy_words, life_words, time_words
from costmodel.report.sections.summary import left_out_text
from costmodel.results.advice import Advice, AdviceKind
from costmodel.results.evaluation import DataflowEvaluation, Evaluation
from costmodel.results.outlook import Outlook
from costmodel.results.storage.heap_verdict import HeapVerdict
from costmodel.results.tflm_arena import TflmArena
from costmodel.results.time_estimate import TimeBasis
from costmodel.results.trust import Trust
from costmodel.specs.devices.power import IDLE

NARROW_RATIO: Final = 0.10
"""Share of the largest block below which what is left of it is little."""
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


@dataclass(frozen=True)
class Asked:
    """What the screen answers."""

    evaluation: Evaluation
    outlook: Outlook
    advice: tuple[Advice, ...]
    command: str
    """As the user would type it again, without what the screen suggests."""
    arena: TflmArena | None = None
    """What TensorFlow Lite Micro needs, where the network was read from its file."""


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
        [*_verdict(evaluation, width), *_rows(asked, width)],
        _assumed(asked.outlook, width),
        _wrapped("Next: ", next_step(asked), width, "next"),
        _advice(asked.advice, width),
        _where(evaluation, width),
        _dataflows(evaluation, width),
        _wrapped("", f"More: {asked.command} --full | --section memory | costmodel explain FIGURE", width, "quiet"),
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


def _verdict(evaluation: Evaluation, width: int) -> list[Line]:
    word, tone, text = verdict(evaluation)
    return _wrapped(f"{word}  ", text, width, tone, 2)


def verdict(evaluation: Evaluation) -> tuple[str, str, str]:
    """Return whether a network fits: the word, its tone, and the sentence beside it.

    Parameters
    ----------
    evaluation : Evaluation
        With the heap's verdict.

    Returns
    -------
    tuple of str
        `FITS`, `FITS NARROWLY`, `DOES NOT FIT` or `FIT UNKNOWN`.
    """
    memory, heap = evaluation.memory, evaluation.memory.heap
    ram = bytes_text(memory.ram_bytes)
    if memory.flash_bytes > memory.flash_capacity_bytes:
        return "DOES NOT FIT", "fails", f"weights take {bytes_text(memory.flash_bytes)} of {bytes_text(memory.flash_capacity_bytes)} flash"
    if heap is None:
        return "FIT UNKNOWN", "unknown", f"{ram} RAM; nothing is known of the heap of {evaluation.device}"
    if not heap.fits:
        short = heap.shortfall
        lacking = "" if short is None else f"; {short.name} needs {bytes_text(short.searched_bytes)} in one block, the largest free is"
        largest = "" if short is None else f" {bytes_text(short.largest_bytes)}"
        return "DOES NOT FIT", "fails", f"{ram} RAM{lacking}{largest}"
    free = sum(region.size_bytes - region.taken_bytes for region in heap.regions)
    when = " at boot (give --static-bytes)" if heap.taken.is_nothing else ", static data and radio taken out"
    count = len(heap.placements)
    text = f"{ram} RAM of {bytes_text(free)}{when}; {count} buffer{'s' if count > 1 else ''}"
    spare = spare_ratio(heap)
    if spare is not None and spare < NARROW_RATIO:
        return "FITS NARROWLY", "nearly", f"{text}; {share_text(spare, 0)} of the largest buffer's region is left"
    return "FITS", "verdict", text


def spare_ratio(heap: HeapVerdict) -> float | None:
    """Return what is left of the region that holds the largest buffer, of what it had; None where nothing is allocated."""
    if not heap.placements:
        return None
    largest = max(heap.placements, key=lambda placement: placement.block_bytes)
    region = next(region for region in heap.regions if region.name == largest.region)
    had = region.size_bytes - region.taken_bytes
    return region.free_bytes / had if had else None


def _rows(asked: Asked, width: int) -> list[Line]:
    evaluation, outlook, memory = asked.evaluation, asked.outlook, asked.evaluation.memory
    buffers = memory.plan.tensor_buffer_bytes
    energy, life = outlook.energy, outlook.life
    weights = f"weights, of {bytes_text(memory.flash_capacity_bytes)}" if memory.flash_bytes else "weights are in RAM"
    rows = [
        ("RAM", bytes_text(memory.ram_bytes), Trust.EXACT, "" if buffers is None else f"{bytes_text(buffers)} of it buffers"),
        ("Flash", bytes_text(memory.flash_bytes), Trust.EXACT, weights),
        ("Time", time_words(outlook.time), outlook.time.trust, _time_note(outlook)),
        ("Energy", energy_words(outlook), Trust.UNKNOWN if energy is None else energy.trust, _energy_note(evaluation, outlook)),
        ("Battery", life_words(outlook), Trust.UNKNOWN if life is None else life.trust, _life_note(evaluation, outlook)),
    ]
    if asked.arena is not None:
        rows.insert(1, _arena_row(asked.arena))
    values = max(len(value) for _, value, _, _ in rows)
    trusts = max(len(trust.value) for _, _, trust, _ in rows)
    lines: list[Line] = []
    for label, value, trust, note in rows:
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


def _arena_row(arena: TflmArena) -> tuple[str, str, Trust, str]:
    """What another runtime's arena takes: its head is exact, its tail of a 32-bit build computed and held against no chip."""
    if arena.total_bytes is None:
        return "TFLM", "none", Trust.UNKNOWN, f"{'its arena is not known' if arena.runs else 'does not run this'}: {arena.reason}"
    note = f"TensorFlow Lite Micro's arena: head {bytes_text(arena.head_bytes)}, tail {bytes_text(arena.tail_bytes)}"
    return "TFLM", bytes_text(arena.total_bytes), Trust.ASSUMED, note


def _time_note(outlook: Outlook) -> str:
    return "" if outlook.time.basis is TimeBasis.GIVEN else basis_text(outlook.time)


def _energy_note(evaluation: Evaluation, outlook: Outlook) -> str:
    power = evaluation.power
    if outlook.energy is None:
        return "the board's power is not known" if outlook.time.low_s is not None else ""
    if power is None or power.inference_j is None or power.computational_j is None:
        return f"currents of {outlook.energy.power_from}"
    memory_pj = evaluation.dataflows[0].energy.memory_pj
    return f"{joules_text(power.computational_j)} above idle; memory {energy_text(memory_pj)}"


def _life_note(evaluation: Evaluation, outlook: Outlook) -> str:
    life = outlook.life
    if life is None:
        return "an inference takes longer than its period" if outlook.period_too_short else ""
    asleep = "" if life.rest == IDLE else f", {life.rest} sleep"
    endless = "" if evaluation.battery is None else f"; {life_text(evaluation.battery.continuous_life_s)} non-stop"
    return f"{life.battery}, {every_text(life.period_s)}{asleep}{endless}"


def _assumed(outlook: Outlook, width: int) -> list[Line]:
    return [(Span(line, "quiet"),) for line in _wrap(assumed_text(outlook), width)]


def next_step(asked: Asked) -> str:
    """Return the one command that helps most from here.

    Parameters
    ----------
    asked : Asked
        The answer, and the command that asked for it.

    Returns
    -------
    str
        To copy.
    """
    evaluation, outlook = asked.evaluation, asked.outlook
    heap = evaluation.memory.heap
    plan = f"costmodel plan {evaluation.network} --device {evaluation.device}"
    if heap is not None and not heap.fits:
        return plan
    if outlook.time.trust is Trust.UNKNOWN:
        return f"{asked.command} --duration 120ms   (measure one inference)"
    deeper = next((advice.choice for advice in asked.advice if advice.kind is AdviceKind.SLEEP), None)
    if deeper is not None:
        return f"{asked.command} --sleep {deeper}"
    if outlook.time.trust in (Trust.RANGE, Trust.ASSUMED, Trust.SCALED):
        return f"{asked.command} --duration 120ms   (measure one inference)"
    return plan


def _advice(advice: Sequence[Advice], width: int) -> list[Line]:
    if not advice:
        return []
    lines: list[Line] = [(Span("What would help, largest gain first", "heading"),)]
    for one in advice[:MOST_ADVICE]:
        lines += [(Span(line),) for line in _wrap(advice_text(one), width, initial_indent="  ", subsequent_indent="    ")]
    return lines


def advice_text(advice: Advice) -> str:
    """Return a change and what it gains."""
    if advice.kind is AdviceKind.SLEEP:
        how = "stay awake" if advice.choice == IDLE else f"{advice.choice} sleep"
        return f"{how} between inferences: {life_text(advice.before_s)} -> {life_text(advice.after_s)}"
    gain = f"{bytes_text(advice.before_bytes)} -> {bytes_text(advice.after_bytes)} of buffers"
    return f"stream through the network ({advice.choice}): {gain}"


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
        shown.append((f"{len(rest)} others", sum(time for _, time, _ in rest), sum(energy for _, _, energy in rest)))
    label = min(max(len(name) for name, _, _ in shown), 24)
    for place, (name, time, energy) in enumerate(shown):
        figures = f"{share_text(time, 0):>5} {share_text(energy, 0):>5}" if timed else f"{share_text(energy, 0):>5}"
        # What is left over is no layer: its bar would compare unlike things.
        bar = "#" * max(1, round(BAR * (time if timed else energy))) if place < MOST_LAYERS else ""
        lines.append((Span(f"  {name[:label]:<{label}}  {figures}  "[:width]), Span(bar[: max(0, width - label - 18)], "bar")))
    return lines


def _shares(runs: DataflowEvaluation) -> list[tuple[str, float, float]]:
    """Name, share of the time and of the memory energy of each layer, the largest first."""
    total_s = sum(layer.duration_s or 0.0 for layer in runs.layers)
    total_pj = runs.energy.memory_pj
    found = [
        (layer.name, (layer.duration_s or 0.0) / total_s if total_s else 0.0, layer.energy.memory_pj / total_pj if total_pj else 0.0)
        for layer in runs.layers
    ]
    return sorted((each for each in found if each[1] or each[2]), key=lambda each: -(each[1] if total_s else each[2]))


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
