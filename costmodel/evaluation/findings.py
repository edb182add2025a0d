"""What an evaluation says in words: what decides the result, what does not matter, what is suspicious, what cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from costmodel.results.evaluation import DataflowEvaluation, Evaluation, LayerEvaluation
from costmodel.results.finding import Finding, Weight
from costmodel.specs.counting import Taps
from costmodel.units import BYTES_PER_KIB, MJ_PER_J, MW_PER_W, NS_PER_S, PJ_PER_J, PJ_PER_MJ, PJ_PER_UJ, S_PER_HOUR

DOMINANT_RATIO: Final = 0.4
"""A layer dominates from this share of the total on."""
LARGE_LEAKAGE_RATIO: Final = 0.05
"""Leakage above this share of the idle board's power is worth a doubt."""
IDLE_DOMINATES_RATIO: Final = 0.9
"""Above this share of average power, idling decides battery life."""


def find(evaluation: Evaluation) -> tuple[Finding, ...]:
    """Read an evaluation as an engineer would.

    Parameters
    ----------
    evaluation : Evaluation
        With or without findings; those it has are ignored.

    Returns
    -------
    tuple of Finding
        Most decisive first.
    """
    return tuple(finding for reader in _READERS for finding in reader(evaluation))


def _verdict(evaluation: Evaluation) -> Iterator[Finding]:
    """Which dataflow costs less, under both placements of the scratch rows."""
    if len(evaluation.dataflows) < 2:
        return
    in_memory = min(evaluation.dataflows, key=lambda answer: answer.energy.memory_pj)
    in_registers = min(evaluation.dataflows, key=lambda answer: answer.energy.tensor_pj)
    energies = "; ".join(
        f"{answer.dataflow.value} {_energy(answer.energy.memory_pj)} with scratch in the memory,"
        f" {_energy(answer.energy.tensor_pj)} in registers"
        for answer in evaluation.dataflows
    )
    agree = in_memory.dataflow is in_registers.dataflow
    headline = (
        f"{_sentence(in_memory.dataflow.value)} costs the least memory energy wherever scratch rows live."
        if agree
        else f"{_sentence(in_memory.dataflow.value)} costs the least when scratch rows live in the memory,"
        f" {in_registers.dataflow.value} when they are registers: the placement decides."
    )
    yield Finding(
        id="verdict.dataflow", weight=Weight.VERDICT, headline=headline, detail=f"{energies}.", figures=("energy.memory", "energy.tensors")
    )


def _dominant_layer(evaluation: Evaluation) -> Iterator[Finding]:
    """Which layer takes most of the memory's energy."""
    first = evaluation.dataflows[0]
    total = first.energy.memory_pj
    if total <= 0:
        return
    layer = max(first.layers, key=lambda candidate: candidate.energy.memory_pj)
    share = layer.energy.memory_pj / total
    rest = (
        f"What does not touch {layer.name} hardly changes the total."
        if share >= DOMINANT_RATIO
        else "No single layer decides the total: savings have to reach many of them."
    )
    convolutions = sum(candidate.energy.memory_pj for candidate in first.layers if candidate.kind == "conv2d") / total
    yield Finding(
        id="energy.dominant_layer",
        weight=Weight.DOMINATES if share >= DOMINANT_RATIO else Weight.NEGLIGIBLE,
        headline=f"{layer.name}, the costliest layer, takes {share:.0%} of the memory energy;"
        f" all convolutions together {convolutions:.1%}.",
        detail=f"{_energy(layer.energy.memory_pj)} of {_energy(total)} {first.dataflow.value}, for {_macs(layer):,} of"
        f" {first.counts.mac_count:,} multiply-accumulates. {rest}",
        figures=(f"{layer.name}.energy", "energy.memory"),
    )


