"""Networks, devices, memories, energies, calibrations, batteries and scenarios: by packaged name, by file, or written out.

Packaged data is one YAML file each in `data/<kind>/`. A reference is a packaged name, a path (it ends in `.yaml`, `.yml` or `.json`, or has
a `/`), a mapping of fields, or the spec itself. Inside a file, paths are relative to that file.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

from costmodel.errors import InputError, SpecError, UnknownNameError
from costmodel.sources.documents.derived_document import Opened, derived
from costmodel.sources.documents.nearest_way import refuse_scenario
from costmodel.sources.documents.text_file import FILE_SUFFIXES, read_document
from costmodel.sources.documents.validation_errors import checked_spec, found_text
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.sources.importers.model_files import is_model_file
from costmodel.sources.memory_energies import memory_energy, packaged_memory_names
from costmodel.sources.name_matching import matched_name
from costmodel.sources.programs.device_program import with_program
from costmodel.sources.shipped.packaged_data import packaged_document, packaged_document_names
from costmodel.sources.stored_models.model_folder import read_manifest
from costmodel.sources.stored_models.network_of_model import network_of_model
from costmodel.sources.stored_models.packaged_models import packaged_model_folder, packaged_model_names
from costmodel.specs.base import Spec
from costmodel.specs.devices.battery import BatteryCell
from costmodel.specs.devices.hardware import ComputeEnergy, Device, LatencyCalibration, MemoryEnergy
from costmodel.specs.devices.power import IDLE, DutyCycle, PowerStates
from costmodel.specs.devices.runtime import Runtime
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.specs.scenario import Scenario
from costmodel.specs.trained.model_manifest import ModelManifest

S = TypeVar("S", bound=Spec)

Reference: TypeAlias = str | Path | Mapping[str, Any] | S
"""A packaged name, a path, a mapping of fields, or the spec itself."""
_Failed: TypeAlias = dict[str, InputError | None]


@dataclass(frozen=True)
class _Kind(Generic[S]):
    """What one kind of packaged data is called, where it lives and what it becomes."""

    folder: str
    noun: str
    """As a message says it."""
    model: type[S]
    where: str = "packaged"
    """Ends "'x' is not ..."."""


_NETWORK: Final = _Kind("networks", "network", Network, "in the zoo")
_DEVICE: Final = _Kind("devices", "device", Device)
_BATTERY: Final = _Kind("batteries", "battery", BatteryCell)
_POWER: Final = _Kind("power_states", "power_states", PowerStates)
_DUTY_CYCLE: Final = _Kind("duty_cycles", "duty_cycle", DutyCycle)
_MEMORY: Final = _Kind("memories", "memory_energy", MemoryEnergy)
_COMPUTE: Final = _Kind("compute", "compute_energy", ComputeEnergy)
_CALIBRATION: Final = _Kind("calibrations", "calibration", LatencyCalibration)
_SCENARIO: Final = _Kind("scenarios", "scenario", Scenario)
_MODEL: Final = _Kind("models", "model", ModelManifest)
_RUNTIME: Final = _Kind("runtimes", "runtime", Runtime)

_KINDS: Final[Mapping[str, _Kind[Any]]] = {
    kind.folder: kind for kind in (_NETWORK, _DEVICE, _BATTERY, _POWER, _DUTY_CYCLE, _MEMORY, _COMPUTE, _CALIBRATION, _SCENARIO, _RUNTIME)
}

KINDS: Final = tuple(_KINDS)
"""Every kind of packaged data."""


def names(kind: str) -> tuple[str, ...]:
    """Return the packaged names of a kind, sorted.

    Parameters
    ----------
    kind : str
        One of `KINDS` (`networks`, `devices`, ...).

    Returns
    -------
    tuple of str
        Names to load by.

    Raises
    ------
    UnknownNameError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind", kind, KINDS, "packaged")
    return _packaged_names(kind)


def load_named(kind: str, name: str) -> Spec:
    """Load one thing by its kind and packaged name.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    name : str
        One of `names(kind)`.

    Returns
    -------
    Spec
        Of the class that kind has.

    Raises
    ------
    UnknownNameError
        If there is no such kind or name.
    """
    known = names(kind)
    return load_of_kind(kind, matched_name(_KINDS[kind].noun, name, known, _KINDS[kind].where))


def load_of_kind(kind: str, reference: Reference[Any]) -> Spec:
    """Load one thing of one of `KINDS`; see `load_network` for what a reference may be."""
    return cast(Spec, _load(_KINDS[kind], reference, None))


def load_network(reference: Reference[Network], beside: Path | None = None) -> Network:
    """Load a network of the zoo, of a packaged model, of a file or model folder of one's own or of TensorFlow Lite, or written out.

    Parameters
    ----------
    reference : str, Path, mapping, Network or Model
        `resnet18`, `my-net.yaml`, `model.tflite`, a folder like `model/`, or fields.
    beside : Path, optional
        Folder a relative path starts from; left out, the current one.

    Returns
    -------
    Network
        Checked as a whole.

    Raises
    ------
    InputError
        If there is none, or it is wrong; one line for each mistake.
    """
    return _load(_NETWORK, reference, beside)


