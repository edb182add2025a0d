"""Random layers of the kinds that move, reduce, combine and remember; what they share with the others is in `drawn_layers`.

What says which elements meet (`structure`) is the same for one rank, so that layers of one kind stand together as columns.
"""

from __future__ import annotations

from typing import Any

from costmodel.specs.kinds.drawn_layers import DrawnLayer, Random, small, some_shape, window


def _lone(random: Random, scale: int, kind: str, **fields: Any) -> DrawnLayer:
    return DrawnLayer(some_shape(random, scale), ({"kind": kind, "name": kind, **fields},))


def _pair(random: Random, scale: int, kind: str, **fields: Any) -> DrawnLayer:
    """A layer of the network's input and what a batch normalisation makes of it."""
    other = {"kind": "batch_norm2d", "name": "other"}
    return DrawnLayer(some_shape(random, scale), (other, {"kind": kind, "name": kind, "inputs": ("other", "input"), **fields}))


def draw_clamp(random: Random, scale: int) -> DrawnLayer:
    """Draw a clamp."""
    return _lone(random, scale, "clamp", low=0.0, high=6.0)


def draw_unary(random: Random, scale: int) -> DrawnLayer:
    """Draw a function by table."""
    return _lone(random, scale, "unary", function="hard_swish", slope=None, table=True)


def draw_binary(random: Random, scale: int) -> DrawnLayer:
    """Draw a sum of two tensors."""
    return _pair(random, scale, "binary", function="maximum", constant=None, constant_first=False)


def draw_convert(random: Random, scale: int) -> DrawnLayer:
    """Draw a conversion."""
    return _lone(random, scale, "convert")


def draw_concat(random: Random, scale: int) -> DrawnLayer:
    """Draw a concatenation along the rows."""
    return _pair(random, scale, "concat", axis=1)


def draw_slice(random: Random, scale: int) -> DrawnLayer:
    """Draw a slice of what is always there."""
    return _lone(random, scale, "slice", starts=(0, 0, 0), sizes=(1, 1, 1), steps=(1, 2, 1))


def draw_pad(random: Random, scale: int) -> DrawnLayer:
    """Draw a padding with zeros."""
    return _lone(random, scale, "pad_nd", before=(0, 2, 1), after=(1, 0, 2), mode="constant", value=0.0)


def draw_transpose(random: Random, scale: int) -> DrawnLayer:
    """Draw a transposition."""
    return _lone(random, scale, "transpose", order=(2, 0, 1))


def draw_reshape(random: Random, _scale: int) -> DrawnLayer:
    """Draw a reshape that copies."""
    random.integers(0, 2)
    layer = {"kind": "reshape", "name": "reshape", "shape": (4, 6), "order": (1, 2, 0), "shape_order": None}
    return DrawnLayer((2, 3, 4), (layer,))


def draw_gather(random: Random, scale: int) -> DrawnLayer:
    """Draw a gather of what is always there."""
    return _lone(random, scale, "gather", axis=1, indices=(0, 0, 0))


def draw_resize(random: Random, scale: int) -> DrawnLayer:
    """Draw a bilinear resize."""
    size = (small(random, 9 * scale), small(random, 9 * scale))
    return _lone(random, scale, "resize", size=size, function="bilinear", align_corners=False, half_pixel_centers=True)


def draw_rearrange(random: Random, _scale: int) -> DrawnLayer:
    """Draw blocks of channels that become rows and columns."""
    random.integers(0, 2)
    return DrawnLayer((8, 3, 2), ({"kind": "rearrange", "name": "move", "function": "depth_to_space", "shape": (2, 6, 4), "axes": ()},))


def draw_reduce(random: Random, scale: int) -> DrawnLayer:
    """Draw a sum along the rows."""
    return _lone(random, scale, "reduce", function="sum", axes=(1,), keep=False)


