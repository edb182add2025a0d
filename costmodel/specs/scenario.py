"""A scenario: one network on one device, with everything that the answer depends on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.specs.base import Amperes, Name, PositiveSeconds, Spec, Volts
from costmodel.specs.counting import CountingConvention, Dataflow
from costmodel.specs.devices.battery import BatteryCell
from costmodel.specs.devices.hardware import ComputeEnergy, Device, LatencyCalibration, MemoryEnergy, ObservedHeap
from costmodel.specs.network import Network
from costmodel.specs.schedule import ScheduleName


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


class PowerProfile(Spec):
    """Supply and currents of the whole board."""

    supply_v: Volts
    idle_a: Amperes
    """Awake, not inferring."""
    active_a: Amperes
    """During an inference."""

    @model_validator(mode="after")
    def _active_draws_more(self) -> PowerProfile:
        if self.active_a.value < self.idle_a.value:
            raise PydanticCustomError(
                "power", f"active_a should be at least idle_a, found {self.active_a.value:g} A below {self.idle_a.value:g} A"
            )
        return self


class Scenario(Spec):
    """One question: what a network costs on a device, and how that is counted."""

    name: Name
    description: str = ""
    network: Network
    device: Device
    dataflows: Annotated[tuple[Dataflow, ...], Field(min_length=1)] = (Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY)
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
    """What the program reported, to hold the plan against."""
    calibration: LatencyCalibration | None = None
    """Measured layer times the latency model is fitted to."""
    calibration_network: Network | None = None
    """The network they were measured on."""
    duration_s: PositiveSeconds | None = None
    """Measured duration of one inference; comes before a calibrated latency."""
    power: PowerProfile | None = None
    battery: BatteryCell | None = None
    period_s: PositiveSeconds | None = None
    """From the start of one inference to the next, in duty-cycled operation."""

    @model_validator(mode="after")
    def _once_each(self) -> Scenario:
        if len(set(self.dataflows)) != len(self.dataflows):
            raise PydanticCustomError("dataflows", "a dataflow is named twice")
        return self
