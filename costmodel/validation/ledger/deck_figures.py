"""How each figure of the ESP32-WROOM compression deck is computed, from the packaged scenario and nothing else.

A row's function takes a `Deck` and returns a `Computed`; its id is the row's id in the ledger's data. Nothing here reads a published value
of the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from costmodel.battery.energy_budget import usable_energy_j
from costmodel.compression.pruning import kept_channels
from costmodel.results.totals import total_of
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.units import (
    BYTES_PER_KIB,
    BYTES_PER_MB,
    J_PER_WH,
    MA_PER_A,
    MJ_PER_J,
    MW_PER_W,
    NS_PER_S,
    PER_MILLION,
    PERCENT,
    PJ_PER_NJ,
    PJ_PER_UJ,
    S_PER_HOUR,
    UJ_PER_J,
)
from costmodel.validation.ledger.computed import Computed, RowFunction
from costmodel.validation.ledger.deck import FP32_BYTES, Deck
from costmodel.validation.ledger.deck_formulas import (
    difference_of,
    largest_level,
    product_of,
    ratio_of,
    reduction_ratio,
)
from costmodel.validation.ledger.trained_figures import TRAINED_ROWS

DECK_FIGURES: Final[dict[str, RowFunction]] = dict(TRAINED_ROWS)
"""Function of each row by id."""


def _row(row_id: str) -> Callable[[RowFunction], RowFunction]:
    def register(function: RowFunction) -> RowFunction:
        DECK_FIGURES[row_id] = function
        return function

    return register


def _figure_rows() -> None:
    """Rows that are a figure of the reference scenario in another unit."""
    rows: dict[str, tuple[str, float]] = {
        "conv1.accesses": ("conv1.accesses.input_read_count", 1),
        "conv2.accesses": ("conv2.accesses.input_read_count", 1),
        "conv1.macs_nominal": ("conv1.mac_count", 1),
        "conv2.macs_nominal": ("conv2.mac_count", 1),
        "conv1.energy": ("conv1.energy", 1 / PJ_PER_UJ),
        "conv2.energy": ("conv2.energy", 1 / PJ_PER_UJ),
        "scratch.output_stationary": ("conv1.scratch_buffer_count", 1),
        "power.idle": ("power.idle", MW_PER_W),
        "power.active": ("power.active", MW_PER_W),
        "power.increase": ("power.increase", PERCENT),
        "energy.inference": ("power.inference_energy", MJ_PER_J),
        "energy.baseline": ("power.baseline_energy", MJ_PER_J),
        "energy.baseline_share": ("power.baseline_share", PERCENT),
        "energy.computational": ("power.computational_energy", MJ_PER_J),
        "energy.computational_share": ("power.computational_share", PERCENT),
        "battery.usable": ("battery.usable_energy", 1 / J_PER_WH),
        "battery.continuous_life": ("battery.continuous_life", 1 / S_PER_HOUR),
        "battery.continuous_inferences": ("battery.continuous_inferences", 1),
        "battery.rate": ("power.rate", 1),
        "battery.duty": ("battery.duty", PERCENT),
        "battery.duty_power": ("battery.duty_power", MW_PER_W),
        "battery.duty_life": ("battery.duty_life", 1 / S_PER_HOUR),
        "battery.duty_inferences": ("battery.duty_inferences", 1),
        "files.weights": ("network.weight_bytes", 1 / BYTES_PER_KIB),
        "files.input": ("network.input_bytes", 1),
        "memory.buffers_bytes": ("memory.static-in-place", 1),
    }
    for row_id, (figure, scale) in rows.items():
        DECK_FIGURES[row_id] = _of_figure(figure, scale)


def _network_rows() -> None:
    """Parameters and sizes of the networks."""
    for name in ("cifar-initial", "cifar-baseline", "cifar-aap", "cifar-aap-pruned"):
        DECK_FIGURES[f"parameters.{name}"] = _of_parameters(name, 1)
    for row, name in (("original", "cifar-baseline"), ("aap", "cifar-aap"), ("pruned", "cifar-aap-pruned")):
        DECK_FIGURES[f"table1.{row}_fp32"] = _of_size(name, FP32_BYTES)
        DECK_FIGURES[f"table1.{row}_int8"] = _of_size(name, 1)
    for row, scale in (("parameters", PER_MILLION), ("parameters_exact", 1), ("parameters_claimed", PER_MILLION)):
        DECK_FIGURES[f"resnet18.{row}"] = _of_parameters("resnet18", scale)
    for row in ("size", "size_exact"):
        DECK_FIGURES[f"resnet18.{row}"] = _of_size("resnet18", FP32_BYTES)
    DECK_FIGURES["resnet18.macs_nominal"] = _of_macs("resnet18", Taps.NOMINAL)
    DECK_FIGURES["resnet18.macs_valid"] = _of_macs("resnet18", Taps.VALID)


def _of_figure(figure: str, scale: float) -> RowFunction:
    return lambda deck: Computed(deck.figure(figure), scale)


def _of_parameters(network: str, scale: float) -> RowFunction:
    return lambda deck: Computed(deck.parameters(network), scale)


def _of_size(network: str, element_bytes: int) -> RowFunction:
    return lambda deck: Computed(product_of(deck.parameters(network), element_bytes), 1 / BYTES_PER_MB)


def _of_macs(network: str, taps: Taps) -> RowFunction:
    return lambda deck: Computed(deck.macs(network, taps))


_figure_rows()
_network_rows()


@_row("pruned.conv1")
def _pruned_conv1(deck: Deck) -> Computed:
    return Computed(kept_channels(deck.width("conv1"), deck.observed("pruned_channels_ratio")))


@_row("pruned.conv2")
def _pruned_conv2(deck: Deck) -> Computed:
    return Computed(kept_channels(deck.width("conv2"), deck.observed("pruned_channels_ratio")))


@_row("pruned.fc1")
def _pruned_fc1(deck: Deck) -> Computed:
    return Computed(kept_channels(deck.width("fc1"), deck.observed("pruned_neurons_ratio")))


@_row("features.cifar-initial")
def _initial_features(deck: Deck) -> Computed:
    return Computed(deck.features("cifar-initial"))


@_row("features.cifar-aap")
def _pooled_features(deck: Deck) -> Computed:
    return Computed(deck.features("cifar-aap"))


@_row("convolutions.energy_ratio")
def _energy_ratio(deck: Deck) -> Computed:
    return Computed(ratio_of(deck.figure("conv2.energy"), deck.figure("conv1.energy")))


@_row("cacti.read")
def _cacti_read(deck: Deck) -> Computed:
    return Computed(deck.sram("read_pj"), 1 / PJ_PER_NJ)


@_row("cacti.write")
def _cacti_write(deck: Deck) -> Computed:
    return Computed(deck.sram("write_pj"), 1 / PJ_PER_NJ)


@_row("cacti.leakage")
def _cacti_leakage(deck: Deck) -> Computed:
    return Computed(deck.sram("leakage_w"), MW_PER_W)


@_row("cacti.access_time")
def _cacti_access_time(deck: Deck) -> Computed:
    return Computed(deck.sram("access_s"), NS_PER_S)


@_row("cacti.area")
def _cacti_area(deck: Deck) -> Computed:
    return Computed(deck.sram("area_mm2"))


@_row("cacti.block_elements")
def _block_elements(deck: Deck) -> Computed:
    return Computed(ratio_of(deck.scenario.memory_energy.access_bytes, FP32_BYTES))


@_row("memory.conv1_buffer")
def _conv1_buffer(deck: Deck) -> Computed:
    return Computed(deck.buffers()[0], 1 / BYTES_PER_KIB)


@_row("memory.buffers")
def _buffers(deck: Deck) -> Computed:
    return Computed(total_of(deck.buffers()), 1 / BYTES_PER_KIB, deck.rounded_buffers_kib())


@_row("memory.buffers_share")
def _buffers_share(deck: Deck) -> Computed:
    total_kib = deck.dram_kib("total_bytes")
    return Computed(ratio_of(total_of(deck.buffers()), deck.dram("total_bytes")), PERCENT, deck.rounded_buffers_kib() / total_kib * PERCENT)


@_row("memory.input_and_weights_share")
def _input_and_weights_share(deck: Deck) -> Computed:
    parts = [deck.figure("network.input_bytes"), deck.figure("network.weight_bytes")]
    rounded = sum(round(part / BYTES_PER_KIB) for part in parts)
    return Computed(ratio_of(total_of(parts), deck.dram("total_bytes")), PERCENT, rounded / deck.dram_kib("total_bytes") * PERCENT)


@_row("memory.buffers_of_runtime")
def _buffers_of_runtime(deck: Deck) -> Computed:
    used = difference_of(deck.dram("total_bytes"), deck.dram("remaining_bytes"))
    return Computed(ratio_of(total_of(deck.buffers()), used), PERCENT)


@_row("interior.pixels")
def _interior(_deck: Deck) -> Computed:
    return Computed(product_of(_EXAMPLE.interior, _EXAMPLE.interior))


@_row("interior.boundary")
def _boundary(_deck: Deck) -> Computed:
    pixels = product_of(_EXAMPLE.output, _EXAMPLE.output)
    return Computed(difference_of(pixels, product_of(_EXAMPLE.interior, _EXAMPLE.interior)))


@_row("interior.share")
def _interior_share(_deck: Deck) -> Computed:
    pixels = product_of(_EXAMPLE.output, _EXAMPLE.output)
    return Computed(ratio_of(product_of(_EXAMPLE.interior, _EXAMPLE.interior), pixels), PERCENT)


@_row("scratch.row_stationary")
def _scratch_rows(deck: Deck) -> Computed:
    return Computed(deck.figure("conv1.scratch_buffer_count", Dataflow.ROW_STATIONARY))


@_row("power.delta")
def _current_delta(deck: Deck) -> Computed:
    return Computed(difference_of(deck.power("active_a"), deck.power("idle_a")), MA_PER_A)


@_row("battery.total")
def _battery_total(deck: Deck) -> Computed:
    return Computed(usable_energy_j(deck.battery("voltage_v"), deck.battery("capacity_ah"), 1.0, 1.0), 1 / J_PER_WH)


@_row("files.weights_ratio")
def _weights_ratio(deck: Deck) -> Computed:
    weights = deck.figure("network.weight_bytes")
    text = deck.observed("weights_text_bytes")
    return Computed(ratio_of(text, weights), 1, round(text / BYTES_PER_KIB) / round(weights / BYTES_PER_KIB))


@_row("quantisation.largest")
def _largest_level(deck: Deck) -> Computed:
    return Computed(largest_level(deck.observed("weight_bits")))


@_row("time.convolution_share")
def _convolution_share(deck: Deck) -> Computed:
    convolutions = total_of([deck.timed("conv1"), deck.timed("conv2")])
    return Computed(ratio_of(convolutions, deck.timed("total")), PERCENT)


@_row("files.image_ratio")
def _image_ratio(deck: Deck) -> Computed:
    return Computed(ratio_of(deck.observed("image_text_bytes"), deck.figure("network.input_bytes")))


@_row("conv1.all_accesses")
def _conv1_all_accesses(deck: Deck) -> Computed:
    return Computed(deck.all_accesses("conv1"))


@_row("conv2.all_accesses")
def _conv2_all_accesses(deck: Deck) -> Computed:
    return Computed(deck.all_accesses("conv2"))


@_row("final.parameters")
def _final_parameters(deck: Deck) -> Computed:
    return Computed(deck.parameters("cifar-aap"))


@_row("time.timer")
def _timer(deck: Deck) -> Computed:
    return Computed(deck.timed("total"))


@_row("current.cv_active")
def _cv_active(deck: Deck) -> Computed:
    return Computed(ratio_of(deck.observed("current_sigma_a"), deck.power("active_a")), PERCENT)


@_row("current.cv_idle")
def _cv_idle(deck: Deck) -> Computed:
    return Computed(ratio_of(deck.observed("current_sigma_a"), deck.power("idle_a")), PERCENT)


@_row("memory.iram_used")
def _iram_used(deck: Deck) -> Computed:
    return Computed(difference_of(deck.observed("iram_total_bytes"), deck.observed("iram_remaining_bytes")), 1 / BYTES_PER_KIB)


@_row("parameters.reduction")
def _reduction(deck: Deck) -> Computed:
    return Computed(reduction_ratio(deck.parameters("cifar-aap-pruned"), deck.parameters("cifar-baseline")), PERCENT)


@_row("table2.energy")
def _table2_energy(deck: Deck) -> Computed:
    return Computed(product_of(deck.observed("host_power_w"), deck.observed("host_time_s")), UJ_PER_J)


@_row("time.conv_ratio")
def _time_ratio(deck: Deck) -> Computed:
    return Computed(ratio_of(deck.timed("conv2"), deck.timed("conv1")))


@_row("memory.resident")
def _resident(deck: Deck) -> Computed:
    parts = [*deck.buffers(), deck.figure("network.weight_bytes"), deck.figure("network.input_bytes")]
    return Computed(total_of(parts), 1 / BYTES_PER_KIB)


@_row("memory.remaining")
def _remaining(deck: Deck) -> Computed:
    return Computed(deck.dram("remaining_bytes"), 1 / BYTES_PER_KIB)


@_row("memory.heap")
def _heap(deck: Deck) -> Computed:
    return Computed(total_of(deck.heap_regions()), 1 / BYTES_PER_KIB)


@_row("padding.conv1")
def _padding_conv1(deck: Deck) -> Computed:
    return Computed(deck.valid_figure("conv1.mac_count"))


@_row("padding.conv2")
def _padding_conv2(deck: Deck) -> Computed:
    return Computed(deck.valid_figure("conv2.mac_count"))


@_row("leakage.share")
def _leakage_share(deck: Deck) -> Computed:
    return Computed(ratio_of(deck.sram("leakage_w"), deck.figure("power.idle")), PERCENT)


_EXAMPLE: Final = Axis(7, 3, 1, 1, 1, 1)
"""The deck's example: seven columns, a kernel of three, one of padding on each side."""
