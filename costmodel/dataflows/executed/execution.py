"""Execution of any work under any dataflow: the output, and every access that was made on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from costmodel.dataflows.executed.counted_memory import ElementMemory, Memory, Operand
from costmodel.dataflows.executed.kinds.convolution import Convolution, Progress
from costmodel.dataflows.executed.kinds.elementwise import run_add, run_batch_norm, run_relu, run_softmax
from costmodel.dataflows.executed.kinds.linear import run_linear
from costmodel.dataflows.executed.kinds.pooling import run_pooling
from costmodel.dataflows.executed.kinds.recurrent import run_transposed
from costmodel.dataflows.executed.layer_run import ONE_BYTE, Execution, LayerRun, LayerTensors
from costmodel.dataflows.executed.loops.blocked_output_stationary import run_blocked_output_stationary
from costmodel.dataflows.executed.loops.input_stationary import run_input_stationary
from costmodel.dataflows.executed.loops.no_local_reuse import run_no_local_reuse
from costmodel.dataflows.executed.loops.output_stationary import run_output_stationary
from costmodel.dataflows.executed.loops.row_stationary import run_row_stationary
from costmodel.dataflows.executed.loops.weight_stationary import run_weight_stationary
from costmodel.dataflows.executed.passing import PASSES, REMEMBERING, run_passes
from costmodel.dataflows.executed.ports import Port
from costmodel.dataflows.executed.reach import reach_of
from costmodel.errors import MissingError, ShapeError
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.network import TensorBytes
from costmodel.specs.operations import Action
from costmodel.specs.running.mapping import BLOCKED, DATAFLOWS, ChosenDataflow
from costmodel.specs.work import Elementwise, LoopNest, Passes, View, Work

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensor: TypeAlias = NDArray[Any]

__all__ = ["ELEMENTS", "EXECUTIONS", "NESTS", "ONE_BYTE", "PASSES", "REMEMBERING", "VIEWED", "Execution", "LayerTensors", "execute_work"]

EXECUTIONS: Final[dict[str, Callable[..., None]]] = {
    Dataflow.OUTPUT_STATIONARY: run_output_stationary,
    Dataflow.ROW_STATIONARY: run_row_stationary,
    Dataflow.WEIGHT_STATIONARY: run_weight_stationary,
    Dataflow.INPUT_STATIONARY: run_input_stationary,
    Dataflow.NO_LOCAL_REUSE: run_no_local_reuse,
    BLOCKED: run_blocked_output_stationary,
}
"""How each dataflow runs a convolution, given its parameters in their order."""


def execute_work(
    work: Work,
    tensors: LayerTensors,
    dataflow: Dataflow | ChosenDataflow,
    taps: Taps = Taps.VALID,
    *,
    bias: bool = True,
    sizes: TensorBytes = ONE_BYTE,
    memory: Memory | None = None,
    progress: Progress | None = None,
) -> Execution:
    """Run one layer on real tensors, access by access.

    Integers are summed exactly and come back as int64; floats are summed in loop order in their own precision.

    Parameters
    ----------
    work : Work
        What the layer does; its numbers are ints.
    tensors : LayerTensors
        What it reads; any numeric data type.
    dataflow : Dataflow or ChosenDataflow
        Applies to convolutions, with its parameters where it has any; everything else runs output stationary.
    taps : Taps
        Under `nominal` a convolution processes padding like data: such reads count and give zero.
    bias : bool
        Whether bias reads count; a bias is added either way.
    sizes : TensorBytes
        Element sizes, for the bytes of scratch and for blocks.
    memory : Memory, optional
        What counts; left out, an `ElementMemory`. With a `BlockMemory` the tensors' counters are blocks.
    progress : callable, optional
        Called as progress(done, total) after each outermost iteration.

    Returns
    -------
    Execution
        The output, shaped (channels, rows, columns) or (features,), and every counter.

    Raises
    ------
    ShapeError
        If a tensor is not of the shape the work asks for; names both shapes.
    MissingError
        If the work needs a tensor that is not given.
    """
    run = LayerRun(tensors, taps, bias, sizes, memory if memory is not None else ElementMemory(), progress or _no_progress)
    if isinstance(work, View):
        return Execution(VIEWED[work.operation.action](tensors, work), AccessCounts())
    if isinstance(work, Passes):
        return run_passes(work, run)
    if isinstance(work, Elementwise):
        return _elementwise(work, run)
    return NESTS[work.operation.action](work, dataflow, run)


def _no_progress(done: int, total: int) -> None:
    """Report to nobody."""


def _renamed(tensors: LayerTensors, _view: View) -> Tensor:
    (tensor,) = tensors.inputs
    return tensor.reshape(-1)


def _reshaped(tensors: LayerTensors, view: View) -> Tensor:
    (tensor,) = tensors.inputs
    return tensor.reshape(view.layer.shape)


def _kept_between(tensors: LayerTensors, view: View) -> Tensor:
    import numpy as np

    (tensor,) = tensors.inputs
    return np.clip(tensor, view.layer.low, view.layer.high)


def _given(tensors: LayerTensors, _view: View) -> Tensor:
    if not tensors.inputs:
        raise MissingError("tensors: what is given before anything runs is missing")
    return tensors.inputs[0]


def _rectified(tensors: LayerTensors, _view: View) -> Tensor:
    import numpy as np

    (tensor,) = tensors.inputs
    return np.maximum(tensor, 0)


def _scaled(tensors: LayerTensors, _view: View) -> Tensor:
    (tensor,) = tensors.inputs
    if tensors.weight is None:
        raise MissingError("tensors: a batch norm needs its scale and shift")
    scale, shift = tensors.weight[:, :, None, None]
    return cast("Tensor", tensor * scale + shift)


VIEWED: Final[dict[Action, Callable[[LayerTensors, View], Tensor]]] = {
    Action.RENAME: _renamed,
    Action.MOVE: _reshaped,
    Action.BOUND: _kept_between,
    Action.GIVEN: _given,
    Action.RECTIFY: _rectified,
    Action.SCALE_AND_SHIFT: _scaled,
}
"""What a merged layer makes of its input on the way out of the layer before."""


def _convolution(nest: LoopNest, dataflow: Dataflow | ChosenDataflow, run: LayerRun) -> Execution:
    h, w = cast("Axis", nest.h), cast("Axis", nest.w)
    shape = (nest.groups * nest.out_channels, len(reach_of(h)), len(reach_of(w)))
    input_shape = (nest.groups * nest.in_channels, h.H, w.H)
    return run.finish(_convolved(nest, dataflow, run, input_shape, (shape[0], nest.in_channels, h.K, w.K)), shape)


def _convolved(
    nest: LoopNest, dataflow: Dataflow | ChosenDataflow, run: LayerRun, input_shape: tuple[int, ...], weight_shape: tuple[int, ...]
) -> Port:
    """Run a loop nest as a convolution on tensors of these shapes, and return the port of its output."""
    h, w = cast("Axis", nest.h), cast("Axis", nest.w)
    rows, columns = reach_of(h), reach_of(w)
    channels = nest.groups * nest.out_channels
    output = run.output(channels * len(rows) * len(columns))
    name, values = (dataflow, ()) if isinstance(dataflow, str) else dataflow
    EXECUTIONS[name](
        Convolution(
            groups=nest.groups,
            out_channels=nest.out_channels,
            in_channels=nest.in_channels,
            height=h.H,
            width=w.H,
            kernel_height=h.K,
            kernel_width=w.K,
            rows=rows,
            columns=columns,
            nominal=run.taps is Taps.NOMINAL,
            input=run.input(0, input_shape),
            weight=run.weight(weight_shape),
            bias=run.bias(channels, nest.bias),
            output=output,
            input_bytes=run.sizes.input_bytes,
            weight_bytes=run.sizes.weight_bytes,
            memory=run.memory,
            progress=run.progress,
        ),
        *values,
    )
    return output


def _linear(nest: LoopNest, dataflow: Dataflow | ChosenDataflow, run: LayerRun) -> Execution:
    out_features, features = nest.out_channels, nest.in_channels
    if DATAFLOWS[dataflow if isinstance(dataflow, str) else dataflow.name].linear:
        return run.finish(_convolved(nest, dataflow, run, (features,), (out_features, features)), (out_features,))
    inputs, weight = run.input(0, (features,)), run.weight((out_features, features))
    output = run.output(out_features)
    run_linear(features, out_features, inputs, weight, run.bias(out_features, nest.bias), output, run.memory, run.progress)
    return run.finish(output, (out_features,))


def _pooling(nest: LoopNest, _dataflow: Dataflow | ChosenDataflow, run: LayerRun) -> Execution:
    rows, columns = reach_of(nest.h), reach_of(nest.w)
    shape = (nest.groups, len(rows), len(columns))
    inputs = run.input(0, (nest.groups, nest.h.H, nest.w.H))
    output = run.output(shape[0] * shape[1] * shape[2])
    averages = nest.operation.action is Action.MEAN
    run_pooling(nest.groups, nest.h.H, nest.w.H, rows, columns, averages, inputs, output, run.memory, run.progress)
    return run.finish(output, shape)


def _transposed(nest: LoopNest, _dataflow: Dataflow | ChosenDataflow, run: LayerRun) -> Execution:
    h, w = cast("Axis", nest.h), cast("Axis", nest.w)
    rows, columns = reach_of(h), reach_of(w)
    channels = nest.groups * nest.out_channels
    output = run.output(channels * h.H * w.H)
    run_transposed(
        *(nest.groups, nest.out_channels, nest.in_channels, rows, columns, (h.H, w.H), (h.K, w.K), run.taps is Taps.NOMINAL),
        run.input(0, (nest.groups * nest.in_channels, len(rows), len(columns))),
        run.weight((channels, nest.in_channels, h.K, w.K)),
        run.bias(channels, nest.bias),
        output,
        run.memory,
    )
    return run.finish(output, (channels, h.H, w.H))


NESTS: Final[dict[Action, Callable[[LoopNest, Dataflow | ChosenDataflow, LayerRun], Execution]]] = {
    Action.SLIDING_MAC: _convolution,
    Action.MAC: _linear,
    Action.LARGEST: _pooling,
    Action.MEAN: _pooling,
    Action.SPREADING_MAC: _transposed,
}
"""How a loop nest runs, by what happens at each tap."""


def _add(work: Elementwise, operands: Sequence[Port], output: Port, _run: LayerRun) -> None:
    run_add(work.elements, operands, output)


def _softmax(work: Elementwise, operands: Sequence[Port], output: Port, _run: LayerRun) -> None:
    run_softmax(work.elements, operands[0], output)


def _log_softmax(work: Elementwise, operands: Sequence[Port], output: Port, _run: LayerRun) -> None:
    run_softmax(work.elements, operands[0], output, logarithms=True)


def _relu(work: Elementwise, operands: Sequence[Port], output: Port, _run: LayerRun) -> None:
    run_relu(work.elements, operands[0], output)


def _batch_norm(work: Elementwise, operands: Sequence[Port], output: Port, run: LayerRun) -> None:
    channels = work.parameters // 2
    run_batch_norm(work.elements, channels, operands[0], run.weight((2, channels)), output, run.memory)


ELEMENTS: Final[dict[Action, Callable[[Elementwise, Sequence[Port], Port, LayerRun], None]]] = {
    Action.SUM: _add,
    Action.SOFTMAX: _softmax,
    Action.LOG_SOFTMAX: _log_softmax,
    Action.RECTIFY: _relu,
    Action.SCALE_AND_SHIFT: _batch_norm,
}
"""How a pass over tensors runs, by what happens at each element."""


def _elementwise(work: Elementwise, run: LayerRun) -> Execution:
    if not run.tensors.inputs:
        raise MissingError("tensors: input 1 is missing")
    shape = run.tensors.inputs[0].shape
    size = run.tensors.inputs[0].size
    if size != work.elements:
        raise ShapeError(Operand.INPUT.value, f"expected {work.elements} elements, found {size}")
    operands = [run.input(position, shape) for position in range(work.operands)]
    output = run.output(size)
    ELEMENTS[work.operation.action](work, operands, output, run)
    return run.finish(output, shape)
