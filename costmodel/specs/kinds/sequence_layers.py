"""Layers that gather whole axes, multiply two activations, look up rows, or keep something from one step to the next."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from costmodel.specs.base import Extent
from costmodel.specs.kinds.layer_fields import DataType, LayerBase
from costmodel.specs.kinds.moving_layers import AxisNumber


class ReduceFunction(StrEnum):
    """What becomes of the elements along an axis."""

    MEAN = "mean"
    SUM = "sum"
    PROD = "prod"
    SUM_OF_SQUARES = "sum_of_squares"
    MAX = "max"
    MIN = "min"
    ANY = "any"
    ALL = "all"
    ARG_MAX = "arg_max"
    """Where the largest is."""
    ARG_MIN = "arg_min"


class Reduce(LayerBase):
    """One element for all along some axes: mean, sum, largest, where the largest is, ..."""

    kind: Literal["reduce"] = "reduce"
    function: ReduceFunction
    """Which."""
    axes: tuple[AxisNumber, ...]
    """Axes that become 1, or disappear."""
    keep: bool = False
    """Whether they stay as 1."""

    structure: ClassVar[frozenset[str]] = frozenset({"function", "axes", "keep"})


class Einsum(LayerBase):
    """Sums of products of two tensors, named by their axes: a matrix product of two activations is `mk,kn->mn`."""

    kind: Literal["einsum"] = "einsum"
    equation: Annotated[str, Field(pattern=r"^[a-z]{1,8},[a-z]{1,8}->[a-z]{1,8}$")]
    """A letter an axis; letters that the output lacks are summed over."""

    structure: ClassVar[frozenset[str]] = frozenset({"equation"})


class Embedding(LayerBase):
    """Rows of a table, one for each number it reads."""

    kind: Literal["embedding"] = "embedding"
    rows: Extent
    """Rows of the table."""
    features: Extent
    """Columns of the table, which become the channels."""
    weight_type: DataType | None = None
    """Element type of the table; left out, the network's weight type."""


class Recurrent(LayerBase):
    """What the recurrent layers share: they read features x steps x 1; the state they keep may be tensors they read besides."""

    units: Extent
    """Features of the output, and of the state."""
    bias: bool = True
    """Whether the gates have biases."""
    sequence: bool = True
    """Whether every step is an output, or the last alone."""
    weight_type: DataType | None = None
    """Element type of its weights; left out, the network's weight type."""


class Lstm(Recurrent):
    """Long short-term memory: four gates a step over input and state."""

    kind: Literal["lstm"] = "lstm"


class Gru(Recurrent):
    """Gated recurrent unit: three gates a step over input and state."""

    kind: Literal["gru"] = "gru"
    reset_after: bool = False
    """Whether the reset gate comes after the product with the state, which then has biases of its own."""

    structure: ClassVar[frozenset[str]] = frozenset({"reset_after"})


class StepFunction(StrEnum):
    """What becomes of a step's sum."""

    TANH = "tanh"
    RELU = "relu"


class Rnn(Recurrent):
    """Recurrent unit without gates: one sum a step over input and state, and a function of it."""

    kind: Literal["rnn"] = "rnn"
    function: StepFunction = StepFunction.TANH
    """What becomes of the sum."""

    structure: ClassVar[frozenset[str]] = frozenset({"function"})


class Svdf(LayerBase):
    """A linear layer whose filters remember their last results and weigh them in time (singular value decomposition filter)."""

    kind: Literal["svdf"] = "svdf"
    units: Extent
    """Outputs."""
    rank: Extent = 1
    """Filters that are added up for one output."""
    memory: Extent
    """Results a filter remembers."""
    bias: bool = True
    """Whether each output has a bias."""
    weight_type: DataType | None = None
    """Element type of its weights; left out, the network's weight type."""


class ExtraInput(LayerBase):
    """A further input of the network, beside `input`; it reads nothing."""

    kind: Literal["extra_input"] = "extra_input"
    shape: tuple[Extent, ...] = Field(min_length=1)
    """Channels first."""


class KeptState(LayerBase):
    """What the network keeps from one run to the next: memory for good; it reads nothing."""

    kind: Literal["kept_state"] = "kept_state"
    shape: tuple[Extent, ...] = Field(min_length=1)
    """Channels first."""


class StoredTensor(LayerBase):
    """Numbers of the network written out as a tensor, for what reads them as it reads what is computed; it reads nothing."""

    kind: Literal["stored_tensor"] = "stored_tensor"
    shape: tuple[Extent, ...] = Field(min_length=1)
    """Channels first."""
    weight_type: DataType | None = None
    """Element type that the numbers are stored in; left out, the network's weight type."""


class Assign(LayerBase):
    """The first input written into the second, a `kept_state`; it makes no tensor of its own."""

    kind: Literal["assign"] = "assign"
