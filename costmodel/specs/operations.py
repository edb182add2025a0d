"""Operations: the one table of layer kinds, one row a kind.

Every layer becomes work that carries its row, so nothing downstream asks for a kind by its name. What a row owes, a whole-house test
demands: a lowering and the box that bounds it, an execution of its action, a random generator, and a firmware kernel or the reason why
there is none.
"""

from __future__ import annotations

from typing import Final

from costmodel.errors import UnknownNameError
from costmodel.specs.kinds import drawn_data_layers as drawn_data
from costmodel.specs.kinds import drawn_layers as drawn
from costmodel.specs.kinds import elementwise_lowering as elementwise
from costmodel.specs.kinds import layer_lowering as lowered
from costmodel.specs.kinds import moved_elements as moved
from costmodel.specs.kinds import moving_lowering as moving
from costmodel.specs.kinds import sequence_lowering as sequence
from costmodel.specs.kinds.operation_row import Action, FirmwareKernel, Merge, Merging, Operation, WeightShape
from costmodel.specs.kinds.signals.rows import SIGNAL_ROWS
from costmodel.specs.shapes import channels_per_group, element_count

__all__ = ["OPERATIONS", "Action", "FirmwareKernel", "Merge", "Merging", "Operation", "WeightShape", "operation_of"]

_FUSES_INTO: Final = frozenset({"conv2d", "linear", "add", "batch_norm2d", "binary", "transposed_conv2d"})
_NOT_YET: Final = "the firmware has kernels for what most int8 networks are made of; this is costed, and executed in Python alone"
_WINDOW: Final = ("kernel", "stride", "padding", "dilation")

CONV2D: Final = Operation(
    kind="conv2d",
    action=Action.SLIDING_MAC,
    lowering=lowered.lower_conv2d,
    box=lowered.conv2d_box,
    draw=drawn.draw_conv2d,
    kernel=FirmwareKernel(
        "conv2d", ("output-stationary", "row-stationary", "blocked-output-stationary"), ("row-stationary", "blocked-output-stationary")
    ),
    sweepable=("out_channels", *_WINDOW, "groups"),
    weight_shape=lambda layer, shape: (layer.out_channels, channels_per_group(shape[0], layer.groups), *layer.kernel),
)
LINEAR: Final = Operation(
    kind="linear",
    action=Action.MAC,
    lowering=lowered.lower_linear,
    box=lowered.linear_box,
    draw=drawn.draw_linear,
    kernel=FirmwareKernel("linear"),
    sweepable=("out_features",),
    weight_shape=lambda layer, shape: (layer.out_features, shape[0]),
)
MAX_POOL2D: Final = Operation(
    kind="max_pool2d",
    action=Action.LARGEST,
    lowering=lowered.lower_pool,
    box=lowered.pool_box,
    draw=drawn.draw_max_pool,
    kernel=FirmwareKernel("max_pool"),
    sweepable=_WINDOW,
    in_place=True,
)
AVG_POOL2D: Final = Operation(
    kind="avg_pool2d",
    action=Action.MEAN,
    lowering=lowered.lower_pool,
    box=lowered.pool_box,
    draw=drawn.draw_avg_pool,
    kernel=FirmwareKernel("average_pool"),
    sweepable=_WINDOW,
    in_place=True,
)
ADAPTIVE_AVG_POOL2D: Final = Operation(
    kind="adaptive_avg_pool2d",
    action=Action.MEAN,
    lowering=lowered.lower_adaptive,
    box=lowered.adaptive_box,
    draw=drawn.draw_adaptive,
    kernel=FirmwareKernel("adaptive_average_pool"),
    sweepable=("output_size",),
)
RELU: Final = Operation(
    kind="relu",
    action=Action.RECTIFY,
    lowering=lowered.lower_elementwise,
    box=lowered.elementwise_box,
    draw=drawn.draw_relu,
    kernel=FirmwareKernel("relu"),
    merging=Merging(Merge.FUSED, _FUSES_INTO),
)
BATCH_NORM2D: Final = Operation(
    kind="batch_norm2d",
    action=Action.SCALE_AND_SHIFT,
    lowering=lowered.lower_batch_norm,
    box=lowered.batch_norm_box,
    draw=drawn.draw_batch_norm,
    kernel=FirmwareKernel("batch_norm"),
    merging=Merging(Merge.FOLDED, frozenset({"conv2d"})),
    weight_shape=lambda _layer, shape: (shape[0],),
)
FLATTEN: Final = Operation(
    kind="flatten",
    action=Action.RENAME,
    lowering=lowered.lower_flatten,
    box=lowered.flatten_box,
    draw=drawn.draw_flatten,
    kernel=FirmwareKernel("view"),
)
ADD: Final = Operation(
    kind="add",
    action=Action.SUM,
    arity=2,
    lowering=lowered.lower_add,
    box=lowered.add_box,
    draw=drawn.draw_add,
    kernel=FirmwareKernel("add"),
)
SOFTMAX: Final = Operation(
    kind="softmax",
    action=Action.SOFTMAX,
    lowering=lowered.lower_softmax,
    box=lowered.softmax_box,
    draw=drawn.draw_softmax,
    kernel=FirmwareKernel("softmax"),
)

