"""What a search for the best tile of each layer found."""

from __future__ import annotations

from costmodel.results.base import Result


class TileChoice(Result):
    """One tile of one layer, with what is predicted for it."""

    pixel_count: int
    filter_count: int
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


class MappedLayer(Result):
    """One layer with every tile that was tried, the best first."""

    name: str
    kind: str
    valid_mac_count: int
    plain_load_count: int
    """Output stationary."""
    choices: tuple[TileChoice, ...]
    """Empty where no generated kernel serves it."""
    reason: str
    """Why the first is best, or why there is none."""
    code_bytes: int | None = None
    """Of the kernel in the best tile, as the core's compiler makes it; None where that is not installed."""


class MappingSearch(Result):
    """A network's layers, each with its best tile."""

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
    layers: tuple[MappedLayer, ...]
