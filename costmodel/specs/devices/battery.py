"""Batteries: what a cell holds, what reaches the load, and the parameters of the models that say how it empties."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.specs.base import (
    AmpereHours,
    DegreesCelsius,
    Fraction,
    Hertz,
    Name,
    Ohms,
    PositiveFraction,
    PositiveSeconds,
    Ratio,
    Spec,
    Volts,
)

MAX_PEUKERT_RATIO: Final = 3.0
"""Largest Peukert exponent: the worst of old lead-acid cells stay below 2."""
SHELF_DEGC: Final = 20.0
"""Temperature that self-discharge and capacity are stated at."""


class BatteryModelName(StrEnum):
    """The battery models by name."""

    ENERGY = "energy"
    """Efficiencies alone (the deck's)."""
    PEUKERT = "peukert"
    """Rated form."""
    KINETIC = "kinetic"
    """Two wells of charge."""
    DIFFUSION = "diffusion"
    """After Rakhmatov and Vrudhula."""
    VOLTAGE = "voltage"
    """Open-circuit voltage, internal resistance, cut-off."""


class PeukertParameters(Spec):
    """Rated form: a constant current C / H lasts exactly H."""

    rated_s: PositiveSeconds
    """H: discharge time the capacity is rated at."""
    exponent_ratio: Ratio
    """k: 1 for an ideal battery."""

    @model_validator(mode="after")
    def _a_cells(self) -> PeukertParameters:
        found = self.exponent_ratio
        for number in (found.value, found.low, found.high):
            if number is not None and not 1.0 <= number <= MAX_PEUKERT_RATIO:
                raise PydanticCustomError("peukert", f"exponent_ratio should be between 1 and {MAX_PEUKERT_RATIO:g}, found {number:g}")
        return self


class KineticParameters(Spec):
    """Two wells with a valve between them."""

    available_ratio: PositiveFraction
    """c: share of the charge in the well the load draws from."""
    rate_hz: Hertz
    """k': rate constant of the valve."""


class DiffusionParameters(Spec):
    """After Rakhmatov and Vrudhula; alpha is the battery's capacity."""

    diffusion_hz: Hertz
    """beta squared."""


class OpenCircuitPoint(Spec):
    """One point of an open-circuit curve."""

    charge_ratio: Fraction
    """State of charge."""
    voltage_v: Volts


class VoltageParameters(Spec):
    """Open-circuit voltage over state of charge, internal resistance and cut-off."""

    points: Annotated[tuple[OpenCircuitPoint, ...], Field(min_length=2)]
    """From empty to full; straight lines between."""
    resistance_ohm: Ohms
    cutoff_v: Volts
    """Voltage under load below which the device stops."""

    @model_validator(mode="after")
    def _in_order(self) -> VoltageParameters:
        charges = [point.charge_ratio.value for point in self.points]
        volts = [point.voltage_v.value for point in self.points]
        if charges[0] != 0.0 or charges[-1] != 1.0 or charges != sorted(set(charges)):
            raise PydanticCustomError("voltage", f"points should rise from charge_ratio 0 to 1, found {charges}")
        if volts != sorted(volts):
            raise PydanticCustomError("voltage", f"voltage_v should not fall as the charge rises, found {volts}")
        return self


class CapacityAtTemperature(Spec):
    """Share of the capacity that a temperature leaves."""

    temperature_degc: DegreesCelsius
    capacity_ratio: Fraction


class BatteryCell(Spec):
    """A battery with the losses between it and the load."""

    name: Name
    description: str = ""
    voltage_v: Volts
    """Nominal voltage."""
    capacity_ah: AmpereHours
    """Rated capacity."""
    converter_ratio: PositiveFraction
    """Efficiency of the converter between battery and load."""
    discharge_ratio: Fraction
    """Share of the rated capacity that can be drawn."""
    self_discharge_ratio: Fraction = Field(default=0.0, validate_default=True)
    """Share of the charge lost in a year on the shelf, at 20 degrees."""
    temperatures: tuple[CapacityAtTemperature, ...] = ()
    """Capacity at other temperatures, from cold to warm; empty where it is not known."""
    peukert: PeukertParameters | None = None
    kinetic: KineticParameters | None = None
    diffusion: DiffusionParameters | None = None
    voltage: VoltageParameters | None = None
    source: str

    @model_validator(mode="after")
    def _cold_to_warm(self) -> BatteryCell:
        degrees = [each.temperature_degc.value for each in self.temperatures]
        if degrees != sorted(set(degrees)):
            raise PydanticCustomError("temperatures", f"temperatures should go from cold to warm, found {degrees}")
        return self
