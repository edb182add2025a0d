"""Which battery model answers, with the parameters a cell gives it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from costmodel.battery import cell_voltage, diffusion, ideal_charge, kinetic, peukert
from costmodel.battery.cell_voltage import CellVoltage
from costmodel.battery.diffusion import Diffusion
from costmodel.battery.duty_cycle import interpolated_share_ratio
from costmodel.battery.ideal_charge import IdealCharge
from costmodel.battery.kinetic import Kinetic
from costmodel.battery.load_profile import BatteryModel
from costmodel.battery.peukert import Peukert
from costmodel.columns import Number
from costmodel.errors import MissingError
from costmodel.evaluation.battery.uncertainty import ends, is_assumed
from costmodel.provenance import Constant
from costmodel.specs.devices.battery import BatteryCell


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


class ChosenModel(NamedTuple):
    """A model and where its equations come from."""

    battery: BatteryModel
    source: str


SOURCES: Mapping[BatteryModelName, str] = {
    BatteryModelName.ENERGY: ideal_charge.SOURCE,
    BatteryModelName.PEUKERT: peukert.SOURCE,
    BatteryModelName.KINETIC: kinetic.SOURCE,
    BatteryModelName.DIFFUSION: diffusion.SOURCE,
    BatteryModelName.VOLTAGE: cell_voltage.SOURCE,
}


CAPACITY_SHARE: Final = "capacity at temperature"
"""Input that says how much of the rated capacity a temperature leaves."""


def temperature_inputs(cell: BatteryCell, temperature_degc: float) -> dict[str, Constant]:
    """Return the share of the capacity a temperature leaves, interpolated with its range; nothing where the cell does not say.

    Parameters
    ----------
    cell : BatteryCell
        The battery.
    temperature_degc : float
        Its temperature [degC].

    Returns
    -------
    dict
        At most one entry, `CAPACITY_SHARE`.
    """
    if not cell.temperatures:
        return {}
    degrees = [each.temperature_degc.value for each in cell.temperatures]
    ranges = [(each.capacity_ratio.value, *ends(each.capacity_ratio)) for each in cell.temperatures]
    value, low, high = (float(interpolated_share_ratio(temperature_degc, degrees, shares)) for shares in zip(*ranges, strict=True))
    # The points on either side, or the one the table ends with, say where the figure comes from.
    below = [each for each in cell.temperatures if each.temperature_degc.value <= temperature_degc][-1:]
    above = [each for each in cell.temperatures if each.temperature_degc.value >= temperature_degc][:1]
    near = sorted({each.capacity_ratio for each in (*below, *above)}, key=lambda share: (not is_assumed(share), share.source))
    return {CAPACITY_SHARE: Constant(value, "", low, high, "; ".join(share.source for share in near))}


def model_inputs(cell: BatteryCell, name: BatteryModelName) -> dict[str, Constant]:
    """Return the parameters a cell gives a model, by the name a person reads.

    Parameters
    ----------
    cell : BatteryCell
        The battery.
    name : BatteryModelName
        The model.

    Returns
    -------
    dict
        Name to constant.

    Raises
    ------
    MissingError
        If the cell has no parameters for this model.
    """
    if name is BatteryModelName.ENERGY:
        return {}
    if name is BatteryModelName.PEUKERT and cell.peukert is not None:
        return {"Peukert exponent": cell.peukert.exponent_ratio, "rated discharge time": cell.peukert.rated_s}
    if name is BatteryModelName.KINETIC and cell.kinetic is not None:
        return {"available share": cell.kinetic.available_ratio, "well rate": cell.kinetic.rate_hz}
    if name is BatteryModelName.DIFFUSION and cell.diffusion is not None:
        return {"diffusion rate": cell.diffusion.diffusion_hz}
    if name is BatteryModelName.VOLTAGE and cell.voltage is not None:
        return {"internal resistance": cell.voltage.resistance_ohm, "cut-off voltage": cell.voltage.cutoff_v}
    known = [BatteryModelName.ENERGY.value, *(each for each in ("peukert", "kinetic", "diffusion", "voltage") if getattr(cell, each))]
    raise MissingError(f"battery {cell.name} has no parameters for the {name.value} model; it has them for {', '.join(known)}")


def battery_model(cell: BatteryCell, name: BatteryModelName, values: Mapping[str, Number]) -> ChosenModel:
    """Return a model of a cell.

    Parameters
    ----------
    cell : BatteryCell
        The battery.
    name : BatteryModelName
        The model.
    values : mapping
        Each input, as a float or a column; the capacity at its temperature among them where the cell says it.

    Returns
    -------
    ChosenModel
        The discharge efficiency is applied to the capacity, except where a cut-off voltage says what is left.
    """
    capacity = values["battery capacity"] * values.get(CAPACITY_SHARE, 1.0)
    usable = capacity * values["discharge efficiency"]
    source = SOURCES[name]
    if name is BatteryModelName.PEUKERT:
        # The rated current is the rated capacity's: the rated time shrinks as the usable share does.
        rated_s = values["rated discharge time"] * (usable / values["battery capacity"])
        return ChosenModel(Peukert(usable, rated_s, values["Peukert exponent"]), source)
    if name is BatteryModelName.KINETIC:
        return ChosenModel(Kinetic(usable, values["available share"], values["well rate"]), source)
    if name is BatteryModelName.DIFFUSION:
        return ChosenModel(Diffusion(usable, values["diffusion rate"]), source)
    if name is BatteryModelName.VOLTAGE and cell.voltage is not None:
        charges = [point.charge_ratio.value for point in cell.voltage.points]
        volts = [point.voltage_v.value for point in cell.voltage.points]
        resistance, cutoff = values["internal resistance"], values["cut-off voltage"]
        return ChosenModel(CellVoltage(capacity, values["battery voltage"], charges, volts, resistance, cutoff), source)
    return ChosenModel(IdealCharge(capacity, values["discharge efficiency"]), source)