def load_device(reference: Reference[Device], beside: Path | None = None) -> Device:
    """Load a device; see `load_network` for what a reference may be."""
    return _load(_DEVICE, reference, beside)


def load_battery(reference: Reference[BatteryCell], beside: Path | None = None) -> BatteryCell:
    """Load a battery; see `load_network` for what a reference may be."""
    return _load(_BATTERY, reference, beside)


def load_power_states(reference: Reference[PowerStates], beside: Path | None = None) -> PowerStates:
    """Load the power states of a board; see `load_network` for what a reference may be."""
    return _load(_POWER, reference, beside)


def load_duty_cycle(reference: Reference[DutyCycle], beside: Path | None = None) -> DutyCycle:
    """Load a periodic pattern of power states; see `load_network` for what a reference may be."""
    return _load(_DUTY_CYCLE, reference, beside)


def load_memory_energy(
    reference: Reference[MemoryEnergy], beside: Path | None = None, environment: Mapping[str, str] | None = None
) -> MemoryEnergy:
    """Load the access energies of a memory.

    Parameters
    ----------
    reference : str, Path, mapping or MemoryEnergy
        As `load_network` takes it, or an SRAM's parameters (`size=320KiB,width=4,node=40,cell=lstp`).
    beside : Path, optional
        Folder a relative path starts from; left out, the current one.
    environment : mapping, optional
        Environment variables that may lead to a CACTI, run on parameters no packaged run has; left out, none is looked for.

    Returns
    -------
    MemoryEnergy
        Energies per access of the memory's width.

    Raises
    ------
    InputError
        If there is none, or it is wrong; one line for each mistake.
    CactiError
        If CACTI fails.
    """
    if isinstance(reference, str) and "=" in reference and not is_path(reference):
        return memory_energy(reference, environment=environment)
    return _load(_MEMORY, reference, beside)


def load_compute_energy(reference: Reference[ComputeEnergy], beside: Path | None = None) -> ComputeEnergy:
    """Load the energies of arithmetic; see `load_network` for what a reference may be."""
    return _load(_COMPUTE, reference, beside)


def load_calibration(reference: Reference[LatencyCalibration], beside: Path | None = None) -> LatencyCalibration:
    """Load measured layer times; see `load_network` for what a reference may be."""
    return _load(_CALIBRATION, reference, beside)


def load_scenario(reference: Reference[Scenario], beside: Path | None = None) -> Scenario:
    """Load a scenario, with everything it names.

    Parameters
    ----------
    reference : str, Path, mapping or Scenario
        `esp32-deck`, `my-net.scenario.yaml`, or fields. A field that stands for a spec (`network`, `device`, ...) may name it in any of
        these ways. What is not given comes from the device: memory energies, compute energies, calibration, its network, power states.
    beside : Path, optional
        Folder a relative path starts from; left out, the current one.

    Returns
    -------
    Scenario
        Complete.

    Raises
    ------
    InputError
        If anything in it, or in what it names, is wrong; one line for each mistake.
    """
    boards = (load_power_states(name) for name in _packaged_names(_POWER.folder))
    return _load(_SCENARIO, reference, beside).attributed(boards)


_FIELDS: Final[Mapping[str, _Kind[Any]]] = {
    "network": _NETWORK,
    "device": _DEVICE,
    "memory_energy": _MEMORY,
    "flash_energy": _MEMORY,
    "cache_energy": _MEMORY,
    "compute_energy": _COMPUTE,
    "calibration": _CALIBRATION,
    "calibration_network": _NETWORK,
    "battery": _BATTERY,
    "states": _POWER,
}
"""Fields of a scenario that stand for a spec of their own."""

REFERENCE_FIELDS: Final[Mapping[str, str]] = {field: kind.folder for field, kind in _FIELDS.items()}
"""Fields of a scenario that may be a packaged name, and the kind of name."""


def load_packaged(folder: str, name: str, model: type[S]) -> S:
    """Load packaged data of a kind that only the project itself refers to.

    Parameters
    ----------
    folder : str
        Below the packaged data.
    name : str
        Of the file, without its suffix.
    model : type
        The spec it becomes.

    Returns
    -------
    Spec
        Checked as a user's file would be.
    """
    return cast(S, _packaged(_Kind(folder, folder, model), name))


def _load(kind: _Kind[S], reference: object, beside: Path | None) -> S:
    if isinstance(reference, Model):
        reference = reference.network
    if isinstance(reference, kind.model):
        return reference
    if isinstance(reference, Mapping):
        return _checked(kind, YamlDocument(dict(reference)), beside)
    if isinstance(reference, Path) or (isinstance(reference, str) and is_path(reference)):
        path = Path(reference) if beside is None else beside / reference
        if kind is _NETWORK and (network := network_of_model(path)) is not None:
            return cast(S, network)
        return _checked(kind, read_document(path), path.parent)
    if not isinstance(reference, str):
        quoted = f'; a name of digits is quoted: "{reference}"' if str(reference) in _packaged_names(kind.folder) else ""
        raise SpecError(f"{kind.noun}: expected a name, a path or a mapping of fields, found {found_text(reference)}{quoted}")
    if kind is _MEMORY:
        return cast(S, memory_energy(reference))
    if kind is _MODEL:
        return cast(S, read_manifest(packaged_model_folder(reference)))
    known = _packaged_names(kind.folder)
    if kind is not _NETWORK:
        return cast(S, _packaged(kind, matched_name(kind.noun, reference, known, kind.where)))
    if reference not in known and (network := network_of_model(reference)) is not None:
        return cast(S, network)
    name = matched_name(kind.noun, reference, (*known, *packaged_model_names()), kind.where)
    return cast(S, _packaged(kind, name) if name in known else network_of_model(name))


