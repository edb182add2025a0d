"""A scenario: one network on one device, with everything that the answer depends on."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from costmodel.provenance import Constant
from costmodel.specs.base import ByteCount, DegreesCelsius, Name, PositiveSeconds, Spec, with_changes
from costmodel.specs.counting import CountingConvention, Dataflow
from costmodel.specs.devices.battery import SHELF_DEGC, BatteryCell, BatteryModelName
from costmodel.specs.devices.hardware import ComputeEnergy, Device, LatencyCalibration, MemoryEnergy, ObservedHeap
from costmodel.specs.devices.power import IDLE, PowerProfile, PowerStates
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import Mapping, check_layers, mapping_of
from costmodel.specs.running.schedule import ScheduleName


class Storage(StrEnum):
    """Where constants live while the network runs."""

    FLASH = "flash"
    RAM = "ram"


class MemoryAccounting(StrEnum):
    """How the buffers of a network share memory."""

    SUM = "sum"
    """Every intermediate tensor in a buffer of its own."""
    PEAK_LIVE = "peak-live"
    """malloc and free per layer: the most that is alive at once."""
    PING_PONG = "ping-pong"
    """Two buffers in turn, each as large as its largest tenant; chains only."""
    STATIC_IN_PLACE = "static-in-place"
    """Static buffers, sliding poolings in place (the deck's)."""
    ARENA_IN_PLACE = "arena-in-place"
    """One arena, sliding poolings in place, the input included."""


SHELF: Final = Constant(SHELF_DEGC, "degC", None, None, "definition: the temperature self-discharge and capacity are stated at")
"""Temperature of a battery where none is given."""


class Scenario(Spec):
    """One question: what a network costs on a device, and how that is counted."""

    said_of: ClassVar[dict[str, str]] = {"duration_s": "duration_device"}

    name: Name
    description: str = ""
    network: Network
    device: Device
    dataflows: Annotated[tuple[Mapping, ...], Field(min_length=1)] = (
        mapping_of(Dataflow.OUTPUT_STATIONARY),
        mapping_of(Dataflow.ROW_STATIONARY),
    )
    """Compared side by side; the first is the one that runs."""
    schedule: ScheduleName = ScheduleName.LAYER_BY_LAYER
    """Which layers run together."""
    counting: CountingConvention = CountingConvention()
    memory_energy: MemoryEnergy
    """Of the memory the tensors live in."""
    compute_energy: ComputeEnergy
    flash_energy: MemoryEnergy | None = None
    """Of one line read from flash, where weights live there; null leaves fetching them out."""
    cache_energy: MemoryEnergy | None = None
    """Of the cache flash is read through."""
    weights_in: Storage = Storage.FLASH
    """Where weights and biases live."""
    input_in: Storage = Storage.RAM
    """Where the network's input lives."""
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE
    """How buffers share memory."""
    observed_heap: ObservedHeap | None = None
    """What the program reported: what was free before the network allocates is what the heap starts from."""
    static_bytes: ByteCount = 0
    """Static data beside the network, taken from the heap at boot and beyond what a program reported."""
    radio: Name | None = None
    """Radio that runs beside the network, by the name the device gives what it takes of the heap."""
    calibration: LatencyCalibration | None = None
    """Measured layer times the latency model is fitted to."""
    calibration_network: Network | None = None
    """The network they were measured on."""
    duration_s: PositiveSeconds | None = None
    """Measured duration of one inference; comes before a calibrated latency."""
    duration_device: Name | None = None
    """Name of the device it was measured on; of another device it says nothing. Left out, it is the scenario's own."""
    power: PowerProfile | None = None
    """Of the board, awake; comes before the awake states."""
    states: PowerStates | None = None
    """Of the board: its sleeps, and what it draws awake where no power is given; left out, those of the device's board."""
    battery: BatteryCell | None = None
    period_s: PositiveSeconds | None = None
    """From the start of one inference to the next, in duty-cycled operation."""
    sleep: Name = IDLE
    """What the board does between inferences: a state of the board."""
    temperature_degc: DegreesCelsius = SHELF
    """Of the battery."""
    model: BatteryModelName = BatteryModelName.ENERGY
    """How the battery empties."""

    def in_a_line(self) -> str:
        """Return what runs on what."""
        return f"<Scenario {self.name}: {self.network.name} on {self.device.name}>"

    @property
    def shared_by(self) -> MemoryAccounting:
        """How buffers share memory: under a schedule that is planned everything lies in one arena, whatever the accounting says."""
        return MemoryAccounting.ARENA_IN_PLACE if self.schedule.is_planned else self.accounting

    @field_validator("sleep")
    @classmethod
    def _state_of_the_board(cls, sleep: str, info: ValidationInfo) -> str:
        if "states" not in info.data:
            return sleep  # Whoever reads them has told what is wrong with them.
        states: PowerStates | None = info.data["states"]
        device: Device | None = info.data.get("device")
        # Of what stands in for a board nobody measured, whoever reads it says where it has no such state.
        stood_for = device is not None and device.assumed_power_states is not None and info.data.get("power") is None
        if states is None and sleep != IDLE and not stood_for:
            known = "give its power states (--states FILE, or `states` in a scenario), or rest in idle"
            raise PydanticCustomError("sleep", f"the currents of this board asleep are not known: {known}")
        if states is not None and sleep not in states.rests():
            raise PydanticCustomError("sleep", states.no_rest(sleep).message.removeprefix("sleep: "))
        return sleep

    def attributed(self, boards: Iterable[PowerStates]) -> Scenario:
        """Return the scenario whose power and duration name the device of the known board that has their figures.

        Parameters
        ----------
        boards : iterable of PowerStates
            Those that were measured on a device say which.

        Returns
        -------
        Scenario
            The same where no board has its figures: a copied measurement keeps whose it is; see `PowerProfile.attributed`.
        """
        known, changes = tuple(boards), dict[str, object]()
        if self.power is not None and self.power.device is None:
            changes["power"] = self.power.attributed(known)
        if self.duration_s is not None and self.duration_device is None:
            own = _range_of(self.duration_s)
            measured_on = [board.device for board in known if board.duration_s is not None and _range_of(board.duration_s) == own]
            changes |= {"duration_s": self.duration_s, "duration_device": next(iter(measured_on), None)}
        return with_changes(self, changes) if changes else self

    @model_validator(mode="after")
    def _radio_has_a_share(self) -> Scenario:
        known = [radio.name for radio in self.device.radios]
        if self.radio is not None and self.radio not in known:
            stated = f"states what {' and '.join(known)} takes alone" if known else "states of no radio what it takes"
            raise PydanticCustomError(
                "radio",
                f"nothing is packaged on how much heap the radio {self.radio!r} takes: {self.device.name} {stated};"
                " give the bytes as static_bytes (--static-bytes)",
            )
        return self

    @model_validator(mode="after")
    def _once_each(self) -> Scenario:
        if len(set(self.dataflows)) != len(self.dataflows):
            raise PydanticCustomError("dataflows", "a dataflow is named twice")
        return self

    @model_validator(mode="after")
    def _mapped_layers_are_there(self) -> Scenario:
        check_layers(self.dataflows, self.network.convolutions, self.network.name, self.network.linear_layers)
        return self


def _range_of(constant: Constant) -> tuple[float | None, ...]:
    return constant.value, constant.low, constant.high
