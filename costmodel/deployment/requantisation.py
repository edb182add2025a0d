"""Weights as steps of their scales, and the fixed-point factors that take sums of them to the output's steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from costmodel.compression.quantise import Rescale, as_steps, quantise, rescale_of
from costmodel.deployment.deployed import DeployedLayer, DeployedTensor, Kernel, Variant
from costmodel.specs.model import LayerParameters
from costmodel.specs.quantisation import Quantisation

INT8_STEPS: Final = (-128, 127)
"""Least and largest."""
SOFTMAX_ONE: Final = float(1 << 26)
"""Softmax takes differences with 26 fractional bits."""
ADD_ONE: Final = float(1 << 20)
"""An addition takes its inputs with 20 fractional bits."""


def with_parameters(
    deployed: DeployedLayer, own: LayerParameters, variant: Variant, source: Quantisation | None, known: Quantisation | None = None
) -> DeployedLayer:
    """Return a layer with its weights and biases quantised.

    Parameters
    ----------
    deployed : DeployedLayer
        Without them.
    own : LayerParameters
        Real numbers, folded.
    variant : Variant
        int8: a scale per output channel of a convolution, int32 biases. float32: a scale a tensor, int8 biases.
    source : Quantisation or None
        Of the layer's input; None of floats.
    known : Quantisation, optional
        Of the weights, where their integers are known: one scale, or one per output channel.

    Returns
    -------
    DeployedLayer
        With weights, biases and their scales.
    """
    # The reference deployment has one scale a tensor; int8 convolutions have one per output channel, as TensorFlow Lite's do.
    per_channel = variant is Variant.INT8 and deployed.kernel is Kernel.CONV2D
    weights, scales = quantise(own.weight, per_channel=per_channel) if known is None else (as_steps(own.weight, known), known)
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


def step_of(value: float, quantisation: Quantisation) -> int | None:
    """Return the int8 step nearest to a real number, halves away from zero; None where it is beyond the largest.

    In single precision, as TensorFlow Lite quantises the bounds of its activations.
    """
    steps = float(np.float32(value) / np.float32(quantisation.scales[0]))
    step = math.floor(abs(steps) + 0.5) * (1 if steps >= 0 else -1) + quantisation.zero_points[0]
    return max(step, INT8_STEPS[0]) if step < INT8_STEPS[1] else None


def with_rescales(deployed: DeployedLayer, tensors: Sequence[DeployedTensor]) -> DeployedLayer:
    """Return an int8 layer with the factors its results are rescaled by.

    Parameters
    ----------
    deployed : DeployedLayer
        With its parameters.
    tensors : sequence of DeployedTensor
        Of the whole network, quantised.

    Returns
    -------
    DeployedLayer
        With one factor per scale of its weights, three of an addition, one of a softmax, of a conversion and of a mean in another scale.
    """
    scale, target = _scale(tensors[deployed.inputs[0]]), _scale(tensors[deployed.output])
    factors: list[float] = []
    if deployed.weight_quantisation is not None:
        factors = [scale * weight_scale / target for weight_scale in deployed.weight_quantisation.scales]
    elif deployed.kernel is Kernel.ADD:
        other = _scale(tensors[deployed.inputs[1]])
        twice = 2 * max(scale, other)
        factors = [scale / twice, other / twice, twice / (ADD_ONE * target)]
    elif deployed.kernel is Kernel.CONVERT:
        factors = [scale / target]
    elif deployed.kernel is Kernel.SOFTMAX:
        # A smaller factor would shift to the right, which no difference of int8 steps needs.
        factors = [min(max(scale * SOFTMAX_ONE, 1.0), 2.0**31 - 1)]
    elif (
        deployed.kernel is Kernel.ADAPTIVE_AVERAGE_POOL
        and tensors[deployed.inputs[0]].quantisation != tensors[deployed.output].quantisation
    ):
        source = tensors[deployed.inputs[0]]
        return replace(deployed, rescales=(mean_rescale(scale / target, source.height * source.width),))
    return replace(deployed, rescales=tuple(rescale_of(factor) for factor in factors))


def mean_rescale(factor: float, count: int) -> Rescale:
    """Return what takes a sum of elements, counted from their zero point, to a mean in another scale.

    The division is in the multiplier, as much of it as its bits hold, as TensorFlow Lite's mean has it.

    Parameters
    ----------
    factor : float
        Input scale over output scale.
    count : int
        Elements of a mean.
    """
    multiplier, shift = rescale_of(factor)
    power = min(count.bit_length() - 1, 32, 31 + shift)
    return Rescale((multiplier << power) // count, shift - power)


def _scale(tensor: DeployedTensor) -> float:
    return 1.0 if tensor.quantisation is None else tensor.quantisation.scales[0]
