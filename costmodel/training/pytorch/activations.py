"""What a network's activations are on real images: histograms of their magnitudes; and the gradients of its loss by its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from costmodel.compression.calibration import MagnitudeHistogram
from costmodel.deployment.folding import merge
from costmodel.specs.model import LayerParameters
from costmodel.specs.network import Network
from costmodel.training.images.image_set import ImageSet
from costmodel.training.pytorch.fitting import as_input
from costmodel.training.pytorch.network_module import NetworkModule

_BATCH = 250


def activation_histograms(
    network: Network, parameters: Mapping[str, LayerParameters], images: NDArray[np.uint8]
) -> dict[str, MagnitudeHistogram]:
    """Return the magnitudes of every layer's output, after the rectifier that is fused into it, over images.

    Parameters
    ----------
    network : Network
        Folded.
    parameters : mapping of str to LayerParameters
        Its own.
    images : array of uint8
        (images, rows, columns, channels).

    Returns
    -------
    dict of str to MagnitudeHistogram
        By layer, for those that run by themselves.
    """
    module = NetworkModule(network)
    module.take(parameters)
    module.eval()
    roots = merge(network).roots
    read_in = {root: index for index, root in enumerate(roots)}
    found = {network.steps[root].name: MagnitudeHistogram() for root in read_in if root >= 0}
    with torch.inference_mode():
        for begin in range(0, len(images), _BATCH):
            held: dict[int, torch.Tensor] = {-1: as_input(images[begin : begin + _BATCH])}
            for index, sources in enumerate(network.sources):
                held[index] = module.computed(index, [held[source] for source in sources])
                root = roots[index]
                if root >= 0 and read_in[root] == index:
                    found[network.steps[root].name].add(held[index].numpy())
    return found


def loss_gradients(network: Network, parameters: Mapping[str, LayerParameters], images: ImageSet) -> dict[str, NDArray[np.float64]]:
    """Return the gradients of the mean cross entropy over images by each layer's weights."""
    module = NetworkModule(network)
    module.take(parameters)
    module.eval()
    module.zero_grad()
    for begin in range(0, len(images), _BATCH):
        part = images.part(slice(begin, begin + _BATCH))
        loss: Any = functional.cross_entropy(module(as_input(part.images)), torch.from_numpy(part.labels), reduction="sum")
        (loss / len(images)).backward()
    found: dict[str, NDArray[np.float64]] = {}
    for index, layer in enumerate(network.ordered):
        if str(index) in module.layers:
            found[layer.name] = module.layers[str(index)].weight.grad.to(torch.float64).numpy()
    return found
