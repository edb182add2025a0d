"""From charge, times and voltage to the energies of an inference: the few formulas every figure of a capture is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from costmodel.provenance import formula, is_recording, leaf
from costmodel.units import S_PER_HOUR


def measured(value: float, name: str) -> float:
    """Return a number read off a capture; while formulas are being recorded it remembers that."""
    found: float = leaf(value, name, "measured: read off the capture") if is_recording() else value
    return found


@formula(
    id="trace.duration",
    equation="tau = (t_b - t_a) / n",
    symbols={
        "tau": "duration of an inference [s]",
        "t_a": "begin of its window [s]",
        "t_b": "end of its window [s]",
        "n": "inferences that ran in it [1]",
    },
    unit="s",
    source="docs/traces.md: what lies between idle and idle is a window",
)
def window_duration_s(start_s: float, end_s: float, count: int) -> float:
    """Return the duration of one inference of a window."""
    return (end_s - start_s) / count


@formula(
    id="trace.inference_energy",
    equation="E_inf = q * V / n",
    symbols={
        "E_inf": "energy of an inference [J]",
        "q": "charge of its window, by the trapezoid [A s]",
        "V": "mean voltage over the window, weighted by current [V]",
        "n": "inferences that ran in it [1]",
    },
    unit="J",
    source="definition: energy of a charge at a voltage",
)
def window_energy_j(charge: float, voltage_v: float, count: int) -> float:
    """Return the energy of one inference of a window whose capture holds currents."""
    return charge * voltage_v / count


@formula(
    id="trace.integrated_energy",
    equation="E_inf = W / n",
    symbols={
        "E_inf": "energy of an inference [J]",
        "W": "energy of its window, current times voltage by the trapezoid [J]",
        "n": "inferences that ran in it [1]",
    },
    unit="J",
    source="definition: energy by integration",
)
def integrated_energy_j(energy_j: float, count: int) -> float:
    """Return the energy of one inference of a window whose capture holds voltages too."""
    return energy_j / count


@formula(
    id="trace.window_voltage",
    equation="V = W / q",
    symbols={
        "V": "mean voltage over a window, weighted by current [V]",
        "W": "energy of the window [J]",
        "q": "charge of the window [A s]",
    },
    unit="V",
    source="definition: energy over charge",
)
def window_voltage_v(energy_j: float, charge: float) -> float:
    """Return the voltage a window's energy and charge stand for."""
    return energy_j / charge


@formula(
    id="trace.baseline_energy",
    equation="E_base = I_idle * tau * V",
    symbols={
        "E_base": "energy the idle board would have drawn during an inference [J]",
        "I_idle": "current around the window [A]",
        "tau": "duration of an inference [s]",
        "V": "voltage during it [V]",
    },
    unit="J",
    source="kornak2025deck: slide 'Power Consumption'",
)
def window_baseline_j(idle_a: float, duration_s: float, voltage_v: float) -> float:
    """Return what the idle board would have drawn meanwhile."""
    return idle_a * duration_s * voltage_v


@formula(
    id="trace.computational_energy",
    equation="E_comp = E_inf - E_base",
    symbols={
        "E_comp": "energy of an inference above idle [J]",
        "E_inf": "energy of the inference [J]",
        "E_base": "energy the idle board would have drawn meanwhile [J]",
    },
    unit="J",
    source="kornak2025deck: slide 'Power Consumption'",
)
def window_computational_j(inference_j: float, baseline_j: float) -> float:
    """Return what inferring adds to idling."""
    return inference_j - baseline_j


def _mean_terms(values: Sequence[float]) -> dict[str, Any]:
    return {"x_i": tuple(values), "n": len(values)}


@formula(
    id="trace.mean",
    equation="m = sum(x_i) / n",
    symbols={"m": "mean over the windows", "x_i": "the same quantity of each window", "n": "windows [1]"},
    unit="the parts'",
    source="definition: arithmetic mean",
    terms=_mean_terms,
)
def mean_over_windows(values: Sequence[float]) -> float:
    """Return the mean of a quantity over the windows of a capture, one at least."""
    return float(np.mean(np.array(values)))


@formula(
    id="trace.power",
    equation="P = I * V",
    symbols={"P": "mean power [W]", "I": "mean current [A]", "V": "mean supply [V]"},
    unit="W",
    source="definition: electrical power",
)
def mean_power_w(current_a: float, voltage_v: float) -> float:
    """Return the power of a mean current at the capture's mean supply."""
    return current_a * voltage_v


@formula(
    id="trace.average_power",
    equation="P = W / t",
    symbols={"P": "average power of the whole capture [W]", "W": "energy of all of it [J]", "t": "its length [s]"},
    unit="W",
    source="definition: energy over time",
)
def average_power_w(energy_j: float, span_s: float) -> float:
    """Return the average power of a capture."""
    return energy_j / span_s


@formula(
    id="trace.average_current",
    equation="I = q / t",
    symbols={"I": "average current of the whole capture [A]", "q": "charge of all of it [A s]", "t": "its length [s]"},
    unit="A",
    source="definition: charge over time",
)
def average_current_a(charge: float, span_s: float) -> float:
    """Return the average current of a capture."""
    return charge / span_s


@formula(
    id="trace.charge",
    equation="Q = q / 3600",
    symbols={"Q": "charge of the whole capture [Ah]", "q": "the same [A s]"},
    unit="Ah",
    source="definition: ampere-hours",
)
def charge_ah(charge: float) -> float:
    """Return a charge in ampere-hours."""
    return charge / S_PER_HOUR


@formula(
    id="trace.share",
    equation="r = E_part / E_inf",
    symbols={
        "r": "share of an inference's energy [1]",
        "E_part": "baseline or computational energy, mean over the windows [J]",
        "E_inf": "energy of an inference, mean over the windows [J]",
    },
    unit="1",
    source="kornak2025deck: slide 'Power Consumption'",
)
def share_ratio(part_j: float, inference_j: float) -> float:
    """Return the share one part has in an inference's energy."""
    return part_j / inference_j
