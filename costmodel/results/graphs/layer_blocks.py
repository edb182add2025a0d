"""Layers of a large network in blocks: by the paths or the numbers in their names, or where names say nothing, in runs."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

FEWEST: Final = 4
MOST: Final = 20
"""Blocks there are to be."""
_DENSEST: Final = 0.6
"""Blocks a layer beyond which nothing is gained."""
_SEPARATOR: Final = re.compile(r"[./]")
_NUMBER: Final = re.compile(r"\d+")


class LayerBlock(NamedTuple):
    """Consecutive layers."""

    name: str
    places: tuple[int, ...]
    """Of its layers."""


def layer_blocks(names: Sequence[str]) -> tuple[LayerBlock, ...]:
    """Return the blocks of a network's layers.

    Parameters
    ----------
    names : sequence of str
        Of the layers, in running order.

    Returns
    -------
    tuple of LayerBlock
        At most 20, every layer in one.
    """
    paths = [_SEPARATOR.split(name)[:-1] for name in names]
    # The deepest paths that suit: a path met twice is cut by a deeper one inside it.
    for level in range(max(map(len, paths), default=0), 0, -1):
        keys = [".".join(path[:level]) for path in paths]
        groups = _runs(keys)
        named = [keys[group[0]] for group in groups if keys[group[0]]]
        if _suits(groups, len(names)) and len(named) == len(set(named)):
            return tuple(_block(names, group, keys[group[0]]) for group in groups)
    groups = _runs([_first_number(name) for name in names])
    if _suits(groups, len(names)):
        return tuple(_block(names, group) for group in groups)
    length = math.ceil(len(names) / MOST) or 1
    return tuple(_block(names, range(start, min(start + length, len(names)))) for start in range(0, len(names), length))


def _runs(keys: Sequence[str]) -> list[list[int]]:
    """Places whose keys are alike, one after the other."""
    return [list(group) for _, group in itertools.groupby(range(len(keys)), lambda place: keys[place])]


def _suits(groups: Sequence[Sequence[int]], layer_count: int) -> bool:
    return FEWEST <= len(groups) <= min(MOST, _DENSEST * layer_count)


def _first_number(name: str) -> str:
    found = _NUMBER.search(_SEPARATOR.split(name)[0])
    return found[0] if found else name


def _block(names: Sequence[str], places: Sequence[int], path: str = "") -> LayerBlock:
    ends = names[places[0]], names[places[-1]]
    return LayerBlock(path or (ends[0] if len(places) == 1 else f"{ends[0]} to {ends[1]}"), tuple(places))
