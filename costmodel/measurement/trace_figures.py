"""Figures of a capture: the whole of it, always, and its windows where there are some."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Trace
from costmodel.measurement.window_energy import (
    average_current_a,
    average_power_w,
    charge_ah,
    integrated_energy_j,
    mean_over_windows,
    mean_power_w,
    measured,
    share_ratio,
    window_baseline_j,
    window_computational_j,
    window_duration_s,
    window_energy_j,
    window_voltage_v,
)
from costmodel.measurement.windows.inference_windows import FoundWindows, Window
from costmodel.measurement.windows.trace_blocks import Blocks
from costmodel.results.runs.trace import CurrentPercentile, InferenceWindow, Spread, TraceCurve, TraceThresholds
from costmodel.units import MA_PER_A, MS_PER_S

_NORMAL_95: Final = 1.96
_ROUNDING: Final = 1e-12
"""Share of a mean below which a deviation is rounding."""
_MUCH_MISSING: Final = 0.02
"""Share of a capture's time in gaps, or of its samples with a time that repeats, that is told of."""
_CURVE_POINTS: Final = 6000
_SHARES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_ALIKE: Final = 0.75
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def capture_figures(trace: Trace, blocks: Blocks, volts: float, source: str, total_j: float, above_a: float | None) -> dict[str, Any]:
    """Return what is true of a whole capture, windows or not.

    Parameters
    ----------
    trace : Trace
        The capture, walked through.
    blocks : Blocks
        The same, condensed.
    volts : float
        Mean supply [V].
    source : str
        Where that comes from.
    total_j : float
        Energy of all of it [J].
    above_a : float or None
        Current the time above which is asked for [A]; the mean where None.

    Returns
    -------
    dict
        Fields of `TraceSummary`.
    """
    tally = blocks.tally
    spans = np.diff(blocks.start_s)
    span_s = float(blocks.start_s[-1] - blocks.start_s[0])
    charge = float(blocks.charge.sum())
    threshold_a = charge / span_s if above_a is None else above_a
    return {
        "capture": trace.name,
        "format": trace.format_name,
        "sample_count": tally.sample_count + tally.nan_count,
        "rate_hz": 1.0 / blocks.period_s,
        "duration_s": span_s,
        "nan_count": tally.nan_count,
        "first_nan": f"{trace.place} {tally.first_nan}" if tally.nan_count else None,
        "gap_count": tally.gap_count,
        "gap_s": tally.missing_s,
        "bridged_j": tally.bridged * volts,
        "clipped_count": tally.clipped_count,
        "garbage_count": tally.garbage_count,
        "supply_v": volts,
        "supply_source": source,
        "total_j": total_j,
        "average_w": average_power_w(measured(total_j, "energy of the capture"), measured(span_s, "length of the capture")),
        "mean_a": average_current_a(measured(charge, "charge of the capture"), measured(span_s, "length of the capture")),
        "charge_ah": charge_ah(measured(charge, "charge of the capture")),
        "percentiles": tuple(_percentiles(blocks, spans)),
        "above_a": threshold_a,
        "above_s": float(spans[blocks.mean_a > threshold_a].sum()),
    }


def _percentiles(blocks: Blocks, spans: NDArray[np.float64]) -> list[CurrentPercentile]:
    order = np.argsort(blocks.mean_a)
    passed = np.cumsum(spans[order])
    places = np.minimum(np.searchsorted(passed, np.array(_SHARES) * passed[-1]), len(order) - 1)
    return [
        CurrentPercentile(share_ratio=share, current_a=float(blocks.mean_a[order[place]]))
        for share, place in zip(_SHARES, places, strict=True)
    ]


def no_window_figures(reason: str) -> dict[str, Any]:
    """Return the fields of `TraceSummary` that are about windows where none are given; `reason` says why, and what to give."""
    nothing = ("thresholds", "idle_current", "active_current", "idle_w", "active_w", "duration", "inference", "baseline", "computational")
    empty = {"baseline_ratio": None, "computational_ratio": None, "period_s": None, "cut_count": 0, "short_count": 0, "windows": ()}
    return {**dict.fromkeys(nothing), **empty, "withheld": reason, "certainty": "withheld"}


