"""Which channels of a network stand or fall together: those that additions, depthwise filters and views tie to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from costmodel.specs.lowering import Step
from costmodel.specs.network import Network
from costmodel.specs.operations import CONCAT, Action

Labels: TypeAlias = tuple[int, ...]
"""For each channel or feature of a tensor, the tie it belongs to."""

_PASSED: Final = frozenset({Action.LARGEST, Action.MEAN, Action.RECTIFY, Action.SCALE_AND_SHIFT})
"""Actions whose outputs are their input's, channel by channel."""


@dataclass(frozen=True)
class ChannelGroup:
    """Ties that are pruned by one ratio: those of one layer, or of all layers that share some."""

    layers: tuple[int, ...]
    """Layers whose output channels they are, in running order."""
    ties: tuple[int, ...]
    """What stays or goes as one, in the order of the first layer's channels."""


@dataclass(frozen=True)
class TiedNetwork:
    """A network whose channels are known by their ties."""

    network: Network
    inputs: tuple[Labels, ...]
    """Of each step's first input."""
    outputs: tuple[Labels, ...]
    """Of each step's output."""
    groups: tuple[ChannelGroup, ...]
    """What may be pruned; the network's input and outputs, and what is tied to them, may not."""


class _Ties:
    """Labels that are found equal one by one."""

    def __init__(self) -> None:
        self._root: list[int] = []
        self._fixed: set[int] = set()

    def fresh(self, count: int) -> Labels:
        begin = len(self._root)
        self._root.extend(range(begin, begin + count))
        return tuple(range(begin, begin + count))

    def of(self, label: int) -> int:
        while self._root[label] != label:
            self._root[label] = self._root[self._root[label]]
            label = self._root[label]
        return label

    def tie(self, a: int, b: int) -> None:
        first, second = sorted((self.of(a), self.of(b)))
        self._root[second] = first

    def fix(self, labels: Labels) -> None:
        self._fixed.update(labels)

    def fixed(self) -> set[int]:
        return {self.of(label) for label in self._fixed}


def tied(network: Network) -> TiedNetwork:
    """Find which channels of a network stand or fall together.

    Parameters
    ----------
    network : Network
        Any.

    Returns
    -------
    TiedNetwork
        With the groups that may be pruned, in running order.
    """
    ties = _Ties()
    first = ties.fresh(network.input[0])
    ties.fix(first)
    inputs: list[Labels] = []
    outputs: list[Labels] = []
    owners: list[int] = []
    for index, (layer, step, sources) in enumerate(zip(network.ordered, network.steps, network.sources, strict=True)):
        reads = [first if source < 0 else outputs[source] for source in sources]
        inputs.append(reads[0])
        outputs.append(_outputs(ties, layer, step, reads))
        if _has_filters(step):
            owners.append(index)
    read = {source for sources in network.sources for source in sources}
    for index in range(len(network.steps)):
        if index not in read:
            ties.fix(outputs[index])
    roots = [tuple(ties.of(label) for label in labels) for labels in outputs]
    fixed = ties.fixed()
    return TiedNetwork(
        network, tuple(tuple(ties.of(label) for label in labels) for labels in inputs), tuple(roots), _groups(owners, roots, fixed)
    )


def _has_filters(step: Step) -> bool:
    return step.operation.action in (Action.SLIDING_MAC, Action.MAC)


def _outputs(ties: _Ties, layer: Any, step: Step, reads: list[Labels]) -> Labels:
    """Labels of a step's output; what is not understood is left whole."""
    action, shape = step.operation.action, step.lowered.output
    if action is Action.SLIDING_MAC:
        made = ties.fresh(shape[0])
        if layer.groups > 1 and layer.groups == len(reads[0]):
            for place, label in enumerate(made):
                ties.tie(label, reads[0][place // (len(made) // layer.groups)])
        elif layer.groups > 1:
            # Groups of several channels would have to lose alike everywhere.
            ties.fix(reads[0])
            ties.fix(made)
        return made
    if action is Action.MAC:
        return ties.fresh(shape[0])
    if action in _PASSED or (action is Action.BOUND and _keeps_zero(layer)):
        return reads[0]
    if step.operation is CONCAT and layer.axis in (0, -len(shape)):
        return tuple(label for labels in reads for label in labels)
    if action is Action.RENAME and len(reads[0]) and shape[0] % len(reads[0]) == 0 and len(shape) == 1:
        return tuple(label for label in reads[0] for _ in range(shape[0] // len(reads[0])))
    if action is Action.SUM and len({len(labels) for labels in reads}) == 1:
        for others in reads[1:]:
            for a, b in zip(reads[0], others, strict=True):
                ties.tie(a, b)
        return reads[0]
    for labels in reads:
        ties.fix(labels)
    made = ties.fresh(shape[0])
    ties.fix(made)
    return made


def _keeps_zero(layer: Any) -> bool:
    """Whether a channel of zeros leaves a clamp as zeros."""
    return (layer.low is None or layer.low <= 0) and (layer.high is None or layer.high >= 0)


def _groups(owners: list[int], roots: list[Labels], fixed: set[int]) -> tuple[ChannelGroup, ...]:
    """Join layers that share ties."""
    found: list[tuple[list[int], list[int]]] = []
    for owner in owners:
        own = dict.fromkeys(roots[owner])
        joined = [group for group in found if own.keys() & set(group[1])]
        layers = sorted({owner, *(layer for group in joined for layer in group[0])})
        ties = list(dict.fromkeys([*(tie for group in joined for tie in group[1]), *own]))
        found = [group for group in found if group not in joined]
        found.append((layers, ties))
    return tuple(ChannelGroup(tuple(layers), tuple(ties)) for layers, ties in sorted(found) if not fixed & set(ties))
