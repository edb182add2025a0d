"""Operators of PyTorch before decomposition, in ONNX's: one entry an operator; what has none keeps its name, and is refused by it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Node, Value
from costmodel.sources.importers.torch_export.aten_moving import (
    embedding,
    filled,
    join,
    pad,
    renamed,
    repeated,
    resize,
    same,
    select,
    slice_of,
    split,
    stack,
    swapped,
    unbound,
)
from costmodel.sources.importers.torch_export.aten_nodes import Translation, append, constant, source_of, tensors_of
from costmodel.sources.importers.torch_export.program import Call
from costmodel.sources.importers.torch_export.recurrent import gru, lstm


def translated(draft: GraphDraft, call: Call) -> None:
    """Append a call to a graph, in ONNX's operators."""
    translation = _TRANSLATIONS.get(call.name)
    if translation is not None:
        translation(draft, call)
    elif call.outputs:
        append(draft, call, f"aten:{call.name}", tensors_of(call))


def _plain(kind: str, **attributes: str) -> Translation:
    """Return the translation of an operator of one tensor; attributes name the arguments they come from."""

    def translate(draft: GraphDraft, call: Call) -> None:
        found: dict[str, Any] = {
            name: call.arguments[given] for name, given in attributes.items() if isinstance(call.arguments.get(given), int | float)
        }
        append(draft, call, kind, [source_of(call)], **found)

    return translate


def _convolution(axes: int, *, transposed: bool = False) -> Translation:
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


def _linear(draft: GraphDraft, call: Call) -> None:
    bias = [call.tensor("bias")] if call.tensor("bias") else []
    append(draft, call, "Gemm", [source_of(call), call.tensor("weight"), *bias], transB=1)


def _addmm(draft: GraphDraft, call: Call) -> None:
    factors: dict[str, Any] = {"alpha": call.real("alpha", 1.0), "beta": call.real("beta", 1.0)}
    append(draft, call, "Gemm", [call.tensor("mat1"), call.tensor("mat2"), call.tensor("self")], **factors)


def _product(draft: GraphDraft, call: Call) -> None:
    append(draft, call, "MatMul", tensors_of(call)[:2])


def _batch_norm(draft: GraphDraft, call: Call) -> None:
    if call.arguments.get("training") is True:
        node = Node("batch_norm", call.module or call.node, [], call.outputs)
        raise draft.broken("it was captured in training mode; call model.eval() before torch.export.export", node)
    mean = draft.constant(call.tensor("running_mean"))
    size = 0 if mean is None else mean.size
    names = []
    for what, filling in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
        names.append(call.tensor(what) or constant(draft, call, what, np.full(size, filling, np.float32)))
    append(draft, call, "BatchNormalization", [source_of(call), *names], epsilon=call.real("eps", 1e-5))


def _layer_norm(draft: GraphDraft, call: Call) -> None:
    shape = call.arguments.get("normalized_shape")
    count = len(shape) if isinstance(shape, list) else 1
    inputs = [source_of(call), *(call.tensor(name) for name in ("weight", "bias") if call.tensor(name))]
    append(draft, call, "LayerNormalization", inputs, axis=-count, epsilon=call.real("eps", 1e-5))


def _instance_norm(draft: GraphDraft, call: Call) -> None:
    scale, shift = call.tensor("weight"), call.tensor("bias")
    if scale and shift and call.arguments.get("use_input_stats") is not False:
        append(draft, call, "InstanceNormalization", [source_of(call), scale, shift], epsilon=call.real("eps", 1e-5))
    else:
        append(draft, call, f"aten:{call.name}", tensors_of(call))


def _sloped(draft: GraphDraft, call: Call) -> None:
    source, weight = source_of(call), call.tensor("weight")
    slopes, rank = draft.values[weight], len(draft.values[source].shape)
    if slopes.constant is not None and len(slopes.shape) == 1 and slopes.shape[0] > 1 and rank > 1:
        # One slope a channel, which is the second axis: others are repeated from behind.
        shape = (slopes.shape[0], *(1,) * (rank - 2))
        weight = f"{weight} of {source}"
        draft.values[weight] = Value(shape, slopes.element, slopes.constant.reshape(shape))
    append(draft, call, "PRelu", [source, weight])


