"""Every figure of a cost under a dotted name: what `explain` walks from, the ledger compares and a sweep keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from costmodel.columns import Number
from costmodel.errors import UnknownNameError
from costmodel.evaluation.battery.lives import BatteryCost, life_in, parts_of
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.memory.strategies import SharedBuffer
from costmodel.results.counts import AccessCounts
from costmodel.results.totals import total_of
from costmodel.specs.scenario import MemoryAccounting


class Figure(NamedTuple):
    """A named number of a cost."""

    value: Number
    """None where it cannot be told."""
    unit: str
    meaning: str


COUNTERS: Final = AccessCounts._fields
"""Names of the counters."""


def figures_of(answer: Cost) -> dict[str, Figure]:
    """Return every figure of a cost by its name.

    Parameters
    ----------
    answer : Cost
        Of one dataflow.

    Returns
    -------
    dict of str to Figure
        `conv2.energy`, `conv2.mac_count`, `conv2.accesses.input_read_count`, `energy.memory`, `latency.total`, `power.idle`,
        `battery.continuous_life`, `battery.life.deep`, ...
    """
    figures: dict[str, Figure] = {}
    for layer in answer.layers:
        figures |= _layer_figures(layer)
    for counter in COUNTERS:
        figures[f"network.{counter}"] = _network_count(answer, counter)
    return figures | {name: declared.of(answer) for name, declared in _declared(answer).items()}


def figure_of(answer: Cost, name: str) -> Figure:
    """Return one figure of a cost by its name, without computing the others.

    Parameters
    ----------
    answer : Cost
        Of one dataflow.
    name : str
        As `figures_of` names it.

    Returns
    -------
    Figure
        The same as `figures_of(answer)[name]`; its value is None where the scenario does not give what it needs.

    Raises
    ------
    UnknownNameError
        If there is no such figure; offers the nearest.
    """
    owner, _, rest = name.partition(".")
    if owner == "network" and rest in COUNTERS:
        return _network_count(answer, rest)
    declared = VERDICTS.get(name) or _declared(answer).get(name)
    if declared is not None:
        return declared.of(answer)
    for layer in answer.layers:
        # A layer's name may have dots itself.
        if name.startswith(f"{layer.step.name}.") and name in (figures := _layer_figures(layer)):
            return figures[name]
    absent = _needing(owner).get(name)
    if absent is None and (owner != "battery" or answer.battery is not None or not name.startswith((LIFE_IN, DRAIN))):
        raise UnknownNameError("figure", name, figures_of(answer), "a figure of this scenario")
    return Figure(None, "", "") if absent is None else Figure(None, absent.unit, absent.meaning)


class _Declared(NamedTuple):
    """A figure as it is declared: how it is read from a cost."""

    unit: str
    meaning: str
    value: Callable[[Cost], Number]

    def of(self, answer: Cost) -> Figure:
        """Return the figure of a cost."""
        return Figure(self.value(answer), self.unit, self.meaning)


LIFE_IN: Final = "battery.life."
"""Figures of the life in each rest begin so."""
DRAIN: Final = "battery.drain."
"""Figures of what each part of a period draws begin so."""


def _declared(answer: Cost) -> Mapping[str, _Declared]:
    """Return what can be told of a network as a whole: nothing is computed before it is asked for."""
    declared = {
        **_ALWAYS,
        **{
            f"memory.{accounting.value}": _Declared("B", f"bytes of tensor buffers, {accounting.value}", _tensor_buffers(accounting))
            for accounting in answer.memory
        },
        **_static_buffers(answer),
    }
    if answer.design.accounting in answer.memory:
        declared["memory.ram"] = _RAM
    if answer.power is not None:
        declared |= _POWER
    if answer.battery is not None:
        declared |= _BATTERY
        declared |= _of_rests(answer.battery)
    return declared


def _needing(owner: str) -> Mapping[str, _Declared]:
    """Return the figures that need power or a battery: what the scenario does not give has its names all the same, and no value."""
    return {"power": _POWER, "battery": _BATTERY}.get(owner, {})


def _tensor_buffers(accounting: MemoryAccounting) -> Callable[[Cost], Number]:
    return lambda answer: answer.memory[accounting].tensor_buffer_bytes


def _size_of(buffer: SharedBuffer) -> Callable[[Cost], Number]:
    return lambda _: buffer.size_bytes


def _static_buffers(answer: Cost) -> dict[str, _Declared]:
    static = answer.memory.get(MemoryAccounting.STATIC_IN_PLACE)
    tensors = answer.lives.tensors
    return {
        f"memory.buffer.{tensors[buffer.tenants[0]].name}": _Declared(
            "B",
            f"static buffer of {', '.join(tensors[place].name for place in buffer.tenants)}",
            _size_of(buffer),
        )
        for buffer in (() if static is None else static.buffers)
    }


def _of_rests(battery: BatteryCost) -> dict[str, _Declared]:
    """Return lives in each rest and drains of each part: their names are the board's."""
    figures = {
        f"{LIFE_IN}{state.name}": _Declared("s", f"life, one inference a period, resting in {state.name}", _life_in(state.name))
        for state in battery.board.rests()
    }
    if battery.duty is None:
        return figures
    return figures | {
        f"{DRAIN}{part}": _Declared("J", f"what {part} draws from the battery each period", _drain(part))
        for part in parts_of(battery.board, battery.duty.pattern)
    }


