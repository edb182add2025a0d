"""A model folder: `network.yaml`, `weights.safetensors` and `manifest.json`, written whole and checked on reading."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Final

from costmodel.errors import FormatError, LimitError, Location, MissingError, SpecError, did_you_mean
from costmodel.sources.documents.input_file import MAX_MODEL_BYTES, read_input
from costmodel.sources.documents.text_file import read_document
from costmodel.sources.documents.validation_errors import checked_spec
from costmodel.sources.documents.yaml_document import MAX_FILE_BYTES, parse_document
from costmodel.sources.stored_models.network_text import network_text
from costmodel.specs.model import Model, Parameters
from costmodel.specs.network import Network
from costmodel.specs.trained.model_manifest import MANIFEST_VERSION, ModelManifest, StoredFile

MANIFEST_FILE: Final = "manifest.json"
NETWORK_FILE: Final = "network.yaml"
WEIGHTS_FILE: Final = "weights.safetensors"
_MOST_LISTED_BYTES: Final = 4 << 20
_UNFINISHED: Final = ".unfinished-"


def is_model_folder(path: str | Path) -> bool:
    """Tell whether a path is a folder with a model's manifest in it."""
    try:
        return (Path(path) / MANIFEST_FILE).is_file()
    except (OSError, ValueError):
        return False


def write_model(model: Model, folder: Path) -> ModelManifest:
    """Write a model as a folder, which is there whole or not at all.

    Parameters
    ----------
    model : Model
        What to write; weights whose quantisation is known are stored as int8.
    folder : Path
        Made new; a model folder or an empty folder that is there is replaced.

    Returns
    -------
    ModelManifest
        What was written.

    Raises
    ------
    SpecError
        If something else is there, it cannot be written, or weights are no whole steps of their quantisation.
    LimitError
        If it has more weights than are read again.
    """
    from safetensors.numpy import save

    from costmodel.sources.stored_models.weight_arrays import arrays_of

    contents = {NETWORK_FILE: network_text(model.network).encode("utf-8"), WEIGHTS_FILE: save(arrays_of(model))}
    if len(contents[WEIGHTS_FILE]) > MAX_MODEL_BYTES:
        raise LimitError(f"{model.network.name} has {len(contents[WEIGHTS_FILE]):,} bytes of weights; at most {MAX_MODEL_BYTES:,} are kept")
    network, weights = (
        StoredFile(file=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()) for name, content in contents.items()
    )
    manifest = ModelManifest(
        schema_version=MANIFEST_VERSION,
        name=model.network.name,
        description=model.network.description,
        source=model.source,
        network=network,
        weights=weights,
        quantisations=dict(model.quantisations),
        weight_quantisations=dict(model.weight_quantisations),
        accuracies=model.accuracies,
        origin=model.origin,
    )
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    contents[MANIFEST_FILE] = text.encode("utf-8")
    _replace_folder(folder, contents)
    return manifest


def weights_sha256(model: Model) -> str:
    """Return the hash of the file of weights that `write_model` would write."""
    from safetensors.numpy import save

    from costmodel.sources.stored_models.weight_arrays import arrays_of

    return hashlib.sha256(save(arrays_of(model))).hexdigest()


def read_manifest(folder: Path) -> ModelManifest:
    """Read a model folder's manifest; raises InputError where there is none, or it is wrong."""
    if not is_model_folder(folder):
        what = "is no model folder: it has no " if folder.is_dir() else "is no model folder, which would hold a "
        raise MissingError(f"{what}{MANIFEST_FILE}", Location(str(folder)))
    return checked_spec(read_document(folder / MANIFEST_FILE), ModelManifest, "model's manifest")


def read_counted_manifest(folder: Path) -> ModelManifest:
    """Read a manifest whose accuracies are of the weights beside it; raises InputError where its weights are others."""
    manifest = read_manifest(folder)
    if manifest.accuracies:
        _checked(folder, manifest.weights, MAX_MODEL_BYTES)
    return manifest


def read_model_network(folder: Path) -> Network:
    """Read a model folder's network alone; raises InputError where it is wrong, or not what the manifest says."""
    return _network(folder, read_manifest(folder))


