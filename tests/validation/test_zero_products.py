"""Products whose input is zero are counted by places and their uses; a walk over taps finds the same ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from costmodel.deployment.deployed import Kernel, Variant
from costmodel.deployment.reference import run_reference
from costmodel.specs.network import Network
from costmodel.validation.validating import expect_network


@pytest.mark.parametrize("variant", [Variant.INT8, Variant.FLOAT32])
@pytest.mark.parametrize("seed", range(6))
def test_products_with_zeros_are_those_a_walk_finds(variant: Variant, seed: int) -> None:
    draw = np.random.default_rng(seed)
    kernel, stride, padding, dilation = (int(draw.integers(low, high)) for low, high in ((1, 4), (1, 3), (0, 3), (1, 3)))
    window = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    layers: list[dict[str, Any]] = [
        {"kind": "conv2d", "name": "a", "out_channels": 4, "kernel": 1},
        {"kind": "relu", "name": "b"},
        {"kind": "conv2d", "name": "c", "out_channels": 6, "groups": 2, **window},
        {"kind": "relu", "name": "d"},
        {"kind": "flatten", "name": "e"},
        {"kind": "linear", "name": "f", "out_features": 3},
    ]
    network = Network.model_validate({"name": "n", "input": "2x7x6", "types": {"input": "int8"}, "layers": layers})
    expected = expect_network(network, variant, seed)
    deployed = expected.deployed
    outputs = run_reference(deployed, np.frombuffer(expected.image, np.int8).reshape(2, 7, 6))
    held = {layer.output: output for layer, output in zip(deployed.layers, outputs, strict=True)}
    for layer, found in zip(deployed.layers, expected.zeros, strict=True):
        if layer.name not in ("c", "f"):
            assert (found is None) == (layer.kernel not in (Kernel.CONV2D, Kernel.LINEAR))
            continue
        source, count = held[layer.inputs[0]], 0
        if layer.name == "f":
            assert found == 3 * int((source == 0).sum())
            continue
        for channel, row, column in np.ndindex(held[layer.output].shape):
            for own in range(2):
                for kh, kw in np.ndindex(kernel, kernel):
                    at = row * stride - padding + kh * dilation, column * stride - padding + kw * dilation
                    if 0 <= at[0] < source.shape[1] and 0 <= at[1] < source.shape[2]:
                        count += bool(source[(channel // 3 * 2 + own, *at)] == 0)
        assert found == count > 0
