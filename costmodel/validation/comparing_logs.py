"""A device's log held against the closed forms: the question `costmodel compare` asks."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

from costmodel.deployment.deployed import Variant
from costmodel.measurement.device_log import read_device_log
from costmodel.results.runs.comparison import FirmwareComparison, RunComparison
from costmodel.sources.catalogue import Reference, load_network
from costmodel.specs.devices.kernel_core import kernel_core
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting
from costmodel.validation.comparing import compare_runs
from costmodel.validation.mapping_choice import mapped_expected
from costmodel.validation.validating import expect_network


def compare(
    log: bytes | BinaryIO,
    network: Reference[Network] | None = None,
    *,
    seed: int | None = None,
    name: str = "device log",
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE,
    mapping: str | None = None,
    core: str = "xtensa",
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
    mapping : str, optional
        What `pack --mapping` was given, where the device ran generated kernels.
    core : str
        The core they were generated for.

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
        mapped = None
        if mapping is not None and run.variant in variants:
            # Which elements a line buffer holds follows from the layers, whatever their weights are.
            any_weights = expected or expect_network(chosen, variants[run.variant], 0, accounting=accounting)
            mapped = mapped_expected(any_weights, mapping, kernel_core(core))
            expected = mapped if known else None
        compared += compare_runs([run], chosen, expected, accounting=accounting, mapped=mapped).runs
    return FirmwareComparison(runs=tuple(compared))
