"""Pairs of filters whose sums share a register (SWAR): what their inputs and weights have to be, checked before anything runs."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork
from costmodel.deployment.kernels.shapes import input_zero_point, never_below
from costmodel.deployment.kernels.tiles import HALF_BITS, Tile, parts_of
from costmodel.deployment.requantisation import INT8_STEPS

MOST_IN_HALF: Final = (1 << HALF_BITS - 1) - 1
"""Largest sum that a half of a register holds."""


class PairSplit(NamedTuple):
    """How the taps of a run are summed up in halves: in groups, so many of them a turn of a loop."""

    group: int
    """Taps before halves are parted."""
    turn_groups: int
    """Groups of one turn of the loop; 0 without a loop."""
    turns: int
    left_groups: int
    """Whole groups behind the loop, or all of them."""
    rest: int
    """Taps of a last, shorter one."""

    @property
    def groups(self) -> int:
        """All of them, the last one among them."""
        return self.turn_groups * self.turns + self.left_groups + (self.rest > 0)

    @property
    def turn_taps(self) -> int:
        """Taps that one address has to reach over: of a turn, or of all where there is no loop."""
        return self.group * (self.turn_groups or self.left_groups) + (0 if self.turn_groups else self.rest)


MOST_WRITTEN_OUT: Final = 16
"""Most taps of a turn, where a group has no more."""


def pair_split(length: int, group: int) -> PairSplit:
    """Return how a run of taps is summed up in halves.

    Parameters
    ----------
    length : int
        Taps of the run.
    group : int
        Taps before halves are parted.
    """
    whole, rest = divmod(length, group)
    most = max(1, MOST_WRITTEN_OUT // group)
    if length <= MOST_WRITTEN_OUT or whole <= most:
        return PairSplit(group, 0, 0, whole, rest)
    size = min(range(1, most + 1), key=lambda count: (whole % count, -count))
    return PairSplit(group, size, whole // size, whole % size, rest)


def held_tiles(network: DeployedNetwork, layer: DeployedLayer, tile: Tile) -> tuple[bool, ...]:
    """Tell of each tile of pairs whether halves hold their sums, whatever the inputs.

    Parameters
    ----------
    network : DeployedNetwork
        Whose layer it is; the range of its input counts.
    layer : DeployedLayer
        With its weights.
    tile : Tile
        With the taps that halves sum up; without, there are no pairs.

    Returns
    -------
    tuple of bool
        In the order of the weights: all groups, each group's tiles of filters that go in pairs.
    """
    weights = layer.weights
    if weights is None or not tile.swar:
        return ()
    largest = INT8_STEPS[1] - input_zero_point(network, layer)
    filters, in_channels, *kernel = weights.shape
    height, width = kernel or (1, 1)
    # Taps in the order they are summed up: rows of a kernel, each a run; dilated, each pixel of it is one.
    ordered = weights.reshape(filters, in_channels, height, width).transpose(0, 2, 3, 1)
    dilated = layer.width.dilation > 1 and width > 1
    runs = ordered.reshape(filters, height * width if dilated else height, -1).astype("i8")
    starts = range(0, runs.shape[2], tile.swar)
    above, below = (np.add.reduceat(part, starts, axis=2).reshape(filters, -1) for part in (runs.clip(min=0), runs.clip(max=0)))
    good = (largest * above.max(axis=1) <= MOST_IN_HALF) & (largest * below.min(axis=1) >= -MOST_IN_HALF - 1)
    per_group = filters // layer.groups
    return tuple(
        bool(good[first : first + length].all())
        for group in range(layer.groups)
        for first, length in ((group * per_group + begin, size) for begin, size in parts_of(per_group, tile.filters))
        if tile.in_pairs(length)
    )


def reason_against_pairs(network: DeployedNetwork, layer: DeployedLayer, tile: Tile) -> str | None:
    """Say why filters of a layer cannot go in pairs; None where they can, all of them or some."""
    if tile.filters % 2:
        return f"a tile of {tile.filters} filters has no pairs; take an even number"
    per_group = (network.tensors[layer.output].channels if layer.weights is None else len(layer.weights)) // layer.groups
    if per_group < tile.filters:
        return f"a group has {per_group} filter{'s' if per_group != 1 else ''}, fewer than a tile"
    if not never_below(network, layer.inputs[0]):
        return "its inputs may lie below their zero point, and halves of a register hold sums of inputs that do not"
    if not any(held_tiles(network, layer, tile)):
        return f"of no pair do halves of a register hold the sums of {tile.swar} taps, whatever the inputs; take fewer taps"
    return None
