"""Scores of a model for images: in floats, or as the integers a device gives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deploy import deploy
from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.deployment.folding import network_as_deployed
from costmodel.memory.planning import plan_network
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting
from costmodel.training.pytorch.fitting import scores
from costmodel.training.pytorch.integer_forward import integer_scores
from costmodel.training.pytorch.network_module import NetworkModule


def float_scores(network: Network, parameters: Mapping[str, LayerParameters], images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a network's outputs for images in single precision, with the parameters as they are stored."""
    module = NetworkModule(network)
    module.take(parameters)
    return scores(module, images)


def integer_scores_of(model: Model, images: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the int8 outputs of a quantised model for images, as the integer reference and the firmware give them."""
    return integer_scores(deployed_int8(model), images)


def deployed_int8(model: Model) -> DeployedNetwork:
    """Return a quantised model as a device runs it."""
    memory = plan_network(network_as_deployed(model.network, Variant.INT8), MemoryAccounting.ARENA_IN_PLACE, with_input=True)
    return deploy(model, Variant.INT8, np.zeros(model.network.input, np.float32), memory)
