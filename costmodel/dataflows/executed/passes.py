"""Layers that pass over whole tensors, executed element by element: functions, arithmetic of operands, movements, reductions, products."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from costmodel.dataflows.executed.counted_memory import Memory
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES
from costmodel.dataflows.executed.kinds.pooling import mean_of
from costmodel.dataflows.executed.ports import Port
from costmodel.errors import SpecError
from costmodel.specs.kinds.elementwise_layers import BinaryFunction, UnaryFunction
from costmodel.specs.kinds.moved_elements import flat, places
from costmodel.specs.kinds.moving_layers import ResizeFunction
from costmodel.specs.kinds.sequence_layers import ReduceFunction
from costmodel.specs.work import Passes

_SELU_DEPTH: Final = 1.6732632423543772
_SELU_SCALE: Final = 1.0507009873554805
"""The two factors for which mean 0 and variance 1 stay as they are (Klambauer et al., 2017, equation 14)."""


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def _power(base: float, exponent: float) -> float:
    """Return a power as devices have it: infinite of 0 below 0, no number where a negative number has no real power."""
    if base == 0 and exponent < 0:
        return math.inf
    if base < 0 and exponent != math.floor(exponent):
        return math.nan
    return math.pow(base, exponent)


UNARY: Final[Mapping[str, Callable[[float, float], float]]] = {
    UnaryFunction.LEAKY_RELU: lambda x, slope: x if x >= 0 else slope * x,
    UnaryFunction.HARD_SWISH: lambda x, _: x * min(max(x + 3, 0), 6) / 6,
    UnaryFunction.HARD_SIGMOID: lambda x, _: min(max(x + 3, 0), 6) / 6,
    UnaryFunction.LOGISTIC: lambda x, _: _logistic(x),
    UnaryFunction.TANH: lambda x, _: math.tanh(x),
    UnaryFunction.ELU: lambda x, depth: x if x >= 0 else (depth or 1.0) * math.expm1(x),
    UnaryFunction.CELU: lambda x, depth: x if x >= 0 else (depth or 1.0) * math.expm1(x / (depth or 1.0)),
    UnaryFunction.SELU: lambda x, _: _SELU_SCALE * (x if x >= 0 else _SELU_DEPTH * math.expm1(x)),
    UnaryFunction.GELU: lambda x, _: 0.5 * x * (1 + math.erf(x / math.sqrt(2))),
    UnaryFunction.GELU_TANH: lambda x, _: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    UnaryFunction.SILU: lambda x, _: x * _logistic(x),
    UnaryFunction.SOFTPLUS: lambda x, _: max(x, 0) + math.log1p(math.exp(-abs(x))),
    UnaryFunction.ERF: lambda x, _: math.erf(x),
    UnaryFunction.EXP: lambda x, _: math.exp(min(x, 700.0)),
    UnaryFunction.LOG: lambda x, _: math.log(x) if x > 0 else -math.inf if x == 0 else math.nan,
    UnaryFunction.SQRT: lambda x, _: math.sqrt(x) if x >= 0 else math.nan,
    UnaryFunction.RSQRT: lambda x, _: 1 / math.sqrt(x) if x > 0 else math.inf if x == 0 else math.nan,
    UnaryFunction.SQUARE: lambda x, _: x * x,
    UnaryFunction.RECIPROCAL: lambda x, _: 1 / x if x else math.inf,
    UnaryFunction.ABS: lambda x, _: abs(x),
    UnaryFunction.NEG: lambda x, _: -x,
    UnaryFunction.SIGN: lambda x, _: (x > 0) - (x < 0),
    UnaryFunction.FLOOR: lambda x, _: math.floor(x),
    UnaryFunction.CEIL: lambda x, _: math.ceil(x),
    UnaryFunction.ROUND: lambda x, _: round(x),
    UnaryFunction.SIN: lambda x, _: math.sin(x),
    UnaryFunction.COS: lambda x, _: math.cos(x),
    UnaryFunction.ATAN: lambda x, _: math.atan(x),
    UnaryFunction.NOT: lambda x, _: int(not x),
}
"""Each function of one element; the second argument is a slope where one is asked for."""

BINARY: Final[Mapping[str, Callable[..., Any]]] = {
    BinaryFunction.ADD: lambda a, b: a + b,
    BinaryFunction.SUB: lambda a, b: a - b,
    BinaryFunction.MUL: lambda a, b: a * b,
    BinaryFunction.DIV: lambda a, b: a / b if b else math.copysign(math.inf, a),
    BinaryFunction.MAXIMUM: max,
    BinaryFunction.MINIMUM: min,
    BinaryFunction.SQUARED_DIFFERENCE: lambda a, b: (a - b) * (a - b),
    BinaryFunction.POW: _power,
    BinaryFunction.FLOOR_DIV: lambda a, b: a // b if b else 0,
    BinaryFunction.FLOOR_MOD: lambda a, b: a % b if b else 0,
    BinaryFunction.PRELU: lambda a, b: a if a >= 0 else a * b,
    BinaryFunction.LESS: lambda a, b: int(a < b),
    BinaryFunction.LESS_EQUAL: lambda a, b: int(a <= b),
    BinaryFunction.GREATER: lambda a, b: int(a > b),
    BinaryFunction.GREATER_EQUAL: lambda a, b: int(a >= b),
    BinaryFunction.EQUAL: lambda a, b: int(a == b),
    BinaryFunction.NOT_EQUAL: lambda a, b: int(a != b),
    BinaryFunction.AND: lambda a, b: int(bool(a) and bool(b)),
    BinaryFunction.OR: lambda a, b: int(bool(a) or bool(b)),
    BinaryFunction.XOR: lambda a, b: int(bool(a) != bool(b)),
}
"""Each function of two operands; more are combined from the left."""

_STARTS: Final[Mapping[str, tuple[Any, Callable[[Any, Any], Any]]]] = {
    ReduceFunction.MEAN: (0, lambda total, x: total + x),
    ReduceFunction.SUM: (0, lambda total, x: total + x),
    ReduceFunction.SUM_OF_SQUARES: (0, lambda total, x: total + x * x),
    ReduceFunction.PROD: (1, lambda total, x: total * x),
    ReduceFunction.MAX: (-math.inf, max),
    ReduceFunction.MIN: (math.inf, min),
    ReduceFunction.ANY: (0, lambda total, x: int(bool(total) or bool(x))),
    ReduceFunction.ALL: (1, lambda total, x: int(bool(total) and bool(x))),
}


def run_clamp(work: Passes, operands: Sequence[Port], _weight: Port, output: Port, _memory: Memory) -> None:
    """Keep each element between bounds."""
    low = -math.inf if work.layer.low is None else work.layer.low
    high = math.inf if work.layer.high is None else work.layer.high
    for i in range(work.writes):
        output.write(i, min(max(operands[0].read(i), low), high))


def run_unary(work: Passes, operands: Sequence[Port], weight: Port, output: Port, _memory: Memory) -> None:
    """Compute a function of each element; where there is a table, each is looked up in it."""
    function, slope = UNARY[work.layer.function], work.layer.slope or 0.0
    for i in range(work.writes):
        element = operands[0].read(i)
        if work.layer.table:
            weight.read(int(element) % len(weight.values))
        output.write(i, function(element, slope))


def _broadcast_place(shape: tuple[int, ...], place: Sequence[int]) -> int:
    return flat(shape, [index if extent > 1 else 0 for extent, index in zip(shape, place, strict=False)])


def run_binary(work: Passes, operands: Sequence[Port], weight: Port, output: Port, _memory: Memory) -> None:
    """Combine the operands' elements."""
    layer, function = work.layer, work.layer.function
    for at, place in enumerate(places(work.output)):
        read = [port.read(_broadcast_place(shape, place)) for port, shape in zip(operands, work.inputs, strict=True)]
        if layer.constant is not None:
            read.insert(0 if layer.constant_first else len(read), weight.read(_broadcast_place(layer.constant, place)))
        if function == BinaryFunction.SELECT:
            chosen, first, second = read
            result = first if chosen else second
        else:
            result = read[0]
            for element in read[1:]:
                result = BINARY[function](result, element)
        output.write(at, result)


