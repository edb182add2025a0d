"""What was asked, what to take away in words, and the key figures."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Fact, Facts, Remarks, Section
from costmodel.report.quantities import (
    bytes_text,
    count_text,
    duty_text,
    energy_text,
    joules_text,
    power_text,
)
from costmodel.report.sections.outlook import ESTIMATED_TIME
from costmodel.report.words.finding_words import finding_remarks
from costmodel.report.words.reason_words import reasons_text
from costmodel.results.evaluation import DataflowEvaluation, Evaluation
from costmodel.specs.counting import Granularity


def lead_sentences(evaluation: Evaluation) -> tuple[str, ...]:
    """Return what was asked: network, device, and how accesses are counted.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    tuple of str
        One paragraph each.
    """
    shape = "x".join(str(extent) for extent in evaluation.network_input)
    names = [answer.dataflow.value for answer in evaluation.dataflows]
    compared = " against ".join(names) if len(names) <= 2 else f"{', '.join(names)} side by side"
    network = f"{evaluation.network} ({shape} in, {count_text(evaluation.parameter_count)} parameters)"
    question = f"What does {network} cost on {evaluation.device}, {compared}?"
    counted = f"Counted: {convention_text(evaluation)}."
    return tuple(
        text
        for text in (question, evaluation.description, left_out_text(evaluation.left_out), decided_text(evaluation.decided), counted)
        if text
    )


def left_out_text(left_out: Sequence[str]) -> str:
    """Say what is not costed, and what that makes of every total; nothing where all is."""
    if not left_out:
        return ""
    many = f"{len(left_out)} operators are" if len(left_out) > 1 else "One operator is"
    return (
        f"{many} not costed, so every total is at least what is told, but for RAM, which holds what they make from the start:"
        f" {'; '.join(left_out)}."
    )


def decided_text(decided: Sequence[str]) -> str:
    """Say how conditions and loops of a model file are counted; nothing where it has none."""
    return f"Conditions and loops of the file: {'; '.join(decided)}." if decided else ""


def convention_text(evaluation: Evaluation) -> str:
    """Return the counting convention as a phrase."""
    counting = evaluation.counting
    bias = "biases counted" if counting.bias else "biases not counted"
    elements = "each tensor's own elements" if counting.element_bytes is None else f"elements of {counting.element_bytes} bytes"
    if counting.granularity is Granularity.ELEMENT:
        width = f"single elements, their energy with {elements} packed into accesses of {evaluation.access_bytes} bytes"
    else:
        how = "packed into" if counting.granularity is Granularity.BLOCK_PACKED else "traced through"
        width = f"{elements} {how} accesses of {evaluation.access_bytes} bytes"
    return f"{counting.taps.value} taps, {bias}, {width}; memory energies {evaluation.memory_energy}"


def findings_section(evaluation: Evaluation) -> Section:
    """Return the findings in words.

    Parameters
    ----------
    evaluation : Evaluation
        With findings, in the order they were found.

    Returns
    -------
    Section
        One remark each.
    """
    return Section("findings", "Findings", (Remarks(finding_remarks(evaluation)),))


def figures_section(evaluation: Evaluation, more: Sequence[Fact] = ()) -> Section:
    """Return the key figures of the dataflow that runs.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    more : sequence of Fact, optional
        Of what else was asked.

    Returns
    -------
    Section
        One fact each; what cannot be told says why.
    """
    runs = evaluation.dataflows[0]
    power, battery = evaluation.power, evaluation.battery
    facts = [
        Fact(
            "Multiply-accumulates",
            Cell(evaluation.mac_valid_count, Form.COUNT, "mac_valid_count"),
            f"executed; {count_text(evaluation.mac_nominal_count)} with padding",
        ),
        Fact("Memory energy", Cell(runs.energy.memory_pj, Form.ENERGY, "energy.memory"), _energy_note(runs)),
    ]
    # Where the time is an estimate, it stands among `more` with its interval.
    if evaluation.duration_s is not None or not any(fact.label == ESTIMATED_TIME for fact in more):
        facts.append(Fact("Time of an inference", Cell(evaluation.duration_s, Form.TIME, "latency.duration"), _duration_note(evaluation)))
    if evaluation.memory.ram_bytes is not None:
        buffers = bytes_text(evaluation.memory.plan.tensor_buffer_bytes)
        facts.append(Fact("RAM", Cell(evaluation.memory.ram_bytes, Form.BYTES, "memory.ram"), f"{buffers} of it tensor buffers"))
    if power is not None:
        facts.append(Fact("Board while inferring", Cell(power.active_w, Form.POWER, "power.active"), f"idle {power_text(power.idle_w)}"))
        if power.inference_j is not None:
            energy = Cell(power.inference_j, Form.JOULES, "power.inference_energy")
            facts.append(Fact("Energy of an inference", energy, f"{joules_text(power.computational_j)} above idle"))
    if battery is not None:
        facts.append(
            Fact(
                "Battery, without pause",
                Cell(battery.continuous_life_s, Form.LIFE, "battery.continuous_life"),
                f"{count_text(battery.continuous_inference_count)} inferences",
            )
        )
        if battery.duty_life_s is not None:
            facts.append(
                Fact(
                    f"Battery, {duty_text(battery.period_s, battery.sleep)}",
                    Cell(battery.duty_life_s, Form.LIFE, "battery.duty_life"),
                    f"{count_text(battery.duty_inference_count)} inferences",
                )
            )
    if evaluation.at_least:
        facts = [Fact(f"{fact.label}, {_bound(fact)}", fact.value, fact.note) for fact in facts]
    return Section("figures", "Key figures", (Facts((*facts, *more)),))


def _bound(fact: Fact) -> str:
    """What work that is left out makes of a figure: a battery lasts the shorter for it, and what it makes is held from the start."""
    if fact.label == "RAM":
        return "its tensors given"
    return "at most" if fact.label.startswith("Battery") else "at least"


def _duration_note(evaluation: Evaluation) -> str:
    if evaluation.duration_s is None:
        beyond = bool(evaluation.dataflows[0].latency.conditions)
        return "unknown: beyond what was measured, see Time" if beyond else "unknown: not measured, not calibrated"
    return reasons_text(evaluation.duration_basis).partition(" (")[0]


def _energy_note(runs: DataflowEvaluation) -> str:
    low, high = runs.energy_bounds.memory_low_pj, runs.energy_bounds.memory_high_pj
    span = "" if low is None or high is None else f"; {energy_text(low)} to {energy_text(high)}"
    flash = "" if runs.flash_path is None else f", {energy_text(runs.energy.flash_pj)} of it weights from flash"
    return f"dynamic, {runs.dataflow.value}{flash}{span}"
