"""The answer before everything else: does it fit, RAM, flash, time, energy, battery days, each with its trust, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from costmodel.report.document import Block, Column, Fact, Facts, Listing, Paragraph, Row, Table, Verdict
from costmodel.report.quantities import bytes_text, energy_text, every_text, joules_text, life_text, share_text
from costmodel.report.sections.outlook import assumed_text, basis_text, energy_words, life_words, power_text, time_words
from costmodel.report.sections.summary import decided_text, left_out_text
from costmodel.report.words.accuracy_words import TOP1_FIGURE, accuracy_text
from costmodel.results.conclusions.advice import Advice, AdviceKind
from costmodel.results.evaluation import Evaluation
from costmodel.results.graphs.tflm_arena import TflmArena, TflmUse
from costmodel.results.runs.known_accuracy import KnownAccuracy
from costmodel.results.storage.heap_verdict import HeapVerdict
from costmodel.results.timing.outlook import Outlook
from costmodel.results.timing.time_estimate import TimeBasis
from costmodel.results.trust import Trust
from costmodel.specs.devices.power import IDLE

NARROW_RATIO: Final = 0.10
"""Share of the largest block, or of the heap, below which what is left of it is little."""

_KERNELS: Final[Mapping[str, str]] = {
    "reference": "TensorFlow Lite Micro's arena with its reference kernels",
    "cmsis-nn": "TensorFlow Lite Micro's arena with CMSIS-NN's kernels",
    "esp-nn": "TensorFlow Lite Micro's arena; the scratch of ESP-NN's kernels, not known here, comes on top",
}
_ARENA_FIGURES: Final[Mapping[str, str]] = {
    "reference": "tflm.total_bytes",
    "cmsis-nn": "tflm.cmsis_nn_total_bytes",
    "esp-nn": "tflm.total_bytes",
}
"""What `explain` knows each total by."""


@dataclass(frozen=True)
class Asked:
    """What is answered first."""

    evaluation: Evaluation
    outlook: Outlook
    advice: tuple[Advice, ...]
    command: str
    """As the user would type it again."""
    restless_command: str = "costmodel report"
    """The same without how the board rests, which the answer may suggest."""
    plan_command: str = ""
    """What plans its memory; empty where no names say what to plan."""
    arena: TflmArena | None = None
    """What TensorFlow Lite Micro needs, where the network was read from its file."""
    accuracy: KnownAccuracy | None = None
    """Of its trained weights, where there are some."""


class AnswerRow(NamedTuple):
    """A figure of the answer."""

    label: str
    value: str
    """With its interval."""
    trust: Trust
    note: str
    """What it rests on, in a few words."""
    figure: str = ""
    """What `explain` knows it by; empty where it does not."""


def answer_blocks(asked: Asked) -> tuple[Block, ...]:
    """Return what a report says first.

    Parameters
    ----------
    asked : Asked
        Evaluation, outlook, advice, and the command that asked.

    Returns
    -------
    tuple of Block
        Verdict, figures, what was assumed, the next step, and what would help.
    """
    evaluation = asked.evaluation
    left_out = left_out_text(evaluation.left_out) if evaluation.at_least else ""
    assumed = assumed_text(asked.outlook)
    facts = tuple(Fact(row.label, row.value, row.note, row.trust.value, row.figure) for row in answer_rows(asked))
    step = next_step(asked)
    blocks: tuple[Block | None, ...] = (
        Verdict("AT LEAST", "nearly", left_out) if left_out else None,
        Verdict("COUNTED", "nearly", decided_text(evaluation.decided)) if evaluation.decided else None,
        fit_verdict(evaluation, asked.arena),
        Facts(facts),
        Paragraph(assumed) if assumed else None,
        Listing("Next" + (f": {step.why}" if step.why else ""), "sh", (step.command,)),
        advice_table(asked.advice),
    )
    return tuple(block for block in blocks if block is not None)


def explain_command(command: str) -> str:
    """Return the command that explains a figure of a report; `command` is the one that printed it."""
    asked = command.removeprefix("costmodel ")
    if asked == "report":
        return "costmodel explain FIGURE"
    quoted = shlex.quote(asked) if '"' in asked else f'"{asked}"'
    return f"costmodel explain FIGURE --of {quoted}"


def fit_verdict(evaluation: Evaluation, arena: TflmArena | None = None) -> Verdict:
    """Return whether a network fits: the word, its tone, and the sentence beside it.

    Parameters
    ----------
    evaluation : Evaluation
        With the heap's verdict.
    arena : TflmArena, optional
        Of the model file: where TensorFlow Lite Micro runs it, what has to fit is the interpreter's arena, its tail with it.

    Returns
    -------
    Verdict
        `FITS`, `FITS NARROWLY`, `DOES NOT FIT` or `FIT UNKNOWN`.
    """
    memory, used = evaluation.memory, None if arena is None else arena.used
    heap = heap_asked(evaluation, arena)
    ram = f"{bytes_text(memory.ram_bytes)} RAM" if used is None else _used_text(used)
    if memory.flash_bytes > memory.flash_capacity_bytes:
        taken = f"weights take {bytes_text(memory.flash_bytes)} of {bytes_text(memory.flash_capacity_bytes)} flash"
        return Verdict("DOES NOT FIT", "fails", taken)
    if heap is None:
        return Verdict("FIT UNKNOWN", "unknown", f"{ram}; nothing is known of the heap of {evaluation.device}")
    if not heap.fits:
        short = heap.shortfall
        lacking = "" if short is None else f"; {short.name} needs {bytes_text(short.searched_bytes)} in one block, the largest free is"
        largest = "" if short is None else f" {bytes_text(short.largest_bytes)}"
        return Verdict("DOES NOT FIT", "fails", f"{ram}{lacking}{largest}")
    when = " at boot (give --static-bytes)" if heap.taken.is_nothing else ", less static data and radio"
    count = len(heap.placements)
    outside = f", in {', '.join(heap.external_regions)} outside the chip" if heap.external_regions else ""
    text = f"{ram} of {bytes_text(heap.available_bytes)}{when}; {count} buffer{'s' if count > 1 else ''}{outside}"
    spare = heap.spare_ratio
    narrow = [f"{share_text(spare, 0)} to spare"] if spare is not None and spare < NARROW_RATIO else []
    narrow += ["only on a fresh heap: not wherever what is taken may lie"] if heap.split_matters else []
    if narrow:
        return Verdict("FITS NARROWLY", "nearly", "; ".join((text, *narrow)))
    return Verdict("FITS", "verdict", text)


def heap_asked(evaluation: Evaluation, arena: TflmArena | None) -> HeapVerdict | None:
    """Return the heap's verdict on what is run: an interpreter's arena, or the network's own buffers.

    Parameters
    ----------
    evaluation : Evaluation
        With the verdict on the buffers.
    arena : TflmArena or None
        Of the model file, as the device's runtime uses it.

    Returns
    -------
    HeapVerdict or None
        None where nothing is known of the heap.
    """
    return evaluation.memory.heap if arena is None or arena.used is None else arena.used.heap


def _used_text(used: TflmUse) -> str:
    least = "at least " if used.kernels == "esp-nn" else ""
    return f"{least}{bytes_text(used.total_bytes)} TFLM arena (head {bytes_text(used.head_bytes)} + tail {bytes_text(used.tail_bytes)})"


def answer_rows(asked: Asked) -> tuple[AnswerRow, ...]:
    """Return the figures of the answer, each with how far to trust it.

    Parameters
    ----------
    asked : Asked
        What is answered.

    Returns
    -------
    tuple of AnswerRow
        RAM, another runtime's arena where it is known, flash, time, energy, battery, accuracy where it is known.
    """
    evaluation, outlook, memory = asked.evaluation, asked.outlook, asked.evaluation.memory
    buffers = memory.plan.tensor_buffer_bytes
    energy, life = outlook.energy, outlook.life
    weights = f"weights, of {bytes_text(memory.flash_capacity_bytes)}" if memory.flash_bytes else "weights are in RAM"
    ram_note = "" if buffers is None else f"{bytes_text(buffers)} of it buffers"
    power, battery = evaluation.power, evaluation.battery
    timed = "latency.duration" if evaluation.duration_s is not None and outlook.time.duration_s == evaluation.duration_s else ""
    spent = "power.inference_energy" if timed and power is not None and power.inference_j is not None else ""
    lived = "battery.duty_life" if timed and battery is not None and battery.duty_life_s is not None else ""
    rows = [
        AnswerRow("RAM", bytes_text(memory.ram_bytes), Trust.EXACT, ram_note, "" if memory.ram_bytes is None else "memory.ram"),
        AnswerRow("Flash", bytes_text(memory.flash_bytes), Trust.EXACT, weights, "memory.flash_bytes"),
        AnswerRow("Time", time_words(outlook.time), outlook.time.trust, _time_note(outlook), timed),
        AnswerRow(
            "Energy", energy_words(outlook), Trust.UNKNOWN if energy is None else energy.trust, _energy_note(evaluation, outlook), spent
        ),
        AnswerRow("Battery", life_words(outlook), Trust.UNKNOWN if life is None else life.trust, _life_note(evaluation, outlook), lived),
    ]
    if asked.arena is not None:
        rows.insert(1, _arena_row(asked.arena, memory.heap))
    if asked.accuracy is not None:
        found = asked.accuracy
        rows.append(AnswerRow("Accuracy", share_text(found.top1_ratio, 2), found.trust, accuracy_text(found), TOP1_FIGURE))
    return tuple(rows)


def _arena_row(arena: TflmArena, heap: HeapVerdict | None) -> AnswerRow:
    """What another runtime's arena takes: its head is exact, its tail of a 32-bit build computed and held against no chip.

    It is one block with the interpreter's records in it: where no free block holds it, the network does not run under that runtime.
    """
    if arena.total_bytes is None:
        why = f"{'its arena is not known' if arena.runs else 'does not run this'}: {arena.reason}"
        return AnswerRow("TFLM", "none", Trust.UNKNOWN, why)
    used = arena.used
    if used is not None:
        return AnswerRow("TFLM", bytes_text(used.total_bytes), Trust.ASSUMED, _KERNELS[used.kernels], _ARENA_FIGURES[used.kernels])
    note = f"TensorFlow Lite Micro's arena: head {bytes_text(arena.head_bytes)}, tail {bytes_text(arena.tail_bytes)}"
    if heap is not None:
        free = heap.largest_before_bytes
        note += f"; {'fits' if arena.total_bytes <= free else 'does not fit'} the largest free block, {bytes_text(free)}"
    return AnswerRow("TFLM", bytes_text(arena.total_bytes), Trust.ASSUMED, note, "tflm.total_bytes")


def _time_note(outlook: Outlook) -> str:
    return "" if outlook.time.basis is TimeBasis.GIVEN else basis_text(outlook.time)


def _energy_note(evaluation: Evaluation, outlook: Outlook) -> str:
    power = evaluation.power
    if outlook.energy is None:
        return "the board's power is not known" if outlook.time.low_s is not None else ""
    if power is None or power.inference_j is None or power.computational_j is None:
        return power_text(outlook.energy)
    memory_pj = evaluation.dataflows[0].energy.memory_pj
    return f"{joules_text(power.computational_j)} above idle; memory {energy_text(memory_pj)}"


def _life_note(evaluation: Evaluation, outlook: Outlook) -> str:
    life = outlook.life
    if life is None:
        return "an inference takes longer than its period" if outlook.period_too_short else ""
    asleep = "" if life.rest == IDLE else f", {life.rest} sleep"
    endless = "" if evaluation.battery is None else f"; {life_text(evaluation.battery.continuous_life_s)} non-stop"
    return f"{life.battery}, {every_text(life.period_s)}{asleep}{endless}"


class NextStep(NamedTuple):
    """The one command that helps most from here."""

    command: str
    """To copy."""
    why: str = ""
    """What has to be done before, where it is no command's."""


