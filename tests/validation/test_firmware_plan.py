"""What a network is packed into: published figures of arenas, and what has a plan but no kernel yet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.deployment.deployed import Variant
from costmodel.sources.catalogue import load_network
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting
from costmodel.validation.firmware_plan import firmware_plan, missing_kernels, predicted_arena_bytes


@pytest.mark.parametrize(
    ("name", "variant", "arena_bytes"),
    [
        ("cifar-aap-pruned", Variant.INT8, 28_672),
        ("cifar-aap-pruned", Variant.FLOAT32, 105_472),
        ("mobilenet-v1-0.25", Variant.INT8, 55_296),
    ],
)
def test_arenas_of_packaged_networks(name: str, variant: Variant, arena_bytes: int) -> None:
    assert predicted_arena_bytes(load_network(name), variant, Dataflow.OUTPUT_STATIONARY) == arena_bytes


def test_a_float32_input_takes_four_bytes_an_element() -> None:
    network = load_network("cifar-aap-pruned")
    floats = with_changes(network, {"types": with_changes(network.types, {"input": "float32"})})
    assert predicted_arena_bytes(floats, Variant.FLOAT32, Dataflow.OUTPUT_STATIONARY) == 114_688
    assert predicted_arena_bytes(floats, Variant.INT8, Dataflow.OUTPUT_STATIONARY) == 28_672


def test_rows_lie_behind_the_tensors_and_move_none_of_them() -> None:
    network = load_network("ds-cnn")
    plain, rows = (firmware_plan(network, Variant.INT8, dataflow) for dataflow in (Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY))
    assert plain.tensors == rows.tensors
    assert plain.scratch_bytes == 0
    assert rows.arena_bytes == (rows.scratch_offset_bytes or 0) + rows.scratch_bytes


def test_ways_without_a_kernel_are_planned_and_named() -> None:
    network = load_network("cifar-aap-pruned")
    found = {each.mapping: each for each in missing_kernels(network, Variant.INT8, MemoryAccounting.ARENA_IN_PLACE)}
    assert list(found) == ["weight-stationary", "input-stationary", "no-local-reuse"]
    assert found["input-stationary"].missing == "int8 conv2d, input-stationary"
    # 28,672 B of tensors and, of conv1, 25 * 32 * 32 sums of 4 B and an input of 1 B.
    assert found["input-stationary"].arena_bytes == 28_672 + 4 * 25_600 + 1


def test_types_without_a_kernel_are_planned_and_named() -> None:
    layers = [
        {"kind": "linear", "name": "first", "out_features": 5},
        {"kind": "relu", "name": "act"},
        {"kind": "softmax", "name": "scores"},
    ]
    network = Network.model_validate({"name": "wide", "input": 4, "types": {"activation": "int16"}, "layers": layers})
    (found,) = missing_kernels(network, Variant.INT8, MemoryAccounting.ARENA_IN_PLACE)
    assert found.missing == "linear from int8 to int16, softmax from int16 to int16"
    assert found.arena_bytes == 20


def test_pack_says_what_it_packed_and_what_has_no_kernel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "models.bin")
    assert main(["pack", "cifar-aap-pruned", "--output", file, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["output_stationary_arena_bytes"], answer["row_stationary_arena_bytes"]) == (28_672, 28_835)
    assert [each["mapping"] for each in answer["without_kernel"]] == ["weight-stationary", "input-stationary", "no-local-reuse"]
    assert main(["pack", "cifar-aap-pruned", "--output", file, "--accounting", "sum"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^output stationary arena bytes +51,682$", printed, re.MULTILINE)
    assert re.search(r"^weight-stationary +55,781 +int8 conv2d, weight-stationary$", printed, re.MULTILINE)
    assert main(["pack", "cifar-aap-pruned", "--output", file, "--accounting", "peak-live"]) == 2
    assert "the firmware needs them in one arena" in capsys.readouterr().err
