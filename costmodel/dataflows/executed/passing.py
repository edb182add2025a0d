"""Every layer that passes over whole tensors, by what happens at each element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from costmodel.dataflows.executed.counted_memory import Memory, Operand
from costmodel.dataflows.executed.kinds.recurrent import run_gates, run_svdf
from costmodel.dataflows.executed.kinds.signals import run_bank, run_cumulative, run_detection, run_fft
from costmodel.dataflows.executed.layer_run import Execution, LayerRun
from costmodel.dataflows.executed.passes import (
    run_binary,
    run_clamp,
    run_constant,
    run_einsum,
    run_embedding,
    run_move,
    run_reduce,
    run_resize,
    run_unary,
)
from costmodel.dataflows.executed.ports import ElementPort, Port
from costmodel.specs.operations import Action
from costmodel.specs.work import Passes

Passing: TypeAlias = Callable[[Passes, Sequence[Port], Port, Port, Memory], None]
PASSES: Final[dict[Action, Passing]] = {
    Action.BOUND: run_clamp,
    Action.FUNCTION: run_unary,
    Action.COMBINE: run_binary,
    Action.MOVE: run_move,
    Action.INTERPOLATE: run_resize,
    Action.REDUCE: run_reduce,
    Action.PRODUCT_SUM: run_einsum,
    Action.LOOK_UP: run_embedding,
    Action.WRITE_OUT: run_constant,
    Action.RUN_UP: run_cumulative,
    Action.TRANSFORM: run_fft,
    Action.SLOPES: run_bank,
    Action.PICK_BOXES: run_detection,
}
"""How a layer passes over whole tensors, by what happens at each element."""
REMEMBERING: Final[dict[Action, Callable[[Passes, Sequence[Port], Port, Port, Port, Memory], None]]] = {
    Action.GATE: run_gates,
    Action.FILTER_IN_TIME: run_svdf,
}
"""How a layer runs that keeps something from one step to the next."""
_TABLE: Final = 256
"""Entries of a table of int8 results."""


def run_passes(work: Passes, run: LayerRun) -> Execution:
    """Run a layer that passes over whole tensors; the shape of its weights is the row's."""
    import numpy as np

    row, layer = work.operation, work.layer
    operands = [run.input(position, shape) for position, shape in enumerate(work.inputs)]
    shape = row.shape_of_weights(layer, work.inputs)
    if shape is not None:
        weight = run.weight(shape)
    elif work.weights:
        weight = run.memory.tensor(Operand.WEIGHT, [0] * _TABLE, run.sizes.weight_bytes)
    else:
        weight = ElementPort([])
    # A state written to has its own tensor, of which the layer makes none.
    output = run.output(work.writes)
    if (remember := REMEMBERING.get(row.action)) is not None:
        biases = run.bias(shape[0] if shape is not None else 0, work.biases != 0)
        remember(work, operands, weight, biases, output, run.memory)
    else:
        PASSES[row.action](work, operands, weight, output, run.memory)
    made = int(np.prod(work.output))
    output.values = output.values[:made]
    return run.finish(output, work.output)
