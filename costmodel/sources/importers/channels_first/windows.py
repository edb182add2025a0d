"""Lowerings of what slides a window over rows and columns, or works a channel at a time: convolutions, poolings, norms, resizing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.sources.importers.channels_first.layer_draft import LayerDraft, LazyParameters, Real, real_of
from costmodel.sources.importers.channels_first.layouts import PADDING
from costmodel.specs.imported_graph import ImportedOperator, ImportedTensor

RESIZING_MODES: Final = ("nearest", "linear")
"""Ways of making new rows and columns that are lowered."""


def planes(draft: LayerDraft, operator: ImportedOperator, tensor: ImportedTensor) -> tuple[int, int, int]:
    """Return the axes of a tensor that are channels, rows and columns; a sequence has one column.

    Raises
    ------
    FormatError
        If it is no batch of one with one or two extents behind its channels.
    """
    shape = tensor.shape
    if len(shape) not in (3, 4) or shape[0] != 1:
        raise draft.refused(
            operator, f"a tensor of shape {list(shape)} is not supported; a batch of one, channels, and one or two axes are"
        )
    return (1, 2, 3) if len(shape) == 4 else (1, 2, PADDING)


def window(draft: LayerDraft, operator: ImportedOperator, kernel: tuple[int, ...]) -> dict[str, Any]:
    """Return the fields of a window: kernel, stride, padding and dilation of rows and columns.

    Raises
    ------
    FormatError
        If they are not those of one or two axes, or reach outside what a network holds.
    """
    count = len(kernel)
    strides = operator.wholes("strides", (1,) * count)
    dilations = operator.wholes("dilations", (1,) * count)
    pads = operator.wholes("pads", (0,) * (2 * count))
    shape, made = draft.tensor(operator, 0).shape, draft.output(operator).shape
    if count not in (1, 2) or len(strides) != count or len(dilations) != count or len(pads) != 2 * count or len(shape) != count + 2:
        raise draft.refused(operator, f"a window over {count} axes with {len(strides)} strides and {len(pads)} paddings is not supported")
    if min(*kernel, *strides, *dilations, 1) < 1 or min(pads) < 0:
        raise draft.refused(operator, "its kernel, strides and dilations are not all 1 or more, or a padding is negative")
    sides: list[int] = []
    same = operator.text("auto_pad", "NOTSET")
    for at in range(count):
        reach = dilations[at] * (kernel[at] - 1) + 1
        before, after = pads[at], pads[count + at]
        missing = max((made[at + 2] - 1) * strides[at] + reach - shape[at + 2], 0)
        if same in ("SAME_UPPER", "SAME_LOWER"):
            before = missing // 2 if same == "SAME_UPPER" else missing - missing // 2
            after = missing - before
        elif same == "VALID":
            before = after = 0
        else:
            # Rounding up lets the last window reach over the end.
            after = max(after, missing - before)
        sides += [before, after]
    if count == 1:
        return {"kernel": [kernel[0], 1], "stride": [strides[0], 1], "padding": [*sides, 0, 0], "dilation": [dilations[0], 1]}
    return {"kernel": list(kernel), "stride": list(strides), "padding": sides, "dilation": list(dilations)}


def convolution(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a convolution of one or two axes."""
    source, weights = draft.tensor(operator, 0), draft.tensor(operator, 1)
    axes = planes(draft, operator, source)
    if weights.constant is None:
        raise draft.refused(operator, "its weights are computed; constant ones are supported")
    groups, shape = operator.whole("group", 1), weights.shape
    if len(shape) != len(source.shape) or groups < 1 or shape[1] * groups != source.shape[1] or shape[0] % groups:
        raise draft.refused(
            operator, f"weights of shape {list(shape)} in {groups} groups do not fit an input of shape {list(source.shape)}"
        )
    fields = window(draft, operator, shape[2:])
    laid = draft.as_laid(operator, 0, axes)
    draft.add(
        operator,
        "conv2d",
        [laid.layer],
        axes,
        weighted(draft, operator, lambda real: real.reshape(*real.shape[:2], real.shape[2], -1)),
        out_channels=shape[0],
        groups=groups,
        bias=has_bias(operator),
        weight_type=weights.element,
        **fields,
    )


