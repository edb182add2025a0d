"""Lowerings of what stands before and behind networks: operators of sound front ends, running sums, the choice among detected boxes.

Source: the kernels of https://github.com/tensorflow/tflite-micro, `signal/micro/kernels` and `tensorflow/lite/micro/kernels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.sources.importers.channels_last.arrangement import Arrangement, every_axis, usual_axes
from costmodel.sources.importers.channels_last.draft import Draft, Weights
from costmodel.sources.importers.tflite_schema import CUSTOM_OPTIONS
from costmodel.specs.imported_graph import ELEMENT_BITS, ImportedOperator
from costmodel.specs.kinds.elementwise_layers import BinaryFunction, UnaryFunction
from costmodel.specs.kinds.sequence_layers import ReduceFunction

_COORDINATES: Final = 4


def _option(draft: Draft, operator: ImportedOperator, name: str) -> int:
    """Return a whole number above 0 among the options of an operator of its author's own."""
    options = operator.options.get(CUSTOM_OPTIONS)
    found = options.get(name) if isinstance(options, Mapping) else None
    if not isinstance(found, int) or found < 1:
        raise draft.refused(operator, f"its option {name!r} is {found!r}, a whole number above 0 was expected")
    return found


def _row(draft: Draft, operator: ImportedOperator, at: int = 0) -> Arrangement:
    """Return an input as one row."""
    return draft.arranged(operator, at, (draft.tensor(operator, at).element_count,), (0,))


def _two_outputs(draft: Draft, operator: ImportedOperator) -> None:
    if len(operator.outputs) != 2:
        raise draft.refused(operator, f"it makes {len(operator.outputs)} tensors, two were expected")