LOG_SOFTMAX: Final = Operation(
    kind="log_softmax",
    action=Action.LOG_SOFTMAX,
    lowering=lowered.lower_softmax,
    box=lowered.softmax_box,
    draw=drawn_data.draw_log_softmax,
    kernel=_NOT_YET,
)
TRANSPOSED_CONV2D: Final = Operation(
    kind="transposed_conv2d",
    action=Action.SPREADING_MAC,
    lowering=sequence.lower_transposed,
    box=sequence.transposed_box,
    draw=drawn_data.draw_transposed,
    kernel=_NOT_YET,
    sweepable=("out_channels", "kernel", "stride", "padding", "dilation", "groups"),
    weight_shape=lambda layer, shape: (layer.out_channels, channels_per_group(shape[0], layer.groups), *layer.kernel),
)
CLAMP: Final = Operation(
    kind="clamp",
    action=Action.BOUND,
    lowering=elementwise.lower_pass,
    box=elementwise.unary_box,
    draw=drawn_data.draw_clamp,
    kernel=_NOT_YET,
    merging=Merging(Merge.FUSED, _FUSES_INTO),
)
UNARY: Final = Operation(
    kind="unary",
    action=Action.FUNCTION,
    lowering=elementwise.lower_unary,
    box=elementwise.unary_box,
    draw=drawn_data.draw_unary,
    kernel=FirmwareKernel("unary", types=(("int8", "int8"),)),
)
BINARY: Final = Operation(
    kind="binary",
    action=Action.COMBINE,
    arity=None,
    lowering=elementwise.lower_binary,
    box=elementwise.binary_box,
    draw=drawn_data.draw_binary,
    kernel=_NOT_YET,
    weight_shape=lambda layer, _shape: None if layer.constant is None else (*layer.constant, 1),
)
CONVERT: Final = Operation(
    kind="convert",
    action=Action.MOVE,
    lowering=elementwise.lower_pass,
    box=elementwise.unary_box,
    draw=drawn_data.draw_convert,
    kernel=FirmwareKernel("convert"),
    moved=moved.moved_in_order,
)
CONCAT: Final = Operation(
    kind="concat",
    action=Action.MOVE,
    arity=None,
    lowering=moving.lower_concat,
    box=moving.concat_box,
    draw=drawn_data.draw_concat,
    kernel=_NOT_YET,
    moved=moved.moved_by_concat,
)
SLICE: Final = Operation(
    kind="slice",
    action=Action.MOVE,
    lowering=moving.lower_slice,
    box=moving.slice_box,
    draw=drawn_data.draw_slice,
    kernel=_NOT_YET,
    moved=moved.moved_by_slice,
)
PAD: Final = Operation(
    kind="pad_nd",
    action=Action.MOVE,
    lowering=moving.lower_pad,
    box=moving.pad_box,
    draw=drawn_data.draw_pad,
    kernel=_NOT_YET,
    moved=moved.moved_by_pad,
)
TRANSPOSE: Final = Operation(
    kind="transpose",
    action=Action.MOVE,
    lowering=moving.lower_transpose,
    box=moving.transpose_box,
    draw=drawn_data.draw_transpose,
    kernel=_NOT_YET,
    moved=moved.moved_by_transpose,
)
RESHAPE: Final = Operation(
    kind="reshape",
    action=Action.MOVE,
    lowering=moving.lower_reshape,
    box=moving.reshape_box,
    draw=drawn_data.draw_reshape,
    kernel=_NOT_YET,
    moved=moved.moved_by_reshape,
)
GATHER: Final = Operation(
    kind="gather",
    action=Action.MOVE,
    arity=None,
    lowering=moving.lower_gather,
    box=moving.gather_box,
    draw=drawn_data.draw_gather,
    kernel=_NOT_YET,
    moved=moved.moved_by_gather,
)
RESIZE: Final = Operation(
    kind="resize",
    action=Action.INTERPOLATE,
    lowering=moving.lower_resize,
    box=moving.resize_box,
    draw=drawn_data.draw_resize,
    kernel=_NOT_YET,
    moved=moved.moved_by_resize,
)
REARRANGE: Final = Operation(
    kind="rearrange",
    action=Action.MOVE,
    lowering=moving.lower_rearrange,
    box=moving.rearrange_box,
    draw=drawn_data.draw_rearrange,
    kernel=_NOT_YET,
    moved=moved.moved_by_rearrange,
)
REDUCE: Final = Operation(
    kind="reduce",
    action=Action.REDUCE,
    lowering=sequence.lower_reduce,
    box=sequence.reduce_box,
    draw=drawn_data.draw_reduce,
    kernel=_NOT_YET,
)
EINSUM: Final = Operation(
    kind="einsum",
    action=Action.PRODUCT_SUM,
    arity=2,
    lowering=sequence.lower_einsum,
    box=sequence.einsum_box,
    draw=drawn_data.draw_einsum,
    kernel=_NOT_YET,
)
EMBEDDING: Final = Operation(
    kind="embedding",
    action=Action.LOOK_UP,
    lowering=sequence.lower_embedding,
    box=sequence.embedding_box,
    draw=drawn_data.draw_embedding,
    kernel=_NOT_YET,
    weight_shape=lambda layer, _shape: (layer.rows, layer.features),
)
LSTM: Final = Operation(
    kind="lstm",
    action=Action.GATE,
    arity=None,
    lowering=sequence.lower_lstm,
    box=sequence.recurrent_box,
    draw=drawn_data.draw_lstm,
    kernel=_NOT_YET,
    weight_shape=lambda layer, shape: (sequence.LSTM_GATES * layer.units, shape[0] + layer.units),
)
GRU: Final = Operation(
    kind="gru",
    action=Action.GATE,
    arity=None,
    lowering=sequence.lower_gru,
    box=sequence.recurrent_box,
    draw=drawn_data.draw_gru,
    kernel=_NOT_YET,
    weight_shape=lambda layer, shape: (sequence.GRU_GATES * layer.units, shape[0] + layer.units + (layer.reset_after and layer.bias)),
)
RNN: Final = Operation(
    kind="rnn",
    action=Action.GATE,
    arity=None,
    lowering=sequence.lower_rnn,
    box=sequence.recurrent_box,
    draw=drawn_data.draw_rnn,
    kernel=_NOT_YET,
    weight_shape=lambda layer, shape: (layer.units, shape[0] + layer.units),
)
SVDF: Final = Operation(
    kind="svdf",
    action=Action.FILTER_IN_TIME,
    arity=2,
    lowering=sequence.lower_svdf,
    box=sequence.svdf_box,
    draw=drawn_data.draw_svdf,
    kernel=_NOT_YET,
    weight_shape=lambda layer, shape: (layer.units, layer.rank * (shape[0] + layer.memory)),
)
EXTRA_INPUT: Final = Operation(
    kind="extra_input",
    action=Action.GIVEN,
    arity=0,
    lowering=sequence.lower_given,
    box=sequence.given_box,
    draw=drawn_data.draw_extra_input,
    kernel="the firmware runs networks of one input",
)
KEPT_STATE: Final = Operation(
    kind="kept_state",
    action=Action.GIVEN,
    arity=0,
    lowering=sequence.lower_given,
    box=sequence.given_box,
    draw=drawn_data.draw_kept_state,
    kernel="the firmware keeps nothing from one run to the next",
    lasts=True,
)
STORED_TENSOR: Final = Operation(
    kind="stored_tensor",
    action=Action.WRITE_OUT,
    arity=0,
    lowering=sequence.lower_constant,
    box=sequence.given_box,
    draw=drawn_data.draw_constant,
    kernel=_NOT_YET,
    weight_shape=lambda layer, _shape: (layer.shape[0], element_count(layer.shape[1:])),
)
ASSIGN: Final = Operation(
    kind="assign",
    action=Action.MOVE,
    arity=2,
    lowering=sequence.lower_assign,
    box=sequence.assign_box,
    draw=drawn_data.draw_assign,
    kernel="the firmware keeps nothing from one run to the next",
    moved=moved.moved_in_order,
)