def read_model(folder: Path) -> Model:
    """Read a model folder.

    Parameters
    ----------
    folder : Path
        As `write_model` writes it.

    Returns
    -------
    Model
        With everything its manifest says.

    Raises
    ------
    MissingError
        If it is no model folder, or a file of it is gone.
    FormatError
        If a file is not what its manifest says: its hash is another.
    InputError
        If what is in a file is wrong.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from costmodel.sources.stored_models.weight_arrays import parameters_of

    manifest = read_manifest(folder)
    network = _network(folder, manifest)
    content = _checked(folder, manifest.weights, MAX_MODEL_BYTES)
    place = str(folder / manifest.weights.file)
    # It begins with the length of its list of arrays, each of which becomes an object.
    listed_bytes = int.from_bytes(content[:8], "little")
    if _MOST_LISTED_BYTES < listed_bytes <= len(content):
        raise LimitError(f"lists its arrays in {listed_bytes:,} bytes; at most {_MOST_LISTED_BYTES:,} are read", Location(place))
    try:
        arrays = load(content)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise FormatError(f"is no safetensors file: {error}", Location(place)) from None
    parameters = parameters_of(arrays, manifest.weight_quantisations, place)
    _check_shapes(network, parameters, place)
    names = [layer.name for layer in network.layers]
    for name in (*parameters, *manifest.weight_quantisations, *(key for key in manifest.quantisations if key != "input")):
        if name not in names:
            raise FormatError(f"has numbers for {name!r}, no layer of the network{did_you_mean(name, names)}", Location(str(folder)))
    return Model(
        network=network,
        parameters=parameters,
        source=manifest.source,
        quantisations=manifest.quantisations,
        weight_quantisations=manifest.weight_quantisations,
        accuracies=manifest.accuracies,
        origin=manifest.origin,
    )


def _check_shapes(network: Network, parameters: Parameters, place: str) -> None:
    """Refuse parameters that are none of their layer's."""
    for layer, step in zip(network.ordered, network.steps, strict=True):
        own = parameters.get(layer.name)
        if own is None:
            continue
        shape = step.operation.shape_of_weights(layer, step.inputs)
        if shape is None:
            raise FormatError(f"{layer.name}: weights of a layer that has none", Location(place))
        if own.weight.shape != shape or (own.bias is not None and own.bias.shape != shape[:1]):
            biases = "" if own.bias is None else f" and biases {own.bias.shape}"
            raise FormatError(f"{layer.name}: weights {own.weight.shape}{biases}, expected {shape} and as many biases", Location(place))


def _network(folder: Path, manifest: ModelManifest) -> Network:
    content = _checked(folder, manifest.network, MAX_FILE_BYTES)
    return checked_spec(parse_document(content, str(folder / manifest.network.file)), Network, "network")


def _checked(folder: Path, stored: StoredFile, limit_bytes: int) -> bytes:
    content = read_input(folder / stored.file, limit_bytes, "a file of a model folder")
    found = hashlib.sha256(content).hexdigest()
    if found != stored.sha256:
        raise FormatError(
            f"is not what {MANIFEST_FILE} says: its SHA-256 is {found[:12]}..., expected {stored.sha256[:12]}...;"
            " it was changed or damaged after the model was written",
            Location(str(folder / stored.file)),
        )
    return content


def check_place(folder: Path) -> None:
    """Raise SpecError where something else than a model stands in a place that a model is to be written to."""
    if folder.exists() and not is_model_folder(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise SpecError(f"{folder} is there already and is no model folder; name another, or remove it")


def _replace_folder(folder: Path, contents: dict[str, bytes]) -> None:
    """Write files into a new folder beside, then put it in place in one step."""
    folder = Path(folder)
    check_place(folder)
    try:
        parent = folder.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=parent, prefix=f".{folder.name[:40]}{_UNFINISHED}"))
    except OSError as error:
        raise SpecError(f"cannot write {folder}: {error.strerror or error}") from None
    new = draft / "new"
    try:
        new.mkdir()
        for name, content in contents.items():
            (new / name).write_bytes(content)
        if folder.exists():
            # What was there is gone only when the new one stands in its place.
            folder.rename(draft / "old")
        new.rename(folder)
    except OSError as error:
        raise SpecError(f"cannot write {folder}: {error.strerror or error}") from None
    finally:
        # Also where a request to end came between the two.
        if (draft / "old").exists() and not folder.exists():
            (draft / "old").rename(folder)
        shutil.rmtree(draft, ignore_errors=True)
