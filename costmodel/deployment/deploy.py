"""From a network with real parameters to a deployed one: folding, fusing, quantising and placing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import INT8_MAX, fixed_point, quantise, scale_of
from costmodel.deployment.arena import Lifetime, first_fit
from costmodel.deployment.deployed import (
    DeployedLayer,
    DeployedNetwork,
    DeployedTensor,
    Kernel,
    KernelWindow,
    Variant,
)
from costmodel.deployment.parameters import LayerParameters, Parameters, parameter_shape
from costmodel.deployment.reference import run_reference
from costmodel.errors import MissingError, ShapeError
from costmodel.specs.base import with_changes
from costmodel.specs.lowering import element_count
from costmodel.specs.network import Network

KERNELS: Final[dict[str, Kernel]] = {
    "conv2d": Kernel.CONV2D,
    "linear": Kernel.LINEAR,
    "max_pool2d": Kernel.MAX_POOL,
    "avg_pool2d": Kernel.AVERAGE_POOL,
    "adaptive_avg_pool2d": Kernel.ADAPTIVE_AVERAGE_POOL,
    "relu": Kernel.RELU,
    "batch_norm2d": Kernel.BATCH_NORM,
    "flatten": Kernel.VIEW,
    "add": Kernel.ADD,
    "softmax": Kernel.SOFTMAX,
}
"""Layer kind to the kernel that runs it, where it is not merged into the layer before."""
KEEPS_SCALE: Final = frozenset({Kernel.VIEW, Kernel.MAX_POOL, Kernel.AVERAGE_POOL, Kernel.ADAPTIVE_AVERAGE_POOL, Kernel.RELU})
"""Kernels whose output has its input's scale."""
SOFTMAX_STEP: Final = 65536 * float(np.log2(np.e))
"""Softmax takes differences in units of 2**-16 of log2."""


@dataclass(frozen=True)
class _Plan:
    """What runs, before any number is quantised."""

    network: Network
    roots: tuple[int, ...]
    """For each step, the step that runs for it: itself, or the layer it is merged into; -1 is the network's input."""
    fused_relu: frozenset[int]
    """Steps that rectify on the way out."""


def deploy(network: Network, parameters: Parameters, variant: Variant, example: NDArray[np.floating]) -> DeployedNetwork:
    """Return a network as the firmware runs it.

    Parameters
    ----------
    network : Network
        The graph.
    parameters : mapping of str to LayerParameters
        Real weights and biases by layer name.
    variant : Variant
        How numbers are carried.
    example : array of float
        An input, in the network's input shape. The int8 variant takes each tensor's scale from the largest magnitude it has on this
        input; the firmware runs it when it is given none.

    Returns
    -------
    DeployedNetwork
        Ready for `write_model_file`.

    Raises
    ------
    MissingError
        If a layer's parameters are missing.
    ShapeError
        If parameters or the example do not fit.
    """
    if example.shape != network.input:
        raise ShapeError("input", f"the example has shape {example.shape}, the network takes {network.input}")
    plan = _plan(network)
    folded = _folded(plan, parameters)
    floating = _assemble(plan, folded, Variant.FLOAT32, None, np.asarray(example, np.float32))
    if variant is Variant.FLOAT32:
        return floating
    outputs = run_reference(floating, np.asarray(example, np.float32))
    largest = [float(np.max(np.abs(output), initial=0.0)) for output in outputs]
    scales = [scale_of(float(np.max(np.abs(example), initial=0.0))), *(scale_of(value) for value in largest)]
    return _assemble(plan, folded, Variant.INT8, [float(np.float32(scale)) for scale in scales], example)


def with_folded_biases(network: Network) -> Network:
    """Return the network the firmware really runs: folding a batch norm gives a convolution without a bias one to read.

    Parameters
    ----------
    network : Network
        As described.

    Returns
    -------
    Network
        The same where no such pair is in it.
    """
    steps = network.steps
    given = {steps[step.sources[0]].name for step in steps if step.kind == "batch_norm2d" and step.merged}
    layers = tuple(
        with_changes(layer, {"bias": True}) if layer.kind == "conv2d" and layer.name in given else layer for layer in network.layers
    )
    return network if layers == network.layers else with_changes(network, {"layers": layers})


