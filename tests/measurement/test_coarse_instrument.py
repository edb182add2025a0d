"""How far rounding leaves a mean open: against the mean of rounded Gaussian samples, computed, and the closed form of its bound."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from costmodel.measurement.windows.coarse_instrument import _spread, mean_open_by_a, too_coarse


def blocks(mean_a, step_a=2.0, value_count=4, samples_a_block=100, variance=0.0):
    mean_a = np.asarray(mean_a, dtype=float)
    tally = SimpleNamespace(step_a=step_a, value_count=value_count)
    return SimpleNamespace(tally=tally, mean_a=mean_a, variance=np.broadcast_to(variance, mean_a.shape), samples_a_block=samples_a_block)


def windows(*given, resting=None):
    """Of begin, end [s], first and last block and the current around it [A]."""
    names = ("start_s", "end_s", "first", "last", "idle_a")
    return SimpleNamespace(windows=[SimpleNamespace(**dict(zip(names, each, strict=True))) for each in given], resting=resting)


def told(current_a, idle_a, span_s=1.0, **changes):
    """What is told of one inference of two blocks between two idle ones."""
    return too_coarse(blocks([idle_a, current_a, current_a, idle_a], **changes), windows((2.0, 2.0 + span_s, 1, 3, idle_a)))


@pytest.mark.parametrize("step_a", [2.0, 1e-3])
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.15, 0.25, 0.4, 0.7])
def test_the_mean_of_rounded_samples_lies_within(step_a: float, noise: float) -> None:
    """Of samples whose noise is a share of the step, at every place between two steps."""
    steps = np.arange(-12, 13)
    for place in np.linspace(-0.5, 0.5, 41)[1:-1]:
        # Noise so small that it spreads nothing stands for none at all.
        share = np.diff(norm.cdf((np.append(steps - 0.5, 12.5) - place) / max(noise, 1e-9)))
        mean = float(share @ steps)
        spread = math.sqrt(max(float(share @ (steps - mean) ** 2), 0.0))
        assert abs(mean - place) * step_a <= mean_open_by_a(step_a, spread * step_a) * (1 + 1e-9)


@pytest.mark.parametrize("step_a", [2.0, 0.01])
@pytest.mark.parametrize("noise", [0.1, 0.3, 0.8])
def test_noise_beyond_half_a_step_closes_it_as_the_first_term_of_the_sawtooth(step_a: float, noise: float) -> None:
    spread_a = step_a * math.sqrt(0.25 + noise * noise)
    assert mean_open_by_a(step_a, spread_a) == pytest.approx(step_a / math.pi * math.exp(-2 * math.pi**2 * noise**2), rel=1e-9)


def test_without_noise_it_is_half_a_step_and_without_steps_nothing() -> None:
    assert mean_open_by_a(0.25, 0.0) == mean_open_by_a(0.25, 0.125) == 0.125
    assert mean_open_by_a(0.0, 1.0) == 0.0


REFUSED = "capture with a finer range, or take it as it is with --duration"


def test_the_energy_is_withheld_with_the_shares_it_is_open_by() -> None:
    """Steps of 2 A leave the mean open by 1 A, and the difference of two means by 2 A."""
    why, beside = told(50.0, 10.0)
    assert beside == (
        "the instrument tells currents 2e+03 mA apart, and noise does not spread samples over its steps: an inference's energy is known to "
        "2 %, what computing adds to 5 %"
    )
    assert why == f"{beside}: {REFUSED} 1s"
    assert told(100.0, 20.0, step_a=4.0)[1].endswith("known to 2 %, what computing adds to 5 %")
    assert told(50.0, 10.0, 0.25)[0].endswith("--duration 250ms")
    assert told(1.5, 1.5)[1].endswith("known to 67 %, what computing adds to nothing")
    assert told(1.0, 0.0)[1].endswith("known to 99 %, what computing adds to 99 %")


def test_a_hundredth_is_near_enough() -> None:
    assert told(100.0, 0.0) == ("", "")
    assert told(99.0, 0.0)[0]
    why, beside = told(100.0, 90.0)
    assert why == ""
    assert beside.endswith("energy is known to 1 %, what computing adds to 20 %")
    assert told(0.0, 0.0)[0]
    assert told(50.0, 10.0, step_a=0.0) == ("", "")


def test_a_few_different_currents_may_be_what_the_board_draws() -> None:
    why, beside = told(50.0, 10.0, value_count=3)
    assert why == ""
    assert beside.startswith("all currents are multiples of 2e+03 mA, and noise does not spread")
    assert "if the instrument is that coarse, an inference's energy" in beside


def test_the_longest_inference_is_looked_at() -> None:
    found = windows((0.0, 3.0, 1, 2, 0.0), (10.0, 11.0, 2, 3, 0.0))
    assert too_coarse(blocks([0.0, 50.0, 1000.0, 0.0]), found)[0].endswith("--duration 3s")


def test_noise_in_one_of_the_two_levels_does_not_tell_the_other() -> None:
    resting = np.array([True, False, False, True])
    found = windows((2.0, 3.0, 1, 3, 10.0), resting=resting)
    assert too_coarse(blocks([10.0, 50.0, 50.0, 10.0], variance=np.where(resting, 1e3, 0.0)), found)[0]
    assert too_coarse(blocks([10.0, 50.0, 50.0, 10.0], variance=np.where(resting, 0.0, 1e3)), found)[0]
    assert too_coarse(blocks([10.0, 50.0, 50.0, 10.0], variance=1e3), found) == ("", "")


def test_the_spread_is_that_within_blocks_or_from_one_sample_to_the_next() -> None:
    where = np.arange(5)
    assert _spread(blocks([0, 9, 0, 9, 0], variance=[4.0, 1.0, 4.0, 4.0, 9.0]), where) == 2.0
    # Of independent samples the difference of two has twice their variance; a change of level is none of it.
    one_by_one = blocks([0.0, 0.5, -0.5, 0.5, 2.0], step_a=0.5, samples_a_block=1)
    assert _spread(one_by_one, where) == pytest.approx(math.sqrt(0.5 * (0.25 + 1 + 1) / 3))
    assert _spread(one_by_one, where[:1]) == _spread(one_by_one, where[:0]) == np.inf