def transposed_convolution(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a transposed convolution."""
    source, weights, made = draft.tensor(operator, 0), draft.tensor(operator, 1), draft.output(operator)
    axes = planes(draft, operator, source)
    shape, groups = weights.shape, operator.whole("group", 1)
    if weights.constant is None or len(shape) != len(source.shape) or shape[0] != source.shape[1] or groups < 1 or shape[0] % groups:
        raise draft.refused(operator, f"weights of shape {list(shape)} do not fit an input of shape {list(source.shape)}")
    count = len(shape) - 2
    strides, dilations = operator.wholes("strides", (1,) * count), operator.wholes("dilations", (1,) * count)
    pads = operator.wholes("pads", (0,) * (2 * count))
    if len(strides) != count or len(dilations) != count or len(pads) != 2 * count:
        raise draft.refused(operator, "its strides, dilations and paddings are not those of its axes")
    sides, extra = [], []
    for at in range(count):
        full = (source.shape[at + 2] - 1) * strides[at] + dilations[at] * (shape[at + 2] - 1) + 1
        before, after = pads[at], pads[count + at]
        more = made.shape[at + 2] - (full - before - after)
        if operator.text("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER") or "output_shape" in operator.options:
            cut = max(full - made.shape[at + 2], 0)
            before = cut // 2
            after, more = cut - before, max(made.shape[at + 2] - full, 0)
        sides += [before, after]
        extra += [0, more]
    if min(*sides, *extra) < 0:
        raise draft.refused(operator, "its paddings reach outside what it makes")
    pairs = [[*values, 1] if count == 1 else list(values) for values in (shape[2:], strides, dilations)]
    ends = [0, 0] if count == 1 else []

    def turned(real: NDArray[Any]) -> NDArray[Any]:
        return np.moveaxis(real.reshape(groups, -1, shape[1], *pairs[0]), 2, 1).reshape(groups * shape[1], -1, *pairs[0])

    draft.add(
        operator,
        "transposed_conv2d",
        [draft.as_laid(operator, 0, axes).layer],
        axes,
        weighted(draft, operator, turned),
        out_channels=shape[1] * groups,
        groups=groups,
        kernel=pairs[0],
        stride=pairs[1],
        dilation=pairs[2],
        padding=[*sides, *ends],
        extra=[*extra, *ends],
        bias=has_bias(operator),
        weight_type=weights.element,
    )


def weighted(draft: LayerDraft, operator: ImportedOperator, form: Callable[[Real], Real]) -> LazyParameters:
    """Return the parameters of an operator whose second input is its weights and whose third, if there, its bias."""
    weights = draft.tensor(operator, 1)
    bias = draft.tensor(operator, 2) if has_bias(operator) else None
    return LazyParameters(lambda: form(real_of(weights)), None if bias is None else lambda: real_of(bias).reshape(-1), weights)


def has_bias(operator: ImportedOperator) -> bool:
    """Tell whether an operator's third input is there."""
    return len(operator.inputs) > 2 and operator.inputs[2] >= 0


def pool(kind: str) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of a pooling over a sliding window."""

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        axes = planes(draft, operator, draft.tensor(operator, 0))
        fields = window(draft, operator, operator.wholes("kernel_shape"))
        if len(operator.outputs) > 1:
            raise draft.refused(operator, "it also makes the places of its largest elements, which is not supported")
        draft.add(operator, kind, [draft.as_laid(operator, 0, axes).layer], axes, **fields)

    return lower


def global_mean(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a mean over all rows and columns."""
    axes = planes(draft, operator, draft.tensor(operator, 0))
    draft.add(operator, "adaptive_avg_pool2d", [draft.as_laid(operator, 0, axes).layer], axes, output_size=[1, 1])


def adaptive_mean(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a mean over windows that divide rows and columns into a given number of parts."""
    axes = planes(draft, operator, draft.tensor(operator, 0))
    sizes = [*draft.output(operator).shape[2:], 1][:2]
    draft.add(operator, "adaptive_avg_pool2d", [draft.as_laid(operator, 0, axes).layer], axes, output_size=sizes)


def global_largest(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower the largest of all rows and columns: one window over all of them."""
    shape = draft.tensor(operator, 0).shape
    axes = planes(draft, operator, draft.tensor(operator, 0))
    kernel = [*shape[2:], 1][:2]
    draft.add(operator, "max_pool2d", [draft.as_laid(operator, 0, axes).layer], axes, kernel=kernel, stride=[1, 1])


def batch_norm(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a batch normalisation that folds into nothing before it."""
    source = draft.tensor(operator, 0)
    statistics = [draft.constant(operator, at) for at in range(1, 5)]
    if any(array is None for array in statistics) or len(source.shape) < 2 or source.shape[0] != 1:
        raise draft.refused(operator, f"with computed statistics or over a tensor of shape {list(source.shape)} it is not supported")
    axes = (1, PADDING, PADDING) if len(source.shape) == 2 else planes(draft, operator, source)

    def terms() -> tuple[Real, Real]:
        with np.errstate(all="ignore"):
            gamma, beta, mean, variance = (np.asarray(array, np.float64).reshape(-1) for array in statistics)
            scale = np.asarray(gamma / np.sqrt(variance + operator.real("epsilon", 1e-5)))
            return scale, np.asarray(beta - mean * scale)

    parameters = LazyParameters(lambda: terms()[0], lambda: terms()[1])
    draft.add(operator, "batch_norm2d", [draft.as_laid(operator, 0, axes).layer], axes, parameters)


def resize(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a change of the number of rows and columns."""
    source, made = draft.tensor(operator, 0), draft.output(operator)
    axes = planes(draft, operator, source)
    mode = operator.text("mode", "nearest")
    if mode not in RESIZING_MODES or made.shape[:2] != source.shape[:2]:
        raise draft.refused(
            operator, f"mode {mode!r} from {list(source.shape)} to {list(made.shape)} is not supported; nearest and linear are"
        )
    places = operator.text("coordinate_transformation_mode", "half_pixel" if operator.kind == "Resize" else "asymmetric")
    draft.add(
        operator,
        "resize",
        [draft.as_laid(operator, 0, axes).layer],
        axes,
        size=[*made.shape[2:], 1][:2],
        function="nearest" if mode == "nearest" else "bilinear",
        align_corners=places == "align_corners",
        half_pixel_centers=places in ("half_pixel", "pytorch_half_pixel"),
    )
