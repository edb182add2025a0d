"""Findings in words: each kind has its sentence, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from costmodel.report.document import Remark
from costmodel.report.quantities import (
    bytes_text,
    count_text,
    digits,
    energy_scale,
    energy_text,
    every_text,
    joules_text,
    life_text,
    power_text,
    rate_text,
    sentence,
    share_text,
)
from costmodel.report.sections.latency import condition_text
from costmodel.report.words.heap_words import heap_reason_text, heap_start_text
from costmodel.report.words.reason_words import reason_text
from costmodel.results.conclusions.finding import Finding, FindingKind, Weight
from costmodel.results.evaluation import DataflowEvaluation, Evaluation
from costmodel.specs.counting import Taps

_LABELS: Final = {
    Weight.VERDICT: "verdict",
    Weight.FAILS: "✗ fails",
    Weight.DOMINATES: "dominates",
    Weight.NEGLIGIBLE: "does not matter",
    Weight.SUSPICIOUS: "suspicious",
    Weight.UNKNOWN: "cannot be told",
}

Values = Mapping[str, Any]


class Words(NamedTuple):
    """A finding as people read it."""

    headline: str
    """One sentence."""
    detail: str
    """The numbers behind it."""


def words_of(finding: Finding, evaluation: Evaluation) -> Words:
    """Return a finding in words.

    Parameters
    ----------
    finding : Finding
        One of the evaluation's.
    evaluation : Evaluation
        What it was found in.

    Returns
    -------
    Words
        A sentence, and what it rests on.
    """
    return _WORDS[FindingKind(finding.id)](finding.values, evaluation)


def finding_remarks(evaluation: Evaluation) -> tuple[Remark, ...]:
    """Return every finding of an evaluation in words, in their order.

    Parameters
    ----------
    evaluation : Evaluation
        With its findings.

    Returns
    -------
    tuple of Remark
        One each.
    """
    return tuple(Remark(_LABELS[found.weight], found.weight.value, *words_of(found, evaluation)) for found in evaluation.findings)


def findings_in_words(evaluation: Evaluation) -> tuple[str, ...]:
    """Return every finding of an evaluation as text: its sentence, and what it rests on.

    Parameters
    ----------
    evaluation : Evaluation
        An answer of `evaluate`.

    Returns
    -------
    tuple of str
        Most decisive first.
    """
    return tuple(" ".join(part for part in words_of(found, evaluation) if part) for found in evaluation.findings)


def _dataflow(values: Values, evaluation: Evaluation) -> Words:
    scale = energy_scale(answer.energy.memory_pj for answer in evaluation.dataflows)
    energies = "; ".join(
        f"{answer.dataflow.value} {scale.text(answer.energy.memory_pj)} with scratch in the memory,"
        f" {scale.text(answer.energy.tensor_pj)} in registers"
        for answer in evaluation.dataflows
    )
    in_memory, in_registers = values["in_memory"], values["in_registers"]
    if in_memory == in_registers:
        return Words(sentence(f"{in_memory} costs the least memory energy wherever scratch rows live"), f"{energies}.")
    headline = (
        f"{in_memory} costs the least when scratch rows live in the memory, {in_registers} when they are registers: the placement decides"
    )
    return Words(sentence(headline), f"{energies}.")


def _heap(values: Values, evaluation: Evaluation) -> Words:
    heap, accounting = evaluation.memory.heap, evaluation.memory.plan.accounting.value
    fits = heap is not None and heap.fits
    headline = (
        f"{evaluation.network} {'fits' if fits else 'does not fit'} the heap of {evaluation.device} with {accounting} buffers"
        f" ({bytes_text(values['buffer_bytes'])})."
    )
    return Words(headline, "" if heap is None else f"{sentence(heap_reason_text(heap))} {heap_start_text(heap)}")


def _flash(values: Values, evaluation: Evaluation) -> Words:
    return Words(
        f"{evaluation.network} does not fit the flash of {evaluation.device}.",
        f"Its constants take {count_text(values['flash_bytes'])} bytes of {count_text(values['capacity_bytes'])}.",
    )


def _dominant_layer(values: Values, evaluation: Evaluation) -> Words:
    first, weight = evaluation.dataflows[0], next(found.weight for found in evaluation.findings if found.id == FindingKind.DOMINANT_LAYER)
    scale, layer = energy_scale([first.energy.memory_pj]), values["layer"]
    rest = (
        f"What does not touch {layer} hardly changes the total."
        if weight is Weight.DOMINATES
        else "No single layer decides the total: savings have to reach many of them."
    )
    return Words(
        f"{layer}, the costliest layer, takes {share_text(values['layer_ratio'], 0)} of the memory energy; all convolutions together"
        f" {share_text(values['convolutions_ratio'])}.",
        f"{scale.text(values['layer_pj'])} of {scale.text(first.energy.memory_pj)} {first.dataflow.value}, for"
        f" {count_text(values['layer_mac_count'])} of {count_text(first.counts.mac_count)} multiply-accumulates. {rest}",
    )


def _idle(values: Values, evaluation: Evaluation) -> Words:
    battery = evaluation.battery
    lives = (
        ""
        if battery is None
        else f"Inferring {every_text(battery.period_s)} the board lives {life_text(battery.duty_life_s)};"
        f" inferring without pause it lives {life_text(battery.continuous_life_s)}. "
    )
    return Words(
        f"Waiting, not inferring, empties the battery: {share_text(values['idle_ratio'])} of the average power is idle power.",
        f"{lives}A faster or leaner network can gain at most the difference to idling; sleeping between inferences changes the order of"
        " magnitude.",
    )


def _board_share(values: Values, evaluation: Evaluation) -> Words:
    first, inference_j = evaluation.dataflows[0], None if evaluation.power is None else evaluation.power.inference_j
    return Words(
        f"The memory's dynamic energy is {share_text(values['share_ratio'], 2)} of what the board draws during an inference.",
        f"{energy_text(first.energy.memory_pj)} of {joules_text(inference_j)}; arithmetic alone would be"
        f" {energy_text(first.energy.compute_pj)}."
        " Access energy ranks dataflows; it does not predict the board's power.",
    )


def _leakage(values: Values, evaluation: Evaluation) -> Words:
    idle_w = None if evaluation.power is None else evaluation.power.idle_w
    over = (
        f" Over one inference it would be {energy_text(evaluation.leakage_pj)}, {digits(values['dynamic_ratio'])} times the dynamic energy."
        if "dynamic_ratio" in values
        else ""
    )
    return Words(
        f"A leakage of {power_text(evaluation.leakage_w)} would be {share_text(values['idle_ratio'], 0)} of the idle board"
        f" ({power_text(idle_w)}).",
        "This leakage comes from high-performance cells; microcontrollers use low-standby-power cells that leak thousands of times less."
        f"{over} Leakage is listed separately from dynamic energy here.",
    )


def _boundary(values: Values, evaluation: Evaluation) -> Words:
    latency = evaluation.dataflows[0].latency
    account = ""
    if latency.rates is not None:
        account = (
            f" {sentence(reason_text(latency.basis))[:-1]}: {rate_text(latency.rates.interior_tap_s)} per interior tap and"
            f" {rate_text(latency.rates.boundary_tap_s)} per boundary tap can account for it."
        )
    return Words(
        f"{values['large']} does {values['mac_ratio']:.2f} times the MACs of {values['small']} but takes"
        f" {values['time_ratio']:.2f} times as long.",
        f"{share_text(values['large_boundary_ratio'], 0)} of {values['large']}'s output pixels lie on the boundary,"
        f" {share_text(values['small_boundary_ratio'], 0)} of {values['small']}'s.{account} {_robustness(evaluation.dataflows[0])}",
    )


def _robustness(answer: DataflowEvaluation) -> str:
    readings = "; ".join(
        f"{fit.name}: {rate_text(fit.first_s)} and {rate_text(fit.second_s)}{'' if fit.credible else ' (not credible)'}"
        for fit in answer.latency.alternatives
    )
    if answer.latency.measurement_count > 2:
        return f"Other readings of the same times: {readings}."
    return (
        f"Two rates fitted to {answer.latency.measurement_count} times always fit: the interior rate is robust across readings"
        f" ({readings}), the boundary rate is not identified."
    )


def _beyond_calibration(_values: Values, evaluation: Evaluation) -> Words:
    told = dict.fromkeys(condition_text(unmet) for answer in evaluation.dataflows for unmet in answer.latency.conditions)
    return Words("No time is given beyond what the calibration was measured under.", sentence("; ".join(told)))


def _padding(values: Values, evaluation: Evaluation) -> Words:
    counted = evaluation.counting.taps is Taps.NOMINAL
    end = " and are charged here, though firmware skips them." if counted else "; they are not counted here."
    return Words(
        f"{share_text(values['padding_ratio'])} of the nominal multiply-accumulates fall on padding{end}",
        f"{count_text(evaluation.mac_nominal_count)} nominal, {count_text(evaluation.mac_valid_count)} valid. Published figures and most"
        " tools count padding like data.",
    )


def _not_calibrated(_values: Values, evaluation: Evaluation) -> Words:
    missing = [answer for answer in evaluation.dataflows if answer.latency.total_s is None]
    names = " and ".join(answer.dataflow.value for answer in missing)
    reasons = "".join(f"{sentence(reason_text(answer.latency.basis))} " for answer in missing[:1])
    return Words(
        f"No time is known of this project's own firmware, {names}: not calibrated.",
        f"{reasons}Instruction or access counts are not turned into milliseconds without a measurement.",
    )


_WORDS: Final[Mapping[FindingKind, Callable[[Values, Evaluation], Words]]] = {
    FindingKind.DATAFLOW: _dataflow,
    FindingKind.HEAP: _heap,
    FindingKind.FLASH: _flash,
    FindingKind.DOMINANT_LAYER: _dominant_layer,
    FindingKind.IDLE: _idle,
    FindingKind.BOARD_SHARE: _board_share,
    FindingKind.LEAKAGE: _leakage,
    FindingKind.BOUNDARY: _boundary,
    FindingKind.BEYOND_CALIBRATION: _beyond_calibration,
    FindingKind.PADDING: _padding,
    FindingKind.NOT_CALIBRATED: _not_calibrated,
}
"""Words of each kind."""
