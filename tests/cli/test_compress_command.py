"""`compress` as a newcomer uses it: options, a recipe, a module of one's own, and every way to get it wrong."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENT_S

from costmodel.cli.app import main
from costmodel.sources.documents.folder_lock import FolderLock
from costmodel.sources.stored_models.model_folder import read_model
from costmodel.sources.training_recipes import RecipeChanges, changed_recipe, load_recipe, recipe_names

pytestmark = pytest.mark.long

NETWORK = """
name: stripes
input: 3x32x32
layers:
  - {name: conv1, kind: conv2d, out_channels: 10, kernel: 5, stride: 2, padding: 2}
  - {name: relu1, kind: relu}
  - {name: pool1, kind: max_pool2d, kernel: 2}
  - {name: flatten, kind: flatten}
  - {name: fc1, kind: linear, out_features: 10}
  - {name: relu2, kind: relu}
  - {name: fc2, kind: linear, out_features: 10}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSTMODEL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "net.yaml").write_text(NETWORK, encoding="utf-8")
    return tmp_path


@pytest.fixture
def torch_here() -> None:
    import importlib.util

    if importlib.util.find_spec("torch") is None:
        if "oracles" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail("PyTorch is not installed: make oracles")
        pytest.skip("PyTorch is not installed: make oracles")


PIPELINE = ["--conv-prune", "0.2", "--fc-prune", "0.4", "--pool", "2", "--epochs", "1", "--fine-tune", "1", "--bits", "8", "--threads", "1"]


@pytest.mark.slow
@pytest.mark.usefixtures("torch_here")
def test_options_alone_compress_a_network(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compress", "--network", "net.yaml", "--data", "synthetic", *PIPELINE, "--out", "small", "--format", "json"]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert [stage["stage"] for stage in told["stages"]] == ["trained", "pooled", "pruned", "fine-tuned", "quantised"]
    first, last = told["stages"][0], told["stages"][-1]
    assert last["weight_bytes"] < first["weight_bytes"] / 5
    assert last["ram_bytes"] < first["ram_bytes"]
    assert first["time"]["trust"] in ("range", "scaled", "calibrated", "assumed")
    assert last["life"]["life_low_s"] > 0
    assert 0 <= last["accuracy"]["top1_ratio"] <= last["accuracy"]["top3_ratio"] <= 1
    model = read_model(here / "small")
    assert model.network.name == "small"
    assert model.accuracies[0].judge.value == "reference"
    assert main(["report", "small", "--format", "json"]) == 0
    capsys.readouterr()
    # Asked again nothing is computed again, and the answer is the same.
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out) == told


@pytest.mark.slow
@pytest.mark.usefixtures("torch_here")
def test_a_killed_run_goes_on_from_its_last_epoch_to_the_same_bits(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compress", "--network", "net.yaml", "--data", "synthetic", "--epochs", "8", "--bits", "8", "--threads", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "costmodel", *asked, "--out", "killed"]
    run = subprocess.Popen(command, cwd=here, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    checkpoint = here / "killed.stages" / "trained.fit" / "checkpoint.pt"
    deadline = time.monotonic() + PATIENT_S
    while not checkpoint.exists() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    run.kill()
    run.wait()
    assert checkpoint.exists()
    assert not (here / "killed").exists()
    for out in ("killed", "whole"):
        ended = subprocess.run([*command[:-1], out], cwd=here, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
    first, second = (read_model(here / name) for name in ("killed", "whole"))
    for name, own in first.parameters.items():
        np.testing.assert_array_equal(own.weight, second.parameters[name].weight)
    assert first.accuracies == second.accuracies


@pytest.mark.usefixtures("torch_here")
def test_ctrl_c_says_that_the_same_command_goes_on(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from costmodel.training.pytorch import fitting

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "_save", interrupted)
    assert main(["compress", "--network", "net.yaml", "--data", "synthetic", "--epochs", "2"]) == 130
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "stopped: what is done is kept in model.stages; the same command goes on\n"


@pytest.mark.usefixtures("torch_here")
def test_two_runs_do_not_share_a_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "model.stages").mkdir()
    lock = FolderLock(here / "model.stages")
    assert main(["compress", "--network", "net.yaml", "--data", "synthetic", "--epochs", "1"]) == 2
    assert "another run writes there" in capsys.readouterr().err
    lock.release()


@pytest.mark.slow
@pytest.mark.usefixtures("torch_here")
def test_a_recipe_file_and_a_module_of_ones_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine.yaml").write_text(
        "name: mine\nnetwork: net.yaml\ndata: synthetic\ntrain: {epoch_count: 1, rate_ratio: 0.05}\nquantise: {weights_only: true}\n",
        encoding="utf-8",
    )
    assert main(["compress", "mine.yaml"]) == 0
    assert "recipe mine, seed 0" in " ".join(capsys.readouterr().out.split())
    assert read_model(here / "model").weight_quantisations
    (here / "my_model.py").write_text(
        "import torch\n"
        "class Block(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.conv = torch.nn.Conv2d(8, 8, 3, padding=1, bias=False)\n"
        "        self.norm = torch.nn.BatchNorm2d(8)\n"
        "    def forward(self, x):\n"
        "        return torch.relu(self.norm(self.conv(x)) + x)\n"
        "def build():\n"
        "    head = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 10)]\n"
        "    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 4, 1), torch.nn.ReLU(), Block(), *head)\n",
        encoding="utf-8",
    )
    asked = [
        "compress",
        "my_model.py:build",
        "--data",
        "synthetic",
        "--epochs",
        "1",
        "--conv-prune",
        "0.5",
        "--bits",
        "8",
        "--out",
        "residual",
    ]
    assert main([*asked, "--format", "json"]) == 0
    stages = json.loads(capsys.readouterr().out)["stages"]
    assert [stage["stage"] for stage in stages] == ["trained", "pruned", "quantised"]
    assert [step.kind for step in read_model(here / "residual").network.steps][:4] == ["conv2d", "relu", "conv2d", "add"]


@pytest.mark.usefixtures("torch_here")
def test_a_model_with_its_weights_is_pruned_without_training(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "--network", "net.yaml", "--data", "synthetic", "--epochs", "1", "--out", "whole"]) == 0
    assert main(["compress", "--network", "whole", "--data", "synthetic", "--prune", "0.3", "--out", "less", "--format", "json"]) == 0
    text = capsys.readouterr().out
    assert [stage["stage"] for stage in json.loads(text[text.index("{") :])["stages"]] == ["pruned"]


