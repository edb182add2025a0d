"""Measured times of whole networks, from the log of a device that ran this firmware: the ticks of their layers together."""

from __future__ import annotations

import io
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from costmodel.errors import InputError, SpecError
from costmodel.measurement.device_log import MAX_LOG_BYTES, DeviceRun, read_device_log
from costmodel.sources.catalogue import load_network
from costmodel.sources.documents.input_file import opened_input, read_input
from costmodel.sources.measured.measured_times import MeasuredTime
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import Mapping

RECORD: Final = b'{"cm":'
"""How each record of a log begins."""
TIMING: Final = "timing"
_BEGINNING_BYTES: Final = 1 << 16


def is_device_log(path: Path) -> bool:
    """Tell whether a file holds a record of the firmware near its beginning.

    Raises
    ------
    FormatError
        If there is no such file, or it cannot be read.
    """
    with opened_input(path, "a table of measured times, or a device log") as stream:
        return RECORD in stream.read(_BEGINNING_BYTES)


def read_logged_times(path: Path, network: str | None = None, dataflow: Mapping | None = None) -> tuple[MeasuredTime, ...]:
    """Read how long each network of a log took.

    Parameters
    ----------
    path : Path
        What came out of the serial port: runs of the timing build, one network or several, each as often as it was run.
    network : str, optional
        What to take the logged network for: a name or a file; left out, the packaged network of the logged name.
    dataflow : Mapping, optional
        Whose runs are taken, where the log holds those of several.

    Returns
    -------
    tuple of MeasuredTime
        One a network, its mean over the runs; the clock is not in a log.

    Raises
    ------
    FormatError
        If the log is damaged.
    SpecError
        If ticks are no time, counters were counted beside them, runs are of several dataflows or not of int8, or a network is unknown or
        has other layers than those that ran.
    """
    logged = read_device_log(io.BytesIO(read_input(path, MAX_LOG_BYTES, "a device log")), str(path))
    runs = _under_one_dataflow(path, logged, dataflow)
    names = list(dict.fromkeys(run.network for run in runs))
    if network is not None and len(names) > 1:
        raise SpecError(f"--network: {path} holds several networks: {', '.join(names)}; leave it out, or give one log a network")
    return tuple(_mean(path, [run for run in runs if run.network == name], network or name) for name in names)


def _under_one_dataflow(path: Path, runs: Sequence[DeviceRun], dataflow: Mapping | None) -> list[DeviceRun]:
    for run in runs:
        if run.build != TIMING:
            raise SpecError(f"{path}: a run of the {run.build} build counts while it runs; time one without CM_COUNTING")
        if not run.ticks_hz:
            raise SpecError(f"{path}: a tick of port {run.port} is no time (ticks_hz is 0); a log of a real device has one")
        if run.variant != "int8":
            raise SpecError(f"{path}: {run.network} ran as {run.variant}; rates by kind of layer are those of int8 kernels")
    found = list(dict.fromkeys(str(run.dataflow) for run in runs))
    if dataflow is not None:
        kept = [run for run in runs if run.dataflow == dataflow]
        if not kept:
            raise SpecError(f"--dataflow: {path} holds no run under {dataflow}, but under {', '.join(found)}")
        return kept
    if len(found) > 1:
        raise SpecError(f"{path}: runs are under {', '.join(found)}, each with a speed of its own; choose one with --dataflow")
    return list(runs)


def _mean(path: Path, runs: Sequence[DeviceRun], reference: str) -> MeasuredTime:
    try:
        network = load_network(reference)
    except InputError as error:
        raise SpecError(f"{path}: {error.message}; say with --network which it is") from None
    _check_layers(path, runs[0], network)
    durations_s = [sum(layer.tick_count for layer in run.layers) / run.ticks_hz for run in runs]
    mean_s = statistics.fmean(durations_s)
    if not mean_s > 0.0:
        raise SpecError(f"{path}: the layers of {runs[0].network} took no ticks")
    return MeasuredTime(network, mean_s, None, None)


def _check_layers(path: Path, run: DeviceRun, network: Network) -> None:
    known = {step.name for step in network.steps}
    foreign = next((layer.name for layer in run.layers if layer.name not in known), None)
    if foreign is not None:
        raise SpecError(
            f"{path}: {run.network} ran a layer {foreign!r}, which {network.name} has not; say with --network which network it is"
        )
