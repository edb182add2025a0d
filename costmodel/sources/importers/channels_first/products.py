"""Lowerings of linear layers, products of two activations, and recurrent layers."""

from __future__ import annotations

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
        _matrices(draft, operator)
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


def sums_of_products(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower an equation of two tensors, as it stands: `bhqd,bhkd->bhqk`."""
    terms, arrow, result = operator.text("equation", "").replace(" ", "").partition("->")
    if not arrow:
        # What is left is every letter that stands once, in order.
        arrow, result = "->", "".join(sorted(letter for letter in terms if terms.count(letter) == 1 and letter != ","))
    spelt = terms.split(",")
    letters = (terms + result).replace(",", "")
    plain = arrow and letters.isascii() and letters.isalpha() and letters.islower()
    if len(spelt) != 2 or len(operator.inputs) != 2 or not plain or any(len(set(each)) != len(each) for each in (*spelt, result)):
        raise draft.refused(operator, f"{operator.text('equation', '')!r} is not supported; two tensors with named axes are, each once")
    shapes = [draft.tensor(operator, at).shape for at in range(2)]
    if any(len(shape) != len(each) for shape, each in zip(shapes, spelt, strict=True)) or not set(result) <= set(terms):
        raise draft.refused(
            operator, f"{operator.text('equation', '')!r} does not name the axes of {list(shapes[0])} and {list(shapes[1])}"
        )
    _equation(draft, operator, spelt[0], spelt[1], result)


def _matrices(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Append products of matrices: axes of both from the back are rows, columns and what is summed over, those before are the batch."""
    a, b, made = draft.tensor(operator, 0), draft.tensor(operator, 1), draft.output(operator)
    rank = len(made.shape)
    if min(len(a.shape), len(b.shape)) < 2 or rank < 2:
        raise draft.refused(operator, f"of {list(a.shape)} and {list(b.shape)} it is not supported; of matrices it is")
    letters = string.ascii_lowercase
    batch = letters[: rank - 2]
    first = batch[rank - len(a.shape) :] + "yx"
    second = batch[rank - len(b.shape) :] + "xz"
    _equation(draft, operator, first, second, f"{batch}yz")


def _equation(draft: LayerDraft, operator: ImportedOperator, first: str, second: str, result: str) -> None:
    """Append sums of products of two tensors whose axes, and those of what they make, are letters."""
    a, b, made = draft.tensor(operator, 0), draft.tensor(operator, 1), draft.output(operator)
    extents: dict[str, int] = {}
    for tensor, spelt in ((a, first), (b, second)):
        for letter, extent in zip(spelt, tensor.shape, strict=True):
            extents[letter] = max(extent, extents.get(letter, 1))
    used = set(first + second + result)
    spare = iter([letter for letter in string.ascii_lowercase if letter not in used])
    terms, layers, spares = [], [], []
    for at, tensor, spelt in ((0, a, first), (1, b, second)):
        if any(extent == 1 and extents[letter] != 1 for letter, extent in zip(spelt, tensor.shape, strict=True)):
            raise draft.refused(operator, f"of {list(a.shape)} and {list(b.shape)}, with a repeated axis, it is not supported")
        laid = draft.source(operator, at)
        term = ""
        for axis in laid.axes:
            if axis == PADDING:
                term += next(spare)
                spares.append(term[-1])
            else:
                term += spelt[axis]
        terms.append(term)
        layers.append(laid.layer)
    # Letters of an axis of 1 that only one of them has do not reach the result; the last axis comes first, as features do.
    rank = len(made.shape)
    wanted = [axis for axis in (rank - 1, *range(rank - 1)) if result[axis] in terms[0] + terms[1]] if rank else []
    axes = [axis for axis in wanted if made.shape[axis] != 1] or wanted[:1]
    letters = "".join(result[axis] for axis in axes)
    spares += [letter for letter in dict.fromkeys(terms[0] + terms[1]) if extents.get(letter) == 1 and letter not in letters]
    while len(letters) in (0, 2) and spares:
        letters += spares.pop(0)
        axes.append(PADDING)
    if not letters:
        raise draft.refused(operator, f"of {list(a.shape)} and {list(b.shape)} it is not supported")
    name = draft.append(operator, "einsum", layers, operator.outputs[0], equation=f"{terms[0]},{terms[1]}->{letters}")
    draft.laid[operator.outputs[0]] = draft.with_columns(operator, operator.outputs[0], name, axes)


def recurrent(kind: str, order: Sequence[int], usual: Sequence[tuple[str, ...]]) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of an LSTM, GRU or RNN over a whole sequence, in one direction or both.

    Parameters
    ----------
    kind : str
        Kind of layer.
    order : sequence of int
        For each gate of the layer, which of ONNX's it is: an LSTM has input, output, forget, cell there, and input, forget, cell, output
        here.
    usual : sequence of tuple of str
        Functions that the layer computes, for one direction.
    """
    gates = len(order)

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
        functions = _functions(operator)
        if functions and functions not in [each * directions for each in usual]:
            raise draft.refused(
                operator, f"its functions are {', '.join(functions)}; {' or '.join(map(' and '.join, usual))} are supported"
            )
        if operator.options.get("clip") or operator.whole("input_forget"):
            raise draft.refused(operator, "with clipped sums, or input and forget gates in one, it is not supported")
        if directions != 1:
            _both_ways(draft, operator, kind, order, steps_axis)
            return
        backward = operator.text("direction", "forward") == "reverse"
        laid = draft.as_laid(operator, 0, padded((2, steps_axis)))
        layer = _turned(draft, operator, laid.layer, source.shape, steps_axis) if backward else laid.layer
        layer = _one_way(draft, operator, kind, order, layer, 0)
        if backward:
            layer = _turned(draft, operator, layer, (*source.shape[:2], units), steps_axis)
        _hand_on(draft, operator, layer, steps_axis, units, (0 if backward else -1,))

    return lower


def _functions(operator: ImportedOperator) -> tuple[str, ...]:
    found = operator.options.get("activations", ())
    return tuple(str(each).lower() for each in found) if isinstance(found, tuple) else ()


def _one_way(draft: LayerDraft, operator: ImportedOperator, kind: str, order: Sequence[int], layer: str, direction: int) -> str:
    weights, states = draft.tensor(operator, 1), draft.tensor(operator, 2)
    units = states.shape[2]
    has = len(operator.inputs) > 3 and operator.inputs[3] >= 0
    bias = draft.tensor(operator, 3) if has else None
    fields: dict[str, Any] = {"units": units, "bias": has, "sequence": True, "weight_type": weights.element}
    known, gates = LAYERS[kind].model_fields, len(order)
    resets_after = "reset_after" in known and bool(operator.whole("linear_before_reset"))
    if "reset_after" in known:
        fields["reset_after"] = resets_after
    if "function" in known:
        fields["function"] = (_functions(operator) or ("tanh",))[0]
    name = draft.append(operator, kind, [layer], operator.outputs[0], **fields)

    def ordered(real: Real) -> Real:
        return np.concatenate([np.split(real, gates, axis=0)[gate] for gate in order], axis=0)

    def biases() -> Real:
        return np.zeros((2, gates * units)) if bias is None else real_of(bias)[direction].reshape(2, gates * units)

    def weight() -> Real:
        parts = [ordered(real_of(weights)[direction]), ordered(real_of(states)[direction])]
        if resets_after and has:
            # What the reset gate weighs has biases of its own, which lie beside its weights.
            parts.append(ordered(biases()[1])[:, None])
        return np.concatenate(parts, axis=1)

    def added() -> Real:
        return ordered(biases()[0] if resets_after else biases().sum(axis=0))

    draft.parameters[name] = LazyParameters(weight, added if has else None)
    return name


def _both_ways(draft: LayerDraft, operator: ImportedOperator, kind: str, order: Sequence[int], steps_axis: int) -> None:
    source, units = draft.tensor(operator, 0), draft.tensor(operator, 2).shape[2]
    laid = draft.as_laid(operator, 0, padded((2, steps_axis)))
    forward = _one_way(draft, operator, kind, order, laid.layer, 0)
    backward = _one_way(draft, operator, kind, order, _turned(draft, operator, laid.layer, source.shape, steps_axis), 1)
    backward = _turned(draft, operator, backward, (*source.shape[:2], units), steps_axis)
    joined = draft.append(operator, "concat", [forward, backward], operator.outputs[0], stem="both_ways", axis=0)
    _hand_on(draft, operator, joined, steps_axis, units, (-1, 0))


def _turned(draft: LayerDraft, operator: ImportedOperator, layer: str, shape: Sequence[int], steps_axis: int) -> str:
    """Return the same sequence backwards."""
    extents = [shape[2], shape[steps_axis], 1]
    return draft.append(operator, "rearrange", [layer], operator.outputs[0], stem="backwards", function="reverse", shape=extents, axes=[1])


def _hand_on(draft: LayerDraft, operator: ImportedOperator, every: str, steps_axis: int, units: int, lasts: Sequence[int]) -> None:
    """Lay out what a recurrent operator makes: every step's state, and the last of each direction, which is a part of it."""
    made = draft.output(operator)
    # Y is steps x directions x batch x features (directions behind the batch where the batch comes first): features, then steps.
    steps = 1 if steps_axis else 0
    directions = 2 if steps_axis else 1
    last = operator.outputs[1] if len(operator.outputs) > 1 else -1
    readers = {place for other in draft.graph.operators for place in other.inputs} | set(draft.graph.outputs)
    if operator.outputs[0] in readers or last not in readers or len(lasts) == 1:
        layer, axes = every, (3, steps, PADDING)
        if len(lasts) > 1:
            # Both directions lie one after the other among the features.
            axes = (directions, 3, steps)
            shape = [len(lasts), units, made.shape[steps]]
            layer = draft.append(operator, "reshape", [every], operator.outputs[0], stem="reshape", shape=shape)
        draft.laid[operator.outputs[0]] = Laid(layer, axes)
    if last >= 0 and last in readers:
        cuts = []
        for at, step in enumerate(lasts):
            starts = [at * units, step % made.shape[steps], 0]
            cuts.append(draft.append(operator, "slice", [every], last, stem="last_state", starts=starts, sizes=[units, 1, 1]))
        if len(lasts) == 1:
            draft.laid[last] = Laid(cuts[0], (2, PADDING, PADDING))
        else:
            both = draft.append(operator, "concat", cuts, last, stem="last_states", axis=0)
            shape = [len(lasts), units, 1]
            both = draft.append(operator, "reshape", [both], last, stem="reshape", shape=shape)
            draft.laid[last] = Laid(both, (directions - 1, 2, PADDING))
    for cell in operator.outputs[2:3]:
        if cell in readers:
            raise draft.refused(operator, "its last cell state is read, which is not supported; its outputs are")
