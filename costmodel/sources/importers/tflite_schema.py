"""What numbers of a TensorFlow Lite file mean: element types, operators and the fields of their options.

Source: the schema of TensorFlow Lite, version 3 (tensorflow/compiler/mlir/lite/schema/schema.fbs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from costmodel.specs.imported_graph import OptionValue

IDENTIFIER: Final = b"TFL3"
ELEMENT_TYPES: Final = (
    "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64", "complex128",
    "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16",
)  # fmt: skip
CUSTOM: Final = 32
CUSTOM_OPTIONS: Final = "custom"
"""Name under which an operator of its author's own keeps its options: by name, or bytes that only it can read."""
OPERATORS: Final = (
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE", "EMBEDDING_LOOKUP",
    "FLOOR", "FULLY_CONNECTED", "HASHTABLE_LOOKUP", "L2_NORMALIZATION", "L2_POOL_2D", "LOCAL_RESPONSE_NORMALIZATION", "LOGISTIC",
    "LSH_PROJECTION", "LSTM", "MAX_POOL_2D", "MUL", "RELU", "RELU_N1_TO_1", "RELU6", "RESHAPE", "RESIZE_BILINEAR", "RNN", "SOFTMAX",
    "SPACE_TO_DEPTH", "SVDF", "TANH", "CONCAT_EMBEDDINGS", "SKIP_GRAM", "CALL", "CUSTOM", "EMBEDDING_LOOKUP_SPARSE", "PAD",
    "UNIDIRECTIONAL_SEQUENCE_RNN", "GATHER", "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", "TRANSPOSE", "MEAN", "SUB", "DIV", "SQUEEZE",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE", "BIDIRECTIONAL_SEQUENCE_RNN", "EXP", "TOPK_V2", "SPLIT", "LOG_SOFTMAX", "DELEGATE",
    "BIDIRECTIONAL_SEQUENCE_LSTM", "CAST", "PRELU", "MAXIMUM", "ARG_MAX", "MINIMUM", "LESS", "NEG", "PADV2", "GREATER",
    "GREATER_EQUAL", "LESS_EQUAL", "SELECT", "SLICE", "SIN", "TRANSPOSE_CONV", "SPARSE_TO_DENSE", "TILE", "EXPAND_DIMS", "EQUAL",
    "NOT_EQUAL", "LOG", "SUM", "SQRT", "RSQRT", "SHAPE", "POW", "ARG_MIN", "FAKE_QUANT", "REDUCE_PROD", "REDUCE_MAX", "PACK",
    "LOGICAL_OR", "ONE_HOT", "LOGICAL_AND", "LOGICAL_NOT", "UNPACK", "REDUCE_MIN", "FLOOR_DIV", "REDUCE_ANY", "SQUARE", "ZEROS_LIKE",
    "FILL", "FLOOR_MOD", "RANGE", "RESIZE_NEAREST_NEIGHBOR", "LEAKY_RELU", "SQUARED_DIFFERENCE", "MIRROR_PAD", "ABS", "SPLIT_V",
    "UNIQUE", "CEIL", "REVERSE_V2", "ADD_N", "GATHER_ND", "COS", "WHERE", "RANK", "ELU", "REVERSE_SEQUENCE", "MATRIX_DIAG", "QUANTIZE",
    "MATRIX_SET_DIAG", "ROUND", "HARD_SWISH", "IF", "WHILE", "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "SCATTER_ND",
    "SELECT_V2", "DENSIFY", "SEGMENT_SUM", "BATCH_MATMUL", "PLACEHOLDER_FOR_GREATER_OP_CODES", "CUMSUM", "CALL_ONCE", "BROADCAST_TO",
    "RFFT2D", "CONV_3D", "IMAG", "REAL", "COMPLEX_ABS", "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE",
    "REDUCE_ALL", "CONV_3D_TRANSPOSE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "BROADCAST_ARGS", "RANDOM_STANDARD_NORMAL",
    "BUCKETIZE", "RANDOM_UNIFORM", "MULTINOMIAL", "GELU", "DYNAMIC_UPDATE_SLICE", "RELU_0_TO_1", "UNSORTED_SEGMENT_PROD",
    "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM", "ATAN2", "UNSORTED_SEGMENT_MIN", "SIGN", "BITCAST", "BITWISE_XOR", "RIGHT_SHIFT",
)  # fmt: skip
ACTIVATIONS: Final = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
SAME: Final = 0
"""`padding` of an operator's options: 0 SAME, 1 VALID."""

_Field: TypeAlias = tuple[int, str, OptionValue]
_Fields: TypeAlias = Mapping[str, _Field]


