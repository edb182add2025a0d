"""Line fills: how many, how long, what they cost."""

from collections import OrderedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.energy.serial_memory import cached_read_pj, line_fill_count, serial_clock_count, serial_line_pj


def walked_fills(footprint: int, line: int, cache: int, passes: int) -> int:
    """Walk a least-recently-used, fully associative cache."""
    held: OrderedDict[int, None] = OrderedDict()
    fills = 0
    for _ in range(passes):
        for place in range(0, footprint, line):
            tag = place // line
            if tag in held:
                held.move_to_end(tag)
                continue
            fills += 1
            held[tag] = None
            if len(held) > cache // line:
                held.popitem(last=False)
    return fills


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 400), st.sampled_from([1, 4, 16]), st.integers(1, 12), st.integers(1, 4))
def test_the_closed_form_is_a_walk_through_a_cache(footprint: int, line: int, lines: int, passes: int) -> None:
    cache = line * lines
    assert line_fill_count(footprint, line, cache, passes) == walked_fills(footprint, line, cache, passes)


def test_weights_that_fit_the_cache_are_fetched_once() -> None:
    assert line_fill_count(28_576, 32, 32_768, 1000) == 893
    assert line_fill_count(53_578, 32, 32_768, 10) == 1675 * 10


def test_a_dual_io_line_takes_152_clocks() -> None:
    assert serial_clock_count(32, 2, 8, 12, 4) == 152


def test_energy_of_a_line_is_power_times_time() -> None:
    assert serial_line_pj(3.3, 0.012, 152, 40e6) == pytest.approx(150_480)


def test_reads_through_a_cache_pay_for_hits_and_fills() -> None:
    assert cached_read_pj(100, 16.7, 3, 1000.0) == pytest.approx(4670)
