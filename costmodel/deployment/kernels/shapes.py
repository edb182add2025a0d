"""What a generated kernel's constants are made of: one layer of a deployed network with its tile."""

from __future__ import annotations

from typing import Final, NamedTuple

from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, DeployedTensor, Kernel, KernelWindow, Variant
from costmodel.deployment.kernels.tiles import LineType, Tile
from costmodel.deployment.requantisation import INT8_STEPS

SERVED: Final = frozenset({Kernel.CONV2D, Kernel.LINEAR})
"""Kernels that can be blocked."""
_PASS_ON: Final = frozenset({Kernel.VIEW, Kernel.MAX_POOL, Kernel.AVERAGE_POOL, Kernel.ADAPTIVE_AVERAGE_POOL})
"""Kernels whose results lie between the least and the largest of what they read, or at its zero point."""


class AxisShape(NamedTuple):
    """One axis, as the firmware checks it."""

    extent: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int

    @property
    def output(self) -> int:
        """Outputs along it."""
        return (self.extent + self.before + self.after - self.dilation * (self.kernel - 1) - 1) // self.stride + 1

    @property
    def reads_each_once(self) -> bool:
        """Whether each output reads the one input of its place; with a stride, padding may make up their number."""
        return self.kernel == 1 and self.output == self.extent and not self.before and (self.stride == 1 or self.extent == 1)

    @property
    def reach(self) -> int:
        """Inputs from a window's first to its last."""
        return self.dilation * (self.kernel - 1) + 1


class KernelShape(NamedTuple):
    """Everything one generated kernel is made for."""

    tile: Tile
    kernel: Kernel
    groups: int
    in_channels: int
    """Per group."""
    out_channels: int
    """Per group."""
    h: AxisShape
    w: AxisShape
    relu: bool
    bias: bool
    input_zero_point: int
    output_zero_point: int
    low: int
    """Least result before the zero point is added."""
    high: int
    rescale_step: int
    """1 with a factor per output channel, 0 with one for all."""

    @property
    def on_map(self) -> bool:
        """Whether tiles run over the whole map, without a line buffer."""
        return all(axis.reads_each_once for axis in (self.h, self.w))

    @property
    def line_columns(self) -> int:
        """Columns of the line buffer."""
        return max(self.w.before + self.w.extent, (self.w.output - 1) * self.w.stride + self.w.reach)

    @property
    def scratch_bytes(self) -> int:
        """Bytes of the line buffer."""
        return 0 if self.on_map else self.h.reach * self.line_columns * self.in_channels * self.tile.line.size_bytes


def kernel_shape(network: DeployedNetwork, layer: DeployedLayer) -> KernelShape | None:
    """Return what a layer's kernel is made for; None where the layer is not blocked."""
    if layer.tile is None:
        return None
    source, target = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    linear = layer.kernel is Kernel.LINEAR
    zero_in, zero_out = _zero_point(source), _zero_point(target)
    highest = INT8_STEPS[1] if layer.highest is None else int(layer.highest)
    return KernelShape(
        tile=layer.tile,
        kernel=layer.kernel,
        groups=layer.groups,
        in_channels=source.elements if linear else source.channels // layer.groups,
        out_channels=target.elements if linear else target.channels // layer.groups,
        h=AxisShape(1, 1, 1, 0, 0, 1) if linear else _axis(source.height, layer.height),
        w=AxisShape(1, 1, 1, 0, 0, 1) if linear else _axis(source.width, layer.width),
        relu=layer.relu,
        bias=layer.bias is not None,
        input_zero_point=zero_in,
        output_zero_point=zero_out,
        low=(zero_out if layer.relu else INT8_STEPS[0]) - zero_out,
        high=highest - zero_out,
        rescale_step=0 if len(layer.rescales) == 1 else 1,
    )


def reason_against(network: DeployedNetwork, layer: DeployedLayer) -> str | None:
    """Say why no kernel can be generated for a layer; None where one can."""
    if network.variant is not Variant.INT8:
        return "generated kernels compute with int8"
    if layer.kernel not in SERVED:
        return "it is neither a convolution nor linear"
    if any(rescale.shift > 0 for rescale in layer.rescales):
        return "a factor of its results is 1 or more, and generated kernels shift to the right alone"
    return None


def line_type(network: DeployedNetwork, layer: DeployedLayer, signed_bytes: bool) -> LineType:
    """Return the narrowest type that holds a layer's inputs less their zero point.

    Parameters
    ----------
    network : DeployedNetwork
        Whose layer it is.
    layer : DeployedLayer
        A convolution or a linear layer.
    signed_bytes : bool
        Whether the core loads signed bytes in one instruction.

    Returns
    -------
    LineType
        Unsigned bytes where none is below the zero point: after a rectifier, or where the zero point is the least step.
    """
    zero_point = input_zero_point(network, layer)
    if never_below(network, layer.inputs[0]):
        return LineType.INT8 if zero_point == 0 and signed_bytes else LineType.UINT8
    return LineType.INT8 if zero_point == 0 and signed_bytes else LineType.INT16


def input_zero_point(network: DeployedNetwork, layer: DeployedLayer) -> int:
    """Return the zero point of what a layer reads."""
    return _zero_point(network.tensors[layer.inputs[0]])


def never_below(network: DeployedNetwork, tensor: int) -> bool:
    """Tell whether no element of a tensor is below its zero point: after a rectifier, or where that is the least step."""
    return _zero_point(network.tensors[tensor]) == INT8_STEPS[0] or never_below_zero(network, tensor)


def never_below_zero(network: DeployedNetwork, tensor: int) -> bool:
    """Tell whether every layer that writes a tensor leaves nothing below its zero point."""
    writers = [layer for layer in network.layers if layer.output == tensor and layer.inputs[0] != tensor]
    return bool(writers) and all(
        layer.relu or layer.kernel is Kernel.RELU or (layer.kernel in _PASS_ON and never_below_zero(network, layer.inputs[0]))
        for layer in writers
    )


def _axis(extent: int, window: KernelWindow) -> AxisShape:
    # Between one tap and itself a dilation says nothing.
    dilation = 1 if window.kernel == 1 else window.dilation
    return AxisShape(extent, window.kernel, window.stride, window.pad_before, window.pad_after, dilation)


def _zero_point(tensor: DeployedTensor) -> int:
    return 0 if tensor.quantisation is None else tensor.quantisation.zero_points[0]
