"""Files beside networks, batteries and captures among the inputs that are searched: boards, runtimes, recipes, models, marks, data sets."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from costmodel.deployment.parameters import random_model
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.timing.estimate import estimate_time
from costmodel.evaluation.timing.fitting_networks import NetworkTime, fit_networks
from costmodel.sources.catalogue import load_device, load_network, load_scenario
from costmodel.sources.measured.measured_times import read_measured_times
from costmodel.sources.measured.trace_files import read_marks
from costmodel.sources.runtimes import load_runtime, runtime_text
from costmodel.sources.stored_models.model_folder import MANIFEST_FILE, NETWORK_FILE, WEIGHTS_FILE, read_model, write_model
from costmodel.sources.training_recipes import load_recipe
from costmodel.training.images.reading import load_data_set

NETWORK = "name: small\ninput: 1x6x6\nlayers:\n  - {name: c, kind: conv2d, out_channels: 2, kernel: 3}\n  - {name: f, kind: flatten}\n"


def read_device(path: Path, content: bytes) -> None:
    """Run the reference deployment on a device."""
    device = {"network": "cifar-aap-pruned", "device": str(path), "memory_energy": "deck-printed", "compute_energy": "horowitz-45nm"}
    evaluate(load_scenario({"name": "n", **device}))


def pasted_seeds() -> tuple[bytes, ...]:
    """Return what a boot log, a linker's map, and what tools print of a program, say."""
    from tests.sources.programs.test_program_sizes import ESP32_A, HEX_A, IDF_TABLE
    from tests.sources.programs.test_program_sizes import MAP as WHOLE_MAP
    from tests.sources.test_derived_documents import LOG, MAP, SIZE_A, USAGE

    return tuple(text.encode() for text in (LOG, MAP, SIZE_A, USAGE, ESP32_A, HEX_A, IDF_TABLE, WHOLE_MAP))


def read_pasted(path: Path, content: bytes) -> None:
    """Take a device's heap from a log, and what a program takes of it from a linker's words."""
    text = content.decode("utf-8", errors="replace")
    if "heap_init:" in text:
        # Logged regions take the place of a base's.
        load_device({"name": "mine", "base": "esp32-wroom", "heap_init": text})
    else:
        load_device({**_board("stm32l476rg"), "size_output": text})


@cache
def _board(name: str) -> dict[str, Any]:
    """A device as fields, read once: what is searched is what is added to it."""
    return load_device(name).model_dump(mode="json", exclude_none=True)


def elf_seeds() -> tuple[bytes, ...]:
    """Return programs of either class and byte order."""
    from elf_writer import elf

    return (elf(), elf(order=">"), elf(bits=64), elf(bits=64, order=">"))


def read_elf(path: Path, content: bytes) -> None:
    """Take what a program takes of a device's heap from its file."""
    load_device({**_board("stm32l476rg"), "size_output": str(path)})


def read_memory(path: Path, content: bytes) -> None:
    """Run the reference deployment with the energies of a memory."""
    evaluate(load_scenario("esp32-deck").model_copy(update={"memory_energy": _memory(path)}))


def _memory(path: Path) -> object:
    from costmodel.sources.catalogue import load_memory_energy

    return load_memory_energy(str(path))


def read_runtime(path: Path, content: bytes) -> None:
    """Ask for the time of a network under a runtime."""
    runtime = load_runtime(str(path))
    for device in ("nrf52840", "esp32-wroom"):
        estimate_time(load_network("ds-cnn"), load_device(device), runtime)


def read_recipe(path: Path, content: bytes) -> None:
    """Read a training recipe."""
    load_recipe(str(path))


def measured_seeds() -> tuple[bytes, ...]:
    """Return tables of measured times."""
    rows = b"ds-cnn,21.5,64\nresnet8,97,64\ncifar-aap-pruned,40,32\n"
    return (b"network,latency_ms,clock_mhz\n" + rows, b"network,duration_s\nds-cnn,0.0215\nmobilenet-v1-0.25,0.09\n")


def read_measured(path: Path, content: bytes) -> None:
    """Fit a runtime to measured networks, and ask it for another."""
    times = [NetworkTime(*row) for row in read_measured_times(path)]
    device = load_device("nrf52840")
    made, _ = fit_networks(times, device, "mine")
    (path.parent / "made.runtime.yaml").write_text(runtime_text(made), encoding="utf-8")
    estimate_time(load_network("resnet20"), device, load_runtime(str(path.parent / "made.runtime.yaml")))


def marks_seeds() -> tuple[bytes, ...]:
    """Return begins and ends of inferences."""
    return (b"0.5\n0.8\n1.5\n1.8\n", json.dumps([0.5, 0.8, 1.5, 1.8]).encode(), b'{"timestamps": [[0, 100], [1, 1100]]}')


def read_marked(path: Path, content: bytes) -> None:
    """Read marks."""
    read_marks(path)


@cache
def _model_files() -> dict[str, bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "net.yaml").write_text(NETWORK, encoding="utf-8")
        write_model(random_model(load_network(str(Path(scratch) / "net.yaml")), 3), Path(scratch) / "model")
        return {path.name: path.read_bytes() for path in (Path(scratch) / "model").iterdir()}


def manifest_seeds() -> tuple[bytes, ...]:
    """Return the manifest of a model's folder."""
    return (_model_files()[MANIFEST_FILE],)


def weights_seeds() -> tuple[bytes, ...]:
    """Return the weights and the network of a model's folder."""
    return (_model_files()[WEIGHTS_FILE], _model_files()[NETWORK_FILE])


def read_manifest(path: Path, content: bytes) -> None:
    """Read a model whose manifest is another."""
    _read_folder(path.parent, {MANIFEST_FILE: content})


def read_weights(path: Path, content: bytes) -> None:
    """Read a model one of whose files is another, and whose manifest says so."""
    changed = NETWORK_FILE if content[:5] == _model_files()[NETWORK_FILE][:5] else WEIGHTS_FILE
    manifest = json.loads(_model_files()[MANIFEST_FILE])
    stored = manifest["network" if changed == NETWORK_FILE else "weights"]
    stored |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    _read_folder(path.parent, {changed: content, MANIFEST_FILE: json.dumps(manifest).encode()})


def _read_folder(parent: Path, changed: dict[str, bytes]) -> None:
    folder = parent / "model"
    folder.mkdir(exist_ok=True)
    for name, content in {**_model_files(), **changed}.items():
        (folder / name).write_bytes(content)
    read_model(folder)


def data_set_seeds() -> tuple[bytes, ...]:
    """Return images as arrays, and a zip of images."""
    from PIL import Image

    generator = np.random.default_rng(1)
    images, labels = generator.integers(0, 256, (4, 5, 5, 1)).astype(np.uint8), np.array([0, 1, 0, 1])
    arrays, archive = io.BytesIO(), io.BytesIO()
    np.savez(arrays, train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    with zipfile.ZipFile(archive, "w") as files:
        for part in ("train", "test"):
            for place, name in enumerate("ab"):
                image = io.BytesIO()
                Image.fromarray(images[place, :, :, 0]).save(image, "PNG")
                files.writestr(f"{part}/{name}/{place}.png", image.getvalue())
    return arrays.getvalue(), archive.getvalue()


def read_data_set(path: Path, content: bytes) -> None:
    """Read images to learn from."""
    named = path.with_suffix(".npz" if b".npy" in content[:64] else ".zip")
    named.write_bytes(content)
    load_data_set(named)