def input_as_deployed(network: DeployedNetwork, values: NDArray[np.floating]) -> NDArray[np.int8] | NDArray[np.float32]:
    """Return real input values as the deployed network takes them: int8 steps of its input scale, or float32."""
    tensor = network.tensors[network.input_tensor]
    if network.variant is Variant.FLOAT32:
        return np.asarray(values, np.float32).reshape(tensor.shape)
    steps = np.clip(np.rint(np.asarray(values, np.float64) / tensor.scale), -INT8_MAX, INT8_MAX)
    return steps.astype(np.int8).reshape(tensor.shape)


def _plan(network: Network) -> _Plan:
    roots: list[int] = []
    fused: set[int] = set()
    for index, step in enumerate(network.steps):
        roots.append(index if not step.merged else -1 if step.sources[0] < 0 else roots[step.sources[0]])
        if step.merged and step.kind == "relu":
            fused.add(roots[index])
    return _Plan(network, tuple(roots), frozenset(fused))


def _folded(plan: _Plan, parameters: Parameters) -> dict[int, LayerParameters]:
    """Parameters of each step that runs, batch norms folded into the convolution before them."""
    folded: dict[int, LayerParameters] = {}
    for index, (layer, step) in enumerate(zip(plan.network.ordered, plan.network.steps, strict=True)):
        shape = parameter_shape(layer, step)
        if shape is None:
            continue
        if layer.name not in parameters:
            raise MissingError(f"{layer.name}: its parameters are missing; give weights of shape {shape}")
        own = parameters[layer.name]
        if own.weight.shape != shape or (own.bias is not None and own.bias.shape != shape[:1]):
            raise ShapeError(layer.name, f"weights have shape {own.weight.shape}, expected {shape} and as many biases")
        root = plan.roots[index]
        if root == index:
            folded[index] = own
        else:
            before = folded[root]
            shift = np.zeros(shape[0]) if own.bias is None else own.bias
            bias = shift if before.bias is None else before.bias * own.weight + shift
            folded[root] = LayerParameters(before.weight * own.weight[:, None, None, None], bias)
    return folded


def _assemble(
    plan: _Plan,
    folded: dict[int, LayerParameters],
    variant: Variant,
    scales: Sequence[float] | None,
    example: NDArray[np.floating],
) -> DeployedNetwork:
    """Quantise and place; `scales` are of the input and of each step's output (int8 variant)."""
    network = plan.network
    tensors, tensor_of, activation_bytes = _tensors(plan, variant)
    layers = []
    for index, (layer, step) in enumerate(zip(network.ordered, network.steps, strict=True)):
        inputs = tuple(tensor_of[source + 1] for source in step.sources)
        kernel = Kernel.VIEW if step.merged else KERNELS[step.kind]
        output = tensor_of[index + 1]
        if scales is not None:
            scale = tensors[inputs[0]].scale if kernel in KEEPS_SCALE else scales[index + 1]
            if kernel is Kernel.SOFTMAX:
                scale = 1.0 / INT8_MAX
            if index == 0:
                tensors[tensor_of[0]] = replace(tensors[tensor_of[0]], scale=scales[0])
                scale = scales[0] if kernel in KEEPS_SCALE else scale
            if output not in inputs:
                tensors[output] = replace(tensors[output], scale=float(np.float32(scale)))
        deployed = DeployedLayer(layer.name, kernel, inputs, output, relu=index in plan.fused_relu)
        if kernel in (Kernel.CONV2D, Kernel.MAX_POOL, Kernel.AVERAGE_POOL):
            deployed = _with_window(deployed, layer)
        if index in folded:
            deployed = _with_parameters(deployed, folded[index], variant, tensors[inputs[0]].scale)
        if variant is Variant.INT8:
            deployed = _with_requantisation(deployed, tensors)
        layers.append(deployed)
    result = DeployedNetwork(network.name, variant, tuple(tensors), tuple(layers), tensor_of[0], tensor_of[-1], activation_bytes)
    return replace(result, example_input=input_as_deployed(result, example))


