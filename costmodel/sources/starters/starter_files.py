"""A commented network, scenario and study to start from, with the JSON Schemas beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

from costmodel.errors import SpecError
from costmodel.sources.catalogue import is_path, load_device, load_network
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sources.documents.json_schema import SCHEMA_FILES, schema_text
from costmodel.sources.shipped.packaged_data import packaged_folder
from costmodel.sources.stored_models.network_text import network_text
from costmodel.specs.base import with_changes
from costmodel.specs.kinds.layer_fields import DataType
from costmodel.specs.network import DataTypes, Network

EXAMPLE_ONNX: Final = "cifar-aap-pruned.onnx"
"""A CIFAR-10 network with its trained weights, `trained-pruned` as ONNX."""
SCHEMA_FOLDER: Final = ".costmodel"
"""Folder beside the files that holds their schemas."""


def scenario_path(network: Path) -> Path:
    """Return the scenario file that goes with a network file: `my-net.yaml`, `my-net.scenario.yaml`."""
    return network.with_name(f"{network.stem}.scenario{network.suffix}")


def study_path(network: Path) -> Path:
    """Return the study file that goes with a network file: `my-net.yaml`, `my-net.study.yaml`."""
    return network.with_name(f"{network.stem}.study{network.suffix}")


def write_starter(network: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write a network, a scenario that runs it, a study that varies it, and their schemas.

    Parameters
    ----------
    network : Path
        The network file; the others stand beside it.
    force : bool
        Replace files that are there.

    Returns
    -------
    tuple of Path
        Every file written, the network, the scenario and the study first.

    Raises
    ------
    SpecError
        If the name is unfit, a file is in the way, or it cannot be written.
    """
    if network.suffix not in (".yaml", ".yml"):
        raise SpecError(f"{network}: a network file ends in .yaml, like {network.with_suffix('.yaml').name or 'my-net.yaml'}")
    scenario, study = scenario_path(network), study_path(network)
    words = {
        "NAME": _name(network.stem),
        "FILE": network.name,
        "SCENARIO_FILE": scenario.name,
        "STUDY_FILE": study.name,
        "SCHEMA": SCHEMA_FOLDER,
    }
    for path in (network, scenario, study):
        refuse_in_the_way(path, force=force)
    write_whole(network, _filled("network.yaml", words))
    write_whole(scenario, _filled("scenario.yaml", words))
    write_whole(study, _filled("study.yaml", words))
    return (network, scenario, study, *write_schemas(network.parent / SCHEMA_FOLDER))


class DeviceStarter(NamedTuple):
    """What a scenario for a device was written to."""

    scenario: Path
    written: tuple[Path, ...]
    """Every file, the scenario first."""
    int8: bool
    """Whether elements of another type were made int8."""


def write_device_starter(
    device: str, *, source: str | None = None, network: Path | None = None, keep_types: bool = False, force: bool = False
) -> DeviceStarter:
    """Write a scenario for a device, with nothing in it that belongs to another: of a model, or of a small network to start from.

    Parameters
    ----------
    device : str
        Packaged name or file.
    source : str, optional
        Model file, model folder, network file or packaged name; left out, the starter network is written.
    network : Path, optional
        File of the starter network, or where the model's own is written; left out, named like `source`.
    keep_types : bool, optional
        Leave elements of a model as they are; otherwise those of other types count as int8, which is how networks run on such devices.
    force : bool, optional
        Replace files that are there.

    Returns
    -------
    DeviceStarter
        The files.

    Raises
    ------
    InputError
        If the device or the model cannot be read, or a file is in the way.
    """
    named = load_device(device)
    place = network if network is not None else Path(f"{'my-net' if source is None else Path(source).stem or Path(source).name}.yaml")
    if place.suffix not in (".yaml", ".yml"):
        raise SpecError(f"{place}: a network file ends in .yaml, like {place.with_suffix('.yaml').name or 'my-net.yaml'}")
    scenario, int8 = scenario_path(place), False
    words = {"NAME": _name(place.stem), "FILE": place.name, "SCENARIO_FILE": scenario.name, "SCHEMA": SCHEMA_FOLDER}
    words["DEVICE"] = named.name if not is_path(device) else Path(device).absolute().as_posix()
    written = [scenario]
    refuse_in_the_way(scenario, force=force)
    if source is None:
        refuse_in_the_way(place, force=force)
        text = _filled("network.yaml", words | {"STUDY_FILE": ""})
        write_whole(place, re.sub(r"activation: float32 .*", "activation: int8", text))
        written.append(place)
    else:
        found = load_network(source)
        changed = found if keep_types else in_int8(found)
        int8 = changed != found
        if int8:
            refuse_in_the_way(place, force=force)
            write_whole(place, network_text(changed))
            written.append(place)
        else:
            words["FILE"] = _beside(source, scenario)
    write_whole(scenario, _filled("device.scenario.yaml", words))
    return DeviceStarter(scenario, (*written, *write_schemas(scenario.parent / SCHEMA_FOLDER)), int8)


