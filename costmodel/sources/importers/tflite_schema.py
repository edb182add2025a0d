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
"""Name under which an operator of its author's own keeps its options: bytes that only it can read."""
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
_WINDOW: Final[Mapping[str, _Field]] = {
    "padding": (0, "b", 0),
    "stride_columns": (1, "i", 0),
    "stride_rows": (2, "i", 0),
}
OPTIONS: Final[Mapping[str, Mapping[str, _Field]]] = {
    "CONV_2D": {**_WINDOW, "activation": (3, "b", 0), "dilation_columns": (4, "i", 1), "dilation_rows": (5, "i", 1)},
    "DEPTHWISE_CONV_2D": {
        **_WINDOW,
        "depth_multiplier": (3, "i", 0),
        "activation": (4, "b", 0),
        "dilation_columns": (5, "i", 1),
        "dilation_rows": (6, "i", 1),
    },
    "AVERAGE_POOL_2D": {**_WINDOW, "kernel_columns": (3, "i", 0), "kernel_rows": (4, "i", 0), "activation": (5, "b", 0)},
    "MAX_POOL_2D": {**_WINDOW, "kernel_columns": (3, "i", 0), "kernel_rows": (4, "i", 0), "activation": (5, "b", 0)},
    "FULLY_CONNECTED": {"activation": (0, "b", 0), "keep_dimensions": (2, "b", 0)},
    "ADD": {"activation": (0, "b", 0)},
    "MEAN": {"keep_dimensions": (0, "b", 0)},
    "SVDF": {"rank": (0, "i", 0), "activation": (1, "b", 0)},
    "CALL_ONCE": {"graph": (0, "i", 0)},
    "IF": {"then_graph": (0, "i", 0), "else_graph": (1, "i", 0)},
    "WHILE": {"condition_graph": (0, "i", 0), "body_graph": (1, "i", 0)},
    "VAR_HANDLE": {"container": (0, "s", ""), "shared_name": (1, "s", "")},
}
"""Fields of an operator's options: position in the schema, `struct` code (`s` a string, `[i` a list of int32), default."""
