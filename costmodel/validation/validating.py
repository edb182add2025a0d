"""Builds the firmware, runs networks with it, and compares every counter with its closed form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deploy import deploy, input_as_deployed
from costmodel.deployment.deployed import Variant
from costmodel.deployment.kernels.mapped import with_mapping
from costmodel.deployment.kernels.source import kernel_shapes, kernel_source
from costmodel.deployment.parameters import random_input, random_model
from costmodel.measurement.device_log import read_device_log
from costmodel.results.runs.comparison import CoreActivity, FirmwareComparison, RunComparison
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import KernelCore
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import Mapping
from costmodel.specs.scenario import MemoryAccounting
from costmodel.validation.comparing import Expected, compare_runs, expect
from costmodel.validation.firmware_plan import firmware_plan, predicted_counts
from costmodel.validation.random_layers import random_networks
from costmodel.validation.targets.emulators import run_on_emulator
from costmodel.validation.targets.host import DATAFLOW_CODES, run_on_host
from costmodel.validation.tensor_accesses import core_activities


class Target(StrEnum):
    """Where the firmware can be run."""

    HOST = "host"
    XTENSA = "xtensa"
    RISCV = "riscv"
    ARM = "arm"


class Mapped(NamedTuple):
    """A mapping, and the core its kernels are generated for."""

    mapping: Mapping
    core: KernelCore


@dataclass(frozen=True)
class Workbench:
    """What building and running the firmware needs."""

    firmware: Path
    """The folder `firmware/`."""
    cache: Path
    """Folder for what is built."""
    compiler: str | None = None
    """C compiler of this machine; None to look for one."""


def expect_model(
    model: Model,
    variant: Variant,
    example: NDArray[np.float32],
    image: NDArray[np.float32] | None = None,
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE,
    mapped: Mapped | None = None,
) -> Expected:
    """Deploy a model, and say what it must do.

    Parameters
    ----------
    model : Model
        What to deploy.
    variant : Variant
        How its numbers are carried.
    example : array of float32
        Input that scales are taken from where the model has none.
    image : array of float32, optional
        Input to run in place of the example.
    accounting : MemoryAccounting
        How tensors share the arena.
    mapped : Mapped, optional
        What its layers run under, in kernels generated for a core.

    Returns
    -------
    Expected
        Model file, input, and the hash of each layer's output.
    """
    memory = firmware_plan(model.network, variant, accounting=accounting)
    deployed = deploy(model, variant, example, memory)
    if image is not None:
        deployed = replace(deployed, example_input=input_as_deployed(deployed, image))
    if mapped is None:
        return expect(model.network, deployed)
    return expect(model.network, with_mapping(deployed, mapped.mapping, mapped.core), mapping=mapped.mapping)


def expect_network(
    network: Network,
    variant: Variant,
    seed: int,
    image: NDArray[np.float32] | None = None,
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE,
    mapped: Mapped | None = None,
) -> Expected:
    """Deploy a network with weights from a seed, and say what it must do; see `expect_model`.

    Parameters
    ----------
    network : Network
        What to deploy.
    variant : Variant
        How its numbers are carried.
    seed : int
        Of the weights, and of the input the scales are taken from.
    image : array of float32, optional
        Input to run in place of the seed's.
    accounting : MemoryAccounting
        How tensors share the arena.
    mapped : Mapped, optional
        What its layers run under, in kernels generated for a core.

    Returns
    -------
    Expected
        Model file, input, and the hash of each layer's output.
    """
    return expect_model(random_model(network, seed), variant, random_input(network, seed), image, accounting, mapped)


def expect_layers(count: int, seed: int, variants: Sequence[Variant]) -> list[Expected]:
    """Draw random layers and say what each must do, in each variant."""
    drawn = enumerate(random_networks(count, seed))
    return [expect_network(network, variant, seed + index) for index, network in drawn for variant in variants]


def validate(expectations: Sequence[Expected], targets: Iterable[Target], bench: Workbench) -> FirmwareComparison:
    """Run everything expected on every target with both dataflows, and compare.

    Parameters
    ----------
    expectations : sequence of Expected
        From `expect_network` or `expect_layers`.
    targets : iterable of Target
        This machine, and any of the emulated cores; those also run the timing build, whose loads and stores are compared too.
    bench : Workbench
        What building and running needs.

    Returns
    -------
    FirmwareComparison
        Every run.

    Raises
    ------
    ToolError
        If a compiler or an emulator is missing or fails; says what to install.
    """
    compared: list[RunComparison] = []
    for target in targets:
        compared += _on_target(expectations, target, bench)
    return FirmwareComparison(runs=tuple(compared))


def _on_target(expectations: Sequence[Expected], target: Target, bench: Workbench) -> list[RunComparison]:
    compared: list[RunComparison] = []
    for mapped in (False, True):
        part = [expected for expected in expectations if (expected.mapping is not None) is mapped]
        if part:
            # What is mapped runs as its model file says, once.
            dataflows = (Dataflow.OUTPUT_STATIONARY,) if mapped else tuple(DATAFLOW_CODES)
            compared += _run_alike(part, target, bench, dataflows)
    return compared


def _run_alike(expectations: Sequence[Expected], target: Target, bench: Workbench, dataflows: Sequence[Dataflow]) -> list[RunComparison]:
    models = b"".join(expected.model for expected in expectations)
    predicted = [
        predicted_counts(expected.network, expected.deployed.variant, expected.mapping or dataflow, expected.lines)
        for expected in expectations
        for dataflow in dataflows
    ]
    shapes = kernel_shapes([expected.deployed for expected in expectations])
    kernels = kernel_source(shapes) if shapes else ""
    activities: Sequence[Sequence[CoreActivity]] = ()
    firmware, cache = bench.firmware, bench.cache
    if target is Target.HOST:
        log = run_on_host(models, firmware=firmware, cache=cache, compiler=bench.compiler, dataflows=dataflows, kernels=kernels)
    else:
        emulate = partial(run_on_emulator, target, models, firmware=firmware, cache=cache, dataflows=dataflows, kernels=kernels)
        log = emulate(build="counting").log
        timed = emulate(build="timing", plugin=True)
        activities = core_activities(timed, predicted)
    runs = read_device_log(BytesIO(log), f"{target} log")
    compared: list[RunComparison] = []
    for index, expected in enumerate(expectations):
        part = slice(len(dataflows) * index, len(dataflows) * (index + 1))
        compared += compare_runs(runs[part], expected.network, expected, activities[part]).runs
    return compared