def window_figures(blocks: Blocks, found: FoundWindows, volts: float, likeness_ratio: float | None) -> dict[str, Any]:
    """Return what is true of the windows of a capture.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    found : FoundWindows
        Its windows, one at least.
    volts : float
        Supply where the capture holds none [V].
    likeness_ratio : float or None
        How like each other they are.

    Returns
    -------
    dict
        Fields of `TraceSummary`.
    """
    tally, rule, means = blocks.tally, found.rule, blocks.mean_a
    resting = np.zeros(len(means), dtype=bool) if found.resting is None else found.resting
    windows = tuple(priced(window, volts, blocks) for window in found.windows)
    starts = np.array([window.start_s for window in windows if window.inference_count == 1 and not window.repeats])
    booted = blocks.start_s[:-1] >= rule.boot_s
    idle = _sample_spread(blocks, booted & _inner(resting), "idle current")
    inside = np.zeros(len(means), dtype=bool)
    for window in found.windows:
        inside[window.first : window.last] = True
    active = _sample_spread(blocks, _inner(inside & (means > rule.minimum_a) & (means < rule.maximum_a)), "active current")
    noun = "a run" if any(window.repeats for window in windows) else "an inference"
    inference = _spread([window.inference_j for window in windows], f"energy of {noun}", "J")
    baseline = _spread([window.baseline_j for window in windows], "baseline energy", "J")
    computational = _spread([window.computational_j for window in windows], "computational energy", "J")
    return {
        "thresholds": TraceThresholds(
            minimum_a=rule.minimum_a,
            maximum_a=min(rule.maximum_a, max(tally.highest_a, rule.minimum_a)),
            shortest_s=rule.shortest_s,
            boot_s=rule.boot_s - float(blocks.start_s[0]),
            reasons=(f"current: {rule.level_reason}", f"tau_min: {rule.shortest_reason}", f"boot: {rule.boot_reason}"),
        ),
        "cut_count": found.cut_count,
        "short_count": found.short_count,
        "other_count": found.other_count,
        "certainty": _certainty(len(windows), likeness_ratio),
        "likeness_ratio": likeness_ratio,
        "idle_current": idle,
        "active_current": active,
        "idle_w": mean_power_w(measured(idle.mean, "idle current"), measured(volts, "supply")),
        "active_w": mean_power_w(measured(active.mean, "active current"), measured(volts, "supply")),
        "duration": _spread([window.duration_s for window in windows], f"duration of {noun}", "s"),
        "inference": inference,
        "baseline": baseline,
        "computational": computational,
        "baseline_ratio": share_ratio(baseline.mean, inference.mean) if inference.mean else None,
        "computational_ratio": share_ratio(computational.mean, inference.mean) if inference.mean else None,
        "period_s": float(np.median(np.diff(starts))) if len(starts) > 1 else None,
        "windows": windows,
    }


def priced(window: Window, volts: float, blocks: Blocks) -> InferenceWindow:
    """Return a window with its energy, and what of it the idle board would have drawn; `volts` where the capture holds no voltage."""
    count = window.inference_count
    duration_s = window_duration_s(measured(window.start_s, "begin of the window"), measured(window.end_s, "end of the window"), count)
    charge, supply_v = measured(window.charge, "charge of the window"), measured(volts, "supply")
    # The window's own mean voltage, where the capture holds one.
    own_volts = supply_v
    if window.energy is None:
        energy_j = window_energy_j(charge, supply_v, count)
    else:
        whole_j = measured(window.energy, "energy of the window")
        energy_j = integrated_energy_j(whole_j, count)
        own_volts = window_voltage_v(whole_j, charge) if window.charge else supply_v
    baseline_j = window_baseline_j(measured(window.idle_a, "current around the window"), duration_s, own_volts)
    block_s = blocks.samples_a_block * blocks.period_s
    return InferenceWindow(
        start_s=window.start_s,
        end_s=window.end_s,
        inference_count=count,
        kind=_LETTERS[min(window.kind, len(_LETTERS) - 1)],
        repeats=window.inner_blocks is not None and count == 1,
        inner_period_s=None if window.inner_blocks is None else window.inner_blocks * block_s,
        duration_s=duration_s,
        inference_j=energy_j,
        baseline_j=baseline_j,
        computational_j=window_computational_j(energy_j, baseline_j),
    )


def _certainty(count: int, likeness_ratio: float | None) -> str:
    if count < 2 or likeness_ratio is None:
        return "one only, so nothing it could be compared with"
    alike = f"{count} windows, {100.0 * likeness_ratio:.3g} % alike"
    return alike if likeness_ratio > _ALIKE else f"{alike}: look at the chart"


