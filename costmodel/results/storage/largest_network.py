"""The largest versions of a network that a device holds."""

from __future__ import annotations

from costmodel.results.base import Result
from costmodel.results.conclusions.reason import Reason
from costmodel.specs.running.strategy import MemoryStrategy


class LargestVersion(Result):
    """Under one strategy."""

    strategy: MemoryStrategy
    width_ratio: float | None
    """Widest multiple of its channels and hidden features; None where even an eighth does not fit."""
    parameter_count: int | None
    """Of that version."""
    width_reason: Reason
    """Why an eighth more does not fit."""
    size_ratio: float | None
    """Largest multiple of its input's rows and columns, at the width it has; None where none is."""
    network_input: tuple[int, ...] | None
    """Of that version."""
    size_reason: Reason
    """Why an eighth more does not fit."""


class LargestNetwork(Result):
    """Under several strategies."""

    network: str
    device: str
    versions: tuple[LargestVersion, ...]
