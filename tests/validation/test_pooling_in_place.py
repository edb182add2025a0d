"""The firmware lets a pooling overwrite its input exactly where the planner does, and the result is then still right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.errors import FormatError, ShapeError
from costmodel.memory.lifetimes import runs_in_place
from costmodel.specs.counting import Dataflow
from costmodel.specs.layers import ELEMENT_BYTES
from costmodel.specs.network import Network
from costmodel.specs.work import LoopNest
from costmodel.validation.comparing import expect
from costmodel.validation.targets.host import HostLibrary, build_library
from costmodel.validation.validating import Workbench, expect_network

pytestmark = pytest.mark.firmware


@pytest.fixture(scope="module")
def library(bench: Workbench) -> HostLibrary:
    return HostLibrary(build_library(firmware=bench.firmware, cache=bench.cache, build="counting"))


def poolings(count: int) -> Iterator[Network]:
    generator = np.random.default_rng(15)
    made = 0

    def number(largest: int) -> int:
        return int(generator.integers(1, largest + 1))

    while made < count:
        layer: dict[str, Any] = {
            "kind": str(generator.choice(["max_pool2d", "avg_pool2d"])),
            "name": "pool",
            "kernel": (number(4), number(4)),
            "stride": (number(3), number(3)),
            "padding": tuple(int(side) for side in generator.integers(0, 3, 4)),
            "dilation": (number(2), number(2)),
        }
        try:
            yield Network.model_validate(
                {
                    "name": "pooling",
                    "input": (number(4), number(9), number(9)),
                    "types": {"input": str(generator.choice(["int8", "float32"]))},
                    "layers": [layer],
                }
            )
        except ShapeError:
            continue
        made += 1


def overlaid(deployed: DeployedNetwork) -> DeployedNetwork:
    """The pooling's output put where its input begins."""
    first, second = (replace(tensor, arena_offset=0) for tensor in deployed.tensors)
    return replace(deployed, tensors=(first, second), activation_bytes=max(first.size_bytes, second.size_bytes))


def test_poolings_run_in_place_where_the_planner_says_and_nowhere_else(library: HostLibrary) -> None:
    answers = []
    for index, network in enumerate(poolings(800)):
        variant = tuple(Variant)[index % 2]
        plain = expect_network(network, variant, index)
        expected = expect(network, overlaid(plain.deployed))
        assert expected.output_hashes == plain.output_hashes
        source, target = expected.deployed.tensors
        nest = network.steps[0].lowered.work
        assert isinstance(nest, LoopNest)
        allowed = source.type is target.type and runs_in_place(nest, ELEMENT_BYTES[source.type], ELEMENT_BYTES[target.type])
        answers.append(allowed)
        if allowed:
            ran = library.run(expected.model, Dataflow.OUTPUT_STATIONARY, expected.image)
            assert f"{ran.output_hashes[0]:08x}" == expected.output_hashes[0], network
        else:
            with pytest.raises(FormatError, match="overlap"):
                library.run(expected.model, Dataflow.OUTPUT_STATIONARY, expected.image)
    assert 100 < sum(answers) < 700
