"""An adaptive average pooling put in place before the first linear layer."""

from __future__ import annotations

from typing import Any, Final

from costmodel.errors import SpecError
from costmodel.specs.base import with_changes
from costmodel.specs.layers import AdaptiveAvgPool2d
from costmodel.specs.network import Network
from costmodel.specs.operations import Action

_NAME: Final = "aap"


def pooled(network: Network, output_size: int) -> Network:
    """Put an adaptive average pooling before the flatten that feeds the first linear layer.

    Parameters
    ----------
    network : Network
        With planes that are flattened into a linear layer.
    output_size : int
        Rows and columns that are left.

    Returns
    -------
    Network
        The linear layer reads fewer features; its weights are to be trained anew.

    Raises
    ------
    SpecError
        If there is no such flatten, or it reads no more rows or columns than are to be left.
    """
    ordered: tuple[Any, ...] = network.ordered
    for index, (layer, step) in enumerate(zip(ordered, network.steps, strict=True)):
        feeds = [network.steps[at] for at, sources in enumerate(network.sources) if index in sources]
        if step.operation.action is not Action.RENAME or not any(each.operation.action is Action.MAC for each in feeds):
            continue
        if len(step.inputs[0]) != 3:
            continue
        _, rows, columns = step.inputs[0]
        if rows < output_size or columns < output_size or (rows, columns) == (output_size, output_size):
            raise SpecError(f"{layer.name}: reads {rows} x {columns}, which cannot be pooled to {output_size} x {output_size}")
        names = {each.name for each in network.layers}
        name = next(name for name in (_NAME, *(f"{_NAME}{number}" for number in range(2, len(names) + 3))) if name not in names)
        source = layer.inputs or (() if network.sources[index][0] < 0 else (ordered[network.sources[index][0]].name,))
        pool = AdaptiveAvgPool2d(name=name, output_size=(output_size, output_size), inputs=layer.inputs and source)
        place = next(at for at, each in enumerate(network.layers) if each.name == layer.name)
        after = with_changes(layer, {"inputs": (name,)}) if layer.inputs else layer
        return with_changes(network, {"layers": (*network.layers[:place], pool, after, *network.layers[place + 1 :])})
    raise SpecError(f"{network.name}: nothing to pool: no flatten of rows and columns feeds a linear layer")
