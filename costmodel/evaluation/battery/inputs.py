"""Everything a battery's life depends on, as typed numbers or columns, each read from its spec in one place.

A reader decides what a constant becomes: its value, a sample of its range, a column of a sweep, a number that remembers its source. So
what a battery's answer rests on, what a sweep may vary and what `explain` ends in are one list: the constants read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from costmodel.battery.duty_cycle import interpolated_share_ratio
from costmodel.battery.energy_budget import delivered_capacity_ah, held_capacity_ah, rated_time_s
from costmodel.battery.load_profile import BatteryModel
from costmodel.columns import Number, is_column
from costmodel.errors import MissingError, UnknownNameError
from costmodel.evaluation.battery.uncertainty import Read, ends, is_assumed
from costmodel.provenance import Constant, leaf, origin_of
from costmodel.specs.devices.battery import BatteryCell, BatteryModelName
from costmodel.specs.devices.power import IDLE, INFERENCE, PowerProfile, PowerState, PowerStates, Regulator

SHARE: Final = "capacity at temperature"
"""Input that says how much of the rated capacity a temperature leaves."""


def plain(constant: Constant, _path: str, _words: str) -> Number:
    """Read a constant as its value."""
    return constant.value


def remembering(constant: Constant, path: str, words: str) -> Number:
    """Read a constant as a number that remembers its path and its source; what was computed remembers how."""
    return constant.value if origin_of(constant.value) is not None else leaf(constant.value, path or words, constant.source)


class StateNumbers(NamedTuple):
    """A board doing one thing."""

    name: str
    supply_v: Number
    current_a: Number
    wake_s: Number
    """Time to leave it."""
    wake_a: Number | None
    """Current meanwhile; None for the idle current."""

    @property
    def wakes(self) -> bool:
        """Whether leaving it takes time, for any design."""
        return is_column(self.wake_s) or self.wake_s != 0.0


class RegulatorNumbers(NamedTuple):
    """A regulator's efficiency over the load, and what it draws for itself."""

    quiescent_a: Number
    relative_ratio: Number
    """One factor for the whole curve."""
    loads_a: tuple[float, ...]
    efficiencies: tuple[float, ...]


class BoardNumbers(NamedTuple):
    """What a board draws."""

    inference: StateNumbers
    idle: StateNumbers
    sleeps: tuple[StateNumbers, ...]
    regulator: RegulatorNumbers | None
    states: tuple[StateNumbers, ...] = ()
    """What else it does awake."""

    def rests(self) -> tuple[StateNumbers, ...]:
        """Return everything a board may do between inferences, the awake one first."""
        return (self.idle, *self.sleeps)

    def state(self, name: str) -> StateNumbers:
        """Return a state by the name it goes by; raises UnknownNameError where there is none."""
        for state in (self.idle, self.inference, *self.sleeps, *self.states):
            if state.name == name:
                return state
        raise UnknownNameError("state", name, [state.name for state in self.rests()], "a state of the board")


class ModelNumbers(NamedTuple):
    """Parameters of a battery model beside charge and efficiencies."""

    values: tuple[Number, ...]
    """In the order of the model's fields."""
    points: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """States of charge and open-circuit voltages, where the model has them."""


class CellNumbers(NamedTuple):
    """What a battery holds, what it loses, and how it empties."""

    voltage_v: Number
    capacity_ah: Number
    converter_ratio: Number
    discharge_ratio: Number
    self_discharge_ratio: Number
    temperature_degc: Number
    held_ah: Number
    """Capacity at its temperature; the rated one where the cell does not say."""
    model: BatteryModelName
    parameters: ModelNumbers


