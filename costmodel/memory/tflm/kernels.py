"""The kernels of TensorFlow Lite Micro: how each is registered, what it keeps, and which element types it starts with.

Source: `micro_mutable_op_resolver.h`, `flatbuffer_conversions.cc` and the reference kernels of https://github.com/tensorflow/tflite-micro,
2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from costmodel.memory.tflm import kernel_buffers as asks
from costmodel.memory.tflm.builds import KernelLibrary, TflmBuild
from costmodel.memory.tflm.kernel_buffers import Asked, nothing
from costmodel.memory.tflm.nodes import Node


class Kernel(NamedTuple):
    """One operator that the runtime has."""

    registration: str
    """The method of `MicroMutableOpResolver` that registers it."""
    option_bytes: int = 0
    """Of its options, unpacked from the file."""
    option_alignment: int = 4
    data_32_bytes: int = 0
    """Of its own data, where pointers have four bytes."""
    data_64_bytes: int = 0
    """Of its own data in the published Python package."""
    asks: Callable[[Node], Asked] = nothing
    """What it asks for beside."""
    inputs: frozenset[str] = frozenset()
    """Element types of its first input with which it starts; empty where it looks at none."""
    outputs: frozenset[str] = frozenset()
    """Element types of its first output with which it starts; empty where it looks at none."""
    options_64: tuple[int, int] | None = None
    """Bytes and alignment of its options in the published Python package, where they differ."""


def _types(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FLOAT: Final = _types("float32")
_FLOAT_8: Final = _types("float32 int8")
_FLOAT_8_16: Final = _types("float32 int8 int16")


def _same(
    registration: str,
    data_bytes: int = 0,
    *,
    option_bytes: int = 0,
    asks: Callable[[Node], Asked] = nothing,
    inputs: frozenset[str] = frozenset(),
    outputs: frozenset[str] = frozenset(),
) -> Kernel:
    """A kernel whose data has no pointers: as large on every build."""
    return Kernel(registration, option_bytes, 4, data_bytes, data_bytes, asks, inputs, outputs)


def _reducer(registration: str, asks: Callable[[Node], Asked], inputs: frozenset[str] = frozenset()) -> Kernel:
    return Kernel(registration, option_bytes=1, option_alignment=1, data_32_bytes=44, data_64_bytes=44, asks=asks, inputs=inputs)


KERNELS: Final[Mapping[str, Kernel]] = {
    "ABS": _same("AddAbs", 28, inputs=_FLOAT_8_16),
    "ADD": _same("AddAdd", 60, option_bytes=8),
    "ADD_N": _same("AddAddN", asks=asks.summed, outputs=_FLOAT_8),
    "ARG_MAX": _same("AddArgMax", option_bytes=4),
    "ARG_MIN": _same("AddArgMin", option_bytes=4),
    "ASSIGN_VARIABLE": Kernel("AddAssignVariable", data_64_bytes=4),
    "AVERAGE_POOL_2D": _same("AddAveragePool2D", 32, option_bytes=40, inputs=_FLOAT_8_16),
    "BATCH_MATMUL": Kernel(
        "AddBatchMatMul", option_bytes=3, option_alignment=1, data_32_bytes=16, data_64_bytes=32, asks=asks.matrices, inputs=_FLOAT_8_16
    ),
    "BATCH_TO_SPACE_ND": Kernel("AddBatchToSpaceNd"),
    "BROADCAST_ARGS": Kernel("AddBroadcastArgs", inputs=_types("int32 int64")),
    "BROADCAST_TO": Kernel("AddBroadcastTo"),
    "CALL_ONCE": _same("AddCallOnce", 8, option_bytes=4),
    "CAST": Kernel("AddCast", option_bytes=8),
    "CEIL": Kernel("AddCeil", inputs=_FLOAT),
    "CONCATENATION": Kernel(
        "AddConcatenation",
        option_bytes=8,
        data_32_bytes=24,
        data_64_bytes=80,
        inputs=_types("float32 int8 int16 int32 int64 bool"),
    ),
    "CONV_2D": Kernel("AddConv2D", option_bytes=28, data_32_bytes=56, data_64_bytes=80, asks=asks.convolution, inputs=_FLOAT_8_16),
    "COS": Kernel("AddCos", inputs=_FLOAT),
    "CUMSUM": Kernel("AddCumSum", option_bytes=2, option_alignment=1, asks=asks.running_sum, inputs=_FLOAT_8),
    "DEPTHWISE_CONV_2D": Kernel("AddDepthwiseConv2D", option_bytes=28, data_32_bytes=56, data_64_bytes=80, asks=asks.depthwise),
    "DEPTH_TO_SPACE": Kernel("AddDepthToSpace", option_bytes=4, asks=asks.own_shape, inputs=_FLOAT_8),
    "DEQUANTIZE": _same("AddDequantize", 32, inputs=_types("int8 int16 uint8"), outputs=_FLOAT),
    "DIV": _same("AddDiv", 28, option_bytes=4),
    "DYNAMIC_UPDATE_SLICE": Kernel("AddDynamicUpdateSlice"),
    "ELU": _same("AddElu", 256),
    "EMBEDDING_LOOKUP": Kernel("AddEmbeddingLookup", asks=asks.looked_up, inputs=_types("int32")),
    "EQUAL": _same("AddEqual", 32),
    "EXP": Kernel("AddExp", inputs=_FLOAT),
    "EXPAND_DIMS": Kernel("AddExpandDims"),
    "FILL": Kernel("AddFill"),
    "FLOOR": Kernel("AddFloor"),
    "FLOOR_DIV": Kernel("AddFloorDiv"),
    "FLOOR_MOD": Kernel("AddFloorMod"),
    "FULLY_CONNECTED": Kernel(
        "AddFullyConnected", option_bytes=16, data_32_bytes=48, data_64_bytes=72, asks=asks.fully_connected, options_64=(32, 8)
    ),
    "GATHER": Kernel("AddGather", option_bytes=8, asks=asks.own_shape, inputs=_FLOAT_8),
    "GATHER_ND": Kernel("AddGatherNd", asks=asks.own_shape, inputs=_FLOAT_8),
    "GREATER": _same("AddGreater", 32),
    "GREATER_EQUAL": _same("AddGreaterEqual", 32),
    "HARD_SWISH": _same("AddHardSwish", 20),
    "IF": _same("AddIf", 8, option_bytes=8),
    "L2_NORMALIZATION": _same("AddL2Normalization", 4, option_bytes=4, inputs=_FLOAT_8),
    "L2_POOL_2D": Kernel("AddL2Pool2D", option_bytes=40, asks=asks.own_shape, inputs=_FLOAT),
    "LEAKY_RELU": _same("AddLeakyRelu", 24, option_bytes=4),
    "LESS": _same("AddLess", 32),
    "LESS_EQUAL": _same("AddLessEqual", 32),
    "LOG": Kernel("AddLog", inputs=_FLOAT),
    "LOGICAL_AND": Kernel("AddLogicalAnd"),
    "LOGICAL_NOT": Kernel("AddLogicalNot", inputs=_types("bool")),
    "LOGICAL_OR": Kernel("AddLogicalOr"),
    "LOGISTIC": _same("AddLogistic", 16),
    "LOG_SOFTMAX": Kernel("AddLogSoftmax", asks=asks.log_softmax),
    "MAXIMUM": Kernel("AddMaximum"),
    "MAX_POOL_2D": _same("AddMaxPool2D", 32, option_bytes=40, inputs=_FLOAT_8_16),
    "MEAN": _reducer("AddMean", asks.mean),
    "MINIMUM": Kernel("AddMinimum"),
    "MIRROR_PAD": _same("AddMirrorPad", 20, option_bytes=4, asks=asks.mirrored),
    "MUL": _same("AddMul", 36, option_bytes=4),
    "NEG": Kernel("AddNeg"),
    "NOT_EQUAL": _same("AddNotEqual", 32),
    "PACK": Kernel("AddPack", option_bytes=8),
    "PAD": _same("AddPad", 56),
    "PADV2": _same("AddPadV2", 56),
    "PRELU": _same("AddPrelu", 28),
    "QUANTIZE": _same("AddQuantize", 32, inputs=_types("float32 int32 int16 int8 uint8"), outputs=_types("int8 int16 int32 uint8")),
    "READ_VARIABLE": Kernel("AddReadVariable"),
    "REDUCE_ALL": _reducer("AddReduceAll", asks.extremes, inputs=_types("bool")),
    "REDUCE_MAX": _reducer("AddReduceMax", asks.extremes),
    "REDUCE_MIN": _reducer("AddReduceMin", asks.extremes),
    "RELU": _same("AddRelu", 28),
    "RELU6": _same("AddRelu6", 8),
    "RESHAPE": Kernel("AddReshape", option_bytes=36),
    "RESIZE_BILINEAR": Kernel("AddResizeBilinear", option_bytes=2, option_alignment=1),
    "RESIZE_NEAREST_NEIGHBOR": Kernel("AddResizeNearestNeighbor", option_bytes=2, option_alignment=1),
    "REVERSE_V2": Kernel("AddReverseV2", inputs=_types("int32 float32 uint8 int8 int16 int64 bool")),
    "ROUND": Kernel("AddRound", inputs=_FLOAT),
    "RSQRT": _same("AddRsqrt", 28, inputs=_FLOAT_8_16),
    "SELECT_V2": _same("AddSelectV2", 1, inputs=_types("bool")),
    "SHAPE": Kernel("AddShape", option_bytes=4),
    "SIN": Kernel("AddSin", inputs=_FLOAT),
    "SLICE": Kernel("AddSlice"),
    "SOFTMAX": Kernel("AddSoftmax", option_bytes=4, data_32_bytes=56, data_64_bytes=80, asks=asks.softmax, inputs=_FLOAT_8_16),
    "SPACE_TO_BATCH_ND": _same("AddSpaceToBatchNd", 4),
    "SPACE_TO_DEPTH": Kernel("AddSpaceToDepth", option_bytes=4, asks=asks.own_shape, inputs=_FLOAT_8),
    "SPLIT": Kernel("AddSplit", option_bytes=4),
    "SPLIT_V": Kernel("AddSplitV", option_bytes=4),
    "SQRT": Kernel("AddSqrt", inputs=_FLOAT),
    "SQUARE": Kernel("AddSquare", inputs=_FLOAT),
    "SQUARED_DIFFERENCE": _same("AddSquaredDifference", 112),
    "SQUEEZE": Kernel("AddSqueeze", option_bytes=36),
    "STRIDED_SLICE": _same("AddStridedSlice", 84, option_bytes=24),
    "SUB": _same("AddSub", 52, option_bytes=8),
    "SUM": _reducer("AddSum", asks.mean),
    "SVDF": _same("AddSvdf", 36, option_bytes=12, asks=asks.filtered, inputs=_FLOAT_8),
    "TANH": _same("AddTanh", 16),
    "TRANSPOSE": Kernel("AddTranspose"),
    "TRANSPOSE_CONV": Kernel("AddTransposeConv", option_bytes=20, data_32_bytes=72, data_64_bytes=88, asks=asks.transposed_convolution),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _same("AddUnidirectionalSequenceLSTM", 688, option_bytes=16, asks=asks.recurrent),
    "UNPACK": Kernel("AddUnpack", option_bytes=8),
    "VAR_HANDLE": Kernel("AddVarHandle", option_bytes=8, data_32_bytes=4, data_64_bytes=4, options_64=(16, 8)),
    "WHILE": _same("AddWhile", 8, option_bytes=8),
    "ZEROS_LIKE": Kernel("AddZerosLike"),
    "CUSTOM:CIRCULAR_BUFFER": _same("AddCircularBuffer", 8),
    "CUSTOM:SignalDelay": Kernel("AddDelay", data_32_bytes=20, data_64_bytes=32, asks=asks.delayed),
    "CUSTOM:SignalEnergy": _same("AddEnergy", 8),
    "CUSTOM:SignalFftAutoScale": Kernel("AddFftAutoScale"),
    "CUSTOM:SignalFilterBank": Kernel("AddFilterBank", data_32_bytes=36, data_64_bytes=64, asks=asks.filter_bank),
    "CUSTOM:SignalFilterBankLog": _same("AddFilterBankLog", 8),
    "CUSTOM:SignalFilterBankSpectralSubtraction": Kernel(
        "AddFilterBankSpectralSubtraction", data_32_bytes=44, data_64_bytes=56, asks=asks.noise_estimate
    ),
    "CUSTOM:SignalFilterBankSquareRoot": Kernel("AddFilterBankSquareRoot"),
    "CUSTOM:SignalFramer": Kernel("AddFramer", data_32_bytes=28, data_64_bytes=40, asks=asks.framed),
    "CUSTOM:SignalIrfft": Kernel("AddIrfft", data_32_bytes=24, data_64_bytes=32, asks=asks.inverse_transform),
    "CUSTOM:SignalOverlapAdd": Kernel("AddOverlapAdd", data_32_bytes=24, data_64_bytes=32, asks=asks.overlapping),
    "CUSTOM:SignalPCAN": _same("AddPCAN", 4),
    "CUSTOM:SignalRfft": Kernel("AddRfft", data_32_bytes=32, data_64_bytes=48, asks=asks.transform),
    "CUSTOM:SignalStacker": Kernel("AddStacker", data_32_bytes=36, data_64_bytes=56, asks=asks.stacked),
    "CUSTOM:SignalWindow": _same("AddWindow", 8),
    "CUSTOM:TFLite_Detection_PostProcess": _same("AddDetectionPostprocess", 112, asks=asks.detections),
}
"""The operators the runtime has, by their name in a file."""

_CMSIS_NN: Final[Mapping[str, tuple[int, Callable[[Node], Asked]]]] = {
    "AVERAGE_POOL_2D": (36, asks.arm_average_pool),
    "CONV_2D": (60, asks.arm_convolution),
    "DEPTHWISE_CONV_2D": (60, asks.arm_depthwise),
    "FULLY_CONNECTED": (72, asks.fully_connected),
    "MAX_POOL_2D": (36, nothing),
    "SOFTMAX": (64, asks.softmax),
    "SVDF": (40, asks.filtered),
}
"""Bytes of their data and what they ask for, of kernels that CMSIS-NN replaces (DSP instructions, no vector extension)."""


def kernel_of(kind: str, build: TflmBuild) -> Kernel | None:
    """Return the kernel of an operator in a build; None where the runtime has none."""
    kernel = KERNELS.get(kind)
    if kernel is None or build.library is KernelLibrary.REFERENCE or kind not in _CMSIS_NN:
        return kernel
    data_bytes, asked = _CMSIS_NN[kind]
    return kernel._replace(data_32_bytes=data_bytes, asks=asked)
