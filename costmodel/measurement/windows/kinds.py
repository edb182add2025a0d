"""Which rises of a capture are of one kind, which of those are inferences, and which rises belong to one inference."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats

_ALIKE: Final = 1.35
"""Rises whose durations, sorted, lie within this ratio of the next are of one kind; so for their mean heights."""
_TOO_SHORT: Final = 0.1
"""Share of the typical duration below which a rise is no inference: the runner of MLPerf rejects such trials."""
_WARM_UP: Final = 0.35
"""The same where the typical rise is a run of inferences: a few before it are a warm-up."""
_SHORT: Final = 0.25
_TALL: Final = 3.0
"""A rise both short and tall beside the typical one is a radio burst."""
_BEAT: Final = 0.02
"""Share of the usual period that the first one differs by, at most, where the first rise is one of many."""
_BEAT_DIFFERS: Final = 4.0
"""The same as a multiple of what the usual periods differ by."""
_LEAST: Final = 1e-12
"""Durations and heights are told apart down to this [s, A]."""
_AGAIN: Final = 3
"""Times a pattern is met, at least, to be told from chance."""
_MOST_IN_ONE: Final = 12
"""Rises that may make up one inference."""
_PAUSE: Final = 0.4
"""Share of the shortest pause between inferences that the pauses within one stay below."""
_SAME_SPAN: Final = 1.1
"""Rises whose durations lie within this ratio are alike: more of them may be one inference each."""
_SAME_GROUP: Final = 0.1
"""Share of the typical group's duration that the usual one differs by, at most."""
_SAME_PAUSE: Final = 0.25
"""The same for each group but a few."""
_MOST_GROUPS: Final = 0.8
"""Share of the groups that are no exception, at least."""


class Kinds(NamedTuple):
    """What each rise is."""

    kind: NDArray[np.intp]
    """0 for the inferences most time is spent in, 1 and up for others, -1 for what is none."""
    short_count: int
    other_count: int
    """Radio bursts and boots."""
    doubt: str
    """Why what is an inference cannot be told; empty where it can."""
    notes: tuple[str, ...]


def kinds_of(
    begins_s: Floats,
    durations_s: Floats,
    heights_a: Floats,
    repeats: NDArray[np.bool_],
    shortest_s: float | None = None,
    middles_a: Floats | None = None,
) -> Kinds:
    """Tell inferences from other rises.

    Parameters
    ----------
    begins_s, durations_s : Floats, shape (rises,)
        Of whole rises, in order of time [s].
    heights_a : Floats, shape (rises,)
        Mean current of each above rest [A].
    repeats : bool array, shape (rises,)
        Whether the inside of each repeats.
    shortest_s : float, optional
        Duration below which a rise is no inference, where it is given [s].
    middles_a : Floats, optional
        Median current above rest of the first few rises, which a radio burst inside leaves as it is [A].

    Returns
    -------
    Kinds
        Of each rise, and counts of what was left out.
    """
    label = _clusters(np.log(np.maximum(durations_s, _LEAST)), np.log(_ALIKE))
    both = _together(label, _clusters(np.log(np.maximum(heights_a, _LEAST)), np.log(_ALIKE)))
    times = np.bincount(label, weights=durations_s)
    counts = np.bincount(label)
    main = int(times.argmax())
    boot = np.zeros(len(label), dtype=bool)
    doubt = ""
    again = np.flatnonzero((counts >= _AGAIN) & (np.arange(len(counts)) != main))
    if counts[main] == 1 and len(again) and not repeats[label == main].any():
        second = int(again[times[again].argmax()])
        if label[0] == main:
            boot[0], main = True, second
        elif times[second] > _TOO_SHORT * times[main]:
            doubt = (
                f"one rise of {durations_s[label == main][0]:.3g} s and {counts[second]} of about "
                f"{float(np.median(durations_s[label == second])):.3g} s: either may be the inference; give --duration"
            )
    typical_s = float(np.median(durations_s[label == main]))
    typical_a = float(np.median(heights_a[label == main]))
    if not boot[0] and np.count_nonzero(label == main) >= _AGAIN:
        alone = np.count_nonzero(both == both[0]) == 1
        # Where there are several kinds of inference, a first one of its own is one more.
        boot[0] = alone and len(set(both[1:].tolist())) == 1 and not _like_the_next(durations_s, middles_a)
    if boot[0] and _in_time(begins_s) and not doubt:
        doubt = (
            f"the first rise, {durations_s[0]:.3g} s long, is unlike those that follow and begins as long before them as they follow each "
            f"other: a boot, or one more inference; give --boot or --duration"
        )
    share = _WARM_UP if repeats[label == main].any() else _TOO_SHORT
    least_s = share * typical_s if shortest_s is None else shortest_s
    short = (durations_s < least_s) & ~boot
    burst = (durations_s < _SHORT * typical_s) & (heights_a > _TALL * typical_a) & ~short & ~boot
    kept = ~(short | burst | boot)
    kind = np.full(len(label), -1)
    found, where = np.unique(both[kept], return_inverse=True)
    spent = np.bincount(where, weights=durations_s[kept], minlength=len(found))
    rank = np.empty(len(found), dtype=np.intp)
    rank[np.argsort(-spent, kind="stable")] = np.arange(len(found))
    kind[kept] = rank[where]
    notes = []
    if boot[0]:
        notes.append(f"the first rise, {durations_s[0]:.3g} s long, is unlike what follows again and again: taken as the boot, left out")
    if burst.any():
        notes.append(
            f"{int(burst.sum())} short rises of {float(np.median(durations_s[burst])):.3g} s, more than {_TALL:g} times as high as an "
            "inference: taken as radio bursts, left out"
        )
    return Kinds(kind, int(short.sum()), int(burst.sum() + boot.sum()), doubt, tuple(notes))


