"""Functions of one int8 step as tables of their 256 results."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import rescale_of
from costmodel.dataflows.executed.passes import UNARY
from costmodel.deployment.fixed_point import LOGISTIC_BITS, logistic, rescaled
from costmodel.deployment.requantisation import INT8_STEPS
from costmodel.errors import SpecError
from costmodel.specs.kinds.elementwise_layers import UnaryFunction
from costmodel.specs.quantisation import Quantisation

TABLE_ENTRIES: Final = 256
_LOGISTIC_OUTPUT: Final = Quantisation(scales=(1 / 256,), zero_points=(-128,))


def real_function(layer: Any, values: NDArray[Any]) -> NDArray[Any]:
    """Return what a layer computes of real numbers."""
    function, slope = UNARY[layer.function], layer.slope or 0.0
    return np.array([function(float(value), slope) for value in values.reshape(-1)]).reshape(values.shape)


def table_of(layer: Any, source: Quantisation | None, target: Quantisation | None) -> NDArray[np.int8]:
    """Return a function's results for each int8 step, by the step as an unsigned byte.

    A logistic function in steps of 1/256 and a leaky rectifier are those of TensorFlow Lite Micro's reference kernels, to the bit; the
    others are the nearest step to the real function, halves to even.

    Parameters
    ----------
    layer : Unary
        The layer.
    source, target : Quantisation
        Of its input and its output.

    Returns
    -------
    array of int8
        256 steps.
    """
    if source is None or target is None:
        raise SpecError(f"{layer.name}: a table needs the scale and zero point of input and output")
    steps = np.arange(TABLE_ENTRIES, dtype=np.uint8).astype(np.int8).astype(np.int64)
    (scale,), (zero,) = source.scales, source.zero_points
    (made,), (offset,) = target.scales, target.zero_points
    if layer.function == UnaryFunction.LOGISTIC and target == _LOGISTIC_OUTPUT:
        return logistic(steps, zero, *rescale_of(scale * (1 << (31 - LOGISTIC_BITS)))).astype(np.int8)
    if layer.function == UnaryFunction.LEAKY_RELU:
        slope = float(np.float32(layer.slope or 0.0))
        above, below = (rescaled(steps - zero, *rescale_of(factor)) for factor in (scale / made, scale * slope / made))
        return _as_steps(np.where(steps >= zero, above, below) + offset)
    found = np.nan_to_num(real_function(layer, (steps - zero) * scale) / made, nan=0.0, posinf=1e6, neginf=-1e6)
    return _as_steps(np.rint(found) + offset)


def _as_steps(values: NDArray[Any]) -> NDArray[np.int8]:
    steps: NDArray[np.int8] = np.clip(values, *INT8_STEPS).astype(np.int8)
    return steps
