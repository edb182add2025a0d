"""A network whose weights and activations are rounded to int8 steps while it is trained: quantisation-aware fine-tuning.

What is rounded, and where, follows the deployed network: weights per tensor or per output channel, a tensor that a layer writes after
its rectifier, a mean once more. In training each is rounded once, gradients pass a rounding as if it were none, and scales of activations
are learned (esser2020lsq); in evaluation the outputs are the deployed network's own, rounded twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from costmodel.compression.quantise import INT8_MAX, as_steps, quantise
from costmodel.deployment.folding import NO_BOUNDS, merge
from costmodel.deployment.requantisation import INT8_STEPS
from costmodel.errors import MissingError
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.network import Network
from costmodel.specs.operations import Action
from costmodel.specs.quantisation import Quantisation, symmetric_quantisation
from costmodel.training.pytorch.integer_forward import integer_outputs
from costmodel.training.pytorch.judging import deployed_int8
from costmodel.training.pytorch.network_module import computed_layer, readers

_ROUNDED: Final = frozenset({Action.SLIDING_MAC, Action.MAC, Action.SUM})
"""Actions whose outputs have a scale of their own."""


class QuantisedModule(torch.nn.Module):
    """A folded network that computes with int8 steps.

    Parameters
    ----------
    network : Network
        Without batch norms.
    parameters : mapping of str to LayerParameters
        Real weights and biases.
    quantisations : mapping of str to Quantisation
        Of the input (`input`) and of each output that has a scale of its own: one scale, zero point 0.
    per_channel : bool
        Whether each output channel of a convolution has a scale, or each tensor of weights one.

    Raises
    ------
    MissingError
        If a scale is missing.
    """

    def __init__(
        self, network: Network, parameters: Mapping[str, LayerParameters], quantisations: Mapping[str, Quantisation], *, per_channel: bool
    ) -> None:
        super().__init__()
        self.network = network
        self.per_channel = per_channel
        self.input_scale = quantisations[NETWORK_INPUT].scales[0]
        self._bounds = merge(network).bounds
        self._early_pools = _pools_before_rounding(network)
        self.weights, self.biases, self.scales = torch.nn.ParameterDict(), torch.nn.ParameterDict(), torch.nn.ParameterDict()
        for index, (layer, step) in enumerate(zip(network.ordered, network.steps, strict=True)):
            if layer.name in parameters:
                own = parameters[layer.name]
                self.weights[str(index)] = torch.nn.Parameter(torch.from_numpy(own.weight.astype(np.float32)))
                if own.bias is not None:
                    self.biases[str(index)] = torch.nn.Parameter(torch.from_numpy(own.bias.astype(np.float32)))
            if step.operation.action in _ROUNDED:
                if layer.name not in quantisations:
                    raise MissingError(f"{layer.name}: the scale of its output is not known; calibrate first")
                self.scales[str(index)] = torch.nn.Parameter(torch.tensor(quantisations[layer.name].scales[0], dtype=torch.float32))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the outputs for a batch of inputs, as multiples of their steps: in evaluation those of the device, which rounds twice."""
        if not self.training:
            return self._as_deployed(values)
        held: dict[int, tuple[torch.Tensor, Any]] = {-1: (rounded(values, self.input_scale, INT8_STEPS[0]), self.input_scale)}
        last = len(self.network.steps) - 1
        ordered: tuple[Any, ...] = self.network.ordered
        for index, (layer, step, sources) in enumerate(zip(ordered, self.network.steps, self.network.sources, strict=True)):
            key = str(index)
            inputs = [held[source][0] for source in sources]
            scale = held[sources[0]][1]
            if (step.merged and not step.operation.renames) or index in self._early_pools.values():
                held[index] = held[sources[0]]
                continue
            if step.operation.action is Action.SOFTMAX and index == last:
                return inputs[0]
            weight = _rounded_weight(self.weights[key], self._per_channel(step)) if key in self.weights else None
            bias = self.biases[key] if key in self.biases else None  # noqa: SIM401 - a ParameterDict's get raises
            found = computed_layer(layer, step, inputs, weight, bias)
            if step.operation.action in _ROUNDED:
                if index in self._early_pools:
                    # The largest of a window is the same before rounding as after it, of a quarter of the elements.
                    found = computed_layer(ordered[self._early_pools[index]], self.network.steps[self._early_pools[index]], [found])
                bounds = self._bounds.get(index, NO_BOUNDS)
                if bounds != NO_BOUNDS:
                    found = torch.clamp(found, bounds.low, bounds.high)
                scale = self.scales[key].abs()
                found = rounded(found, _learned(scale, found), 0 if bounds.low == 0 else INT8_STEPS[0])
            elif step.operation.action is Action.MEAN:
                found = rounded(found, scale, INT8_STEPS[0])
            held[index] = (found, scale)
        return held[last][0]

    def _as_deployed(self, values: torch.Tensor) -> torch.Tensor:
        deployed = deployed_int8(self.model(""))
        steps = torch.clamp(torch.round(values.double() / self.input_scale), *INT8_STEPS).numpy().astype(np.int8)
        found = integer_outputs(deployed, steps)
        own = deployed.tensors[deployed.output_tensor].quantisation
        if own is None:
            raise MissingError(f"{self.network.name}: its output has no scale")
        real = (found.astype(np.float64) - own.zero_points[0]) * own.scales[0]
        return torch.from_numpy(real.astype(np.float32)).reshape(len(values), *self.network.steps[-1].lowered.output)

    def _per_channel(self, step: Any) -> bool:
        return self.per_channel and step.operation.action is Action.SLIDING_MAC

    def keep_order(self) -> None:
        """Nothing here depends on a factor's sign."""

    def decayed(self) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
        """Return the weights, which decay, and the rest."""
        return list(self.weights.values()), [*self.biases.values(), *self.scales.values()]

    def model(self, source: str) -> Model:
        """Return the network with its weights as whole steps, and every scale."""
        parameters: dict[str, LayerParameters] = {}
        of_weights: dict[str, Quantisation] = {}
        found = {NETWORK_INPUT: symmetric_quantisation(self.input_scale)}
        for index, (layer, step) in enumerate(zip(self.network.ordered, self.network.steps, strict=True)):
            key = str(index)
            if key in self.weights:
                bias = _array(self.biases[key]) if key in self.biases else None
                own = _array(self.weights[key])
                of_weights[layer.name] = quantise(own, per_channel=self._per_channel(step))[1]
                scales = np.array(of_weights[layer.name].scales).reshape(-1, *[1] * (own.ndim - 1))
                parameters[layer.name] = LayerParameters(as_steps(own, of_weights[layer.name]) * scales, bias)
            if key in self.scales:
                found[layer.name] = symmetric_quantisation(abs(float(self.scales[key].detach())))
        return Model(self.network, parameters, source, found, of_weights)


