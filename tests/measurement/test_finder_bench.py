"""The window finder over captures of every kind, each made from its seed; the whole bench stands in benchmarks/."""

from collections import Counter
from pathlib import Path

import pytest


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import trace_bench

    return trace_bench


def test_at_least_95_in_100_synthetic_captures_come_out_right_and_none_of_these_wrong(bench):
    total = sum(bench.score(130).values(), Counter())
    assert total["right"] >= 124
    assert total["wrong"] == 0
