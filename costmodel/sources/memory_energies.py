"""Memory energies by name: packaged levels, packaged CACTI runs, or an SRAM described by its parameters."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from costmodel.errors import FormatError, Location, UnknownNameError
from costmodel.sources.cacti_binary import CactiBinary
from costmodel.sources.cacti_runner import run_rows
from costmodel.sources.sram_energy import estimated_memory_energy, range_siblings, sram_memory_energy, sram_request
from costmodel.sources.sram_table import SramTable, packaged_sram_table
from costmodel.specs.hardware import MemoryEnergy

FOLDER: Final = "data/memories"


@functools.cache
def packaged_levels() -> dict[str, MemoryEnergy]:
    """Return the packaged memory levels that are no CACTI runs, by name: registers, serial memories, published references."""
    folder = resources.files("costmodel.sources").joinpath(FOLDER)
    found = (read_memory_energy(file.read_text(encoding="utf-8"), file.name) for file in folder.iterdir() if file.name.endswith(".yaml"))
    return {level.name: level for level in sorted(found, key=lambda level: level.name)}


def packaged_memory_names() -> tuple[str, ...]:
    """Return every name `memory_energy` knows."""
    return (*packaged_sram_table().names, *packaged_levels())


def read_memory_energy(text: str, file: str) -> MemoryEnergy:
    """Read a memory energy.

    Parameters
    ----------
    text : str
        YAML with the fields of `MemoryEnergy`.
    file : str
        What errors call it.

    Returns
    -------
    MemoryEnergy
        Checked.

    Raises
    ------
    FormatError
        If the text is no YAML, or a field does not fit.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        found: Any = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        raise FormatError(f"not YAML: {error.problem}", Location(file, mark.line + 1 if mark else 0)) from None
    except YAMLError as error:
        raise FormatError(f"not YAML: {error}", Location(file)) from None
    try:
        return MemoryEnergy.model_validate(found)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise FormatError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}", Location(file)) from None


def memory_energy(
    text: str, *, table: SramTable | None = None, binary: CactiBinary | None = None, cache: Path | None = None
) -> MemoryEnergy:
    """Return what an access of a memory costs.

    Parameters
    ----------
    text : str
        Name of a packaged level or CACTI run, or an SRAM's parameters (`size=320KiB,width=4,node=40,cell=lstp`).
    table : SramTable, optional
        Runs to look in; the packaged ones where not given.
    binary : CactiBinary, optional
        CACTI to run where the table has no such row.
    cache : Path, optional
        Folder of earlier answers of that CACTI.

    Returns
    -------
    MemoryEnergy
        Energies per access of the memory's width, with ranges and sources.

    Raises
    ------
    UnknownNameError
        If there is no such name; the nearest is offered.
    MissingError
        If the table has no such row and there is no CACTI; the nearest rows are named.
    SpecError
        If the parameters are beyond CACTI's limits, or CACTI finds no such array.
    CactiError
        If CACTI fails.
    """
    runs = packaged_sram_table() if table is None else table
    if "=" in text:
        return _requested(text, runs, binary, cache)
    if text in packaged_levels():
        return packaged_levels()[text]
    if text not in runs.names:
        raise UnknownNameError("memory energy", text, (*runs.names, *packaged_levels()), "packaged")
    return sram_memory_energy(runs.named(text), runs)


def _requested(text: str, runs: SramTable, binary: CactiBinary | None, cache: Path | None) -> MemoryEnergy:
    spec, interpolate = sram_request(text)
    row = runs.find(spec)
    if row is not None:
        return sram_memory_energy(row, runs)
    if binary is not None:
        wanted = [other for other in range_siblings(spec) if runs.find(other) is None]
        answers = run_rows(binary, [("", other) for other in wanted], cache=cache)
        own = next(answer for answer in answers if answer.spec == spec)
        return sram_memory_energy(own, runs.updated(answers))
    if interpolate:
        return estimated_memory_energy(spec, runs)
    raise runs.refusal(spec)
