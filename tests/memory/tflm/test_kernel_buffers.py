"""What each kernel of TensorFlow Lite Micro keeps and asks for, by hand: the runtime's own totals are rounded up to 16 bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest

from costmodel.memory.tflm.builds import CHIP_32, CHIP_32_CMSIS_NN, HOST_64, TflmBuild
from costmodel.memory.tflm.kernel_buffers import Asked
from costmodel.memory.tflm.kernels import kernel_of
from costmodel.memory.tflm.nodes import Node
from costmodel.specs.imported_graph import GraphBody, ImportedOperator, ImportedTensor, OptionValue

Given = tuple[tuple[int, ...], str]
"""Extents and element type of a tensor."""


class Kernel(NamedTuple):
    """An operator, and what its kernel asks for."""

    rule: str
    kind: str
    inputs: Sequence[Given | None]
    kept: tuple[int, ...] = ()
    scratch: tuple[int, ...] = ()
    output: Given = ((1, 4), "int8")
    options: Mapping[str, OptionValue] = {}
    build: TflmBuild = CHIP_32
    scales: int = 0
    """Of its weights."""

    def asked(self) -> Asked:
        """What the kernel asks for."""
        given = [one for one in self.inputs if one is not None]
        tensors = [ImportedTensor(f"input {at}", shape, element, 0) for at, (shape, element) in enumerate(given)]
        if self.scales:
            tensors[1] = replace(tensors[1], scales=(0.5,) * self.scales)
        tensors.append(ImportedTensor("output", *self.output, 0))
        numbers = iter(range(len(given)))
        places = tuple(-1 if one is None else next(numbers) for one in self.inputs)
        operator = ImportedOperator(self.kind, 1, places, (len(given),), self.options)
        kernel = kernel_of(self.kind, self.build)
        assert kernel is not None
        return kernel.asks(Node(GraphBody(tuple(tensors), (operator,), (0,), (len(given),)), operator, self.build))


def custom(**options: int) -> Mapping[str, OptionValue]:
    return {"custom": options}


IMAGE = ((1, 5, 6, 4), "int8")
ARM = CHIP_32_CMSIS_NN
AXES = ((2,), "int32")
BIAS = ((3,), "int32")


def depthwise(rule: str, scratch: tuple[int, ...], source: Given = IMAGE, kernel: tuple[int, ...] = (5, 2, 4), **options: int) -> Kernel:
    weights = ((1, *kernel), "int8")
    return Kernel(rule, "DEPTHWISE_CONV_2D", [source, weights], (4 * kernel[-1],) * 2, scratch, options=options, build=ARM)


KERNELS = [
    Kernel("a multiplier and a shift per output channel", "CONV_2D", [IMAGE, ((3, 1, 1, 4), "int8")], (12, 12)),
    Kernel("weights of half a byte are unpacked", "CONV_2D", [IMAGE, ((3, 2, 2, 4), "int4")], (12, 12), (48,)),
    depthwise("a 16-bit input for each tap and channel", (2 * 4 * 5 * 2,)),
    depthwise("none where the kernel is 3x3", (), kernel=(3, 3, 4)),
    depthwise("one where only its rows are three", (2 * 4 * 3,), kernel=(3, 1, 4)),
    depthwise("none where channels are multiplied", (), kernel=(5, 2, 8)),
    depthwise("none where there are several images", (), source=((2, 5, 6, 4), "int8")),
    depthwise("none where inputs have 16 bits", (), source=((1, 5, 6, 4), "int16")),
    depthwise("none where rows are dilated", (), dilation_rows=2),
    depthwise("none where columns are dilated", (), dilation_columns=3),
    Kernel("a sum per channel", "AVERAGE_POOL_2D", [IMAGE], scratch=(16,), build=ARM),
    Kernel("no sum of floats", "AVERAGE_POOL_2D", [((1, 5, 6, 4), "float32")], build=ARM),
    Kernel(
        "32-bit accumulators of 8-bit products",
        "TRANSPOSE_CONV",
        [((4,), "int32"), ((3, 2, 2, 4), "int8"), IMAGE, BIAS],
        (12, 12),
        (4 * 60,),
        output=((1, 4, 5, 3), "int8"),
    ),
    Kernel(
        "64-bit accumulators of 16-bit products, and the bias as wide where it is not",
        "TRANSPOSE_CONV",
        [((4,), "int32"), ((3, 2, 2, 4), "int8"), ((1, 5, 6, 4), "int16"), ((3,), "int16")],
        (12, 12),
        (8 * 60, 8 * 3),
        output=((1, 4, 5, 3), "int16"),
    ),
    Kernel(
        "a bias that is as wide stays where it is",
        "TRANSPOSE_CONV",
        [((4,), "int32"), ((3, 2, 2, 4), "int8"), ((1, 5, 6, 4), "int16"), ((3,), "int64")],
        (12, 12),
        (8 * 60,),
        output=((1, 4, 5, 3), "int16"),
    ),
    Kernel("a multiplier and a shift per output", "FULLY_CONNECTED", [((1, 7), "int8"), ((3, 7), "int8")], (12, 12), scales=3),
    Kernel("none where weights have one scale", "FULLY_CONNECTED", [((1, 7), "int8"), ((3, 7), "int8")], scales=1),
    Kernel("two tables of 512 intervals", "SOFTMAX", [((1, 4), "int16")], (1026, 1026)),
    Kernel("no table over eight bits", "SOFTMAX", [((1, 4), "int8")]),
    Kernel("an accumulator per result, a place and the axes", "MEAN", [IMAGE, AXES], scratch=(4 * 12, 16, 8), output=((1, 12), "int8")),
    Kernel("no accumulators of floats", "SUM", [((1, 5, 6, 4), "float32"), AXES], scratch=(16, 8)),
    Kernel("a place and the axes", "REDUCE_MAX", [IMAGE, AXES], scratch=(16, 8)),
    Kernel(
        "a state's bytes four times",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [((2, 9, 4), "int8"), *[None] * 17, ((2, 5), "int8"), ((2, 5), "int16")],
        scratch=(2 * 5 * 2,) * 4,
    ),
    Kernel(
        "the batch is second where time comes first",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [((2, 9, 4), "float32"), *[None] * 17, ((2, 5), "float32"), ((2, 5), "float32")],
        scratch=(9 * 5 * 4,) * 4,
        options={"time_major": True},
    ),
    Kernel(
        "a sum per filter, quantised also one per unit", "SVDF", [((3, 6), "int8"), ((8, 6), "int8")], (), (96, 48), options={"rank": 2}
    ),
    Kernel("a sum per filter", "SVDF", [((3, 6), "float32"), ((8, 6), "float32")], (), (96,), options={"rank": 2}),
    Kernel(
        "parameters, the right side turned, and a shape",
        "BATCH_MATMUL",
        [((1, 3, 5), "int8"), ((1, 5, 7), "int8")],
        (28, 12, 4 * 4, 35, 4 * 4),
        output=((1, 3, 7), "int8"),
    ),
    Kernel(
        "the left side turned, and a shape",
        "BATCH_MATMUL",
        [((1, 5, 3), "float32"), ((1, 7, 5), "float32")],
        (12, 4 * 4, 60, 4 * 4),
        output=((1, 3, 7), "float32"),
        options={"adjoint_left": True, "adjoint_right": True},
    ),
    Kernel("a rank and an extent per axis", "GATHER", [((5, 6), "int8"), AXES], (12,), output=((2, 6), "int8")),
    Kernel("a shape, and two pointers' room", "EMBEDDING_LOOKUP", [((1,), "int32"), ((5, 6), "int8")], (12, 8), output=((1, 6), "int8")),
    Kernel("seven words", "LOG_SOFTMAX", [((1, 4), "int8")], (28,)),
    Kernel("and with wider pointers ten", "LOG_SOFTMAX", [((1, 4), "int8")], (40,), build=HOST_64),
    Kernel("nothing over floats", "LOG_SOFTMAX", [((1, 4), "float32")]),
    Kernel("ten words, and a pointer per input", "ADD_N", [((1, 4), "int8")] * 3, (40,), (12,)),
    Kernel("a pointer per input", "ADD_N", [((1, 4), "float32")] * 3, (), (24,), output=((1, 4), "float32"), build=HOST_64),
    Kernel("nine words", "CUMSUM", [((1, 4), "int8"), ((1,), "int32")], (36,)),
    Kernel("extents of input and output", "MIRROR_PAD", [((5, 6, 4), "int8"), ((3, 2), "int32")], (), (12, 12)),
    Kernel(
        "three pointers, a transform of half the length with its 32 pairs of factors, and three halves of what joins",
        "CUSTOM:SignalRfft",
        [((1, 10), "int16")],
        (3 * 4 + (4 + 4 + 4 * 2 * 32 + 4 * 8) + 4 * 12,),
        (32,),
        options=custom(fft_length=16),
    ),
    Kernel(
        "the same over values of four bytes, where pointers have eight",
        "CUSTOM:SignalIrfft",
        [((1, 10), "float32")],
        (3 * 8 + (4 + 4 + 4 * 2 * 32 + 8 * 8) + 8 * 12,),
        options=custom(fft_length=16),
        build=HOST_64,
    ),
    Kernel(
        "a 64-bit sum per channel and one to spare", "CUSTOM:SignalFilterBank", [((1, 10), "int32")], (48,), options=custom(num_channels=5)
    ),
    Kernel("a word per channel", "CUSTOM:SignalFilterBankSpectralSubtraction", [((1, 5), "int32")], (20,), options=custom(num_channels=5)),
    Kernel(
        "two pointers and a ring for each row: six words and whole steps, twice over",
        "CUSTOM:SignalFramer",
        [((2, 3, 10), "int16")],
        (24, 24, *(24 + 4 * 9,) * 6),
        options=custom(frame_size=8, frame_step=3),
    ),
    Kernel(
        "a ring of whole steps alone is as long",
        "CUSTOM:SignalFramer",
        [((1, 10), "int16")],
        (8, 8, 40 + 4 * 8),
        options=custom(frame_size=8, frame_step=4),
        build=HOST_64,
    ),
    Kernel(
        "two pointers and a ring of a frame and its delay",
        "CUSTOM:SignalDelay",
        [((8,), "int16")],
        (4, 4, 24 + 4 * 11),
        options=custom(delay_length=3),
    ),
    Kernel(
        "of frames of rows a pointer and a frame of sums for each row",
        "CUSTOM:SignalOverlapAdd",
        [((2, 3, 10), "int16")],
        (2 * 4, 20, 20),
        options=custom(frame_step=3),
    ),
    Kernel(
        "frames before and behind, and the one between",
        "CUSTOM:SignalStacker",
        [((1, 5), "int16")],
        (24 + 4 * 5 * 4,),
        options=custom(num_channels=5, stacker_left_context=2, stacker_right_context=1),
    ),
]


@pytest.mark.parametrize("kernel", KERNELS, ids=[f"{kernel.kind.rpartition(':')[2]}: {kernel.rule}" for kernel in KERNELS])
def test_a_kernel_keeps_and_asks_for(kernel: Kernel) -> None:
    assert kernel.asked() == Asked(kernel.kept, kernel.scratch)
