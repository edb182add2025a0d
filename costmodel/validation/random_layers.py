"""Random networks of a few layers from a seed, every kind of layer that the firmware runs in each variant among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from costmodel.errors import ShapeError
from costmodel.specs.network import Network
from costmodel.specs.operations import OPERATIONS

_CONVOLUTIONS: Final = 4
"""How often a convolution is drawn for each other kind."""


def random_networks(count: int, seed: int) -> Iterator[Network]:
    """Draw networks of one random layer, and what belongs to it.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        The same seed gives the same layers; the first hundred of two hundred are the hundred.

    Yields
    ------
    Network
        One layer of a random kind, sometimes followed by a batch norm or a rectifier, which may or may not merge into it, or fed by one.
    """
    for index in range(count):
        generator = np.random.default_rng([seed, index, 2])
        while True:
            try:
                yield _network(generator, f"random-{seed}-{index}")
            except ShapeError:
                # The kernel did not fit its input: draw again from the same stream.
                continue
            break


def _network(generator: np.random.Generator, name: str) -> Network:
    running = [row for row in OPERATIONS.values() if row.runs_from("int8", "int8") and row.runs_from("float32", "float32")]
    weighted = [row for row in running for _ in range(_CONVOLUTIONS if row.takes_dataflow else 1)]
    operation = weighted[generator.integers(len(weighted))]
    drawn = operation.draw(generator, 1)
    layers = list(drawn.layers)
    for follower in running:
        # What may merge into the layer, and sometimes cannot because something else reads the layer as well.
        if follower.merging is None or layers[-1]["kind"] not in follower.merging.into or generator.integers(2):
            continue
        before = layers[-1]["name"]
        layers.append(follower.draw(generator, 1).layers[-1])
        if generator.integers(4) == 0:
            layers.append({"kind": "add", "name": "both", "inputs": (before, layers[-1]["name"])})
    types = {"input": "float32" if generator.integers(2) else "int8"}
    return Network.model_validate({"name": name, "input": drawn.shape, "types": types, "layers": layers})
