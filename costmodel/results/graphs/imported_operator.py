"""What became of the operators of a model file, and what each costs."""

from __future__ import annotations

from enum import StrEnum

from costmodel.results.base import Result


class Became(StrEnum):
    """What an operator of a file is in the network."""

    LAYER = "layer"
    """Layers that run."""
    FUSED = "fused"
    """Applied on the way out of the layer before."""
    FOLDED = "folded"
    """Multiplied into the parameters of the layer before, or taken out on reading."""
    VIEW = "view"
    """Another name for the same elements."""


class ImportedOperatorCost(Result):
    """One operator of a model file."""

    kind: str
    """As the file names it."""
    name: str
    became: Became
    why: str
    """Why reading took it out; empty otherwise."""
    layers: tuple[str, ...]
    """Layers of the network that came of it."""
    mac_count: int
    """Multiply-accumulates, padding counted."""
    mac_ratio: float
    """Of the whole network's; 0 where that has none."""
    parameter_bytes: int
    """Of its layers' weights and biases."""
    output_bytes: int
    """Of what its layers make."""
    access_count: int
    """Reads and writes of elements, output stationary, padding counted."""
    access_ratio: float
    """Of the whole network's."""


class FoldedOperator(Result):
    """Operators of one kind that reading took out of the graph."""

    kind: str
    why: str
    operator_count: int
