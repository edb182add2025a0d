"""A capture of any length in little memory: means of short blocks, and the raw samples only where the current jumps.

Each sample stands for the time from half-way to its neighbour before to half-way to the one after (its cell), so that
the sum of current times cell is the trapezoidal integral. A sample without a number is left out: its neighbours' cells
meet, which bridges it as it bridges a gap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import MOST_CURRENT_A, Floats, TraceChunk
from costmodel.units import MS_PER_S

F = TypeVar("F", bound=np.floating)

BLOCK_S: Final = 0.64 / MS_PER_S
"""Span of a block: short beside any inference worth a battery, long enough to average noise."""
LONGEST_BLOCK: Final = 64
MOST_BLOCKS: Final = 5_000_000
"""More would take half a gigabyte: beyond 53 minutes of a fast instrument, 83 at a thousand samples a second, blocks span twice as long."""
_LOOKED_AHEAD: Final = 1 << 18
"""Samples read before the span of a block is settled: a capture that ends before is kept in finer ones."""
_BLOCKS_OF_SHORT: Final = 1 << 17
"""Blocks a short capture is kept in, where it has as many samples."""
_GAP: Final = 1.5
"""A step of more than this many sample periods is a gap."""
_JUMP_SIGMAS: Final = 3.5
_KEPT_SAMPLES: Final = 1 << 21
"""Raw samples kept at most."""
_CLIP_RUN: Final = 10
"""Samples at exactly the largest value from which the range counts as clipped."""
_LOOKED_AT: Final = 1 << 14
"""Samples that tell an instrument's steps, about."""
_FEW: Final = 0.05
"""Share of the samples looked at that their different values stay below where an instrument tells few apart."""
_ROUNDING: Final = 1e-9
"""Share of the largest current below which a difference is rounding."""
_MULTIPLE: Final = 0.05
"""Steps that a value lies off a multiple of the step, at most."""
_SIGMA_OF_MEDIAN_STEP: Final = 1.0 / 0.9538725524
"""Standard deviation over the median absolute difference of neighbours, for Gaussian noise."""


@dataclass
class Blocks:
    """A whole capture, condensed."""

    samples_a_block: int
    period_s: float
    """Median time between samples at the start."""
    start_s: Floats
    """Begin of each block's first cell, and the end of the last block's last."""
    mean_a: Floats
    """Mean of each block's samples [A]."""
    charge: Floats
    """Current integrated over each block [A s]."""
    energy: Floats | None
    """Power integrated over each block [J]; None without a voltage in the capture."""
    variance: NDArray[np.float32]
    """Of the samples within each block [A^2]."""
    raw: dict[int, tuple[Floats, Floats, Floats | None]]
    """Block to its samples' begins of cell, currents and voltages, where the current jumps."""
    noise_a: float
    """Standard deviation of the samples' noise, from the differences of neighbours."""
    tally: Tally


@dataclass
class Tally:
    """What was met on the way."""

    sample_count: int = 0
    nan_count: int = 0
    first_nan: int = 0
    """Line or sample of the first; 0 without any."""
    repeated_count: int = 0
    """Samples with the time of the one before."""
    gap_count: int = 0
    missing_s: float = 0.0
    """Time in gaps."""
    bridged: float = 0.0
    """Charge the trapezoid lends the gaps [A s]."""
    first_s: float = 0.0
    last_s: float = 0.0
    highest_a: float = -np.inf
    at_highest_count: int = 0
    garbage_count: int = 0
    """Samples beyond any current, left out."""
    step_a: float = 0.0
    """Step that all currents are multiples of; 0 where they hardly repeat, or share none [A]."""
    value_count: int = 0
    """Different currents among those looked at, where they share a step."""
    widened_count: int = 0
    """Times blocks were joined in pairs, because the capture is long."""
    unresolved: bool = False
    """Whether the raw samples of some jumps were let go."""

    @property
    def clipped_count(self) -> int:
        """Samples at the top of the instrument's range; 0 where too few share the largest value."""
        return self.at_highest_count if self.at_highest_count >= _CLIP_RUN else 0


