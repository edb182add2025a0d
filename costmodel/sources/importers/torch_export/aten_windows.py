"""Operators of PyTorch that slide a window, in ONNX's: convolutions and poolings."""

from __future__ import annotations

from typing import Any

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft
from costmodel.sources.importers.torch_export.aten_nodes import Translation, append, refused, source_of
from costmodel.sources.importers.torch_export.program import Call


def convolution(axes: int, *, transposed: bool = False) -> Translation:
    """Return the translation of a convolution, or of a transposed one."""

    def translate(draft: GraphDraft, call: Call) -> None:
        count = axes or len(draft.values[call.tensor("weight")].shape) - 2
        turned = transposed or call.arguments.get("transposed") is True
        pads = call.integers("padding", count, 0)
        same = call.arguments.get("padding") == "same"
        attributes: dict[str, Any] = {
            "strides": call.integers("stride", count, 1),
            "dilations": call.integers("dilation", count, 1),
            "pads": (*pads, *pads),
            "group": call.integer("groups", 1),
        }
        if same:
            attributes["auto_pad"] = "SAME_UPPER"
        inputs = [source_of(call), call.tensor("weight"), *([call.tensor("bias")] if call.tensor("bias") else [])]
        append(draft, call, "ConvTranspose" if turned else "Conv", inputs, **attributes)

    return translate


def pool(kind: str, axes: int) -> Translation:
    """Return the translation of a pooling over a sliding window."""

    def translate(draft: GraphDraft, call: Call) -> None:
        kernel = call.integers("kernel_size", axes, 1)
        given = call.arguments.get("stride")
        pads = call.integers("padding", axes, 0)
        if isinstance(call.arguments.get("divisor_override"), int):
            refused(draft, call)
            return
        attributes: dict[str, Any] = {
            "kernel_shape": kernel,
            "strides": call.integers("stride", axes, 1) if given else kernel,
            "dilations": call.integers("dilation", axes, 1),
            "pads": (*pads, *pads),
            "ceil_mode": int(call.arguments.get("ceil_mode") is True),
        }
        if kind == "AveragePool":
            attributes["count_include_pad"] = int(call.arguments.get("count_include_pad", True) is not False)
        append(draft, call, kind, [source_of(call)], call.outputs[:1], **attributes)

    return translate


def adaptive_mean(draft: GraphDraft, call: Call) -> None:
    """Append a mean over windows that divide rows and columns."""
    whole = all(extent == 1 for extent in draft.values[call.outputs[0]].shape[2:])
    append(draft, call, "GlobalAveragePool" if whole else "AdaptiveAveragePool", [source_of(call)])


def adaptive_largest(draft: GraphDraft, call: Call) -> None:
    """Append the largest of windows that divide rows and columns; of windows of several sizes it is refused."""
    source, made = draft.values[source_of(call)].shape[2:], draft.values[call.outputs[0]].shape[2:]
    if all(extent == 1 for extent in made):
        append(draft, call, "GlobalMaxPool", [source_of(call)], call.outputs[:1])
    elif any(extent % parts for extent, parts in zip(source, made, strict=True)):
        # Windows of several sizes: no layer has them.
        refused(draft, call)
    else:
        kernel = tuple(extent // parts for extent, parts in zip(source, made, strict=True))
        append(draft, call, "MaxPool", [source_of(call)], call.outputs[:1], kernel_shape=kernel, strides=kernel)
