"""A network without some of its channels: narrower layers, the next layers without those inputs, and the parameters to match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from costmodel.compression.channel_groups import ChannelGroup, Labels, TiedNetwork, tied
from costmodel.compression.importance import importance_of
from costmodel.compression.pruning import kept_channels
from costmodel.errors import SpecError, UnknownNameError
from costmodel.specs.base import with_changes
from costmodel.specs.model import LayerParameters, Parameters
from costmodel.specs.network import Network
from costmodel.specs.operations import Action
from costmodel.specs.trained.training_recipe import Criterion


def pruned(
    network: Network,
    parameters: Parameters,
    ratios: Mapping[str, float],
    criterion: Criterion = Criterion.L1,
    gradients: Mapping[str, Any] | None = None,
) -> tuple[Network, dict[str, LayerParameters]]:
    """Prune whole channels and neurons, the least important of each layer first.

    Parameters
    ----------
    network : Network
        What to prune.
    parameters : mapping of str to LayerParameters
        By layer.
    ratios : mapping of str to float
        Share to remove of a layer's output channels, by layer; layers tied to each other must agree where several are named.
    criterion : Criterion
        What channels are ranked by.
    gradients : mapping of str to array, optional
        Of the loss by each layer's weights.

    Returns
    -------
    Network
        With the channels that are left, in their order.
    dict of str to LayerParameters
        Theirs.

    Raises
    ------
    UnknownNameError
        If there is no such layer.
    SpecError
        If a layer cannot be pruned, or would have nothing left; if tied layers have different ratios.
    """
    found = tied(network)
    gone: set[int] = set()
    for group, ratio in _ratios(found, ratios):
        values = ranks(found, group, parameters, criterion, gradients)
        places = {tie: place for place, tie in enumerate(group.ties)}
        # Of equals the first stay.
        order = sorted(group.ties, key=lambda tie: (values[tie], -places[tie]))
        wanted = len(group.ties) - kept_of(found, group, ratio)
        least = removable(found, order, wanted)
        if len(least) < wanted:
            name = network.ordered[group.layers[0]].name
            raise SpecError(f"{name}: a ratio of {ratio:g} leaves nothing of a layer that is tied to it")
        gone |= least
    return without(found, parameters, gone)


def ratios_by_kind(network: Network, convolutions: float, linears: float) -> dict[str, float]:
    """Return ratios by layer: one for convolutions, one for hidden linear layers; what cannot be pruned is left out."""
    found = tied(network)
    shares = {Action.SLIDING_MAC: convolutions, Action.MAC: linears}
    # A group is pruned by the ratio of its first layer's kind.
    return {network.ordered[group.layers[0]].name: shares[network.steps[group.layers[0]].operation.action] for group in found.groups}


def pruned_globally(
    network: Network,
    parameters: Parameters,
    ratio: float,
    criterion: Criterion = Criterion.L1,
    gradients: Mapping[str, Any] | None = None,
) -> tuple[Network, dict[str, LayerParameters]]:
    """Prune a share of all channels together, wherever they matter least, and leave each layer at least one.

    Parameters
    ----------
    network, parameters, criterion, gradients
        As `pruned` takes them.
    ratio : float
        Share of all channels that may be pruned. Importances are compared as shares of their layer's mean, so that a layer of many weights
        does not win by its size.

    Returns
    -------
    Network
        With the channels that are left.
    dict of str to LayerParameters
        Theirs.

    Raises
    ------
    SpecError
        If so many channels cannot go.
    """
    found = tied(network)
    ranked: list[tuple[float, int]] = []
    for group in found.groups:
        values = ranks(found, group, parameters, criterion, gradients)
        mean = float(np.mean(list(values.values()))) or 1.0
        ranked += [(values[tie] / mean, tie) for tie in group.ties]
    wanted = len(ranked) - int(kept_channels(len(ranked), ratio))
    gone = removable(found, [tie for _, tie in sorted(ranked, key=lambda each: (each[0], -each[1]))], wanted)
    if len(gone) < wanted:
        raise SpecError(f"global ratio {ratio:g}: {wanted} of {len(ranked)} channels cannot go, a layer would have nothing left")
    return without(found, parameters, gone)


def ranks(
    found: TiedNetwork, group: ChannelGroup, parameters: Parameters, criterion: Criterion, gradients: Mapping[str, Any] | None
) -> dict[int, float]:
    """Return the importance of each tie of a group: the sum over its channels in all layers of the group."""
    network = found.network
    total = dict.fromkeys(group.ties, 0.0)
    for index in group.layers:
        name = network.ordered[index].name
        factors = None
        for reader, sources in enumerate(network.sources):
            if index in sources and network.steps[reader].operation.action is Action.SCALE_AND_SHIFT:
                factors = parameters[network.ordered[reader].name].weight
        gradient = None if gradients is None else gradients.get(name)
        values = importance_of(criterion, parameters[name].weight, factors=factors, gradient=gradient)
        for tie, value in zip(found.outputs[index], values, strict=True):
            total[tie] += float(value)
    return total


def removable(found: TiedNetwork, order: Sequence[int], wanted: int) -> set[int]:
    """Return the first so many ties that can go and leave each layer at least one channel; fewer where there are no more.

    Parameters
    ----------
    found : TiedNetwork
        Whose ties they are.
    order : sequence of int
        What goes first stands first.
    wanted : int
        How many are to go.

    Returns
    -------
    set of int
        At most `wanted`.
    """
    channels = [Counter(found.outputs[index]) for group in found.groups for index in group.layers]
    left = [each.total() for each in channels]
    gone: set[int] = set()
    for tie in order:
        if len(gone) < wanted and all(tie not in each or left[place] > each[tie] for place, each in enumerate(channels)):
            gone.add(tie)
            left = [count - each[tie] for count, each in zip(left, channels, strict=True)]
    return gone


def kept_of(found: TiedNetwork, group: ChannelGroup, ratio: float) -> int:
    """Return how many ties of a group a ratio leaves; raises SpecError where it leaves none."""
    kept = int(kept_channels(len(group.ties), ratio))
    if kept < 1:
        name = found.network.ordered[group.layers[0]].name
        left = f"{name}: a ratio of {ratio:g} leaves nothing of {len(group.ties)} channels"
        raise SpecError(f"{left}; the layers after it would have no inputs")
    return kept


def without(found: TiedNetwork, parameters: Parameters, gone: Collection[int]) -> tuple[Network, dict[str, LayerParameters]]:
    """Return a network without some ties, and its parameters."""
    network = found.network
    layers: dict[str, Any] = {layer.name: layer for layer in network.layers}
    kept: dict[str, LayerParameters] = {}
    ordered: tuple[Any, ...] = network.ordered
    for index, (layer, step) in enumerate(zip(ordered, network.steps, strict=True)):
        inputs, outputs = _places(found.inputs[index], gone), _places(found.outputs[index], gone)
        action = step.operation.action
        changes: dict[str, Any] = {}
        if action is Action.SLIDING_MAC:
            changes = {"out_channels": len(outputs)}
            if layer.groups > 1 and layer.groups == len(found.inputs[index]):
                changes["groups"] = len(inputs)
        elif action is Action.MAC:
            changes = {"out_features": len(outputs)}
        layers[layer.name] = with_changes(layer, changes) if changes else layer
        if layer.name in parameters:
            own = parameters[layer.name]
            weight = own.weight[outputs]
            if action is Action.MAC or (action is Action.SLIDING_MAC and layer.groups == 1):
                weight = weight[:, inputs]
            kept[layer.name] = LayerParameters(np.ascontiguousarray(weight), None if own.bias is None else own.bias[outputs])
    return with_changes(network, {"layers": tuple(layers.values())}), kept


def masked(found: TiedNetwork, parameters: Parameters, gone: Collection[int]) -> dict[str, LayerParameters]:
    """Return a network's parameters with every number of some ties set to 0: what the network without them answers alike."""
    result: dict[str, LayerParameters] = {}
    for index, layer in enumerate(found.network.ordered):
        if layer.name in parameters:
            own = parameters[layer.name]
            keeps = np.array([tie not in gone for tie in found.outputs[index]], np.float64)
            weight = own.weight * keeps.reshape(-1, *[1] * (own.weight.ndim - 1))
            result[layer.name] = LayerParameters(weight, None if own.bias is None else own.bias * keeps)
    return result


