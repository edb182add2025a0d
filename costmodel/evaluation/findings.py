"""What an evaluation shows, as kinds and figures: what decides the result, what does not matter, is suspicious or cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from costmodel.columns import Number
from costmodel.provenance import formula, lone
from costmodel.results.conclusions.finding import Finding, FindingKind, Weight
from costmodel.results.evaluation import Evaluation, LayerEvaluation
from costmodel.results.totals import ratio_of, total_of
from costmodel.specs.counting import Taps
from costmodel.specs.devices.power import IDLE
from costmodel.specs.operations import operation_of
from costmodel.units import PJ_PER_J

DOMINANT_RATIO: Final = 0.4
"""A layer dominates from this share of the total on."""
LARGE_LEAKAGE_RATIO: Final = 0.05
"""Leakage above this share of the idle board's power is worth a doubt."""
IDLE_DOMINATES_RATIO: Final = 0.9
"""Above this share of average power, idling decides battery life."""
LIKE_TIMES_RATIO: Final = 0.02
"""Times that go with multiply-accumulates as closely as this are no finding."""


@formula(
    id="finding.idle_share",
    equation="r = P_idle * (1 - D) / P_avg",
    symbols={
        "r": "share of the average power that idling takes [1]",
        "P_idle": "power of the idle device [W]",
        "D": "duty cycle [1]",
        "P_avg": "average power of the board [W]",
    },
    unit="1",
    source="definition: the board idles whenever it does not infer",
)
def idle_share_ratio(idle_w: Number, duty_ratio: Number, average_w: Number) -> Number:
    """Return the share of the average power that idling takes."""
    return idle_w * (1 - duty_ratio) / average_w


@formula(
    id="finding.share_of_board",
    equation="r = E_mem / (E_inf * 1e12)",
    symbols={
        "r": "memory's dynamic energy, of what the board draws during an inference [1]",
        "E_mem": "dynamic energy of the memory [pJ]",
        "E_inf": "energy of one inference, idle power included [J]",
    },
    unit="1",
    source="definition: part over whole",
)
def share_of_board_ratio(memory_pj: Number, inference_j: Number) -> Number:
    """Return what the memory's dynamic energy is of the board's during an inference."""
    return memory_pj / PJ_PER_J / inference_j


@formula(
    id="finding.boundary_share",
    equation="r = B / (B + I)",
    symbols={
        "r": "share of the output pixels that lie on the boundary [1]",
        "B": "output pixels with taps on padding [1]",
        "I": "output pixels all of whose taps are on real input [1]",
    },
    unit="1",
    source="definition: part over whole",
)
def boundary_share_ratio(boundary_count: Number, interior_count: Number) -> Number:
    """Return the share of output pixels that lie on the boundary."""
    return boundary_count / (boundary_count + interior_count)


@formula(
    id="finding.padding_share",
    equation="r = (N - V) / N",
    symbols={
        "r": "share of the nominal multiply-accumulates that fall on padding [1]",
        "N": "multiply-accumulates, those on padding included [1]",
        "V": "multiply-accumulates on real input [1]",
    },
    unit="1",
    source="definition: part over whole",
)
def padding_share_ratio(nominal_count: Number, valid_count: Number) -> Number:
    """Return the share of nominal multiply-accumulates that fall on padding."""
    return (nominal_count - valid_count) / nominal_count


def find(evaluation: Evaluation) -> tuple[Finding, ...]:
    """Read an evaluation as an engineer would.

    Parameters
    ----------
    evaluation : Evaluation
        With or without findings; those it has are ignored.

    Returns
    -------
    tuple of Finding
        Whether it fits, then what could gain most, then doubts and what cannot be told.
    """
    found = [finding for reader in _READERS for finding in reader(evaluation)]
    of_board = next((lone(finding.values["share_ratio"]) for finding in found if finding.id == FindingKind.BOARD_SHARE), 1.0)
    return tuple(sorted(found, key=lambda finding: -_saved_ratio(finding, evaluation, of_board)))


