"""The deck's deployment as the ledger sees it: the packaged scenario, the zoo, a real CACTI run, and what the deck observed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from costmodel.columns import Number
from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.evaluation.figures import Figure
from costmodel.provenance import Constant, leaf
from costmodel.results.runs.sram_run import SramFigures
from costmodel.results.totals import total_of
from costmodel.sources.cacti.sram_table_file import packaged_sram_table
from costmodel.sources.catalogue import load_network, load_scenario
from costmodel.sources.trained_accuracies import packaged_accuracies
from costmodel.specs.base import with_changes
from costmodel.specs.counting import CountingConvention, Dataflow, Taps
from costmodel.specs.network import Network
from costmodel.specs.operations import LINEAR
from costmodel.specs.scenario import Scenario
from costmodel.specs.shapes import element_count
from costmodel.specs.trained.trained_accuracy import TrainedAccuracy
from costmodel.units import BYTES_PER_KIB

FP32_BYTES: Final = 4
SRAM_ROW: Final = "deck-45nm-hp-128k-64b"
"""Name of the CACTI run behind the deck's five numbers."""

DECK_RECIPE: Final = "deck"
"""Recipe with the deck's settings as far as they are printed."""
_DECK: Final = "kornak2025deck"
OBSERVATIONS: Final[Mapping[str, Constant]] = {
    "pruned_channels_ratio": Constant(0.2, "", None, None, f"{_DECK}: slide 'Structured Pruning': 20 %"),
    "pruned_neurons_ratio": Constant(0.4, "", None, None, f"{_DECK}: slide 'Structured Pruning': initially 40 %; inferred for fc1"),
    "weights_text_bytes": Constant(96 * BYTES_PER_KIB, "B", None, None, f"{_DECK}: slide 'Weight Compression': 96 KB .h"),
    "image_text_bytes": Constant(11 * BYTES_PER_KIB, "B", None, None, f"{_DECK}: slide 'Input Compression': 11 KB .h"),
    "weight_bits": Constant(8, "bit", None, None, f"{_DECK}: slide 'Quantization': b = 8"),
    "current_sigma_a": Constant(0.1e-3, "A", None, None, f"{_DECK}: slide 'Power Consumption': below 0.1 mA"),
    "iram_total_bytes": Constant(372.97 * BYTES_PER_KIB, "B", None, None, f"{_DECK}: slide 'ESP32 Memory Summary'"),
    "iram_remaining_bytes": Constant(196.59 * BYTES_PER_KIB, "B", None, None, f"{_DECK}: slide 'ESP32 Memory Summary'"),
    "host_time_s": Constant(0.419e-3, "s", None, None, f"{_DECK}: Table II"),
    "host_power_w": Constant(0.700, "W", None, None, f"{_DECK}: Table II"),
}
"""What the deck measured or chose beside what its scenario holds."""