def _clamp(low: str | float, high: str | float) -> Translation:
    def translate(draft: GraphDraft, call: Call) -> None:
        bounds: dict[str, Any] = {}
        for name, bound in (("min", low), ("max", high)):
            found = call.arguments.get(bound) if isinstance(bound, str) else bound
            if isinstance(found, int | float):
                bounds[name] = float(found)
            elif isinstance(bound, str) and call.name == "hardtanh":
                bounds[name] = -1.0 if name == "min" else 1.0
        append(draft, call, "Clip", [source_of(call)], **bounds)

    return translate


def _pool(kind: str, axes: int) -> Translation:
    def translate(draft: GraphDraft, call: Call) -> None:
        kernel = call.integers("kernel_size", axes, 1)
        given = call.arguments.get("stride")
        pads = call.integers("padding", axes, 0)
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


def _adaptive_mean(draft: GraphDraft, call: Call) -> None:
    whole = all(extent == 1 for extent in draft.values[call.outputs[0]].shape[2:])
    append(draft, call, "GlobalAveragePool" if whole else "AdaptiveAveragePool", [source_of(call)])


def _adaptive_largest(draft: GraphDraft, call: Call) -> None:
    whole = all(extent == 1 for extent in draft.values[call.outputs[0]].shape[2:])
    append(draft, call, "GlobalMaxPool" if whole else f"aten:{call.name}", [source_of(call)], call.outputs[:1])


def _reduction(kind: str) -> Translation:
    def translate(draft: GraphDraft, call: Call) -> None:
        axes = call.integers("dim", 1, 0) if call.arguments.get("dim") not in (None, []) else ()
        attributes: dict[str, Any] = {"axes": axes, "keepdims": int(call.arguments.get("keepdim") is True)}
        if kind.startswith("Arg"):
            attributes["axis"] = axes[0] if axes else 0
        append(draft, call, kind, [source_of(call)], call.outputs[:1], **attributes)

    return translate


def _softmax(kind: str) -> Translation:
    return lambda draft, call: append(draft, call, kind, [source_of(call)], axis=call.integer("dim", -1))


def _binary(kind: str) -> Translation:
    def translate(draft: GraphDraft, call: Call) -> None:
        given: list[Any] = list(call.arguments.values())[:2]
        if len(given) < 2 or call.arguments.get("alpha", 1) != 1 or call.arguments.get("rounding_mode") is not None:
            append(draft, call, f"aten:{call.name}", tensors_of(call))
            return
        if call.name == "rsub":
            given.reverse()
        names = []
        for at, each in enumerate(given):
            number = isinstance(each, int | float)
            names.append(constant(draft, call, f"number{at}", np.asarray(each, np.float32)) if number else str(each))
        append(draft, call, kind, names)

    return translate


def _square(draft: GraphDraft, call: Call) -> None:
    append(draft, call, "Mul", [source_of(call), source_of(call)])


def _attention(draft: GraphDraft, call: Call) -> None:
    """Write attention as its parts, scaled as exporters do: both factors by the root, product, mask, softmax, product."""
    query, key, value = (call.tensor(name) for name in ("query", "key", "value"))
    q, k = draft.values[query].shape, draft.values[key].shape
    root = constant(draft, call, "root", np.asarray(math.sqrt(call.real("scale", 1 / math.sqrt(max(q[-1], 1)))), np.float32))

    def part(what: str, shape: tuple[int, ...]) -> str:
        draft.values[f"{call.node}.{what}"] = Value(shape, "float32")
        return f"{call.node}.{what}"

    order = (*range(len(k) - 2), len(k) - 1, len(k) - 2)
    turned = part("keys", tuple(k[axis] for axis in order))
    append(draft, call, "Transpose", [key], [turned], perm=order)
    factors = [part("query", q), part("turned", draft.values[turned].shape)]
    for source, made in zip((query, turned), factors, strict=True):
        append(draft, call, "Mul", [source, root], [made])
    scaled = part("scores", (*q[:-1], k[-2]))
    append(draft, call, "MatMul", factors, [scaled])
    mask = call.tensor("attn_mask")
    if call.arguments.get("is_causal") is True:
        mask = constant(draft, call, "mask", np.triu(np.full((q[-2], k[-2]), -1e9, np.float32), 1))
    if mask:
        masked = part("masked", (*q[:-1], k[-2]))
        append(draft, call, "Add", [scaled, mask], [masked])
        scaled = masked
    shares = part("shares", (*q[:-1], k[-2]))
    append(draft, call, "Softmax", [scaled], [shares], axis=-1)
    append(draft, call, "MatMul", [shares, value])


