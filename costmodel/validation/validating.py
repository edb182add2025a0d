"""Builds the firmware, runs networks with it, and compares every counter with its closed form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.deploy import deploy, input_as_deployed
from costmodel.compression.deployed import Variant
from costmodel.compression.parameters import random_input, random_parameters
from costmodel.errors import UnknownNameError
from costmodel.measurement.device_log import DeviceRun, read_device_log
from costmodel.results.comparison import Comparison, CoreActivity, RunComparison, TensorAccesses
from costmodel.results.counts import AccessCounts
from costmodel.specs.network import Network
from costmodel.validation.comparing import Expected, compare_runs, expect, predicted_counts
from costmodel.validation.emulated_targets import TARGETS
from costmodel.validation.emulators import run_on_emulator
from costmodel.validation.host import DATAFLOW_CODES, run_on_host
from costmodel.validation.random_layers import random_networks
from costmodel.validation.tensor_accesses import LayerAccesses, check_accesses, layer_accesses

HOST: Final = "host"
TARGET_NAMES: Final = (HOST, *TARGETS)
"""Where the firmware can be run."""
DEFAULT_SEED: Final = 7


@dataclass(frozen=True)
class Workbench:
    """What building and running the firmware needs."""

    firmware: Path
    """The folder `firmware/`."""
    cache: Path
    """Folder for what is built."""
    compiler: str | None = None
    """C compiler of this machine; None to look for one."""


def expect_network(network: Network, variant: Variant, seed: int, image: NDArray[np.float32] | None = None) -> Expected:
    """Deploy a network with weights from a seed, and say what it must do.

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

    Returns
    -------
    Expected
        Model file, input, and the hash of each layer's output.
    """
    deployed = deploy(network, random_parameters(network, seed), variant, random_input(network, seed))
    if image is not None:
        deployed = replace(deployed, example_input=input_as_deployed(deployed, image))
    return expect(network, deployed)


def expect_layers(count: int, seed: int, variants: Sequence[Variant]) -> list[Expected]:
    """Draw random layers and say what each must do, in each variant."""
    drawn = enumerate(random_networks(count, seed))
    return [expect_network(network, variant, seed + index) for index, network in drawn for variant in variants]


def validate(expectations: Sequence[Expected], targets: Iterable[str], bench: Workbench) -> Comparison:
    """Run everything expected on every target with both dataflows, and compare.

    Parameters
    ----------
    expectations : sequence of Expected
        From `expect_network` or `expect_layers`.
    targets : iterable of str
        `host`, and any of the emulated ones; those also run the timing build, whose loads and stores are compared too.
    bench : Workbench
        What building and running needs.

    Returns
    -------
    Comparison
        Every run.

    Raises
    ------
    UnknownNameError
        If a target does not exist.
    ToolError
        If a compiler or an emulator is missing or fails; says what to install.
    """
    compared: list[RunComparison] = []
    for target in targets:
        if target not in TARGET_NAMES:
            raise UnknownNameError("target", target, TARGET_NAMES, "a target")
        compared += _on_target(expectations, target, bench)
    return Comparison(runs=tuple(compared))


def _on_target(expectations: Sequence[Expected], target: str, bench: Workbench) -> list[RunComparison]:
    models = b"".join(expected.model for expected in expectations)
    activities: list[list[CoreActivity]] = []
    if target == HOST:
        log = run_on_host(models, firmware=bench.firmware, cache=bench.cache, compiler=bench.compiler)
    else:
        log = run_on_emulator(target, models, firmware=bench.firmware, cache=bench.cache, build="counting").log
        timed = run_on_emulator(target, models, firmware=bench.firmware, cache=bench.cache, build="timing", plugin=True)
        timed_runs = read_device_log(BytesIO(timed.log), f"{target} log")
        activities = _activities(timed_runs, layer_accesses(timed), expectations)
    runs = read_device_log(BytesIO(log), f"{target} log")
    dataflow_count = len(DATAFLOW_CODES)
    compared: list[RunComparison] = []
    for index, expected in enumerate(expectations):
        part = slice(dataflow_count * index, dataflow_count * (index + 1))
        compared += compare_runs(runs[part], expected.network, expected, activities[part]).runs
    return compared


def _activities(runs: Sequence[DeviceRun], accesses: Sequence[LayerAccesses], expectations: Sequence[Expected]) -> list[list[CoreActivity]]:
    """What the core did, run by run and layer by layer."""
    found = []
    remaining = iter(accesses)
    for position, run in enumerate(runs):
        network = expectations[position // len(DATAFLOW_CODES)].network
        counts = predicted_counts(network, Variant(run.variant), run.dataflow)
        found.append([_activity(next(remaining), count, record.output_hash) for record, count in zip(run.layers, counts, strict=True)])
    return found


def _activity(layer: LayerAccesses, counts: AccessCounts, output_hash: str) -> CoreActivity:
    checks = {(check.tensor, check.access): check for check in check_accesses([(layer, counts)])}
    tensors = tuple(
        TensorAccesses(
            tensor=tensor,
            predicted_load_count=checks[tensor, "load"].counted_count,
            measured_load_count=checks[tensor, "load"].measured_count,
            predicted_store_count=checks[tensor, "store"].counted_count,
            measured_store_count=checks[tensor, "store"].measured_count,
        )
        for tensor in layer.tensors
    )
    return CoreActivity(
        instruction_count=layer.instruction_count,
        output_hash=output_hash,
        tensors=tensors,
        other_load_count=layer.outside.load_count,
        other_store_count=layer.outside.store_count,
    )
