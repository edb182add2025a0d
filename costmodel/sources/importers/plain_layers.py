"""Layers as a person would write them: nothing that is said without a word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final

from costmodel.specs.lowering import NETWORK_INPUT

_LONGEST_NAME: Final = 200


def network_name(file: str) -> str:
    """Return the name of a network by its file's, of characters that a name may have."""
    return re.sub(r"[^A-Za-z0-9_.\-]+", "_", PurePath(file).stem).lstrip(".-")[:_LONGEST_NAME] or "network"


def usual_types(layers: Sequence[dict[str, Any]], source: str) -> tuple[str, str]:
    """Return the element types that most activations and most weights have; of the input where there are none."""
    outputs = Counter(layer["output_type"] for layer in layers if "output_type" in layer)
    weights = Counter(layer["weight_type"] for layer in layers if "weight_type" in layer)
    usual = outputs.most_common(1)[0][0] if outputs else source
    return usual, weights.most_common(1)[0][0] if weights else usual


def plain_layers(layers: Sequence[dict[str, Any]], activation: str, weight: str) -> list[dict[str, Any]]:
    """Return layers without the types that the network has, and without inputs that are the layer before.

    Parameters
    ----------
    layers : sequence of dict
        Fields of each layer, in order.
    activation, weight : str
        The network's element types.

    Returns
    -------
    list of dict
        The same network.
    """
    found = []
    before = NETWORK_INPUT
    for layer in layers:
        left_out = [("output_type", activation), ("weight_type", weight), ("inputs", [before])]
        found.append({name: value for name, value in layer.items() if (name, value) not in left_out})
        before = layer["name"]
    return found
