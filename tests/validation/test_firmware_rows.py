"""Which scratch lies in the arena is said by the kernel's row, and is what the closed form's counts say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from costmodel.deployment.deployed import Variant
from costmodel.sources.catalogue import load_network, names
from costmodel.specs.counting import Dataflow
from costmodel.specs.operations import CONV2D, FirmwareKernel
from costmodel.validation.firmware_plan import KERNEL_DATAFLOWS, firmware_plan, predicted_counts


@pytest.mark.parametrize("name", names("networks"))
@pytest.mark.parametrize("dataflow", KERNEL_DATAFLOWS)
def test_the_row_says_what_the_counts_say(name: str, dataflow: Dataflow) -> None:
    network = load_network(name)
    for step, count in zip(network.steps, predicted_counts(network, Variant.INT8, dataflow), strict=True):
        if not step.merged:
            kept = step.operation.keeps_rows_in_arena(dataflow.value, has_rows=False)
            assert kept == (count.psum_read_count > 0), step.name


def test_what_the_row_says_decides() -> None:
    kernel = CONV2D.kernel
    assert isinstance(kernel, FirmwareKernel)
    without = replace(CONV2D, kernel=kernel._replace(rows_in_arena=()))
    with_all = replace(CONV2D, kernel=kernel._replace(rows_in_arena=kernel.dataflows))
    assert not without.keeps_rows_in_arena("row-stationary", has_rows=True)
    assert with_all.keeps_rows_in_arena("output-stationary", has_rows=False)
    assert firmware_plan(load_network("cifar-aap-pruned"), Variant.INT8, Dataflow.ROW_STATIONARY).scratch_bytes > 0


def test_a_dataflow_without_a_kernel_keeps_the_rows_its_counts_read_back() -> None:
    network = load_network("cifar-aap-pruned")
    counts = predicted_counts(network, Variant.INT8, Dataflow.WEIGHT_STATIONARY)
    expected = max((count.scratch_bytes for count in counts if count.psum_read_count), default=0)
    assert expected > 0
    assert firmware_plan(network, Variant.INT8, Dataflow.WEIGHT_STATIONARY).scratch_bytes == expected
