"""How many multiply-accumulates of a layer multiply a zero: arithmetic of floats in software makes short work of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, DeployedTensor, Kernel, KernelWindow


def zero_products(network: DeployedNetwork, values: NDArray[Any], outputs: Sequence[NDArray[Any]]) -> tuple[int | None, ...]:
    """Return, of each convolution and linear layer, its multiply-accumulates whose input stands for 0.

    Parameters
    ----------
    network : DeployedNetwork
        That ran.
    values : array
        Its input.
    outputs : sequence of array
        Of each layer, (channels, rows, columns).

    Returns
    -------
    tuple of int or None
        None for every other layer.
    """
    held = {network.input_tensor: np.asarray(values)}
    found: list[int | None] = []
    for layer, output in zip(network.layers, outputs, strict=True):
        source = network.tensors[layer.inputs[0]]
        zero = held[layer.inputs[0]].reshape(source.shape) == (source.quantisation.zero_points[0] if source.quantisation else 0)
        found.append(_of_layer(layer, zero, network.tensors[layer.output]))
        held[layer.output] = output
    return tuple(found)


def _of_layer(layer: DeployedLayer, zero: NDArray[np.bool_], target: DeployedTensor) -> int | None:
    if layer.kernel is Kernel.LINEAR:
        return int(zero.sum()) * target.elements
    if layer.kernel is not Kernel.CONV2D:
        return None
    rows = _uses(layer.height, zero.shape[1], target.height)
    columns = _uses(layer.width, zero.shape[2], target.width)
    return int((zero * rows[:, None] * columns).sum()) * (target.channels // layer.groups)


def _uses(window: KernelWindow, extent: int, outputs: int) -> NDArray[np.int64]:
    """Return how many taps of all outputs read each place along an axis."""
    places = np.add.outer(np.arange(outputs) * window.stride - window.pad_before, np.arange(window.kernel) * window.dilation)
    return np.bincount(places[(places >= 0) & (places < extent)], minlength=extent)
