"""Which layers run and which live in another: folding, fusing, and the element types of what runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from costmodel.deployment.deployed import Variant
from costmodel.deployment.parameters import parameter_shape
from costmodel.errors import MissingError, ShapeError
from costmodel.specs.base import with_changes
from costmodel.specs.layers import DataType
from costmodel.specs.lowering import Step
from costmodel.specs.model import LayerParameters, Parameters
from costmodel.specs.network import DataTypes, Network
from costmodel.specs.operations import Merge


class Bounds(NamedTuple):
    """Real numbers that results are kept between; None where there is none."""

    low: float | None
    high: float | None

    def within(self, other: Bounds) -> Bounds:
        """Return both bounds together."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Bounds(max(lows, default=None), min(highs, default=None))


NO_BOUNDS: Final = Bounds(None, None)


@dataclass(frozen=True)
class MergedNetwork:
    """What runs, before any number is quantised."""

    network: Network
    roots: tuple[int, ...]
    """For each step, the step that runs for it: itself, or the layer it is merged into; -1 is the network's input."""
    bounds: Mapping[int, Bounds]
    """For steps whose results are kept between bounds on the way out, those."""
    folded_into: frozenset[int] = frozenset()
    """Steps whose parameters a batch norm is multiplied into."""


def bounds_of(layer: Any) -> Bounds:
    """Return what a rectifier or a clamp keeps results between: a rectifier says no bounds of its own, and means 0 below."""
    return Bounds(getattr(layer, "low", 0.0), getattr(layer, "high", None))


def with_folded_biases(network: Network) -> Network:
    """Return the network the firmware really runs: folding a batch norm gives a convolution without a bias one to read.

    Parameters
    ----------
    network : Network
        As described.

    Returns
    -------
    Network
        The same where no such pair is in it.
    """
    steps = network.steps
    given = {steps[step.sources[0]].name for step in steps if _merge_of(step) is Merge.FOLDED}
    layers = tuple(with_changes(layer, {"bias": True}) if layer.name in given else layer for layer in network.layers)
    return network if layers == network.layers else with_changes(network, {"layers": layers})


def network_as_deployed(network: Network, variant: Variant) -> Network:
    """Return the network with the element types a variant runs it with, which its memory plan must be of.

    Parameters
    ----------
    network : Network
        As described, of any types.
    variant : Variant
        How its numbers are carried.

    Returns
    -------
    Network
        Activations of the variant's type; the input int8 too, or float32 where the float32 variant meets a network that says it is not
        int8; int8 weights.
    """
    as_is = variant is Variant.FLOAT32 and network.types.input is not DataType.INT8
    types = DataTypes(
        input=DataType.FLOAT32 if as_is else DataType.INT8,
        activation=variant.activation_type,
        weight=DataType.INT8,
        bias=DataType.INT8 if variant is Variant.FLOAT32 else DataType.INT32,
    )
    layers = tuple(
        with_changes(layer, {name: None for name in ("output_type", "weight_type") if hasattr(layer, name)}) for layer in network.layers
    )
    return with_changes(network, {"types": types, "layers": layers})


def merge(network: Network) -> MergedNetwork:
    """Tell which step runs for each step of a network, and which of them rectify.

    Parameters
    ----------
    network : Network
        As described.

    Returns
    -------
    MergedNetwork
        With a root for each step.
    """
    roots: list[int] = []
    bounds: dict[int, Bounds] = {}
    folded: set[int] = set()
    for index, step in enumerate(network.steps):
        roots.append(index if not step.merged else -1 if step.sources[0] < 0 else roots[step.sources[0]])
        if _merge_of(step) is Merge.FUSED:
            bounds[roots[index]] = bounds_of(network.ordered[index]).within(bounds.get(roots[index], NO_BOUNDS))
        elif _merge_of(step) is Merge.FOLDED:
            folded.add(roots[index])
    return MergedNetwork(network, tuple(roots), bounds, frozenset(folded))


def fold_parameters(merged: MergedNetwork, parameters: Parameters) -> dict[int, LayerParameters]:
    """Return the parameters of each step that runs, batch norms folded into the convolution before them.

    Parameters
    ----------
    merged : MergedNetwork
        From `merge`.
    parameters : mapping of str to LayerParameters
        Real weights and biases by layer name.

    Returns
    -------
    dict of int to LayerParameters
        By step.

    Raises
    ------
    MissingError
        If a layer's parameters are missing.
    ShapeError
        If they do not fit.
    """
    folded: dict[int, LayerParameters] = {}
    for index, (layer, step) in enumerate(zip(merged.network.ordered, merged.network.steps, strict=True)):
        shape = parameter_shape(layer, step)
        if shape is None:
            continue
        if layer.name not in parameters:
            raise MissingError(f"{layer.name}: its parameters are missing; give weights of shape {shape}")
        own = parameters[layer.name]
        if own.weight.shape != shape or (own.bias is not None and own.bias.shape != shape[:1]):
            raise ShapeError(layer.name, f"weights have shape {own.weight.shape}, expected {shape} and as many biases")
        root = merged.roots[index]
        if root == index:
            folded[index] = own
        else:
            before = folded[root]
            shift = np.zeros(shape[0]) if own.bias is None else own.bias
            bias = shift if before.bias is None else before.bias * own.weight + shift
            folded[root] = LayerParameters(before.weight * own.weight[:, None, None, None], bias)
    return folded


def _merge_of(step: Step) -> Merge | None:
    merging = step.operation.merging
    return merging.how if step.merged and merging is not None else None