def rounded(values: torch.Tensor, scale: Any, lowest: int) -> torch.Tensor:
    """Return values as multiples of a scale from the lowest to the highest int8 step; gradients pass the rounding."""
    steps = torch.clamp(values / scale, lowest, INT8_STEPS[1])
    return (steps + (torch.round(steps) - steps).detach()) * scale


def _learned(scale: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """A scale whose gradient is as large as a weight's: divided by the root of how many elements have it."""
    share = 1.0 / float(np.sqrt(values[0].numel() * INT8_MAX))
    return scale * share + (scale - scale * share).detach()


def _rounded_weight(weight: torch.Tensor, per_channel: bool) -> torch.Tensor:
    magnitudes = weight.detach().abs()
    largest = magnitudes.reshape(len(weight), -1).amax(1) if per_channel else magnitudes.max().reshape(1)
    scale = torch.where(largest > 0, largest / INT8_MAX, torch.ones(())).reshape(-1, *[1] * (weight.ndim - 1))
    return rounded(weight, scale, -INT8_MAX)


def _pools_before_rounding(network: Network) -> dict[int, int]:
    """For each layer that is rectified and then pooled by its largest, and read by nothing else, that pooling."""
    read_by = readers(network)
    found = {}
    for index, step in enumerate(network.steps):
        at = index
        if step.operation.action is not Action.SLIDING_MAC:
            continue
        if read_by[at] and read_by[at][0] in range(len(network.steps)) and network.steps[read_by[at][0]].merged and len(read_by[at]) == 1:
            at = read_by[at][0]
        if len(read_by[at]) != 1 or read_by[at][0] >= len(network.steps):
            continue
        pool: Any = network.ordered[read_by[at][0]]
        if network.steps[read_by[at][0]].operation.action is Action.LARGEST and not any(pool.padding):
            found[index] = read_by[at][0]
    return found


def _array(values: torch.Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.detach().to(torch.float64).numpy().copy()
    return found