def _places(labels: Labels, gone: Collection[int]) -> list[int]:
    return [place for place, tie in enumerate(labels) if tie not in gone]


def _ratios(found: TiedNetwork, ratios: Mapping[str, float]) -> list[tuple[ChannelGroup, float]]:
    """Say for each group that is pruned by how much."""
    network = found.network
    names = [layer.name for layer in network.ordered]
    of_layer = {names[index]: group for group in found.groups for index in group.layers}
    asked: dict[ChannelGroup, tuple[str, float]] = {}
    for name, ratio in ratios.items():
        if name not in names:
            raise UnknownNameError("prune", name, names, "a layer of this network")
        if not 0 <= ratio < 1:
            raise SpecError(f"{name}: a ratio is at least 0 and below 1, found {ratio:g}")
        if ratio == 0:
            continue
        if name not in of_layer:
            reason = "it has no filters" if name not in _owners(found) else "its outputs are the network's, or tied to its input or outputs"
            raise SpecError(f"{name}: cannot be pruned: {reason}")
        before = asked.setdefault(of_layer[name], (name, ratio))
        if before[1] != ratio:
            raise SpecError(f"{name}: is tied to {before[0]}, which is pruned by {before[1]:g}, not {ratio:g}")
    return [(group, ratio) for group, (_, ratio) in asked.items()]


def _owners(found: TiedNetwork) -> set[str]:
    filtered = (Action.SLIDING_MAC, Action.MAC)
    return {layer.name for layer, step in zip(found.network.ordered, found.network.steps, strict=True) if step.operation.action in filtered}
