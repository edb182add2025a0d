"""A network as a PyTorch module, built from its description alone, and its parameters back again.

In training a rectifier and a max pooling behind a normalised convolution change places: convolution, pooling, normalisation, rectifier.
With factors kept above 0 that is the same function as the network as described, and normalises a quarter of the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import prod
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from costmodel.errors import SpecError
from costmodel.specs.lowering import Step
from costmodel.specs.model import LayerParameters, Parameters
from costmodel.specs.network import Network
from costmodel.specs.operations import CONCAT, Action, Operation

SMALLEST_FACTOR: Final = 1e-3
"""Below which no factor of a normalisation goes, so that it keeps the order of what it scales."""


@dataclass(frozen=True)
class Node:
    """One thing to compute."""

    index: int
    """Of the layer, in running order."""
    sources: tuple[int, ...]
    """Values read: layers in running order, -1 the input."""
    target: int
    """Value written."""
    normalises: bool = False
    """Whether it is the normalisation behind a layer, not the layer itself."""


class NetworkModule(torch.nn.Module):
    """A network that can be trained.

    Parameters
    ----------
    network : Network
        Any of the layers there are.
    normalised : bool
        Whether each convolution with a bias gets a batch normalisation for the time of training; it is folded into the convolution by
        `parameters`.
    seed : int
        Of the first weights: uniform, within one over the root of a layer's inputs.

    Raises
    ------
    SpecError
        If a layer cannot be trained.
    """

    def __init__(self, network: Network, *, normalised: bool = False, seed: int = 0) -> None:
        super().__init__()
        self.network = network
        self.layers = torch.nn.ModuleDict()
        self.norms = torch.nn.ModuleDict()
        generator = np.random.default_rng([seed, 6])
        ordered: tuple[Any, ...] = network.ordered
        for index, (layer, step) in enumerate(zip(ordered, network.steps, strict=True)):
            if step.operation.action is Action.SCALE_AND_SHIFT:
                self.norms[str(index)] = torch.nn.BatchNorm2d(step.inputs[0][0])
            elif (shape := step.operation.shape_of_weights(layer, step.inputs)) is not None:
                takes_norm = normalised and step.operation.takes_dataflow and layer.bias and not _read_by_norm(network, index)
                if takes_norm:
                    self.norms[str(index)] = torch.nn.BatchNorm2d(shape[0])
                self.layers[str(index)] = _Weighted(shape, layer.bias and not takes_norm, generator)
        self.nodes, self.ordered_norms = _nodes(network, set(self.norms))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the network's outputs for a batch of inputs, without the probabilities of a last softmax."""
        held = {-1: values}
        for node in self.nodes:
            inputs = [held[source] for source in node.sources]
            held[node.target] = self.norms[str(node.index)](inputs[0]) if node.normalises else self.computed(node.index, inputs)
        return held[len(self.network.steps) - 1]

    def computed(self, index: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return one layer's outputs."""
        layer, step = self.network.ordered[index], self.network.steps[index]
        key = str(index)
        weight, bias = (self.layers[key].weight, self.layers[key].bias) if key in self.layers else (None, None)
        if step.operation.action is Action.SOFTMAX and index == len(self.network.steps) - 1:
            return inputs[0]
        return computed_layer(layer, step, inputs, weight, bias)

    def keep_order(self) -> None:
        """Put factors that a step has taken to 0 or below back above it, where an order depends on them."""
        with torch.no_grad():
            for key in self.ordered_norms:
                self.norms[key].weight.clamp_(min=SMALLEST_FACTOR)

    def decayed(self) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
        """Return the weights, which decay, and the rest."""
        weights = [each.weight for each in self.layers.values()]
        held = {id(each) for each in weights}
        return weights, [each for each in self.parameters() if id(each) not in held]

    def layer_parameters(self) -> dict[str, LayerParameters]:
        """Return the parameters of the network as described, what was normalised for training folded."""
        found: dict[str, LayerParameters] = {}
        for index, layer in enumerate(self.network.ordered):
            key = str(index)
            norm = _scale_and_shift(self.norms[key]) if key in self.norms else None
            if key in self.layers:
                weighted = self.layers[key]
                weight, bias = _array(weighted.weight), None if weighted.bias is None else _array(weighted.bias)
                if norm is not None:
                    weight, bias = weight * norm[0].reshape(-1, *[1] * (weight.ndim - 1)), norm[1]
                found[layer.name] = LayerParameters(weight, bias)
            elif norm is not None:
                found[layer.name] = LayerParameters(*norm)
        return found

    def take(self, parameters: Parameters) -> None:
        """Set the parameters of a network that is not normalised for training.

        Parameters
        ----------
        parameters : mapping of str to LayerParameters
            By layer name; a batch norm's become a scale and shift of statistics 0 and 1.
        """
        with torch.no_grad():
            for index, layer in enumerate(self.network.ordered):
                key = str(index)
                if key in self.layers:
                    _copy(self.layers[key].weight, parameters[layer.name].weight)
                    if self.layers[key].bias is not None:
                        _copy(self.layers[key].bias, parameters[layer.name].bias)
                elif key in self.norms:
                    norm = self.norms[key]
                    _copy(norm.weight, parameters[layer.name].weight * np.sqrt(1 + norm.eps))
                    _copy(norm.bias, parameters[layer.name].bias)
                    norm.running_mean.zero_()
                    norm.running_var.fill_(1)


class _Weighted(torch.nn.Module):
    """Weights and biases of a layer."""

    def __init__(self, shape: tuple[int, ...], biased: bool, generator: np.random.Generator) -> None:
        super().__init__()
        bound = 1 / np.sqrt(max(int(np.prod(shape[1:])), 1))
        self.weight = torch.nn.Parameter(torch.from_numpy(generator.uniform(-bound, bound, shape).astype(np.float32)))
        bias = torch.from_numpy(generator.uniform(-bound, bound, shape[0]).astype(np.float32)) if biased else None
        self.bias = None if bias is None else torch.nn.Parameter(bias)


def computed_layer(
    layer: Any, step: Step, inputs: Sequence[torch.Tensor], weight: torch.Tensor | None = None, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Return one layer's outputs from its inputs and parameters; raises SpecError for a layer without a computation here."""
    compute = _COMPUTE.get(step.operation.action)
    if compute is None:
        raise SpecError(f"{layer.name}: a {layer.kind} is not trained")
    result: torch.Tensor = compute(layer, step, inputs, weight, bias)
    return result


def _padded(values: torch.Tensor, padding: tuple[int, int, int, int], fill: float) -> torch.Tensor:
    top, bottom, left, right = padding
    return functional.pad(values, (left, right, top, bottom), value=fill) if any(padding) else values


def _convolved(layer: Any, _step: Step, inputs: Any, weight: Any, bias: Any) -> torch.Tensor:
    top, bottom, left, right = layer.padding
    if top == bottom and left == right:
        values, padding = inputs[0], (top, left)
    else:
        values, padding = _padded(inputs[0], layer.padding, 0.0), (0, 0)
    return functional.conv2d(values, weight, bias, layer.stride, padding, layer.dilation, layer.groups)


def _multiplied(_layer: Any, _step: Step, inputs: Any, weight: Any, bias: Any) -> torch.Tensor:
    return functional.linear(inputs[0].flatten(1), weight, bias)


def _largest(layer: Any, _step: Step, inputs: Any, *_: Any) -> torch.Tensor:
    values = _padded(inputs[0], layer.padding, float("-inf"))
    found = functional.max_pool2d(values, layer.kernel, layer.stride or layer.kernel, dilation=layer.dilation)
    # A window that lies in the padding alone gives 0.
    return torch.where(torch.isinf(found), torch.zeros((), dtype=found.dtype), found) if any(layer.padding) else found


def _mean(layer: Any, _step: Step, inputs: Any, *_: Any) -> torch.Tensor:
    if hasattr(layer, "output_size"):
        return functional.adaptive_avg_pool2d(inputs[0], layer.output_size)
    sums, counts = window_sums(layer, inputs[0])
    return sums / counts.clamp(min=1)


def window_sums(layer: Any, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sums of an average pooling's windows, and how many elements each has."""
    channels = values.shape[1]

    def summed(each: torch.Tensor, groups: int) -> torch.Tensor:
        ones = torch.ones((groups, 1, *layer.kernel), dtype=each.dtype)
        return functional.conv2d(_padded(each, layer.padding, 0.0), ones, None, layer.stride or layer.kernel, 0, layer.dilation, groups)

    return summed(values, channels), summed(torch.ones((1, 1, *values.shape[2:]), dtype=values.dtype), 1)


def _moved(layer: Any, step: Step, inputs: Sequence[torch.Tensor], *_: Any) -> torch.Tensor:
    if step.operation is CONCAT:
        return torch.cat(tuple(inputs), layer.axis + 1)
    shapes = tuple(tuple(each.shape[1:]) for each in inputs)
    flat = [each.flatten(1) for each in inputs]
    # What lies in no input is read behind all of them.
    flat.append(torch.full((len(flat[0]), 1), float(getattr(layer, "value", 0.0)), dtype=flat[0].dtype))
    return (
        torch.cat(flat, 1).index_select(1, _origins(layer, step.operation, shapes, step.lowered.output)).unflatten(1, step.lowered.output)
    )


@lru_cache(maxsize=256)
def _origins(layer: Any, operation: Operation, shapes: tuple[tuple[int, ...], ...], output: tuple[int, ...]) -> torch.Tensor:
    """Where each element of an output lies among the elements of all inputs."""
    begins = list(accumulate((prod(shape) for shape in shapes), initial=0))
    if operation.moved is None:
        raise SpecError(f"{layer.name}: a {layer.kind} is not trained")
    origins = operation.moved(layer, shapes, output)
    return torch.tensor([begins[-1] if origin is None else begins[origin[0]] + origin[1] for origin in origins])


_COMPUTE: Final[dict[Action, Callable[..., torch.Tensor]]] = {
    Action.SLIDING_MAC: _convolved,
    Action.MAC: _multiplied,
    Action.LARGEST: _largest,
    Action.MEAN: _mean,
    Action.RECTIFY: lambda _layer, _step, inputs, *_: functional.relu(inputs[0]),
    Action.BOUND: lambda layer, _step, inputs, *_: torch.clamp(inputs[0], layer.low, layer.high),
    Action.SUM: lambda _layer, _step, inputs, *_: inputs[0] + inputs[1],
    Action.SOFTMAX: lambda _layer, _step, inputs, *_: functional.softmax(inputs[0], 1),
    Action.MOVE: _moved,
    Action.RENAME: lambda _layer, _step, inputs, *_: inputs[0].flatten(1),
}


def readers(network: Network) -> list[list[int]]:
    """Return, for each layer in running order, the places of those that read it; the network's output is read once more, at the end."""
    found: list[list[int]] = [[] for _ in network.steps]
    for index, sources in enumerate(network.sources):
        for source in sources:
            if source >= 0:
                found[source].append(index)
    found[-1].append(len(network.steps))
    return found


def _read_by_norm(network: Network, index: int) -> bool:
    return any(at < len(network.steps) and network.steps[at].operation.action is Action.SCALE_AND_SHIFT for at in readers(network)[index])


def _nodes(network: Network, norms: set[str]) -> tuple[tuple[Node, ...], tuple[str, ...]]:
    """What is computed in which order, and the normalisations behind a pooling, whose factors must stay above 0."""
    read_by = readers(network)
    nodes: list[Node] = []
    ordered: list[str] = []
    done: set[int] = set()
    for index, step in enumerate(network.steps):
        if index in done:
            continue
        own_norm = step.operation.action is Action.SCALE_AND_SHIFT
        nodes.append(Node(index, network.sources[index], index, own_norm))
        if own_norm:
            continue
        norm = index
        at = index
        if str(index) not in norms:
            following = _only_reader(read_by, index)
            if following is None or network.steps[following].operation.action is not Action.SCALE_AND_SHIFT:
                continue
            norm = at = following
        chain = _relu_and_pool(network, read_by, at)
        if chain is None:
            if norm == index:
                nodes[-1] = Node(index, network.sources[index], -2 - index)
                nodes.append(Node(index, (-2 - index,), index, True))
            continue
        relu, pool = chain
        nodes[-1] = Node(index, network.sources[index], -2 - index)
        nodes += [Node(pool, (-2 - index,), -2 - index), Node(norm, (-2 - index,), -2 - index, True), Node(relu, (-2 - index,), pool)]
        ordered.append(str(norm))
        done |= {relu, pool, norm}
    return tuple(nodes), tuple(ordered)


def _only_reader(read_by: list[list[int]], index: int) -> int | None:
    return read_by[index][0] if len(read_by[index]) == 1 and read_by[index][0] < len(read_by) else None


def _relu_and_pool(network: Network, read_by: list[list[int]], index: int) -> tuple[int, int] | None:
    relu = _only_reader(read_by, index)
    if relu is None or network.steps[relu].operation.action is not Action.RECTIFY:
        return None
    pool = _only_reader(read_by, relu)
    layer: Any = None if pool is None else network.ordered[pool]
    if pool is None or network.steps[pool].operation.action is not Action.LARGEST or any(layer.padding):
        return None
    return relu, pool


def _scale_and_shift(norm: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    scale = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    return scale, _array(norm.bias) - _array(norm.running_mean) * scale


def _array(values: torch.Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.detach().to(torch.float64).numpy().copy()
    return found


def _copy(into: torch.Tensor, values: Any) -> None:
    into.copy_(torch.from_numpy(np.asarray(values, np.float32)))
