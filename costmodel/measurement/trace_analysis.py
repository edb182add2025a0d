"""A trace, analysed: condensed, its windows found, their energy split into baseline and computation."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location, MissingError
from costmodel.measurement.captures.trace_chunk import Trace
from costmodel.measurement.windows.current_levels import current_levels
from costmodel.measurement.windows.inference_level import Band, inference_band
from costmodel.measurement.windows.inference_windows import FoundWindows, Window, find_windows
from costmodel.measurement.windows.marked_runs import marked_windows
from costmodel.measurement.windows.trace_blocks import Blocks, condensed
from costmodel.results.trace import AnalysedTrace, InferenceWindow, Spread, TraceCurve, TraceSummary, TraceThresholds
from costmodel.units import MA_PER_A, MS_PER_S

_NORMAL_95: Final = 1.96
_ROUNDING: Final = 1e-12
"""Share of a mean below which a deviation is rounding."""
_MUCH_MISSING: Final = 0.02
"""Share of a capture's time in gaps, or of its samples with a time that repeats, that is told of."""
_BELOW_ZERO: Final = 0.1
"""Share of the largest current that a median below zero is no offset any more."""
_LEAST_OUTSIDE: Final = 0.01
"""Share of the capture below given thresholds, at least, that is idle: fewer blocks are noise or a dip."""
_CURVE_POINTS: Final = 6000


class Thresholds(NamedTuple):
    """Thresholds as the user gives them; None where they are to be found."""

    minimum_a: float | None = None
    maximum_a: float | None = None
    shortest_s: float | None = None
    boot_s: float | None = None


FOUND: Final = Thresholds()
"""Every threshold found."""


def analyse_trace(trace: Trace, supply_v: float, supply_source: str, thresholds: Thresholds = FOUND) -> AnalysedTrace:
    """Find the inferences of a trace and what they cost.

    Parameters
    ----------
    trace : Trace
        The capture; walked through once.
    supply_v : float
        Supply voltage, used where the capture holds none [V].
    supply_source : str
        Where that voltage comes from.
    thresholds : Thresholds, optional
        The rule for windows, where the user gives it.

    Returns
    -------
    AnalysedTrace
        Figures and curve.

    Raises
    ------
    FormatError
        If the capture is not what it should be.
    MissingError
        If it holds no window: what was seen, and which threshold to change.
    """
    blocks = condensed(trace.chunks)
    if blocks is None:
        raise FormatError("the capture holds no sample with a number", Location(trace.name))
    if np.median(blocks.mean_a) < -_BELOW_ZERO * np.quantile(np.abs(blocks.mean_a), 0.999):
        raise FormatError(
            f"current is negative, {MA_PER_A * float(np.median(blocks.mean_a)):.4g} mA in the median: the instrument's leads are "
            "reversed; swap them, or change the sign of the column",
            Location(trace.name),
        )
    if trace.runs and thresholds == FOUND:
        band, found = marked_windows(blocks, trace.runs)
    else:
        band = _band(blocks, thresholds, trace.name)
        found = find_windows(blocks, band, thresholds.shortest_s, thresholds.boot_s)
    if not found.windows:
        raise MissingError(_no_window(blocks, found, thresholds), Location(trace.name))
    total = float(blocks.charge.sum() if blocks.energy is None else blocks.energy.sum())
    if blocks.energy is None:
        volts, source, total_j = supply_v, supply_source, total * supply_v
    else:
        charge = float(blocks.charge.sum())
        volts, source, total_j = (total / charge if charge else supply_v), "the capture's voltage", total
    return AnalysedTrace(_summary(trace, blocks, band, found, volts, source, total_j), _curve(blocks))


def _band(blocks: Blocks, given: Thresholds, name: str) -> Band:
    levels = current_levels(blocks)
    found = inference_band(blocks, levels)
    if given.minimum_a is not None:
        maximum_a = np.inf if given.maximum_a is None else given.maximum_a
        return Band(given.minimum_a, float(maximum_a), _idle_a(blocks, given.minimum_a, float(maximum_a)), "given")
    if found is None:
        raise MissingError(_no_level(blocks, [level.current_a for level in levels]), Location(name))
    if given.maximum_a is not None:
        return Band(found.minimum_a, given.maximum_a, found.idle_a, f"maximum given; minimum: {found.reason}")
    return found


def _idle_a(blocks: Blocks, minimum_a: float, maximum_a: float) -> float:
    """Return the current outside given thresholds: below them, or above where nothing lies below."""
    means = blocks.mean_a
    for outside in (means[means <= minimum_a], means[means >= maximum_a]):
        if len(outside) > _LEAST_OUTSIDE * len(means):
            return float(np.median(outside))
    below = means[means <= minimum_a]
    return float(np.median(below)) if len(below) else 0.0


def _no_level(blocks: Blocks, levels: list[float]) -> str:
    tally = blocks.tally
    seen = (" and ".join(f"{MA_PER_A * level:.4g}" for level in levels) + " mA") if levels else "no steady current"
    return (
        f"no inference window: current dwells at {seen} ({MA_PER_A * tally.lowest_a:.4g} to {MA_PER_A * tally.highest_a:.4g} mA in "
        f"{tally.last_s - tally.first_s:.4g} s) and never rises to a level and falls back; capture a whole inference with idle around it, "
        "or give --min-current and --max-current"
    )