def cell_numbers(cell: BatteryCell, model: BatteryModelName, temperature_degc: Constant, read: Read) -> CellNumbers:
    """Read a battery.

    Parameters
    ----------
    cell : BatteryCell
        The battery.
    model : BatteryModelName
        How it empties.
    temperature_degc : Constant
        Its temperature [degC].
    read : callable
        What each constant becomes.

    Returns
    -------
    CellNumbers
        Numbers or columns.

    Raises
    ------
    MissingError
        If the cell has no parameters for the model.
    """
    degc = read(temperature_degc, "temperature_degc", "temperature")
    capacity_ah = read(cell.capacity_ah, "battery.capacity_ah", "battery capacity")
    share = _capacity_share(cell, degc, read)
    return CellNumbers(
        read(cell.voltage_v, "battery.voltage_v", "battery voltage"),
        capacity_ah,
        read(cell.converter_ratio, "battery.converter_ratio", "converter efficiency"),
        read(cell.discharge_ratio, "battery.discharge_ratio", "discharge efficiency"),
        read(cell.self_discharge_ratio, "battery.self_discharge_ratio", "self-discharge a year"),
        degc,
        capacity_ah if share is None else held_capacity_ah(capacity_ah, share),
        model,
        _parameters(cell, model, read),
    )


def _capacity_share(cell: BatteryCell, degc: Number, read: Read) -> Number | None:
    if not cell.temperatures:
        return None
    degrees = [each.temperature_degc.value for each in cell.temperatures]
    ranges = [(each.capacity_ratio.value, *ends(each.capacity_ratio)) for each in cell.temperatures]
    value, low, high = (interpolated_share_ratio(degc, degrees, shares) for shares in zip(*ranges, strict=True))
    # The points on either side, or the one the table ends with, say where the figure comes from.
    if is_column(degc):
        near = {each.capacity_ratio for each in cell.temperatures}
    else:
        below = [each for each in cell.temperatures if each.temperature_degc.value <= degc][-1:]
        above = [each for each in cell.temperatures if each.temperature_degc.value >= degc][:1]
        near = {each.capacity_ratio for each in (*below, *above)}
    sources = [share.source for share in sorted(near, key=lambda share: (not is_assumed(share), share.source))]
    return read(Constant(value, "", low, high, "; ".join(sources)), "", SHARE)


class _ModelFields(NamedTuple):
    """What a model needs of a cell: the field that holds it, and each constant in it with its words."""

    field: str
    constants: tuple[tuple[str, str], ...]


_MODELS: Final[Mapping[BatteryModelName, _ModelFields]] = {
    BatteryModelName.PEUKERT: _ModelFields("peukert", (("rated_s", "rated discharge time"), ("exponent_ratio", "Peukert exponent"))),
    BatteryModelName.KINETIC: _ModelFields("kinetic", (("available_ratio", "available share"), ("rate_hz", "well rate"))),
    BatteryModelName.DIFFUSION: _ModelFields("diffusion", (("diffusion_hz", "diffusion rate"),)),
    BatteryModelName.VOLTAGE: _ModelFields("voltage", (("resistance_ohm", "internal resistance"), ("cutoff_v", "cut-off voltage"))),
}


def _parameters(cell: BatteryCell, model: BatteryModelName, read: Read) -> ModelNumbers:
    if model is BatteryModelName.ENERGY:
        return ModelNumbers(())
    fields = _MODELS[model]
    held: Any = getattr(cell, fields.field)
    if held is None:
        known = [BatteryModelName.ENERGY.value, *(name.value for name, each in _MODELS.items() if getattr(cell, each.field))]
        raise MissingError(f"battery {cell.name} has no parameters for the {model.value} model; it has them for {', '.join(known)}")
    values = tuple(read(getattr(held, name), f"battery.{fields.field}.{name}", words) for name, words in fields.constants)
    if model is not BatteryModelName.VOLTAGE:
        return ModelNumbers(values)
    points = held.points
    return ModelNumbers(values, (tuple(each.charge_ratio.value for each in points), tuple(each.voltage_v.value for each in points)))