def draw_einsum(random: Random, scale: int) -> DrawnLayer:
    """Draw products of every row with every row."""
    return _pair(random, scale, "einsum", equation="cmk,cnk->cmn")


def draw_embedding(random: Random, scale: int) -> DrawnLayer:
    """Draw a look-up of rows."""
    layer = {"kind": "embedding", "name": "rows", "rows": 1 + small(random, 9 * scale), "features": small(random, 9 * scale)}
    return DrawnLayer((1 + small(random, 5 * scale), 1 + small(random, 3), 1 + small(random, 3)), (layer,))


def _recurrent(random: Random, scale: int, kind: str, **fields: Any) -> DrawnLayer:
    layer = {"kind": kind, "name": kind, "units": small(random, 6 * scale), "bias": bool(random.integers(0, 4)), "sequence": True, **fields}
    return DrawnLayer((small(random, 6 * scale), small(random, 5), 1), (layer,))


def draw_lstm(random: Random, scale: int) -> DrawnLayer:
    """Draw a long short-term memory."""
    return _recurrent(random, scale, "lstm")


def draw_gru(random: Random, scale: int) -> DrawnLayer:
    """Draw a gated recurrent unit."""
    return _recurrent(random, scale, "gru", reset_after=True)


def draw_rnn(random: Random, scale: int) -> DrawnLayer:
    """Draw a recurrent unit without gates."""
    return _recurrent(random, scale, "rnn", function="tanh")


def draw_svdf(random: Random, scale: int) -> DrawnLayer:
    """Draw filters in feature and in time with their memory."""
    units, rank, memory = small(random, 5 * scale), small(random, 3), small(random, 4)
    held = {"kind": "kept_state", "name": "memory", "inputs": (), "shape": (units * rank * memory,)}
    layer = {"units": units, "rank": rank, "memory": memory, "bias": bool(random.integers(0, 4)), "inputs": ("flat", "memory")}
    return DrawnLayer(some_shape(random, scale), ({"kind": "flatten", "name": "flat"}, held, {"kind": "svdf", "name": "svdf", **layer}))


def _given(random: Random, scale: int, kind: str) -> DrawnLayer:
    layer = {"kind": kind, "name": kind, "inputs": (), "shape": some_shape(random, scale)}
    return DrawnLayer(some_shape(random, scale), (layer,))


def draw_extra_input(random: Random, scale: int) -> DrawnLayer:
    """Draw a further input."""
    return _given(random, scale, "extra_input")


def draw_kept_state(random: Random, scale: int) -> DrawnLayer:
    """Draw a state."""
    return _given(random, scale, "kept_state")


def draw_constant(random: Random, scale: int) -> DrawnLayer:
    """Draw numbers of the network."""
    return _given(random, scale, "stored_tensor")


def draw_assign(random: Random, scale: int) -> DrawnLayer:
    """Draw a write of the network's input into a state."""
    shape = some_shape(random, scale)
    held = {"kind": "kept_state", "name": "held", "inputs": (), "shape": shape}
    return DrawnLayer(shape, (held, {"kind": "assign", "name": "write", "inputs": ("input", "held")}))


def draw_transposed(random: Random, scale: int) -> DrawnLayer:
    """Draw a transposed convolution."""
    groups = small(random, 3)
    stride = (small(random, 3), small(random, 3))
    layer = {
        "kind": "transposed_conv2d",
        "name": "conv",
        "out_channels": groups * small(random, 4 * scale),
        "groups": groups,
        "stride": stride,
        "extra": (0, int(random.integers(0, stride[0])), 0, int(random.integers(0, stride[1]))),
        "bias": bool(random.integers(0, 4)),
        **window(random, scale),
    }
    shape = some_shape(random, scale)
    return DrawnLayer((groups * small(random, 4 * scale), *shape[1:]), (layer,))


def draw_log_softmax(random: Random, scale: int) -> DrawnLayer:
    """Draw logarithms of probabilities."""
    return _lone(random, scale, "log_softmax")
