"""What every subject records: each formula's calls over packaged networks, batteries, memories, devices and the deck's ledger."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np
from tflite_writer import small_network

import costmodel
from costmodel.evaluation.accuracies import known_accuracy
from costmodel.evaluation.battery.answer import answer_battery
from costmodel.evaluation.battery.question import BatteryQuestion
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.evaluation.graphs.tflm import plan_tflm_arena
from costmodel.evaluation.timing.estimate import estimate_time
from costmodel.evaluation.timing.outlook import outlook_of
from costmodel.measurement.captures.trace_chunk import Trace
from costmodel.measurement.synthetic_trace import SyntheticTrace, synthetic_chunks
from costmodel.measurement.trace_analysis import analyse_trace
from costmodel.provenance import FORMULAS, Constant, Formula, Record, recording
from costmodel.results.totals import mean_of
from costmodel.sources.catalogue import load_battery, load_device, load_duty_cycle, load_network, load_power_states, load_scenario, names
from costmodel.sources.importers.tflite import from_tflite
from costmodel.sources.memory_energies import memory_energy
from costmodel.sources.runtimes import load_runtime
from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario
from costmodel.sources.stored_models.packaged_models import packaged_model_names
from costmodel.sources.stored_models.trained_weights import trained_weights_of
from costmodel.sources.usual_use import usual_use
from costmodel.specs.base import with_changes
from costmodel.specs.counting import CountingConvention, Dataflow, Granularity, Taps
from costmodel.specs.devices.battery import BatteryModelName
from costmodel.specs.devices.runtime import MeasuredNetwork, Runtime
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import mapping_of
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.scenario import MemoryAccounting, Storage
from costmodel.validation.ledger.published_ledger import reckon

KEPT: Final = 60
"""Calls kept of each formula and subject: the first with inputs of their own."""


@cache
def every_formula() -> dict[str, Formula]:
    """Import every module, so that each formula has declared itself, and return them by id."""
    for found in pkgutil.walk_packages(costmodel.__path__, "costmodel."):
        # PyTorch is optional, and the room that imports it at its door declares no formula.
        if not found.name.endswith("__main__") and not found.name.startswith("costmodel.training.pytorch."):
            importlib.import_module(found.name)
    return dict(FORMULAS)


def _deck() -> None:
    scenario = load_scenario("esp32-deck")
    for dataflow in (*Dataflow, mapping_of("blocked-output-stationary(pixels=4, filters=2)")):
        recorded_figures(scenario, dataflow)
    evaluate(scenario)
    recorded_figures(with_changes(scenario, {"weights_in": Storage.FLASH}), Dataflow.OUTPUT_STATIONARY)
    evaluate(with_changes(scenario, {"accounting": MemoryAccounting.ARENA_IN_PLACE, "dataflows": (Dataflow.ROW_STATIONARY,)}))


def _zoo() -> None:
    deck = load_scenario("esp32-deck")
    convention = CountingConvention(taps=Taps.VALID, bias=True, granularity=Granularity.BLOCK_PACKED)
    for name in names("networks"):
        for dataflow in (*Dataflow, mapping_of("blocked-output-stationary(pixels=3, filters=4)")):
            changes = {"network": load_network(name), "counting": convention, "calibration": None, "calibration_network": None}
            recorded_figures(with_changes(deck, changes), dataflow)


def _schedules() -> None:
    """Layers that run together: fused, in strips, with residuals through rings, and with weights in flash."""
    deck = load_scenario("esp32-deck")
    for name in (ScheduleName.STREAMING, ScheduleName.STRIPS_2, ScheduleName.FUSED_ROWS):
        recorded_figures(with_changes(deck, {"schedule": name}), Dataflow.OUTPUT_STATIONARY)
    changes = {"network": load_network("resnet8"), "calibration": None, "calibration_network": None, "weights_in": Storage.FLASH}
    recorded_figures(with_changes(deck, changes | {"schedule": ScheduleName.PIXEL_STREAMING}), Dataflow.OUTPUT_STATIONARY)


def _batteries() -> None:
    duration = load_power_states("esp32-deck").duration_s
    assert duration is not None
    cold = Constant(3.0, "degC", None, None, "test")
    # Every model on a board with a regulator and on a chip alone; the formulas of the other boards are those of the energy model.
    for battery, states in itertools.product(("18650", "cr2032"), names("power_states")):
        cell, board = load_battery(battery), load_power_states(states)
        every = states in ("esp32-module", "nrf52840-chip")
        for model in BatteryModelName if every else [BatteryModelName.ENERGY][: battery == "18650"]:
            if model is not BatteryModelName.ENERGY and getattr(cell, model.value) is None:
                continue
            rest = "deep" if "deep" in board.rests() else "light"
            answer_battery(BatteryQuestion(cell, board, duration, 60.0, rest, model=model, temperature_degc=cold, sample_count=20))
    cycle = load_duty_cycle("sense-and-infer")
    cell, board = load_battery("cr2032"), load_power_states("esp32-module")
    answer_battery(BatteryQuestion(cell, board, duration, 60.0, cycle=cycle, sample_count=20))
    called("battery.phase_before_wake_up", 2.0, 0.27)


def _memories() -> None:
    for text in ("esp32-40nm-lstp-320k-4b", "deck-45nm-hp-128k-64b", "size=300KiB,width=4,node=40,cell=lstp,interpolate=yes"):
        memory_energy(text)


def _ledger() -> None:
    reckon()


def called(name: str, *arguments: Any) -> Any:
    """Call a formula by its id, wherever it lives."""
    function = every_formula()[name].function
    return getattr(importlib.import_module(function.__module__), function.__name__)(*arguments)


def _serial_lines() -> None:
    """The lines of flash and PSRAM that the packaged memories state."""
    for data_lines, command, address, wait, current_a in ((2, 8, 12, 4, 0.012), (4, 2, 6, 6, 0.010)):
        clocks = called("energy.serial_clocks", 32, data_lines, command, address, wait)
        line_pj = called("energy.serial_line", 3.3, current_a, clocks, 40e6)
        for reuse_bytes in (2048, 65_536):
            fills = called("energy.line_fills", 100_000, reuse_bytes, 32, 32_768, 49)
            called("energy.cached_reads", 1_000_000, 16.7, fills, line_pj)


def _captures() -> None:
    for holds_voltage in (False, True):
        recipe = SyntheticTrace(span_s=4.0)
        chunks = (
            replace(chunk, voltage_v=np.full(len(chunk.time_s), 4.9) if holds_voltage else None) for chunk in synthetic_chunks(recipe)
        )
        analyse_trace(Trace("synthetic", "synthetic", "sample", chunks), recipe.supply_v, "given")


def _model_files() -> None:
    for magnitude in (0.0, 0.37, 12.5):
        called("compression.scale", magnitude)
    called("compression.header_saving", 170_000, 28_576)


def _tflm() -> None:
    plan_tflm_arena(from_tflite(small_network(), "small.tflite"))


def _times() -> None:
    for network, device, runtime in itertools.product(("ds-cnn", "resnet8"), names("devices"), ("esp-nn", "tflm-cmsis-nn")):
        estimate_time(load_network(network), load_device(device), load_runtime(runtime))
    known = MeasuredNetwork(
        device="nrf52840",
        network="ds-cnn",
        clock_hz=64e6,
        version="1",
        duration_s=0.187,
        energy_j=3.8e-3,
        pointwise_mac_count=2_000_000,
        source="measured: for this test",
    )
    other = with_changes(known, {"network": "resnet8", "duration_s": 0.731, "energy_j": 0.0146})
    board = Runtime(name="mine", measured=(known, other), source=known.source)
    scenario = changed_scenario(None, ScenarioChanges(network="mobilenet-v1-0.25", device="nrf52840"))
    outlook_of(scenario, evaluate(scenario), usual_use(scenario)._replace(runtime=board, runtime_given=True))
    # Of a class of cores only a range is known, of float32 a wider one.
    for network, device in (("ds-cnn", "rp2040-pico"), ("cifar-aap-pruned", "esp32-wroom")):
        scenario = changed_scenario(None, ScenarioChanges(network=network, device=device))
        outlook_of(scenario, evaluate(scenario), usual_use(scenario))


def _answers() -> None:
    """What answers other than a report compute from its figures."""
    called("latency.repeated", 0.187, 1.21)
    for instructions in (1_234.5, 99.49):
        called("map.instructions", instructions)
    mean_of([0.187, 0.731, 0.2])


def _other_layers() -> None:
    """A layer that no packaged network has."""
    layers = [{"name": "up", "kind": "transposed_conv2d", "out_channels": 4, "kernel": 3, "stride": 2, "padding": 1, "extra": [0, 1, 0, 0]}]
    network = Network.model_validate({"name": "up", "input": "3x5x6", "layers": layers})
    for taps in Taps:
        counting = CountingConvention(taps=taps, bias=True, granularity=Granularity.BLOCK_PACKED)
        changes = {"network": network, "counting": counting, "calibration": None, "calibration_network": None}
        recorded_figures(with_changes(load_scenario("esp32-deck"), changes), Dataflow.OUTPUT_STATIONARY)


def _accuracies() -> None:
    """How often the weights that come with the package are right."""
    for name in packaged_model_names():
        network = load_network(name)
        found = trained_weights_of(name, network)
        assert found is not None
        known_accuracy(found.manifest, network, own=found.own)


SUBJECTS: Final[dict[str, Callable[[], None]]] = {
    "deck": _deck,
    "zoo": _zoo,
    "answers": _answers,
    "other layers": _other_layers,
    "schedules": _schedules,
    "batteries": _batteries,
    "memories": _memories,
    "ledger": _ledger,
    "serial lines": _serial_lines,
    "model files": _model_files,
    "captures": _captures,
    "tflm": _tflm,
    "times": _times,
    "accuracies": _accuracies,
}


@cache
def recorded() -> tuple[Record, ...]:
    """Return the records of every subject, those with columns left out, each with inputs of its own."""
    every_formula()
    kept: list[Record] = []
    for run in SUBJECTS.values():
        with recording() as tape:
            run()
            found: dict[str, dict[Any, Record]] = {}
            for record in _walk(tape):
                calls = found.setdefault(record.formula.id, {})
                if len(calls) < KEPT and _is_scalar(record):
                    calls.setdefault(repr(sorted(record.symbols.items())), record)
        kept += [record for calls in found.values() for record in calls.values()]
    return tuple(kept)


def _walk(records: list[Record] | tuple[Record, ...]) -> Iterator[Record]:
    pending = list(reversed(records))
    while pending:
        record = pending.pop()
        yield record
        pending += reversed(record.steps)


def _is_scalar(record: Record) -> bool:
    values = [record.value, *record.symbols.values()]
    spread = [part for value in values for part in (value if isinstance(value, list | tuple) else [value])]
    return all(not hasattr(part, "shape") for part in spread)
