"""Synthetic captures whose evidence is weak: idle that wanders at the end, pauses of a sample or two, low ends in noise, slow loggers.

A fourth generator beside `synthetic_captures.py`, `combined_captures.py` and `board_captures.py`. An answer that asks is right wherever the
samples themselves leave two readings; a wrong one never is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from board_captures import Board, drawn
from synthetic_captures import SyntheticCapture

_SLOW_HZ: Final = 10.0


def _wanders_at_the_end(board: Board) -> None:
    """Let idle wander after the last inference, by up to half a rise and more."""
    board.tail_s = float(board.random.uniform(2.0, 6.0)) * board.period_s
    board.sample()
    board.draw([1.0])
    begin_s = float(board.starts[-1] + board.lasts[-1]) + 0.3 * board.period_s
    after = board.time > begin_s
    knots = np.linspace(begin_s, board.time[-1], int(board.random.integers(6, 30)))
    walk = np.cumsum(board.random.normal(0.0, 1.0, len(knots)))
    walk = np.abs(walk - walk[0]) / max(float(np.ptp(walk)), 1e-9) * float(board.random.uniform(0.1, 0.7)) * board.rise_a
    board.drawn[after] += np.interp(board.time[after], knots, walk)


def _wanders_throughout(board: Board) -> None:
    """Let idle wander slowly from begin to end, by a third of a rise."""
    board.sample()
    board.draw([1.0])
    knots = np.linspace(0.0, board.time[-1], int(board.random.integers(5, 12)))
    walk = np.cumsum(board.random.normal(0.0, 1.0, len(knots)))
    walk = (walk - walk.min()) / max(float(np.ptp(walk)), 1e-9) * float(board.random.uniform(0.1, 0.35)) * board.rise_a
    board.drawn += np.interp(board.time, knots, walk)


def _on_at_the_end(board: Board) -> None:
    """Let something be switched on for good after the last inference, by less than a rise or more."""
    board.tail_s = float(board.random.uniform(1.5, 4.0)) * board.period_s
    board.sample()
    board.draw([1.0, 1.2])
    begin_s = float(board.starts[-1] + board.lasts[-1]) + float(board.random.uniform(0.3, 1.0)) * board.period_s
    board.drawn[board.time > begin_s] += board.rise_a * float(board.random.uniform(0.2, 1.5))


def _noisier_at_the_end(board: Board) -> None:
    board.tail_s = 3.0 * board.period_s
    board.sample()
    board.draw([1.0])
    after = board.time > board.starts[-1] + board.lasts[-1] + 0.3 * board.period_s
    board.drawn[after] += board.random.normal(0.0, 0.12 * board.rise_a, int(np.count_nonzero(after)))


def _slow(board: Board, pause_samples: float) -> None:
    """Set a logger of ten samples a second that sees pauses of so many samples."""
    board.rate_hz = _SLOW_HZ
    board.inference_s = float(board.random.uniform(0.5, 4.0))
    count = int(board.random.integers(8, 40))
    pauses = pause_samples / _SLOW_HZ * (1.0 + board.random.normal(0.0, 0.03, count))
    board.lasts = board.inference_s * (1.0 + board.random.normal(0.0, 0.005, count))
    board.starts = 1.5 + np.concatenate(([0.0], np.cumsum((board.lasts + pauses)[:-1])))
    board.period_s = board.inference_s + pause_samples / _SLOW_HZ
    board.tail_s = 2.0
    board.sample()
    board.draw([1.0] if board.random.random() < 0.5 else [0.8, 1.3])


def _pauses_of_one(board: Board) -> None:
    _slow(board, float(board.random.uniform(1.05, 1.5)))


def _pauses_of_two(board: Board) -> None:
    _slow(board, float(board.random.uniform(1.9, 2.6)))


def _pauses_of_four(board: Board) -> None:
    _slow(board, float(board.random.uniform(3.5, 5.0)))


def _few_samples(board: Board) -> None:
    """Let an inference last a handful of samples of a slow logger."""
    board.rate_hz = _SLOW_HZ
    board.inference_s = float(board.random.uniform(0.25, 0.8))
    count = int(board.random.integers(8, 40))
    board.lasts = np.full(count, board.inference_s)
    board.period_s = board.inference_s * float(board.random.uniform(2.0, 5.0))
    board.starts = 1.0 + board.period_s * np.arange(count)
    board.tail_s = 2.0
    board.sample()
    board.draw([1.0])


def _set_noise(board: Board, most: float, level: float, share: float) -> None:
    """Set as much noise as leaves a level told in all inferences together, by ten standard deviations, or less."""
    samples = share * float(board.lasts.sum()) * board.rate_hz
    board.noise = min(float(board.random.uniform(0.3, 1.0)) * most, level * float(np.sqrt(samples)) / 10.0)


def _low_ends(board: Board) -> None:
    """Let an inference begin and end low, where each sample's noise is as high as the low level."""
    board.starts, board.lasts = board.starts[:1] + board.period_s * np.arange(14), np.full(14, board.inference_s)
    board.sample()
    low = board.random.uniform(0.12, 0.4, 2)
    _set_noise(board, 0.35, float(low.min()), 0.2)
    board.draw([float(low[0]), 1.0, float(low[1])], bounds=[0.2, 0.8])


def _low_begin(board: Board) -> None:
    board.sample()
    low = float(board.random.uniform(0.1, 0.3))
    _set_noise(board, 0.3, low, 0.3)
    board.draw([low, 1.0], bounds=[0.3])


def _low_middle(board: Board) -> None:
    """Let an inference wait in its middle, a little above idle, in noise as high."""
    board.sample()
    low = float(board.random.uniform(0.1, 0.3))
    _set_noise(board, 0.2, low, 0.2)
    board.draw([1.0, low, 1.0], bounds=[0.4, 0.6])


_SHAPES: Final[dict[str, Callable[[Board], None]]] = {
    "wanders at the end": _wanders_at_the_end,
    "wanders throughout": _wanders_throughout,
    "on at the end": _on_at_the_end,
    "noisier at the end": _noisier_at_the_end,
    "pauses of one sample": _pauses_of_one,
    "pauses of two samples": _pauses_of_two,
    "pauses of four samples": _pauses_of_four,
    "few samples": _few_samples,
    "low ends in noise": _low_ends,
    "low begin in noise": _low_begin,
    "low middle in noise": _low_middle,
}
WEAK_KINDS: Final = tuple(_SHAPES)


def weak_capture(seed: int) -> SyntheticCapture:
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
    return drawn(_SHAPES, seed, 2028)
