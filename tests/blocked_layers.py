"""Random layers in random tiles, for generated kernels on this machine and on emulated cores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from costmodel.deployment.deployed import Variant
from costmodel.errors import InputError, ShapeError
from costmodel.specs.devices.kernel_core import CORES
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import mapping_of
from costmodel.validation.comparing import Expected, expect
from costmodel.validation.mapping_choice import mapped_expected
from costmodel.validation.validating import Mapped, expect_network


def drawn(generator: np.random.Generator, name: str) -> Network:
    """A convolution, or a linear layer, behind a rectified or a signed tensor, with or without one of its own."""
    small = [int(number) for number in generator.integers(1, 4, 8)]
    groups = int(generator.integers(1, 4))
    layers: list[dict[str, Any]] = [{"kind": "conv2d", "name": "before", "out_channels": groups * small[0], "kernel": 1}]
    layers += [{"kind": "relu", "name": "rectified"}] if generator.integers(2) else []
    if generator.integers(5) == 0:
        layers += [{"kind": "flatten", "name": "flat"}, {"kind": "linear", "name": "layer", "out_features": int(generator.integers(1, 12))}]
    else:
        depthwise = generator.integers(3) == 0
        one = generator.integers(4) == 0
        layers.append(
            {
                "kind": "conv2d",
                "name": "layer",
                "out_channels": groups * small[0] if depthwise else groups * int(generator.integers(1, 8)),
                "groups": groups * small[0] if depthwise else groups,
                "kernel": 1 if one else (small[1], small[2]),
                "stride": 1 if one else (small[3], small[4]),
                "dilation": (1 + small[5] // 3, 1 + small[6] // 3),
                "padding": 0 if one else [int(number) for number in generator.integers(0, 3, 4)],
                "bias": bool(generator.integers(4)),
            }
        )
    layers += [{"kind": "relu", "name": "last"}] if generator.integers(2) else []
    shape = (int(generator.integers(1, 4)), int(generator.integers(3, 9)), int(generator.integers(3, 12)))
    return Network.model_validate({"name": name, "input": shape, "types": {"input": "int8"}, "layers": layers})


def paired_networks(count: int, seed: int, core: str) -> Iterator[Expected]:
    """Random layers in tiles of pairs, with weights of which halves of a register hold the sums of all, some or few tiles."""
    made = 0
    for index in range(20 * count):
        generator = np.random.default_rng([seed, index])
        try:
            plain = expect_network(drawn(generator, f"paired-{index}"), Variant.INT8, index)
            pixels, filters, swar = ((1, 2, 3), (2, 2, 5), (3, 2, 2), (4, 2, 4), (2, 4, 5), (1, 4, 1), (3, 2, 7))[generator.integers(7)]
            divisor = int(generator.integers(1, 5))
            layers = tuple(
                replace(layer, weights=np.clip(layer.weights.astype(int) * 3 // divisor, -128, 127).astype(np.int8))
                if layer.name == "layer" and layer.weights is not None
                else layer
                for layer in plain.deployed.layers
            )
            thinned = expect(plain.network, replace(plain.deployed, layers=layers), plain.image)
            text = f"output-stationary[layer=blocked-output-stationary(pixels={pixels}, filters={filters}, swar={swar})]"
            yield mapped_expected(thinned, text, CORES[core])
            made += 1
        except InputError:
            continue
        if made == count:
            return


def blocked_networks(count: int, seed: int, core: str) -> Iterator[Expected]:
    """Random layers, each in a random tile that fits the core, until there are so many."""
    tiles = [(1, 1), (2, 2), (4, 1), (1, 4), (4, 2), (2, 4), (3, 2)] + ([(4, 4), (5, 3)] if core == "riscv" else [])
    made = 0
    for index in range(10 * count):
        generator = np.random.default_rng([seed, index])
        try:
            network = drawn(generator, f"blocked-{index}")
        except ShapeError:
            continue
        pixels, filters = tiles[generator.integers(len(tiles))]
        mapping = mapping_of(f"blocked-output-stationary(pixels={pixels}, filters={filters})")
        expected = expect_network(network, Variant.INT8, index, mapped=Mapped(mapping, CORES[core]))
        if all(rescale.shift <= 0 for layer in expected.deployed.layers for rescale in layer.rescales):
            yield expected
            made += 1
        if made == count:
            return
