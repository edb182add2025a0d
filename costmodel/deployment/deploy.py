"""From a network with real parameters to a deployed one: folding, fusing, quantising and placing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import quantise, rescale_of, stored_scale
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
from costmodel.errors import MissingError, ShapeError, SpecError
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.specs.base import with_changes
from costmodel.specs.layers import ELEMENT_BYTES, DataType
from costmodel.specs.lowering import NETWORK_INPUT, Step
from costmodel.specs.network import DataTypes, Network
from costmodel.specs.operations import FirmwareKernel, Merge
from costmodel.specs.quantisation import Quantisation, symmetric_quantisation
from costmodel.specs.shapes import element_count

KEEPS_SCALE: Final = frozenset({Kernel.VIEW, Kernel.MAX_POOL, Kernel.AVERAGE_POOL, Kernel.ADAPTIVE_AVERAGE_POOL, Kernel.RELU})
"""Kernels whose output has its input's scale."""
INT8_STEPS: Final = (-128, 127)
"""Least and largest."""
SOFTMAX_OUTPUT: Final = Quantisation(scales=(1 / 256,), zero_points=(-128,))
"""Probabilities from 0 to 255/256."""
SOFTMAX_ONE: Final = float(1 << 26)
"""Softmax takes differences with 26 fractional bits."""
ADD_ONE: Final = float(1 << 20)
"""An addition takes its inputs with 20 fractional bits."""


@dataclass(frozen=True)
class _Plan:
    """What runs, before any number is quantised."""

    network: Network
    roots: tuple[int, ...]
    """For each step, the step that runs for it: itself, or the layer it is merged into; -1 is the network's input."""
    fused_relu: frozenset[int]
    """Steps that rectify on the way out."""


def deploy(
    network: Network,
    parameters: Parameters,
    variant: Variant,
    example: NDArray[np.floating],
    memory: MemoryPlan,
    quantisations: Mapping[str, Quantisation] | None = None,
) -> DeployedNetwork:
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
        An input, in the network's input shape. An int8 tensor whose quantisation is not given takes its scale from the largest magnitude
        it has on this input; the firmware runs it when it is given none.
    memory : MemoryPlan
        Where each tensor lies: of `network_as_deployed(network, variant)`, in one arena, its input there too.
    quantisations : mapping of str to Quantisation, optional
        Of the input (`input`) and of layers' outputs, one scale and zero point each. Poolings, rectifiers and views keep their input's, a
        softmax has its own.

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
    SpecError
        If the memory plan is of another network, or has no arena; if a quantisation is per channel, or its zero point beyond int8.
    """
    if example.shape != network.input:
        raise ShapeError("input", f"the example has shape {example.shape}, the network takes {network.input}")
    given = dict(quantisations or {})
    for name, quantisation in given.items():
        if quantisation.per_channel or not INT8_STEPS[0] <= quantisation.zero_points[0] <= INT8_STEPS[1]:
            raise SpecError(f"{name}: an int8 tensor has one scale and a zero point from -128 to 127, found {quantisation}")
    plan = _plan(network)
    _check_plan(plan, variant, memory)
    folded = _folded(plan, parameters)
    given.setdefault(NETWORK_INPUT, _from_magnitude(example))
    # The int8 variant runs this one by the reference alone, for its scales: where its tensors lie does not matter then.
    floating = _assemble(plan, folded, Variant.FLOAT32, given, np.asarray(example, np.float32), memory)
    if variant is Variant.FLOAT32:
        return floating
    outputs = run_reference(floating, input_as_deployed(floating, example))
    for step, output in zip(network.steps, outputs, strict=True):
        given.setdefault(step.name, _from_magnitude(output))
    return _assemble(plan, folded, Variant.INT8, given, example, memory)


def _from_magnitude(values: NDArray[np.floating]) -> Quantisation:
    return symmetric_quantisation(stored_scale(float(np.max(np.abs(values), initial=0.0))))


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
    given = {steps[step.sources[0]].name for step in steps if _merge_of(step) is Merge.FOLDED}
    layers = tuple(with_changes(layer, {"bias": True}) if layer.name in given else layer for layer in network.layers)
    return network if layers == network.layers else with_changes(network, {"layers": layers})


def network_as_deployed(network: Network, variant: Variant) -> Network:
    """Return the network with the element types a variant runs it with, which its memory plan must be of.

    Parameters
    ----------
    network : Network
        As described, of any types.
    variant : Variant
        How its numbers are carried.

    Returns
    -------
    Network
        Activations of the variant's type; the input int8 too, or float32 where the float32 variant meets a network that says it is not
        int8; int8 weights.
    """
    as_is = variant is Variant.FLOAT32 and network.types.input is not DataType.INT8
    types = DataTypes(
        input=DataType.FLOAT32 if as_is else DataType.INT8,
        activation=variant.activation_type,
        weight=DataType.INT8,
        bias=DataType.INT8 if variant is Variant.FLOAT32 else DataType.INT32,
    )
    layers = tuple(
        with_changes(layer, {name: None for name in ("output_type", "weight_type") if hasattr(layer, name)}) for layer in network.layers
    )
    return with_changes(network, {"types": types, "layers": layers})


def input_as_deployed(network: DeployedNetwork, values: NDArray[np.floating]) -> NDArray[np.int8] | NDArray[np.float32]:
    """Return real input values as the deployed network takes them: int8 steps of its input's scale, or float32."""
    tensor = network.tensors[network.input_tensor]
    if tensor.quantisation is None:
        return np.asarray(values, np.float32).reshape(tensor.shape)
    (scale,), (zero_point,) = tensor.quantisation.scales, tensor.quantisation.zero_points
    steps: NDArray[np.int8] = np.clip(np.rint(np.asarray(values, np.float64) / scale) + zero_point, *INT8_STEPS).astype(np.int8)
    return steps.reshape(tensor.shape)


