"""A deployed network under a mapping: the tile of each layer that is blocked."""

from __future__ import annotations

from dataclasses import replace

from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, Kernel
from costmodel.deployment.kernels.pairs import held_tiles, reason_against_pairs
from costmodel.deployment.kernels.shapes import line_type, reason_against
from costmodel.deployment.kernels.tiles import MOST, LineType, Tile
from costmodel.errors import LimitError, SpecError
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import KernelCore, tile_register_count
from costmodel.specs.running.mapping import BLOCKED, DATAFLOWS, ChosenDataflow, Mapping


def with_mapping(network: DeployedNetwork, mapping: Mapping, core: KernelCore) -> DeployedNetwork:
    """Return a network whose layers run under a mapping, in kernels generated for a core.

    Parameters
    ----------
    network : DeployedNetwork
        Of the int8 variant.
    mapping : Mapping
        Blocked or output stationary for each convolution; linear layers it does not block stay output stationary.
    core : KernelCore
        What the kernels are for.

    Returns
    -------
    DeployedNetwork
        With a tile on each blocked layer.

    Raises
    ------
    SpecError
        If a layer cannot run under its dataflow; says why.
    LimitError
        If a tile does not fit the core's registers; says what would spill.
    """
    return replace(network, layers=tuple(_mapped(network, layer, mapping.of(layer.name), core) for layer in network.layers))


def _mapped(network: DeployedNetwork, layer: DeployedLayer, chosen: ChosenDataflow, core: KernelCore) -> DeployedLayer:
    applies = layer.kernel is Kernel.CONV2D or (layer.kernel is Kernel.LINEAR and DATAFLOWS[chosen.name].linear)
    if not applies or chosen.name == Dataflow.OUTPUT_STATIONARY:
        return layer
    if chosen.name != BLOCKED:
        raise SpecError(f"{layer.name}: the firmware chooses between layers blocked and output stationary, found {chosen.text}")
    pixels, filters, swar = chosen.values
    reason = reason_against(network, layer)
    if reason is not None:
        raise SpecError(f"{layer.name}: {chosen.text} cannot serve it: {reason}; map it output-stationary")
    check_tile(layer.name, pixels, filters, core, swar)
    if not swar:
        return replace(layer, tile=Tile(pixels, filters, line_type(network, layer, core.signed_bytes), not core.signed_bytes))
    tile = Tile(pixels, filters, LineType.UINT8, not core.signed_bytes, swar)
    reason = reason_against_pairs(network, layer, tile)
    if reason is not None:
        raise SpecError(f"{layer.name}: {chosen.text} cannot serve it: {reason}, or leave swar out")
    if not all(held_tiles(network, layer, tile)):
        # Tiles that fall back keep every sum of their own.
        check_tile(layer.name, pixels, filters, core)
    return replace(layer, tile=tile)


def unheld_pairs(network: DeployedNetwork) -> dict[str, tuple[int, int]]:
    """Return, of each layer whose filters go in pairs, how many tiles of them are multiplied one by one all the same, and of how many."""
    held = {layer.name: held_tiles(network, layer, layer.tile) for layer in network.layers if layer.tile is not None and layer.tile.swar}
    return {name: (told.count(False), len(told)) for name, told in held.items()}


def check_tile(layer: str, pixels: int, filters: int, core: KernelCore, swar: int = 0) -> None:
    """Refuse a tile that a core has no registers for.

    Raises
    ------
    LimitError
        Says how many it takes, how many there are, and what would spill.
    """
    needed = tile_register_count(pixels, filters, swar)
    if needed > core.register_count or max(pixels, filters) > MOST:
        spilled = needed - core.register_count
        raise LimitError(
            f"{layer}: a tile of {pixels} pixels x {filters} filters takes {needed} registers of the {core.register_count} that"
            f" {core.name} has: {max(spilled, 0)} of its values would spill to the stack at every tap; take fewer pixels or filters"
        )