def _saved_ratio(finding: Finding, evaluation: Evaluation, of_board: float) -> float:
    """The share of what empties the battery that could go at most by what a finding says: findings stand in this order.

    Memory energy is worth what it is of the board's; all, where the board's power is not known. What does not fit costs everything.
    """
    values, first = finding.values, evaluation.dataflows[0]
    if finding.id in (FindingKind.HEAP, FindingKind.FLASH):
        return 1.0
    if finding.id == FindingKind.IDLE:
        return float(values["idle_ratio"])
    if finding.id == FindingKind.BOARD_SHARE:
        return of_board
    if finding.id == FindingKind.DOMINANT_LAYER:
        return float(values["layer_ratio"]) * of_board
    if finding.id == FindingKind.DATAFLOW and first.energy.memory_pj:
        least_pj = min(min(answer.energy.memory_pj, answer.energy.tensor_pj) for answer in evaluation.dataflows)
        return (1.0 - least_pj / first.energy.memory_pj) * of_board
    return 0.0


def _verdict(evaluation: Evaluation) -> Iterator[Finding]:
    """Which dataflow costs less, under both placements of the scratch rows."""
    if len(evaluation.dataflows) < 2:
        return
    in_memory = min(evaluation.dataflows, key=lambda answer: answer.energy.memory_pj)
    in_registers = min(evaluation.dataflows, key=lambda answer: answer.energy.tensor_pj)
    yield Finding(
        id=FindingKind.DATAFLOW,
        weight=Weight.VERDICT,
        values={"in_memory": in_memory.dataflow.value, "in_registers": in_registers.dataflow.value},
        figures=("energy.memory", "energy.tensors"),
    )


def _heap(evaluation: Evaluation) -> Iterator[Finding]:
    """Whether the device's memory holds the network."""
    memory = evaluation.memory
    if memory.heap is not None:
        yield Finding(
            id=FindingKind.HEAP,
            weight=Weight.VERDICT if memory.heap.fits else Weight.FAILS,
            values={"buffer_bytes": memory.plan.tensor_buffer_bytes or 0},
            figures=(f"memory.{memory.plan.accounting.value}",),
        )
    if memory.flash_bytes > memory.flash_capacity_bytes:
        yield Finding(
            id=FindingKind.FLASH,
            weight=Weight.FAILS,
            values={"flash_bytes": memory.flash_bytes, "capacity_bytes": memory.flash_capacity_bytes},
            figures=("network.weight_bytes",),
        )


def _dominant_layer(evaluation: Evaluation) -> Iterator[Finding]:
    """Which layer takes most of the memory's energy."""
    first = evaluation.dataflows[0]
    total = first.energy.memory_pj
    if total <= 0:
        return
    layer = max(first.layers, key=lambda candidate: candidate.energy.memory_pj)
    share = ratio_of(layer.energy.memory_pj, total)
    convolutions = [candidate.energy.memory_pj for candidate in first.layers if operation_of(candidate.kind).takes_dataflow]
    yield Finding(
        id=FindingKind.DOMINANT_LAYER,
        weight=Weight.DOMINATES if share >= DOMINANT_RATIO else Weight.NEGLIGIBLE,
        values={
            "layer": layer.name,
            "layer_ratio": share,
            "convolutions_ratio": ratio_of(total_of(convolutions), total),
            "layer_pj": layer.energy.memory_pj,
            "layer_mac_count": _macs(layer),
        },
        figures=(f"{layer.name}.energy", "energy.memory"),
    )


def _idle(evaluation: Evaluation) -> Iterator[Finding]:
    """Whether idling decides battery life."""
    power, battery = evaluation.power, evaluation.battery
    if power is None or battery is None or battery.sleep != IDLE:
        return
    if battery.duty_w is None or battery.duty_ratio is None or battery.duty_life_s is None:
        return
    idle_share = idle_share_ratio(power.idle_w, battery.duty_ratio, battery.duty_w) if battery.duty_w else 0.0
    if idle_share < IDLE_DOMINATES_RATIO or battery.continuous_life_s is None:
        return
    yield Finding(
        id=FindingKind.IDLE,
        weight=Weight.DOMINATES,
        values={"idle_ratio": idle_share},
        figures=("battery.duty_life", "battery.continuous_life", "power.idle"),
    )