def _idle(evaluation: Evaluation) -> Iterator[Finding]:
    """Whether idling decides battery life."""
    power, battery = evaluation.power, evaluation.battery
    if power is None or battery is None or battery.duty_w is None or battery.duty_ratio is None or battery.duty_life_s is None:
        return
    idle_share = power.idle_w * (1 - battery.duty_ratio) / battery.duty_w if battery.duty_w else 0.0
    if idle_share < IDLE_DOMINATES_RATIO or battery.continuous_life_s is None:
        return
    yield Finding(
        id="battery.idle_dominates",
        weight=Weight.DOMINATES,
        headline=f"Waiting, not inferring, empties the battery: {idle_share:.1%} of the average power is idle power.",
        detail=f"At one inference every {battery.period_s:g} s the board lives {battery.duty_life_s / S_PER_HOUR:.1f} h;"
        f" inferring without pause it lives {battery.continuous_life_s / S_PER_HOUR:.1f} h."
        " A faster or leaner network can gain at most the difference to idling;"
        " sleeping between inferences changes the order of magnitude.",
        figures=("battery.duty_life", "battery.continuous_life", "power.idle"),
    )


def _dynamic_energy_is_small(evaluation: Evaluation) -> Iterator[Finding]:
    """How small the memory's dynamic energy is beside the board's."""
    power, first = evaluation.power, evaluation.dataflows[0]
    if power is None or not power.inference_j:
        return
    share = first.energy.memory_pj / PJ_PER_J / power.inference_j
    yield Finding(
        id="energy.share_of_board",
        weight=Weight.NEGLIGIBLE if share < LARGE_LEAKAGE_RATIO else Weight.DOMINATES,
        headline=f"The memory's dynamic energy is {share:.2%} of what the board draws during an inference.",
        detail=f"{_energy(first.energy.memory_pj)} of {power.inference_j * MJ_PER_J:.1f} mJ;"
        f" arithmetic alone would be {_energy(first.energy.compute_pj)}."
        " Access energy ranks dataflows; it does not predict the board's power.",
        figures=("energy.memory", "power.inference_energy", "energy.compute"),
    )


def _leakage(evaluation: Evaluation) -> Iterator[Finding]:
    """Whether the memory's leakage is credible beside the board's idle power."""
    power, first = evaluation.power, evaluation.dataflows[0]
    if power is None or power.idle_w <= 0 or evaluation.leakage_w / power.idle_w < LARGE_LEAKAGE_RATIO:
        return
    over = ""
    if evaluation.leakage_pj and first.energy.memory_pj > 0:
        ratio = evaluation.leakage_pj / first.energy.memory_pj
        over = f" Over one inference it would be {evaluation.leakage_pj / PJ_PER_MJ:.1f} mJ, {ratio:,.0f} times the dynamic energy."
    yield Finding(
        id="energy.leakage_suspicious",
        weight=Weight.SUSPICIOUS,
        headline=f"A leakage of {evaluation.leakage_w * MW_PER_W:.1f} mW would be {evaluation.leakage_w / power.idle_w:.0%}"
        f" of the idle board ({power.idle_w * MW_PER_W:.0f} mW).",
        detail="So much is what a model of high-performance cells gives; microcontrollers use low-standby-power cells that leak"
        f" thousands of times less.{over} Leakage is kept apart from dynamic energy here.",
        figures=("energy.leakage", "power.idle"),
    )


def _time_against_macs(evaluation: Evaluation) -> Iterator[Finding]:
    """Why time does not scale with multiply-accumulates."""
    first = evaluation.dataflows[0]
    timed = [layer for layer in first.layers if layer.kind == "conv2d" and layer.duration_s]
    if len(timed) < 2 or first.latency.rates is None or not first.latency.fitted:
        return
    small, large = min(timed, key=_time), max(timed, key=_time)
    mac_ratio, time_ratio = _macs(large) / _macs(small), _time(large) / _time(small)
    if abs(time_ratio / mac_ratio - 1) < 0.02:
        return
    rates = first.latency.rates
    readings = "; ".join(
        f"{fit.name}: {fit.first_s * NS_PER_S:.1f} and {fit.second_s * NS_PER_S:.1f} ns" + ("" if fit.credible else " (not credible)")
        for fit in first.latency.alternatives
    )
    yield Finding(
        id="latency.boundary",
        weight=Weight.SUSPICIOUS,
        headline=f"{large.name} does {mac_ratio:.2f} times the MACs of {small.name} but takes {time_ratio:.2f} times as long.",
        detail=f"{_boundary_share(large):.0%} of {large.name}'s output pixels lie on the boundary,"
        f" {_boundary_share(small):.0%} of {small.name}'s."
        f" {_sentence(first.latency.reason)}: {rates.interior_tap_s * NS_PER_S:.1f} ns per interior tap and"
        f" {rates.boundary_tap_s * NS_PER_S:.1f} ns per boundary tap can account for it."
        f" {_robustness(first, readings)}",
        figures=(f"{small.name}.time", f"{large.name}.time"),
    )


