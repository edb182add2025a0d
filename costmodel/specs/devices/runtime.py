"""A runtime: what runs a network on a processor, and what is known of its speed.

A time belongs to a core, a kernel library and its version, not to a board. What is known comes in four forms, from strong to weak: rates of
single layers' kernels, networks that were measured on this device, how the networks of a version compare wherever it was measured, and the
range of a class of cores.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.specs.base import Name, Spec

PositiveNumber = Annotated[float, Field(ge=1e-12, le=1e12)]
Share = Annotated[float, Field(ge=0.0, le=1e3)]
Tally = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Text = Annotated[str, Field(min_length=1, max_length=200)]

PathName = Literal["pointwise", "one-row", "general", "depthwise", "linear"]
"""A path through a kernel library that single layers were measured of."""


RegressorName = Literal[
    "quad_mac",
    "odd_filter_mac",
    "remainder_mac",
    "copied_byte",
    "copy_run",
    "filled_run",
    "output",
    "pixel",
    "sixteen_mac",
    "rest_quad_mac",
    "weight",
    "layer",
    "mac",
]
"""What a layer has of its path; `latency.kernel_paths` counts them."""


ArenaKernels = Literal["reference", "cmsis-nn", "esp-nn"]
"""Kernels of TensorFlow Lite Micro: each asks for scratch of its own in the arena."""


class Rate(Spec):
    """What one unit of a regressor costs on a path."""

    per: RegressorName
    rate_cycles: Annotated[float, Field(ge=0.0, le=1e9)]


class PathRates(Spec):
    """Rates of one path, fitted to measured layers, with their errors on shapes that were left out."""

    path: PathName
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]
    low_ratio: PositiveNumber
    """Measured over predicted, out of sample, tenth percentile."""
    high_ratio: PositiveNumber
    """Ninetieth."""
    median_error_ratio: Share
    p90_error_ratio: Share
    layer_count: Tally
    shape_count: Tally


class KernelRates(Spec):
    """Rates of a core's kernels."""

    core: Text
    """Ends the core's name of a device they hold for."""
    board: Text
    """Where they were measured."""
    version: Text
    """Of the kernel library."""
    clock_hz: Annotated[tuple[PositiveNumber, ...], Field(min_length=1)]
    """Clocks they were measured at."""
    paths: Annotated[tuple[PathRates, ...], Field(min_length=1)]
    board_ratio: PositiveNumber
    """Factor by which another board of the core was off."""
    source: str

    @model_validator(mode="after")
    def _paths_once(self) -> KernelRates:
        if len({rates.path for rates in self.paths}) != len(self.paths):
            raise PydanticCustomError("paths", "a path has rates twice")
        return self


class ClassRange(Spec):
    """Cycles per multiply-accumulate of whole int8 networks on a class of cores."""

    core: Text
    """Ends the core's name of a device it holds for."""
    low_cycles: PositiveNumber
    high_cycles: PositiveNumber
    network_count: Tally
    """Measured networks behind it."""
    source: str

    @model_validator(mode="after")
    def _low_below_high(self) -> ClassRange:
        if self.low_cycles > self.high_cycles:
            raise PydanticCustomError("range", "low_cycles should be at most high_cycles")
        return self


class KnownNetwork(Spec):
    """By how much a network lay above what the kinds of its layers say, wherever this version was measured."""

    network: Text
    factor_ratio: PositiveNumber


class VersionProfile(Spec):
    """How the kinds of layers compare under one version, whatever the board."""

    version: Text
    board_count: Tally
    convolution_ratio: PositiveNumber
    """Cycles per multiply-accumulate, of kernels larger than 1x1; the scale is free, so this is 1."""
    pointwise_ratio: PositiveNumber
    depthwise_ratio: PositiveNumber
    linear_ratio: PositiveNumber
    networks: tuple[KnownNetwork, ...] = ()
    source: str


class MeasuredNetwork(Spec):
    """A whole network that was measured on a device."""

    device: Name
    network: Text
    clock_hz: PositiveNumber
    version: Text
    duration_s: PositiveNumber
    energy_j: PositiveNumber | None = None
    """Of one inference, at the board's supply; None where it was not measured."""
    convolution_mac_count: Tally = 0
    pointwise_mac_count: Tally = 0
    depthwise_mac_count: Tally = 0
    linear_mac_count: Tally = 0
    source: Text

    @model_validator(mode="after")
    def _multiplies(self) -> MeasuredNetwork:
        if not self.convolution_mac_count + self.pointwise_mac_count + self.depthwise_mac_count + self.linear_mac_count:
            raise PydanticCustomError("measured", "a measured network needs multiply-accumulates: its time tells no rate without")
        return self


class Runtime(Spec):
    """What runs a network, and how fast as far as is known."""

    name: Name
    description: str = ""
    default_on: tuple[Text, ...] = ()
    """Cores it is taken on where nobody names a runtime."""
    only_on: tuple[Text, ...] = ()
    """How the names of the devices begin that it is made for; empty for any."""
    arena: ArenaKernels | None = None
    """Whose kernels ask for scratch in the arena of TensorFlow Lite Micro; None where that is not what runs."""
    kernels: tuple[KernelRates, ...] = ()
    profiles: tuple[VersionProfile, ...] = ()
    measured: tuple[MeasuredNetwork, ...] = ()
    ranges: tuple[ClassRange, ...] = ()
    source: str
