"""Synthetic captures as boards and instruments make them: radios on their own clock, regulators that pulse, ticks, odd timing.

A third generator beside `synthetic_captures.py` and `combined_captures.py`, written after the finder and apart from both. What touches
an inference is part of it, as the model in `docs/traces.md` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from synthetic_captures import SUPPLY_V, SyntheticCapture

_RATES_HZ: Final = (10.0, 100.0, 500.0, 1_000.0, 4_000.0, 10_000.0, 50_000.0, 100_000.0)
_MOST_SAMPLES: Final = 300_000
_LEAST_SAMPLES: Final = 40
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Board:
    """A capture in the making: when it was sampled, what the board drew, and where an inference runs."""

    def __init__(self, random: np.random.Generator, count: int | None = None, spacing: tuple[float, float] = (1.5, 7.0)) -> None:
        self.random = random
        self.rate_hz = float(random.choice(_RATES_HZ))
        inference_s = max(float(np.exp(random.uniform(np.log(0.008), np.log(2.0)))), _LEAST_SAMPLES / self.rate_hz)
        self.inference_s = min(inference_s, 0.02 * _MOST_SAMPLES / self.rate_hz)
        self.period_s = self.inference_s * float(np.exp(random.uniform(*np.log(spacing))))
        most = int(_MOST_SAMPLES / self.rate_hz / self.period_s) - 2
        wanted = int(random.integers(4, 25)) if count is None else count
        count = min(wanted, max(most, 4))
        self.starts = self.period_s * (float(random.uniform(0.2, 1.2)) + np.arange(count))
        self.starts += random.normal(0.0, 0.015 * self.period_s, count)
        self.lasts = self.inference_s * (1.0 + random.normal(0.0, 0.008, count))
        self.idle_a = float(np.exp(random.uniform(np.log(0.0005), np.log(0.1))))
        self.rise_a = self.idle_a * float(np.exp(random.uniform(np.log(0.12), np.log(5.0))))
        self.noise = float(random.uniform(0.002, 0.03))
        self.tail_s = float(random.uniform(0.3, 0.9)) * (self.period_s - self.inference_s)
        self.ambiguous = False

    def sample(self) -> None:
        """Set the times and what the board draws: its inferences over its idle current."""
        span_s = float(self.starts[-1] + self.lasts[-1]) + self.tail_s
        self.time = np.arange(int(span_s * self.rate_hz)) / self.rate_hz
        self.running = np.full(len(self.time), -1)
        self.drawn = np.full(len(self.time), self.idle_a)
        for place, (start_s, last_s) in enumerate(zip(self.starts, self.lasts, strict=True)):
            self.running[self.between(start_s, start_s + last_s)] = place

    def between(self, begin_s: float, end_s: float) -> Flags:
        within: Flags = (self.time >= begin_s) & (self.time < end_s)
        return within

    def draw(self, levels: list[float], places: NDArray[np.intp] | None = None, bounds: list[float] | None = None) -> None:
        """Add levels, as multiples of the rise, over equal parts of inferences or those between bounds."""
        edges = np.linspace(0.0, 1.0, len(levels) + 1)[:-1] if bounds is None else np.array([0.0, *bounds])
        heights = self.rise_a * np.array(levels)
        for place in range(len(self.starts)) if places is None else places.tolist():
            here = np.flatnonzero(self.running == place)
            within = (self.time[here] - self.starts[place]) / self.lasts[place]
            self.drawn[here] += heights[np.searchsorted(edges, np.maximum(within, 0.0), side="right") - 1]

    def pause_of(self, place: int) -> tuple[float, float]:
        """Return when the pause after an inference begins and how long it is."""
        begin_s = float(self.starts[place] + self.lasts[place])
        return begin_s, float(self.starts[place + 1]) - begin_s

    def add(self, begin_s: float, last_s: float, above_a: float) -> None:
        self.drawn[self.between(begin_s, begin_s + max(last_s, 2.0 / self.rate_hz))] += above_a


def _plain(board: Board) -> None:
    board.sample()
    board.draw([1.0])


def _radio_on_its_clock(board: Board) -> None:
    """Draw advertising events that fall where they fall, clear of inferences by a few samples or inside them."""
    board.sample()
    board.draw([1.0])
    every_s, last_s = board.period_s * float(board.random.uniform(0.21, 0.47)), 0.03 * board.inference_s
    height_a = board.rise_a * float(board.random.uniform(4.0, 8.0))
    at_s = every_s * float(board.random.uniform(0.1, 0.9))
    clear_s = 6.0 / board.rate_hz
    while at_s < board.time[-1] - last_s:
        edges = np.concatenate((board.starts, board.starts + board.lasts))
        if not ((edges > at_s - clear_s - last_s) & (edges < at_s + 2.0 * last_s + clear_s)).any():
            board.add(at_s, last_s, height_a)
        at_s += every_s


def _beacons(board: Board) -> None:
    """Draw short bumps as high as an inference in every pause, many of them."""
    board.sample()
    board.draw([1.0, 1.3])
    for place in range(len(board.starts) - 1):
        begin_s, pause_s = board.pause_of(place)
        for share in (0.2, 0.45, 0.7):
            board.add(begin_s + share * pause_s, 0.04 * min(board.inference_s, pause_s), board.rise_a)


def _sensor_pulses(board: Board) -> None:
    """Draw a sensor's readings in pauses: lower and far shorter than an inference."""
    board.sample()
    board.draw([1.0])
    for place in range(len(board.starts) - 1):
        begin_s, pause_s = board.pause_of(place)
        for share in np.linspace(0.15, 0.8, 4).tolist():
            board.add(begin_s + share * pause_s, 0.03 * min(board.inference_s, pause_s), 0.4 * board.rise_a)


