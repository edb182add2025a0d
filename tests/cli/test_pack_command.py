"""`pack` writes weights and images in the forms the reference deployment has, and a model's own weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from costmodel.cli.app import main
from costmodel.deployment.parameters import random_model
from costmodel.sources.catalogue import load_network
from costmodel.sources.stored_models.model_folder import write_model


def packed(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    assert main(["pack", *options, "--format", "json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_weights_as_bytes_are_the_decks_28576_and_3_4_times_smaller_than_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = packed(capsys, "--layout", "raw", "-o", str(tmp_path / "weights.bin"))
    assert (tmp_path / "weights.bin").stat().st_size == told["raw_bytes"] == 28_576
    text = packed(capsys, "--layout", "header", "-o", str(tmp_path / "weights.h"))
    assert (tmp_path / "weights.h").stat().st_size == text["header_bytes"] == told["header_bytes"]
    assert told["published_saving_ratio"] == 3.43
    assert told["saving_ratio"] == pytest.approx(3.43, abs=0.3)


def test_any_image_becomes_3072_bytes_in_planes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    options = ("--image", str(tmp_path / "photo.png"), "-o")
    told = packed(capsys, "--layout", "image", *options, str(tmp_path / "image.bin"))
    held = np.frombuffer((tmp_path / "image.bin").read_bytes(), np.int8).reshape(3, 32, 32)
    assert told["raw_bytes"] == 3_072
    assert told["published_saving_ratio"] == 3.647
    # Black is the lowest step and white the highest, evenly between.
    np.testing.assert_allclose(held, pixels.transpose(2, 0, 1) / 127.5 * 127 - 127, atol=1.5)
    packed(capsys, "--layout", "image-header", *options, str(tmp_path / "image.h"))
    text = (tmp_path / "image.h").read_text("utf-8")
    assert text.startswith("int image_size=3072;")
    assert len(text.encode()) == told["header_bytes"]
    Image.fromarray(pixels[:20, :9]).save(tmp_path / "odd.jpg")
    told = packed(capsys, "--layout", "image", "--image", str(tmp_path / "odd.jpg"), "-o", str(tmp_path / "odd.bin"))
    assert told["file_bytes"] == 3_072


def test_a_model_is_packed_with_its_own_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(random_model(load_network("cifar-aap-pruned"), 11), tmp_path / "mine")
    own = packed(capsys, str(tmp_path / "mine"), "--layout", "raw", "-o", str(tmp_path / "own.bin"))
    assert own["weights"] == "random, seed 11"
    packed(capsys, "cifar-aap-pruned", "--seed", "11", "--layout", "raw", "-o", str(tmp_path / "eleven.bin"))
    packed(capsys, "cifar-aap-pruned", "--layout", "raw", "-o", str(tmp_path / "seven.bin"))
    own_bytes = np.frombuffer((tmp_path / "own.bin").read_bytes(), np.int8).astype(int)
    same = np.frombuffer((tmp_path / "eleven.bin").read_bytes(), np.int8).astype(int)
    other = np.frombuffer((tmp_path / "seven.bin").read_bytes(), np.int8).astype(int)
    # Stored in single precision, a weight between two steps may fall on the other one.
    assert np.abs(own_bytes - same).max() <= 1
    assert np.abs(own_bytes - other).max() > 50


def test_a_typo_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "--layout", "imgae", "-o", str(tmp_path / "x")]) == 2
    assert "did you mean 'image'" in capsys.readouterr().err
