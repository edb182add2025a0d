"""From a network with real parameters and its memory plan to a deployed one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import stored_scale
from costmodel.deployment.deployed import (
    DeployedLayer,
    DeployedNetwork,
    DeployedTensor,
    Kernel,
    KernelWindow,
    Variant,
)
from costmodel.deployment.folding import NO_BOUNDS, MergedNetwork, fold_parameters, merge, network_as_deployed
from costmodel.deployment.reference import run_reference
from costmodel.deployment.requantisation import INT8_STEPS, step_of, with_parameters, with_rescales
from costmodel.deployment.tables import real_function, table_of
from costmodel.errors import ShapeError, SpecError
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.specs.layers import ELEMENT_BYTES, DataType
from costmodel.specs.lowering import NETWORK_INPUT, Step
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.network import Network
from costmodel.specs.operations import FirmwareKernel
from costmodel.specs.quantisation import Quantisation, symmetric_quantisation
from costmodel.specs.shapes import element_count, shape_text

KEEPS_SCALE: Final = frozenset({Kernel.VIEW, Kernel.MAX_POOL, Kernel.AVERAGE_POOL, Kernel.ADAPTIVE_AVERAGE_POOL, Kernel.RELU})
"""Kernels whose output has its input's scale."""
_UNSIGNED_BY: Final = 128
"""How much larger an unsigned byte's step is than the signed one that stands for the same number."""
SOFTMAX_OUTPUT: Final = Quantisation(scales=(1 / 256,), zero_points=(-128,))
"""Probabilities from 0 to 255/256."""


def deploy(model: Model, variant: Variant, example: NDArray[np.floating], memory: MemoryPlan) -> DeployedNetwork:
    """Return a network as the firmware runs it.

    Parameters
    ----------
    model : Model
        The graph, real weights and biases, and the quantisation of tensors, one scale and zero point each, as far as it is known. Poolings,
        rectifiers and views keep their input's, a softmax has its own; an adaptive pooling to one element may have its own too.
    variant : Variant
        How numbers are carried.
    example : array of float
        An input, in the network's input shape. An int8 tensor whose quantisation is not known takes its scale from the largest magnitude
        it has on this input; the firmware runs it when it is given none.
    memory : MemoryPlan
        Where each tensor lies: of `network_as_deployed(network, variant)`, in one arena, its input there too.

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
    network = model.network
    if example.shape != network.input:
        raise ShapeError("input", f"the example has shape {example.shape}, the network takes {network.input}")
    types = {NETWORK_INPUT: network.types.input} | {
        step.name: element for step, element in zip(network.steps, network.output_types, strict=True)
    }
    given = {name: _signed(found) if types.get(name) is DataType.UINT8 else found for name, found in model.quantisations.items()}
    for name, quantisation in given.items():
        if quantisation.per_channel or not INT8_STEPS[0] <= quantisation.zero_points[0] <= INT8_STEPS[1]:
            raise SpecError(f"{name}: an int8 tensor has one scale and a zero point from -128 to 127, found {quantisation}")
    merged = merge(network)
    _check_plan(merged, variant, memory)
    for index, step in enumerate(network.steps):
        root = merged.roots[index]
        if step.merged and step.operation.merging is not None and root >= 0 and step.name in given:
            # What is applied on the way out is all that is stored: its quantisation is that of the layer it is merged into.
            given[network.steps[root].name] = given[step.name]
    folded = fold_parameters(merged, model.parameters)
    given.setdefault(NETWORK_INPUT, _from_magnitude(example))
    # The int8 variant runs this one by the reference alone, for its scales: where its tensors lie does not matter then.
    # Weights whose integers are known keep them, unless a batch norm is multiplied into them.
    own = {index: model.weight_quantisations.get(network.ordered[index].name) for index in folded if index not in merged.folded_into}
    floating = _assemble(merged, folded, Variant.FLOAT32, given, np.asarray(example, np.float32), memory, {})
    if variant is Variant.FLOAT32:
        return floating
    outputs = run_reference(floating, input_as_deployed(floating, example))
    for step, output in zip(network.steps, outputs, strict=True):
        given.setdefault(step.name, _from_magnitude(output))
    means = {
        step.name
        for step in network.steps
        if step.operation.pools and step.name in model.quantisations and step.lowered.output[1:] == (1, 1) and not step.merged
    }
    return _assemble(merged, folded, Variant.INT8, given, example, memory, own, means)


def _signed(quantisation: Quantisation) -> Quantisation:
    """Return the quantisation of the same numbers in signed bytes: every step, and so the zero point, is 128 less."""
    return Quantisation(scales=quantisation.scales, zero_points=tuple(zero - _UNSIGNED_BY for zero in quantisation.zero_points))


def _from_magnitude(values: NDArray[np.floating]) -> Quantisation:
    return symmetric_quantisation(stored_scale(float(np.max(np.abs(values), initial=0.0))))


def input_as_deployed(network: DeployedNetwork, values: NDArray[np.floating]) -> NDArray[np.int8] | NDArray[np.float32]:
    """Return real input values as the deployed network takes them: int8 steps of its input's scale, or float32."""
    tensor = network.tensors[network.input_tensor]
    if tensor.quantisation is None:
        return np.asarray(values, np.float32).reshape(tensor.shape)
    (scale,), (zero_point,) = tensor.quantisation.scales, tensor.quantisation.zero_points
    steps: NDArray[np.int8] = np.clip(np.rint(np.asarray(values, np.float64) / scale) + zero_point, *INT8_STEPS).astype(np.int8)
    return steps.reshape(tensor.shape)