def _sense_infer_send(board: Board) -> None:
    board.sample()
    board.draw([0.4, 1.0, float(board.random.uniform(1.5, 4.0))], bounds=[0.2, 0.85])


def _full_duty(board: Board) -> None:
    board.starts = board.starts[0] + board.inference_s * 1.12 * np.arange(len(board.starts))
    board.lasts = np.full(len(board.starts), board.inference_s)
    board.tail_s = 0.1 * board.inference_s
    board.sample()
    board.draw([1.0])


def _pulsing_regulator(board: Board) -> None:
    """Let a regulator at light load pulse: idle is a train of short charges, an inference is continuous."""
    board.sample()
    board.draw([1.0])
    idle = board.running < 0
    phase = np.floor(board.time * board.rate_hz) % 5.0
    board.drawn[idle] += np.where(phase[idle] == 0.0, 0.16, -0.04) * board.rise_a


def _idle_steps(board: Board) -> None:
    """Let something be switched on or off for good, which draws less than an inference adds."""
    board.starts, board.lasts = _at_least(board, 8)
    board.sample()
    board.draw([1.0])
    begin_s, pause_s = board.pause_of(len(board.starts) // 2)
    later = board.time >= begin_s + 0.5 * pause_s
    board.drawn[later if board.random.random() < 0.5 else ~later] += board.rise_a * float(board.random.uniform(0.03, 0.4))


def _at_least(board: Board, count: int) -> tuple[Floats, Floats]:
    """Return begins and durations of so many inferences at least, in the board's own rhythm."""
    more = max(count - len(board.starts), 0)
    later = board.starts[-1] + board.period_s * np.arange(1, more + 1)
    return np.append(board.starts, later), np.append(board.lasts, np.full(more, board.inference_s))


def _low_begin_and_end(board: Board) -> None:
    """Let an inference begin and end at a low level, in noise."""
    board.noise = float(board.random.uniform(0.03, 0.09))
    board.sample()
    low, high = board.random.uniform(0.2, 0.5, 2), board.random.uniform(0.8, 1.3)
    board.draw([float(low[0]), 1.0, float(high), float(low[1])], bounds=[0.12, 0.5, 0.88])


def _walk(board: Board) -> None:
    """Let idle wander as a random walk does, smoothed, by a tenth of a rise."""
    board.sample()
    board.draw([1.0])
    steps = np.cumsum(board.random.normal(0.0, 1.0, 40))
    steps = (steps - steps.mean()) / max(float(np.ptp(steps)), 1.0)
    board.drawn += 0.1 * board.rise_a * np.interp(board.time, np.linspace(0.0, board.time[-1], 40), steps)


def _ticks_asleep(board: Board) -> None:
    """Let a board sleep and be woken by its clock for a moment, again and again."""
    board.idle_a = 2e-5
    board.rise_a = float(board.random.uniform(0.003, 0.06))
    board.sample()
    board.draw([1.0])
    for place in range(len(board.starts) - 1):
        begin_s, pause_s = board.pause_of(place)
        for share in (0.25, 0.5, 0.75):
            board.add(begin_s + share * pause_s, 2.0 / board.rate_hz, 0.5 * board.rise_a)


def _asleep_levels(board: Board) -> None:
    """Let a board wake into several levels, none of them met on both sides of another."""
    board.idle_a = float(board.random.choice([3e-6, 5e-5]))
    board.rise_a = float(board.random.uniform(0.003, 0.06))
    board.sample()
    board.draw([float(level) for level in np.cumprod([0.4, *board.random.uniform(1.4, 2.0, 3)])])


def _offset_below_zero(board: Board) -> None:
    """Let an instrument's offset put sleep a little below zero."""
    board.idle_a = 1e-6
    board.rise_a = 0.01
    board.sample()
    board.draw([1.0, 1.5])
    board.drawn -= 2e-5


def _three_kinds(board: Board) -> None:
    which = np.arange(len(board.starts)) % 3
    board.lasts = board.lasts * np.array([1.0, 0.6, 0.3])[which]
    board.sample()
    for kind, level in enumerate((1.0, 1.3, 0.8)):
        board.draw([level], np.flatnonzero(which == kind))


def _long_and_short_kind(board: Board) -> None:
    which = np.arange(len(board.starts)) % 2
    board.lasts = np.where(which == 1, 0.2 * board.lasts, board.lasts)
    board.sample()
    board.draw([1.0])


def _boot_of_levels(board: Board) -> None:
    """Let the capture begin with a boot of three levels and a second of its own rhythm, then idle."""
    more_s = board.period_s * 2.37
    board.starts = board.starts + more_s
    board.sample()
    boot_s = 0.6 * board.period_s
    for share, level in ((0.0, 2.4), (0.3, 0.7), (0.5, 3.3)):
        board.drawn[board.between(share * boot_s, boot_s)] = board.idle_a + level * board.rise_a
    board.draw([1.0])


def _events_at_random(board: Board) -> None:
    """Let inferences follow events, not a clock."""
    pauses = board.random.exponential(1.0, len(board.starts)) * (board.period_s - board.inference_s)
    pauses = np.clip(pauses, 0.3 * board.inference_s, 8.0 * board.period_s)
    board.starts = np.cumsum(pauses + np.concatenate(([0.0], board.lasts[:-1])))
    board.sample()
    board.draw([1.0])


def _small_step(board: Board) -> None:
    board.rise_a = board.idle_a * float(board.random.uniform(0.02, 0.06))
    board.sample()
    board.draw([1.0])


def _one_inference(board: Board) -> None:
    board.starts, board.lasts = board.starts[:1], board.lasts[:1]
    board.tail_s = board.inference_s
    board.sample()
    board.draw([1.0, 0.7])


def _cut_at_both_ends(board: Board) -> None:
    """Begin and end the capture within an inference: neither counts."""
    board.sample()
    board.draw([1.0])
    begin_s = float(board.starts[0]) + 0.4 * float(board.lasts[0])
    end_s = float(board.starts[-1]) + 0.4 * float(board.lasts[-1])
    kept = (board.time >= begin_s) & (board.time < end_s)
    board.time, board.drawn, board.running = board.time[kept], board.drawn[kept], board.running[kept]
    board.running[(board.running == 0) | (board.running == len(board.starts) - 1)] = -1


def _many_layers(board: Board) -> None:
    """Let the layers of a network show: a dozen levels, each of its own length."""
    board.sample()
    count = int(board.random.integers(8, 14))
    bounds = np.sort(board.random.uniform(0.03, 0.97, count - 1)).tolist()
    board.draw(board.random.uniform(0.5, 1.5, count).tolist(), bounds=bounds)


def _overshoot(board: Board) -> None:
    """Let the instrument change its range at each edge, and overshoot for a sample or two."""
    board.sample()
    board.draw([1.0])
    changes = np.flatnonzero(np.diff(board.running) != 0) + 1
    up = board.running[changes] >= 0
    board.drawn[changes[up]] += 0.6 * board.rise_a
    down = changes[~up]
    board.drawn[down] -= 0.3 * np.minimum(board.rise_a, board.idle_a)


def _clipped(board: Board) -> None:
    """Let the instrument's range end within an inference's highest level, which is then cut off: the truth is what it shows."""
    board.sample()
    board.draw([0.8, 2.0, 0.9])
    board.drawn = np.minimum(board.drawn, board.idle_a + 1.4 * board.rise_a)


def _jittered_time(board: Board) -> None:
    board.sample()
    board.draw([1.0])
    board.time = board.time + board.random.uniform(-0.2, 0.2, len(board.time)) / board.rate_hz


def _flicker(board: Board) -> None:
    """Let noise be as much at every octave, not white."""
    board.sample()
    board.draw([1.0])
    pink = np.zeros(len(board.time))
    for octave in range(6):
        values = board.random.normal(0.0, 1.0, len(board.time) // 2**octave + 2)
        pink += np.repeat(values, 2**octave)[: len(pink)]
    board.drawn += 0.01 * board.rise_a * pink


def _pairs(board: Board) -> None:
    """Let two alike inferences follow each other closely: two, or one with a pause."""
    board.starts[1::2] = board.starts[::2][: len(board.starts[1::2])] + 1.15 * board.inference_s
    board.lasts[:] = board.inference_s
    board.period_s = 2.0 * board.period_s
    board.sample()
    board.draw([1.0])
    board.ambiguous = True


def _runs(board: Board) -> None:
    """Let each window be a run of many inferences of two levels."""
    board.sample()
    times = int(board.random.integers(8, 20))
    board.draw([1.0, 0.6] * times)
    board.ambiguous = float(board.inference_s) * board.rate_hz < 12.0 * times


_SHAPES: Final[dict[str, Callable[[Board], None]]] = {
    "plain": _plain,
    "radio on its own clock": _radio_on_its_clock,
    "beacons": _beacons,
    "sensor pulses": _sensor_pulses,
    "sense, infer, send": _sense_infer_send,
    "full duty": _full_duty,
    "pulsing regulator": _pulsing_regulator,
    "idle steps": _idle_steps,
    "low begin and end": _low_begin_and_end,
    "random walk": _walk,
    "ticks asleep": _ticks_asleep,
    "asleep, levels": _asleep_levels,
    "offset below zero": _offset_below_zero,
    "three kinds": _three_kinds,
    "long and short kind": _long_and_short_kind,
    "boot of levels": _boot_of_levels,
    "events at random": _events_at_random,
    "small step": _small_step,
    "one inference": _one_inference,
    "cut at both ends": _cut_at_both_ends,
    "many layers": _many_layers,
    "overshoot": _overshoot,
    "clipped": _clipped,
    "jittered time": _jittered_time,
    "flicker noise": _flicker,
    "pairs": _pairs,
    "runs": _runs,
}
BOARD_KINDS: Final = tuple(_SHAPES)


def board_capture(seed: int) -> SyntheticCapture:
    """Return the capture a seed makes.

    Parameters
    ----------
    seed : int
        Kind follows from it in turn, everything else at random.

    Returns
    -------
    SyntheticCapture
        With one whole inference at least.
    """
    return drawn(_SHAPES, seed, 2027)


def drawn(shapes: Mapping[str, Callable[[Board], None]], seed: int, stream: int) -> SyntheticCapture:
    """Return the capture a seed makes of kinds that take turns; each bench draws from a stream of its own."""
    kind = tuple(shapes)[seed % len(shapes)]
    board = Board(np.random.default_rng((seed, stream)))
    shapes[kind](board)
    return finished(board, seed, kind)


def finished(board: Board, seed: int, kind: str) -> SyntheticCapture:
    """Return what a board drew, in its noise, and what is true of it."""
    places = np.unique(board.running[board.running >= 0]).tolist()
    half_s = 0.5 / board.rate_hz
    steps = np.gradient(board.time)
    begins = np.array([board.time[board.running == place][0] - half_s for place in places])
    ends = np.array([board.time[board.running == place][-1] + half_s for place in places])
    energies = np.array([(board.drawn * steps)[board.running == place].sum() for place in places]) * SUPPLY_V
    current = board.drawn + board.random.normal(0.0, board.noise * board.rise_a, len(board.time))
    return SyntheticCapture(seed, kind, board.rate_hz, board.time, current, begins, ends, energies, board.ambiguous)