def _merge_of(step: Step) -> Merge | None:
    merging = step.operation.merging
    return merging.how if step.merged and merging is not None else None


def _kernel_of(step: Step) -> Kernel:
    kernel = step.operation.kernel
    if not isinstance(kernel, FirmwareKernel):
        raise SpecError(f"{step.name}: the firmware has no kernel for {step.kind}: {kernel}")
    return Kernel[kernel.name.upper()]


def _plan(network: Network) -> _Plan:
    roots: list[int] = []
    fused: set[int] = set()
    for index, step in enumerate(network.steps):
        roots.append(index if not step.merged else -1 if step.sources[0] < 0 else roots[step.sources[0]])
        if _merge_of(step) is Merge.FUSED:
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
    quantisations: Mapping[str, Quantisation],
    example: NDArray[np.floating],
    memory: MemoryPlan,
) -> DeployedNetwork:
    """Quantise and place; `quantisations` are of the input and of each step's output, as far as they are int8."""
    network = plan.network
    tensors, tensor_of = _tensors(plan, network_as_deployed(network, variant), memory)
    activation_bytes = max(tensor.arena_offset + tensor.size_bytes for tensor in tensors)
    if tensors[0].type is DataType.INT8:
        tensors[0] = replace(tensors[0], quantisation=quantisations[NETWORK_INPUT])
    layers = []
    for index, (layer, step) in enumerate(zip(network.ordered, network.steps, strict=True)):
        inputs = tuple(tensor_of[source + 1] for source in step.sources)
        kernel = Kernel.VIEW if step.merged else _kernel_of(step)
        output = tensor_of[index + 1]
        if output not in inputs and tensors[output].type is DataType.INT8:
            own = tensors[inputs[0]].quantisation if kernel in KEEPS_SCALE else quantisations[step.name]
            tensors[output] = replace(tensors[output], quantisation=SOFTMAX_OUTPUT if kernel is Kernel.SOFTMAX else own)
        deployed = DeployedLayer(layer.name, kernel, inputs, output, relu=index in plan.fused_relu)
        if kernel in (Kernel.CONV2D, Kernel.MAX_POOL, Kernel.AVERAGE_POOL):
            deployed = _with_window(deployed, layer)
        if index in folded:
            deployed = _with_parameters(deployed, folded[index], variant, tensors[inputs[0]].quantisation)
        if variant is Variant.INT8:
            deployed = _with_rescales(deployed, tensors)
        layers.append(deployed)
    result = DeployedNetwork(network.name, variant, tuple(tensors), tuple(layers), tensor_of[0], tensor_of[-1], activation_bytes)
    return replace(result, example_input=input_as_deployed(result, example))


