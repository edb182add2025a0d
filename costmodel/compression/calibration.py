"""Scales of activations from what they were on real inputs: the largest magnitude, a percentile of it, or the least squared error."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import INT8_MAX, stored_scale
from costmodel.errors import SpecError
from costmodel.specs.quantisation import Quantisation, symmetric_quantisation
from costmodel.specs.trained.training_recipe import CalibrationMethod

BINS: Final = 8192
"""Of a histogram of magnitudes; a percentile is known to a share of the largest magnitude of one in as many."""
_TINY: Final = float(np.finfo(np.float32).tiny)
"""What is smaller than a float32 holds with all its digits has the scale of zeros: see `stored_scale`."""
_CANDIDATES: Final = 200
"""Clipping magnitudes that the least squared error is looked for among."""


class MagnitudeHistogram:
    """How often a tensor had which magnitude, over any number of inputs, in a bounded space."""

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] = np.zeros(BINS, np.int64)
        self._top = 0.0
        self._largest = 0.0

    def add(self, values: NDArray[np.floating]) -> None:
        """Count a tensor's elements; raises SpecError where one is not finite."""
        magnitudes = np.abs(np.asarray(values, np.float64)).ravel()
        largest = float(np.max(magnitudes, initial=0.0))
        if not np.isfinite(largest):
            raise SpecError("an activation is not finite")
        self._largest = max(self._largest, largest)
        if self._top == 0.0 and largest >= _TINY:
            self._top = largest
        while largest > self._top > 0:
            # Twice the range in the same bins: neighbours are added.
            self._counts = np.concatenate([self._counts.reshape(-1, 2).sum(axis=1), np.zeros(BINS // 2, np.int64)])
            self._top *= 2
        if self._top > 0:
            places = np.minimum((magnitudes * (BINS / self._top)).astype(np.int64), BINS - 1)
            self._counts += np.bincount(places, minlength=BINS)
        else:
            self._counts[0] += magnitudes.size

    def clipping_magnitude(self, method: CalibrationMethod, percentile_ratio: float = 0.9999) -> float:
        """Return the magnitude that the last step stands for.

        Parameters
        ----------
        method : CalibrationMethod
            How it is chosen.
        percentile_ratio : float
            Share of all magnitudes below it, above 0 and up to 1, of the method `percentile`.

        Returns
        -------
        float
            At most the largest magnitude met; 0 where all were 0.
        """
        if method is CalibrationMethod.MIN_MAX or self._top == 0:
            return self._largest
        width = self._top / BINS
        if method is CalibrationMethod.PERCENTILE:
            below = np.cumsum(self._counts)
            place = int(np.searchsorted(below, percentile_ratio * below[-1]))
            return min((place + 1) * width, self._largest)
        middles = np.asarray((np.arange(BINS) + 0.5) * width, np.float64)
        candidates = self._largest * np.arange(1, _CANDIDATES + 1) / _CANDIDATES
        return float(min(candidates, key=lambda clip: float(self._counts @ _squared_errors(middles, clip))))

    def quantisation(self, method: CalibrationMethod, percentile_ratio: float = 0.9999) -> Quantisation:
        """Return the symmetric quantisation whose last step is `clipping_magnitude`."""
        return symmetric_quantisation(stored_scale(self.clipping_magnitude(method, percentile_ratio)))


def _squared_errors(values: NDArray[np.float64], clip: float) -> NDArray[np.float64]:
    scale = clip / INT8_MAX
    return (values - np.minimum(np.rint(values / scale), INT8_MAX) * scale) ** 2
