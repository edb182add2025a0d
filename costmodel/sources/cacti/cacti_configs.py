"""The packaged CACTI configurations, and configurations a user names."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from costmodel.energy.cacti_config import sram_from_config
from costmodel.errors import FormatError, Location, UnknownNameError
from costmodel.sources.documents.input_file import read_input
from costmodel.sources.shipped.packaged_data import packaged_folder
from costmodel.specs.devices.sram import SramSpec

SUFFIX: Final = ".cfg"
FOLDER: Final = "cacti_configs"
NEAREST_COUNT: Final = 5
"""Names offered where none holds what was typed."""
MAX_CHARACTERS: Final = 100_000
"""CACTI's own stock file has eleven thousand."""


@functools.cache
def packaged_configs() -> dict[str, Path]:
    """Return the packaged configuration files by name, sorted."""
    return {file.stem: file for file in sorted(packaged_folder(FOLDER).glob(f"*{SUFFIX}"))}


def read_config(path: Path) -> SramSpec:
    """Read a configuration file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    SramSpec
        The array it describes.

    Raises
    ------
    InputError
        If it cannot be read, or describes what is not computed here; the message names the line.
    """
    text = read_input(path, MAX_CHARACTERS, "a CACTI configuration", (SUFFIX,)).decode("utf-8", errors="replace")
    if "\0" in text:
        raise FormatError("is binary, expected a CACTI configuration", Location(str(path)))
    return sram_from_config(text, str(path))


def nearest_names(text: str, names: Iterable[str]) -> list[str]:
    """Return the names worth offering for one that is not known: of sixty, those that hold what was typed, or the nearest few.

    Parameters
    ----------
    text : str
        What was typed.
    names : iterable of str
        Every name.

    Returns
    -------
    list of str
        At least one, where there is any.
    """
    every = list(names)
    holding = [name for name in every if text and text in name]
    return holding or difflib.get_close_matches(text, every, n=NEAREST_COUNT, cutoff=0.0)


def named_config(reference: str) -> tuple[str, SramSpec]:
    """Return a configuration by packaged name or by path.

    Parameters
    ----------
    reference : str
        `deck-45nm-hp-128k-64b`, or a path that ends in `.cfg`.

    Returns
    -------
    tuple of str and SramSpec
        Its name (a file's without suffix), and the array.

    Raises
    ------
    UnknownNameError
        If there is no such packaged configuration.
    InputError
        If a file cannot be read as one.
    """
    if reference.endswith(SUFFIX):
        path = Path(reference)
        return path.stem, read_config(path)
    packaged = packaged_configs()
    if reference not in packaged:
        raise UnknownNameError("configuration", reference, nearest_names(reference, packaged), "packaged")
    return reference, read_config(packaged[reference])