OPERATIONS: Final[dict[str, Operation]] = {
    row.kind: row
    for row in (
        *(CONV2D, LINEAR, MAX_POOL2D, AVG_POOL2D, ADAPTIVE_AVG_POOL2D, RELU, BATCH_NORM2D, FLATTEN, ADD, SOFTMAX),
        *(LOG_SOFTMAX, TRANSPOSED_CONV2D, CLAMP, UNARY, BINARY, CONVERT),
        *(CONCAT, SLICE, PAD, TRANSPOSE, RESHAPE, GATHER, RESIZE, REARRANGE),
        *(REDUCE, EINSUM, EMBEDDING, LSTM, GRU, RNN, SVDF, EXTRA_INPUT, KEPT_STATE, STORED_TENSOR, ASSIGN),
        *SIGNAL_ROWS,
    )
}
"""Every kind of layer by its name."""


def operation_of(kind: str) -> Operation:
    """Return the row of a kind.

    Parameters
    ----------
    kind : str
        Name of the kind.

    Returns
    -------
    Operation
        Its row.

    Raises
    ------
    UnknownNameError
        If there is no such kind; names the nearest.
    """
    found = OPERATIONS.get(kind)
    if found is None:
        raise UnknownNameError("kind", kind, OPERATIONS, "a kind of layer")
    return found