def write_example_onnx(path: Path, *, force: bool = False) -> Path:
    """Write the packaged example of a trained network.

    Parameters
    ----------
    path : Path
        Where to; ends in `.onnx`.
    force : bool, optional
        Replace a file that is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SpecError
        If the name is unfit, or a file is in the way.
    """
    if path.suffix != ".onnx":
        raise SpecError(f"{path}: the example is an ONNX file, named like {path.with_suffix('.onnx').name or EXAMPLE_ONNX}")
    refuse_in_the_way(path, force=force)
    write_whole(path, (packaged_folder("docs") / "examples" / EXAMPLE_ONNX).read_bytes())
    return path


def _beside(source: str, scenario: Path) -> str:
    """A network as a scenario names it: a path from its folder, or a packaged name."""
    if not is_path(source) and not Path(source).exists():
        return load_network(source).name
    try:
        return Path(os.path.relpath(Path(source).absolute(), scenario.absolute().parent)).as_posix()
    except ValueError:  # Another drive.
        return Path(source).absolute().as_posix()


def in_int8(network: Network) -> Network:
    """Return a network whose floating-point elements are int8, as a quantised one's are: its biases of 32 bits."""
    floats = {DataType.FLOAT32, DataType.FLOAT16}
    types = network.types

    def quantised(found: DataType | None, to: DataType = DataType.INT8) -> DataType | None:
        return to if found in floats else found

    fields = {name: quantised(getattr(types, name), DataType.INT32 if name == "bias" else DataType.INT8) for name in DataTypes.model_fields}
    layers = []
    for layer in network.layers:
        own = {name: quantised(getattr(layer, name)) for name in ("output_type", "weight_type") if getattr(layer, name, None) in floats}
        layers.append(with_changes(layer, own) if own else layer)
    return with_changes(network, {"types": with_changes(types, fields), "layers": tuple(layers)})


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write the JSON Schemas of network and scenario files.

    Parameters
    ----------
    folder : Path
        Made if need be.

    Returns
    -------
    tuple of Path
        The files.
    """
    paths = {kind: folder / name for kind, name in SCHEMA_FILES.items()}
    for kind, path in paths.items():
        write_whole(path, schema_text(kind))
    return tuple(paths.values())


def refuse_in_the_way(path: Path, *, force: bool) -> None:
    """Refuse to write where a folder is, or a file that may not be replaced."""
    if path.exists() and (path.is_dir() or not force):
        raise SpecError(f"{path} is already there{'' if path.is_dir() else '; --force replaces it'}")


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = resources.files("costmodel.sources").joinpath("data", "starter", template).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _name(stem: str) -> str:
    """Return a file's stem as a name: what a name may not hold becomes a hyphen."""
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_.-") else "-" for letter in stem).strip("-.")
    return name[:100] or "my-net"