def _life_in(rest: str) -> Callable[[Cost], Number]:
    return lambda answer: None if answer.battery is None else life_in(answer.battery, rest)


def _drain(part: str) -> Callable[[Cost], Number]:
    def value(answer: Cost) -> Number:
        found = answer.battery
        return None if found is None else next((drain.energy_j for drain in found.drains if drain.part == part), None)

    return value


def _of_power(field: str) -> Callable[[Cost], Number]:
    return lambda answer: getattr(answer.power, field)


def _of_battery(field: str) -> Callable[[Cost], Number]:
    return lambda answer: getattr(answer.battery, field)


def _of_duty(field: str) -> Callable[[Cost], Number]:
    return lambda answer: None if answer.battery is None or answer.battery.duty is None else getattr(answer.battery.duty, field)


def _self_discharge(answer: Cost) -> Number:
    return None if answer.battery is None else answer.battery.continuous.pattern.self_discharge_a


_ALWAYS: Final[Mapping[str, _Declared]] = {
    "network.parameters": _Declared("", "weights and biases of all layers", lambda answer: answer.parameter_count),
    "network.weight_bytes": _Declared("B", "bytes of weights and biases", lambda answer: answer.weight_bytes),
    "network.input_bytes": _Declared("B", "bytes of the network's input", lambda answer: answer.input_bytes),
    "energy.memory": _Declared(
        "pJ",
        "dynamic energy of all memories: SRAM with scratch rows in it, and for weights in flash the cache's reads and the lines fetched",
        lambda answer: answer.energy_pj,
    ),
    "energy.memory_low": _Declared("pJ", "least credible dynamic energy of all memories", lambda answer: answer.bounds.memory_low_pj),
    "energy.memory_high": _Declared("pJ", "greatest credible dynamic energy of all memories", lambda answer: answer.bounds.memory_high_pj),
    "energy.tensors": _Declared("pJ", "dynamic energy of tensors alone: scratch rows in registers", lambda answer: answer.tensor_pj),
    "energy.flash": _Declared(
        "pJ", "of it what weights read from flash take: reads of the cache, and lines fetched", lambda answer: answer.flash_pj
    ),
    "energy.scratch": _Declared("pJ", "what scratch rows add where they live in the same memory", lambda answer: answer.scratch_pj),
    "energy.compute": _Declared("pJ", "arithmetic alone", lambda answer: answer.compute_pj),
    "energy.leakage": _Declared("pJ", "what the memory leaks during an inference", lambda answer: answer.leakage_pj),
    "device.heap_bytes": _Declared("B", "all heap regions of the device at boot", lambda answer: answer.design.device.heap_bytes),
    "device.largest_region_bytes": _Declared(
        "B", "the largest heap region of the device at boot", lambda answer: answer.design.device.largest_region_bytes
    ),
    "latency.total": _Declared("s", "time of an inference from calibrated rates", lambda answer: answer.latency_s),
    "latency.duration": _Declared("s", "duration that battery and leakage use", lambda answer: answer.duration_s),
}
_RAM: Final = _Declared(
    "B", "all of the RAM: tensor buffers, scratch, and what of weights and input lives there", lambda answer: answer.ram_bytes
)
VERDICTS: Final[Mapping[str, _Declared]] = {
    "device.fits": _Declared("", "whether heap and flash hold the network", lambda answer: answer.fits),
    "device.fits_heap": _Declared("", "whether the heap holds what lives in RAM", lambda answer: answer.fits_heap),
    "device.fits_flash": _Declared("", "whether the flash holds what of weights and input lives there", lambda answer: answer.fits_flash),
}
"""What is told of a device as yes or no; no numbers, so that `figures_of` leaves them out."""
_POWER: Final[Mapping[str, _Declared]] = {
    "power.idle": _Declared("W", "power of the board, awake and idle", _of_power("idle_w")),
    "power.active": _Declared("W", "power of the board during an inference", _of_power("active_w")),
    "power.increase": _Declared("", "active over idle, less one", _of_power("increase_ratio")),
    "power.inference_energy": _Declared("J", "energy of one inference", _of_power("inference_j")),
    "power.baseline_energy": _Declared("J", "what the idle board would have drawn meanwhile", _of_power("baseline_j")),
    "power.computational_energy": _Declared("J", "what inferring adds to idling", _of_power("computational_j")),
    "power.baseline_share": _Declared("", "baseline share of an inference's energy", _of_power("baseline_ratio")),
    "power.computational_share": _Declared("", "computational share of an inference's energy", _of_power("computational_ratio")),
    "power.rate": _Declared("Hz", "inferences a second without pause", _of_power("rate_hz")),
}
_BATTERY: Final[Mapping[str, _Declared]] = {
    "battery.usable_energy": _Declared("J", "what the battery delivers to the load", _of_battery("usable_j")),
    "battery.self_discharge": _Declared("A", "self-discharge as a current", _self_discharge),
    "battery.continuous_life": _Declared("s", "life, inferring without pause", _of_battery("continuous_life_s")),
    "battery.continuous_inferences": _Declared("", "inferences, without pause", _of_battery("continuous_inference_count")),
    "battery.duty": _Declared("", "share of time spent inferring", _of_battery("duty_ratio")),
    "battery.duty_power": _Declared("W", "average power of the board in duty-cycled operation", _of_battery("duty_w")),
    "battery.duty_life": _Declared("s", "life, one inference a period", _of_battery("duty_life_s")),
    "battery.duty_inferences": _Declared("", "inferences, one per period", _of_battery("duty_inference_count")),
    "battery.average_current": _Declared("A", "average current from the battery, one inference a period", _of_duty("average_a")),
    "battery.average_power": _Declared("W", "average power from the battery, one inference a period", _of_duty("average_w")),
}


