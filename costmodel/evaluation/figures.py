"""Every figure of a cost under a dotted name: what `explain` walks from, the ledger compares and a sweep keeps."""

from __future__ import annotations

from typing import Final, NamedTuple

from costmodel.columns import Number
from costmodel.errors import UnknownNameError
from costmodel.evaluation.composition import BatteryCost, Cost, PowerCost
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.evaluation.totals import total_of
from costmodel.results.counts import AccessCounts
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
        `battery.continuous_life`, ...
    """
    figures: dict[str, Figure] = {}
    for layer in answer.layers:
        figures |= _layer_figures(layer)
    for counter in COUNTERS:
        figures[f"network.{counter}"] = _network_count(answer, counter)
    return figures | _network_figures(answer)


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
        The same as `figures_of(answer)[name]`.

    Raises
    ------
    UnknownNameError
        If there is no such figure; offers the nearest.
    """
    owner, _, rest = name.partition(".")
    if owner == "network" and rest in COUNTERS:
        return _network_count(answer, rest)
    # What the scenario does not give has its names all the same, and no value.
    power, battery = answer.power or PowerCost(*[None] * len(PowerCost._fields)), answer.battery
    battery = battery or BatteryCost(*[None] * len(BatteryCost._fields))
    found = _network_figures(answer._replace(power=power, battery=battery)).get(name)
    for layer in answer.layers:
        # A layer's name may have dots itself.
        if found is None and name.startswith(f"{layer.step.name}."):
            found = _layer_figures(layer).get(name)
    if found is None:
        raise UnknownNameError("figure", name, figures_of(answer), "a figure of this scenario")
    return found


def _network_count(answer: Cost, counter: str) -> Figure:
    total = total_of([getattr(layer.counts, counter) for layer in answer.layers])
    return Figure(total, "B" if counter.endswith("_bytes") else "", f"{counter} of all layers together, single elements")


def _network_figures(answer: Cost) -> dict[str, Figure]:
    figures = {
        "network.parameters": Figure(answer.parameter_count, "", "weights and biases of all layers"),
        "network.weight_bytes": Figure(answer.weight_bytes, "B", "bytes of weights and biases"),
        "network.input_bytes": Figure(answer.input_bytes, "B", "bytes of the network's input"),
        "energy.memory": Figure(answer.energy_pj, "pJ", "dynamic energy of the memory, scratch rows in it"),
        "energy.tensors": Figure(answer.tensor_pj, "pJ", "dynamic energy of tensors alone: scratch rows in registers"),
        "energy.scratch": Figure(answer.scratch_pj, "pJ", "what scratch rows add where they live in the same memory"),
        "energy.compute": Figure(answer.compute_pj, "pJ", "arithmetic alone"),
        "energy.leakage": Figure(answer.leakage_pj, "pJ", "what the memory leaks during an inference"),
        "latency.total": Figure(answer.latency_s, "s", "time of an inference from calibrated rates"),
        "latency.duration": Figure(answer.duration_s, "s", "duration that battery and leakage use"),
    }
    figures |= {
        f"memory.{accounting.value}": Figure(found.tensor_buffer_bytes, "B", f"bytes of tensor buffers, {accounting.value}")
        for accounting, found in answer.memory.items()
    }
    if (static := answer.memory.get(MemoryAccounting.STATIC_IN_PLACE)) is not None:
        figures |= {
            f"memory.buffer.{answer.lives.tensors[buffer.tenants[0]].name}": Figure(
                buffer.size_bytes, "B", f"static buffer of {', '.join(answer.lives.tensors[place].name for place in buffer.tenants)}"
            )
            for buffer in static.buffers
        }
    if (power := answer.power) is not None:
        figures |= {
            "power.idle": Figure(power.idle_w, "W", "power of the board, awake and idle"),
            "power.active": Figure(power.active_w, "W", "power of the board during an inference"),
            "power.increase": Figure(power.increase_ratio, "", "active over idle, less one"),
            "power.inference_energy": Figure(power.inference_j, "J", "energy of one inference"),
            "power.baseline_energy": Figure(power.baseline_j, "J", "what the idle board would have drawn meanwhile"),
            "power.computational_energy": Figure(power.computational_j, "J", "what inferring adds to idling"),
            "power.baseline_share": Figure(power.baseline_ratio, "", "baseline share of an inference's energy"),
            "power.computational_share": Figure(power.computational_ratio, "", "computational share of an inference's energy"),
            "power.rate": Figure(power.rate_hz, "Hz", "inferences a second without pause"),
        }
    if (battery := answer.battery) is not None:
        figures |= {
            "battery.usable_energy": Figure(battery.usable_j, "J", "what the battery delivers to the load"),
            "battery.continuous_life": Figure(battery.continuous_life_s, "s", "life, inferring without pause"),
            "battery.continuous_inferences": Figure(battery.continuous_inference_count, "", "inferences, without pause"),
            "battery.duty": Figure(battery.duty_ratio, "", "share of time spent inferring"),
            "battery.duty_power": Figure(battery.duty_w, "W", "average power of duty-cycled operation"),
            "battery.duty_life": Figure(battery.duty_life_s, "s", "life, one inference a period"),
            "battery.duty_inferences": Figure(battery.duty_inference_count, "", "inferences, one per period"),
        }
    return figures


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
        f"{name}.energy": Figure(total_of([layer.tensor_pj, layer.scratch_pj]), "pJ", f"dynamic energy of the memory in {name}"),
        f"{name}.tensor_energy": Figure(layer.tensor_pj, "pJ", f"dynamic energy of {name}'s tensors alone: scratch rows in registers"),
        f"{name}.scratch_energy": Figure(layer.scratch_pj, "pJ", f"what {name}'s scratch rows add where they live in the same memory"),
        f"{name}.compute_energy": Figure(layer.compute_pj, "pJ", f"arithmetic of {name} alone"),
        f"{name}.time": Figure(layer.duration_s, "s", f"time of {name} from calibrated rates"),
    }
