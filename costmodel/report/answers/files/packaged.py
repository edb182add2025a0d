"""The tables of `costmodel list`: each kind of packaged data with its key figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from costmodel.report.answer import Answer, answer_of
from costmodel.report.document import Content, plain_table
from costmodel.report.quantities import digits
from costmodel.results.timing.time_estimate import RuntimeKnowledge, TimeBasis
from costmodel.specs.counting import Taps
from costmodel.specs.devices.hardware import Device, MemoryEnergy
from costmodel.specs.devices.power import PowerStates
from costmodel.specs.network import Network
from costmodel.specs.shapes import shape_text
from costmodel.specs.trained.model_manifest import ModelManifest


def everything_answer(names: Mapping[str, Sequence[str]]) -> Answer:
    """Return all packaged names.

    Parameters
    ----------
    names : mapping of str to sequence of str
        Kind to names.

    Returns
    -------
    Answer
        One row a name.
    """
    rows = [(kind, name) for kind, known in names.items() for name in known]
    return answer_of([plain_table("packaged", ("kind", "name"), rows)], {kind: list(known) for kind, known in names.items()})


def kind_answer(kind: str, specs: Mapping[str, Any], macs: Mapping[str, Mapping[Taps, int]]) -> Answer:
    """Return what is packaged of one kind, with its key figures.

    Parameters
    ----------
    kind : str
        Of `sources.catalogue.KINDS`.
    specs : mapping of str to spec
        By name.
    macs : mapping of str to mapping of Taps to int
        Multiply-accumulates of each network; empty for any other kind.

    Returns
    -------
    Answer
        One row a name.
    """
    if macs:
        header: tuple[str, ...] = _NETWORK_FIGURES
        rows = [(name, *_network(spec, macs[name]), spec.description) for name, spec in specs.items()]
    else:
        header, figures = _TABLES.get(kind, ((), lambda _: ()))
        rows = [(name, *figures(spec), getattr(spec, "description", "")) for name, spec in specs.items()]
    titles = ("name", *header, "description")
    keys = [title.replace(" ", "_") for title in titles]
    return answer_of([plain_table(kind, titles, rows)], [dict(zip(keys, row, strict=True)) for row in rows])


def _network(network: Network, macs: Mapping[Taps, int]) -> tuple[Content, ...]:
    counts = (network.parameter_count, macs[Taps.VALID], macs[Taps.NOMINAL])
    return shape_text(network.input), *counts, network.types.activation.value


def _device(device: Device) -> tuple[Content, ...]:
    return device.core, device.flash_bytes, device.sram_bytes, device.heap_bytes, device.largest_region_bytes, device.calibration


def _power_states(states: PowerStates) -> tuple[Content, ...]:
    return states.inference.current_a.value, states.idle.current_a.value, ", ".join(sleep.name for sleep in states.sleeps)


def _memory(memory: MemoryEnergy) -> tuple[Content, ...]:
    return memory.access_bytes, memory.capacity_bytes, memory.read_pj.value, memory.write_pj.value, memory.leakage_w.value


def _model(manifest: ModelManifest) -> tuple[Content, ...]:
    shares = {(each.variant, each.images): each.top1_ratio for each in manifest.accuracies}
    return manifest.name, manifest.weights.size_bytes, shares.get(("float32", "test")), shares.get(("int8", "test"))


def runtimes_answer(known: Sequence[RuntimeKnowledge]) -> Answer:
    """Return what is known of each pair of runtime and device, strongest first within a runtime.

    Parameters
    ----------
    known : sequence of RuntimeKnowledge
        One a pair.

    Returns
    -------
    Answer
        One row a pair.
    """
    titles = ("runtime", "device", "trust", "from", "cycles per mac")
    rows = [(pair.runtime, pair.device, pair.trust.value, _known_from(pair), _class_text(pair)) for pair in known]
    return answer_of([plain_table("runtimes", titles, rows)], [pair.model_dump(mode="json") for pair in known])


def _known_from(pair: RuntimeKnowledge) -> str:
    if pair.basis is TimeBasis.KERNEL_RATES:
        return f"{', '.join(pair.paths)} layers, {pair.version}, on {' and '.join(pair.measured_on)}"
    if pair.basis is TimeBasis.MEASURED_NETWORKS:
        return f"{', '.join(pair.measured_on)} measured on it, version {pair.version}"
    return "networks on its class of cores"


def _class_text(pair: RuntimeKnowledge) -> str:
    return "" if pair.low_cycles is None or pair.high_cycles is None else f"{digits(pair.low_cycles)} to {digits(pair.high_cycles)}"


_NETWORK_FIGURES: Final = ("input", "parameters", "valid macs", "nominal macs", "activation")
_TABLES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Any], tuple[Content, ...]]]]] = {
    "devices": (("core", "flash bytes", "sram bytes", "heap bytes", "largest region bytes", "calibration"), _device),
    "memories": (("access bytes", "capacity bytes", "read pj", "write pj", "leakage w"), _memory),
    "compute": (("int8 mac pj", "float32 mac pj"), lambda compute: (compute.int8_mac_pj.value, compute.float32_mac_pj.value)),
    "calibrations": (("device", "network", "dataflow"), lambda found: (found.device, found.network, found.dataflow.value)),
    "power_states": (("inference a", "idle a", "sleeps"), _power_states),
    "batteries": (("voltage v", "capacity ah"), lambda battery: (battery.voltage_v.value, battery.capacity_ah.value)),
    "duty_cycles": (("period s", "phases"), lambda cycle: (cycle.period_s.value, ", ".join(phase.does for phase in cycle.phases))),
    "models": (("network", "weights bytes", "float32 accuracy ratio", "int8 accuracy ratio"), _model),
    "scenarios": (("network", "device"), lambda scenario: (scenario.network.name, scenario.device.name)),
}
"""For each kind, the titles of its figures and the function that takes them from a spec; a kind without is listed by name alone."""
