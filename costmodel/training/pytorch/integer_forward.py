"""A deployed int8 network over whole batches: the integers of the reference and of the firmware, bit for bit, by PyTorch's products.

Sums of products of int8 numbers are whole numbers: in floats that hold each of them exactly they come out exactly, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from costmodel.deployment.deploy import input_as_deployed
from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, DeployedTensor, Kernel
from costmodel.deployment.fixed_point import rescaled, softmax, wrapped
from costmodel.errors import SpecError
from costmodel.training.images.augmentation import MIDDLE, STEPS_PER_UNIT

Steps = NDArray[np.int64]
"""(images, channels, rows, columns) of whole steps."""
BATCH: Final = 500
_EXACT_IN_FLOAT32: Final = 1 << 24
_ADD_HEADROOM: Final = 20


def integer_scores(network: DeployedNetwork, images: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the outputs of a deployed int8 network for images.

    Parameters
    ----------
    network : DeployedNetwork
        Symmetric: zero points are 0 but for a softmax's.
    images : array of uint8
        (images, rows, columns, channels).

    Returns
    -------
    array of int8
        (images, classes): the bits that `run_reference` and the firmware give.

    Raises
    ------
    SpecError
        If a kernel or a zero point is none that is computed here.
    """
    found = []
    for begin in range(0, len(images), BATCH):
        part = images[begin : begin + BATCH].transpose(0, 3, 1, 2)
        values = (part.astype(np.float64) - MIDDLE) / STEPS_PER_UNIT
        steps: NDArray[np.int8] = np.stack([input_as_deployed(network, each) for each in values])
        found.append(integer_outputs(network, steps))
    return np.concatenate(found).reshape(len(images), -1)


def integer_outputs(network: DeployedNetwork, inputs: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the outputs for a batch of inputs in the input tensor's steps; see `integer_scores`."""
    held: dict[int, Steps] = {network.input_tensor: inputs.astype(np.int64)}
    for layer in network.layers:
        sources = [network.tensors[index] for index in layer.inputs]
        if any(each.quantisation is None or not each.quantisation.symmetric for each in sources):
            raise SpecError(f"{layer.name}: an input without a symmetric int8 quantisation is not computed in batches")
        run = _RUN.get(layer.kernel)
        if run is None:
            raise SpecError(f"{layer.name}: {layer.kernel.name.lower()} is not computed in batches")
        target = network.tensors[layer.output]
        held[layer.output] = run(layer, [held[index] for index in layer.inputs], target)
    return held[network.output_tensor].astype(np.int8)


def _finished(sums: Steps, layer: DeployedLayer, axis: int) -> Steps:
    shape = [1] * sums.ndim
    shape[axis] = -1
    multipliers, shifts = (np.array(column, np.int64).reshape(shape) for column in zip(*layer.rescales, strict=True))
    finished: Steps = np.clip(rescaled(wrapped(sums), multipliers, shifts), 0 if layer.relu else -128, _highest(layer))
    return finished


def _highest(layer: DeployedLayer) -> int:
    return 127 if layer.highest is None else int(layer.highest)


def _sums(layer: DeployedLayer, product: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], values: Steps, axis: int) -> Steps:
    """Exact sums of products and biases."""
    weights = np.zeros(0, np.int8) if layer.weights is None else layer.weights
    largest = int(np.abs(weights.astype(np.int64)).reshape(len(weights), -1).sum(axis=1).max(initial=0)) * 128
    kind = np.float32 if largest < _EXACT_IN_FLOAT32 else np.float64
    found = product(torch.from_numpy(values.astype(kind)), torch.from_numpy(weights.astype(kind))).numpy().astype(np.int64)
    if layer.bias is not None:
        shape = [1] * found.ndim
        shape[axis] = -1
        found += layer.bias.astype(np.int64).reshape(shape)
    sums: Steps = found
    return sums


def _padded(layer: DeployedLayer, values: torch.Tensor, fill: float) -> torch.Tensor:
    height, width = layer.height, layer.width
    return functional.pad(values, (width.pad_before, width.pad_after, height.pad_before, height.pad_after), value=fill)