@pytest.mark.usefixtures("torch_here")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--network", "net.yaml"], "--data: name a folder or a zip of images"),
        (["--data", "synthetic"], "--network: name a network to compress"),
        (["bset", "--data", "synthetic"], "recipe: 'bset' is not packaged (did you mean 'best'?)"),
        (["--network", "net.yml", "--data", "synthetic"], "net.yml does not exist"),
        (["--network", "cifar-bsaeline", "--data", "synthetic"], "did you mean 'cifar-baseline'"),
        (["--network", "net.yaml", "--data", "nowhere"], "nowhere does not exist, expected a folder, a zip or an .npz of images"),
        (["--network", "net.yaml", "--data", "synthetic", "--bits", "4"], "--bits: 8 is what the firmware has kernels for, found 4"),
        (["--network", "net.yaml", "--data", "synthetic", "--conv-prune", "1.5"], "--conv-prune: a ratio is at least 0 and below 1"),
        (["--network", "net.yaml", "--data", "synthetic", "--epochs", "0", "--conv-prune", "0.99"], "leaves nothing of 10 channels"),
        (
            ["--network", "net.yaml", "--data", "synthetic", "--criterion", "l3", "--conv-prune", "0.1"],
            "is not one of the choices (known: batch-norm, l1, l2, taylor)",
        ),
        (["--network", "ds-cnn", "--data", "synthetic"], "takes 1 x 49 x 10, the images are"),
        (["--network", "net.yaml", "--data", "synthetic", "--teacher", "nobody"], "teacher: 'nobody' is no model folder"),
        (["my.py:build", "--data", "synthetic"], "my.py does not exist, expected a Python file"),
        (["broken.py:build", "--data", "synthetic"], "broken.py build: ZeroDivisionError: division by zero"),
        (["broken.py:biuld", "--data", "synthetic"], "has no function 'biuld' (did you mean 'build'?)"),
        (["typo.yaml", "--data", "synthetic"], "did you mean 'fine_tune'"),
        (["--network", "net.yaml", "--data", "synthetic", "--out", "net.yaml"], "net.yaml is there already and is no model folder"),
        (["bits.yaml", "--data", "synthetic"], "bits.yaml:2:18 quantise.bits: expected one of 8; found 4"),
        (["restart.yaml", "--data", "synthetic"], "restart.yaml:2:50 train.restarts[0].epoch_count: should be at least 1, found 0"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(options: list[str], told: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "broken.py").write_text("def build():\n    return 1 / 0\n", encoding="utf-8")
    (here / "typo.yaml").write_text("name: typo\nfine_tunes: {epoch_count: 1}\n", encoding="utf-8")
    (here / "bits.yaml").write_text("name: none\nquantise: {bits: 4}\n", encoding="utf-8")
    (here / "restart.yaml").write_text("name: none\ntrain: {epoch_count: 1, restarts: [{epoch_count: 0}]}\n", encoding="utf-8")
    assert main(["compress", *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1


def test_without_pytorch_it_says_what_to_install(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["compress", "--network", "net.yaml", "--data", "synthetic"]) == 2
    assert "pip install 'costmodel[train]'" in capsys.readouterr().err


def test_packaged_recipes_load_and_options_come_before_them() -> None:
    assert recipe_names() == ("best", "deck", "distilled", "distilled-pruned", "short")
    assert all(load_recipe(name).name == name for name in recipe_names())
    assert load_recipe("deck.recipe.yaml") == load_recipe("deck")
    changed = changed_recipe("deck", RecipeChanges(epoch_count=3, convolution_ratio=0.5, seed=4))
    assert changed.train.epoch_count == 3
    assert changed.prune.convolution_ratio == 0.5
    assert changed.prune.linear_ratio == 0.4
    assert changed.seed == 4
    taught = load_recipe("distilled")
    assert taught.train.total_count == taught.train.epoch_count + sum(each.epoch_count for each in taught.train.restarts)
    # Passes that an option gives are all there are.
    assert changed_recipe("distilled", RecipeChanges(epoch_count=3)).train.total_count == 3
    alone = changed_recipe(None, RecipeChanges(bits=8))
    assert (alone.prune, alone.pool, alone.fine_tune) == (None, None, None)
    assert alone.quantise.tune.epoch_count == 2


def test_wider_than_int8_is_no_rounding_of_a_pixel() -> None:
    from costmodel.training.images.augmentation import INPUT_SCALE, MIDDLE

    pixels = np.arange(256)
    steps = np.rint((pixels - MIDDLE) * INPUT_SCALE / INPUT_SCALE)
    assert (steps.min(), steps.max()) == (-128, 127)
    np.testing.assert_array_equal(steps + MIDDLE, pixels)
