"""Pauses of a single block between inferences: pauses where the pieces are alike, and a lost sample where they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.quiet_current import despiked
from costmodel.measurement.windows.readings import Reading

_AGAIN: Final = 3
"""Pieces, at least, to tell the usual one."""
_ALIKE: Final = 1.35
"""Ratio within which the pieces between pauses last like the usual one."""
_MOST: Final = 0.8
"""Share of the pieces that do, at least."""
_BELOW: Final = 2.0
"""Times as far below rest as what has left it is above, beyond which a block is no pause but garbage."""
_LEAST_BLOCKS: Final = 2
"""Blocks of a piece, at least: shorter ones are spikes."""
_LONGER: Final = 1.6
"""Times the usual piece that one lasts in which a pause is looked for that does not come back to rest within its block."""

Places = NDArray[np.intp]


def with_single_pauses(reading: Reading, means: Floats) -> Reading:
    """Return a reading in which blocks that are back at idle for themselves part rises, where the pieces are alike.

    Parameters
    ----------
    reading : Reading
        One way to read a capture; blocks that stand alone were passed over.
    means : Floats, shape (blocks,)
        Mean current of each block [A].

    Returns
    -------
    Reading
        The same where blocks were averaged, or the pieces would not be alike.
    """
    rises, current = reading.rises, reading.quiet.current_a
    if reading.quiet.width > 1 or not len(rises.first):
        return reading
    shown = means + (current - despiked(means))
    lowest_a = rises.rest_a - _BELOW * (rises.left_a - rises.rest_a)
    back = _alone((shown <= rises.left_a) & (shown >= lowest_a))
    begins, ends = _parted(rises.first, rises.last, back)
    usual = _usual(begins, ends, len(current))
    if usual is None:
        begins, ends = rises.first, rises.last
        usual = _usual(begins, ends, len(current))
    if usual is None:
        return reading
    half = _alone((shown <= rises.core_a) & (shown >= lowest_a))
    first, last = _parted_where_alike(begins, ends, half, usual)
    if len(first) == len(rises.first):
        return reading
    pauses = last[np.isin(last + 1, first)]
    parted = current.copy()
    parted[pauses] = np.minimum(shown[pauses], rises.left_a)
    cut = (first == 0) | (last == len(current))
    quiet = replace(reading.quiet, current_a=parted, single_a=parted)
    return replace(reading, quiet=quiet, rises=replace(rises, first=first, last=last, cut=cut))


def _alone(low: NDArray[np.bool_]) -> Places:
    """Return the blocks that are low while those beside them are not."""
    return np.flatnonzero(low & ~np.append(False, low[:-1]) & ~np.append(low[1:], False))


def _parted(first: Places, last: Places, pauses: Places) -> tuple[Places, Places]:
    """Return rises in pieces between pauses; pieces too short to be any are left out."""
    # A pause beside a rise leaves a piece without blocks.
    begins, ends = np.sort(np.concatenate((first, pauses + 1))), np.sort(np.concatenate((last, pauses)))
    long = ends - begins >= _LEAST_BLOCKS
    return begins[long], ends[long]


def _usual(first: Places, last: Places, count: int) -> float | None:
    """Return how long pieces usually are that the capture neither begins nor ends in; None where they are not alike."""
    blocks = (last - first)[(first > 0) & (last < count)]
    if len(blocks) < _AGAIN:
        return None
    usual = float(np.median(blocks))
    return usual if np.mean(_like(blocks, usual)) >= _MOST else None


def _like(blocks: Places, usual: float) -> NDArray[np.bool_]:
    # A pause is placed to a block: pieces of few blocks differ by one at either end.
    near: NDArray[np.bool_] = np.abs(np.log(blocks / usual)) <= max(np.log(_ALIKE), np.log(1.0 + 1.0 / usual))
    return near


def _parted_where_alike(first: Places, last: Places, pauses: Places, usual: float) -> tuple[Places, Places]:
    """Return pieces of which those far longer than usual are parted at a pause that leaves pieces like the usual one."""
    begins: list[int] = []
    ends: list[int] = []
    for begin, end in zip(first.tolist(), last.tolist(), strict=True):
        if end - begin > _LONGER * usual:
            inside = pauses[np.searchsorted(pauses, begin, side="right") : np.searchsorted(pauses, end)]
            pieces = _parted(np.array([begin]), np.array([end]), inside)
            if len(inside) and _like(pieces[1] - pieces[0], usual).all():
                begins += pieces[0].tolist()
                ends += pieces[1].tolist()
                continue
        begins.append(begin)
        ends.append(end)
    return np.array(begins, dtype=np.intp), np.array(ends, dtype=np.intp)
