"""A model: a network with its weights and quantisation.

The one noun of this floor that is no Pydantic spec: it holds arrays. NumPy is not loaded for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.network import Network
from costmodel.specs.quantisation import Quantisation
from costmodel.specs.trained.model_manifest import Accuracy, Origin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LayerParameters:
    """Weights and biases of one layer, as real numbers."""

    weight: NDArray[np.float64]
    """(out, in, rows, columns) of a convolution, (out, in) of a linear layer, one factor per channel of a batch norm."""
    bias: NDArray[np.float64] | None
    """One per output channel or feature; the shift of a batch norm."""


Parameters: TypeAlias = Mapping[str, LayerParameters]
"""Parameters by layer name."""


@dataclass(frozen=True, eq=False)
class Model:
    """A network with its parameter arrays and its quantisation."""

    network: Network
    parameters: Parameters
    """Of every layer that has some."""
    source: str
    """Where they come from."""
    quantisations: Mapping[str, Quantisation] = field(default_factory=dict)
    """Of the network's input (`input`) and of layers' outputs, as far as they are known."""
    weight_quantisations: Mapping[str, Quantisation] = field(default_factory=dict)
    """Of layers' weights, one scale each or one per output channel, where their integers are known: zero points are 0."""
    accuracies: tuple[Accuracy, ...] = ()
    """How often it is right, where that was counted."""
    origin: Origin | None = None
    """Of trained parameters."""

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Show a line in a notebook; `repr` tells every field."""
        printer.text(f"<Model {self.network.name}: {self.network.parameter_count:,} parameters, from {self.source}>")

    @property
    def quantised(self) -> bool:
        """Whether activations have scales, not the input alone."""
        return any(name != NETWORK_INPUT for name in self.quantisations)
