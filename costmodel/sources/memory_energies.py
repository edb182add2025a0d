"""Memory energies by name: packaged levels, packaged CACTI runs, or an SRAM described by its parameters."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Final

from costmodel.errors import UnknownNameError
from costmodel.sources.cacti.cacti_binary import find_cacti
from costmodel.sources.cacti.cacti_configs import nearest_names
from costmodel.sources.cacti.cacti_runner import answers_folder, run_rows
from costmodel.sources.cacti.sram_energy import estimated_memory_energy, range_siblings, sram_memory_energy
from costmodel.sources.cacti.sram_request import sram_request
from costmodel.sources.cacti.sram_table import SramTable
from costmodel.sources.cacti.sram_table_file import packaged_sram_table
from costmodel.sources.documents.validation_errors import checked_spec
from costmodel.sources.documents.yaml_document import parse_document
from costmodel.specs.devices.hardware import MemoryEnergy

FOLDER: Final = "memories"
NOUN: Final = "memory_energy"
"""As messages and scenario files say it."""


@functools.cache
def packaged_levels() -> dict[str, MemoryEnergy]:
    """Return the packaged memory levels that are no CACTI runs, by name: registers, serial memories, published references."""
    folder = resources.files("costmodel.sources").joinpath("data", FOLDER)
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    documents = [parse_document(file.read_bytes(), f"{FOLDER}/{file.name}") for file in files]
    return {level.name: level for level in (checked_spec(document, MemoryEnergy, NOUN) for document in documents)}


def packaged_memory_names() -> tuple[str, ...]:
    """Return every name `memory_energy` knows, sorted."""
    return tuple(sorted((*packaged_sram_table().names, *packaged_levels())))


def memory_energy(text: str, *, table: SramTable | None = None, environment: Mapping[str, str] | None = None) -> MemoryEnergy:
    """Return what an access of a memory costs.

    Parameters
    ----------
    text : str
        Name of a packaged level or CACTI run, or an SRAM's parameters (`size=320KiB,width=4,node=40,cell=lstp`).
    table : SramTable, optional
        Runs to look in; the packaged ones where not given.
    environment : mapping, optional
        Environment variables that may lead to a CACTI, run where the table has no such row; without them none is looked for.

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
        return _requested(text, runs, environment)
    if text in runs.names:
        return sram_memory_energy(runs.named(text), runs)
    levels = packaged_levels()
    if text not in levels:
        raise UnknownNameError(NOUN, text, nearest_names(text, (*runs.names, *levels)), "packaged")
    return levels[text]


def _requested(text: str, runs: SramTable, environment: Mapping[str, str] | None) -> MemoryEnergy:
    spec, interpolate = sram_request(text)
    row = runs.find(spec)
    if row is not None:
        return sram_memory_energy(row, runs)
    binary = None if environment is None else find_cacti(environment)
    if binary is not None and environment is not None:
        wanted = [other for other in range_siblings(spec) if runs.find(other) is None]
        answers = run_rows(binary, [("", other) for other in wanted], cache=answers_folder(environment))
        own = next(answer for answer in answers if answer.spec == spec)
        return sram_memory_energy(own, runs.updated(answers))
    if interpolate:
        return estimated_memory_energy(spec, runs)
    raise runs.refusal(spec)