def _wholes(*names: str) -> dict[str, _Field]:
    """Fields of int32 that are 0 where absent, from the first position on."""
    return {name: (position, "i", 0) for position, name in enumerate(names)}


def _flags(*names: str) -> dict[str, _Field]:
    """Fields of one byte that are 0 where absent, from the first position on."""
    return {name: (position, "b", 0) for position, name in enumerate(names)}


_WINDOW: Final[_Fields] = {"padding": (0, "b", 0), "stride_columns": (1, "i", 0), "stride_rows": (2, "i", 0)}
_POOL: Final[_Fields] = {**_WINDOW, "kernel_columns": (3, "i", 0), "kernel_rows": (4, "i", 0), "activation": (5, "b", 0)}
_RECURRENT: Final[_Fields] = {"activation": (0, "b", 0), "cell_clip": (1, "f", 0.0), "projection_clip": (2, "f", 0.0)}
OPTIONS: Final[Mapping[str, _Fields]] = {
    "ADD": _flags("activation"),
    "ARG_MAX": _flags("output_type"),
    "ARG_MIN": _flags("output_type"),
    "AVERAGE_POOL_2D": _POOL,
    "BATCH_MATMUL": _flags("adjoint_left", "adjoint_right"),
    "CALL_ONCE": _wholes("graph"),
    "CAST": _flags("input_type", "output_type"),
    "CONCATENATION": {"axis": (0, "i", 0), "activation": (1, "b", 0)},
    "CONV_2D": {**_WINDOW, "activation": (3, "b", 0), "dilation_columns": (4, "i", 1), "dilation_rows": (5, "i", 1)},
    "CUMSUM": _flags("exclusive", "reverse"),
    "DEPTHWISE_CONV_2D": {
        **_WINDOW,
        "depth_multiplier": (3, "i", 0),
        "activation": (4, "b", 0),
        "dilation_columns": (5, "i", 1),
        "dilation_rows": (6, "i", 1),
    },
    "DEPTH_TO_SPACE": _wholes("block"),
    "DIV": _flags("activation"),
    "FULLY_CONNECTED": {"activation": (0, "b", 0), "keep_dimensions": (2, "b", 0)},
    "GATHER": _wholes("axis", "batch_dimensions"),
    "GELU": _flags("approximate"),
    "IF": _wholes("then_graph", "else_graph"),
    "L2_NORMALIZATION": _flags("activation"),
    "L2_POOL_2D": _POOL,
    "LEAKY_RELU": {"alpha": (0, "f", 0.0)},
    "LSTM": {**_RECURRENT, "kernel_type": (3, "b", 0)},
    "MAX_POOL_2D": _POOL,
    "MEAN": _flags("keep_dimensions"),
    "MIRROR_PAD": _flags("mode"),
    "MUL": _flags("activation"),
    "ONE_HOT": _wholes("axis"),
    "PACK": _wholes("count", "axis"),
    "REDUCE_ALL": _flags("keep_dimensions"),
    "REDUCE_ANY": _flags("keep_dimensions"),
    "REDUCE_MAX": _flags("keep_dimensions"),
    "REDUCE_MIN": _flags("keep_dimensions"),
    "REDUCE_PROD": _flags("keep_dimensions"),
    "RESHAPE": {"new_shape": (0, "[i", ())},
    "RESIZE_BILINEAR": {"align_corners": (2, "b", 0), "half_pixel_centers": (3, "b", 0)},
    "RESIZE_NEAREST_NEIGHBOR": _flags("align_corners", "half_pixel_centers"),
    "REVERSE_SEQUENCE": _wholes("sequence_axis", "batch_axis"),
    "SHAPE": _flags("output_type"),
    "SOFTMAX": {"beta": (0, "f", 0.0)},
    "SPACE_TO_DEPTH": _wholes("block"),
    "SPLIT": _wholes("count"),
    "SPLIT_V": _wholes("count"),
    "SQUEEZE": {"axes": (0, "[i", ())},
    "STRIDED_SLICE": _wholes("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"),
    "SUB": _flags("activation"),
    "SUM": _flags("keep_dimensions"),
    "SVDF": {"rank": (0, "i", 0), "activation": (1, "b", 0)},
    "TRANSPOSE_CONV": {**_WINDOW, "activation": (3, "b", 0)},
    "UNIDIRECTIONAL_SEQUENCE_LSTM": {**_RECURRENT, "time_major": (3, "b", 0)},
    "UNPACK": _wholes("count", "axis"),
    "VAR_HANDLE": {"container": (0, "s", ""), "shared_name": (1, "s", "")},
    "WHILE": _wholes("condition_graph", "body_graph"),
}
"""Fields of an operator's options: position in the schema, `struct` code (`s` a string, `[i` a list of int32), default."""
