"""What a network's layers ask of a processor whose kernels were not timed one by one: multiply-accumulates by kind of layer."""

from __future__ import annotations

from typing import Final, NamedTuple

from costmodel.columns import Number
from costmodel.latency.kernel_paths import CONVOLUTIONS, KernelPath


class OperationMix(NamedTuple):
    """Multiply-accumulates of a network by kind; ints or columns."""

    convolution: Number = 0
    """Over all channels, larger than 1x1."""
    pointwise: Number = 0
    """1x1 over all channels."""
    depthwise: Number = 0
    linear: Number = 0

    @property
    def total(self) -> Number:
        """All of them."""
        return self.convolution + self.pointwise + self.depthwise + self.linear

    def plus(self, other: OperationMix) -> OperationMix:
        """Return the sum, kind by kind."""
        return OperationMix(*(mine + its for mine, its in zip(self, other, strict=True)))


MIX_KINDS: Final = OperationMix._fields
"""Kinds that a rate belongs to."""


def mix_of(path: KernelPath, mac_count: Number) -> OperationMix:
    """Return the multiply-accumulates of one layer by kind; none where its path multiplies nothing."""
    if path is KernelPath.POINTWISE:
        return OperationMix(pointwise=mac_count)
    if path in CONVOLUTIONS:
        return OperationMix(convolution=mac_count)
    if path is KernelPath.DEPTHWISE:
        return OperationMix(depthwise=mac_count)
    return OperationMix(linear=mac_count) if path is KernelPath.LINEAR else OperationMix()
