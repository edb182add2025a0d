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
    total = sum(bench.score(range(130), bench.synthetic_capture).values(), Counter())
    assert total["right"] >= 124
    assert total["wrong"] == 0


_MAY_BE_WITHHELD = ("decay after", "slow supply", "coarse instrument", "awake around")


def test_captures_that_join_many_things_come_out_right_or_withheld(bench):
    found = bench.score(range(180), bench.combined_capture)
    total = sum(found.values(), Counter())
    assert total["wrong"] == 0
    told = sum((verdicts for kind, verdicts in found.items() if kind not in _MAY_BE_WITHHELD), Counter())
    assert told["right"] >= 0.95 * told.total()