def is_path(text: str) -> bool:
    """Tell whether a reference is the path of a file or a folder, not a packaged name."""
    return text.endswith(FILE_SUFFIXES) or is_model_file(text) or "/" in text or "\\" in text


def _checked(kind: _Kind[S], document: YamlDocument, beside: Path | None) -> S:
    if kind.noun in DERIVABLE_FOLDERS:
        document = derived(document, kind.noun, functools.partial(_opened, kind, beside))
    if kind is _NETWORK:
        refuse_scenario(document)
    if kind is _DEVICE:
        document = with_program(document, beside)
    return checked_spec(document, kind.model, kind.noun, functools.partial(_resolve, beside) if kind is _SCENARIO else None)


DERIVABLE_FOLDERS: Final[Mapping[str, str]] = {kind.noun: kind.folder for kind in (_DEVICE, _BATTERY, _POWER)}
"""What messages call the kinds whose files may begin at another by `base`, and where their packaged files lie."""


def _opened(kind: _Kind[Any], beside: Path | None, reference: object) -> Opened:
    """Return the document a `base` names, and how that one opens its own."""
    if isinstance(reference, str) and is_path(reference):
        path = Path(reference) if beside is None else beside / reference
        return read_document(path), functools.partial(_opened, kind, path.parent)
    name = matched_name("base", str(reference), _packaged_names(kind.folder), kind.where)
    return packaged_document(kind.folder, name), functools.partial(_opened, kind, None)


def _resolve(beside: Path | None, document: YamlDocument, values: dict[str, Any]) -> _Failed:
    """Put specs in place of a scenario's names, then the device's defaults where a field is absent."""
    failed: _Failed = {}
    for field, kind in _FIELDS.items():
        if values.get(field) is not None:
            _try_load(failed, values, field, kind, document, beside)
    device = values.get("device")
    if isinstance(device, Device):
        for field in ("memory_energy", "flash_energy", "cache_energy", "compute_energy", "calibration", "states"):
            default = device.power_states if field == "states" else getattr(device, field)
            if field not in document.data and default is not None:
                _default(failed, values, field, default, document, "device", beside)
        if device.assumed_power_states is not None and values.get("states") is None and values.get("power") is None:
            board, rest = load_power_states(device.assumed_power_states), str(values.get("sleep", IDLE))
            if rest not in board.rests():
                failed["sleep"] = _retold(board.no_rest(rest), "sleep", _POWER, document)
    else:
        # Without its device a scenario's defaults are unknown, not missing.
        failed |= {field: None for field in ("memory_energy", "compute_energy") if field not in document.data}
    calibration = values.get("calibration")
    if isinstance(calibration, LatencyCalibration) and values.get("calibration_network") is None:
        _default(failed, values, "calibration_network", calibration.network, document, "calibration", beside)
    return failed


def _try_load(failed: _Failed, values: dict[str, Any], field: str, kind: _Kind[Any], document: YamlDocument, beside: Path | None) -> None:
    found = values.pop(field)
    try:
        if isinstance(found, Mapping):
            values[field] = _checked(kind, document.part(field), beside)
        else:
            values[field] = _load(kind, found, beside)
    except InputError as error:
        failed[field] = _retold(error, field, kind, document)


def _retold(error: InputError, field: str, kind: _Kind[Any], document: YamlDocument) -> InputError:
    """Say where in the scenario a name stands that leads nowhere; mistakes inside a file keep their own place."""
    if error.location is None:
        if error.message.startswith(f"{kind.noun}: "):
            error.message = f"{field}: {error.message.removeprefix(f'{kind.noun}: ')}"
        error.location = document.location((field,))
    elif not error.location.line:
        error.message = f"{field}: {error.location.file} {error.message}"
        error.location = document.location((field,))
    return error


def _default(
    failed: _Failed, values: dict[str, Any], field: str, name: str, document: YamlDocument, owner: str, beside: Path | None
) -> None:
    try:
        values[field] = _load(_FIELDS[field], name, beside)
    except InputError as error:
        error.message = f"{owner} names a {field}: {error.message}"
        error.location = error.location or document.location((owner,))
        failed[field] = error


def _packaged_names(folder: str) -> tuple[str, ...]:
    if folder == _MODEL.folder:
        return packaged_model_names()
    return packaged_memory_names() if folder == _MEMORY.folder else packaged_document_names(folder)


@functools.cache
def _packaged(kind: _Kind[S], name: str) -> S:
    return _checked(kind, packaged_document(kind.folder, name), None)