def _tensors(plan: _Plan, variant: Variant) -> tuple[list[DeployedTensor], list[int], int]:
    """Tensors with their places; for the input and each step, the tensor it leaves its result in; bytes of the arena.

    A fused layer's result is the tensor of the layer it is merged into; a flatten has a tensor of its own shape in the same place.
    """
    steps = plan.network.steps
    shapes = [plan.network.input]
    tensor_of = [0]
    buffer_of = [0]
    lives = [Lifetime(element_count(plan.network.input) * variant.activation_bytes, -1, -1)]
    for index, step in enumerate(steps):
        for source in step.sources:
            buffer = buffer_of[tensor_of[source + 1]]
            lives[buffer] = lives[buffer]._replace(last=index)
        if step.merged and step.kind != "flatten":
            tensor_of.append(tensor_of[step.sources[0] + 1])
            continue
        tensor_of.append(len(shapes))
        shapes.append(step.lowered.output)
        if step.merged:
            buffer_of.append(buffer_of[tensor_of[step.sources[0] + 1]])
        else:
            buffer_of.append(len(lives))
            lives.append(Lifetime(element_count(step.lowered.output) * variant.activation_bytes, index, index))
    final = buffer_of[tensor_of[-1]]
    lives[final] = lives[final]._replace(last=len(steps))
    offsets, total = first_fit(lives)
    tensors = [
        DeployedTensor(*(shape if len(shape) == 3 else (shape[0], 1, 1)), offsets[buffer])
        for shape, buffer in zip(shapes, buffer_of, strict=True)
    ]
    return tensors, tensor_of, total


def _with_window(deployed: DeployedLayer, layer: Any) -> DeployedLayer:
    stride = layer.kernel if layer.stride is None else layer.stride
    top, bottom, left, right = layer.padding
    height = KernelWindow(layer.kernel[0], stride[0], top, bottom, layer.dilation[0])
    width = KernelWindow(layer.kernel[1], stride[1], left, right, layer.dilation[1])
    return replace(deployed, groups=getattr(layer, "groups", 1), height=height, width=width)


def _with_parameters(deployed: DeployedLayer, own: LayerParameters, variant: Variant, input_scale: float) -> DeployedLayer:
    weights, weight_scale = quantise(own.weight)
    bias, bias_scale = own.bias, 1.0
    if bias is None and deployed.kernel is Kernel.BATCH_NORM:
        bias = np.zeros(own.weight.shape)
    if bias is None:
        return replace(deployed, weights=weights, weight_scale=weight_scale)
    if variant is Variant.FLOAT32:
        quantised: Any
        quantised, bias_scale = quantise(bias)
    else:
        limit = np.iinfo(np.int32).max
        quantised = np.clip(np.rint(bias / (input_scale * weight_scale)), -limit, limit).astype(np.int32)
    return replace(deployed, weights=weights, bias=quantised, weight_scale=weight_scale, bias_scale=bias_scale)


def _with_requantisation(deployed: DeployedLayer, tensors: Sequence[DeployedTensor]) -> DeployedLayer:
    scale, target = tensors[deployed.inputs[0]].scale, tensors[deployed.output].scale
    if deployed.weights is not None:
        (multiplier,), shift = fixed_point([scale * deployed.weight_scale / target])
        return replace(deployed, multiplier=multiplier, shift=shift)
    if deployed.kernel is Kernel.ADD:
        other = tensors[deployed.inputs[1]].scale
        (multiplier, second), shift = fixed_point([scale / target, other / target])
        return replace(deployed, multiplier=multiplier, second_multiplier=second, shift=shift)
    if deployed.kernel is Kernel.SOFTMAX:
        (multiplier,), shift = fixed_point([scale * SOFTMAX_STEP])
        return replace(deployed, multiplier=multiplier, shift=shift)
    return deployed
