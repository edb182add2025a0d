"""Lowerings of linear layers, products of two activations, and recurrent layers."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from costmodel.sources.importers.channels_first.layer_draft import LayerDraft, LazyParameters, Real, real_of
from costmodel.sources.importers.channels_first.layouts import PADDING, Laid, features_first, padded
from costmodel.sources.importers.channels_first.windows import has_bias
from costmodel.specs.imported_graph import ImportedOperator
from costmodel.specs.layers import LAYERS


def gemm(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower alpha A B + beta C with B and C constant."""
    weights = draft.tensor(operator, 1)
    if operator.whole("transA") or weights.constant is None:
        raise draft.refused(operator, "its first matrix is transposed or its second computed; neither is supported")
    alpha, beta = operator.real("alpha", 1.0), operator.real("beta", 1.0)
    turned = bool(operator.whole("transB"))
    _linear(draft, operator, lambda real: alpha * (real if turned else real.T), beta, weights.shape if turned else weights.shape[::-1])


def product(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a matrix product: a linear layer where the second matrix is constant, sums of products where it is computed."""
    weights = draft.tensor(operator, 1)
    if weights.constant is None:
        _einsum(draft, operator)
    elif len(weights.shape) != 2:
        raise draft.refused(operator, f"a constant of shape {list(weights.shape)} is not supported; a matrix is")
    else:
        _linear(draft, operator, lambda real: real.T, 1.0, weights.shape[::-1])


def _linear(draft: LayerDraft, operator: ImportedOperator, form: Callable[[Real], Real], beta: float, shape: Sequence[int]) -> None:
    """Append a linear layer with weights of (out, in): over features, or the same at each place, which is a convolution of 1x1."""
    source, made, weights = draft.tensor(operator, 0), draft.output(operator), draft.tensor(operator, 1)
    outputs, inputs = shape
    if not source.shape or source.shape[-1] != inputs:
        raise draft.refused(operator, f"weights of {outputs} x {inputs} do not fit an input of shape {list(source.shape)}")
    bias = draft.tensor(operator, 2) if has_bias(operator) else None
    if bias is not None and bias.element_count not in (1, outputs):
        raise draft.refused(operator, f"a bias of shape {list(bias.shape)} is not supported; one number an output is")
    flat = draft.flat.get(operator.inputs[0])

    def real() -> Real:
        found = form(real_of(weights))
        if flat is not None:
            extents, order = flat
            # A flatten kept the order in which elements lie: the columns of the weights follow it.
            places = np.arange(inputs).reshape(extents).transpose(order).reshape(-1)
            found = found[:, places]
        return found

    def biases() -> Real:
        return beta * np.broadcast_to(real_of(bias).reshape(-1), outputs) if bias is not None else np.zeros(outputs)

    shared = {"bias": bias is not None, "weight_type": weights.element}
    if source.element_count == inputs:
        axes: tuple[int, ...] = (len(source.shape) - 1,)
        laid = draft.as_laid(operator, 0, axes)
        parameters = LazyParameters(real, biases if bias is not None else None, weights)
        draft.add(operator, "linear", [laid.layer], (len(made.shape) - 1,), parameters, out_features=outputs, **shared)
        return
    axes = features_first(source.shape)
    laid = draft.as_laid(operator, 0, axes)
    if len(axes) != 3:
        raise draft.refused(operator, f"an input of shape {list(source.shape)} is not supported; features and at most two more axes are")
    parameters = LazyParameters(lambda: real().reshape(outputs, inputs, 1, 1), biases if bias is not None else None, weights)
    draft.add(operator, "conv2d", [laid.layer], axes, parameters, out_channels=outputs, kernel=[1, 1], **shared)


def _einsum(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Append sums of products: axes of both from the back are rows, columns and what is summed over, those before are the batch."""
    a, b, made = draft.tensor(operator, 0), draft.tensor(operator, 1), draft.output(operator)
    rank = len(made.shape)
    if min(len(a.shape), len(b.shape)) < 2 or rank < 2:
        raise draft.refused(operator, f"of {list(a.shape)} and {list(b.shape)} it is not supported; of matrices it is")
    letters = string.ascii_lowercase
    batch = [letters[at] for at in range(rank - 2)]
    first = [*batch[rank - len(a.shape) :], "y", "x"] if len(a.shape) <= rank else []
    second = [*batch[rank - len(b.shape) :], "x", "z"]
    names = [*batch, "y", "z"]
    terms, layers = [], []
    for at, tensor, spelt in ((0, a, first), (1, b, second)):
        laid = draft.source(operator, at)
        for axis, letter in enumerate(spelt):
            if tensor.shape[axis] == 1 and letter not in ("x",) and made.shape[names.index(letter)] != 1:
                raise draft.refused(operator, f"of {list(a.shape)} and {list(b.shape)}, with a repeated axis, it is not supported")
        spare = iter("uvwst" if at == 0 else "mnopq")
        terms.append("".join(spelt[axis] if axis != PADDING else next(spare) for axis in laid.axes))
        layers.append(laid.layer)
    # Letters of an axis of 1 that only one of them has do not reach the result; the last axis comes first, as features do.
    wanted = [axis for axis in (rank - 1, *range(rank - 1)) if names[axis] in terms[0] + terms[1]]
    axes = [axis for axis in wanted if made.shape[axis] != 1] or wanted[:1]
    result = "".join(names[axis] for axis in axes)
    spares = [letter for letter in terms[0] if letter in "uvwst"]
    while len(result) == 2 and spares:
        result += spares.pop()
        axes.append(PADDING)
    if len(result) in (0, 2):
        raise draft.refused(operator, f"of {list(a.shape)} and {list(b.shape)} it is not supported")
    draft.add(operator, "einsum", layers, axes, equation=f"{terms[0]},{terms[1]}->{result}")


def recurrent(kind: str, gates: int) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of an LSTM or GRU over a whole sequence, in one direction or both.

    Parameters
    ----------
    kind : str
        Kind of layer.
    gates : int
        Gates of a step.
    """

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        source, weights, states = (draft.tensor(operator, at) for at in range(3))
        if (
            len(source.shape) != 3
            or len(weights.shape) != 3
            or len(states.shape) != 3
            or weights.constant is None
            or states.constant is None
        ):
            raise draft.refused(operator, "it needs steps x batch x features, and weights that are constant")
        steps_axis, batch_axis = (1, 0) if operator.whole("layout") else (0, 1)
        if source.shape[batch_axis] != 1:
            raise draft.refused(operator, f"a batch of {source.shape[batch_axis]} is not supported; a batch of one is")
        directions, units = weights.shape[0], states.shape[2]
        if states.shape != (directions, gates * units, units) or weights.shape[1] != gates * units or weights.shape[2] != source.shape[2]:
            raise draft.refused(operator, f"weights of shape {list(weights.shape)} and {list(states.shape)} do not fit its input")
        if len(operator.inputs) > 3 and operator.inputs[3] >= 0:
            bias = draft.tensor(operator, 3)
            if bias.constant is None or bias.shape != (directions, 2 * gates * units):
                raise draft.refused(operator, f"biases of shape {list(bias.shape)} do not fit it, or are computed")
        for at in (4, 5, 6):
            array = draft.constant(operator, at)
            if at < len(operator.inputs) and operator.inputs[at] >= 0 and (array is None or (at > 4 and array.any())):
                raise draft.refused(operator, "a length or first state that is computed is not supported; states of zero are")
        if len(operator.inputs) > 7 and operator.inputs[7] >= 0:
            raise draft.refused(operator, "peepholes are not supported")
        if directions != 1:
            _both_ways(draft, operator, kind, gates, steps_axis)
            return
        backward = operator.text("direction", "forward") == "reverse"
        laid = draft.as_laid(operator, 0, padded((2, steps_axis)))
        layer = _turned(draft, operator, laid.layer, source.shape, steps_axis) if backward else laid.layer
        layer = _one_way(draft, operator, kind, gates, layer, 0)
        if backward:
            layer = _turned(draft, operator, layer, (*source.shape[:2], units), steps_axis)
        _hand_on(draft, operator, layer, steps_axis, units)

    return lower


def _one_way(draft: LayerDraft, operator: ImportedOperator, kind: str, gates: int, layer: str, direction: int) -> str:
    weights, states = draft.tensor(operator, 1), draft.tensor(operator, 2)
    units = states.shape[2]
    has = len(operator.inputs) > 3 and operator.inputs[3] >= 0
    bias = draft.tensor(operator, 3) if has else None
    fields: dict[str, Any] = {"units": units, "bias": has, "sequence": True, "weight_type": weights.element}
    if "reset_after" in LAYERS[kind].model_fields:
        fields["reset_after"] = bool(operator.whole("linear_before_reset"))
    name = draft.append(operator, kind, [layer], operator.outputs[0], **fields)

    def weight() -> Real:
        return np.concatenate([real_of(weights)[direction], real_of(states)[direction]], axis=1)

    def both() -> Real:
        return real_of(bias)[direction].reshape(2, gates * units).sum(axis=0) if bias is not None else np.zeros(gates * units)

    draft.parameters[name] = LazyParameters(weight, both if has else None)
    return name


def _both_ways(draft: LayerDraft, operator: ImportedOperator, kind: str, gates: int, steps_axis: int) -> None:
    source, units = draft.tensor(operator, 0), draft.tensor(operator, 2).shape[2]
    laid = draft.as_laid(operator, 0, padded((2, steps_axis)))
    forward = _one_way(draft, operator, kind, gates, laid.layer, 0)
    backward = _one_way(draft, operator, kind, gates, _turned(draft, operator, laid.layer, source.shape, steps_axis), 1)
    backward = _turned(draft, operator, backward, (*source.shape[:2], units), steps_axis)
    joined = draft.append(operator, "concat", [forward, backward], operator.outputs[0], stem="both_ways", axis=0)
    _hand_on(draft, operator, joined, steps_axis, units)


def _turned(draft: LayerDraft, operator: ImportedOperator, layer: str, shape: Sequence[int], steps_axis: int) -> str:
    """Return the same sequence backwards."""
    extents = [shape[2], shape[steps_axis], 1]
    return draft.append(operator, "rearrange", [layer], operator.outputs[0], stem="backwards", function="reverse", shape=extents, axes=[1])


def _hand_on(draft: LayerDraft, operator: ImportedOperator, layer: str, steps_axis: int, units: int) -> None:
    """Lay out what a recurrent operator makes: every step's state, and the last one's, which is a part of it."""
    made = draft.output(operator)
    # Y is steps x directions x batch x features (directions behind the batch where the batch comes first): features, then steps.
    steps = 1 if steps_axis else 0
    directions = 2 if steps_axis else 1
    axes = (3, steps, PADDING) if made.shape[directions] == 1 else (directions, 3, steps)
    if made.shape[directions] != 1:
        # Both directions lie one after the other among the features.
        count = made.shape[steps]
        layer = draft.append(
            operator, "reshape", [layer], operator.outputs[0], stem="reshape", shape=[made.shape[directions], units, count]
        )
    draft.laid[operator.outputs[0]] = Laid(layer, axes)
    last = operator.outputs[1] if len(operator.outputs) > 1 else -1
    readers = {place for other in draft.graph.operators for place in other.inputs} | set(draft.graph.outputs)
    if last >= 0 and last in readers:
        if made.shape[directions] != 1:
            raise draft.refused(operator, "the last states of both directions are not supported; every step's are")
        count = math.prod(made.shape) // units
        cut = draft.append(operator, "slice", [layer], last, stem="last_state", starts=[0, count - 1, 0], sizes=[units, 1, 1])
        draft.laid[last] = Laid(cut, (2, PADDING, PADDING))
    for cell in operator.outputs[2:3]:
        if cell in readers:
            raise draft.refused(operator, "its last cell state is read, which is not supported; its outputs are")
