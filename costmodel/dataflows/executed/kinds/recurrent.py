"""Layers that remember, executed step by step: long short-term memory, gated recurrent unit, filters in time; and what spreads inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from costmodel.dataflows.executed.counted_memory import Memory, Operand
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES
from costmodel.dataflows.executed.ports import ElementPort, Port
from costmodel.dataflows.executed.reach import Reach
from costmodel.specs.kinds.sequence_layers import StepFunction
from costmodel.specs.work import Passes


def _squash(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(x, 700.0), -700.0)))


def run_gates(work: Passes, operands: Sequence[Port], weight: Port, bias: Port, output: Port, memory: Memory) -> None:
    """Run the gates of every step: input, forget, cell and output of a long memory; update, reset and candidate of a gated unit; or one."""
    layer, shape = work.layer, work.inputs[0]
    features, units = shape[0], layer.units
    steps = shape[1] if len(shape) == 3 else 1
    gates = work.psums // (units * steps)
    states = 2 if gates == 4 else 1
    columns = work.weights // (work.psums or 1)
    rows = gates * units
    scratch = memory.scratch(Operand.PSUM, rows + (units * states if len(operands) == 1 else 0), ACCUMULATOR_BYTES)
    # States have no tensor to be counted at where none is given; their accesses count with inputs and outputs all the same.
    held = list(operands[1:]) or [ElementPort([0] * units) for _ in range(states)]
    lane = operands[0]
    resets_first = not getattr(layer, "reset_after", False)
    hidden = [0.0] * units
    cell = [0.0] * units
    for step in range(steps):
        sums: list[float] = []
        for row in range(rows):
            gate, own = divmod(row, units)
            is_candidate = gates == 3 and gate == gates - 1
            before = [_squash(sums[units + unit]) * hidden[unit] for unit in range(units)] if is_candidate and resets_first else hidden
            from_input = bias.read(row) if work.biases else 0
            for feature in range(features):
                from_input += lane.read(feature * steps + step) * weight.read(row * columns + feature)
                memory.mac_count += 1
            from_state: float = 0
            for unit in range(units):
                _count_read(lane)
                from_state += before[unit] * weight.read(row * columns + features + unit)
                memory.mac_count += 1
            for extra in range(features + units, columns):
                from_state += weight.read(row * columns + extra)
            if is_candidate and not resets_first:
                from_state *= _squash(sums[units + own])
            sums.append(from_input + from_state)
            scratch.write(row, sums[-1])
        after = list(hidden)
        for unit in range(units):
            values = [scratch.read(gate * units + unit) for gate in range(gates)]
            for _ in held:
                _count_read(lane)
            if gates == 4:
                cell[unit] = _squash(values[1]) * cell[unit] + _squash(values[0]) * math.tanh(values[2])
                after[unit] = _squash(values[3]) * math.tanh(cell[unit])
            elif gates == 3:
                update = _squash(values[0])
                after[unit] = update * hidden[unit] + (1 - update) * math.tanh(values[2])
            else:
                after[unit] = max(values[0], 0) if layer.function == StepFunction.RELU else math.tanh(values[0])
            for _ in held:
                # A state is written besides the outputs, none of which it changes.
                output.write(0, output.values[0])
        hidden = after
        if layer.sequence and len(shape) == 3:
            for unit in range(units):
                output.write(unit * steps + step, hidden[unit])
    if not (layer.sequence and len(shape) == 3):
        for unit in range(units):
            output.write(unit, hidden[unit])


def _count_read(port: Port) -> None:
    """Count one read of a state, which is read beside the inputs."""
    port.read(0)


def run_svdf(work: Passes, operands: Sequence[Port], weight: Port, bias: Port, output: Port, memory: Memory) -> None:
    """Run filters over the input, then over what they remember; a filter's memory moves on by one first."""
    layer, features = work.layer, work.inputs[0][0]
    filters, length = layer.units * layer.rank, layer.memory
    scratch = memory.scratch(Operand.PSUM, filters, ACCUMULATOR_BYTES)
    inputs, held = operands
    remembered = list(held.values)
    columns = layer.rank * (features + length)

    def weight_at(filter_number: int, column: int) -> float:
        unit, which = divmod(filter_number, layer.rank)
        value: float = weight.read(unit * columns + which * (features + length) + column)
        return value

    for number in range(filters):
        for at in range(length - 1):
            remembered[number * length + at] = remembered[number * length + at + 1]
            held.read(number * length + at + 1)
            output.write(0, 0)
        total = 0
        for feature in range(features):
            total += inputs.read(feature) * weight_at(number, feature)
            memory.mac_count += 1
        remembered[number * length + length - 1] = total
        output.write(0, 0)
        weighed = 0
        for at in range(length):
            held.read(number * length + at)
            weighed += remembered[number * length + at] * weight_at(number, features + at)
            memory.mac_count += 1
        scratch.write(number, weighed)
    for unit in range(layer.units):
        total = bias.read(unit)
        for which in range(layer.rank):
            total += scratch.read(unit * layer.rank + which)
        output.write(unit, total)


def run_transposed(
    groups: int, out_channels: int, in_channels: int, rows: Reach, columns: Reach, extents: tuple[int, int], kernel: tuple[int, int],
    nominal: bool, inputs: Port, weight: Port, bias: Port, output: Port, memory: Memory,
) -> None:  # fmt: skip
    """Run a transposed convolution: each output gathers the inputs that reach it; channels are those of a group."""
    memory.register(ACCUMULATOR_BYTES)
    height, width = extents
    row_users, column_users = _users(rows, height), _users(columns, width)
    for channel in range(groups * out_channels):
        first = channel // out_channels * in_channels

        def products(oh: int, ow: int, channel: int = channel, first: int = first) -> float:
            total: float = 0
            for ic in range(in_channels):
                for row, kh in row_users[oh]:
                    for column, kw in column_users[ow]:
                        element = inputs.read(((first + ic) * len(rows) + row) * len(columns) + column)
                        total += element * weight.read(((channel * in_channels + ic) * kernel[0] + kh) * kernel[1] + kw)
                        memory.mac_count += 1
            return total

        for oh in range(height):
            for ow in range(width):
                output.write((channel * height + oh) * width + ow, bias.read(channel) + products(oh, ow))
        if nominal:
            # Taps that reach no output are computed like the others, and go nowhere.
            for oh in row_users:
                for ow in column_users:
                    if not (0 <= oh < height and 0 <= ow < width):
                        products(oh, ow)


def _users(reach: Reach, extent: int) -> dict[int, list[tuple[int, int]]]:
    """For each output, and each place beside them, the inputs that reach it and by which tap."""
    users: dict[int, list[tuple[int, int]]] = {place: [] for place in range(extent)}
    for index, taps in enumerate(reach):
        for tap in taps:
            users.setdefault(tap.position, []).append((index, tap.kernel))
    return users
