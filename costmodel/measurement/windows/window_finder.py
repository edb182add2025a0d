"""The inferences of a capture, found: which reading explains it, how sure that is, and what would settle it where two explain it alike.

The model is stated in docs/traces.md: idle is what the capture returns to between inferences, and everything between two returns is one
inference; a window whose inside repeats is a run of inferences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.doubts import (
    awake_around,
    busy_rest,
    ends_in_decay,
    hidden_ends,
    idles_elsewhere,
    irregular,
    spans_text,
    unlike,
)
from costmodel.measurement.windows.ends.faint_ends import faint_ends
from costmodel.measurement.windows.ends.single_pauses import with_single_pauses
from costmodel.measurement.windows.ends.soft_edges import Ends, soft_ends, softened
from costmodel.measurement.windows.ends.wanderings import wanderings, with_bridges
from costmodel.measurement.windows.idle_steps import without_idle_step
from costmodel.measurement.windows.inference_windows import FoundWindows, Window, WindowRule, bounded_window
from costmodel.measurement.windows.kinds import Joined, Kinds, joined_pauses, kinds_of
from costmodel.measurement.windows.quiet_current import quiet_current
from costmodel.measurement.windows.readings import Reading, readings_of, sleeps, wakes_of
from costmodel.measurement.windows.repetition import inner_period, likeness
from costmodel.measurement.windows.trace_blocks import Blocks
from costmodel.units import MA_PER_A, MS_PER_S

_NESTED: Final = 3.0
"""Rises inside each rise out of sleep, at least, that are inferences of their own."""
_MOST_STEPS: Final = 4
"""Steps of the idle current that are taken out of a capture, at most."""
_FIRST_FEW: Final = 8
"""Rises that the first is compared with, to tell a boot."""
_NEAR: Final = 0.2
"""Share a given duration may differ from what is found."""


@dataclass(frozen=True)
class Hints:
    """What the user says of the inferences; None where nothing."""

    duration_s: float | None = None
    shortest_s: float | None = None
    boot_s: float | None = None


class Decision(NamedTuple):
    """What was found, or why it is withheld."""

    found: FoundWindows | None
    reason: str
    """How the windows were told, or why they are not."""
    likeness_ratio: float | None = None
    """How like each other the windows are; None for fewer than two."""


def found_inferences(blocks: Blocks, hints: Hints) -> Decision:
    """Find the inferences of a capture.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    hints : Hints
        What the user says of them.

    Returns
    -------
    Decision
        Windows, or why none are given.
    """
    quiet = quiet_current(blocks.mean_a)
    readings = list(readings_of(blocks, quiet))
    if not readings:
        return Decision(None, _nothing(blocks))
    for _ in range(_MOST_STEPS):
        if (levelled := without_idle_step(readings[0])) is None:
            break
        readings = list(readings_of(blocks, levelled)) or readings
    readings = [with_bridges(with_single_pauses(reading, blocks.mean_a)) for reading in readings]
    chosen, doubt = _chosen(readings, hints, blocks)
    return _decided(blocks, chosen, hints, doubt)


def _chosen(readings: list[Reading], hints: Hints, blocks: Blocks) -> tuple[Reading, str]:
    """Return the reading that explains the capture, and what else does as well."""
    first = readings[0]
    if (duration_s := hints.duration_s) is not None:
        return min(readings, key=lambda each: abs(float(np.log(_typical_s(each, blocks) / duration_s)))), ""
    if not sleeps(first):
        return first, ""
    deeper = next((reading for reading in (*readings[1:], *wakes_of(first)) if awake_around(first, reading)), None)
    if deeper is None:
        return first, ""
    if len(deeper.whole) >= _NESTED * len(first.whole) and len(first.whole) < _NESTED:
        return deeper, ""
    outer_s, inner_s = _typical_s(first, blocks), _typical_s(deeper, blocks)
    return first, (
        f"the capture sleeps at {MA_PER_A * first.rises.rest_a:.4g} mA, is awake at {MA_PER_A * deeper.rises.rest_a:.4g} mA and rises "
        f"out of both: an inference is all that lies between two sleeps ({len(first.whole)} of {outer_s:.4g} s: "
        f"--duration {outer_s:.3g}s) or the "
        f"rise out of being awake ({len(deeper.whole)} of {inner_s:.4g} s: --duration {inner_s:.3g}s, or "
        f"--min-current {MA_PER_A * deeper.rises.core_a:.4g}mA)"
    )


def _typical_s(reading: Reading, blocks: Blocks) -> float:
    starts, whole = blocks.start_s, reading.whole
    spans = np.sort(starts[reading.rises.last[whole]] - starts[reading.rises.first[whole]])
    return float(spans[np.searchsorted(np.cumsum(spans), 0.5 * spans.sum())])


def _resting(reading: Reading) -> NDArray[np.bool_]:
    resting: NDArray[np.bool_] = reading.quiet.current_a <= reading.rises.left_a
    return resting


def _idling(reading: Reading) -> NDArray[np.bool_]:
    """Tell in which blocks the board idles at the reading's own level: sleeping below it is no baseline."""
    rises = reading.rises
    idling: NDArray[np.bool_] = _resting(reading) & (reading.quiet.current_a >= 2.0 * rises.rest_a - rises.core_a)
    return idling


