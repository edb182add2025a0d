"""Closed form = counters = loads the core really made, on every emulated core."""

from __future__ import annotations

import os

import pytest

from costmodel.compression.deployed import Variant
from costmodel.sources.catalogue import load_network
from costmodel.validation.emulated_targets import TARGETS, missing_tools
from costmodel.validation.validating import Target, Workbench, expect_layers, expect_network, validate

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
PLAIN_KERNEL_LIMITS = {Target.XTENSA: 12.3, Target.RISCV: 7.6, Target.ARM: 5.8}
"""Instructions a valid MAC that the plain output-stationary kernel may take over conv1 and conv2 of the pruned network."""


@pytest.fixture(scope="session", params=list(PLAIN_KERNEL_LIMITS))
def core(request: pytest.FixtureRequest) -> Target:
    missing = missing_tools(TARGETS[request.param])
    if missing is not None:
        if "emulator" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail(missing)
        pytest.skip(missing)
    return Target(request.param)


def test_the_pruned_network_is_equal_and_lean(bench: Workbench, core: Target) -> None:
    compared = validate([expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 7)], [core], bench)
    assert compared.equal, compared.mismatches[:5]
    assert all(layer.activity for run in compared.runs for layer in run.layers)
    stationary, rows = compared.runs
    assert stationary.instructions_per_mac is not None
    assert rows.instructions_per_mac is not None
    assert 1 < stationary.instructions_per_mac <= PLAIN_KERNEL_LIMITS[core]
    assert rows.instructions_per_mac > stationary.instructions_per_mac


def test_the_decks_variant_is_equal(bench: Workbench, core: Target) -> None:
    compared = validate([expect_network(load_network("cifar-aap-pruned"), Variant.FLOAT32, 7)], [core], bench)
    assert compared.equal, compared.mismatches[:5]


def test_fifty_random_layers_are_equal_in_both_variants(bench: Workbench, core: Target) -> None:
    compared = validate(expect_layers(50, 7, tuple(Variant)), [core], bench)
    assert compared.equal, compared.mismatches[:5]
    assert len(compared.runs) == 200
