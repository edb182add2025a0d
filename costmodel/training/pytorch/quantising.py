"""From a trained network to int8: batch norms folded, scales from real images, a module that is tuned with its roundings in place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import as_steps, quantise
from costmodel.deployment.folding import fold_parameters, merge
from costmodel.errors import SpecError
from costmodel.specs.base import with_changes
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.network import Network
from costmodel.specs.operations import Action
from costmodel.specs.quantisation import Quantisation, symmetric_quantisation
from costmodel.specs.trained.training_recipe import Quantising
from costmodel.training.images.augmentation import INPUT_SCALE
from costmodel.training.pytorch.activations import activation_histograms
from costmodel.training.pytorch.quantised_module import QuantisedModule


def calibrated_module(model: Model, images: NDArray[np.uint8], settings: Quantising) -> QuantisedModule:
    """Return a network that computes with int8 steps.

    Parameters
    ----------
    model : Model
        Trained.
    images : array of uint8
        Training images that its activations are looked at on.
    settings : Quantising
        How scales are chosen.

    Returns
    -------
    QuantisedModule
        As it is; to be tuned, or not.

    Raises
    ------
    SpecError
        If a batch norm stands where it cannot be folded.
    """
    network, parameters = folded(model.network, model.parameters)
    histograms = activation_histograms(network, parameters, images)
    scales = {name: found.quantisation(settings.method, settings.percentile_ratio) for name, found in histograms.items()}
    scales[NETWORK_INPUT] = symmetric_quantisation(INPUT_SCALE)
    return QuantisedModule(network, parameters, scales, per_channel=settings.per_channel)


def weights_alone(model: Model, *, per_channel: bool) -> Model:
    """Return a network whose weights are whole int8 steps and whose activations stay floats, as the reference deployment's."""
    network, parameters = folded(model.network, model.parameters)
    found: dict[str, LayerParameters] = {}
    of_weights: dict[str, Quantisation] = {}
    for layer, step in zip(network.ordered, network.steps, strict=True):
        if layer.name not in parameters:
            continue
        own = parameters[layer.name]
        rows = per_channel and step.operation.action is Action.SLIDING_MAC
        of_weights[layer.name] = quantise(own.weight, per_channel=rows)[1]
        scales = np.array(of_weights[layer.name].scales).reshape(-1, *[1] * (own.weight.ndim - 1))
        bias = own.bias
        if bias is not None:
            # The reference deployment's biases are int8 too, with one scale.
            steps, quantisation = quantise(bias)
            bias = steps.astype(np.float64) * quantisation.scales[0]
        found[layer.name] = LayerParameters(as_steps(own.weight, of_weights[layer.name]) * scales, bias)
    return Model(network, found, "", {}, of_weights)


def folded(network: Network, parameters: Any) -> tuple[Network, dict[str, LayerParameters]]:
    """Return a network without its batch norms, multiplied into the convolutions before them; raises SpecError where one cannot be."""
    merged = merge(network)
    found = fold_parameters(merged, parameters)
    names = [layer.name for layer in network.ordered]
    gone: dict[str, str] = {}
    for index, (step, root) in enumerate(zip(network.steps, merged.roots, strict=True)):
        if step.operation.action is Action.SCALE_AND_SHIFT:
            if root == index:
                raise SpecError(f"{step.name}: a batch norm that no convolution stands before is not quantised")
            gone[step.name] = names[network.sources[index][0]]
    result = {names[index]: own for index, own in found.items()}
    if not gone:
        return network, result

    def source(name: str) -> str:
        while name in gone:
            name = gone[name]
        return name

    layers = []
    before = ""
    for layer in network.layers:
        if layer.name in gone:
            before = layer.name
            continue
        changes: dict[str, Any] = {}
        if layer.inputs:
            changes["inputs"] = tuple(source(name) for name in layer.inputs)
        elif before:
            changes["inputs"] = (source(before),)
        if layer.name in gone.values() and layer.name in result and result[layer.name].bias is not None:
            changes["bias"] = True
        before = ""
        layers.append(with_changes(layer, changes) if changes else layer)
    return with_changes(network, {"layers": tuple(layers)}), result
