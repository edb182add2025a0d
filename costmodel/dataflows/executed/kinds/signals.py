"""Front and back ends, executed access by access: running sums, a transform to frequencies, a bank of filters, a choice among boxes."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence

from costmodel.dataflows.executed.counted_memory import Memory, Operand
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES
from costmodel.dataflows.executed.ports import Port
from costmodel.specs.kinds.moved_elements import flat, places
from costmodel.specs.kinds.signals.lowering import COORDINATES
from costmodel.specs.work import Passes


def run_cumulative(work: Passes, operands: Sequence[Port], _weight: Port, output: Port, memory: Memory) -> None:
    """Add up the elements along an axis, writing each sum on the way."""
    memory.register(ACCUMULATOR_BYTES)
    layer, (shape,) = work.layer, work.inputs
    along = range(shape[layer.axis] - 1, -1, -1) if layer.reverse else range(shape[layer.axis])
    for place in places(tuple(1 if axis == layer.axis else extent for axis, extent in enumerate(shape))):
        total = 0
        for index in along:
            at = flat(shape, [index if axis == layer.axis else there for axis, there in enumerate(place)])
            element = operands[0].read(at)
            memory.operation_count += 1
            output.write(at, total if layer.exclusive else total + element)
            total += element


def run_fft(work: Passes, operands: Sequence[Port], weight: Port, output: Port, memory: Memory) -> None:
    """Transform real samples: even and odd ones as one complex row, halved until pairs are left, then taken apart."""
    points, ((samples,),) = work.layer.points, work.inputs
    half = points // 2
    scratch = memory.scratch(Operand.PSUM, points, ACCUMULATOR_BYTES)

    def twiddle(numerator: int, denominator: int) -> complex:
        weight.read(0)
        weight.read(1)
        return cmath.exp(-2j * math.pi * numerator / denominator)

    def kept(place: int) -> complex:
        return complex(scratch.read(2 * place), scratch.read(2 * place + 1))

    def keep(place: int, value: complex) -> None:
        scratch.write(2 * place, value.real)
        scratch.write(2 * place + 1, value.imag)

    bits = half.bit_length() - 1
    for place in range(half):
        turned = int(f"{place:0{bits}b}"[::-1], 2)
        first, second = (operands[0].read(at) if at < samples else 0 for at in (2 * place, 2 * place + 1))
        keep(turned, complex(first, second))
    reach = 1
    while reach < half:
        for start in range(0, half, 2 * reach):
            for at in range(reach):
                turned_other = kept(start + at + reach) * twiddle(at, 2 * reach)
                one = kept(start + at)
                memory.mac_count += 4
                memory.operation_count += 4
                keep(start + at, one + turned_other)
                keep(start + at + reach, one - turned_other)
        reach *= 2

    def made(place: int, value: complex) -> None:
        output.write(2 * place, value.real)
        output.write(2 * place + 1, value.imag)

    ends = kept(0)
    memory.operation_count += 2
    made(0, complex(ends.real + ends.imag))
    made(half, complex(ends.real - ends.imag))
    for place in range(1, half // 2):
        one, other = kept(place), kept(half - place)
        even, odd = (one + other.conjugate()) / 2, (one - other.conjugate()) / 2j
        turned_odd = odd * twiddle(place, points)
        memory.mac_count += 4
        memory.operation_count += 8
        made(place, even + turned_odd)
        made(half - place, (even - turned_odd).conjugate())
    made(half // 2, kept(half // 2).conjugate())


def run_bank(work: Passes, operands: Sequence[Port], weight: Port, output: Port, memory: Memory) -> None:
    """Weigh each slope's elements twice: rising into its own output, falling into the one before."""
    memory.register(2 * ACCUMULATOR_BYTES)
    layer, taps, at = work.layer, sum(work.layer.widths), 0
    falling_before = 0
    for slope, (start, width) in enumerate(zip(layer.starts, layer.widths, strict=True)):
        rising = falling = 0
        for place in range(start, start + width):
            element = operands[0].read(place)
            rising += element * weight.read(at)
            falling += element * weight.read(taps + at)
            memory.mac_count += 2
            at += 1
        if slope:
            memory.operation_count += 1
            output.write(slope - 1, falling_before + rising)
        falling_before = falling


def run_detection(work: Passes, operands: Sequence[Port], weight: Port, output: Port, memory: Memory) -> None:
    """Put boxes in place by their anchors, then pick the best again and again, passing over what a pick covers."""
    boxes, scores, picks = operands[0], operands[1], work.layer.picks
    count = math.prod(work.inputs[0]) // COORDINATES
    classes = math.prod(work.inputs[1]) // count
    fields = COORDINATES + 2
    scratch = memory.scratch(Operand.PSUM, fields * count, ACCUMULATOR_BYTES)
    for box in range(count):
        for at in range(COORDINATES):
            memory.mac_count += 1
            scratch.write(fields * box + at, boxes.read(at * count + box) + weight.read(COORDINATES * box + at))
        best, which = -math.inf, 0
        for number in range(classes):
            memory.operation_count += 1
            score = scores.read(number * count + box)
            best, which = (score, number) if score > best else (best, which)
        scratch.write(fields * box + COORDINATES, which)
        scratch.write(fields * box + COORDINATES + 1, best)
    candidates = [[scratch.read(fields * box + at) for at in range(fields)] for box in range(count)]
    found: list[list[float]] = []
    for _ in range(picks):
        memory.operation_count += count
        candidates = [one for one in candidates if not found or not _cover(one, found[-1])]
        if candidates:
            found.append(candidates.pop(candidates.index(max(candidates, key=lambda one: one[-1]))))
    rows = found + [[0.0] * fields] * (picks - len(found))
    for at, value in enumerate([number for row in rows for number in row] + [float(len(found))]):
        output.write(at, value)


def _cover(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two boxes, by their first and last rows and columns, have more than half of their area in common."""
    shared = math.prod(max(0.0, min(one[2 + axis], other[2 + axis]) - max(one[axis], other[axis])) for axis in range(2))
    areas = sum(max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1]) for box in (one, other))
    return shared > (areas - shared) / 2
