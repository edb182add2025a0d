"""What a study sets does not depend on the order it is written in: a network before its types, a device before its memory."""

import itertools
from typing import Any

import pytest

from costmodel.errors import SpecError
from costmodel.evaluation.evaluating import evaluate
from costmodel.sweeps.engine.running import sweep

NETWORK = {"path": "network", "values": ["cifar-aap", "cifar-initial"]}
WEIGHT = {"path": "types.weight", "values": ["int8", "float32"]}
DEVICE = {"path": "device", "values": ["esp32-wroom", "stm32f746zg"]}
MEMORY = {"path": "memory_energy", "values": ["esp32-40nm-lstp-320k-4b", "sram-90nm-lstp-192k-4b"]}
FIGURES = ["network.weight_bytes", "energy.memory"]


def _rows(axes: list[dict[str, Any]], **changes: Any) -> dict[tuple[str, ...], tuple[float, ...]]:
    study = {"name": "s", "set": {"counting": {}}, "axes": axes, "keep": "all", "columns": FIGURES} | changes
    answer = sweep(study)
    labels = sorted(axis["path"] for axis in axes)
    rows = [answer.row(row) for row in range(len(answer))]
    for row in range(len(answer)):
        found = evaluate(answer.scenario(row))
        assert found.weight_bytes == rows[row]["network.weight_bytes"]
        assert found.dataflows[0].energy.tensor_pj + found.dataflows[0].energy.scratch_pj == pytest.approx(
            rows[row]["energy.memory"], rel=1e-12
        )
    return {tuple(row[label] for label in labels): tuple(row[figure] for figure in FIGURES) for row in rows}


@pytest.mark.parametrize("axes", [[NETWORK, WEIGHT], [DEVICE, MEMORY], [NETWORK, WEIGHT, {"path": "input.extent", "values": [16, 32]}]])
def test_the_order_of_axes_changes_no_figure(axes: list[dict[str, Any]]) -> None:
    first, *others = (_rows(list(order)) for order in itertools.permutations(axes))
    assert all(other == first for other in others)
    assert len(set(first.values())) > len(first) // 2 - 1


def test_a_narrower_type_counts_whichever_axis_comes_first() -> None:
    found = _rows([WEIGHT, NETWORK])
    assert found["cifar-aap", "float32"][0] > 3 * found["cifar-aap", "int8"][0]


def test_the_order_of_what_is_set_changes_no_figure() -> None:
    axes = [{"path": "layers.conv1.out_channels", "values": [8, 16]}]
    forms = {"types.weight": "float32", "network": "cifar-aap", "memory_energy": "sram-90nm-lstp-192k-4b", "device": "esp32-wroom"}
    found = [_rows(axes, set={"counting": {}} | dict(order)) for order in itertools.permutations(forms.items())]
    assert all(rows == found[0] for rows in found)
    assert found[0] != _rows(axes, set={"counting": {}, "network": "cifar-aap"})


def test_what_is_set_holds_for_every_network_and_device_that_varies() -> None:
    set_both = {"counting": {}, "types.weight": "float32", "memory_energy": "sram-90nm-lstp-192k-4b"}
    found = _rows([NETWORK, DEVICE], set=set_both)
    expected = _rows([NETWORK, DEVICE, WEIGHT | {"values": ["float32"]}, MEMORY | {"values": ["sram-90nm-lstp-192k-4b"]}])
    assert list(found.values()) == list(expected.values())


def test_within_a_variant_the_order_is_as_little_of_a_matter() -> None:
    fields = {"types.weight": "float32", "network": "cifar-initial"}
    rows = []
    for order in itertools.permutations(fields.items()):
        axis = {"name": "which", "variants": {"small": dict(order)}}
        rows.append(sweep({"name": "s", "set": {"counting": {}}, "axes": [axis], "keep": "all", "columns": FIGURES}).row(0))
    assert rows[0] == rows[1]
    assert rows[0]["network.weight_bytes"] > 3 * 76_042


def test_a_layer_is_looked_for_in_the_networks_that_vary_and_not_in_the_base() -> None:
    base = {"name": "b", "network": "resnet8", "device": "esp32-wroom"}
    found = _rows([NETWORK, {"path": "layers.conv2.out_channels", "values": [8]}], base=base)
    assert len(found) == 2


def test_a_layer_that_one_network_lacks_is_told_with_what_to_do() -> None:
    with pytest.raises(
        SpecError, match=r"'aap' is not a layer of cifar-initial.*each has, such as layers\.\*\.out_channels, or sweep each"
    ):
        _rows([NETWORK, {"path": "layers.aap.output_size", "values": [1, 2]}])