class Deck:
    """Everything the rows are computed from; every number it hands out remembers its source.

    Parameters
    ----------
    scenario : Scenario, optional
        Left out, the packaged `esp32-deck`. A test changes it to see which rows move.
    sram : SramFigures, optional
        Left out, the packaged CACTI run.
    """

    def __init__(self, scenario: Scenario | None = None, sram: SramFigures | None = None) -> None:
        self.scenario = load_scenario("esp32-deck") if scenario is None else scenario
        self._sram = packaged_sram_table().named(SRAM_ROW).figures if sram is None else sram
        self._figures: dict[tuple[str, Dataflow, Taps], Mapping[str, Figure]] = {}

    def figure(self, name: str, dataflow: Dataflow = Dataflow.OUTPUT_STATIONARY) -> Number:
        """Return a figure of the reference scenario, under one dataflow."""
        return self._figures_of(self.scenario, dataflow)[name].value

    def valid_figure(self, name: str) -> Number:
        """Return a figure of the reference scenario counted over valid taps."""
        return self._figures_of(_with_taps(self.scenario, Taps.VALID), Dataflow.OUTPUT_STATIONARY)[name].value

    def trained(self, stage: str, numbers: str) -> tuple[TrainedAccuracy, ...]:
        """Return what the packaged recipe `deck` reached after a stage, seed by seed."""
        return tuple(row for row in packaged_accuracies() if (row.recipe, row.stage, row.numbers) == (DECK_RECIPE, stage, numbers))

    def parameters(self, network: str) -> Number:
        """Return the parameters of a network; the reference scenario's own where it goes by that name."""
        return self._figures_of(self._with_network(network), Dataflow.OUTPUT_STATIONARY)["network.parameters"].value

    def macs(self, network: str, taps: Taps) -> Number:
        """Return the multiply-accumulates of a network under a tap convention."""
        return self._figures_of(_with_taps(self._with_network(network), taps), Dataflow.OUTPUT_STATIONARY)["network.mac_count"].value

    def width(self, layer: str) -> Number:
        """Return the channels or neurons of a layer of the unpruned network."""
        found = next(candidate for candidate in load_network("cifar-aap").layers if candidate.name == layer)
        return leaf(getattr(found, "out_channels", None) or getattr(found, "out_features", None), f"cifar-aap.{layer}", "network cifar-aap")

    def features(self, network: str) -> Number:
        """Return the inputs of the first linear layer of a network."""
        step = next(step for step in load_network(network).steps if step.operation is LINEAR)
        return leaf(element_count(step.inputs[0]), f"{network}.{step.name}.in_features", f"network {network}")

    def all_accesses(self, layer: str) -> Number:
        """Return every access the deck's energy of a layer is made of: both operands' reads and the writes."""
        counters = ("input_read_count", "weight_read_count", "output_write_count")
        return total_of([self.figure(f"{layer}.accesses.{counter}") for counter in counters])

    def buffers(self) -> list[Number]:
        """Return the bytes of each buffer of the reference scenario, static with poolings in place."""
        figures = self._figures_of(self.scenario, Dataflow.OUTPUT_STATIONARY)
        return [figure.value for name, figure in figures.items() if name.startswith("memory.buffer.")]

    def rounded_buffers_kib(self) -> float:
        """Return the sum of the buffers in KiB, each rounded to two decimals first, as the deck adds them."""
        return round(sum(round(float(buffer) / BYTES_PER_KIB, 2) for buffer in self.buffers()), 2)

    def dram(self, field: str) -> Number:
        """Return what the deck's program reported of its heap [B]."""
        heap = self.scenario.observed_heap
        return None if heap is None else leaf(getattr(heap, field), f"observed_heap.{field}", heap.source)

    def dram_kib(self, field: str) -> float:
        """Return the same in KiB, to the two decimals the deck prints."""
        return round(float(self.dram(field)) / BYTES_PER_KIB, 2)

    def heap_regions(self) -> list[Number]:
        """Return the bytes of each heap region of the device."""
        return [leaf(region.size_bytes, f"device.{region.name}", region.source) for region in self.scenario.device.heap_regions]

    def power(self, field: str) -> Number:
        """Return a current or the supply."""
        return _leaf(getattr(self.scenario.power, field), f"power.{field}")

    def battery(self, field: str) -> Number:
        """Return a parameter of the battery."""
        return _leaf(getattr(self.scenario.battery, field), f"battery.{field}")

    def timed(self, layer: str) -> Number:
        """Return a measured time of the calibration [s]."""
        calibration = self.scenario.calibration
        times = calibration.times if calibration else ()
        return _leaf(next(time.duration_s for time in times if time.layer == layer), f"calibration.{layer}.duration_s")

    def sram(self, field: str) -> Number:
        """Return a figure of the real CACTI run."""
        return leaf(getattr(self._sram, field), f"cacti.{field}", f"CACTI run {SRAM_ROW}")

    def observed(self, name: str) -> Any:
        """Return something the deck observed."""
        constant = OBSERVATIONS[name]
        return leaf(constant.value, f"deck.{name}", constant.source)

    def _with_network(self, name: str) -> Scenario:
        if name == self.scenario.network.name:
            return self.scenario
        return _with(self.scenario, load_network(name))

    def _figures_of(self, scenario: Scenario, dataflow: Dataflow) -> Mapping[str, Figure]:
        key = (scenario.network.name, dataflow, scenario.counting.taps)
        if key not in self._figures:
            self._figures[key] = recorded_figures(scenario, dataflow)
        return self._figures[key]


def _with(scenario: Scenario, network: Network) -> Scenario:
    return with_changes(scenario, {"network": network})


def _with_taps(scenario: Scenario, taps: Taps) -> Scenario:
    convention: CountingConvention = with_changes(scenario.counting, {"taps": taps})
    return with_changes(scenario, {"counting": convention})


def _leaf(constant: Constant, name: str) -> Number:
    return leaf(constant.value, name, constant.source)
