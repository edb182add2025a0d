"""Lowerings of operators with weights over windows: convolutions, poolings, fully connected layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from costmodel.sources.importers.channels_last.arrangement import places_in_file
from costmodel.sources.importers.channels_last.draft import Draft, Weights
from costmodel.sources.importers.tflite_schema import SAME
from costmodel.specs.imported_graph import ImportedOperator


def channels_first(filters: NDArray[Any]) -> NDArray[Any]:
    """Return filters of outputs x rows x columns x inputs as outputs x inputs x rows x columns."""
    return filters.transpose(0, 3, 1, 2)


def depthwise_first(filters: NDArray[Any]) -> NDArray[Any]:
    """Return depthwise filters of 1 x rows x columns x outputs as outputs x 1 x rows x columns."""
    return filters.transpose(3, 0, 1, 2)


def _planes(draft: Draft, operator: ImportedOperator) -> tuple[str, tuple[int, ...]]:
    # A padding that this operator takes in leaves its input as it was.
    found = draft.source(operator) if operator.inputs[0] in draft.padded else draft.usual(operator)
    if len(found.shape) != 3:
        raise draft.refused(operator, f"it reads a tensor of shape {list(found.extents)}, no batch of one, rows, columns and channels")
    return found.layer, found.shape


def _window(draft: Draft, operator: ImportedOperator, kernel: tuple[int, ...], inputs: tuple[int, ...]) -> dict[str, Any]:
    strides = (operator.whole("stride_rows"), operator.whole("stride_columns"))
    dilations = (operator.whole("dilation_rows", 1), operator.whole("dilation_columns", 1))
    if min(*strides, *dilations, *kernel) < 1:
        raise draft.refused(operator, "its strides, dilations and kernel are not all 1 or more")
    outputs = draft.output(operator).shape[-3:-1]
    if len(outputs) != 2:
        raise draft.refused(operator, f"it makes a tensor of shape {list(draft.output(operator).shape)}")
    sides = list(draft.padded.get(operator.inputs[0], (0, 0, 0, 0)))
    if operator.whole("padding") == SAME:
        for axis in range(2):
            reach = dilations[axis] * (kernel[axis] - 1) + 1
            missing = max((outputs[axis] - 1) * strides[axis] + reach - inputs[axis + 1], 0)
            sides[2 * axis : 2 * axis + 2] = [missing // 2, missing - missing // 2]
    return {"kernel": list(kernel), "stride": list(strides), "padding": sides, "dilation": list(dilations)}


def conv2d(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a convolution; fewer input channels in its filters than in its input are groups."""
    filters, (layer, shape) = draft.tensor(operator, 1), _planes(draft, operator)
    if len(filters.shape) != 4 or not filters.shape[3] or shape[0] % filters.shape[3]:
        raise draft.refused(operator, f"filters of shape {list(filters.shape)} do not fit its input")
    fields = _window(draft, operator, filters.shape[1:3], shape)
    groups = shape[0] // filters.shape[3]
    weighted(draft, operator, layer, "conv", "conv2d", channels_first, out_channels=filters.shape[0], groups=groups, **fields)