def next_step(asked: Asked) -> NextStep:
    """Return the one command that helps most from here.

    Parameters
    ----------
    asked : Asked
        The answer, and the command that asked for it.

    Returns
    -------
    NextStep
        A command.
    """
    outlook, heap = asked.outlook, heap_asked(asked.evaluation, asked.arena)
    plan = NextStep(asked.plan_command or f"{asked.command} --section memory")
    measured = NextStep(f"{asked.command} --duration 120ms", "measure one inference, and give its time")
    if heap is not None and not heap.fits:
        return plan
    if outlook.time.trust is Trust.UNKNOWN:
        return measured
    deeper = next((advice.choice for advice in asked.advice if advice.kind is AdviceKind.SLEEP), None)
    if deeper is not None:
        return NextStep(f"{asked.restless_command} --sleep {deeper}")
    return measured if outlook.time.trust in (Trust.RANGE, Trust.ASSUMED, Trust.SCALED) else plan


class AdviceWords(NamedTuple):
    """A change, and what it makes of a figure."""

    change: str
    before: str
    after: str

    @property
    def text(self) -> str:
        """All of it in a line."""
        return f"{self.change}: {self.before} -> {self.after}"


def advice_words(advice: Advice) -> AdviceWords:
    """Return a change and what it gains."""
    if advice.kind is AdviceKind.SLEEP:
        how = "stay awake" if advice.choice == IDLE else f"{advice.choice} sleep"
        return AdviceWords(f"{how} between inferences", life_text(advice.before_s), life_text(advice.after_s))
    change = f"stream through the network ({advice.choice}), buffers"
    return AdviceWords(change, bytes_text(advice.before_bytes), bytes_text(advice.after_bytes))


def advice_table(advice: Sequence[Advice]) -> Table | None:
    """Return what would help, largest gain first; None where nothing does."""
    if not advice:
        return None
    words = [advice_words(one) for one in advice]
    columns = (Column("Change", number=False), Column("Now"), Column("Then"))
    return Table("What would help, largest gain first", columns, tuple(Row((one.change, one.before, one.after)) for one in words))
