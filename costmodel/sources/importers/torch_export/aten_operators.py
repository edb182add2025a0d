"""Operators of PyTorch before decomposition, in ONNX's: one entry an operator; what has none keeps its name, and is refused by it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Node, Value
from costmodel.sources.importers.onnx_format.constant_folding import folded
from costmodel.sources.importers.torch_export import aten_arithmetic as arithmetic
from costmodel.sources.importers.torch_export import aten_moving as moving
from costmodel.sources.importers.torch_export import aten_reducing as reducing
from costmodel.sources.importers.torch_export import aten_windows as windows
from costmodel.sources.importers.torch_export import recurrent
from costmodel.sources.importers.torch_export.aten_nodes import Translation, append, constant, part, refused, source_of, tensors_of
from costmodel.sources.importers.torch_export.program import Call


def translated(draft: GraphDraft, call: Call) -> None:
    """Append a call to a graph, in ONNX's operators; what is computed of constants alone is computed at once."""
    before = len(draft.nodes)
    translation = _TRANSLATIONS.get(call.name)
    if translation is not None:
        translation(draft, call)
    elif call.outputs:
        refused(draft, call)
    kept = [node for node in draft.nodes[before:] if not _computed(draft, node)]
    draft.nodes[before:] = kept


def _computed(draft: GraphDraft, node: Node) -> bool:
    """Compute a node of constants; return whether it was."""
    inputs = [draft.constant(name) if name else None for name in node.inputs]
    if not inputs or any(name and array is None for name, array in zip(node.inputs, inputs, strict=True)):
        return False
    made = draft.values[node.outputs[0]]
    found = inputs[0] if node.kind in ("Cast", "Reshape", "Identity") else folded(node, inputs)
    if found is None or found.size != math.prod(made.shape) or made.element in ("bfloat16", "string"):
        return False
    made.constant = np.ascontiguousarray(found.reshape(made.shape)).astype(made.element, copy=False)
    return True


def _linear(draft: GraphDraft, call: Call) -> None:
    bias = [call.tensor("bias")] if call.tensor("bias") else []
    weight = draft.values[call.tensor("weight")]
    if weight.constant is None:
        turned = part(draft, call, "Transpose", [call.tensor("weight")], weight.shape[::-1], perm=(1, 0))
        made = draft.values[call.outputs[0]].shape
        product = [source_of(call), turned]
        append(draft, call, *(("Add", [part(draft, call, "MatMul", product, made), *bias]) if bias else ("MatMul", product)))
        return
    append(draft, call, "Gemm", [source_of(call), call.tensor("weight"), *bias], transB=1)


def _addmm(draft: GraphDraft, call: Call) -> None:
    factors: dict[str, Any] = {"alpha": call.real("alpha", 1.0), "beta": call.real("beta", 1.0)}
    append(draft, call, "Gemm", [call.tensor("mat1"), call.tensor("mat2"), call.tensor("self")], **factors)


def _product(draft: GraphDraft, call: Call) -> None:
    append(draft, call, "MatMul", tensors_of(call)[:2])


def _sum_with_product(draft: GraphDraft, call: Call) -> None:
    """Append a product of matrices, and what is added to it."""
    if call.real("alpha", 1.0) != 1 or call.real("beta", 1.0) != 1:
        refused(draft, call)
        return
    product = part(draft, call, "MatMul", [call.tensor("batch1"), call.tensor("batch2")], draft.values[call.outputs[0]].shape)
    append(draft, call, "Add", [call.tensor("self"), product])


def _equation(draft: GraphDraft, call: Call) -> None:
    append(draft, call, "Einsum", tensors_of(call), equation=str(call.arguments.get("equation", "")))


def _hard_sigmoid(draft: GraphDraft, call: Call) -> None:
    append(draft, call, "HardSigmoid", [source_of(call)], alpha=1 / 6, beta=0.5)


def _blocks(kind: str) -> Translation:
    # The channels of one block lie together.
    return lambda draft, call: append(draft, call, kind, [source_of(call)], mode="CRD")


def _softmax(kind: str) -> Translation:
    return lambda draft, call: append(draft, call, kind, [source_of(call)], axis=call.integer("dim", -1))


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


