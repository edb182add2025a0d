"""Batteries: what a cell holds and what reaches the load."""

from __future__ import annotations

from costmodel.specs.base import AmpereHours, Fraction, Name, Spec, Volts


class BatteryCell(Spec):
    """A battery with the losses between it and the load."""

    name: Name
    description: str = ""
    voltage_v: Volts
    """Nominal voltage."""
    capacity_ah: AmpereHours
    """Rated capacity."""
    converter_ratio: Fraction
    """Efficiency of the converter between battery and load."""
    discharge_ratio: Fraction
    """Share of the rated capacity that can be drawn."""
    source: str