def _decided(blocks: Blocks, reading: Reading, hints: Hints, doubt: str) -> Decision:
    starts, rises = blocks.start_s, reading.rises
    booted_s = float(starts[0]) + (hints.boot_s or 0.0)
    late = starts[rises.first] >= booted_s
    whole = np.flatnonzero(~rises.cut & late)
    if not len(whole):
        lower = "" if late.all() else f", or lower --boot, before which {int(np.count_nonzero(~late))} begin"
        cut = int(rises.cut.sum())
        return Decision(None, f"{_seen(reading)}; {cut} rise(s) reach the capture's begin or end: capture idle around them{lower}")
    wandering = wanderings(reading, rises.first[whole], rises.last[whole])
    whole = whole[~wandering]
    first, last = rises.first[whole], rises.last[whole]
    kinds = _without_wanderings(_told(reading, blocks, first, last, hints), int(np.count_nonzero(wandering)))
    kept = kinds.kind >= 0
    heights = reading.heights_a(first[kept], last[kept])
    joined = joined_pauses(starts[first[kept]], starts[last[kept]], heights) if hints.shortest_s is None else None
    joined = _fitting(joined, starts[first[kept]], starts[last[kept]], hints)
    if joined is not None:
        first, last = first[kept][joined.first], last[kept][joined.last]
        again = _told(reading, blocks, first, last, hints)
        kinds = again._replace(
            short_count=again.short_count + kinds.short_count,
            other_count=again.other_count + kinds.other_count,
            doubt=kinds.doubt or again.doubt or joined.doubt,
            notes=tuple(dict.fromkeys((*kinds.notes, *again.notes))),
        )
        kept = kinds.kind >= 0
    main = kinds.kind == 0
    ends = soft_ends(reading, first[main], last[main]) if main.any() else Ends(None, None)
    hidden, bounds, together = 0, (first[kept], last[kept]), np.zeros((len(first), 2), dtype=np.bool_)
    for kind in range(int(kinds.kind.max(initial=-1)) + 1):
        same = np.flatnonzero(kinds.kind == kind)
        faint = faint_ends(reading, first[same], last[same], *bounds)
        # What falls as a ramp or a decay is no level.
        first[same] = faint.first if ends.begin is None else first[same]
        last[same] = faint.last if ends.end is None else last[same]
        together[same] = faint.told_together
        if ends == Ends(None, None):
            hidden = max(hidden, faint.doubted_blocks)
    spans, block_s = starts[last] - starts[first], blocks.samples_a_block * blocks.period_s
    ends = soft_ends(reading, first[main], last[main]) if main.any() else Ends(None, None)
    typical_s = float(np.median(spans[main])) if main.any() else 0.0
    if hints.duration_s is not None:
        near = np.abs((spans + ends.nearer_s(typical_s, block_s, hints.duration_s)) / hints.duration_s - 1.0) <= _NEAR
        kinds = kinds._replace(doubt="", short_count=kinds.short_count + int(np.count_nonzero(kept & ~near)))
        kept = near
    if not kept.any():
        asked = "" if hints.duration_s is None else f"none lasts about --duration {hints.duration_s:.4g} s"
        if hints.shortest_s is not None:
            asked = f"none longer than tau_min {MS_PER_S * hints.shortest_s:.6g} ms: lower --min-duration or --boot"
        return Decision(None, f"{len(first)} rise(s) of {spans_text(starts[last] - starts[first])}, {asked}")
    doubt = (
        doubt
        or kinds.doubt
        or (unlike(starts[last[kept]] - starts[first[kept]], kinds.kind[kept]) if hints == Hints() else "")
        or irregular(starts[last[kept]] - starts[first[kept]], kinds.kind[kept])
    )
    if doubt:
        return Decision(None, doubt)
    if hints.duration_s is None and (doubt := ends_in_decay(ends, typical_s, block_s)):
        return Decision(None, doubt)
    if hints == Hints() and (doubt := idles_elsewhere(reading, first[kept], last[kept])):
        return Decision(None, doubt)
    if hints == Hints() and hidden:
        return Decision(None, hidden_ends(typical_s, hidden * block_s))
    if hints == Hints() and (doubt := busy_rest(reading, first[kept], last[kept])):
        return Decision(None, doubt)
    found = _windows(blocks, reading, (first[kept], last[kept]), kinds, np.flatnonzero(kept), together[kept])
    found = softened(blocks, found, (first[kept], last[kept]), ends, hints.duration_s)
    joined_cut = 0 if joined is None else joined.cut_count
    at_ends = int(np.count_nonzero(rises.cut | ~late)) + joined_cut
    rule = _rule(blocks, reading, hints, found, booted_s)
    like = likeness(reading.quiet.current_a, [window.first for window in found], [window.last for window in found])
    return Decision(
        FoundWindows(rule, found, at_ends, kinds.short_count, kinds.other_count, _idling(reading), kinds.notes), rule.level_reason, like
    )


