"""Blocks of layers: every layer in one, in order, and never more than can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.results.graphs.layer_blocks import MOST, layer_blocks
from costmodel.sources.catalogue import load_network


@given(st.lists(st.sampled_from(["conv", "a.b", "a/c", "block1.x", "block2.y", "pointwise3", "depthwise3", "", "..", "7"]), max_size=150))
def test_every_layer_stands_in_one_block(names: list[str]) -> None:
    blocks = layer_blocks(names)
    assert [place for block in blocks for place in block.places] == list(range(len(names)))
    assert len(blocks) <= MOST


@pytest.mark.parametrize(
    ("network", "count", "some"),
    [("resnet18", 10, "layer3.1"), ("mobilenet-v1-0.25", 16, "depthwise13 to pointwise13.relu"), ("resnet8", 5, "stack2")],
)
def test_blocks_are_those_of_the_authors(network: str, count: int, some: str) -> None:
    blocks = layer_blocks([layer.name for layer in load_network(network).layers])
    assert some in {block.name for block in blocks}
    assert abs(len(blocks) - count) <= 2