def _inner(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leave out the blocks at the ends of each run: an edge may lie within them."""
    inner = where.copy()
    inner[1:] &= where[:-1]
    inner[:-1] &= where[1:]
    return inner if inner.any() else where


def _spread(values: list[float], name: str, unit: str) -> Spread:
    numbers = np.array(values)
    mean = mean_over_windows(values)
    sigma = float(numbers.std(ddof=1)) if len(numbers) > 1 else 0.0
    sigma = sigma if sigma > _ROUNDING * abs(mean) else 0.0
    low, median, high = (float(value) for value in np.quantile(numbers, (0.025, 0.5, 0.975)))
    return Spread(
        name=name,
        unit=unit,
        mean=mean,
        sigma=sigma,
        cv=sigma / abs(mean) if mean else None,
        low=low,
        high=high,
        smallest=float(numbers.min()),
        largest=float(numbers.max()),
        median=median,
    )


def _sample_spread(blocks: Blocks, where: NDArray[np.bool_], name: str) -> Spread:
    """Mean and deviation of the samples in some blocks, from the blocks' own."""
    means = blocks.mean_a[where]
    if not len(means):
        return Spread(name=name, unit="A", mean=0.0, sigma=0.0, cv=None, low=0.0, high=0.0, smallest=0.0, largest=0.0)
    mean = float(means.mean())
    sigma = float(np.sqrt(blocks.variance[where].mean(dtype=np.float64) + means.var()))
    half = _NORMAL_95 * sigma
    return Spread(
        name=name,
        unit="A",
        mean=mean,
        sigma=sigma,
        cv=sigma / abs(mean) if mean else None,
        low=mean - half,
        high=mean + half,
        smallest=float(means.min()),
        largest=float(means.max()),
    )


def capture_warnings(blocks: Blocks, found: FoundWindows | None) -> tuple[str, ...]:
    """Return what a reader should know before trusting figures: a coarse clock, gaps, a clipped range, one window only."""
    tally, notes = blocks.tally, []
    repeated = tally.repeated_count / tally.sample_count
    if repeated > _MUCH_MISSING:
        notes.append(
            f"{100.0 * repeated:.3g} % of the samples have the time of the one before: the clock is coarser than the samples; "
            "give --sample-rate where they follow each other evenly"
        )
    lost = tally.missing_s / (tally.last_s - tally.first_s) if tally.last_s > tally.first_s else 0.0
    if lost > _MUCH_MISSING:
        notes.append(f"{100.0 * lost:.3g} % of the capture's time is missing: inferences within gaps are not found")
    if tally.clipped_count:
        notes.append(f"{tally.clipped_count} samples lie at exactly {MA_PER_A * tally.highest_a:.6g} mA: the range was clipped there")
    if tally.garbage_count:
        notes.append(f"{tally.garbage_count} sample(s) beyond any current were left out")
    if tally.widened_count:
        block_ms = MS_PER_S * blocks.samples_a_block * blocks.period_s
        notes.append(
            f"a capture this long is kept in means of {block_ms:.3g} ms: inferences of a few of them are not found; "
            "cut it into pieces for those"
        )
    if tally.unresolved:
        block_us = MS_PER_S * blocks.samples_a_block * blocks.period_s
        notes.append(f"current jumps too often for its samples to be kept: later edges lie within {block_us:.3g} ms only")
    if found is not None:
        notes.extend(found.notes)
        if len(found.windows) == 1:
            one = found.windows[0]
            single = one.inference_count == 1 and one.inner_blocks is None
            notes.append(f"one {'inference' if single else 'run'} only: its spread is not known")
    return tuple(notes)


def capture_curve(blocks: Blocks) -> TraceCurve:
    """Return a capture thinned out for drawing."""
    means, starts = blocks.mean_a, blocks.start_s[:-1]
    size = max(1, -(-len(means) // _CURVE_POINTS))
    first = np.arange(0, len(means), size)
    counts = np.diff(np.append(first, len(means)))
    return TraceCurve(
        starts[first].tolist(),
        np.minimum.reduceat(means, first).tolist(),
        (np.add.reduceat(means, first) / counts).tolist(),
        np.maximum.reduceat(means, first).tolist(),
    )
