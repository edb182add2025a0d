"""A device's log held against the closed forms: the question `costmodel compare` asks."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

from costmodel.deployment.deployed import Variant
from costmodel.measurement.device_log import read_device_log
from costmodel.results.runs.comparison import FirmwareComparison, RunComparison
from costmodel.sources.catalogue import Reference, load_network
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting
from costmodel.validation.comparing import compare_runs
from costmodel.validation.validating import expect_network


def compare(
    log: bytes | BinaryIO,
    network: Reference[Network] | None = None,
    *,
    seed: int | None = None,
    name: str = "device log",
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE,
) -> FirmwareComparison:
    """Compare every counter a device logged with its closed form.

    Parameters
    ----------
    log : bytes or binary stream
        What came out of the serial port, boot messages and all.
    network : str, Path, mapping or Network, optional
        What the device ran; left out, the network of the zoo that the log names.
    seed : int, optional
        Seed of the weights in the device's model file; given, outputs are compared too.
    name : str
        What messages call the log.
    accounting : MemoryAccounting
        How the tensors share the arena that was packed.

    Returns
    -------
    FirmwareComparison
        Run by run; `equal` or not.

    Raises
    ------
    InputError
        If the log is cut, damaged, of another schema version, network or model, or of the timing build.
    """
    compared: list[RunComparison] = []
    variants = {member.value: member for member in Variant}
    for run in read_device_log(BytesIO(log) if isinstance(log, bytes) else log, name):
        chosen = load_network(run.network if network is None else network)
        known = seed is not None and run.variant in variants
        expected = expect_network(chosen, variants[run.variant], seed or 0, accounting=accounting) if known else None
        compared += compare_runs([run], chosen, expected, accounting=accounting).runs
    return FirmwareComparison(runs=tuple(compared))
