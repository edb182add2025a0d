"""Frames of an evaluation."""

from __future__ import annotations

import pytest

from costmodel.results.evaluation import Evaluation
from costmodel.results.frames import dataflows_frame, layers_frame, memory_frame


def test_layers_add_up_to_their_dataflow(deck_evaluation: Evaluation) -> None:
    layers, totals = layers_frame(deck_evaluation), dataflows_frame(deck_evaluation)
    summed = layers.groupby(level="dataflow", sort=False)[["mac_count", "accesses_input_read_count", "memory_pj", "compute_pj"]].sum()
    for name in summed.columns:
        assert list(summed[name]) == pytest.approx(list(totals[name]))


def test_a_layer_is_found_by_dataflow_and_name(deck_evaluation: Evaluation) -> None:
    row = layers_frame(deck_evaluation).loc[("output-stationary", "conv2")]
    assert (row["mac_count"], row["valid_mac_count"], row["output"]) == (2_937_600, 2_697_900, "51x16x16")
    assert row["memory_pj"] == pytest.approx(33_893_784.0)


def test_memory_follows_the_plan(deck_evaluation: Evaluation) -> None:
    frame = memory_frame(deck_evaluation)
    assert frame.groupby("step", sort=False)["size_bytes"].sum().max() == 155_784
