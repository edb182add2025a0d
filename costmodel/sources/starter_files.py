"""A commented network, scenario and study to start from, with the JSON Schemas beside them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

from costmodel.errors import SpecError
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sources.documents.json_schema import SCHEMA_FILES, schema_text

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
