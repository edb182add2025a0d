"""Shapes of a network's parameters, and random ones until trained ones exist."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import LimitError
from costmodel.specs.lowering import NETWORK_INPUT, Step
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.network import Network
from costmodel.specs.operations import Action
from costmodel.specs.shapes import element_count

MAX_ELEMENTS: Final = 2**26
"""Most parameters of a network, and elements of a tensor, that are made: half a gibibyte, more than any microcontroller has."""


def parameter_shape(layer: Any, step: Step) -> tuple[int, ...] | None:
    """Return the shape of a layer's weights; None where it has none."""
    return step.operation.shape_of_weights(layer, step.inputs)


def check_size(network: Network) -> None:
    """Refuse a network whose parameters or tensors are more than are made here.

    Parameters
    ----------
    network : Network
        Any; its costs are computed whatever its size.

    Raises
    ------
    LimitError
        Naming the layer with most, and the limit.
    """
    largest = [(element_count(step.lowered.output), f"the output of {step.name}") for step in network.steps]
    largest.append((math.prod(network.input), "the input"))
    largest += [(step.lowered.weight_count + step.lowered.bias_count, f"layer {step.name}, in parameters,") for step in network.steps]
    for total, what in (max(largest), (network.parameter_count, f"the network {network.name}, in parameters,")):
        if total > MAX_ELEMENTS:
            raise LimitError(f"{what} has {total:,} elements; at most {MAX_ELEMENTS:,} are packed or run")


def random_parameters(network: Network, seed: int) -> dict[str, LayerParameters]:
    """Draw parameters from a seed.

    Parameters
    ----------
    network : Network
        Whose layers need them.
    seed : int
        The same seed gives the same numbers on every machine.

    Returns
    -------
    dict of str to LayerParameters
        Weights from a normal distribution scaled by one over the root of the inputs, biases a tenth as wide; factors of a batch
        norm around 1.
    """
    check_size(network)
    generator = np.random.default_rng([seed, 0])
    drawn = {}
    for layer, step in zip(network.ordered, network.steps, strict=True):
        shape = parameter_shape(layer, step)
        if shape is None:
            continue
        weight = generator.standard_normal(shape)
        if step.operation.action is Action.SCALE_AND_SHIFT:
            drawn[layer.name] = LayerParameters(1.0 + 0.2 * weight, 0.1 * generator.standard_normal(shape[0]))
            continue
        weight /= np.sqrt(max(int(np.prod(shape[1:])), 1))
        bias = 0.1 * generator.standard_normal(shape[0]) if getattr(layer, "bias", False) else None
        drawn[layer.name] = LayerParameters(weight, bias)
    return drawn


def random_model(network: Network, seed: int) -> Model:
    """Return a network with the parameters of a seed, its quantisation yet to be taken from an example."""
    return Model(network, random_parameters(network, seed), f"random, seed {seed}")


def random_example(model: Model, seed: int) -> NDArray[np.float32]:
    """Draw an input from a seed: over all steps of the input's scale where it is known, else between -1 and 1."""
    found = model.quantisations.get(NETWORK_INPUT)
    if found is None or found.per_channel:
        return random_input(model.network, seed)
    check_size(model.network)
    steps = np.random.default_rng([seed, 1]).integers(-128, 128, model.network.input)
    return ((steps - found.zero_points[0]) * found.scales[0]).astype(np.float32)


def random_input(network: Network, seed: int) -> NDArray[np.float32]:
    """Draw an input between -1 and 1 from a seed, in the network's input shape."""
    check_size(network)
    generator = np.random.default_rng([seed, 1])
    return generator.uniform(-1.0, 1.0, network.input).astype(np.float32)
