"""What kernels of TensorFlow Lite Micro ask for while a model starts: buffers to keep, and scratch for their own run.

Source: `Init` and `Prepare` of the reference kernels (https://github.com/tensorflow/tflite-micro, `tensorflow/lite/micro/kernels` and
`signal/micro/kernels`). Other kernel libraries keep the same and ask for other scratch.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from costmodel.memory.tflm.nodes import Node, tensor_bytes

INT16_TABLE_BYTES: Final = 2 * 513
"""A table over 16-bit values: 512 intervals."""


class Asked(NamedTuple):
    """What a kernel asks for."""

    kept: tuple[int, ...] = ()
    """Bytes of each buffer that stays."""
    scratch: tuple[int, ...] = ()
    """Bytes of each buffer that is needed while the operator runs."""


def nothing(_node: Node) -> Asked:
    """Return that a kernel asks for nothing beside its own data."""
    return Asked()


def unpacked(node: Node) -> Asked:
    """Return scratch for weights of half a byte, which are unpacked to run."""
    return Asked(scratch=(node.element_count(1),) if node.source_type(1) == "int4" else ())


def convolution(node: Node) -> Asked:
    """Return a multiplier and a shift per output channel, of four bytes each."""
    return Asked(kept=(4 * node.extent(1, 0),) * 2, scratch=unpacked(node).scratch)


def depthwise(node: Node) -> Asked:
    """Return a multiplier and a shift per channel, of four bytes each."""
    return Asked(kept=(4 * node.extent(1, 3),) * 2, scratch=unpacked(node).scratch)


def arm_convolution(node: Node) -> Asked:
    """Return what CMSIS-NN asks for: two columns of 16-bit inputs, but for 1x1 at stride 1."""
    asked = convolution(node)
    rows, columns = node.extent(1, 1), node.extent(1, 2)
    strides = node.operator.whole("stride_rows", 1), node.operator.whole("stride_columns", 1)
    if node.source_type(0) != "int8" or (rows, columns, *strides) == (1, 1, 1, 1):
        return asked
    taps = -(-rows * columns * node.extent(0, 3) // 4) * 4
    return Asked(asked.kept, (*asked.scratch, 4 * taps))


def arm_depthwise(node: Node) -> Asked:
    """Return what CMSIS-NN asks for: a 16-bit input per tap, where channels are not multiplied and the kernel is no 3x3."""
    asked = depthwise(node)
    rows, columns, channels = node.extent(1, 1), node.extent(1, 2), node.extent(0, 3)
    dilated = (node.operator.whole("dilation_rows", 1), node.operator.whole("dilation_columns", 1)) != (1, 1)
    if node.source_type(0) != "int8" or channels != node.extent(1, 3) or node.extent(0, 0) != 1 or dilated or (rows, columns) == (3, 3):
        return asked
    return Asked(asked.kept, (*asked.scratch, 2 * channels * rows * columns))


def arm_average_pool(node: Node) -> Asked:
    """Return what CMSIS-NN asks for: a sum per channel."""
    return Asked(scratch=(4 * node.extent(0, 3),) if node.source_type(0) in ("int8", "int16") else ())


def transposed_convolution(node: Node) -> Asked:
    """Return multipliers and shifts, and an accumulator per output element."""
    target = node.target()
    each = {"int8": 4, "int16": 8}.get(node.source_type(2), 0)
    scratch: tuple[int, ...] = (each * math.prod(target.shape),) if each and target is not None else ()
    if node.source_type(2) == "int16" and node.source_type(3) == "int16":
        scratch += (8 * node.element_count(3),)
    return Asked(kept=(4 * node.extent(1, 0),) * 2, scratch=scratch)


def fully_connected(node: Node) -> Asked:
    """Return a multiplier and a shift per output where weights have scales of their own."""
    weights = node.source(1)
    channels = len(weights.scales) if weights is not None else 0
    quantised = node.source_type(0) in ("int8", "int16", "uint8")
    return Asked(kept=(4 * channels,) * 2 if channels > 1 and quantised else (), scratch=unpacked(node).scratch)


def softmax(node: Node) -> Asked:
    """Return two tables where activations have 16 bits."""
    return Asked(kept=(INT16_TABLE_BYTES,) * 2 if node.source_type(0) == "int16" else ())


def mean(node: Node) -> Asked:
    """Return accumulators of quantised means, a place and the axes."""
    target = node.target()
    sums = (4 * math.prod(target.shape),) if node.source_type(0) in ("int8", "int16") and target is not None else ()
    return Asked(scratch=(*sums, 4 * node.rank(0), 4 * node.element_count(1)))


def extremes(node: Node) -> Asked:
    """Return a place and the axes."""
    return Asked(scratch=(4 * node.rank(0), 4 * node.element_count(1)))


def recurrent(node: Node) -> Asked:
    """Return four buffers of one state each, of the cell state's type."""
    batch_axis = 1 if node.operator.whole("time_major") else 0
    each = {"float32": 4, "int16": 2}.get(node.source_type(19), 0)
    return Asked(scratch=(node.extent(0, batch_axis) * node.extent(18, 1) * each,) * 4)


