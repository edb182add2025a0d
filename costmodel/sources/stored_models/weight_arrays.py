"""Parameters as named arrays, and back: real numbers in single precision, or the integers they were quantised to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location, SpecError, did_you_mean
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.quantisation import Quantisation

WEIGHT: Final = ".weight"
BIAS: Final = ".bias"


def arrays_of(model: Model) -> dict[str, NDArray[Any]]:
    """Return a model's parameters as they are stored.

    Parameters
    ----------
    model : Model
        Weights whose quantisation is known are stored as int8 steps, everything else in single precision.

    Returns
    -------
    dict of str to array
        `<layer>.weight` and `<layer>.bias`.

    Raises
    ------
    SpecError
        If weights are no whole steps of their quantisation, from -128 to 127.
    """
    found: dict[str, NDArray[Any]] = {}
    for name, own in model.parameters.items():
        quantisation = model.weight_quantisations.get(name)
        found[name + WEIGHT] = np.asarray(own.weight, np.float32) if quantisation is None else steps_of(name, own.weight, quantisation)
        if own.bias is not None:
            found[name + BIAS] = np.asarray(own.bias, np.float32)
    return found


def steps_of(name: str, weight: NDArray[np.floating], quantisation: Quantisation) -> NDArray[np.int8]:
    """Return weights as the int8 steps they are; raises SpecError where they are none."""
    scales = scale_column(name, quantisation, weight.ndim, len(weight))
    steps = np.rint(weight / scales)
    if not np.array_equal(steps * scales, weight) or np.max(np.abs(steps + 0.5), initial=0.5) > 128:
        raise SpecError(f"{name}: its weights are no whole int8 steps of their quantisation")
    return steps.astype(np.int8)


def parameters_of(arrays: Mapping[str, NDArray[Any]], quantisations: Mapping[str, Quantisation], file: str) -> dict[str, LayerParameters]:
    """Return the parameters that stored arrays are.

    Parameters
    ----------
    arrays : mapping of str to array
        From `arrays_of`.
    quantisations : mapping of str to Quantisation
        Of weights stored as int8.
    file : str
        Where they were read, for messages.

    Returns
    -------
    dict of str to LayerParameters
        By layer.

    Raises
    ------
    FormatError
        If a name or a type is none that is stored, or a number is not finite.
    """
    found: dict[str, LayerParameters] = {}
    for name, values in arrays.items():
        if not name.endswith((WEIGHT, BIAS)):
            raise FormatError(f"has an array {name!r}, expected names that end in {WEIGHT} or {BIAS}", Location(file))
        if values.dtype not in (np.float32, np.float64, np.int8) or not np.all(np.isfinite(values)):
            raise FormatError(f"{name}: expected finite float32 or int8 numbers, found {values.dtype}", Location(file))
    for name, values in arrays.items():
        if not name.endswith(WEIGHT):
            continue
        layer = name.removesuffix(WEIGHT)
        weight = values.astype(np.float64)
        if values.dtype == np.int8:
            if layer not in quantisations:
                raise FormatError(f"{name}: int8 weights without a quantisation in the manifest", Location(file))
            weight = weight * scale_column(layer, quantisations[layer], values.ndim, len(values))
        bias = arrays.get(layer + BIAS)
        found[layer] = LayerParameters(weight, None if bias is None else bias.astype(np.float64))
    alone = [name for name in arrays if name.endswith(BIAS) and name.removesuffix(BIAS) not in found]
    if alone:
        raise FormatError(f"{alone[0]}: biases of a layer without weights{did_you_mean(alone[0], found)}", Location(file))
    return found


def scale_column(name: str, quantisation: Quantisation, extents: int, channels: int) -> NDArray[np.float64]:
    """Return scales to combine with weights of so many extents; raises SpecError where there are too few, or a zero point."""
    if not quantisation.symmetric or len(quantisation.scales) not in (1, channels):
        raise SpecError(
            f"{name}: weights have one scale or one per output channel ({channels}), zero points of 0; found {len(quantisation.scales)}"
        )
    return np.array(quantisation.scales).reshape(-1, *[1] * (extents - 1))
