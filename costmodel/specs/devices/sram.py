"""An on-chip memory array, in the terms CACTI 7 computes it."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.errors import SpecError
from costmodel.specs.base import Spec
from costmodel.units import BITS_PER_BYTE

Cell: TypeAlias = Literal["itrs-hp", "itrs-lstp", "itrs-lop"]
"""Transistor family of the ITRS roadmap: high performance, low standby power, low operating power."""

NODE_LIMITS_NM: Final = (22.0, 90.0)
"""Smallest and largest feature size CACTI 7 has technology files for; nodes between them are interpolated by CACTI itself."""
TEMPERATURE_LIMITS_K: Final = (300, 400)
TEMPERATURE_STEP_K: Final = 10
SIZE_LIMITS_BYTES: Final = (64, 2**30)
"""Smallest bank CACTI accepts, and the largest array that fits its 32-bit arithmetic."""


_FIVE: Final = r"^\d{1,9}(:\d{1,9}){4}$"
_NAMED: Final = {
    "objective": "objective",
    "deviation": "deviation",
    "optimised": "optimised for",
    "access_mode": "access mode",
    "signaling": "signaling",
    "inner_wire": "wires inside mats",
    "outer_wire": "wires between mats",
}
"""Fields beyond the usual configuration, as a summary names them."""


class SramSpec(Spec):
    """One configuration of an SRAM array; what it does not name is fixed in its CACTI configuration file."""

    size_bytes: Annotated[int, Field(strict=True)]
    """Data capacity, without check bits and tags."""
    block_bytes: Annotated[int, Field(strict=True)]
    """Bytes that stand in one row entry (a cache's line)."""
    bus_bits: Annotated[int, Field(strict=True)]
    """Width of one access; CACTI's energies are per access of this width."""
    node_nm: Annotated[float, Field(ge=NODE_LIMITS_NM[0], le=NODE_LIMITS_NM[1])]
    """Feature size."""
    data_cell: Cell
    """Transistors of the storage cells."""
    periphery_cell: Cell
    """Transistors of decoders, sense amplifiers and drivers."""
    ecc: bool
    """Eight check bits beside every 64."""
    temperature_k: float = 300.0
    """Junction temperature; leakage follows it."""
    array: Literal["ram", "cache"] = "ram"
    """A bare array, or one with tags beside it."""
    associativity_count: Annotated[int, Field(strict=True, ge=1)] = 1
    """Ways of a cache; 1 for a bare array."""
    bank_count: Annotated[int, Field(strict=True, ge=1)] = 1
    """Equal banks on one bus."""
    shared_port_count: Annotated[int, Field(strict=True, ge=0)] = 1
    """Ports that read or write."""
    read_port_count: Annotated[int, Field(strict=True, ge=0)] = 0
    """Ports that only read."""
    write_port_count: Annotated[int, Field(strict=True, ge=0)] = 0
    """Ports that only write."""
    interconnect: Literal["conservative", "aggressive"] = "conservative"
    """ITRS projection of the wires."""
    objective: Annotated[str, Field(pattern=_FIVE)] = "0:0:0:100:0"
    """Weights of delay, dynamic power, leakage power, cycle time and area, by which CACTI chooses among the arrays it finds."""
    deviation: Annotated[str, Field(pattern=_FIVE)] = "20:100000:100000:100000:100000"
    """Percent by which each of the five may be worse than the best of its kind."""
    optimised: Literal["ED", "ED^2", "NONE"] = "ED^2"
    """Energy times delay, or its square, chosen before the weights; NONE leaves it to them."""
    access_mode: Literal["normal", "sequential", "fast"] = "normal"
    """In which order a cache reads tags and data."""
    signaling: Literal["Global_30", "Global_20", "Global_10", "Global_5", "Global", "default", "fullswing", "lowswing"] = "Global_30"
    """Wires between mats, by the delay they may give up for power [%]."""
    inner_wire: Literal["local", "semi-global", "global"] = "semi-global"
    """Metal inside a mat."""
    outer_wire: Literal["local", "semi-global", "global"] = "semi-global"
    """Metal between mats."""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        smallest, largest = SIZE_LIMITS_BYTES
        if not smallest <= self.size_bytes <= largest or self.size_bytes // self.bank_count < smallest:
            _refuse("size", f"a bank holds {smallest} bytes or more, an array {largest} at most; found {self.size_bytes} bytes")
        if self.block_bytes < 1:
            _refuse("block", f"a block holds 1 byte or more, found {self.block_bytes}")
        if self.bus_bits < 1:
            _refuse("bus", f"the bus carries 1 bit or more; found {self.bus_bits} bits")
        if self.bus_bits > BITS_PER_BYTE * self.block_bytes:
            _refuse("bus", f"the bus is at most one block wide ({BITS_PER_BYTE * self.block_bytes} bits), found {self.bus_bits}")
        low, high = TEMPERATURE_LIMITS_K
        if not low <= self.temperature_k <= high or self.temperature_k % TEMPERATURE_STEP_K:
            _refuse("temperature", f"CACTI computes {low} to {high} K in steps of {TEMPERATURE_STEP_K}, found {self.temperature_k:g}")
        for name, count in (("bank_count", self.bank_count), ("associativity_count", self.associativity_count)):
            if count & (count - 1):
                _refuse(name, f"{name} should be a power of two, found {count}")
        if self.array == "ram" and self.associativity_count != 1:
            _refuse("associativity_count", f"a bare array has associativity 1, found {self.associativity_count}")
        if self.size_bytes // self.bank_count // (self.block_bytes * self.associativity_count) < 2:
            _refuse(
                "sets",
                f"a bank holds two sets or more; {self.size_bytes} bytes in {self.bank_count} bank(s) hold fewer of "
                f"{self.associativity_count} x {self.block_bytes} bytes",
            )
        if self.shared_port_count + self.read_port_count + self.write_port_count < 1:
            _refuse("ports", "an array has one port or more, found none")
        return self

    @property
    def width_text(self) -> str:
        """How wide one access is: bytes where they are whole, else bits."""
        return f"{self.bus_bits} bit" if self.bus_bits % BITS_PER_BYTE else f"{self.bus_bits // BITS_PER_BYTE} B"

    @property
    def access_bytes(self) -> int:
        """Bytes one access carries; raises SpecError where they are not whole: a network's tensors are bytes."""
        if self.bus_bits % BITS_PER_BYTE:
            raise SpecError(
                f"a bus of {self.bus_bits} bits carries no whole bytes: its figures stand in the table; a network uses widths of whole "
                f"bytes, such as {max(self.bus_bits // BITS_PER_BYTE, 1)} or {self.bus_bits // BITS_PER_BYTE + 1}"
            )
        return self.bus_bits // BITS_PER_BYTE

    @property
    def plain_name(self) -> str:
        """A name for an array no packaged configuration stands for."""
        cell = self.data_cell.removeprefix("itrs-")
        ecc = "-ecc" if self.ecc else ""
        warm = "" if self.temperature_k == TEMPERATURE_LIMITS_K[0] else f"-{self.temperature_k:g}k"
        wide = self.width_text.replace(" B", "b").replace(" ", "")
        return f"sram-{self.node_nm:g}nm-{cell}-{self.size_bytes}-{wide}{ecc}{warm}"

    @property
    def summary(self) -> str:
        """The array in one line, as a person would say it."""
        cells = self.data_cell if self.data_cell == self.periphery_cell else f"{self.data_cell} cells, {self.periphery_cell} periphery"
        block = "" if BITS_PER_BYTE * self.block_bytes == self.bus_bits else f" ({self.block_bytes} B blocks)"
        ports = (self.shared_port_count, self.read_port_count, self.write_port_count)
        parts = [
            f"{self.size_bytes} B, {self.width_text} wide{block}, {self.node_nm:g} nm, {cells}, {self.temperature_k:g} K",
            "ECC" if self.ecc else "",
            f"{self.associativity_count}-way cache" if self.array == "cache" else "",
            f"{self.bank_count} banks" if self.bank_count > 1 else "",
            f"{ports[0]} shared, {ports[1]} read and {ports[2]} write ports" if ports != (1, 0, 0) else "",
            f"{self.interconnect} wires" if self.interconnect != "conservative" else "",
            *(
                f"{name} {getattr(self, field)}"
                for field, name in _NAMED.items()
                if getattr(self, field) != type(self).model_fields[field].default
            ),
        ]
        return ", ".join(part for part in parts if part)


def _refuse(limit: str, message: str) -> None:
    raise PydanticCustomError(f"cacti_{limit}", "{message}", {"message": message})