def _kernel_of(step: Step) -> Kernel:
    kernel = step.operation.kernel
    if not isinstance(kernel, FirmwareKernel):
        raise SpecError(f"{step.name}: the firmware has no kernel for {step.kind}: {kernel}")
    return Kernel[kernel.name.upper()]


def _assemble(
    merged: MergedNetwork,
    folded: dict[int, LayerParameters],
    variant: Variant,
    quantisations: Mapping[str, Quantisation],
    example: NDArray[np.floating],
    memory: MemoryPlan,
    known: Mapping[int, Quantisation | None],
    means: Collection[str] = (),
) -> DeployedNetwork:
    """Quantise, and place as planned; `quantisations` are of the input and of each step's output, as far as they are int8.

    `means` are poolings to one element that have a scale of their own.
    """
    network = merged.network
    tensors, tensor_of = _tensors(merged, network_as_deployed(network, variant), memory)
    activation_bytes = max(tensor.arena_offset + tensor.size_bytes for tensor in tensors)
    if tensors[0].type is DataType.INT8:
        tensors[0] = replace(tensors[0], quantisation=quantisations[NETWORK_INPUT])
    layers = []
    for index, (layer, step) in enumerate(zip(network.ordered, network.steps, strict=True)):
        inputs = tuple(tensor_of[source + 1] for source in step.sources)
        kernel = Kernel.VIEW if step.merged else _kernel_of(step)
        output = tensor_of[index + 1]
        if output not in inputs and tensors[output].type is DataType.INT8:
            keeps = kernel in KEEPS_SCALE and not (kernel is Kernel.ADAPTIVE_AVERAGE_POOL and step.name in means)
            own = tensors[inputs[0]].quantisation if keeps else quantisations[step.name]
            tensors[output] = replace(tensors[output], quantisation=SOFTMAX_OUTPUT if kernel is Kernel.SOFTMAX else own)
        bounds = merged.bounds.get(index, NO_BOUNDS)
        if bounds.low not in (None, 0.0):
            raise SpecError(f"{layer.name}: the firmware keeps results above 0 or nothing, found a least result of {bounds.low}")
        highest = bounds.high
        if highest is not None and (scale := tensors[output].quantisation) is not None:
            highest = step_of(highest, scale)
        deployed = DeployedLayer(layer.name, kernel, inputs, output, relu=bounds.low is not None, highest=highest)
        if kernel in (Kernel.CONV2D, Kernel.MAX_POOL, Kernel.AVERAGE_POOL):
            deployed = _with_window(deployed, layer)
        if kernel is Kernel.UNARY and variant is Variant.INT8:
            deployed = replace(deployed, weights=table_of(layer, tensors[inputs[0]].quantisation, tensors[output].quantisation))
        elif kernel is Kernel.UNARY:
            deployed = replace(deployed, function=partial(real_function, layer))
        if index in folded:
            deployed = with_parameters(deployed, folded[index], variant, tensors[inputs[0]].quantisation, known.get(index))
        if variant is Variant.INT8:
            deployed = with_rescales(deployed, tensors)
        layers.append(deployed)
    result = DeployedNetwork(network.name, variant, tuple(tensors), tuple(layers), tensor_of[0], tensor_of[-1], activation_bytes)
    return replace(result, example_input=input_as_deployed(result, example))


