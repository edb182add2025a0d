"""The window finder over captures of every kind, each made from its seed; the whole bench stands in benchmarks/."""

import importlib
from collections import Counter

import pytest


@pytest.fixture
def bench():
    import trace_bench

    return trace_bench


def test_at_least_95_in_100_synthetic_captures_come_out_right_and_none_of_these_wrong(bench):
    total = sum(bench.score(range(130), bench.synthetic_capture).values(), Counter())
    assert total["asked"] <= 0.05 * 130
    assert total["right"] + total["asked"] >= 124
    assert total["wrong"] == 0


def test_weak_evidence_is_read_right_or_asked_about(bench):
    found = bench.score(range(55), bench.weak_capture)
    slow = ("wanders at the end", "wanders throughout", "on at the end", "pauses of one sample", "pauses of two samples", "few samples")
    assert [found[kind]["right"] for kind in slow] == [5] * len(slow)
    total = sum(found.values(), Counter())
    # Noise may hide a low end wholly, in all inferences together.
    assert total["wrong"] <= 2
    assert total["right"] >= 44


@pytest.mark.slow
@pytest.mark.parametrize("generator", ["combined", "board"])
def test_captures_that_join_many_things_come_out_right_or_are_asked_about(bench, generator):
    kinds = getattr(importlib.import_module(f"{generator}_captures"), f"{generator.upper()}_KINDS")
    total = sum(bench.score(range(len(kinds) * 4), getattr(bench, f"{generator}_capture")).values(), Counter())
    assert total["wrong"] == 0
    assert total["right"] + total["asked"] >= 0.95 * total.total()
