"""Deployed networks on an emulated core, held against closed forms and reference: counters, outputs, real loads and stores."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from costmodel.measurement.device_log import DeviceRun, read_device_log
from costmodel.results.comparison import Comparison, RunComparison
from costmodel.specs.counting import Dataflow
from costmodel.validation.comparing import Expected, compare_runs, predicted_counts
from costmodel.validation.emulators import run_on_emulator
from costmodel.validation.host import DATAFLOW_CODES
from costmodel.validation.tensor_accesses import core_activities


def compare_on_emulator(
    target: str,
    expected: Sequence[Expected],
    *,
    firmware: Path,
    cache: Path,
    dataflows: Sequence[Dataflow] = tuple(DATAFLOW_CODES),
) -> Comparison:
    """Run deployed networks on an emulated core twice, counting and timing, and compare every figure.

    The counting build gives counters, arena and outputs; the timing build, which has no counter in it, gives instructions and what the
    core really loaded and stored. All networks run in one start of the emulator each.

    Parameters
    ----------
    target : str
        `xtensa`, `riscv` or `arm`.
    expected : sequence of Expected
        What each network must do. A single one may have an input other than its own example.
    firmware : Path
        The folder `firmware/`.
    cache : Path
        Folder for what is built; it need not exist.
    dataflows : sequence of Dataflow
        What each network runs with, output stationary first.

    Returns
    -------
    Comparison
        For each network one run a dataflow, with what the core did in each layer.

    Raises
    ------
    ToolError
        If a compiler or the emulator is missing, fails or hangs.
    FormatError
        If the firmware ends with an error, such as too small an arena.
    """
    models = b"".join(each.model for each in expected)
    image = expected[0].image if len(expected) == 1 else b""
    predicted = [predicted_counts(each.network, each.deployed.variant, dataflow) for each in expected for dataflow in dataflows]
    counting = run_on_emulator(target, models, firmware=firmware, cache=cache, build="counting", image=image, dataflows=dataflows)
    timing = run_on_emulator(target, models, firmware=firmware, cache=cache, build="timing", image=image, dataflows=dataflows, plugin=True)
    counted = read_device_log(io.BytesIO(counting.log), f"{target}'s log")
    activities = core_activities(timing, predicted)
    compared: list[RunComparison] = []
    for index, each in enumerate(expected):
        own = slice(index * len(dataflows), (index + 1) * len(dataflows))
        runs = [_with_outputs_of(run, timed, each.output_hashes) for run, (timed, _) in zip(counted[own], activities[own], strict=True)]
        seen = [layers for _, layers in activities[own]]
        compared.extend(compare_runs(runs, each.network, each, seen).runs)
    return Comparison(runs=tuple(compared))


def _with_outputs_of(counted: DeviceRun, timed: DeviceRun, predicted: Sequence[str]) -> DeviceRun:
    """Both builds must give the predicted outputs: an output that only the timing build gets wrong is the one to compare."""
    layers = tuple(
        replace(layer, output_hash=other.output_hash) if layer.output_hash == right else layer
        for layer, other, right in zip(counted.layers, timed.layers, predicted, strict=True)
    )
    return replace(counted, layers=layers)