@dataclass
class _Condenser:
    size: int
    period_s: float
    tally: Tally
    time: Floats = field(default_factory=lambda: np.zeros(0))
    current: Floats = field(default_factory=lambda: np.zeros(0))
    voltage: Floats | None = None
    previous_s: float = np.nan
    """Time of the last sample already condensed."""
    starts: list[Floats] = field(default_factory=list)
    means: list[Floats] = field(default_factory=list)
    charges: list[Floats] = field(default_factory=list)
    energies: list[Floats] = field(default_factory=list)
    variances: list[NDArray[np.float32]] = field(default_factory=list)
    raw: dict[int, tuple[Floats, Floats, Floats | None]] = field(default_factory=dict)
    blocks: int = 0
    end_s: float = np.nan
    noises: list[float] = field(default_factory=list)
    last_mean: float = np.nan
    last_raw: tuple[Floats, Floats, Floats | None] | None = None
    keep_next: bool = False

    def add(self, chunk: TraceChunk) -> None:
        time, current, voltage = self._numbers(chunk)
        if not len(time):
            return
        self._count(time, current)
        self.time = np.concatenate((self.time, time))
        self.current = np.concatenate((self.current, current))
        if voltage is not None:
            self.voltage = voltage if self.voltage is None else np.concatenate((self.voltage, voltage))
        self._condense((len(self.time) - 1) // self.size * self.size)

    def _numbers(self, chunk: TraceChunk) -> tuple[Floats, Floats, Floats | None]:
        time, current, voltage = chunk.time_s, chunk.current_a, chunk.voltage_v
        good = np.isfinite(current)
        beyond = np.abs(current) > MOST_CURRENT_A
        if beyond.any():
            self.tally.garbage_count += int(np.count_nonzero(beyond & good))
            current = np.where(beyond, np.nan, current)
            good &= ~beyond
        if voltage is not None:
            good &= np.isfinite(voltage)
        if good.all():
            return time, current, voltage
        if not self.tally.nan_count:
            self.tally.first_nan = chunk.first + int((~good).argmax())
        self.tally.nan_count += int(np.count_nonzero(~good))
        return time[good], current[good], None if voltage is None else voltage[good]

    def _count(self, time: Floats, current: Floats) -> None:
        tally = self.tally
        if not tally.sample_count:
            tally.first_s = float(time[0])
        tally.sample_count += len(time)
        tally.last_s = float(time[-1])
        highest = float(current.max())
        if highest >= tally.highest_a:
            here = int(np.count_nonzero(current == highest))
            tally.at_highest_count = here + (tally.at_highest_count if highest == tally.highest_a else 0)
            tally.highest_a = highest

    def _condense(self, count: int, *, final: bool = False) -> None:
        if count <= 0:
            return
        time = self.time[: count + 1]
        if np.isnan(self.end_s):
            self.end_s = float(time[0]) - 0.5 * self.period_s
        steps = np.diff(time)
        self._gaps(steps)
        middles = time[:-1] + 0.5 * steps
        if final:
            middles = np.append(middles, time[-1] + 0.5 * self.period_s)
        edges = np.concatenate(([self.end_s], middles))
        cells = np.diff(edges)
        current = self.current[:count]
        size = self.size if not final else count
        rows = count // size
        table = current.reshape(rows, size)
        charge = (current * cells).reshape(rows, size).sum(axis=1)
        means = table.mean(axis=1)
        variance = np.maximum((table * table).mean(axis=1) - means * means, 0.0)
        self.starts.append(edges[:-1:size].copy())
        self.means.append(means)
        self.charges.append(charge)
        self.variances.append(variance.astype(np.float32))
        if self.voltage is not None:
            self.energies.append((current * cells * self.voltage[:count]).reshape(rows, size).sum(axis=1))
        if not final and size > 1:
            self._keep(edges, current, means)
        self.blocks += rows
        self.end_s = float(edges[-1])
        self.time = self.time[count:]
        self.current = self.current[count:]
        self.voltage = None if self.voltage is None else self.voltage[count:]
        while self.blocks > MOST_BLOCKS and not final:
            self._widen()

    def _widen(self) -> None:
        """Join blocks in pairs: a capture of any length is kept in as many, each of twice the span."""
        even = self.blocks // 2 * 2
        starts, means, charges = _joined(self.starts), _joined(self.means), _joined(self.charges)
        energies = _joined(self.energies) if self.energies else None
        joined = _paired(means, even, 0.5)
        if self.size == 1:
            self.noises.append(_noise(means[:4096]))
            near = np.flatnonzero(_beside(_jumps(np.nan, joined, self.noises[-1], 2)))
            kept = near[: _KEPT_SAMPLES // 4].tolist()
            self.tally.unresolved = self.tally.unresolved or len(kept) < len(near)
        else:
            kept = sorted({block // 2 for block in self.raw})
        raw, self.raw = self.raw, {}
        for pair in kept:
            here = range(2 * pair, min(2 * pair + 2, len(means)))
            halves = [raw.get(block) or _as_sample(starts, means, charges, energies, block) for block in here]
            volts = [half[2] for half in halves if half[2] is not None]
            self.raw[pair] = (
                np.concatenate([half[0] for half in halves]),
                np.concatenate([half[1] for half in halves]),
                np.concatenate(volts) if volts else None,
            )
        apart = means[1:even:2] - means[:even:2]
        self.variances = [_paired(_joined(self.variances), even, 0.5)]
        self.variances[0][: even // 2] += (0.25 * apart * apart).astype(np.float32)
        self.starts, self.means, self.charges = [starts[::2].copy()], [joined], [_paired(charges, even, 1.0)]
        self.energies = [] if energies is None else [_paired(energies, even, 1.0)]
        self.blocks = len(joined)
        self.last_mean, self.last_raw = float(joined[-1]), None
        self.size *= 2
        self.tally.widened_count += 1

    def _gaps(self, steps: Floats) -> None:
        self.tally.repeated_count += int(np.count_nonzero(steps <= 0.0))
        where = np.flatnonzero(steps > _GAP * self.period_s)
        if not len(where):
            return
        self.tally.gap_count += len(where)
        self.tally.missing_s += float((steps[where] - self.period_s).sum())
        level = 0.5 * (self.current[where] + self.current[where + 1])
        self.tally.bridged += float((level * (steps[where] - self.period_s)).sum())

    def _keep(self, edges: Floats, current: Floats, means: Floats) -> None:
        """Keep the raw samples around each jump from one block to the next."""
        noise = _noise(current[:4096])
        self.noises.append(noise)
        jumps = _jumps(self.last_mean, means, noise, self.size)
        wanted = _beside(jumps)
        wanted[0] |= self.keep_next
        self.keep_next = bool(jumps[-1])
        kept: list[int] = np.flatnonzero(wanted).tolist()
        if jumps[0] and self.last_raw is not None:
            self.raw.setdefault(self.blocks - 1, self.last_raw)
        if (len(self.raw) + len(kept)) * self.size > _KEPT_SAMPLES:
            self.tally.unresolved = self.tally.unresolved or bool(kept)
            kept = []
        for block in kept:
            self.raw[self.blocks + block] = self._samples(edges, block)
        self.last_raw = self._samples(edges, len(means) - 1)
        self.last_mean = float(means[-1])

    def _samples(self, edges: Floats, block: int) -> tuple[Floats, Floats, Floats | None]:
        here = slice(block * self.size, (block + 1) * self.size)
        volts = None if self.voltage is None else self.voltage[here].copy()
        return edges[here].copy(), self.current[here].copy(), volts


def condensed(chunks: Iterable[TraceChunk], block_s: float = BLOCK_S) -> Blocks | None:
    """Condense a capture in one pass.

    Parameters
    ----------
    chunks : iterable of TraceChunk
        The capture.
    block_s : float, optional
        Span of a block [s].

    Returns
    -------
    Blocks or None
        None where the capture holds no number.
    """
    condenser: _Condenser | None = None
    waiting: list[TraceChunk] = []
    tally = Tally()
    for chunk in chunks:
        if condenser is None:
            waiting.append(chunk)
            if sum(len(piece.time_s) for piece in waiting) < _LOOKED_AHEAD:
                continue
            condenser = _begun(waiting, tally, block_s, LONGEST_BLOCK)
            waiting = []
        else:
            condenser.add(chunk)
    if condenser is None:
        count = sum(len(piece.time_s) for piece in waiting)
        condenser = _begun(waiting, tally, block_s, max(count // _BLOCKS_OF_SHORT, 1))
    condenser._condense(len(condenser.time), final=True)
    if not condenser.blocks:
        return None
    start_s = np.append(_joined(condenser.starts), condenser.end_s)
    means = _joined(condenser.means)
    return Blocks(
        samples_a_block=condenser.size,
        period_s=condenser.period_s,
        start_s=start_s,
        mean_a=means,
        charge=_joined(condenser.charges),
        energy=_joined(condenser.energies) if condenser.energies else None,
        variance=_joined(condenser.variances),
        raw=condenser.raw,
        noise_a=float(np.median(condenser.noises)) if condenser.noises else _noise(means),
        tally=tally,
    )


def _jumps(before_a: float, means: Floats, noise: float, size: int) -> NDArray[np.bool_]:
    """Tell which blocks' means jump from the one before."""
    limit = _JUMP_SIGMAS * noise * np.sqrt(2.0 / size) + 1e-4 * np.abs(means)
    jumps: NDArray[np.bool_] = np.abs(means - np.concatenate(([before_a], means[:-1]))) > limit
    return jumps


def _beside(jumps: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which blocks jump or lie beside one that does."""
    beside = jumps.copy()
    beside[:-1] |= jumps[1:]
    beside[1:] |= jumps[:-1]
    return beside


def _as_sample(starts: Floats, means: Floats, charges: Floats, energies: Floats | None, block: int) -> tuple[Floats, Floats, Floats | None]:
    """Return a block whose samples were not kept as one sample."""
    here = slice(block, block + 1)
    volts = None if energies is None else energies[here] / np.where(charges[here] == 0.0, 1.0, charges[here])
    return starts[here].copy(), means[here].copy(), volts


def _paired(values: NDArray[F], even: int, weight: float) -> NDArray[F]:
    """Return the sums of neighbours times a weight; a last one without a neighbour stays as it is."""
    pairs = values[:even].reshape(-1, 2).sum(axis=1) * values.dtype.type(weight)
    return np.concatenate((pairs, values[even:]))


def _joined(parts: list[NDArray[F]]) -> NDArray[F]:
    """Join arrays and let the parts go, so that both are held for one column at a time only."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _begun(waiting: list[TraceChunk], tally: Tally, block_s: float, longest: int) -> _Condenser:
    steps = np.concatenate([np.zeros(0), *(np.diff(chunk.time_s) for chunk in waiting)])
    rising = steps[steps > 0]
    period_s = float(np.median(rising)) if len(rising) else 1.0
    size = int(min(max(round(block_s / period_s), 1), longest))
    condenser = _Condenser(size, period_s, tally)
    tally.step_a, tally.value_count = _instrument_step([chunk.current_a for chunk in waiting])
    for chunk in waiting:
        condenser.add(chunk)
    return condenser


def _instrument_step(currents: list[Floats]) -> tuple[float, int]:
    """Return the step that all values of an instrument are multiples of, and how many there are; 0 where they share none."""
    count = sum(len(current) for current in currents)
    some = np.concatenate([current[:: max(count // _LOOKED_AT, 1)] for current in currents]) if currents else np.zeros(0)
    some = some[np.isfinite(some)]
    values = np.unique(some)
    if not 2 <= len(values) <= _FEW * len(some):
        return 0.0, 0
    steps = np.diff(values)
    steps = steps[steps > _ROUNDING * np.abs(values).max()]
    if not len(steps):
        return 0.0, 0
    step = float(steps.min())
    multiples = values / step
    on_grid = np.abs(multiples - np.round(multiples)).max() <= _MULTIPLE
    return (step, len(values)) if on_grid else (0.0, 0)


def _noise(samples: Floats) -> float:
    if len(samples) < 3:
        return 0.0
    return float(np.median(np.abs(np.diff(samples)))) * _SIGMA_OF_MEDIAN_STEP
