"""The latency model: each tap costs its rate, interior and boundary apart."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.columns import Number, product
from costmodel.provenance import formula

_SOURCE = "kornak2025deck: split into interior and boundary, slide 'Convolution Optimizations'; a time per tap is this project's"


class TapRates(NamedTuple):
    """Seconds per nominal tap, and the terms that wait for data."""

    interior_tap_s: Number
    """Per tap of an output pixel whose taps are all in bounds."""
    boundary_tap_s: Number
    """Per nominal tap of every other output pixel."""
    other_tap_s: Number
    """Per tap of poolings, linear and elementwise layers."""
    output_s: Number = 0.0
    """Per output (requantisation, loop set-up); zero until layers are measured that can tell it apart."""
    flash_weight_s: Number = 0.0
    """Per weight read from flash; zero until a measurement with weights in flash is given."""


@formula(
    id="latency.convolution",
    equation="t = n_int*a + n_bnd*b + outputs*c + flash_weights*f",
    symbols={
        "t": "time of a convolution [s]",
        "n_int": "taps of interior pixels",
        "n_bnd": "nominal taps of boundary pixels",
        "a": "time per interior tap [s]",
        "b": "time per boundary tap [s]",
        "outputs": "outputs",
        "c": "time per output [s]",
        "flash_weights": "weights read from flash",
        "f": "time per weight read from flash [s]",
    },
    unit="s",
    source=_SOURCE,
)
def convolution_time_s(
    interior_tap_count: Number,
    boundary_tap_count: Number,
    interior_tap_s: Number,
    boundary_tap_s: Number,
    output_count: Number,
    output_s: Number,
    flash_weight_count: Number,
    flash_weight_s: Number,
) -> Number:
    """Return the time of one convolution.

    Parameters
    ----------
    interior_tap_count, boundary_tap_count : int or column
        Nominal taps, by the pixel they belong to.
    interior_tap_s, boundary_tap_s : float or column
        Time per tap [s].
    output_count, flash_weight_count : int or column
        Outputs, and weights read from flash.
    output_s, flash_weight_s : float or column
        Time of each [s].

    Returns
    -------
    float or column
        Time [s].
    """
    taps_s = interior_tap_count * interior_tap_s + boundary_tap_count * boundary_tap_s
    return taps_s + product(output_count, output_s) + product(flash_weight_count, flash_weight_s)


@formula(
    id="latency.other",
    equation="t = n*r",
    symbols={"t": "time of a layer that is no convolution [s]", "n": "its taps", "r": "time per tap [s]"},
    unit="s",
    source=_SOURCE,
)
def other_time_s(tap_count: Number, other_tap_s: Number) -> Number:
    """Return the time of a layer that is no convolution.

    Parameters
    ----------
    tap_count : int or column
        Elements it reads.
    other_tap_s : float or column
        Time per element [s].

    Returns
    -------
    float or column
        Time [s].
    """
    return tap_count * other_tap_s