def _without_wanderings(kinds: Kinds, count: int) -> Kinds:
    """Count the rises that were taken for idle that wanders among those left out, and say so."""
    if not count:
        return kinds
    note = f"{count} rise(s) without an edge, where others have one: taken for idle that wanders, left out"
    return kinds._replace(other_count=kinds.other_count + count, notes=(*kinds.notes, note))


def _fitting(joined: Joined | None, begins_s: Floats, ends_s: Floats, hints: Hints) -> Joined | None:
    """Leave rises apart where the duration that was given is theirs."""
    if joined is None or hints.duration_s is None or len(joined.first) == len(begins_s):
        return joined
    together = float(np.median(ends_s[joined.last] - begins_s[joined.first]))
    apart = float(np.median(ends_s - begins_s))
    nearer = abs(np.log(together / hints.duration_s)) < abs(np.log(apart / hints.duration_s))
    return joined._replace(doubt="") if nearer else None


def _told(reading: Reading, blocks: Blocks, first: NDArray[np.intp], last: NDArray[np.intp], hints: Hints) -> Kinds:
    current, starts = reading.quiet.current_a, blocks.start_s
    heights = reading.heights_a(first, last)
    spans = starts[last] - starts[first]
    longest = spans > 0.5 * spans.max()
    repeats = np.zeros(len(first), dtype=bool)
    for place in np.flatnonzero(longest)[:2]:
        inside = current[first[place] : last[place]]
        repeats[place] = inner_period(inside, float(heights[place]), reading.quiet.noise_a) is not None
    some = zip(first[:_FIRST_FEW].tolist(), last[:_FIRST_FEW].tolist(), strict=True)
    middles_a = np.array([float(np.median(current[a:b])) for a, b in some]) - reading.rises.rest_a
    return kinds_of(starts[first], spans, heights, repeats, hints.shortest_s, middles_a)


def _windows(
    blocks: Blocks,
    reading: Reading,
    bounds: tuple[NDArray[np.intp], NDArray[np.intp]],
    kinds: Kinds,
    places: NDArray[np.intp],
    together: NDArray[np.bool_],
) -> list[Window]:
    first, last = bounds
    resting, quiet = _idling(reading), reading.quiet
    before = np.concatenate(([0], reading.rises.last))
    after = np.append(reading.rises.first, len(resting))
    spaces = np.minimum(
        first - before[np.searchsorted(reading.rises.first, first)], after[np.searchsorted(reading.rises.last, last, side="right")] - last
    )
    step_a = 2.0 * (reading.rises.core_a - reading.rises.rest_a)
    windows = []
    chosen = zip(first.tolist(), last.tolist(), spaces.tolist(), places.tolist(), together.tolist(), strict=True)
    for a, b, space, place, fixed in chosen:
        window = bounded_window(blocks, resting, (a, b), space, reading.rises.rest_a, quiet.width, step_a, fixed)
        inside = quiet.current_a[window.first : window.last]
        height_a = float(inside.mean()) - reading.rises.rest_a if len(inside) else 0.0
        windows.append(window._replace(kind=int(kinds.kind[place]), inner_blocks=inner_period(inside, height_a, quiet.noise_a)))
    return windows


def _rule(blocks: Blocks, reading: Reading, hints: Hints, windows: list[Window], booted_s: float) -> WindowRule:
    drift = reading.quiet.drift_a
    drifts = f"; a drift of {MA_PER_A * drift:.3g} mA over the capture was taken out first" if drift else ""
    steps = "".join(
        f"; idle steps by {MA_PER_A * above_a:+.3g} mA at {blocks.start_s[at]:.4g} s, which was taken out first"
        for at, above_a in reading.quiet.steps
    )
    shortest_s = hints.shortest_s or min(window.end_s - window.start_s for window in windows)
    return WindowRule(
        reading.rises.left_a,
        float(np.inf),
        shortest_s,
        booted_s,
        f"{_seen(reading)}: above {MA_PER_A * reading.rises.left_a:.4g} mA it has left idle, and a rise reaches "
        f"{MA_PER_A * reading.rises.core_a:.4g} mA{drifts}{steps}",
        "given" if hints.shortest_s is not None else "the shortest of what was found; rises below a tenth of the typical one are none",
        "given" if hints.boot_s is not None else "nothing is left out for when it begins",
    )


def _seen(reading: Reading) -> str:
    levels = ", ".join(f"{MA_PER_A * level.current_a:.4g}" for level in reading.levels)
    return f"the capture dwells at {levels} mA; it returns to {MA_PER_A * reading.rises.rest_a:.4g} mA between rises, so that is idle"


def _nothing(blocks: Blocks) -> str:
    tally = blocks.tally
    low, median, high = (MA_PER_A * float(value) for value in np.quantile(blocks.mean_a, (0.001, 0.5, 0.999)))
    return (
        f"current dwells at no level it rises out of and returns to: {low:.4g} to {high:.4g} mA (median {median:.4g}) in "
        f"{tally.last_s - tally.first_s:.4g} s; capture a whole inference with idle around it, or give --min-current and --max-current"
    )
