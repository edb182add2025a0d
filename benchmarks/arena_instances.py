"""Problems of arenas and orders, drawn from seeds: graphs that branch, full rectangles, many buffers, and layers that may wait."""

from __future__ import annotations

import random

from costmodel.memory.lifetimes import Lifetimes, TensorLife
from costmodel.memory.ordering import OrderProblem

CAPACITY_BYTES = 4_096
"""Height of a full rectangle."""
STAGES = 40
"""Its width."""


def branchy(count: int, seed: int, skip: float = 0.3) -> Lifetimes:
    """Tensors in a row; some are also read a few steps later."""
    draw = random.Random(seed)
    last = [*range(1, count), count - 1]
    for place in range(2, count):
        if draw.random() < skip:
            source = draw.randrange(max(0, place - 12), place)
            last[source] = max(last[source], place)
    tensors = [TensorLife(f"t{place}", draw.randrange(1, 64) * 256, place, last[place]) for place in range(count)]
    return Lifetimes(tuple(tensors), tuple(f"t{place}" for place in range(count)), ())


def guillotine(count: int, seed: int) -> Lifetimes:
    """A full rectangle cut from edge to edge, again and again, large pieces rather than small ones."""
    draw = random.Random(seed)
    cuts = [(0, STAGES, 0, CAPACITY_BYTES)]
    while len(cuts) < count:
        areas = [(end - begin) * (high - low) * draw.random() for begin, end, low, high in cuts]
        at = areas.index(max(areas))
        begin, end, low, high = cuts[at]
        if draw.random() < 0.5 and end - begin >= 2:
            middle = draw.randrange(begin + 1, end)
            cuts[at : at + 1] = [(begin, middle, low, high), (middle, end, low, high)]
        elif high - low >= 2:
            middle = draw.randrange(low + 1, high)
            cuts[at : at + 1] = [(begin, end, low, middle), (begin, end, middle, high)]
    tensors = [TensorLife(f"t{at}", high - low, begin, end - 1) for at, (begin, end, low, high) in enumerate(sorted(cuts))]
    return Lifetimes(tuple(tensors), tuple(f"s{at}" for at in range(STAGES)), ())


def accelerator(count: int, seed: int) -> Lifetimes:
    """Buffers of an accelerator's compiler: many short ones, some that stay for long, sizes over three decades."""
    draw = random.Random(seed)
    stages = count // 3
    tensors = []
    for at in range(count):
        begin = draw.randrange(stages)
        length = draw.choice((1, 1, 2, 3, 5)) if draw.random() < 0.85 else draw.randrange(stages // 4, stages)
        tensors.append(TensorLife(f"t{at}", 64 * round(2 ** draw.uniform(0, 10)), begin, min(stages - 1, begin + length)))
    tensors.sort(key=lambda life: life.made)
    return Lifetimes(tuple(tensors), tuple(f"s{at}" for at in range(stages)), ())


def branches(count: int, length: int, seed: int) -> OrderProblem:
    """Chains from one layer to another: `(length + 1)**count` sets of finished layers."""
    draw = random.Random(seed)
    reads: list[tuple[int, ...]] = [()]
    sizes = [50]
    ends = []
    for _ in range(count):
        before = 0
        for _ in range(length):
            reads.append((before,))
            sizes.append(draw.randrange(1, 100))
            before = len(reads) - 1
        ends.append(before)
    return OrderProblem((*sizes, 10), (*reads, tuple(ends)), frozenset({len(reads)}), 10, frozenset({0}))
