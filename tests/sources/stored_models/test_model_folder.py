"""A model folder is read back as it was written, is written whole, and is refused where it is not what its manifest says."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_graphs import random_graphs

from costmodel.cli.app import main
from costmodel.compression.quantise import quantise
from costmodel.deployment.parameters import random_model
from costmodel.errors import FormatError, InputError, LimitError, MissingError, SpecError
from costmodel.sources.catalogue import load_network
from costmodel.sources.stored_models.model_folder import read_model, write_model
from costmodel.sources.stored_models.network_text import network_text
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.network import Network
from costmodel.specs.quantisation import symmetric_quantisation
from costmodel.specs.trained.model_manifest import Accuracy, Judge


def stored(folder: Path, network: str = "cifar-aap-pruned") -> Model:
    model = replace(
        random_model(load_network(network), 3),
        quantisations={"input": symmetric_quantisation(1 / 64)},
        accuracies=(Accuracy(images="test", image_count=10, variant="int8", judge=Judge.REFERENCE, top1_ratio=0.5),),
    )
    write_model(model, folder)
    return model


def quantised(model: Model) -> Model:
    """The same model with weights that are whole steps."""
    parameters, scales = {}, {}
    for name, own in model.parameters.items():
        steps, scales[name] = quantise(own.weight, per_channel=own.weight.ndim == 4)
        column = np.array(scales[name].scales).reshape(-1, *[1] * (own.weight.ndim - 1))
        parameters[name] = LayerParameters(steps * column, own.bias)
    return replace(model, parameters=parameters, weight_quantisations=scales)


def test_a_model_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    model = stored(tmp_path / "model")
    found = read_model(tmp_path / "model")
    assert (found.network, found.source, found.accuracies) == (model.network, model.source, model.accuracies)
    assert found.quantisations == model.quantisations
    for name, own in model.parameters.items():
        np.testing.assert_array_equal(found.parameters[name].weight, own.weight.astype(np.float32))
        np.testing.assert_array_equal(found.parameters[name].bias, own.bias.astype(np.float32))


def test_quantised_weights_take_a_byte_each_and_come_back_exactly(tmp_path: Path) -> None:
    model = quantised(random_model(load_network("cifar-aap-pruned"), 3))
    manifest = write_model(model, tmp_path / "model")
    assert manifest.weights.size_bytes < 32_000
    found = read_model(tmp_path / "model")
    assert found.weight_quantisations == model.weight_quantisations
    for name, own in model.parameters.items():
        np.testing.assert_array_equal(found.parameters[name].weight, own.weight)


def test_weights_between_steps_are_not_stored_as_steps(tmp_path: Path) -> None:
    model = replace(random_model(load_network("cifar-aap"), 3), weight_quantisations={"conv1": symmetric_quantisation(0.01)})
    with pytest.raises(SpecError, match="conv1: its weights are no whole int8 steps"):
        write_model(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("network", list(random_graphs(40, 12)), ids=lambda network: network.name)
def test_any_network_is_the_same_read_back_from_its_text(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(network_text(network), encoding="utf-8")
    assert load_network(file) == network


@pytest.mark.parametrize("file", ["weights.safetensors", "network.yaml"])
def test_a_folder_whose_file_was_changed_is_refused(file: str, tmp_path: Path) -> None:
    stored(tmp_path / "model")
    changed = tmp_path / "model" / file
    content = bytearray(changed.read_bytes())
    content[-3] ^= 1
    changed.write_bytes(content)
    with pytest.raises(FormatError, match=r"is not what manifest\.json says: its SHA-256 is"):
        read_model(tmp_path / "model")


def test_a_folder_without_a_file_or_a_manifest_is_refused(tmp_path: Path) -> None:
    stored(tmp_path / "model")
    (tmp_path / "model" / "weights.safetensors").unlink()
    with pytest.raises(MissingError, match="does not exist"):
        read_model(tmp_path / "model")
    with pytest.raises(MissingError, match=r"is no model folder: it has no manifest\.json"):
        read_model(tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"weights": {"file": "../elsewhere", "size_bytes": 1, "sha256": "0" * 64}}, "file"),
        ({"nmae": 1}, "did you mean 'name'"),
        ({"quantisations": {"conv9": {"scales": [1.0]}}}, "no layer of the network"),
    ],
)
def test_a_manifest_that_says_something_wrong_is_refused_in_one_line(change: dict[str, object], told: str, tmp_path: Path) -> None:
    stored(tmp_path / "model")
    file = tmp_path / "model" / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | change), encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_model(tmp_path / "model")


def test_weights_of_another_shape_than_their_layers_are_refused(tmp_path: Path) -> None:
    model = random_model(load_network("cifar-aap-pruned"), 3)
    wide = dict(model.parameters) | {"fc2": LayerParameters(np.zeros((10, 128)), np.zeros(10))}
    write_model(replace(model, parameters=wide), tmp_path / "model")
    with pytest.raises(FormatError, match=r"fc2: weights \(10, 128\) and biases \(10,\), expected \(10, 76\)"):
        read_model(tmp_path / "model")


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupt_while_a_model_is_put_in_place_leaves_the_one_before(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(tmp_path / "model")
    rename = Path.rename

    def renamed(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise failure
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", renamed)
    with pytest.raises((KeyboardInterrupt, SpecError)):
        write_model(random_model(load_network("resnet8"), 3), tmp_path / "model")
    assert read_model(tmp_path / "model").network == before.network
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]


def test_a_list_of_a_million_arrays_is_refused_before_it_is_read(tmp_path: Path) -> None:
    stored(tmp_path / "model")
    listed = ",".join(f'"a{number}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' for number in range(100_000)).encode()
    content = len(listed).to_bytes(8, "little") + listed
    (tmp_path / "model" / "weights.safetensors").write_bytes(content)
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text(encoding="utf-8"))
    manifest["weights"] |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    (tmp_path / "model" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(LimitError, match=r"lists its arrays in [\d,]+ bytes; at most 4,194,304 are read"):
        read_model(tmp_path / "model")


def test_more_weights_than_are_read_again_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costmodel.sources.stored_models.model_folder.MAX_MODEL_BYTES", 100_000)
    with pytest.raises(LimitError, match="bytes of weights; at most 100,000 are kept"):
        stored(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_model_replaces_a_model_and_nothing_else(tmp_path: Path) -> None:
    stored(tmp_path / "model")
    stored(tmp_path / "model", "cifar-aap")
    assert read_model(tmp_path / "model").network == load_network("cifar-aap")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SpecError, match="is there already and is no model folder"):
        stored(tmp_path / "notes")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "notes"]


def test_a_command_takes_a_model_folder_where_it_takes_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(tmp_path / "my-model")
    monkeypatch.chdir(tmp_path)
    for name in ("my-model", "my-model/"):
        assert main(["count", "--network", name, "--format", "json"]) == 0
        assert "conv1" in capsys.readouterr().out
    assert main(["report", "my-model", "--format", "json"]) == 0
    assert "cifar-aap-pruned" in capsys.readouterr().out
    assert main(["count", "--network", "my-modle"]) == 2
    assert "is not in the zoo" in capsys.readouterr().err