def run_move(work: Passes, operands: Sequence[Port], _weight: Port, output: Port, _memory: Memory) -> None:
    """Put each element where it belongs; what a padding adds is written without a read."""
    layer, moved = work.layer, work.operation.moved
    if moved is None:
        raise SpecError(f"{layer.name}: nothing says where its elements come from")
    if len(work.inputs) > 1 and work.reads != work.writes and work.output != (0,):
        _run_computed_gather(work, operands, output)
        return
    shape = work.inputs[0] if work.output == (0,) else work.output
    for at, origin in enumerate(moved(layer, work.inputs, shape)):
        output.write(at, layer.value if origin is None else operands[origin[0]].read(origin[1]))


def _run_computed_gather(work: Passes, operands: Sequence[Port], output: Port) -> None:
    axis, (shape, numbers) = work.layer.axis, work.inputs
    picked = [int(operands[1].read(at)) % shape[axis] for at in range(math.prod(numbers))]
    for at, place in enumerate(places(work.output)):
        which = picked[flat(numbers, place[axis : axis + len(numbers)])]
        output.write(at, operands[0].read(flat(shape, (*place[:axis], which, *place[axis + len(numbers) :]))))


def run_resize(work: Passes, operands: Sequence[Port], weight: Port, output: Port, memory: Memory) -> None:
    """Resize rows and columns by the nearest element, or by four, each weighted by how near it is."""
    layer, (shape,) = work.layer, work.inputs
    if layer.function == ResizeFunction.NEAREST:
        run_move(work, operands, weight, output, memory)
        return
    ways = [
        [
            _between(index, shape[axis], work.output[axis], layer.align_corners, layer.half_pixel_centers)
            for index in range(work.output[axis])
        ]
        for axis in (1, 2)
    ]
    for at, (channel, row, column) in enumerate(places(work.output)):
        total = 0.0
        for r, row_share in ways[0][row]:
            for c, column_share in ways[1][column]:
                total += operands[0].read(flat(shape, (channel, r, c))) * row_share * column_share
                memory.operation_count += 1
        output.write(at, total)


