"""The memory plan the firmware is given: the one the report makes, of the types a variant runs a network with."""

from __future__ import annotations

from costmodel.deployment.deploy import network_as_deployed
from costmodel.deployment.deployed import Variant
from costmodel.memory.planning import plan_network
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting


def firmware_plan(network: Network, variant: Variant, accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE) -> MemoryPlan:
    """Return where the firmware keeps each tensor of a network.

    Parameters
    ----------
    network : Network
        As described, of any types.
    variant : Variant
        How its numbers are carried.
    accounting : MemoryAccounting
        How tensors share the arena.

    Returns
    -------
    MemoryPlan
        With the network's input.
    """
    return plan_network(network_as_deployed(network, variant), accounting, with_input=True)
