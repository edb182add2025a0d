"""`count` prints the counters of COUNTING.md, in every format, for a layer or a network."""

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from costmodel.cli.app import main
from costmodel.results.counts import AccessCounts

CONV2 = ["count", "conv2d", "--input", "25x16x16", "--out-channels", "51", "--kernel", "3", "--padding", "1"]


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--format", "json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_golden_layer_under_every_dataflow(capsys: pytest.CaptureFixture[str]) -> None:
    (layer,) = _json(capsys, *CONV2)["layers"]
    counts = layer["counts"]
    assert list(counts) == ["output-stationary", "row-stationary", "weight-stationary", "input-stationary", "no-local-reuse"]
    assert {found["mac_count"] for found in counts.values()} == {2_697_900}
    row = counts["row-stationary"]
    assert (row["input_read_count"], row["weight_read_count"], row["psum_read_count"]) == (938_400, 175_950, 951_456)
    assert counts["output-stationary"]["boundary_check_count"] == 688_500
    assert set(row) == set(AccessCounts._fields)
    assert (layer["input_shapes"], layer["output_shape"], layer["parameter_count"]) == ([[25, 16, 16]], [51, 16, 16], 11_526)


@pytest.mark.parametrize(
    ("padding", "rows", "columns"),
    [("1", 13, 13), ("1,1", 13, 13), ("1x1", 13, 13), ("1,1,1,1", 13, 13), ("1,0", 13, 9), ("2,0,1,1", 12, 13), ("0,0,0,2", 9, 12)],
)
def test_padding_is_one_number_two_or_four_sides(padding: str, rows: int, columns: int, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["count", "conv2d", "--input", "2x5x5", "--out-channels", "3", "--kernel", "3", "--padding", padding]
    # Taps in bounds of a 3-tap kernel over 5 elements: 9 unpadded, 13 with 1 + 1, 12 with 2 on one side.
    assert _json(capsys, *command)["total"]["output-stationary"]["mac_count"] == 6 * rows * columns


def test_stride_dilation_groups_and_bias_reach_the_layer(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["count", "conv2d", "--input", "4x9x9", "--out-channels", "8", "--kernel", "3x1", "--stride", "2", "--dilation", "2x1"]
    found = _json(capsys, *command, "--groups", "4", "--no-bias", "--dataflow", "output-stationary")
    assert found["layers"][0]["output_shape"] == [8, 3, 5]
    assert found["layers"][0]["counts"]["output-stationary"]["mac_count"] == 8 * 3 * 5 * 3
    assert found["layers"][0]["counts"]["output-stationary"]["bias_read_count"] == 0
    assert found["layers"][0]["parameter_count"] == 24


@pytest.mark.parametrize(
    ("arguments", "counter", "value"),
    [
        (["linear", "--input", "204", "--out-features", "76"], "mac_count", 15_504),
        (["max-pool2d", "--input", "25x32x32", "--kernel", "2"], "operation_count", 25_600),
        (["avg_pool2d", "--input", "64x25x5", "--kernel", "25x5"], "operation_count", 8000),
        (["adaptive-avg-pool2d", "--input", "51x8x8", "--output-size", "2"], "operation_count", 3264),
        (["relu", "--input", "3x4x4"], "input_read_count", 48),
        (["batch-norm2d", "--input", "3x4x4"], "mac_count", 48),
        (["add", "--input", "3x4x4"], "input_read_count", 96),
        (["softmax", "--input", "10"], "input_read_count", 30),
        (["flatten", "--input", "3x4x4"], "input_read_count", 0),
    ],
)
def test_every_kind_of_layer_is_counted(arguments: list[str], counter: str, value: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, "count", *arguments)["total"]["output-stationary"][counter] == value


def test_the_deck_s_physical_accesses(capsys: pytest.CaptureFixture[str]) -> None:
    deck = ["--taps", "nominal", "--no-bias", "--granularity", "block_packed", "--block-bytes", "64", "--element-bytes", "4"]
    found = _json(capsys, "count", "--network", "cifar-aap-pruned", *deck, "--dataflow", "output-stationary")
    counts = {layer["name"]: layer["counts"]["output-stationary"] for layer in found["layers"]}
    assert (counts["conv1"]["input_read_count"], counts["conv1"]["output_write_count"]) == (43_200, 1600)
    assert (counts["conv2"]["weight_read_count"], counts["conv2"]["output_write_count"]) == (183_600, 816)
    assert counts["conv1"]["mac_count"] == 691_200


def test_a_layer_of_a_network_is_counted_as_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    alone = _json(capsys, "count", "--network", "cifar-aap-pruned", "--layer", "conv2")["layers"]
    assert [layer["name"] for layer in alone] == ["conv2"]
    # Its input is another layer's float32 output, which the row buffer holds: 16 elements of 4 bytes, not of 1.
    assert alone[0]["counts"]["row-stationary"]["scratch_bytes"] == 16 * 4 + 3 + 16 * 4


def test_block_traces_are_executed(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["count", "linear", "--input", "64", "--out-features", "4", "--block-bytes", "16", "--granularity", "block-traced"]
    counts = _json(capsys, *command)["total"]["output-stationary"]
    assert (counts["input_read_count"], counts["weight_read_count"], counts["output_write_count"]) == (16, 16, 1)


def test_csv_has_one_row_a_layer_and_dataflow_and_bare_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["count", "--network", "cifar-aap-pruned", "--dataflow", "output-stationary,row-stationary", "--format", "csv"]
    assert main(command) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 11 * 2
    assert rows[0]["mac_count"] == "662700"


def test_terminal_and_markdown_print_thousands_apart(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("terminal", "markdown"):
        assert main([*CONV2, "--format", form]) == 0
        shown = capsys.readouterr().out
        assert "2,697,900" in shown
        assert "938,400" in shown
        assert "Valid taps, biases counted, accesses of one element" in shown


def test_a_narrow_screen_never_cuts_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["count", "--network", "resnet18", "--dataflow", "row-stationary"]) == 0
    shown = capsys.readouterr().out
    assert "1,680,390,912" in shown
    assert "…" not in shown


def test_sizes_of_ten_to_the_twelve_are_exact(capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "count", "linear", "--input", str(10**12), "--out-features", str(10**12))
    assert found["total"]["output-stationary"]["mac_count"] == 10**24


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give a kind of layer with its shape"),
        (["conv2"], "count: 'conv2' is not a kind of layer (did you mean 'conv2d'?)"),
        (["conv2d"], "conv2d needs --input, as CHANNELSxROWSxCOLUMNS or FEATURES"),
        (["conv2d", "--input", "3x8x8"], "conv2d needs --out-channels"),
        (["conv2d", "--input", "3x8", "--out-channels", "1", "--kernel", "1"], "--input: expected 1 or 3 numbers, found 2 in '3x8'"),
        (["conv2d", "--input", "3x8xa"], "conv2d needs --out-channels"),
        (["relu", "--input", "3x8xa"], "--input: expected whole numbers like 3 or 3x3, found '3x8xa'"),
        (["conv2d", "--input", "3x3x3", "--out-channels", "2", "--kernel", "5"], "conv2d: a kernel that reaches over 5 rows does not fit"),
        (["conv2d", "--input", "3x3x3", "--out-channels", "0", "--kernel", "1"], "conv2d.out_channels: should be at least 1, found 0"),
        (["conv2d", "--input", "3x3x3", "--out-channels", "2", "--kernel", "-1"], "conv2d.kernel: should be at least 1, found -1"),
        (["relu", "--input", "3x8x8", "--padding", "1,2,3"], "--padding: expected 1 or 2 or 4 numbers, found 3"),
        (["relu", "--input", "3x8x8", "--groups", "2"], "--groups: has no meaning for relu"),
        (["relu", "--input", str(10**13)], "input[0]: should be at most 1,099,511,627,776"),
        (
            ["relu", "--input", "3x8x8", "--dataflow", "row-stationry"],
            "--dataflow: 'row-stationry' is not one of the choices (did",
        ),
        (["relu", "--input", "3x8x8", "--taps", "vaild"], "--taps: 'vaild' is not one of the choices (did you mean 'valid'?)"),
        (["relu", "--input", "3x8x8", "--granularity", "block_packed"], "--granularity block_packed counts blocks: give --block-bytes"),
        (["relu", "--input", "3x8x8", "--granularity", "element", "--block-bytes", "4"], "--granularity: element counts elements"),
        (["relu", "--input", "3x8x8", "--block-bytes", "0"], "block_bytes: should be at least 1, found 0"),
        (["relu", "--input", "3x8x8", "--layer", "a"], "--layer: names a layer of a network; give --network as well"),
        (["relu", "--network", "resnet8"], "--network: counts a whole network or one --layer of it; 'relu' describes"),
        (["--network", "resnet8", "--groups", "2"], "--network: counts a whole network or one --layer of it; '--groups' describes"),
        (["--network", "resnet9"], "network: 'resnet9' is not in the zoo (did you mean 'resnet8'?)"),
        (["--network", "resnet8", "--layer", "conv"], "--layer: 'conv' is not a layer of resnet8 (did you mean 'conv1'?)"),
        (
            ["--network", "resnet18", "--layer", "conv1", "--granularity", "block_traced", "--block-bytes", "64"],
            "conv1: a block trace follows each of 117,017,344 operations one by one; at most 50,000,000",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_option(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["count", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(told)
    assert shown.err.count("\n") == 1


def test_a_network_file_that_does_not_fit_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("name: n\ninput: 3x8x8\nlayers:\n  - {name: fc, kind: linear, out_features: 2}\n", encoding="utf-8")
    assert main(["count", "--network", str(path)]) == 2
    way = "put a flatten before it, or, along a sequence, a conv2d with kernel: 1 and out_channels: 2"
    assert capsys.readouterr().err == f"{path}:4:5 fc: linear needs a flat input, found 3x8x8; {way}\n"


def test_a_network_that_is_too_long_to_trace_is_refused_by_count_and_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [{"name": f"c{place}", "kind": "conv2d", "out_channels": 64, "kernel": 3, "padding": 1} for place in range(30)]
    (tmp_path / "long.json").write_text(json.dumps({"name": "long", "input": [64, 32, 32], "layers": layers}), encoding="utf-8")
    begun = time.process_time()
    assert main(["count", "--network", str(tmp_path / "long.json"), "--granularity", "block_traced", "--block-bytes", "64"]) == 2
    assert "at most 1,000,000,000 are followed" in capsys.readouterr().err
    scenario = {"name": "long", "network": "long.json", "device": "esp32-wroom", "counting": {"granularity": "block_traced"}}
    (tmp_path / "long.scenario.json").write_text(json.dumps(scenario), encoding="utf-8")
    assert main(["report", str(tmp_path / "long.scenario.json")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "at most 1,000,000,000 are followed, so use block_packed or a smaller network" in told
    assert time.process_time() - begun < 30
