"""Counts of one layer on its own, from its spec."""

from __future__ import annotations

from collections.abc import Mapping as Fields
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from costmodel.dataflows.counting import count_work
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.layers import Layer, LayerBase
from costmodel.specs.lowering import lower
from costmodel.specs.operations import operation_of
from costmodel.specs.running.mapping import Mapping, mapping_of

_LAYER: TypeAdapter[Any] = TypeAdapter(Layer)


def count(
    layer: LayerBase | Fields[str, Any],
    input_shape: Sequence[int],
    dataflow: Mapping | Dataflow | str = Dataflow.OUTPUT_STATIONARY,
    taps: Taps | str = Taps.VALID,
    *,
    bias: bool = True,
) -> AccessCounts:
    """Return the counts of one layer.

    Parameters
    ----------
    layer : Layer or mapping
        A layer spec, or its fields (`{"kind": "conv2d", "name": "conv", "out_channels": 8, "kernel": 3}`).
    input_shape : sequence of int
        (channels, rows, columns) or (features,); what reads several tensors reads several of it.
    dataflow : Mapping, Dataflow or str
        Applies to convolutions; a text has its parameters, if it takes any: `name(parameter=value)`.
    taps : Taps or str
        `valid` or `nominal`.
    bias : bool
        Whether bias reads count.

    Returns
    -------
    AccessCounts
        Every counter, single elements, one byte each.

    Raises
    ------
    ShapeError
        If the layer does not fit its input.
    UnknownNameError
        If there is no such dataflow or parameter of it.
    pydantic.ValidationError
        If the fields do not make a layer.

    Examples
    --------
    >>> from costmodel import Conv2d, count
    >>> count(Conv2d(name="conv2", out_channels=51, kernel=3, padding=1), (25, 16, 16)).mac_count
    2697900
    """
    spec: Any = layer if isinstance(layer, LayerBase) else _LAYER.validate_python(dict(layer))
    shape = tuple(input_shape)
    arity = operation_of(spec.kind).arity
    inputs = (shape,) * (len(spec.inputs) or 1 if arity is None else arity)
    lowered = lower(spec, inputs, None)
    return count_work(lowered.work, mapping_of(dataflow).of(spec.name), taps if isinstance(taps, Taps) else Taps(taps), bias=bias)