def filtered(node: Node) -> Asked:
    """Return sums over features, and for quantised ones over units."""
    batch, filters, rank = node.extent(0, 0), node.extent(1, 0), max(node.operator.whole("rank", 1), 1)
    sums = (4 * batch * filters,)
    return Asked(scratch=(*sums, 4 * batch * (filters // rank)) if node.source_type(0) == "int8" else sums)


def matrices(node: Node) -> Asked:
    """Return parameters of quantised products, and a copy of each side that is turned."""
    kept: tuple[int, ...] = (28,) if node.source_type(0) in ("int8", "int16") else ()
    turned = (0,) * bool(node.operator.whole("adjoint_left")) + (1,) * (not node.operator.whole("adjoint_right"))
    for at in turned:
        tensor = node.source(at)
        kept += (node.build.eval_tensor_bytes, 4 * (1 + node.rank(at)), 0 if tensor is None else tensor_bytes(tensor))
    return Asked(kept=(*kept, *own_shape(node).kept))


def own_shape(node: Node) -> Asked:
    """Return a shape that can be written."""
    target = node.target()
    return Asked(kept=(4 * (1 + (0 if target is None else len(target.shape))),))


def looked_up(node: Node) -> Asked:
    """Return a shape that can be written and the kernel's data, in this order."""
    return Asked(kept=(*own_shape(node).kept, 2 * node.build.pointer_bytes))


def log_softmax(node: Node) -> Asked:
    """Return the data of quantised ones."""
    return Asked(kept=(40 if node.build.pointer_bytes == 8 else 28,) if node.source_type(0) == "int8" else ())


def summed(node: Node) -> Asked:
    """Return a pointer per input, and the data of quantised ones."""
    scratch = (node.build.pointer_bytes * len(node.operator.inputs),)
    return Asked(kept=(40,) if node.target_type() == "int8" else (), scratch=scratch)


def running_sum(node: Node) -> Asked:
    """Return the data of quantised ones."""
    return Asked(kept=(36,) if node.target_type() == "int8" else ())


def mirrored(node: Node) -> Asked:
    """Return extents of input and output."""
    return Asked(scratch=(4 * node.rank(0),) * 2)


def detections(node: Node) -> Asked:
    """Return candidates, boxes, scores and indices of a detection's post-processing."""
    boxes, predictions = node.extent(0, 1), node.extent(1, 1) * node.extent(1, 2)
    most, classes = node.option("max_detections"), node.option("num_classes")
    return Asked(
        scratch=(
            boxes,
            16 * boxes,
            4 * predictions,
            4 * boxes,
            4 * boxes,
            4 * most * boxes,
            4 * most * boxes,
            4 * boxes,
            4 * most * boxes,
            4 * boxes * max(classes, most),
            4 * boxes * min(boxes, most),
        )
    )


def _ring(node: Node, capacity: int) -> int:
    """Bytes of a ring of 16-bit values, each held twice."""
    return (40 if node.build.pointer_bytes == 8 else 24) + 4 * capacity


def _fft_state(node: Node, real: int, scalar_bytes: int) -> int:
    """Bytes of the tables of a transform over real values: a complex one of half the length, and what joins its halves."""
    half, complex_bytes = real // 2, 2 * scalar_bytes
    inner = 4 + 4 + 4 * 2 * 32 + complex_bytes * max(half, 1)
    return 3 * node.build.pointer_bytes + inner + complex_bytes * (3 * half // 2)


_SCALARS: Final = {"int16": 2, "int32": 4, "float32": 4}


def transform(node: Node) -> Asked:
    """Return the tables of a transform and room for its padded input."""
    length, scalar = node.option("fft_length"), _SCALARS.get(node.source_type(0), 2)
    return Asked(kept=(_fft_state(node, length, scalar),), scratch=(length * scalar,))


def inverse_transform(node: Node) -> Asked:
    """Return the tables of an inverse transform."""
    return Asked(kept=(_fft_state(node, node.option("fft_length"), _SCALARS.get(node.source_type(0), 2)),))


def filter_bank(node: Node) -> Asked:
    """Return an accumulator per channel, and one to spare."""
    return Asked(kept=(8 * (node.option("num_channels") + 1),))


def noise_estimate(node: Node) -> Asked:
    """Return the noise of each channel."""
    return Asked(kept=(4 * node.option("num_channels"),))


def outer_rows(node: Node, axes: int = 1) -> int:
    """Return how many rows of its innermost axes an input has."""
    tensor = node.source(0)
    return math.prod(tensor.shape[: len(tensor.shape) - axes]) if tensor is not None else 0


def framed(node: Node) -> Asked:
    """Return rings of frames and pointers to them."""
    step = max(node.option("frame_step"), 1)
    ring = _ring(node, -(-node.option("frame_size") // step) * step)
    return Asked(kept=(node.build.pointer_bytes * outer_rows(node),) * 2 + (ring,) * outer_rows(node))


def delayed(node: Node) -> Asked:
    """Return rings of delayed frames and pointers to them."""
    ring = _ring(node, node.extent(0, -1) + node.option("delay_length"))
    return Asked(kept=(node.build.pointer_bytes * outer_rows(node),) * 2 + (ring,) * outer_rows(node))


def overlapping(node: Node) -> Asked:
    """Return a frame of sums for each row and pointers to them."""
    frame = node.extent(0, -1) * _SCALARS.get(node.source_type(0), 2)
    return Asked(kept=(node.build.pointer_bytes * outer_rows(node, 2), *(frame,) * outer_rows(node, 2)))


def stacked(node: Node) -> Asked:
    """Return a ring of frames."""
    frames = node.option("stacker_left_context") + node.option("stacker_right_context") + 1
    return Asked(kept=(_ring(node, node.option("num_channels") * frames),))
