"""Blocks of layers: every layer in one, in order, and never more than can be read."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.report.document import Document, Table
from costmodel.report.formats.as_markdown import markdown_text
from costmodel.report.formats.as_terminal import print_terminal
from costmodel.report.reporting import report_document
from costmodel.results.graphs.layer_blocks import MOST, layer_blocks
from costmodel.sources.catalogue import load_network, load_scenario


@pytest.fixture(scope="module")
def large() -> Document:
    scenario = load_scenario({"name": "any", "network": "resnet18", "device": "esp32-wroom"})
    answer = evaluate(scenario)
    return report_document(answer, scenario, grounds_of(scenario, answer), "1")


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


def test_a_terminal_prints_the_blocks_of_a_large_network_and_other_formats_its_layers(large: Document) -> None:
    console = Console(file=io.StringIO(), width=100)
    print_terminal(large, console)
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert "layer1.0 (3 layers)" in printed
    assert "layer1.0.conv1  conv2d" not in printed
    assert "Every layer, counter and formula" in " ".join(printed.split())
    assert "layer1.0.add" in markdown_text(large, {})


def test_a_block_is_the_sum_of_its_layers(large: Document) -> None:
    folded = [
        block for section in large.sections for block in section.blocks if isinstance(block, Table) and any(row.of for row in block.rows)
    ]
    # Where it goes, the energies of both dataflows; the layers, their accesses and every counter under both.
    assert len(folded) == 8
    for table in folded:
        blocks = [row for row in table.rows if row.block]
        assert len(blocks) > 5
        for block in blocks:
            members = [row for row in table.rows if row.of == block.block]
            for place, cell in enumerate(block.typed):
                if isinstance(cell.value, int | float):
                    values = [row.typed[place].value or 0 for row in members]
                    assert sum(value for value in values if not isinstance(value, str)) == pytest.approx(cell.value, rel=1e-9)
