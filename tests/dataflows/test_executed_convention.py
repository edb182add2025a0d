"""Which conventions count what the firmware executes: said from the layer alone, held against the counts themselves."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.dataflows.counting import count_work, counts_as_executed
from costmodel.errors import ShapeError
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.network import Network
from costmodel.specs.operations import OPERATIONS


@pytest.mark.parametrize("kind", OPERATIONS)
def test_a_convention_that_counts_as_executed_counts_valid_taps_with_biases(kind: str) -> None:
    random, compared = np.random.default_rng(7), 0
    for _ in range(40):
        shape, layers = OPERATIONS[kind].draw(random, 2)
        try:
            network = Network.model_validate({"name": "drawn", "input": shape, "layers": layers})
        except ShapeError:  # Layers are drawn at the limits of their geometry, and some lie beyond.
            continue
        for step in network.steps:
            work = step.lowered.work
            executed = count_work(work, Dataflow.OUTPUT_STATIONARY)
            for taps in Taps:
                for bias in (True, False):
                    if counts_as_executed(work, taps, bias):
                        assert count_work(work, Dataflow.OUTPUT_STATIONARY, taps, bias=bias) == executed
            assert counts_as_executed(work, Taps.VALID, True)
            compared += 1
    assert compared >= 20
