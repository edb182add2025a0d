"""Changes of more than one operation, each a fault that was in the program or that no test noticed once."""

from __future__ import annotations

from typing import NamedTuple


class Written(NamedTuple):
    """A change written by hand."""

    room: str
    path: str
    text: str
    """Stands in the file once."""
    put: str
    """In its place."""


WRITTEN: dict[str, Written] = {
    "the interval distribution is even": Written(
        "battery", "costmodel/evaluation/battery/uncertainty.py", "    v = 1.0 - np.sqrt(1.0 - np.abs(u))\n", "    v = np.abs(u)\n"
    ),
    "RAM without scratch": Written(
        "memory",
        "costmodel/evaluation/storage/ram_use.py",
        "    scratch = scratch_in_ram_bytes(design, layers)\n",
        "    scratch = 0\n",
    ),
    "memory.ram without weights": Written(
        "memory",
        "costmodel/evaluation/storage/ram_use.py",
        "    if design.weights_in_ram and (is_column(weights) or weights):\n",
        "    if not design.weights_in_ram and (is_column(weights) or weights):\n",
    ),
    "flash passes rounded down": Written(
        "energy", "costmodel/energy/serial_memory.py", "    return ceil_div(R, n)\n", "    return R // n\n"
    ),
    "diffusion with nine terms": Written("battery", "costmodel/battery/diffusion.py", "TERMS: Final = 10\n", "TERMS: Final = 9\n"),
    "a baseline with the capture's mean voltage": Written(
        "trace_analysis",
        "costmodel/measurement/trace_figures.py",
        "        own_volts = window_voltage_v(whole_j, charge) if window.charge else supply_v\n",
        "        own_volts = supply_v\n",
    ),
    "a heap's leftover at equality": Written(
        "memory",
        "costmodel/memory/heap_rules.py",
        "    return chosen(f - (n + h) < m, f, n + h)\n",
        "    return chosen(f - (n + h) <= m, f, n + h)\n",
    ),
}
"""By what is wrong with it."""
