"""`map` finds a tile for each layer, `pack` writes its kernels, and what cannot be is refused in a line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from costmodel.cli.app import main
from costmodel.dataflows.counting import count_work
from costmodel.deployment.model_reading import read_model_file
from costmodel.sources.catalogue import load_network
from costmodel.specs.devices.kernel_core import CORES
from costmodel.specs.running.mapping import mapping_of

TILE = "blocked-output-stationary(pixels=4, filters=2)"
PAIRS = "blocked-output-stationary(pixels=4, filters=2, swar=4)"


def mapped(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert main(["map", *options, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_code_is_unknown_without_the_cores_compiler(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    found = mapped(capsys, "cifar-aap-pruned", "--core", "xtensa")
    assert [layer["code_bytes"] for layer in found["layers"]] == [None] * 4
    assert main(["map", "cifar-aap-pruned"]) == 0
    assert "unknown" in capsys.readouterr().out


def test_what_reads_nothing_but_padding_has_no_figures_for_a_multiplication(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layer = "{kind: conv2d, name: a, out_channels: 2, kernel: 2, dilation: 2, padding: 1}"
    (tmp_path / "pad.yaml").write_text(f"name: pad\ninput: 1x1x1\nlayers:\n  - {layer}\n", encoding="utf-8")
    assert main(["map", str(tmp_path / "pad.yaml"), "--layer", "a"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("1x1 "))
    assert row.split()[1:3] == ["–", "–"]


@pytest.mark.parametrize("core", CORES)
def test_each_layer_gets_the_tile_of_fewest_instructions_within_the_registers(core: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = mapped(capsys, "cifar-aap-pruned", "--core", core)
    network = load_network("cifar-aap-pruned")
    mapping = mapping_of(found["mapping"])
    works = {step.name: step.lowered.work for step in network.steps}
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "conv2", "fc1", "fc2"]
    for layer in found["layers"]:
        instructions = [choice["instruction_count"] for choice in layer["choices"]]
        best = layer["choices"][0]
        assert instructions == sorted(instructions)
        assert mapping.of(layer["name"]).values == (best["pixel_count"], best["filter_count"], best["swar_tap_count"])
        assert all(choice["register_count"] <= CORES[core].register_count for choice in layer["choices"])
        assert best["load_count"] < layer["plain_load_count"] / 1.6
        counts = count_work(works[layer["name"]], mapping.of(layer["name"]))
        reads = counts.input_read_count + counts.input_row_read_count + counts.weight_read_count + counts.bias_read_count
        assert best["load_count"] == reads
        assert best["scratch_bytes"] < 2048


@pytest.mark.parametrize("core", CORES)
def test_instructions_of_packaged_kernels_stand_beside_the_tiles(core: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = mapped(capsys, "cifar-aap-pruned", "--core", core)
    for layer in found["layers"]:
        assert layer["plain_instruction_count"] > 1.5 * layer["choices"][0]["instruction_count"]
    floats = mapped(capsys, "cifar-aap-pruned", "--core", core, "--variant", "float32")
    assert all(not layer["choices"] for layer in floats["layers"])
    for real, whole in zip(floats["layers"], found["layers"], strict=True):
        assert real["plain_instruction_count"] > 10 * whole["plain_instruction_count"]
    assert floats["plain_median_error_ratio"] > found["plain_median_error_ratio"]


def test_a_newcomer_sees_why_and_what_to_do_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mapping.yaml"
    assert main(["map", "cifar-aap-pruned", "--core", "arm", "--layer", "conv2", "--output", str(file)]) == 0
    told = capsys.readouterr().out
    assert "the best tile of each layer" in told
    assert "fewest instructions of" in told
    assert "conv2: every tile that fits" in told
    assert "code B" in told
    assert f"Written to {file}" in told.replace("\n", " ")
    model = tmp_path / "models.bin"
    assert main(["pack", "cifar-aap-pruned", "--mapping", str(file), "--core", "arm", "-o", str(model)]) == 0
    packed = capsys.readouterr().out
    assert "kernels.c" in packed
    assert re.search(r"conv2 +[0-9,]{3,}" if shutil.which("arm-none-eabi-gcc") else "unknown: the core's compiler", packed)
    best = tmp_path / "best" / "models.bin"
    best.parent.mkdir()
    assert main(["pack", "cifar-aap-pruned", "--mapping", "best", "--core", "arm", "-o", str(best)]) == 0
    assert best.read_bytes() == model.read_bytes()
    assert (best.parent / "kernels.c").read_text("utf-8") == (tmp_path / "kernels.c").read_text("utf-8")
    assert all(layer.tile is not None for layer in read_model_file(model.read_bytes()).layers if layer.weights is not None)
    assert main(["report", "cifar-aap-pruned", "--dataflow", f"output-stationary[conv2={TILE}]"]) == 0
    capsys.readouterr()
    written = ["--network", "cifar-aap-pruned", "--layer", "conv2", "--format", "json", "--dataflow"]
    assert main(["count", *written, str(file)]) == 0
    of_file = json.loads(capsys.readouterr().out)
    assert main(["count", *written, mapped(capsys, "cifar-aap-pruned", "--core", "arm")["mapping"]]) == 0
    assert json.loads(capsys.readouterr().out) == of_file
    assert main(["report", "cifar-aap-pruned", "--dataflow", str(file)]) == 0
    assert str(file) in capsys.readouterr().out.replace("\n", "")


def test_pack_says_of_how_many_pairs_sums_may_leave_their_halves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "models.bin"
    assert main(["pack", "trained-pruned-int8", "--mapping", f"output-stationary[conv2={PAIRS}]", "--core", "arm", "-o", str(file)]) == 0
    assert re.search(r"conv2 pairs fall back +9 of 25 tiles, one filter at a time", capsys.readouterr().out)
    layer = next(layer for layer in read_model_file(file.read_bytes()).layers if layer.name == "conv2")
    assert layer.tile is not None
    assert layer.tile.swar == 4
    assert "_together(" in (tmp_path / "kernels.c").read_text("utf-8")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["map", "cifar-app-pruned"], "did you mean 'cifar-aap-pruned'"),
        (["map"], "give a network: map NETWORK"),
        (["map", "cifar-aap-pruned", "--core", "riskv"], "'riskv' is not a core that kernels are generated for (did you mean 'riscv'?)"),
        (["map", "cifar-aap-pruned", "--variant", "floot32"], "--variant: 'floot32' is not one of the choices (did you mean 'float32'?)"),
        (["map", "cifar-aap-pruned", "--layer", "conv3"], "'conv3' is not a convolution or linear layer of cifar-aap-pruned (did you mean"),
        (["map", "cifar-aap-pruned", "--scratch", "300"], "conv1: its line buffer takes 612 bytes of scratch, 300 are allowed (--scratch)"),
        (["map", "cifar-aap-pruned", "-o", "mapping.txt"], "--output: expected a file ending in .yaml"),
        (
            ["pack", "--mapping", "missing.yaml"],
            "--mapping: missing.yaml is not there; `costmodel map NETWORK --output missing.yaml` writes one",
        ),
        (
            ["pack", "--mapping", "blocked-output-stationary(pixels=4, filters=4)"],
            "takes 24 registers of the 14 that xtensa has: 10 of its",
        ),
        (["pack", "--mapping", "blocked-output-stationary(pixel=4, filters=4)"], "did you mean 'pixels'"),
        (["pack", "--mapping", "blocked-output-stationary(pixels=4, filters=2, swor=4)"], "did you mean 'swar'"),
        (
            ["pack", "--mapping", "blocked-output-stationary(pixels=4, filters=2, swar=64)"],
            "swar should be a whole number from 0 to 63, found 64",
        ),
        (
            ["pack", "--mapping", f"output-stationary[conv1={PAIRS}]"],
            f"conv1: {PAIRS} cannot serve it: its inputs may lie below their zero point",
        ),
        (["pack", "--mapping", f"output-stationary[pool1={TILE}]"], "'pool1' is not a convolution or linear layer of cifar-aap-pruned"),
        (["count", "--network", "cifar-aap-pruned", "--dataflow", "missing.yaml"], "--dataflow: missing.yaml is not there"),
        (
            ["count", "conv2d", "--input", "3x9x9", "--kernel", "3", "--out-channels", "4", "--dataflow", "blocked-output-stationary"],
            "pixels and filters are not given; write blocked-output-stationary(pixels=..., filters=...)",
        ),
        (["pack", "--mapping", "row-stationary"], "conv1: the firmware chooses between layers blocked and output stationary"),
        (["pack", "--mapping", "best", "--variant", "float32"], "--mapping: generated kernels run the int8 variant"),
        (["validate", "--mapping", "best", "--layers", "3"], "--mapping: generated kernels run a network in the int8 variant"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    command: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
