"""What a user names as a mapping: the best that a search finds, a file, or the text itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from costmodel.deployment.deployed import DeployedNetwork
from costmodel.deployment.kernels.mapped import with_mapping
from costmodel.deployment.model_file import write_model_file
from costmodel.errors import InputError
from costmodel.provenance import noted
from costmodel.results.mapping_search import MappingSearch
from costmodel.results.runs.comparison import FirmwareComparison, RunComparison
from costmodel.sources.documents.mapping_file import read_mapping
from costmodel.specs.devices.kernel_core import KernelCore, kernel_core
from costmodel.specs.running.mapping import Mapping, check_layers, mapping_of
from costmodel.validation.comparing import Expected
from costmodel.validation.mapping_search import search_mapping
from costmodel.validation.targets.code_size import layer_code_bytes
from costmodel.validation.validating import Target, Workbench, validate

BEST: Final = "best"


def mapping_yaml(text: str) -> str:
    """Return a mapping as the YAML that `--mapping` reads back, which an entry of a scenario's `dataflows` may be too."""
    mapping = mapping_of(text)
    lines = [f"default: {mapping.default.text}"]
    if mapping.layers:
        lines += ["layers:", *(f'  "{layer}": {chosen.text}' for layer, chosen in mapping.layers.items())]
    return "\n".join(lines) + "\n"


def mapped_expected(expected: Expected, text: str, core: KernelCore) -> Expected:
    """Return what a deployed network must do under a mapping, in kernels generated for a core.

    Parameters
    ----------
    expected : Expected
        What it must do output stationary: the same outputs.
    text : str
        As of `mapping_named`.
    core : KernelCore
        What the kernels are for.

    Returns
    -------
    Expected
        With another model file.

    Raises
    ------
    InputError
        If the mapping is none, or a layer or the core cannot take it.
    """
    mapping = mapping_named(text, expected, core)
    deployed = with_mapping(expected.deployed, mapping, core)
    return replace(expected, deployed=deployed, model=write_model_file(deployed), mapping=mapping)


def mapping_named(text: str, expected: Expected, core: KernelCore) -> Mapping:
    """Return the mapping an option names.

    Parameters
    ----------
    text : str
        `best`, a YAML file that `costmodel map --output` wrote, or a mapping as `--dataflow` takes it.
    expected : Expected
        The deployed network whose layers it maps.
    core : KernelCore
        For `best`.

    Returns
    -------
    Mapping
        Of layers that are there.

    Raises
    ------
    InputError
        Naming the option, and the nearest dataflow, parameter or layer.
    """
    network = expected.network
    try:
        if text.strip() == BEST:
            return mapping_of(search_mapping(expected, core).mapping)
        mapping = read_mapping(text)
        check_layers([mapping], network.convolutions, network.name, network.linear_layers)
    except InputError as error:
        error.message = f"--mapping: {error.message.removeprefix('dataflow: ').removeprefix('dataflows: ')}"
        raise
    return mapping


def with_code_sizes(found: MappingSearch, deployed: DeployedNetwork, core: KernelCore, bench: Workbench) -> MappingSearch:
    """Return what a search found with the code of each kernel in its best tile, where the core's compiler is installed.

    Parameters
    ----------
    found : MappingSearch
        Of the network.
    deployed : DeployedNetwork
        The network, output stationary.
    core : KernelCore
        What the kernels are for.
    bench : Workbench
        What building needs.
    """
    mapped = with_mapping(deployed, mapping_of(found.mapping), core)
    sizes = layer_code_bytes(mapped, core.name, firmware=bench.firmware, cache=bench.cache)
    if sizes is None:
        return found
    told = {name: noted(size, f"code of {name}", f"measured: what the compiler of {core.name} makes of it") for name, size in sizes.items()}
    return found.model_copy(update={"layers": tuple(one.model_copy(update={"code_bytes": told.get(one.name)}) for one in found.layers)})


def validate_mapped(expectations: Sequence[Expected], text: str, targets: Iterable[Target], bench: Workbench) -> FirmwareComparison:
    """Run networks under a mapping on every target, in kernels generated for it, and compare; this machine runs those of Arm.

    Parameters
    ----------
    expectations : sequence of Expected
        What they must do output stationary.
    text : str
        As of `mapping_named`; `best` is each core's own.
    targets : iterable of Target
        Where they run.
    bench : Workbench
        What building and running needs.

    Returns
    -------
    FirmwareComparison
        Every run.
    """
    runs: list[RunComparison] = []
    for target in targets:
        core = kernel_core("arm" if target is Target.HOST else target.value)
        runs += validate([mapped_expected(expected, text, core) for expected in expectations], [target], bench).runs
    return FirmwareComparison(runs=tuple(runs))