def auto_scale(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a scale to full range: the largest sample, then a shift of each by what it leaves."""
    _two_outputs(draft, operator)
    found, scale = _row(draft, operator), operator.outputs[1]
    if draft.graph.tensors[scale].element_count != 1:
        raise draft.refused(operator, "it scales more than one row of samples")
    most = draft.append("max", "reduce", [found.layer], scale, function=ReduceFunction.MAX.value, axes=[0])
    draft.made(operator, most, (1,), (0,), 1)
    layer = draft.append("shift", "binary", [found.layer, most], operator.outputs[0], function=BinaryFunction.MUL.value)
    draft.made(operator, layer, found.extents, found.axes)


def transform(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a transform of samples to frequencies (fast Fourier transform)."""
    found, points = _row(draft, operator), _option(draft, operator, "fft_length")
    if draft.output(operator).element_count != points + 2:
        raise draft.refused(operator, f"it makes {list(draft.output(operator).shape)} of {points} points, one row of samples at a time")
    layer = draft.append("fft", "real_fft", [found.layer], operator.outputs[0], points=points)
    draft.made(operator, layer, (points + 2,), (0,))


def energy(draft: Draft, operator: ImportedOperator) -> None:
    """Lower the energy of frequencies: the squares of real and imaginary part, of all of them."""
    count = draft.output(operator).element_count
    found = draft.arranged(operator, 0, (count, 2), (0, 1))
    layer = draft.append("energy", "reduce", [found.layer], operator.outputs[0], function=ReduceFunction.SUM_OF_SQUARES.value, axes=[1])
    draft.made(operator, layer, (count,), (0,))


def filter_bank(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a bank of filters over frequencies, each a rising and a falling slope."""
    starts, places, widths = (draft.integers(operator, at) for at in (3, 4, 5))
    if starts is None or places is None or widths is None or not len(starts) == len(places) == len(widths) > 1:
        raise draft.refused(operator, "where its filters begin and how wide they are is not constant")
    if min(*starts, *places, *widths) < 0:
        raise draft.refused(operator, "a filter begins before the first element")
    rising, falling = (operator.inputs[at] if draft.is_constant(operator.inputs[at]) else -1 for at in (1, 2))
    if min(rising, falling) < 0:
        raise draft.refused(operator, "its weights are computed; constant ones are supported")
    found = _row(draft, operator)
    fields = {"starts": list(starts), "widths": list(widths), "weight_type": draft.stored_type(rising)}
    layer = draft.append("filters", "filter_bank", [found.layer], operator.outputs[0], **fields)
    taken = np.concatenate([np.arange(place, place + width) for place, width in zip(places, widths, strict=True)])

    def slopes(weights: NDArray[Any]) -> NDArray[Any]:
        other = draft.array(falling)
        return np.stack([weights.reshape(-1)[taken], (weights if other is None else other).reshape(-1)[taken]])

    draft.weights[layer] = Weights(rising, slopes)
    draft.made(operator, layer, (len(widths) - 1,), (0,))


def square_root(draft: Draft, operator: ImportedOperator) -> None:
    """Lower square roots, shifted by what the samples were scaled by."""
    found, scale = _row(draft, operator), _row(draft, operator, 1)
    root = draft.append("sqrt", "unary", [found.layer], operator.outputs[0], function=UnaryFunction.SQRT.value)
    fields = {"function": BinaryFunction.FLOOR_DIV.value}
    draft.made(operator, draft.append("shift", "binary", [root, scale.layer], operator.outputs[0], **fields), found.extents, found.axes)


def subtraction(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a subtraction of noise: its estimate is a mean that moves on with each run, and is kept."""
    _two_outputs(draft, operator)
    found, (signal, noise) = _row(draft, operator), operator.outputs
    held = draft.state(f"noise of operator {draft.at}", noise)
    mean = draft.append("noise", "binary", [found.layer, held], noise, function=BinaryFunction.ADD.value)
    draft.append("assign", "assign", [mean, held], noise)
    draft.made(operator, mean, found.extents, found.axes, 1)
    layer = draft.append("denoised", "binary", [found.layer, mean], signal, function=BinaryFunction.SUB.value)
    draft.made(operator, layer, found.extents, found.axes)


def gain_control(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a gain a channel, looked up by the noise in it, and its product with the signal."""
    signal, noise, table = _row(draft, operator), _row(draft, operator, 1), draft.tensor(operator, 2)
    if not draft.is_constant(operator.inputs[2]):
        raise draft.refused(operator, "its table is computed; a constant one is supported")
    place, made = operator.inputs[2], operator.outputs[0]
    fields = {"rows": table.element_count, "features": 1, "weight_type": draft.stored_type(place)}
    gains = draft.append("gain", "embedding", [noise.layer], made, **fields)
    draft.weights[gains] = Weights(place, lambda rows: rows.reshape(-1, 1))
    count = noise.shape[0]
    flat = draft.relaid(operator, Arrangement(gains, (count, 1), (1, 0), (1, count)), made, (count,), (0,))
    layer = draft.append("controlled", "binary", [signal.layer, flat.layer], made, function=BinaryFunction.MUL.value)
    draft.made(operator, layer, signal.extents, signal.axes)


def running_sum(draft: Draft, operator: ImportedOperator) -> None:
    """Lower sums of each element and all before it along an axis."""
    shape, axis = draft.tensor(operator, 0).shape, draft.integers(operator, 1)
    if axis is None or len(axis) != 1 or not shape or not -len(shape) <= axis[0] < len(shape):
        raise draft.refused(operator, "the axis it goes along is not constant")
    along = axis[0] % len(shape)
    axes = usual_axes(shape) if along in usual_axes(shape) else every_axis(shape)
    found = draft.arranged(operator, 0, shape, axes)
    fields = {name: bool(operator.whole(name)) for name in ("exclusive", "reverse")}
    layer = draft.append("sums", "cumulative_sum", [found.layer], operator.outputs[0], axis=axes.index(along), **fields)
    draft.made(operator, layer, shape, axes)


def unit_length(draft: Draft, operator: ImportedOperator) -> None:
    """Lower vectors along the last axis, made one long: their squares added up, the root's reciprocal, a product."""
    found, shape, made = draft.usual(operator), draft.tensor(operator, 0).shape, operator.outputs[0]
    if not shape or len(shape) - 1 not in found.axes:
        raise draft.refused(operator, f"it reads a tensor of shape {list(shape)}")
    along = [found.axes.index(len(shape) - 1)]
    function = {"function": ReduceFunction.SUM_OF_SQUARES.value}
    squares = draft.append("squares", "reduce", [found.layer], made, axes=along, keep=True, **function)
    table = ELEMENT_BITS.get(draft.output(operator).element) == 8
    root = draft.append("rsqrt", "unary", [squares], made, function=UnaryFunction.RSQRT.value, table=table)
    layer = draft.append("normalised", "binary", [found.layer, root], made, function=BinaryFunction.MUL.value)
    draft.made_alike(operator, draft.activated(operator, layer), found)


def detections(draft: Draft, operator: ImportedOperator) -> None:
    """Lower the choice of the best boxes that do not cover one another, as if each round found one."""
    picks, anchors = _option(draft, operator, "max_detections"), draft.tensor(operator, 2)
    if not draft.is_constant(operator.inputs[2]):
        raise draft.refused(operator, "its anchors are computed; constant ones are supported")
    if anchors.element_count != draft.tensor(operator, 0).element_count or anchors.element_count % _COORDINATES:
        raise draft.refused(operator, f"anchors of shape {list(anchors.shape)} do not go with its boxes")
    if any(set(operator.outputs).intersection(reader.inputs) for reader in draft.graph.operators):
        raise draft.refused(operator, "what it picks is read by another operator, which is not supported")
    boxes, scores = draft.usual(operator), draft.usual(operator, 1)
    fields = {"picks": picks, "weight_type": draft.stored_type(operator.inputs[2])}
    layer = draft.append("detection", "detection", [boxes.layer, scores.layer], operator.outputs[0], **fields)
    draft.weights[layer] = Weights(operator.inputs[2], lambda rows: rows.reshape(-1, _COORDINATES))