def _swish(draft: GraphDraft, call: Call) -> None:
    """Write x * sigmoid(x) as its two operators, as files of ONNX have it."""
    source = draft.values[source_of(call)]
    gate = f"{call.node}.gate"
    draft.values[gate] = Value(source.shape, source.element)
    append(draft, call, "Sigmoid", [source_of(call)], [gate])
    append(draft, call, "Mul", [source_of(call), gate])


_TRANSLATIONS: Final[Mapping[str, Translation]] = {
    "_softmax": _softmax("Softmax"),
    "_to_copy": same,
    "abs": _plain("Abs"),
    "adaptive_avg_pool1d": _adaptive_mean,
    "adaptive_avg_pool2d": _adaptive_mean,
    "adaptive_max_pool2d": _adaptive_largest,
    "add": _binary("Add"),
    "addmm": _addmm,
    "alias": same,
    "alpha_dropout": same,
    "amax": _reduction("ReduceMax"),
    "amin": _reduction("ReduceMin"),
    "argmax": _reduction("ArgMax"),
    "argmin": _reduction("ArgMin"),
    "avg_pool1d": _pool("AveragePool", 1),
    "avg_pool2d": _pool("AveragePool", 2),
    "batch_norm": _batch_norm,
    "bmm": _product,
    "cat": join,
    "chunk": split,
    "clamp": _clamp("min", "max"),
    "clamp_min": _clamp("min", math.inf),
    "clone": same,
    "constant_pad_nd": pad,
    "contiguous": same,
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "conv_transpose1d": _convolution(1, transposed=True),
    "conv_transpose2d": _convolution(2, transposed=True),
    "convolution": _convolution(0),
    "detach": same,
    "div": _binary("Div"),
    "dropout": same,
    "elu": _plain("Elu", alpha="alpha"),
    "embedding": embedding,
    "exp": _plain("Exp"),
    "expand": repeated("Expand"),
    "feature_dropout": same,
    "flatten": renamed,
    "full": filled("fill_value"),
    "gelu": _plain("Gelu"),
    "gru": gru,
    "hardsigmoid": _plain("HardSigmoid"),
    "hardswish": _plain("HardSwish"),
    "hardtanh": _clamp("min_val", "max_val"),
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "leaky_relu": _plain("LeakyRelu", alpha="negative_slope"),
    "lift_fresh_copy": same,
    "linear": _linear,
    "log": _plain("Log"),
    "log_softmax": _softmax("LogSoftmax"),
    "lstm": lstm,
    "matmul": _product,
    "max_pool1d": _pool("MaxPool", 1),
    "max_pool2d": _pool("MaxPool", 2),
    "maximum": _binary("Max"),
    "mean": _reduction("ReduceMean"),
    "minimum": _binary("Min"),
    "mm": _product,
    "mul": _binary("Mul"),
    "neg": _plain("Neg"),
    "new_zeros": filled(0.0),
    "ones": filled(1.0),
    "pad": pad,
    "permute": swapped,
    "pixel_shuffle": _plain("DepthToSpace"),
    "pixel_unshuffle": _plain("SpaceToDepth"),
    "pow": _binary("Pow"),
    "prelu": _sloped,
    "reciprocal": _plain("Reciprocal"),
    "relu": _plain("Relu"),
    "relu6": _clamp(0.0, 6.0),
    "repeat": repeated("Tile"),
    "reshape": renamed,
    "rsub": _binary("Sub"),
    "scaled_dot_product_attention": _attention,
    "select": select,
    "sigmoid": _plain("Sigmoid"),
    "silu": _swish,
    "slice": slice_of,
    "softmax": _softmax("Softmax"),
    "softplus": _plain("Softplus"),
    "split": split,
    "split_with_sizes": split,
    "sqrt": _plain("Sqrt"),
    "square": _square,
    "squeeze": renamed,
    "stack": stack,
    "sub": _binary("Sub"),
    "sum": _reduction("ReduceSum"),
    "t": swapped,
    "tanh": _plain("Tanh"),
    "to": same,
    "transpose": swapped,
    "type_as": same,
    "unbind": unbound,
    "unflatten": renamed,
    "unsqueeze": renamed,
    "upsample_bilinear2d": resize("linear"),
    "upsample_nearest1d": resize("nearest"),
    "upsample_nearest2d": resize("nearest"),
    "view": renamed,
    "zeros": filled(0.0),
    "zeros_like": filled(0.0),
}
"""How each operator is written in ONNX's."""
