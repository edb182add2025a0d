"""Blocked output stationary, executed: a tile of pixels x filters in registers, which are no scratch, fed from a line buffer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from costmodel.dataflows.executed.counted_memory import Operand
from costmodel.dataflows.executed.kinds.convolution import Convolution
from costmodel.dataflows.executed.ports import Port
from costmodel.dataflows.executed.reach import Reach, Tap
from costmodel.specs.running.mapping import WORD_BYTES


def run_blocked_output_stationary(c: Convolution, pixels: int, filters: int, swar: int = 0) -> None:
    """Run a convolution tile by tile: a load of an input serves every filter of the tile, a load of a weight every pixel.

    Parameters
    ----------
    c : Convolution
        Its output is written and its memory counts.
    pixels, filters : int
        Of a tile; the last of a row and of the filters is narrower.
    swar : int
        Taps that halves of a register sum up; above 0, a load of weights brings those of two filters.
    """
    weights = _Words(c, filters) if swar else _Single(c)
    if _is_map(c.rows, c.height) and _is_map(c.columns, c.width):
        _run_map(c, weights, pixels, filters)
    else:
        _run_rows(c, weights, pixels, filters)


class _Single:
    """Weights that are loaded one by one."""

    def __init__(self, c: Convolution) -> None:
        self.c = c

    def begin(self, block: range) -> None:
        """Turn to a tile of filters: nothing is read."""

    def read(self, block: range, ic: int, kh: int, kw: int) -> list[Any]:
        """Return the weights of a tap, one a filter."""
        return [self.c.weight.read(self.c.weight_at(channel, ic, kh, kw)) for channel in block]


class _Words:
    """Weights in words: of two filters each where a tile's filters go in pairs, behind a word that says whether halves hold their sums."""

    def __init__(self, c: Convolution, filters: int) -> None:
        self.c, self.first, words = c, dict[int, int](), list[Any]()
        for group in range(c.groups):
            for block in _parts(group * c.out_channels, (group + 1) * c.out_channels, filters):
                self.first[block.start] = len(words)
                words += [True] if _in_pairs(block) else []
                step = 2 if _in_pairs(block) else 1
                for kh, kw, ic in product(range(c.kernel_height), range(c.kernel_width), range(c.in_channels)):
                    own = [c.weight.values[c.weight_at(channel, ic, kh, kw)] for channel in block]
                    words += [tuple(own[place : place + step]) for place in range(0, len(own), step)]
        self.port = c.memory.tensor(Operand.WEIGHT, words, WORD_BYTES)

    def begin(self, block: range) -> None:
        """Turn to a tile of filters: the word about its pairs is read."""
        if _in_pairs(block):
            self.port.read(self.first[block.start])

    def read(self, block: range, ic: int, kh: int, kw: int) -> list[Any]:
        """Return the weights of a tap, one a filter."""
        size = len(block) // 2 if _in_pairs(block) else len(block)
        tap = (kh * self.c.kernel_width + kw) * self.c.in_channels + ic
        begin = self.first[block.start] + _in_pairs(block) + tap * size
        return [weight for place in range(begin, begin + size) for weight in self.port.read(place)]


def _in_pairs(block: range) -> bool:
    return len(block) % 2 == 0


def _is_map(reach: Reach, extent: int) -> bool:
    return len(reach) == extent and all(len(taps) == 1 and taps[0].position == at for at, taps in enumerate(reach))


def _parts(begin: int, end: int, size: int) -> Iterator[range]:
    for first in range(begin, end, size):
        yield range(first, min(first + size, end))


def _run_map(c: Convolution, weights: _Single | _Words, pixels: int, filters: int) -> None:
    plane = c.height * c.width
    for group in range(c.groups):
        for block in _parts(group * c.out_channels, (group + 1) * c.out_channels, filters):
            weights.begin(block)
            for tile in _parts(0, plane, pixels):
                sums = _begun(c, block, tile)
                for ic in range(c.in_channels):
                    start = c.input_at(group * c.in_channels + ic, 0, 0)
                    _add(c, sums, weights.read(block, ic, 0, 0), [c.input.read(start + pixel) for pixel in tile])
                for channel, row in zip(block, sums, strict=True):
                    for pixel, total in zip(tile, row, strict=True):
                        c.output.write(channel * plane + pixel, total)
        c.progress(group + 1, c.groups)


class _Line(NamedTuple):
    """The line buffer of a group: the rows a window reaches over, each with its padding, the channels of a pixel side by side."""

    port: Port
    slots: int
    columns: int
    before: int
    """Columns of padding before the row."""
    channels: int

    def at(self, row: int, column: int, channel: int) -> int:
        return (row % self.slots * self.columns + self.before + column) * self.channels + channel


def _run_rows(c: Convolution, weights: _Single | _Words, pixels: int, filters: int) -> None:
    first, last = c.columns[0][0].position, c.columns[-1][-1].position
    slots = c.rows[0][-1].position - c.rows[0][0].position + 1
    columns = max(c.width - first, last + 1 - first)
    port = c.memory.scratch(Operand.INPUT_ROW, slots * columns * c.in_channels, c.input_bytes)
    line = _Line(port, slots, columns, -first, c.in_channels)
    for slot in range(slots):
        for column in (*range(first, 0), *range(c.width, first + columns)):
            for channel in range(c.in_channels):
                port.write(line.at(slot, column, channel), 0)
    for group in range(c.groups):
        held: dict[int, int] = {}
        for oh, row_taps in enumerate(c.rows):
            reached = [tap for tap in row_taps if tap.inside or c.nominal]
            for tap in reached:
                if held.get(tap.position % slots) != tap.position:
                    held[tap.position % slots] = tap.position
                    _fill(c, line, group, tap)
            for block in _parts(group * c.out_channels, (group + 1) * c.out_channels, filters):
                weights.begin(block)
                for tile in _parts(0, len(c.columns), pixels):
                    _tile(c, weights, line, reached, block, tile, oh)
            c.progress(group * len(c.rows) + oh + 1, c.groups * len(c.rows))


def _fill(c: Convolution, line: _Line, group: int, tap: Tap) -> None:
    for channel in range(c.in_channels):
        for column in range(c.width):
            address = c.input_at(group * c.in_channels + channel, tap.position, column)
            line.port.write(line.at(tap.position, column, channel), c.input.read(address) if tap.inside else c.input.read_padding())


def _tile(c: Convolution, weights: _Single | _Words, line: _Line, row_taps: list[Tap], block: range, tile: range, oh: int) -> None:
    sums = _begun(c, block, tile)
    for kh, ih, _ in row_taps:
        for kw in range(c.kernel_width):
            for ic in range(c.in_channels):
                elements = [line.port.read(line.at(ih, c.columns[ow][kw].position, ic)) for ow in tile]
                _add(c, sums, weights.read(block, ic, kh, kw), elements)
    for channel, row in zip(block, sums, strict=True):
        for ow, total in zip(tile, row, strict=True):
            c.output.write(c.output_at(channel, oh, ow), total)


def _begun(c: Convolution, block: range, tile: range) -> list[list[Any]]:
    """Return the accumulators of a tile, each filter's row started from one read of its bias."""
    return [[c.bias.read(channel)] * len(tile) for channel in block]


def _add(c: Convolution, sums: list[list[Any]], weights: list[Any], elements: list[Any]) -> None:
    """Add one tap to every accumulator of a tile."""
    for row, weight in zip(sums, weights, strict=True):
        for place, element in enumerate(elements):
            row[place] += element * weight
            c.memory.mac_count += 1