def _between(index: int, extent: int, outputs: int, align_corners: bool, half_pixel_centers: bool) -> tuple[tuple[int, float], ...]:
    """Return the two inputs around an output along one axis, and their shares."""
    if align_corners and outputs > 1:
        at = index * (extent - 1) / (outputs - 1)
    elif half_pixel_centers:
        at = (index + 0.5) * extent / outputs - 0.5
    else:
        at = index * extent / outputs
    low = math.floor(at)
    share = at - low
    first, second = (min(max(place, 0), extent - 1) for place in (low, low + 1))
    return (first, 1 - share), (second, share)


def run_reduce(work: Passes, operands: Sequence[Port], _weight: Port, output: Port, memory: Memory) -> None:
    """Take all elements along some axes into one."""
    memory.register(ACCUMULATOR_BYTES)
    layer, (shape,) = work.layer, work.inputs
    kept = [range(1) if axis in layer.axes else range(extent) for axis, extent in enumerate(shape)]
    along = [range(extent) if axis in layer.axes else range(1) for axis, extent in enumerate(shape)]
    for at, base in enumerate(itertools.product(*kept)):
        start, take = _STARTS.get(layer.function, (None, None))
        total, best, count = start, None, 0
        for offset in itertools.product(*along):
            element = operands[0].read(flat(shape, [a + b for a, b in zip(base, offset, strict=True)]))
            memory.operation_count += 1
            if take is not None:
                total = take(total, element)
            elif best is None or (element > best if layer.function == ReduceFunction.ARG_MAX else element < best):
                best, total = element, count
            count += 1
        output.write(at, mean_of(total, count) if layer.function == ReduceFunction.MEAN else total)


def run_einsum(work: Passes, operands: Sequence[Port], _weight: Port, output: Port, memory: Memory) -> None:
    """Sum products of two tensors along the axes that the output lacks."""
    memory.register(ACCUMULATOR_BYTES)
    terms, result = work.layer.equation.split("->")
    letters = terms.split(",")
    extents = {letter: extent for term, shape in zip(letters, work.inputs, strict=True) for letter, extent in zip(term, shape, strict=True)}
    summed = [letter for letter in extents if letter not in result]
    for at, place in enumerate(places(work.output)):
        at_letter, total = dict(zip(result, place, strict=True)), 0
        for inner in itertools.product(*(range(extents[letter]) for letter in summed)):
            at_letter |= dict(zip(summed, inner, strict=True))
            a, b = (
                port.read(flat(shape, [at_letter[letter] for letter in term]))
                for port, shape, term in zip(operands, work.inputs, letters, strict=True)
            )
            total += a * b
            memory.mac_count += 1
        output.write(at, total)


def run_constant(work: Passes, _operands: Sequence[Port], weight: Port, output: Port, _memory: Memory) -> None:
    """Write out numbers of the network."""
    for at in range(work.writes):
        output.write(at, weight.read(at))


def run_embedding(work: Passes, operands: Sequence[Port], weight: Port, output: Port, _memory: Memory) -> None:
    """Copy the rows of a table whose numbers are read; features are the first extent of what comes of it."""
    layer = work.layer
    count = math.prod(work.inputs[0])
    for at in range(count):
        row = int(operands[0].read(at)) % layer.rows
        for feature in range(layer.features):
            output.write(feature * count + at, weight.read(row * layer.features + feature))
