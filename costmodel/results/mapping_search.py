"""What a search for the best tile of each layer found."""

from __future__ import annotations

from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.totals import ratio_of, total_of


class TileChoice(Result):
    """One tile of one layer, with what is predicted for it."""

    pixel_count: int
    filter_count: int
    swar_tap_count: int = 0
    """Taps that two filters sum up in the halves of one register; 0: each by itself."""
    apart_tile_count: int = 0
    """Tiles of pairs of which halves do not hold the sums, multiplied one by one."""
    pair_tile_count: int = 0
    """Tiles whose filters go in pairs."""
    mac_count: int
    """As executed: columns of zero padding that are multiplied are among them."""
    load_count: int
    """Reads of inputs, line buffer, weights and biases."""
    instruction_count: int
    """Predicted from rates fitted to other layers on this core."""
    scratch_bytes: int
    """Of the line buffer."""
    weight_bytes: int
    """As the model file holds them."""
    register_count: int

    @property
    def tile(self) -> str:
        """Pixels by filters, and the taps of SWAR."""
        swar = f"-swar{self.swar_tap_count}" if self.swar_tap_count else ""
        return f"{self.pixel_count}x{self.filter_count}{swar}"


class MappedLayer(Result):
    """One layer with every tile that was tried, the best first."""

    name: str
    kind: str
    valid_mac_count: int
    plain_load_count: int
    """Output stationary."""
    plain_instruction_count: int | None = None
    """Predicted of the packaged kernel, output stationary; None where no rate is known of one of its units."""
    choices: tuple[TileChoice, ...]
    """Empty where no generated kernel serves it."""
    reason: str
    """Why the first is best, or why there is none."""
    code_bytes: int | None = None
    """Of the kernel in the best tile, as the core's compiler makes it; None where that is not installed."""

    derived: ClassVar[tuple[str, ...]] = ("load_ratios", "instruction_ratios")

    @property
    def load_ratios(self) -> dict[str, float | None]:
        """Loads of each tile for a valid multiply-accumulate, by its pixels and filters; None where every tap falls on padding."""
        return {choice.tile: self._each(choice.load_count) for choice in self.choices}

    @property
    def instruction_ratios(self) -> dict[str, float | None]:
        """Instructions of each tile for a valid multiply-accumulate, by its pixels and filters; None where every tap falls on padding."""
        return {choice.tile: self._each(choice.instruction_count) for choice in self.choices}

    def _each(self, count: int) -> float | None:
        return ratio_of(count, self.valid_mac_count) if self.valid_mac_count else None


class MappingSearch(Result):
    """A network's layers, each with its best tile."""

    derived: ClassVar[tuple[str, ...]] = ("instruction_count", "instruction_ratio", "plain_instruction_count", "code_bytes")

    network: str
    core: str
    mapping: str
    """As `--dataflow` and `pack --mapping` take it."""
    arena_bytes: int | None
    """Tensors and the largest line buffer."""
    plain_arena_bytes: int | None
    """Output stationary."""
    median_error_ratio: float
    """Of predicted instructions, on layers of shapes the rates were not fitted to."""
    p90_error_ratio: float
    worst_error_ratio: float
    plain_median_error_ratio: float | None = None
    """The same of the packaged kernels' instructions."""
    plain_worst_error_ratio: float | None = None
    layers: tuple[MappedLayer, ...]

    @property
    def instruction_count(self) -> int:
        """Of the best tiles of all layers that have one."""
        count: int = total_of([layer.choices[0].instruction_count for layer in self.layers if layer.choices])
        return count

    @property
    def plain_instruction_count(self) -> int | None:
        """Of the packaged kernels of all layers; None where one is not known."""
        counts = [layer.plain_instruction_count for layer in self.layers]
        return None if None in counts else total_of(counts)

    @property
    def instruction_ratio(self) -> float | None:
        """The same for a valid multiply-accumulate; None where no layer has a tile."""
        valid = total_of([layer.valid_mac_count for layer in self.layers if layer.choices])
        return ratio_of(self.instruction_count, valid) if valid else None

    @property
    def code_bytes(self) -> int | None:
        """Of the kernels in the best tiles; None where one is not known."""
        sizes = [layer.code_bytes for layer in self.layers if layer.choices]
        return None if None in sizes else total_of(sizes)