def _padding(evaluation: Evaluation) -> Iterator[Finding]:
    """How many multiply-accumulates are on padding."""
    nominal, valid = evaluation.mac_nominal_count, evaluation.mac_valid_count
    if nominal == valid:
        return
    counted = evaluation.counting.taps is Taps.NOMINAL
    yield Finding(
        id="counts.padding",
        weight=Weight.SUSPICIOUS if counted else Weight.NEGLIGIBLE,
        headline=f"{(nominal - valid) / nominal:.1%} of the nominal multiply-accumulates fall on padding"
        + (" and are charged here, though firmware skips them." if counted else "; they are not counted here."),
        detail=f"{nominal:,} nominal, {valid:,} valid. Published figures and most tools count padding like data.",
    )


def _uncalibrated(evaluation: Evaluation) -> Iterator[Finding]:
    """What has no calibrated time."""
    missing = [answer for answer in evaluation.dataflows if answer.latency.total_s is None]
    if not missing:
        return
    names = " and ".join(answer.dataflow.value for answer in missing)
    yield Finding(
        id="latency.not_calibrated",
        weight=Weight.UNKNOWN,
        headline=f"No time is given for {names}: not calibrated.",
        detail=" ".join(f"{_sentence(answer.latency.reason)}." for answer in missing[:1])
        + " Instruction or access counts are not turned into milliseconds without a measurement.",
        figures=("latency.total",),
    )


def _heap(evaluation: Evaluation) -> Iterator[Finding]:
    """Whether the device's memory holds the network."""
    memory = evaluation.memory
    if memory.heap is not None:
        word = "fits" if memory.heap.fits else "does not fit"
        planned = memory.plan.tensor_buffer_bytes or 0
        yield Finding(
            id="memory.heap",
            weight=Weight.VERDICT if memory.heap.fits else Weight.FAILS,
            headline=f"{evaluation.network} {word} the heap of {evaluation.device} with {memory.plan.accounting.value} buffers"
            f" ({planned / BYTES_PER_KIB:.1f} KiB).",
            detail=f"{_sentence(memory.heap.reason)}.",
            figures=(f"memory.{memory.plan.accounting.value}",),
        )
    if memory.flash_bytes > memory.flash_capacity_bytes:
        yield Finding(
            id="memory.flash",
            weight=Weight.FAILS,
            headline=f"{evaluation.network} does not fit the flash of {evaluation.device}.",
            detail=f"Its constants take {memory.flash_bytes:,} bytes of {memory.flash_capacity_bytes:,}.",
            figures=("network.weight_bytes",),
        )


_READERS: Final[tuple[Callable[[Evaluation], Iterator[Finding]], ...]] = (
    _verdict,
    _heap,
    _dominant_layer,
    _idle,
    _dynamic_energy_is_small,
    _leakage,
    _time_against_macs,
    _padding,
    _uncalibrated,
)


def _robustness(answer: DataflowEvaluation, readings: str) -> str:
    if answer.latency.measurement_count > 2:
        return f"Other readings of the same times: {readings}."
    return (
        f"Two rates fitted to {answer.latency.measurement_count} times always fit: the interior rate is robust across readings"
        f" ({readings}), the boundary rate is not identified."
    )


def _macs(layer: LayerEvaluation) -> int:
    return int(layer.counts.mac_count)


def _time(layer: LayerEvaluation) -> float:
    return layer.duration_s or 0.0


def _boundary_share(layer: LayerEvaluation) -> float:
    return layer.boundary_pixel_count / (layer.boundary_pixel_count + layer.interior_pixel_count)


def _energy(energy_pj: float) -> str:
    if energy_pj >= PJ_PER_MJ:
        return f"{energy_pj / PJ_PER_MJ:,.2f} mJ"
    return f"{energy_pj / PJ_PER_UJ:,.2f} uJ"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