def depthwise(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a depthwise convolution, its multiplier included."""
    filters, (layer, shape) = draft.tensor(operator, 1), _planes(draft, operator)
    if len(filters.shape) != 4 or not shape[0] or filters.shape[3] % shape[0]:
        raise draft.refused(operator, f"filters of shape {list(filters.shape)} do not fit its input")
    fields = _window(draft, operator, filters.shape[1:3], shape)
    weighted(draft, operator, layer, "depthwise", "conv2d", depthwise_first, out_channels=filters.shape[3], groups=shape[0], **fields)


def weighted(
    draft: Draft,
    operator: ImportedOperator,
    source: str,
    stem: str,
    kind: str,
    arrange: Callable[[NDArray[Any]], NDArray[Any]],
    *,
    bias_at: int = 2,
    weight_at: int = 1,
    source_at: int = 0,
    **fields: Any,
) -> None:
    """Append a layer with weights and what it applies on the way out."""
    weight, bias = operator.inputs[weight_at], operator.inputs[bias_at] if draft.has(operator, bias_at) else None
    if not draft.is_constant(weight):
        raise draft.refused(operator, "its weights are computed; constant ones are supported")
    layer = draft.append(stem, kind, [source], operator.outputs[0], bias=bias is not None, weight_type=draft.stored_type(weight), **fields)
    draft.weights[layer] = Weights(weight, arrange, bias, operator.inputs[source_at])
    draft.made_usual(operator, draft.activated(operator, layer))


def fully_connected(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a fully connected layer: over all of its input, or over every place of a sequence, which is a convolution of 1x1."""
    filters, found = draft.tensor(operator, 1), draft.source(operator)
    if len(filters.shape) != 2 or not all(filters.shape):
        raise draft.refused(operator, f"weights of shape {list(filters.shape)} do not fit it")
    outputs, inputs = filters.shape
    count = draft.tensor(operator, 0).element_count
    if count == inputs:
        layer = found.layer
        if len(found.shape) != 1:
            layer = draft.append("flatten", "flatten", [layer], operator.inputs[0])

        def columns(weights: NDArray[Any]) -> NDArray[Any]:
            return weights[:, places_in_file(found.extents, found.axes)]

        weighted(draft, operator, layer, "fc", "linear", columns, out_features=outputs)
    elif count % inputs == 0:
        rows = draft.arranged(operator, 0, (count // inputs, inputs), (1, 0, None))
        places(draft, operator, rows.layer, count // inputs, outputs, lambda weights: weights[:, :, None, None])
    else:
        raise draft.refused(operator, f"weights of shape {list(filters.shape)} do not fit an input of shape {list(found.extents)}")


def places(
    draft: Draft, operator: ImportedOperator, source: str, count: int, outputs: int, arrange: Callable[[NDArray[Any]], NDArray[Any]]
) -> None:
    """Append the same linear layer at every place of a sequence: a convolution of 1x1."""
    bias = operator.inputs[2] if draft.has(operator, 2) else None
    weight = operator.inputs[1]
    if not draft.is_constant(weight):
        raise draft.refused(operator, "its weights are computed; constant ones are supported")
    fields = {"out_channels": outputs, "kernel": [1, 1], "bias": bias is not None, "weight_type": draft.stored_type(weight)}
    layer = draft.append("fc", "conv2d", [source], operator.outputs[0], **fields)
    draft.weights[layer] = Weights(weight, arrange, bias, operator.inputs[0])
    draft.made(operator, draft.activated(operator, layer), (count, outputs), (1, 0, None))


def pool(kind: str) -> Callable[[Draft, ImportedOperator], None]:
    """Return the lowering of a pooling."""

    def lower(draft: Draft, operator: ImportedOperator) -> None:
        layer, shape = _planes(draft, operator)
        fields = _window(draft, operator, (operator.whole("kernel_rows"), operator.whole("kernel_columns")), shape)
        layer = draft.append("pool", kind, [layer], operator.outputs[0], **fields)
        draft.made_usual(operator, draft.activated(operator, layer))

    return lower


def transposed(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a transposed convolution: where its output is smaller than its kernels reach, the rest is cut off."""
    filters, found = draft.tensor(operator, 1), draft.usual(operator, 2)
    output = draft.output(operator).shape
    if len(filters.shape) != 4 or len(found.shape) != 3 or len(output) != 4 or filters.shape[3] != found.shape[0]:
        raise draft.refused(operator, f"filters of shape {list(filters.shape)} do not fit its input")
    strides = (operator.whole("stride_rows"), operator.whole("stride_columns"))
    cut, extra = [0, 0, 0, 0], [0, 0, 0, 0]
    for axis in range(2):
        reach = (found.shape[axis + 1] - 1) * strides[axis] + filters.shape[axis + 1]
        missing = reach - output[axis + 1]
        if missing >= 0:
            cut[2 * axis : 2 * axis + 2] = [missing // 2, missing - missing // 2]
        else:
            extra[2 * axis + 1] = -missing
    kernel = list(filters.shape[1:3])
    fields: dict[str, Any] = {"out_channels": filters.shape[0], "kernel": kernel, "stride": list(strides), "padding": cut, "extra": extra}
    weighted(draft, operator, found.layer, "deconv", "transposed_conv2d", channels_first, bias_at=3, source_at=2, **fields)


def matrix_product(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a product of matrices: of two activations, or of one and weights, which is a convolution of 1x1."""
    turned = (operator.whole("adjoint_left"), operator.whole("adjoint_right"))
    left, right = draft.tensor(operator, 0).shape, draft.tensor(operator, 1).shape
    if min(len(left), len(right)) < 2 or 0 in (*left, *right):
        raise draft.refused(operator, f"it multiplies shapes {list(left)} and {list(right)}")
    if draft.is_constant(operator.inputs[1]):
        if any(extent != 1 for extent in right[:-2]) or turned[0]:
            raise draft.refused(operator, f"its constant has the shape {list(right)}; one matrix is supported")
        inputs, outputs = right[-2:] if not turned[1] else right[:-3:-1]
        count = draft.tensor(operator, 0).element_count
        rows = draft.arranged(operator, 0, (count // inputs, inputs), (1, 0, None))

        def filters(weights: NDArray[Any]) -> NDArray[Any]:
            matrix = weights.reshape(right[-2:])
            return (matrix if turned[1] else matrix.T)[:, :, None, None]

        places(draft, operator, rows.layer, count // inputs, outputs, filters)
        return
    rank = max(len(left), len(right))
    batch = "abcdef"[: rank - 2]
    names = [batch[rank - len(left) :], batch[rank - len(right) :]]
    names = [name + ("km" if turn else "mk") for name, turn in zip(names, turned[:1], strict=False)] + [
        names[1] + ("nk" if turned[1] else "kn")
    ]
    terms: list[str] = []
    layers: list[str] = []
    extents: dict[str, int] = {}
    for at, (name, shape) in enumerate(zip(names, (left, right), strict=True)):
        axes = (len(shape) - 1, *range(len(shape) - 1))
        found = draft.arranged(operator, at, shape, axes)
        # A batch of one on one side is repeated on the other: a letter of its own, summed over one element.
        letters = [
            letter if extent != 1 or letter in "mkn" else letter.translate(str.maketrans("abcdef", "ghijop" if at else "qrstuv"))
            for letter, extent in zip(name, shape, strict=True)
        ]
        extents |= dict(zip(letters, shape, strict=True))
        terms.append("".join(letters[axis] for axis in axes))
        layers.append(found.layer)
    result = ["n", *(letter for letter in batch if letter in extents), "m"]
    layer = draft.append("matmul", "einsum", layers, operator.outputs[0], equation=f"{','.join(terms)}->{''.join(result)}")
    made = [extents[letter] for letter in (*result[1:], "n")]
    draft.made(operator, layer, made, (len(made) - 1, *range(len(made) - 1)))
