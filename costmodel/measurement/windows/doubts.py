"""Why what a capture's inferences are cannot be told: the texts that a withheld answer gives, each with what would tell it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.ends.soft_edges import Ends
from costmodel.measurement.windows.readings import Reading
from costmodel.measurement.windows.repetition import inner_period
from costmodel.units import MA_PER_A

_IRREGULAR: Final = 0.5
"""Share of the typical duration by which durations of one kind spread, from which windows are pieces of something else."""
_MANY: Final = 6
_FAR_LONGER: Final = 8.0
"""Times the usual pause between rises that one is so long that it may be a run."""
_BUSY_SWING: Final = 0.1
"""Share of the rises' height that a run which draws less than idling swings by, at least."""
_EDGE_BLOCKS: Final = 2
"""Blocks of an edge; a board is awake for longer."""
_RESTS: Final = 0.25
"""The share that it does so for on one side of an inference, at least, to count."""
_AWAKE_STEP: Final = 0.35
"""Share of the current awake that computing adds, at most, where the board is awake on one side only."""
_MOST: Final = 0.8
"""Share of blocks that lie at one level, at least; others may be an edge."""
_ONE_LEVEL: Final = 0.25
"""Share of that step by which the current computing with spreads, at most, where it is one level."""
_AWAKE_SHARE: Final = 0.02
"""Share of the time between two sleeps that a board idles awake for, at least, where it matters whether that is part of an inference."""


def awake_around(outer: Reading, inner: Reading) -> bool:
    """Tell whether a board that wakes is awake at one current around what rises out of that current.

    Before and after it, or for long on one side of it where computing adds one small step: a large step from a current that is not
    returned to, or one of several, is a step from level to level within an inference.
    """
    current, rest_a = outer.quiet.current_a, inner.rises.rest_a
    near_a = inner.rises.left_a - rest_a
    computing = current[current > inner.rises.left_a]
    computing_a = float(np.median(computing)) - rest_a
    one_level = float(np.quantile(np.abs(computing - rest_a - computing_a), _MOST)) <= _ONE_LEVEL * computing_a
    small = one_level and computing_a <= _AWAKE_STEP * (rest_a - outer.rises.rest_a)
    around = 0
    begins, ends = outer.rises.first[outer.whole], outer.rises.last[outer.whole]
    firsts = np.searchsorted(inner.rises.first, begins, side="left")
    lasts = np.searchsorted(inner.rises.last, ends, side="right")
    for begin, end, first, last in zip(begins.tolist(), ends.tolist(), firsts.tolist(), lasts.tolist(), strict=True):
        if first >= last:
            continue
        sides = current[begin : inner.rises.first[first]], current[inner.rises.last[last - 1] : end]
        share = sum(map(len, sides)) / (end - begin)
        long = [side for side in sides if len(side) > _EDGE_BLOCKS * outer.quiet.width]
        enough = share > _AWAKE_SHARE if len(long) == 2 else share > _RESTS and small
        around += enough and all(float(np.quantile(np.abs(side - rest_a), _MOST)) <= near_a for side in long)
    return around > 0.5 * len(outer.whole)


def idles_elsewhere(reading: Reading, first: NDArray[np.intp], last: NDArray[np.intp]) -> str:
    """Tell that around most rises the current lies further below the one taken for idle than the rises lie above it."""
    current, rest_a = reading.quiet.current_a, reading.rises.rest_a
    heights = reading.heights_a(first, last)
    around = 0
    for a, b, height_a in zip(first.tolist(), last.tolist(), heights.tolist(), strict=True):
        reach = max((b - a) // 4, 2 * reading.quiet.width)
        beside = np.concatenate((current[max(a - reach, 0) : a], current[b : b + reach]))
        around += float(np.median(beside)) < rest_a - height_a
    if around <= 0.5 * len(first):
        return ""
    return (
        f"the capture rises out of {MA_PER_A * reading.rises.rest_a:.4g} mA, but idles below that around {around} of {len(first)} rises: "
        "its idle current drifts or has several levels; give --min-current, --duration or --marks"
    )


def busy_rest(reading: Reading, first: NDArray[np.intp], last: NDArray[np.intp]) -> str:
    """Tell that one stretch at the level taken for idle is far longer than others and repeats inside: a run may draw less than idling."""
    begins, ends = np.concatenate(([0], last)), np.append(first, len(reading.quiet.current_a))
    pauses = ends - begins
    place = int(pauses.argmax())
    if len(first) < _MANY or pauses[place] < _FAR_LONGER * np.median(pauses):
        return ""
    current, rises = reading.quiet.current_a, reading.rises
    height_a = float(np.median(np.concatenate([current[a:b] for a, b in zip(first[:_MANY], last[:_MANY], strict=True)]))) - rises.rest_a
    if inner_period(current[begins[place] : ends[place]], height_a, reading.quiet.noise_a, _BUSY_SWING) is None:
        return ""
    return (
        f"the longest stretch at {MA_PER_A * rises.rest_a:.4g} mA repeats inside, and {len(first)} short rises lie beside it: a run that "
        "draws less than idling does, or idling; give --min-current and --max-current, --duration or --marks"
    )


def unlike(spans_s: Floats, kind: NDArray[np.intp]) -> str:
    """Tell that no rise is like another, so that nothing says any of them is an inference."""
    if len(kind) < 2 or len(set(kind.tolist())) < len(kind):
        return ""
    return (
        f"{len(kind)} rises of {spans_text(spans_s)}, no two alike: nothing in the capture repeats; give --duration, --min-current or "
        "--marks for what is an inference"
    )


def irregular(spans_s: Floats, kind: NDArray[np.intp]) -> str:
    """Tell that rises taken for inferences last differently long, each unlike the others."""
    main = spans_s[kind == 0]
    if len(main) < _MANY or main.std() <= _IRREGULAR * np.median(main):
        return ""
    return (
        f"{len(main)} rises of {float(main.min()):.3g} to {float(main.max()):.3g} s, no two alike: each an inference, or pieces of longer "
        "ones whose inside falls back to idle; give --duration, --min-current or --marks"
    )


def ends_in_decay(ends: Ends, span_s: float, block_s: float) -> str:
    """Tell that windows end in a decay so long that it matters whether it is part of them."""
    spans = ends.spans_s(span_s, block_s)
    if spans is None:
        return ""
    without_s, with_s = spans
    return (
        f"inferences of {without_s:.4g} s end in a decay of the current, over after {with_s - without_s:.3g} s more: what the board draws, "
        f"or capacitors of its supply that fill; without it --duration {without_s:.4g}s, with it --duration {with_s:.4g}s"
    )


def hidden_ends(span_s: float, more_s: float) -> str:
    """Tell that windows may go on at a low level that noise hides."""
    return (
        f"inferences of {span_s:.4g} s begin or end with {more_s:.3g} s at a level that noise hides, or noise looks like it: average "
        f"faster samples, capture more inferences, or give --duration {span_s:.4g}s, --duration {span_s + more_s:.4g}s or --marks"
    )


def spans_text(spans_s: Floats) -> str:
    """Return the shortest and the longest of some durations, worded."""
    return f"{float(spans_s.min()):.4g} to {float(spans_s.max()):.4g} s"