def _network_count(answer: Cost, counter: str) -> Figure:
    total = total_of([getattr(layer.counts, counter) for layer in answer.running])
    return Figure(total, "B" if counter.endswith("_bytes") else "", f"{counter} of all layers together, single elements")


def _layer_figures(layer: LayerCost) -> dict[str, Figure]:
    name = layer.step.name
    counts, accesses = layer.counts._asdict(), layer.accesses._asdict()
    figures = {f"{name}.{counter}": Figure(counts[counter], "", f"{counter} of {name}, single elements") for counter in COUNTERS}
    figures |= {
        f"{name}.accesses.{counter}": Figure(accesses[counter], "", f"{counter} of {name}, accesses of the memory's width, or of elements")
        for counter in COUNTERS
        if counter.endswith(("read_count", "write_count"))
    }
    return figures | {
        f"{name}.parameters": Figure(
            total_of([layer.step.lowered.weight_count, layer.step.lowered.bias_count]), "", f"weights and biases of {name}"
        ),
        f"{name}.energy": Figure(total_of([layer.tensor_pj, layer.scratch_pj]), "pJ", f"dynamic energy of all memories in {name}"),
        f"{name}.tensor_energy": Figure(layer.tensor_pj, "pJ", f"dynamic energy of {name}'s tensors alone: scratch rows in registers"),
        f"{name}.flash_energy": Figure(layer.flash_pj, "pJ", f"of it what {name}'s weights take that are read from flash"),
        f"{name}.scratch_energy": Figure(layer.scratch_pj, "pJ", f"what {name}'s scratch rows add where they live in the same memory"),
        f"{name}.compute_energy": Figure(layer.compute_pj, "pJ", f"arithmetic of {name} alone"),
        f"{name}.time": Figure(layer.duration_s, "s", f"time of {name} from calibrated rates"),
    }
