"""What a user names as a network, with the weights it has: a model its own, any other network those of a seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.borders import without_borders
from costmodel.deployment.deployed import Variant
from costmodel.deployment.parameters import random_example, random_input, random_model
from costmodel.sources.catalogue import load_network
from costmodel.sources.importers.model_files import is_model_file
from costmodel.sources.model_loading import load_model
from costmodel.sources.stored_models.network_of_model import names_a_model
from costmodel.sources.stored_models.packaged_models import load_stored_model
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import Model
from costmodel.specs.scenario import MemoryAccounting
from costmodel.validation.comparing import Expected
from costmodel.validation.targets.image import image_values
from costmodel.validation.validating import expect_model

_BYTES_PER_UNIT = 127.5
_MIDDLE = 128


@dataclass(frozen=True)
class Deployable:
    """A network with weights, and an input that belongs to it."""

    model: Model
    example: NDArray[np.float32]
    trained: bool
    """Whether the weights are its own."""

    @property
    def input_scale(self) -> float:
        """What a step of a byte less 128 stands for: the model's own, or such that black is -1 and white almost 1."""
        own = self.model.quantisations.get(NETWORK_INPUT)
        return 1 / _MIDDLE if own is None else own.scales[0]

    def expected(
        self, variant: Variant, image: NDArray[np.float32] | None, accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE
    ) -> Expected:
        """Say what it must do on an input, or on its own; see `expect_model`."""
        return expect_model(self.model, variant, self.example, image, accounting)

    def input_of(self, picture: Path) -> NDArray[np.float32]:
        """Return a picture as the network is fed it: as it was trained, or black -1 and white 1."""
        values = image_values(picture, self.model.network)
        if NETWORK_INPUT not in self.model.quantisations:
            return values
        pixels = np.rint(values * _BYTES_PER_UNIT + _BYTES_PER_UNIT)
        fed: NDArray[np.float32] = ((pixels - _MIDDLE) * self.input_scale).astype(np.float32)
        return fed


def deployable(reference: str, seed: int) -> Deployable:
    """Load what a user named.

    Parameters
    ----------
    reference : str
        A model folder, a packaged model or a file of another tool's format, whose weights are its own; or a network as `load_network`
        takes it.
    seed : int
        Of the weights of a network without, and of the example input.

    Returns
    -------
    Deployable
        Ready for the firmware.

    Raises
    ------
    InputError
        If there is none, or it is wrong.
    """
    if is_model_file(reference):
        # Conversions at the borders are left to whoever calls it: the firmware is given steps, and hands on steps.
        model = without_borders(load_model(reference))
        return Deployable(model, random_example(model, seed), trained=True)
    if names_a_model(reference):
        model = load_stored_model(reference)
        return Deployable(model, random_input(model.network, seed), trained=True)
    network = load_network(reference)
    return Deployable(random_model(network, seed), random_input(network, seed), trained=False)