def _dynamic_energy_is_small(evaluation: Evaluation) -> Iterator[Finding]:
    """How small the memory's dynamic energy is beside the board's."""
    power, first = evaluation.power, evaluation.dataflows[0]
    if power is None or not power.inference_j:
        return
    share = share_of_board_ratio(first.energy.memory_pj, power.inference_j)
    yield Finding(
        id=FindingKind.BOARD_SHARE,
        weight=Weight.NEGLIGIBLE if share < LARGE_LEAKAGE_RATIO else Weight.DOMINATES,
        values={"share_ratio": share},
        figures=("energy.memory", "power.inference_energy", "energy.compute"),
    )


def _leakage(evaluation: Evaluation) -> Iterator[Finding]:
    """Whether the memory's leakage is credible beside the board's idle power."""
    power, dynamic_pj = evaluation.power, evaluation.dataflows[0].energy.memory_pj
    if power is None or power.idle_w <= 0 or evaluation.leakage_w / power.idle_w < LARGE_LEAKAGE_RATIO:
        return
    values: dict[str, str | int | float] = {"idle_ratio": ratio_of(evaluation.leakage_w, power.idle_w)}
    if evaluation.leakage_pj and dynamic_pj > 0:
        values["dynamic_ratio"] = ratio_of(evaluation.leakage_pj, dynamic_pj)
    yield Finding(id=FindingKind.LEAKAGE, weight=Weight.SUSPICIOUS, values=values, figures=("energy.leakage", "power.idle"))


def _time_against_macs(evaluation: Evaluation) -> Iterator[Finding]:
    """Why time does not scale with multiply-accumulates."""
    first = evaluation.dataflows[0]
    timed = [layer for layer in first.layers if operation_of(layer.kind).takes_dataflow and layer.duration_s]
    if len(timed) < 2 or first.latency.rates is None or not first.latency.fitted:
        return
    small, large = min(timed, key=_time), max(timed, key=_time)
    mac_ratio, time_ratio = ratio_of(_macs(large), _macs(small)), ratio_of(_time(large), _time(small))
    if abs(time_ratio / mac_ratio - 1) < LIKE_TIMES_RATIO:
        return
    yield Finding(
        id=FindingKind.BOUNDARY,
        weight=Weight.SUSPICIOUS,
        values={
            "small": small.name,
            "large": large.name,
            "mac_ratio": mac_ratio,
            "time_ratio": time_ratio,
            "small_boundary_ratio": _boundary_share(small),
            "large_boundary_ratio": _boundary_share(large),
        },
        figures=(f"{small.name}.time", f"{large.name}.time"),
    )


def _beyond_calibration(evaluation: Evaluation) -> Iterator[Finding]:
    """What the calibration was not measured under."""
    if any(answer.latency.conditions for answer in evaluation.dataflows):
        yield Finding(id=FindingKind.BEYOND_CALIBRATION, weight=Weight.UNKNOWN, figures=("latency.total",))


def _padding(evaluation: Evaluation) -> Iterator[Finding]:
    """How many multiply-accumulates are on padding."""
    nominal, valid = evaluation.mac_nominal_count, evaluation.mac_valid_count
    if nominal == valid:
        return
    counted = evaluation.counting.taps is Taps.NOMINAL
    yield Finding(
        id=FindingKind.PADDING,
        weight=Weight.SUSPICIOUS if counted else Weight.NEGLIGIBLE,
        values={"padding_ratio": padding_share_ratio(nominal, valid)},
    )


def _uncalibrated(evaluation: Evaluation) -> Iterator[Finding]:
    """What has no calibrated time."""
    if any(answer.latency.total_s is None for answer in evaluation.dataflows):
        yield Finding(id=FindingKind.NOT_CALIBRATED, weight=Weight.UNKNOWN, figures=("latency.total",))


_READERS: Final[tuple[Callable[[Evaluation], Iterator[Finding]], ...]] = (
    _verdict,
    _heap,
    _dominant_layer,
    _idle,
    _dynamic_energy_is_small,
    _leakage,
    _time_against_macs,
    _beyond_calibration,
    _padding,
    _uncalibrated,
)


def _macs(layer: LayerEvaluation) -> Number:
    return layer.counts.mac_count


def _time(layer: LayerEvaluation) -> float:
    return layer.duration_s or 0.0


def _boundary_share(layer: LayerEvaluation) -> float:
    return lone(boundary_share_ratio(layer.boundary_pixel_count, layer.interior_pixel_count))