def _tensors(merged: MergedNetwork, typed: Network, memory: MemoryPlan) -> tuple[list[DeployedTensor], list[int]]:
    """Tensors where the memory plan puts them; for the input and each step, the tensor it leaves its result in.

    A fused layer's result is the tensor of the layer it is merged into; a flatten has a tensor of its own shape in the same place.
    """
    offsets = {tensor.name: tensor.offset_bytes for tensor in memory.tensors}
    tensors: list[DeployedTensor] = []

    def added(name: str, shape: Sequence[int], kind: DataType) -> None:
        offset = offsets[name]
        if offset is None:
            raise SpecError(f"{memory.accounting.value} allocates each tensor for itself; the firmware needs them in one arena")
        if len(shape) > 3:
            raise SpecError(f"{name}: the firmware takes channels x rows x columns, found {shape_text(tuple(shape))}")
        channels, height, width = (*shape, 1, 1)[:3]
        tensors.append(DeployedTensor(channels, height, width, offset, kind))

    added(NETWORK_INPUT, merged.network.input, typed.types.input)
    tensor_of = [0]
    for index, step in enumerate(merged.network.steps):
        if step.merged and step.operation.merging is not None:
            tensor_of.append(tensor_of[step.sources[0] + 1])
            continue
        tensor_of.append(len(tensors))
        root = merged.roots[index]
        added(NETWORK_INPUT if root < 0 else merged.network.steps[root].name, step.lowered.output, typed.output_types[index])
    return tensors, tensor_of


def _check_plan(merged: MergedNetwork, variant: Variant, memory: MemoryPlan) -> None:
    """Refuse a plan of another network, or of other types."""
    typed = network_as_deployed(merged.network, variant)
    expected = {NETWORK_INPUT: element_count(merged.network.input) * typed.input_bytes}
    for index, step in enumerate(merged.network.steps):
        if merged.roots[index] == index:
            expected[step.name] = element_count(step.lowered.output) * ELEMENT_BYTES[typed.output_types[index]]
    found = {tensor.name: tensor.size_bytes for tensor in memory.tensors}
    for name in expected | found:
        if expected.get(name) != found.get(name):
            sizes = [f"{of[name]:,} B" if name in of else "nothing" for of in (found, expected)]
            raise SpecError(f"the memory plan does not match {merged.network.name!r}: it has {sizes[0]} for {name!r}, expected {sizes[1]}")


def _with_window(deployed: DeployedLayer, layer: Any) -> DeployedLayer:
    stride = layer.kernel if layer.stride is None else layer.stride
    top, bottom, left, right = layer.padding
    height = KernelWindow(layer.kernel[0], stride[0], top, bottom, layer.dilation[0])
    width = KernelWindow(layer.kernel[1], stride[1], left, right, layer.dilation[1])
    return replace(deployed, groups=getattr(layer, "groups", 1), height=height, width=width)
