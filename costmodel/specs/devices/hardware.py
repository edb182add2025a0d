"""Hardware: memories with their access energies, compute energy, heap regions, devices and latency calibrations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from costmodel.specs.base import ByteCount, Hertz, Name, Picojoules, PositiveSeconds, Spec, Volts, Watts
from costmodel.specs.counting import Dataflow
from costmodel.specs.layers import DataType


class MemoryEnergy(Spec):
    """What one access of a memory costs, and what the memory leaks while it waits."""

    name: Name
    description: str = ""
    access_bytes: Annotated[int, Field(strict=True, ge=1, le=65_536)]
    """Width of one access: the energies below are per access of this many bytes."""
    capacity_bytes: ByteCount | None = None
    """Size of the memory the energies hold for."""
    read_pj: Picojoules
    """Dynamic energy of one read."""
    write_pj: Picojoules
    """Dynamic energy of one write."""
    leakage_w: Watts
    """Power while powered, whether accessed or not."""
    access_s: PositiveSeconds | None = None
    """Access time."""
    source: str
    """Where the energies come from."""


class ComputeEnergy(Spec):
    """What one multiply-accumulate costs, by the type of the activations."""

    name: Name
    description: str = ""
    int8_mac_pj: Picojoules
    """8-bit multiply and 32-bit add."""
    int16_mac_pj: Picojoules
    """16-bit multiply and 32-bit add."""
    int32_mac_pj: Picojoules
    """32-bit multiply and 32-bit add."""
    float32_mac_pj: Picojoules
    """Single-precision multiply and add."""
    source: str


class HeapRegion(Spec):
    """One block of memory the allocator may use; no allocation spans two."""

    name: Name
    size_bytes: ByteCount
    """Free bytes at boot."""
    largest_bytes: ByteCount | None = None
    """Largest single allocation it has been seen to give; left out, its size less the allocator's bookkeeping."""
    holds_static: bool = False
    """Whether a program's static data is taken out of it; where no region says so, out of the largest."""
    external: bool = False
    """Whether it lies outside the chip, as PSRAM does: times that were measured in the chip's own RAM say nothing of buffers in it."""
    source: str = ""


class RadioHeap(Spec):
    """What a radio's software takes of the heap while it runs."""

    name: Name
    """`ble`, `wifi`, ..."""
    heap_bytes: ByteCount
    """Of the region that holds static data."""
    source: str


class HeapAllocator(Spec):
    """How the device's malloc rounds and what it keeps for itself."""

    header_bytes: ByteCount = 4
    """Bookkeeping before each block."""
    alignment_bytes: Annotated[int, Field(strict=True, ge=1, le=4096)] = 4
    """Every block is a multiple of this."""
    minimum_bytes: ByteCount = 12
    """Smallest block."""
    poisoning_bytes: ByteCount = 0
    """Extra bytes a block with heap poisoning."""
    size_classes: bool = True
    """Whether a search rounds up to a fraction of the request's power of two (two-level segregated fit)."""
    trims: bool = True
    """Whether the block found is cut back to the request (ESP-IDF 4.3 and 5.0 to 5.3; 5.4 keeps the rounded size)."""
    region_bytes: ByteCount = 0
    """What it keeps for itself in each region."""
    source: str = ""


class LayerTime(Spec):
    """A measured time of one layer, or of all layers together."""

    layer: Name
    """Layer name, or `total`."""
    duration_s: PositiveSeconds


class LatencyCalibration(Spec):
    """Measured layer times that rates are fitted to, and what they hold for."""

    name: Name
    description: str = ""
    device: Name
    network: Name
    """Network of the zoo the times were measured on."""
    dataflow: Dataflow
    activation: DataType
    """Type of the activations the kernel worked on."""
    weight: DataType
    times: tuple[LayerTime, ...]
    weights_in: Literal["flash", "ram"] | None = None
    """Where the weights were read from during the measurement; null where the source does not state it."""
    clock_hz: Hertz | None = None
    """Clock during the measurement; null where the source does not state it: then no cycles are given."""
    source: str


class Device(Spec):
    """A microcontroller or board."""

    name: Name
    description: str = ""
    core: str = ""
    """Processor core."""
    clock_hz: tuple[float, ...] = ()
    """Clocks it can run at; empty where not stated."""
    supply_v: Volts | None = None
    """Supply the currents of its datasheet hold for."""
    flash_bytes: ByteCount
    """Program and constant storage."""
    sram_bytes: ByteCount
    """All on-chip SRAM."""
    heap_regions: tuple[HeapRegion, ...]
    """What the program's data can live in, in the order in which malloc tries them."""
    radios: tuple[RadioHeap, ...] = ()
    """Radios whose share of the heap is known; the others have none stated."""
    allocator: HeapAllocator = HeapAllocator()
    memory_energy: Name
    """Packaged memory energies that suit it, by name."""
    flash_energy: Name | None = None
    """Packaged energies of one line read from flash, by name; null where nobody gives any."""
    cache_energy: Name | None = None
    """Packaged energies of the cache flash is read through, by name."""
    compute_energy: Name = "horowitz-45nm"
    """Packaged compute energies, by name."""
    power_states: Name | None = None
    """Packaged power states of its board, by name; null where nobody has measured."""
    assumed_power_states: Name | None = None
    """Where there are none, ranges of its class of chips, by name: they serve what a deployment comes to, and nothing else."""
    calibration: Name | None = None
    """Packaged latency calibration, by name; null where nobody has measured."""
    scratch_in_registers: tuple[str, ...] = ("accumulator",)
    """Scratch buffers the core keeps in registers: they are no RAM. `accumulator` is the single one of output stationary."""
    source: str

    @property
    def heap_bytes(self) -> int:
        """All heap regions at boot."""
        return sum(region.size_bytes for region in self.heap_regions)

    @property
    def largest_region_bytes(self) -> int:
        """The largest heap region at boot; 0 where there is none."""
        return max((region.size_bytes for region in self.heap_regions), default=0)


class ObservedHeap(Spec):
    """Free memory a program reported, before and during inference."""

    total_bytes: ByteCount
    """Free at start."""
    remaining_bytes: ByteCount
    """Free while the network runs."""
    source: str = ""
