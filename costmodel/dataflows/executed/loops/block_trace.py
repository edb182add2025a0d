"""Block traces: how many blocks a layer moves when each tensor is seen through a buffer of one block."""

from __future__ import annotations

from costmodel.dataflows.executed.counted_memory import BlockMemory
from costmodel.dataflows.executed.execution import ONE_BYTE, LayerTensors, execute_work
from costmodel.dataflows.executed.kinds.convolution import Progress
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.network import TensorBytes
from costmodel.specs.operations import Action
from costmodel.specs.running.mapping import ChosenDataflow
from costmodel.specs.work import Elementwise, LoopNest, Passes, View, Work


def trace_blocks(
    work: Work,
    dataflow: Dataflow | ChosenDataflow,
    taps: Taps = Taps.VALID,
    *,
    block_bytes: int,
    bias: bool = True,
    sizes: TensorBytes = ONE_BYTE,
    progress: Progress | None = None,
) -> AccessCounts:
    """Return a layer's counts with its tensors' accesses in blocks (granularity `block_traced`).

    The layer is executed on zeros: which elements are touched, and in which order, does not depend on their values.

    Parameters
    ----------
    work : Work
        What the layer does; its numbers are ints.
    dataflow : Dataflow or ChosenDataflow
        Applies to convolutions, with its parameters where it has any; everything else runs output stationary.
    taps : Taps
        Which taps of a convolution are processed. Padding has no address, so under `nominal` it moves no blocks of the input.
    block_bytes : int
        Size of a block.
    bias : bool
        Whether bias reads count.
    sizes : TensorBytes
        Bytes of one element of each tensor.
    progress : callable, optional
        Called as progress(done, total) after each outermost iteration.

    Returns
    -------
    AccessCounts
        `input_read`, `weight_read`, `bias_read`, `output_read` and `output_write` in blocks; operations and scratch buffers as always;
        accesses of scratch are not traced and are 0.
    """
    if isinstance(work, View):
        return AccessCounts()
    memory = BlockMemory(block_bytes)
    return execute_work(work, _zeros(work), dataflow, taps, bias=bias, sizes=sizes, memory=memory, progress=progress).counts


def _zeros(work: LoopNest | Elementwise | Passes) -> LayerTensors:
    import numpy as np

    if isinstance(work, Elementwise):
        parameters = np.zeros((2, work.parameters // 2), np.int64) if work.parameters else None
        return LayerTensors((np.zeros(work.elements, np.int64),) * work.operands, parameters)
    if isinstance(work, Passes):
        shape = work.operation.shape_of_weights(work.layer, work.inputs)
        weight = None if shape is None else np.zeros(shape, np.int64)
        bias = np.zeros(shape[0], np.int64) if shape is not None and work.biases else None
        return LayerTensors(tuple(np.zeros(extents, np.int64) for extents in work.inputs), weight, bias)
    channels = work.groups * work.out_channels
    bias = np.zeros(channels, np.int64) if work.bias else None
    if work.operation.action is Action.MAC:
        return LayerTensors((np.zeros(work.in_channels, np.int64),), np.zeros((channels, work.in_channels), np.int64), bias)
    rows, columns = (axis.output if work.operation.action is Action.SPREADING_MAC else axis.H for axis in (work.h, work.w))
    planes = np.zeros((work.groups * work.in_channels, rows, columns), np.int64)
    if isinstance(work.h, Axis) and isinstance(work.w, Axis):
        return LayerTensors((planes,), np.zeros((channels, work.in_channels, work.h.K, work.w.K), np.int64), bias)
    return LayerTensors((planes,))
