"""The largest version of a network that a device holds: by its width, and by the size of its input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from pydantic import ValidationError

from costmodel.errors import InputError
from costmodel.evaluation.storage.strategy_plans import compare_strategies
from costmodel.results.conclusions.reason import Reason, ReasonKind, reason
from costmodel.results.storage.heap_replay import HeapOutcome
from costmodel.results.storage.largest_network import LargestNetwork, LargestVersion
from costmodel.specs.base import with_changes
from costmodel.specs.layers import Conv2d, Layer, Linear
from costmodel.specs.network import Network
from costmodel.specs.running.strategy import MemoryStrategy
from costmodel.specs.scenario import Scenario, Storage

STEPS: Final = 8
"""Parts of one that a multiplier is a multiple of."""
MOST_WIDTH: Final = 32
"""Largest width multiplier that is tried."""
MOST_EXTENT: Final = 512
"""Largest row or column of an input that is tried."""

Version = Callable[[Network, float], Network]


def largest_versions(scenario: Scenario, strategies: Sequence[MemoryStrategy]) -> LargestNetwork:
    """Return the largest versions of a scenario's network that its device holds, under each strategy.

    Parameters
    ----------
    scenario : Scenario
        Network and device.
    strategies : sequence of MemoryStrategy
        In the order of the answer.

    Returns
    -------
    LargestNetwork
        Multipliers are multiples of an eighth, found by halving: a version that fits is followed by one that does not.
    """
    versions = []
    for strategy in strategies:
        width, why_width = _largest(scenario, strategy, widened, MOST_WIDTH)
        most = MOST_EXTENT / max(scenario.network.input[1:], default=MOST_EXTENT)
        size, why_size = (
            _largest(scenario, strategy, resized, most) if len(scenario.network.input) == 3 else (None, reason(ReasonKind.INPUT_IS_FLAT))
        )
        resized_input = None if size is None else resized(scenario.network, size).input
        versions.append(
            LargestVersion(
                strategy=strategy,
                width_ratio=width,
                parameter_count=None if width is None else widened(scenario.network, width).parameter_count,
                width_reason=why_width,
                size_ratio=size,
                network_input=resized_input,
                size_reason=why_size,
            )
        )
    return LargestNetwork(network=scenario.network.name, device=scenario.device.name, versions=tuple(versions))


def widened(network: Network, ratio: float) -> Network:
    """Return a network whose channels and hidden features are multiplied.

    Parameters
    ----------
    network : Network
        What it starts from.
    ratio : float
        Width multiplier.

    Returns
    -------
    Network
        Each width rounded to the nearest whole number, at least 1, and to a multiple of its groups; a depthwise convolution stays one; the
        last layer that has features keeps them: they are the network's classes.
    """
    layers: list[Layer] = []
    featured = [layer.name for layer in network.ordered if isinstance(layer, Linear)]
    widths = [network.input[0]]
    for layer, reads, step in zip(network.ordered, network.sources, network.steps, strict=True):
        before, width = step.inputs[0][0], widths[reads[0] + 1]
        if isinstance(layer, Conv2d):
            depthwise = layer.groups == before and layer.groups > 1
            groups = width if depthwise else layer.groups
            width = width * (layer.out_channels // before) if depthwise else groups * max(1, _rounded(layer.out_channels * ratio / groups))
            layers.append(with_changes(layer, {"out_channels": width, "groups": groups}))
        elif isinstance(layer, Linear) and layer.name != featured[-1]:
            layers.append(with_changes(layer, {"out_features": max(1, _rounded(layer.out_features * ratio))}))
        else:
            layers.append(layer)
        widths.append(width)
    return with_changes(network, {"layers": tuple(layers)})


def resized(network: Network, ratio: float) -> Network:
    """Return a network on an input of other rows and columns, each rounded to the nearest whole number, at least 1."""
    channels, *extents = network.input
    return with_changes(network, {"input": (channels, *(max(1, _rounded(extent * ratio)) for extent in extents))})


def _rounded(number: float) -> int:
    return math.floor(number + 0.5)


def _largest(scenario: Scenario, strategy: MemoryStrategy, version: Version, most: float) -> tuple[float | None, Reason]:
    """The largest multiple of an eighth that fits, and why the next does not."""

    def why_not(eighths: int) -> Reason | None:
        try:
            network = version(scenario.network, eighths / STEPS)
            return _why_not(with_changes(scenario, {"network": network}), strategy)
        except (InputError, ValidationError) as error:
            told = error.message if isinstance(error, InputError) else error.errors()[0]["msg"]
            return reason(ReasonKind.NO_SUCH_VERSION, told=told)

    refused = why_not(STEPS)
    if refused is not None:
        # Below the network itself a version may not exist where a smaller one does not either: one after the other.
        for eighths in reversed(range(1, STEPS)):
            found = why_not(eighths)
            if found is None:
                return eighths / STEPS, refused
            refused = found
        return None, refused
    low, high = STEPS, STEPS
    while refused is None and high < most * STEPS:
        low, high = high, high * 2
        refused = why_not(high)
    if refused is None:
        return high / STEPS, reason(ReasonKind.NOT_TRIED_BEYOND, most_ratio=most)
    while high - low > 1:
        middle = (low + high) // 2
        found = why_not(middle)
        if found is None:
            low = middle
        else:
            high, refused = middle, found
    return low / STEPS, refused


def _why_not(scenario: Scenario, strategy: MemoryStrategy) -> Reason | None:
    (plan,) = compare_strategies(scenario, (strategy,)).plans
    if plan.reason is not None:
        return reason(ReasonKind.STRATEGY_NOT_APPLICABLE, told=plan.reason)
    if plan.replay is not None and plan.replay.outcome not in (HeapOutcome.FITS, HeapOutcome.FRESH_ONLY):
        return reason(ReasonKind.HEAP_TOO_SMALL, total_bytes=plan.total_bytes or 0, outcome=plan.replay.outcome.value)
    weights = sum(
        step.lowered.weight_count * sizes.weight_bytes + step.lowered.bias_count * sizes.bias_bytes
        for step, sizes in zip(scenario.network.steps, scenario.network.tensor_bytes, strict=True)
    )
    if scenario.weights_in is Storage.FLASH and weights > scenario.device.flash_bytes:
        return reason(ReasonKind.FLASH_TOO_SMALL, weight_bytes=weights, flash_bytes=scenario.device.flash_bytes)
    return None
