"""Layers that compute each output from the elements in its place: clamps, functions, arithmetic of several tensors, conversions."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from costmodel.specs.base import Extent
from costmodel.specs.kinds.layer_fields import DataType, LayerBase


class UnaryFunction(StrEnum):
    """What a unary layer computes."""

    LEAKY_RELU = "leaky_relu"
    HARD_SWISH = "hard_swish"
    HARD_SIGMOID = "hard_sigmoid"
    LOGISTIC = "logistic"
    TANH = "tanh"
    ELU = "elu"
    CELU = "celu"
    """As `elu`, with the exponent divided by the slope too: without a kink."""
    SELU = "selu"
    """`elu` with the two factors that keep the spread of what goes through many layers."""
    GELU = "gelu"
    GELU_TANH = "gelu_tanh"
    """`gelu` by its formula with a hyperbolic tangent."""
    SILU = "silu"
    SOFTPLUS = "softplus"
    ERF = "erf"
    EXP = "exp"
    LOG = "log"
    SQRT = "sqrt"
    RSQRT = "rsqrt"
    SQUARE = "square"
    RECIPROCAL = "reciprocal"
    ABS = "abs"
    NEG = "neg"
    SIGN = "sign"
    FLOOR = "floor"
    CEIL = "ceil"
    ROUND = "round"
    SIN = "sin"
    COS = "cos"
    ATAN = "atan"
    NOT = "not"


class BinaryFunction(StrEnum):
    """What a layer of several operands computes of the elements in one place; the first operand is on the left."""

    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    SQUARED_DIFFERENCE = "squared_difference"
    POW = "pow"
    FLOOR_DIV = "floor_div"
    FLOOR_MOD = "floor_mod"
    PRELU = "prelu"
    """The first, times the second where the first is below zero."""
    LESS = "less"
    LESS_EQUAL = "less_equal"
    GREATER = "greater"
    GREATER_EQUAL = "greater_equal"
    EQUAL = "equal"
    NOT_EQUAL = "not_equal"
    AND = "and"
    OR = "or"
    XOR = "xor"
    SELECT = "select"
    """Of three operands: the second where the first holds, otherwise the third."""


class Clamp(LayerBase):
    """Each element, kept between bounds (ReLU6 is 0 to 6); fused as a `relu` is."""

    kind: Literal["clamp"] = "clamp"
    low: float | None = None
    """Least value; left out, none."""
    high: float | None = None
    """Largest value; left out, none."""

    structure: ClassVar[frozenset[str]] = frozenset({"low", "high"})


class Unary(LayerBase):
    """A function of each element."""

    kind: Literal["unary"] = "unary"
    function: UnaryFunction
    """Which: `logistic`, `tanh`, `hard_swish`, ..."""
    slope: float | None = None
    """Of `leaky_relu` below zero; of `elu` and `celu`, how far below zero they go, 1 if left out."""
    table: bool = False
    """Whether each element is looked up in a table of 256, as int8 kernels do."""

    structure: ClassVar[frozenset[str]] = frozenset({"function", "slope", "table"})


class Binary(LayerBase):
    """Arithmetic of two or more operands, element by element; extents of 1 are repeated, missing last extents are 1."""

    kind: Literal["binary"] = "binary"
    function: BinaryFunction
    """Which: `add`, `mul`, `maximum`, ..."""
    constant: tuple[Extent, ...] | None = None
    """Shape of a last operand that is part of the network: weights; left out, every operand is a tensor it reads."""
    constant_first: bool = False
    """Whether the constant is the operand on the left."""
    weight_type: DataType | None = None
    """Element type of the constant; left out, the network's weight type."""

    structure: ClassVar[frozenset[str]] = frozenset({"function", "constant", "constant_first"})


class Convert(LayerBase):
    """The same numbers in another element type, scale or zero point: quantise, dequantise, cast."""

    kind: Literal["convert"] = "convert"