def _no_window(blocks: Blocks, found: FoundWindows, given: Thresholds) -> str:
    rule, means = found.rule, blocks.mean_a
    inside = (means > rule.minimum_a) & (means < rule.maximum_a)
    low, median, high = (MA_PER_A * float(value) for value in np.quantile(means, (0.001, 0.5, 0.999)))
    band = f"above {MA_PER_A * rule.minimum_a:,.4g} mA"
    if math.isfinite(rule.maximum_a):
        band = f"between {MA_PER_A * rule.minimum_a:,.4g} and {MA_PER_A * rule.maximum_a:,.4g} mA"
    text = f"no inference window {band}: current lies at {low:.4g} to {high:.4g} mA (median {median:.4g})"
    if not inside.any():
        side = "lower --min-current" if means.max() <= rule.minimum_a else "raise --max-current"
        return f"{text}; {side}"
    if found.cut_count:
        return (
            f"{text}; {found.cut_count} window(s) reach the capture's begin or end: capture idle around the inference, "
            "or raise --min-current"
        )
    where = "after boot " if given.boot_s is not None or rule.boot_s > blocks.start_s[0] else ""
    return (
        f"{text}; {found.short_count} run(s) {where}within them, none longer than tau_min {MS_PER_S * rule.shortest_s:.6g} ms: "
        "lower --min-duration or --boot, or widen the thresholds"
    )


def _summary(trace: Trace, blocks: Blocks, band: Band, found: FoundWindows, volts: float, source: str, total_j: float) -> TraceSummary:
    tally, rule = blocks.tally, found.rule
    windows = tuple(_priced(window, volts) for window in found.windows)
    starts = np.array([window.start_s for window in windows if window.inference_count == 1])
    span_s = float(blocks.start_s[-1] - blocks.start_s[0])
    means = blocks.mean_a
    booted = blocks.start_s[:-1] >= rule.boot_s
    idle = _sample_spread(blocks, booted & _inner(band.idles(means)), "idle current")
    active_mask = np.zeros(len(means), dtype=bool)
    for window in found.windows:
        active_mask[window.first : window.last] = True
    active = _sample_spread(blocks, active_mask & (means > rule.minimum_a) & (means < rule.maximum_a), "active current")
    inference = _spread([window.inference_j for window in windows], "energy of an inference", "J")
    baseline = _spread([window.baseline_j for window in windows], "baseline energy", "J")
    computational = _spread([window.computational_j for window in windows], "computational energy", "J")
    place = f"{trace.place} {tally.first_nan}" if tally.nan_count else None
    return TraceSummary(
        capture=trace.name,
        format=trace.format_name,
        sample_count=tally.sample_count + tally.nan_count,
        rate_hz=1.0 / blocks.period_s,
        duration_s=span_s,
        nan_count=tally.nan_count,
        first_nan=place,
        gap_count=tally.gap_count,
        gap_s=tally.missing_s,
        bridged_j=tally.bridged * volts,
        clipped_count=tally.clipped_count,
        supply_v=volts,
        supply_source=source,
        total_j=total_j,
        average_w=total_j / span_s,
        thresholds=TraceThresholds(
            minimum_a=rule.minimum_a,
            maximum_a=min(rule.maximum_a, max(tally.highest_a, rule.minimum_a)),
            shortest_s=rule.shortest_s,
            boot_s=rule.boot_s - float(blocks.start_s[0]),
            reasons=(f"current: {rule.level_reason}", f"tau_min: {rule.shortest_reason}", f"boot: {rule.boot_reason}"),
        ),
        cut_count=found.cut_count,
        short_count=found.short_count,
        idle_current=idle,
        active_current=active,
        idle_w=idle.mean * volts,
        active_w=active.mean * volts,
        duration=_spread([window.duration_s for window in windows], "duration of an inference", "s"),
        inference=inference,
        baseline=baseline,
        computational=computational,
        baseline_ratio=baseline.mean / inference.mean if inference.mean else None,
        computational_ratio=computational.mean / inference.mean if inference.mean else None,
        period_s=float(np.median(np.diff(starts))) if len(starts) > 1 else None,
        windows=windows,
        warnings=(*trace.notes, *band.doubts, *_warnings(blocks, found)),
    )


def _inner(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leave out the blocks at the ends of each run: an edge may lie within them."""
    inner = where.copy()
    inner[1:] &= where[:-1]
    inner[:-1] &= where[1:]
    return inner if inner.any() else where


def _priced(window: Window, volts: float) -> InferenceWindow:
    count = window.inference_count
    duration_s = (window.end_s - window.start_s) / count
    energy_j = window.charge * volts if window.energy is None else window.energy
    # The window's own mean voltage, where the capture holds one.
    own_volts = volts if window.energy is None or not window.charge else window.energy / window.charge
    energy_j /= count
    baseline_j = window.idle_a * duration_s * own_volts
    return InferenceWindow(
        start_s=window.start_s,
        end_s=window.end_s,
        inference_count=count,
        duration_s=duration_s,
        inference_j=energy_j,
        baseline_j=baseline_j,
        computational_j=energy_j - baseline_j,
    )


def _spread(values: list[float], name: str, unit: str) -> Spread:
    numbers = np.array(values)
    mean = float(numbers.mean())
    sigma = float(numbers.std(ddof=1)) if len(numbers) > 1 else 0.0
    sigma = sigma if sigma > _ROUNDING * abs(mean) else 0.0
    low, high = (float(value) for value in np.quantile(numbers, (0.025, 0.975)))
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


def _warnings(blocks: Blocks, found: FoundWindows) -> tuple[str, ...]:
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
    if tally.unresolved:
        block_us = MS_PER_S * blocks.samples_a_block * blocks.period_s
        notes.append(f"current jumps too often for its samples to be kept: later edges lie within {block_us:.3g} ms only")
    if len(found.windows) == 1:
        notes.append(f"one {'inference' if found.windows[0].inference_count == 1 else 'run'} only: its spread is not known")
    return tuple(notes)


def _curve(blocks: Blocks) -> TraceCurve:
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
