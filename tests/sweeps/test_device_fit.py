"""`fits device` keeps exactly the designs of which the report says that they fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.errors import SpecError, UnknownNameError
from costmodel.evaluation.evaluating import evaluate
from costmodel.memory.heap import buffers_fit, place_buffers
from costmodel.results.storage.heap_verdict import HeapRequest
from costmodel.specs.devices.hardware import HeapAllocator, HeapRegion
from costmodel.specs.scenario import MemoryAccounting
from costmodel.sweeps.engine.running import sweep

REGION = st.builds(
    lambda size, largest: HeapRegion(name="r", size_bytes=size, largest_bytes=largest),
    st.integers(0, 400_000),
    st.none() | st.integers(0, 200_000),
)
ALLOCATOR = st.builds(
    lambda poisoning, classes, trims, region: HeapAllocator(
        poisoning_bytes=poisoning, size_classes=classes, trims=trims, region_bytes=region
    ),
    st.sampled_from([0, 12]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 4000),
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.lists(st.integers(0, 250_000), min_size=3, max_size=3), min_size=1, max_size=6),
    st.lists(REGION, min_size=1, max_size=3),
    ALLOCATOR,
)
def test_many_designs_fit_a_heap_as_each_one_does(designs, regions, allocator):
    """Rows are buffers, entries designs."""
    found = buffers_fit([np.array(sizes) for sizes in designs], regions, allocator)
    expected = [
        place_buffers([HeapRequest(name="b", size_bytes=sizes[at]) for sizes in designs], regions, allocator).fits for at in range(3)
    ]
    assert np.broadcast_to(found, 3).tolist() == expected


@pytest.mark.parametrize("network", ["cifar-aap-pruned", "resnet8"])
@pytest.mark.parametrize("weights_in", ["flash", "ram"])
def test_what_fits_is_what_the_report_says(network, weights_in):
    study = {
        "name": "f",
        "base": {"name": "b", "network": network, "device": "esp32-wroom", "input_in": "ram", "weights_in": weights_in},
        "axes": [
            {"path": "device", "values": ["esp32-wroom", "nrf52840"]},
            {"path": "accounting", "values": [each.value for each in MemoryAccounting]},
            {"path": "types.activation", "values": ["int8", "float32"]},
            {"path": "input.extent", "values": [32, 64, 96, 120]},
        ],
        "keep": "all",
        "columns": ["device.fits", "device.fits_heap", "device.fits_flash"],
    }
    answer = sweep(study)
    columns = answer.columns()
    told = []
    for row in range(len(answer)):
        memory = evaluate(answer.scenario(row)).memory
        heap = memory.heap is not None and memory.heap.fits
        flash = memory.flash_bytes <= memory.flash_capacity_bytes
        assert (heap, flash) == (columns["device.fits_heap"][row], columns["device.fits_flash"][row])
        told.append(heap and flash)
    assert columns["device.fits"].tolist() == told
    assert 0 < sum(told) < len(told)
    for written in ("fits device", {"fits": "device"}):
        assert len(sweep(study | {"constraints": [written]})) == sum(told)


def test_a_word_that_nothing_fits_offers_the_nearest():
    study = {"name": "f", "axes": [{"path": "period_s", "values": [1.0]}], "keep": "all"}
    with pytest.raises(UnknownNameError, match=r"'devise' is not something that a design fits \(did you mean 'device'\?\)"):
        sweep(study | {"constraints": ["fits devise"]})
    with pytest.raises(SpecError, match=r"or 'fits device', found 'fit device'"):
        sweep(study | {"constraints": ["fit device"]})
