"""Where a CACTI 7 built by the user is found, and what tells one build from another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from costmodel.errors import CactiError, CactiFailure
from costmodel.sources.cache_folder import cache_folder

VARIABLE: Final = "COSTMODEL_CACTI"
"""Environment variable that names the folder."""
PROGRAMS: Final = ("cacti", "cacti.exe")
TECHNOLOGY: Final = "tech_params"
"""CACTI reads its technology files relative to the folder it runs in."""
HOW_TO: Final = (
    "build CACTI 7 (github.com/HewlettPackard/cacti, `make`), or `python .ci/get_cacti.py` in a checkout, and name its folder with "
    f"--binary or {VARIABLE}"
)
SOURCE_FILE: Final = "costmodel-source.txt"
"""Beside the program: one line that says what it was built from."""
HASH_DIGITS: Final = 16


@dataclass(frozen=True)
class CactiBinary:
    """A CACTI that can be run."""

    folder: Path
    """Holds the program and its `tech_params`; CACTI runs nowhere else."""
    command: tuple[str, ...]
    """What is started, before CACTI's own arguments."""

    @cached_property
    def content_hash(self) -> str:
        """Hash of the program and its technology files: what a result depends on beside the configuration."""
        digest = hashlib.sha256()
        programs = [Path(part) for part in self.command if Path(part).parent == self.folder]
        for file in [*programs, *sorted((self.folder / TECHNOLOGY).glob("*.dat"))]:
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
        return digest.hexdigest()[:HASH_DIGITS]

    @property
    def source(self) -> str:
        """What it was built from, where its folder says so."""
        note = self.folder / SOURCE_FILE
        return note.read_text(encoding="utf-8").strip() if note.is_file() else f"build {self.content_hash}"


def cacti_in(folder: Path) -> CactiBinary:
    """Return the CACTI in a folder.

    Parameters
    ----------
    folder : Path
        Where `make` left it.

    Returns
    -------
    CactiBinary
        Ready to run.

    Raises
    ------
    CactiError
        If the folder has no program (missing-binary) or no technology files (wrong-folder).
    """
    folder = folder.resolve()
    program = next((folder / name for name in PROGRAMS if (folder / name).is_file()), None)
    if program is None:
        raise CactiError(CactiFailure.MISSING_BINARY, f"no program 'cacti' in {folder}; {HOW_TO}")
    if not any((folder / TECHNOLOGY).glob("*.dat")):
        raise CactiError(
            CactiFailure.WRONG_FOLDER, f"{folder} has no {TECHNOLOGY}/*.dat beside the program; CACTI runs in its own folder only"
        )
    return CactiBinary(folder, (str(program),))


def find_cacti(environment: Mapping[str, str]) -> CactiBinary | None:
    """Return the CACTI the environment names, or the one the cache holds.

    Parameters
    ----------
    environment : mapping
        Environment variables.

    Returns
    -------
    CactiBinary or None
        None where there is none.

    Raises
    ------
    CactiError
        If the environment names a folder that holds none.
    """
    named = environment.get(VARIABLE)
    if named:
        return cacti_in(Path(named))
    cached = cached_cacti_folder(environment)
    return cacti_in(cached) if cached.is_dir() else None


def cached_cacti_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder a CACTI built for the tests is kept in.

    Parameters
    ----------
    environment : mapping
        Environment variables.

    Returns
    -------
    Path
        It need not exist.
    """
    return cache_folder(environment) / "cacti-7"