def _conv2d(layer: DeployedLayer, inputs: Sequence[Steps], _target: DeployedTensor) -> Steps:
    def product(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        stride, dilation = (layer.height.stride, layer.width.stride), (layer.height.dilation, layer.width.dilation)
        return functional.conv2d(_padded(layer, values, 0.0), weights, None, stride, 0, dilation, layer.groups)

    return _finished(_sums(layer, product, inputs[0], 1), layer, 1)


def _linear(layer: DeployedLayer, inputs: Sequence[Steps], target: DeployedTensor) -> Steps:
    found = _sums(layer, functional.linear, inputs[0].reshape(len(inputs[0]), -1), 1)
    return _finished(found, layer, 1).reshape(-1, *target.shape)


def _max_pool(layer: DeployedLayer, inputs: Sequence[Steps], _target: DeployedTensor) -> Steps:
    values = _padded(layer, torch.from_numpy(inputs[0].astype(np.float32)), float("-inf"))
    window = ((layer.height.kernel, layer.width.kernel), (layer.height.stride, layer.width.stride))
    found = functional.max_pool2d(values, *window, dilation=(layer.height.dilation, layer.width.dilation)).numpy()
    # A window that lies in the padding alone gives 0.
    largest: Steps = np.where(np.isinf(found), 0, found).astype(np.int64)
    return largest


def _average_pool(layer: DeployedLayer, inputs: Sequence[Steps], _target: DeployedTensor) -> Steps:
    def summed(values: Steps) -> Steps:
        found = torch.from_numpy(values.astype(np.float64))
        ones = torch.ones((values.shape[1], 1, layer.height.kernel, layer.width.kernel), dtype=torch.float64)
        stride, dilation = (layer.height.stride, layer.width.stride), (layer.height.dilation, layer.width.dilation)
        sums = functional.conv2d(_padded(layer, found, 0.0), ones, None, stride, 0, dilation, values.shape[1])
        whole: Steps = np.rint(sums.numpy()).astype(np.int64)
        return whole

    counts = summed(np.ones((1, 1, *inputs[0].shape[2:]), np.int64))
    return np.where(counts > 0, _means(summed(inputs[0]), np.maximum(counts, 1)), 0)


def _adaptive(layer: DeployedLayer, inputs: Sequence[Steps], target: DeployedTensor) -> Steps:
    _, _, height, width = inputs[0].shape
    found = np.zeros((len(inputs[0]), *target.shape), np.int64)
    for row in range(target.height):
        for column in range(target.width):
            rows = slice(row * height // target.height, -(-(row + 1) * height // target.height))
            columns = slice(column * width // target.width, -(-(column + 1) * width // target.width))
            part = inputs[0][:, :, rows, columns]
            sums = part.sum(axis=(2, 3))
            means = _finished(sums, layer, 1) if layer.rescales else _means(sums, np.int64(part.shape[2] * part.shape[3]))
            found[:, :, row, column] = means
    return found


def _means(sums: Steps, counts: Any) -> Steps:
    means: Steps = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)
    return means


def _add(layer: DeployedLayer, inputs: Sequence[Steps], _target: DeployedTensor) -> Steps:
    first, second, output = layer.rescales
    total = wrapped(rescaled(inputs[0] << _ADD_HEADROOM, *first) + rescaled(inputs[1] << _ADD_HEADROOM, *second))
    finished: Steps = np.clip(rescaled(total, *output), 0 if layer.relu else -128, _highest(layer))
    return finished


def _softmax(layer: DeployedLayer, inputs: Sequence[Steps], _target: DeployedTensor) -> Steps:
    return np.stack([softmax(each.astype(np.int8), *layer.rescales[0]) for each in inputs[0]]).astype(np.int64)


_RUN: Final[dict[Kernel, Callable[[DeployedLayer, Sequence[Steps], DeployedTensor], Steps]]] = {
    Kernel.VIEW: lambda _layer, inputs, target: inputs[0].reshape(-1, *target.shape),
    Kernel.CONV2D: _conv2d,
    Kernel.LINEAR: _linear,
    Kernel.MAX_POOL: _max_pool,
    Kernel.AVERAGE_POOL: _average_pool,
    Kernel.ADAPTIVE_AVERAGE_POOL: _adaptive,
    Kernel.RELU: lambda _layer, inputs, _target: np.maximum(inputs[0], 0),
    Kernel.ADD: _add,
    Kernel.SOFTMAX: _softmax,
}