def battery_model(cell: CellNumbers) -> BatteryModel:
    """Return the model of a battery; only the asked one is loaded, since some need NumPy.

    Parameters
    ----------
    cell : CellNumbers
        With the parameters of its model.

    Returns
    -------
    BatteryModel
        The discharge efficiency is applied to the capacity, except where a cut-off voltage says what is left.
    """
    held_ah, parameters = cell.held_ah, cell.parameters.values
    if cell.model is BatteryModelName.ENERGY:
        from costmodel.battery.energy_budget import IdealCharge

        return IdealCharge(held_ah, cell.discharge_ratio)
    usable_ah = delivered_capacity_ah(held_ah, cell.discharge_ratio)
    if cell.model is BatteryModelName.PEUKERT:
        from costmodel.battery.peukert import Peukert

        rated_s, exponent_ratio = parameters
        # The rated current is the rated capacity's: the rated time shrinks as the usable share does.
        return Peukert(usable_ah, rated_time_s(rated_s, usable_ah, cell.capacity_ah), exponent_ratio)
    if cell.model is BatteryModelName.KINETIC:
        from costmodel.battery.kinetic import Kinetic

        return Kinetic(usable_ah, *parameters)
    if cell.model is BatteryModelName.DIFFUSION:
        from costmodel.battery.diffusion import Diffusion

        return Diffusion(usable_ah, *parameters)
    from costmodel.battery.cell_voltage import CellVoltage

    charges, volts = cell.parameters.points or ((), ())
    return CellVoltage(held_ah, cell.voltage_v, charges, volts, *parameters)


def board_numbers(states: PowerStates | None, power: PowerProfile | None, read: Read) -> BoardNumbers | None:
    """Read a board: awake by its measured power where that is given, else by its states; asleep by its states.

    Parameters
    ----------
    states : PowerStates or None
        States of the board.
    power : PowerProfile or None
        Supply and currents awake.
    read : callable
        What each constant becomes.

    Returns
    -------
    BoardNumbers or None
        None where neither is given.
    """
    if power is not None:
        supply_v = read(power.supply_v, "power.supply_v", "supply")
        active_a, idle_a = read(power.active_a, "power.active_a", "inference current"), read(power.idle_a, "power.idle_a", "idle current")
        inference, idle = StateNumbers(INFERENCE, supply_v, active_a, 0.0, None), StateNumbers(IDLE, supply_v, idle_a, 0.0, None)
    elif states is not None:
        inference, idle = _state(states.inference, INFERENCE, read), _state(states.idle, IDLE, read)
    else:
        return None
    if states is None:
        return BoardNumbers(inference, idle, (), None)
    sleeps = tuple(_state(state, state.name, read) for state in states.sleeps)
    others = tuple(_state(state, state.name, read) for state in states.states)
    return BoardNumbers(inference, idle, sleeps, None if states.regulator is None else _regulator(states.regulator, read), others)


def _state(state: PowerState, name: str, read: Read) -> StateNumbers:
    path = f"states.{name}"
    return StateNumbers(
        name,
        read(state.supply_v, f"{path}.supply_v", f"{name} supply"),
        read(state.current_a, f"{path}.current_a", f"{name} current"),
        read(state.wake_s, f"{path}.wake_s", f"{name} wake-up time"),
        None if state.wake_a is None else read(state.wake_a, f"{path}.wake_a", f"{name} wake-up current"),
    )


def _regulator(regulator: Regulator, read: Read) -> RegulatorNumbers:
    shares = [point.efficiency_ratio for point in regulator.points]
    # One factor for the whole curve, with the widest range of its points.
    low = min((each.low / each.value for each in shares if each.low is not None), default=None)
    high = max((each.high / each.value for each in shares if each.high is not None), default=None)
    return RegulatorNumbers(
        read(regulator.quiescent_a, "states.regulator.quiescent_a", "regulator own current"),
        read(Constant(1.0, "", low, high, regulator.source), "", "regulator efficiency, relative"),
        tuple(point.load_a.value for point in regulator.points),
        tuple(each.value for each in shares),
    )