def _tensors(plan: _Plan, typed: Network, memory: MemoryPlan) -> tuple[list[DeployedTensor], list[int]]:
    """Tensors where the memory plan puts them; for the input and each step, the tensor it leaves its result in.

    A fused layer's result is the tensor of the layer it is merged into; a flatten has a tensor of its own shape in the same place.
    """
    offsets = {tensor.name: tensor.offset_bytes for tensor in memory.tensors}
    tensors: list[DeployedTensor] = []

    def added(name: str, shape: Sequence[int], kind: DataType) -> None:
        offset = offsets[name]
        if offset is None:
            raise SpecError(f"{memory.accounting.value} allocates each tensor for itself; the firmware needs them in one arena")
        channels, height, width = shape if len(shape) == 3 else (shape[0], 1, 1)
        tensors.append(DeployedTensor(channels, height, width, offset, kind))

    added(NETWORK_INPUT, plan.network.input, typed.types.input)
    tensor_of = [0]
    for index, step in enumerate(plan.network.steps):
        if step.merged and not step.operation.renames:
            tensor_of.append(tensor_of[step.sources[0] + 1])
            continue
        tensor_of.append(len(tensors))
        root = plan.roots[index]
        added(NETWORK_INPUT if root < 0 else plan.network.steps[root].name, step.lowered.output, typed.output_types[index])
    return tensors, tensor_of


def _check_plan(plan: _Plan, variant: Variant, memory: MemoryPlan) -> None:
    """Refuse a plan of another network, or of other types."""
    typed = network_as_deployed(plan.network, variant)
    expected = {NETWORK_INPUT: element_count(plan.network.input) * typed.input_bytes}
    for index, step in enumerate(plan.network.steps):
        if plan.roots[index] == index:
            expected[step.name] = element_count(step.lowered.output) * ELEMENT_BYTES[typed.output_types[index]]
    found = {tensor.name: tensor.size_bytes for tensor in memory.tensors}
    for name in expected | found:
        if expected.get(name) != found.get(name):
            sizes = [f"{of[name]:,} B" if name in of else "nothing" for of in (found, expected)]
            raise SpecError(f"the memory plan does not match {plan.network.name!r}: it has {sizes[0]} for {name!r}, expected {sizes[1]}")


def _with_window(deployed: DeployedLayer, layer: Any) -> DeployedLayer:
    stride = layer.kernel if layer.stride is None else layer.stride
    top, bottom, left, right = layer.padding
    height = KernelWindow(layer.kernel[0], stride[0], top, bottom, layer.dilation[0])
    width = KernelWindow(layer.kernel[1], stride[1], left, right, layer.dilation[1])
    return replace(deployed, groups=getattr(layer, "groups", 1), height=height, width=width)


def _with_parameters(deployed: DeployedLayer, own: LayerParameters, variant: Variant, source: Quantisation | None) -> DeployedLayer:
    # The reference deployment has one scale a tensor; int8 convolutions have one per output channel, as TensorFlow Lite's do.
    per_channel = variant is Variant.INT8 and deployed.kernel is Kernel.CONV2D
    weights, scales = quantise(own.weight, per_channel=per_channel)
    bias = own.bias
    if bias is None and deployed.kernel is Kernel.BATCH_NORM:
        bias = np.zeros(own.weight.shape)
    deployed = replace(deployed, weights=weights, weight_quantisation=scales)
    if bias is None:
        return deployed
    if variant is Variant.FLOAT32 or source is None:
        steps, bias_scale = quantise(bias)
        return replace(deployed, bias=steps, bias_quantisation=bias_scale)
    limit = np.iinfo(np.int32).max
    counted = np.clip(np.rint(bias / (source.scales[0] * np.array(scales.scales))), -limit, limit).astype(np.int32)
    return replace(deployed, bias=counted)


def _with_rescales(deployed: DeployedLayer, tensors: Sequence[DeployedTensor]) -> DeployedLayer:
    scale, target = _scale(tensors[deployed.inputs[0]]), _scale(tensors[deployed.output])
    factors: list[float] = []
    if deployed.weight_quantisation is not None:
        factors = [scale * weight_scale / target for weight_scale in deployed.weight_quantisation.scales]
    elif deployed.kernel is Kernel.ADD:
        other = _scale(tensors[deployed.inputs[1]])
        twice = 2 * max(scale, other)
        factors = [scale / twice, other / twice, twice / (ADD_ONE * target)]
    elif deployed.kernel is Kernel.SOFTMAX:
        # A smaller factor would shift to the right, which no difference of int8 steps needs.
        factors = [min(max(scale * SOFTMAX_ONE, 1.0), 2.0**31 - 1)]
    return replace(deployed, rescales=tuple(rescale_of(factor) for factor in factors))


def _scale(tensor: DeployedTensor) -> float:
    return 1.0 if tensor.quantisation is None else tensor.quantisation.scales[0]