def _like_the_next(durations_s: Floats, middles_a: Floats | None) -> bool:
    """Tell whether the first rise lasts as long as the next few and mostly draws what they do: bursts inside make means differ."""
    if middles_a is None or len(middles_a) < _AGAIN:
        return False
    firsts = (durations_s[: len(middles_a)], middles_a)
    apart = [abs(float(np.log(max(each[0], _LEAST) / max(float(np.median(each[1:])), _LEAST)))) for each in firsts]
    return max(apart) <= float(np.log(_ALIKE))


def _in_time(begins_s: Floats) -> bool:
    """Tell whether the first rise begins a period before the second, as inferences do and a boot does not."""
    periods = np.diff(begins_s)
    if len(periods) < 2:
        return False
    usual = float(np.median(periods[1:]))
    differs = float(np.median(np.abs(periods[1:] - usual)))
    return abs(float(periods[0]) - usual) <= max(_BEAT * usual, _BEAT_DIFFERS * differs)


class Joined(NamedTuple):
    """Rises put together where they belong to one inference."""

    first: NDArray[np.intp]
    """First rise of each inference."""
    last: NDArray[np.intp]
    """Last rise of each, the rise itself where nothing was put together."""
    cut_count: int
    """Rises at the capture's ends that are part of an inference."""
    doubt: str
    """Why it cannot be told whether they belong together; empty where it can."""


def joined_pauses(begins_s: Floats, ends_s: Floats, heights_a: Floats) -> Joined:
    """Find rises that belong to one inference: short pauses between them, long ones between groups that last alike again and again.

    Parameters
    ----------
    begins_s, ends_s : Floats, shape (rises,)
        Of rises in order of time [s].
    heights_a : Floats, shape (rises,)
        Mean current of each above rest [A].

    Returns
    -------
    Joined
        Each rise its own where no such groups are.
    """
    count = len(begins_s)
    apart = Joined(np.arange(count), np.arange(count), 0, "")
    pauses = begins_s[1:] - ends_s[:-1]
    order = np.sort(pauses)
    splits = np.flatnonzero(order[:-1] <= _PAUSE * order[1:])
    for split in splits[np.argsort(order[splits] / np.maximum(order[splits + 1], _LEAST), kind="stable")].tolist():
        ends_group = pauses > order[split]
        first = np.flatnonzero(np.concatenate(([True], ends_group)))
        last = np.flatnonzero(np.concatenate((ends_group, [True])))
        spans = ends_s[last] - begins_s[first]
        # The capture may begin or end within a group.
        whole = np.ones(len(first), dtype=bool)
        for place in (0, -1):
            whole[place] = spans[place] * _SAME_SPAN > np.median(spans)
        if np.count_nonzero(whole) < _AGAIN or not _even(spans[whole]):
            continue
        first, last = first[whole], last[whole]
        sizes = last - first + 1
        if sizes.max() > _MOST_IN_ONE or np.count_nonzero(sizes > 1) == 0 or not _as_single(spans[whole], sizes):
            continue
        return Joined(first, last, int(np.count_nonzero(~whole)), _alike_parts(begins_s, ends_s, heights_a, first, last))
    return apart


def _alike_parts(begins_s: Floats, ends_s: Floats, heights_a: Floats, first: NDArray[np.intp], last: NDArray[np.intp]) -> str:
    """Tell that the rises of each group are like one another, so that each may be an inference; empty where they are not."""
    size = int(np.median(last - first)) + 1
    usual = first[last - first + 1 == size]
    if size == 1 or len(usual) < _AGAIN:
        return ""
    places = usual[:, None] + np.arange(size)
    durations, heights = np.median((ends_s - begins_s)[places], axis=0), np.median(heights_a[places], axis=0)
    if durations.max() > _SAME_SPAN * durations.min() or heights.max() > _SAME_SPAN * heights.min():
        return ""
    group, parts = ("pairs", "two inferences") if size == 2 else (f"groups of {size}", f"{size} inferences")
    between_s = float(np.median((begins_s[1:] - ends_s[:-1])[places[:, :-1]]))
    return (
        f"rises of {float(np.median(durations)):.3g} s come in {group} {between_s:.3g} s apart: {parts} each, or one with pauses; "
        "give --duration"
    )


def _as_single(spans_s: Floats, sizes: NDArray[np.intp]) -> bool:
    """Tell whether groups of several rises last as long as the usual single one, where most are single.

    Inferences that follow each other closely by chance last longer together than one does.
    """
    if np.median(sizes) > 1:
        return True
    usual_s = float(np.median(spans_s[sizes == 1]))
    return bool(np.median(np.abs(spans_s[sizes > 1] / usual_s - 1.0)) <= _SAME_PAUSE)


def _even(spans_s: Floats) -> bool:
    """Tell whether groups last about the same again and again."""
    middle = float(np.median(spans_s))
    off = np.abs(spans_s - middle)
    return bool(np.median(off) <= _SAME_GROUP * middle and np.mean(off <= _SAME_PAUSE * middle) >= _MOST_GROUPS)


def _clusters(values: Floats, apart: float) -> NDArray[np.intp]:
    """Number values by the groups they fall in: sorted, a step wider than `apart` begins another."""
    order = np.argsort(values, kind="stable")
    label = np.empty(len(values), dtype=np.intp)
    label[order] = np.concatenate(([0], np.cumsum(np.diff(values[order]) > apart)))
    return label


def _together(label: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number values by two groups they fall in, in the order of the first."""
    return np.unique(np.stack((label, other)), axis=1, return_inverse=True)[1].reshape(-1)
