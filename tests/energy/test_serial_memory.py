"""Line fills: how many, how long, what they cost."""

from collections import OrderedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.energy.serial_memory import cached_read_pj, line_fill_count, serial_clock_count, serial_line_pj


def walked_fills(part: int, part_count: int, line: int, cache: int, passes: int) -> int:
    """Walk a least-recently-used, fully associative cache, one part after another, each several times."""
    held: OrderedDict[int, None] = OrderedDict()
    fills = 0
    for start in range(0, part * part_count, part):
        for place in [place for _ in range(passes) for place in range(start, start + part)]:
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
@given(st.integers(1, 200), st.sampled_from([1, 4, 16]), st.integers(1, 12), st.integers(1, 4))
def test_the_closed_form_is_a_walk_through_a_cache(footprint: int, line: int, lines: int, passes: int) -> None:
    cache = line * lines
    assert line_fill_count(footprint, footprint, line, cache, passes) == walked_fills(footprint, 1, line, cache, passes)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 12), st.integers(1, 5), st.sampled_from([1, 4, 16]), st.integers(1, 12), st.integers(1, 4))
def test_parts_walked_one_after_another_stay_while_one_fits(part: int, count: int, line: int, lines: int, passes: int) -> None:
    size, cache = part * line, line * lines
    assert line_fill_count(size * count, size, line, cache, passes) == walked_fills(size, count, line, cache, passes)


def test_weights_that_fit_the_cache_are_fetched_once() -> None:
    assert line_fill_count(28_576, 28_576, 32, 32_768, 1000) == 893
    assert line_fill_count(53_578, 53_578, 32, 32_768, 10) == 1675 * 10


def test_a_dual_io_line_takes_152_clocks() -> None:
    assert serial_clock_count(32, 2, 8, 12, 4) == 152


def test_energy_of_a_line_is_power_times_time() -> None:
    assert serial_line_pj(3.3, 0.012, 152, 40e6) == pytest.approx(150_480)


def test_reads_through_a_cache_pay_for_hits_and_fills() -> None:
    assert cached_read_pj(100, 16.7, 3, 1000.0) == pytest.approx(4670)


def test_one_filter_at_a_time_stays_in_the_cache_however_large_the_layer() -> None:
    assert line_fill_count(1_000_000, 4608, 32, 32_768, 196) == 31_250
