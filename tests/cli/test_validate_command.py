"""`validate` and `compare` on the command line: what they print, and how they exit."""

from __future__ import annotations

import json
import re
import zlib
from io import BytesIO
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.deployment.deployed import Variant
from costmodel.deployment.kernels.source import kernel_source
from costmodel.sources.catalogue import load_network
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import CORES
from costmodel.validation.comparing_logs import compare
from costmodel.validation.mapping_choice import mapped_expected
from costmodel.validation.targets.host import run_on_host
from costmodel.validation.validating import Workbench, expect_network

pytestmark = [pytest.mark.firmware, pytest.mark.long]


@pytest.fixture(scope="session")
def log(bench: Workbench) -> bytes:
    model = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 7).model
    return run_on_host(model, firmware=bench.firmware, cache=bench.cache)


def test_validate_prints_every_counter_and_exits_0(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--cache", str(bench.cache)]) == 0
    printed = capsys.readouterr().out
    assert "trained-pruned-int8 on host, row-stationary, int8" in printed
    assert "random" not in printed
    assert "conv2  psum_read_count           951,456    951,456           0" in printed
    assert "Every figure equal. Outputs are equal to the last bit." in printed


def test_validate_says_which_biases_come_from_folding(bench: Workbench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [
        {"name": "conv1", "kind": "conv2d", "out_channels": 3, "kernel": 3, "bias": False},
        {"name": "norm1", "kind": "batch_norm2d"},
        {"name": "conv2", "kind": "conv2d", "out_channels": 2, "kernel": 1, "bias": False},
    ]
    path = tmp_path / "net.json"
    path.write_text(json.dumps({"name": "net", "input": "2x6x6", "layers": layers}), encoding="utf-8")
    assert main(["validate", "--network", str(path), "--cache", str(bench.cache), "--format", "markdown"]) == 0
    printed = capsys.readouterr().out
    assert "1 convolutions read the bias that folding their batch norm gives them" in printed
    assert "bias_read_count" in printed


def test_validate_runs_random_layers(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["validate", "--layers", "20", "--seed", "3", "--variant", "all", "--cache", str(bench.cache), "--format", "json"]
    assert main(arguments) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["equal"]
    assert len(answer["runs"]) == 20 * 2 * 2


def test_validate_runs_an_image(bench: Workbench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    Image.new("RGB", (40, 30), (9, 200, 30)).save(tmp_path / "photo.png")
    assert main(["validate", "--image", str(tmp_path / "photo.png"), "--cache", str(bench.cache)]) == 0
    assert "The network's answer is class" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target", "mips"], "--target: 'mips' is not one of the choices"),
        (["--variant", "int4"], "--variant: 'int4'"),
        (["--network", "cifar-app"], "did you mean 'cifar-aap'?"),
        (["--image", "none.jpg"], "none.jpg does not exist"),
        (["--image", "none.jpg", "--layers", "3"], "random layers have no use for a picture"),
        (["--cc", "no-such-compiler"], "no C compiler found (no-such-compiler); "),
    ],
)
def test_validate_says_what_is_wrong_in_one_line(
    bench: Workbench, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "--cache", str(bench.cache), *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_compare_reads_a_log_and_exits_0(log: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "device.jsonl"
    path.write_bytes(b"boot\r\n" + log.replace(b"\n", b"\r\nI (77) main: tick\r\n"))
    assert main(["compare", str(path)]) == 0
    assert "Every figure equal." in capsys.readouterr().out
    assert main(["compare", str(path), "--seed", "7", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["layers"][0]["predicted_output_hash"]


def test_compare_says_that_a_device_runs_another_core(log: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for line in log.decode().splitlines():
        text = re.sub(r'"core":"\w+"', '"core":"00112233445566ff"', line.rpartition(',"crc"')[0])
        lines.append(f'{text},"crc":"{zlib.crc32(text.encode()):08x}"}}')
    path = tmp_path / "device.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["compare", str(path)]) == 0
    assert "The device runs core 00112233445566ff, this package carries" in capsys.readouterr().out


def test_compare_knows_the_mapping_a_device_ran(bench: Workbench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tile = "output-stationary[conv2=blocked-output-stationary(pixels=4, filters=2)]"
    plain = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 7)
    mapped = mapped_expected(plain, tile, CORES["xtensa"])
    kernels = kernel_source(mapped.kernels)
    dataflows = (Dataflow.OUTPUT_STATIONARY,)
    path = tmp_path / "device.jsonl"
    path.write_bytes(run_on_host(mapped.model, firmware=bench.firmware, cache=bench.cache, dataflows=dataflows, kernels=kernels))
    for told in ([], ["--seed", "7"]):
        assert main(["compare", str(path), "--mapping", tile, *told]) == 0
        assert "Every figure equal." in capsys.readouterr().out
    assert main(["compare", str(path), "--format", "json"]) == 1
    capsys.readouterr()
    assert main(["compare", str(path), "--mapping", tile.replace("conv2", "conv3")]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_the_same_question_can_be_asked_in_python(log: bytes) -> None:
    assert compare(log).equal
    assert compare(BytesIO(log), "cifar-aap-pruned", seed=7).equal


def test_compare_names_a_genuine_mismatch_and_exits_1(log: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = log.decode().splitlines()
    text = lines[1].rpartition(',"crc"')[0].replace('"mac_count":662700', '"mac_count":662701')
    lines[1] = f'{text},"crc":"{zlib.crc32(text.encode()):08x}"}}'
    path = tmp_path / "device.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["compare", str(path), "--format", "json"]) == 1
    (mismatch,) = json.loads(capsys.readouterr().out)["mismatches"]
    assert mismatch == {
        "dataflow": "output-stationary",
        "layer": "conv1",
        "figure": "mac_count",
        "predicted": 662_700,
        "measured": 662_701,
    }
    assert main(["compare", str(path)]) == 1
    assert "What differs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (b"", [], "no record of a device log found"),
        (None, [], "does not exist"),
        ("cut", [], "is cut off or damaged"),
        ("whole", ["--network", "resnet8"], "the log is of network 'cifar-aap-pruned', compared with 'resnet8'"),
        ("whole", ["--seed", "8"], "the log is of model"),
    ],
)
def test_compare_says_what_is_wrong_and_exits_2(
    log: bytes, tmp_path: Path, content: bytes | str | None, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "device.jsonl"
    data = {"cut": log[: len(log) // 2], "whole": log}[content] if isinstance(content, str) else content
    if data is not None:
        path.write_bytes(data)
    assert main(["compare", str(path), *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_pack_writes_the_file_the_firmware_reads(bench: Workbench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "models.bin"
    assert main(["pack", "cifar-aap-pruned", "--output", str(target), "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    expected = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 7)
    assert target.read_bytes() == expected.model
    assert facts["file_bytes"] == len(expected.model)
    assert facts["row_stationary_arena_bytes"] == facts["output_stationary_arena_bytes"] + 32 + 3 + 4 * 32


def test_pack_writes_the_decks_raw_layout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "weights.bin"
    assert main(["pack", "--layout", "raw", "-o", str(target), "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert target.stat().st_size == facts["raw_bytes"] == 28_576
    assert main(["pack", "--layout", "header", "-o", str(tmp_path / "weights.h")]) == 0
    assert (tmp_path / "weights.h").stat().st_size == facts["header_bytes"]
