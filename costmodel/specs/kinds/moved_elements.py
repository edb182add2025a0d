"""Which element each output of a layer that moves data is: an input and a place in it, or None for padding.

Plain Python over plain ints: the executions and the references of deployment index with it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from costmodel.specs.kinds.moving_layers import PadMode, Rearrangement

Extents: TypeAlias = tuple[int, ...]
Origin: TypeAlias = tuple[int, int] | None
"""Which input, and which of its elements in row-major order; None is what a padding is filled with."""
Moved: TypeAlias = Callable[[Any, Sequence[Extents], Extents], list[Origin]]
"""From a layer, its inputs' shapes and its output's: the origin of every output element, in row-major order."""


def flat(shape: Extents, place: Sequence[int]) -> int:
    """Return where an element lies, row-major."""
    at = 0
    for extent, index in zip(shape, place, strict=True):
        at = at * extent + index
    return at


def places(shape: Extents) -> itertools.product[tuple[int, ...]]:
    """Return every place of a shape, row-major."""
    return itertools.product(*map(range, shape))


def moved_in_order(_layer: Any, _inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """Each element to its own place: conversions and writes into a state."""
    return [(0, at) for at in range(math.prod(output))]


def moved_by_concat(layer: Any, inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """Tensors one after the other."""
    found: list[Origin] = []
    for place in places(output):
        along, number = place[layer.axis], 0
        while along >= inputs[number][layer.axis]:
            along -= inputs[number][layer.axis]
            number += 1
        found.append((number, flat(inputs[number], (*place[: layer.axis], along, *place[layer.axis + 1 :]))))
    return found


def moved_by_slice(layer: Any, inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """A part of a tensor."""
    steps = layer.steps or (1,) * len(output)
    return [
        (0, flat(inputs[0], [start + index * step for start, index, step in zip(layer.starts, place, steps, strict=True)]))
        for place in places(output)
    ]


def moved_by_pad(layer: Any, inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """A tensor with something around it."""
    found: list[Origin] = []
    for place in places(output):
        inner = [index - before for index, before in zip(place, layer.before, strict=True)]
        if layer.mode == PadMode.EDGE:
            inner = [min(max(index, 0), extent - 1) for index, extent in zip(inner, inputs[0], strict=True)]
        elif layer.mode != PadMode.CONSTANT:
            edge = 0 if layer.mode == PadMode.REFLECT else 1
            inner = [
                -index - edge if index < 0 else 2 * (extent - 1) + edge - index if index >= extent else index
                for index, extent in zip(inner, inputs[0], strict=True)
            ]
        inside = all(0 <= index < extent for index, extent in zip(inner, inputs[0], strict=True))
        found.append((0, flat(inputs[0], inner)) if inside else None)
    return found


def moved_by_transpose(layer: Any, inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """The axes in another order."""
    found: list[Origin] = []
    for place in places(output):
        inner = [0] * len(place)
        for axis, index in zip(layer.order, place, strict=True):
            inner[axis] = index
        found.append((0, flat(inputs[0], inner)))
    return found


def moved_by_reshape(layer: Any, inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """The same elements in another shape: the n-th in the order of the input's axes is the n-th in the order of the output's."""
    order = layer.order or tuple(range(len(inputs[0])))
    made = layer.shape_order or tuple(range(len(output)))
    found: list[Origin] = [None] * math.prod(output)
    walk = zip(places(tuple(inputs[0][axis] for axis in order)), places(tuple(output[axis] for axis in made)), strict=True)
    for before, after in walk:
        source = [index for _, index in sorted(zip(order, before, strict=True))]
        target = [index for _, index in sorted(zip(made, after, strict=True))]
        found[flat(output, target)] = (0, flat(inputs[0], source))
    return found


def moved_by_gather(layer: Any, inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """Slices picked along an axis by constant numbers."""
    return [
        (0, flat(inputs[0], (*place[: layer.axis], layer.indices[place[layer.axis]], *place[layer.axis + 1 :]))) for place in places(output)
    ]


def moved_by_resize(layer: Any, inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """Nearest neighbours."""
    rows, columns = (
        [nearest(index, inputs[0][axis], output[axis], layer.align_corners, layer.half_pixel_centers) for index in range(output[axis])]
        for axis in (1, 2)
    )
    return [(0, flat(inputs[0], (channel, rows[row], columns[column]))) for channel, row, column in places(output)]


def nearest(index: int, extent: int, outputs: int, align_corners: bool, half_pixel_centers: bool) -> int:
    """Return the input nearest to an output along one axis."""
    if align_corners and outputs > 1:
        at = math.floor(index * (extent - 1) / (outputs - 1) + 0.5)
    else:
        at = math.floor((index + (0.5 if half_pixel_centers else 0.0)) * extent / outputs)
    return min(max(at, 0), extent - 1)


def moved_by_rearrange(layer: Any, inputs: Sequence[Extents], output: Extents) -> list[Origin]:
    """Blocks between channels and places, repetitions, reversals."""
    (shape,) = inputs
    inner: list[Extents]
    if layer.function == Rearrangement.DEPTH_TO_SPACE:
        block = output[1] // shape[1]
        inner = [(((r % block) * block + c % block) * output[0] + channel, r // block, c // block) for channel, r, c in places(output)]
    elif layer.function == Rearrangement.SPACE_TO_DEPTH:
        block = shape[1] // output[1]
        parts = [(*divmod(channel, shape[0]), r, c) for channel, r, c in places(output)]
        inner = [(channel, r * block + part // block, c * block + part % block) for part, channel, r, c in parts]
    elif layer.function == Rearrangement.PIXEL_SHUFFLE:
        block = output[1] // shape[1]
        inner = [((channel * block + r % block) * block + c % block, r // block, c // block) for channel, r, c in places(output)]
    elif layer.function == Rearrangement.PIXEL_UNSHUFFLE:
        block = shape[1] // output[1]
        parts = [(*divmod(channel, block * block), r, c) for channel, r, c in places(output)]
        inner = [(channel, r * block + part // block, c * block + part % block) for channel, part, r, c in parts]
    elif layer.function == Rearrangement.REVERSE:
        inner = [
            tuple(
                extent - 1 - index if axis in layer.axes else index for axis, (extent, index) in enumerate(zip(shape, place, strict=True))
            )
            for place in places(output)
        ]
    else:
        inner = [tuple(index % extent for index, extent in zip(place, shape, strict=True)) for place in places(output)]
    return [(0, flat(shape, place)) for place in inner]