_TRANSLATIONS: Final[Mapping[str, Translation]] = {
    "__and__": arithmetic.logical("And"),
    "__or__": arithmetic.logical("Or"),
    "__xor__": arithmetic.logical("Xor"),
    "_softmax": _softmax("Softmax"),
    "_to_copy": moving.same,
    "_weight_norm": reducing.weight_norm,
    "abs": arithmetic.plain("Abs"),
    "adaptive_avg_pool1d": windows.adaptive_mean,
    "adaptive_avg_pool2d": windows.adaptive_mean,
    "adaptive_max_pool1d": windows.adaptive_largest,
    "adaptive_max_pool2d": windows.adaptive_largest,
    "add": arithmetic.binary("Add"),
    "addcdiv": arithmetic.with_product("Div"),
    "addcmul": arithmetic.with_product("Mul"),
    "addmm": _addmm,
    "alias": moving.same,
    "all": reducing.truth("ReduceAll"),
    "alpha_dropout": moving.same,
    "amax": reducing.reduction("ReduceMax"),
    "amin": reducing.reduction("ReduceMin"),
    "any": reducing.truth("ReduceAny"),
    "arange": moving.counted,
    "argmax": reducing.reduction("ArgMax"),
    "argmin": reducing.reduction("ArgMin"),
    "atan": arithmetic.plain("Atan"),
    "avg_pool1d": windows.pool("AveragePool", 1),
    "avg_pool2d": windows.pool("AveragePool", 2),
    "avg_pool3d": windows.pool("AveragePool", 3),
    "baddbmm": _sum_with_product,
    "batch_norm": reducing.batch_norm,
    "bitwise_and": arithmetic.logical("And"),
    "bitwise_not": arithmetic.logical("Not"),
    "bitwise_or": arithmetic.logical("Or"),
    "bmm": _product,
    "broadcast_tensors": moving.broadcast,
    "broadcast_to": moving.repeated("Expand"),
    "cat": moving.join,
    "ceil": arithmetic.plain("Ceil"),
    "celu": arithmetic.plain("Celu", alpha="alpha"),
    "channel_shuffle": moving.shuffled,
    "chunk": moving.split,
    "clamp": arithmetic.clamp("min", "max"),
    "clamp_max": arithmetic.clamp(-math.inf, "max"),
    "clamp_min": arithmetic.clamp("min", math.inf),
    "clip": arithmetic.clamp("min", "max"),
    "clone": moving.same,
    "concat": moving.join,
    "concatenate": moving.join,
    "constant_pad_nd": moving.pad,
    "contiguous": moving.same,
    "conv1d": windows.convolution(1),
    "conv2d": windows.convolution(2),
    "conv_transpose1d": windows.convolution(1, transposed=True),
    "conv_transpose2d": windows.convolution(2, transposed=True),
    "convolution": windows.convolution(0),
    "cos": arithmetic.plain("Cos"),
    "cosine_similarity": reducing.likeness,
    "cumsum": reducing.running_sum,
    "detach": moving.same,
    "div": arithmetic.binary("Div"),
    "divide": arithmetic.binary("Div"),
    "dot": _product,
    "dropout": moving.same,
    "einsum": _equation,
    "elu": arithmetic.elu,
    "embedding": moving.embedding,
    "eq": arithmetic.compared("Equal"),
    "erf": arithmetic.plain("Erf"),
    "exp": arithmetic.plain("Exp"),
    "expand": moving.repeated("Expand"),
    "expand_as": moving.repeated("Expand"),
    "expm1": arithmetic.shifted_exponential,
    "feature_alpha_dropout": moving.same,
    "feature_dropout": moving.same,
    "flatten": moving.renamed,
    "flip": moving.flipped,
    "floor": arithmetic.plain("Floor"),
    "full": moving.filled("fill_value"),
    "full_like": moving.filled("fill_value"),
    "ge": arithmetic.compared("GreaterOrEqual"),
    "gelu": arithmetic.plain("Gelu", approximate="approximate"),
    "glu": arithmetic.gated,
    "group_norm": reducing.group_norm,
    "gru": recurrent.gru,
    "gru_cell": recurrent.gru_cell,
    "gt": arithmetic.compared("Greater"),
    "hardshrink": arithmetic.shrunk(soft=False),
    "hardsigmoid": _hard_sigmoid,
    "hardswish": arithmetic.plain("HardSwish"),
    "hardtanh": arithmetic.clamp("min_val", "max_val"),
    "index": moving.picked,
    "index_select": moving.picked,
    "instance_norm": reducing.instance_norm,
    "l1_loss": reducing.loss("Abs"),
    "layer_norm": reducing.layer_norm,
    "le": arithmetic.compared("LessOrEqual"),
    "leaky_relu": arithmetic.plain("LeakyRelu", alpha="negative_slope"),
    "lerp": arithmetic.between,
    "lift_fresh": moving.same,
    "lift_fresh_copy": moving.same,
    "linalg_norm": reducing.length,
    "linalg_vector_norm": reducing.length,
    "linear": _linear,
    "log": arithmetic.plain("Log"),
    "log10": arithmetic.logarithm(10),
    "log1p": arithmetic.shifted_logarithm,
    "log2": arithmetic.logarithm(2),
    "log_sigmoid": arithmetic.log_sigmoid,
    "log_softmax": _softmax("LogSoftmax"),
    "logical_and": arithmetic.logical("And"),
    "logical_not": arithmetic.logical("Not"),
    "logical_or": arithmetic.logical("Or"),
    "logical_xor": arithmetic.logical("Xor"),
    "logsumexp": reducing.logarithm_of_sum,
    "lstm": recurrent.lstm,
    "lstm_cell": recurrent.lstm_cell,
    "lt": arithmetic.compared("Less"),
    "mT": moving.swapped,
    "masked_fill": arithmetic.masked,
    "matmul": _product,
    "max": reducing.extreme("Max"),
    "max_pool1d": windows.pool("MaxPool", 1),
    "max_pool2d": windows.pool("MaxPool", 2),
    "maximum": arithmetic.binary("Max"),
    "mean": reducing.reduction("ReduceMean"),
    "min": reducing.extreme("Min"),
    "minimum": arithmetic.binary("Min"),
    "mish": arithmetic.plain("Mish"),
    "mm": _product,
    "moveaxis": moving.swapped,
    "mse_loss": reducing.loss("Mul"),
    "movedim": moving.swapped,
    "mul": arithmetic.binary("Mul"),
    "multiply": arithmetic.binary("Mul"),
    "mv": _product,
    "narrow": moving.narrowed,
    "ne": arithmetic.compared("Equal", negated=True),
    "neg": arithmetic.plain("Neg"),
    "negative": arithmetic.plain("Neg"),
    "new_full": moving.filled("fill_value"),
    "new_ones": moving.filled(1.0),
    "new_zeros": moving.filled(0.0),
    "norm": reducing.length,
    "one_hot": moving.one_hot,
    "ones": moving.filled(1.0),
    "ones_like": moving.filled(1.0),
    "pad": moving.pad,
    "permute": moving.swapped,
    "pixel_shuffle": _blocks("DepthToSpace"),
    "pixel_unshuffle": _blocks("SpaceToDepth"),
    "pow": arithmetic.binary("Pow"),
    "prelu": arithmetic.sloped,
    "prod": reducing.reduction("ReduceProd"),
    "reciprocal": arithmetic.plain("Reciprocal"),
    "relu": arithmetic.plain("Relu"),
    "relu6": arithmetic.clamp(0.0, 6.0),
    "remainder": arithmetic.remainder,
    "repeat": moving.repeated("Tile"),
    "repeat_interleave": moving.interleaved,
    "reshape": moving.renamed,
    "reshape_as": moving.renamed,
    "rms_norm": reducing.root_mean_square_norm,
    "rnn_relu": recurrent.rnn_relu,
    "rnn_relu_cell": recurrent.rnn_relu_cell,
    "rnn_tanh": recurrent.rnn_tanh,
    "rnn_tanh_cell": recurrent.rnn_tanh_cell,
    "roll": moving.rolled,
    "round": arithmetic.plain("Round"),
    "rrelu": arithmetic.random_slope,
    "rsqrt": arithmetic.rooted,
    "rsub": arithmetic.binary("Sub", turned=True),
    "scalar_tensor": moving.filled("s"),
    "scaled_dot_product_attention": _attention,
    "select": moving.select,
    "selu": arithmetic.plain("Selu"),
    "sigmoid": arithmetic.plain("Sigmoid"),
    "sign": arithmetic.plain("Sign"),
    "silu": arithmetic.swish,
    "sin": arithmetic.plain("Sin"),
    "slice": moving.slice_of,
    "softmax": _softmax("Softmax"),
    "softplus": arithmetic.softplus,
    "softshrink": arithmetic.shrunk(soft=True),
    "split": moving.split,
    "split_with_sizes": moving.split,
    "sqrt": arithmetic.plain("Sqrt"),
    "square": arithmetic.squared,
    "squeeze": moving.renamed,
    "stack": moving.stack,
    "std": reducing.spread(root=True),
    "sub": arithmetic.binary("Sub"),
    "subtract": arithmetic.binary("Sub"),
    "sum": reducing.reduction("ReduceSum"),
    "swapaxes": moving.swapped,
    "t": moving.swapped,
    "tanh": arithmetic.plain("Tanh"),
    "threshold": arithmetic.threshold,
    "tile": moving.repeated("Tile"),
    "to": moving.same,
    "transpose": moving.swapped,
    "tril": moving.triangle(upper=False),
    "triu": moving.triangle(upper=True),
    "true_divide": arithmetic.binary("Div"),
    "type_as": moving.same,
    "unbind": moving.unbound,
    "unflatten": moving.renamed,
    "unsqueeze": moving.renamed,
    "upsample_bilinear2d": moving.resize("linear"),
    "upsample_linear1d": moving.resize("linear"),
    "upsample_nearest1d": moving.resize("nearest"),
    "upsample_nearest2d": moving.resize("nearest"),
    "var": reducing.spread(root=False),
    "vdot": _product,
    "view": moving.renamed,
    "view_as": moving.renamed,
    "where": arithmetic.choice,
    "zeros": moving.filled(0.0),
    "zeros_like": moving.filled(0.0),
}
"""How each operator is written in ONNX's."""
