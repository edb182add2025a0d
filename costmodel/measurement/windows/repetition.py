"""How well a capture repeats: the inside of a window by its autocorrelation, windows among each other by their profiles."""

from __future__ import annotations

from typing import Final

import numpy as np

from costmodel.measurement.captures.trace_chunk import Floats

_LEAST_PERIODS: Final = 5.0
"""Times a pattern is met inside a window, at least."""
_LEAST_CORRELATION: Final = 0.5
_NEARLY_BEST: Final = 0.85
_LEAST_SWING: Final = 0.03
"""Share of a window's height that its inside swings by, at least, to be looked at."""
_MOST_POINTS: Final = 1 << 16
_PROFILE: Final = 64
_MOST_WINDOWS: Final = 200


def inner_period(current: Floats, height_a: float, noise_a: float, least_swing: float = _LEAST_SWING) -> float | None:
    """Find the period of a window's inside.

    Parameters
    ----------
    current : Floats, shape (blocks,)
        Inside the window, evenly spaced [A].
    height_a : float
        Of the window above rest [A].
    noise_a : float
        Standard deviation of a block [A].
    least_swing : float, optional
        Share of the height that the inside swings by, at least.

    Returns
    -------
    float or None
        In blocks; None where the inside repeats fewer than five times, or not at all.
    """
    count = len(current)
    if count < 4 * _LEAST_PERIODS:
        return None
    inside = current[count // 50 : count - count // 50][:_MOST_POINTS]
    inside = inside - inside.mean()
    swing = float(inside.std())
    if swing < max(least_swing * height_a, 2.0 * noise_a):
        return None
    size = 1 << (2 * len(inside) - 1).bit_length()
    spectrum = np.fft.rfft(inside, size)
    correlation = np.fft.irfft(spectrum * np.conj(spectrum), size)[: len(inside)]
    most = int(len(inside) / _LEAST_PERIODS)
    # Fewer products lie behind a longer lag.
    correlation = correlation[: most + 1] / np.arange(len(inside), len(inside) - most - 1, -1) / (swing * swing)
    below = np.flatnonzero(correlation < 0.2)
    if not len(below):
        return None
    after = correlation[below[0] :]
    if after.max() < _LEAST_CORRELATION:
        return None
    # A multiple of the period may be met a little better than the period itself.
    near = after >= _NEARLY_BEST * after.max()
    first = int(near.argmax())
    end = first + int(np.append(~near[first:], True).argmax())
    return float(int(below[0]) + first + int(after[first:end].argmax()))


def likeness(currents: Floats, firsts: list[int], lasts: list[int]) -> float | None:
    """Tell how like each other windows are.

    Parameters
    ----------
    currents : Floats, shape (blocks,)
        The capture [A].
    firsts, lasts : list of int
        First block of each window and the one after its last.

    Returns
    -------
    float or None
        1 less the share of the profiles' variance in which the windows differ; None for fewer than two.
    """
    pairs = list(zip(firsts, lasts, strict=True))[:_MOST_WINDOWS]
    if len(pairs) < 2:
        return None
    places = np.linspace(-0.25, 1.25, _PROFILE)
    profiles = np.array([np.interp(a + places * (b - a), np.arange(2 * a - b, 2 * b - a) + 0.5, _around(currents, a, b)) for a, b in pairs])
    total = float(profiles.var())
    return 1.0 if not total else max(0.0, 1.0 - float(profiles.var(axis=0).mean()) / total)


def _around(currents: Floats, a: int, b: int) -> Floats:
    """Return a window with as much around it as it is long; the capture's ends are held."""
    places = np.clip(np.arange(a - (b - a), b + (b - a)), 0, len(currents) - 1)
    around: Floats = currents[places]
    return around
