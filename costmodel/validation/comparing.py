"""Predicted counts beside a device's: the same question put to the closed forms and to the firmware."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.deployment.folding import with_folded_biases
from costmodel.deployment.kernels.shapes import KernelShape
from costmodel.deployment.kernels.source import kernel_shapes
from costmodel.deployment.kernels.tile_work import SignCounts
from costmodel.deployment.model_file import model_hash, write_model_file
from costmodel.deployment.reference import ELEMENTS, run_reference
from costmodel.errors import MissingError, SpecError
from costmodel.measurement.device_log import DeviceRun
from costmodel.results.runs.comparison import CoreActivity, FirmwareComparison, LayerComparison, RunComparison
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import Mapping
from costmodel.specs.scenario import MemoryAccounting
from costmodel.validation.firmware_plan import predicted_arena_bytes, predicted_counts
from costmodel.validation.zero_products import zero_products


@dataclass(frozen=True, eq=False)
class Expected:
    """What a deployed network must do, whatever runs it."""

    network: Network
    deployed: DeployedNetwork
    model: bytes
    """Its model file."""
    image: bytes
    """The input it is run with."""
    output_hashes: tuple[str, ...]
    """CRC-32 of each layer's output."""
    output: bytes
    """The network's output."""
    signs: tuple[SignCounts | None, ...]
    """The signs of each layer's sums, before they become results; None where it has none."""
    zeros: tuple[int | None, ...] = ()
    """Multiply-accumulates of each layer whose input stands for 0; None where it has none."""
    mapping: Mapping | None = None
    """What its layers run under, where the model file says so; None where the run chooses."""

    @property
    def kernels(self) -> tuple[KernelShape, ...]:
        """Generated kernels that the firmware needs for it."""
        return kernel_shapes([self.deployed])

    @property
    def lines(self) -> dict[str, int]:
        """Bytes of an element of each line buffer, by layer."""
        return {layer.name: layer.tile.line.size_bytes for layer in self.deployed.layers if layer.tile is not None}


def expect(network: Network, deployed: DeployedNetwork, image: bytes = b"", mapping: Mapping | None = None) -> Expected:
    """Say what a deployed network must do.

    Parameters
    ----------
    network : Network
        What was deployed.
    deployed : DeployedNetwork
        How.
    image : bytes
        An input as its input tensor holds it; empty for its own example.
    mapping : Mapping, optional
        What its layers were mapped to.

    Returns
    -------
    Expected
        With the hash of each layer's output, by the NumPy reference.
    """
    tensor = deployed.tensors[deployed.input_tensor]
    values: NDArray[Any] | None = deployed.example_input
    if image:
        values = np.frombuffer(image, ELEMENTS[tensor.type]).reshape(tensor.shape)
    if values is None:
        raise MissingError(f"{network.name}: give an input; the deployed network has no example")
    signs: list[SignCounts | None] = [None] * len(deployed.layers)

    def watch(place: int, sums: NDArray[Any]) -> None:
        signs[place] = SignCounts(int((sums > 0).sum()), int((sums < 0).sum()))

    outputs = run_reference(deployed, values, watch)
    hashes = tuple(f"{zlib.crc32(output.tobytes()):08x}" for output in outputs)
    return Expected(
        network,
        deployed,
        write_model_file(deployed),
        values.tobytes(),
        hashes,
        outputs[-1].tobytes(),
        tuple(signs),
        zero_products(deployed, values, outputs),
        mapping,
    )


def compare_runs(
    runs: Sequence[DeviceRun],
    network: Network,
    expected: Expected | None = None,
    activities: Sequence[Sequence[CoreActivity | None]] = (),
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE,
    mapped: Expected | None = None,
) -> FirmwareComparison:
    """Compare what a device logged with what is predicted.

    Parameters
    ----------
    runs : sequence of DeviceRun
        From `read_device_log`.
    network : Network
        What the device is said to have run.
    expected : Expected, optional
        The deployment, where it is known; then outputs are compared too.
    activities : sequence of sequences of CoreActivity
        For each run what the core did in each layer, where an emulator has seen it.
    accounting : MemoryAccounting
        How the tensors share the arena that was packed.
    mapped : Expected, optional
        A deployment under the mapping the device ran, with other weights maybe, where `expected` is not given.

    Returns
    -------
    FirmwareComparison
        Equal or not.

    Raises
    ------
    SpecError
        If the log is of another network, another model, or of the timing build, which counts nothing.
    """
    compared = []
    folded = with_folded_biases(network)
    folded_bias_count = sum(a != b for a, b in zip(network.layers, folded.layers, strict=True))
    for position, run in enumerate(runs):
        _same_network(run, network, expected)
        variant = Variant(run.variant)
        under = expected or mapped
        mapping = run.dataflow if under is None or under.mapping is None else under.mapping
        lines = {} if under is None else under.lines
        counts = predicted_counts(network, variant, mapping, lines)
        activity = activities[position] if activities else [None] * len(counts)
        layers = []
        for record, predicted, seen in zip(run.layers, counts, activity, strict=True):
            if record.counts is None:
                raise SpecError("the log is of the timing build, which counts nothing; run the counting build")
            layers.append(
                LayerComparison(
                    name=record.name,
                    kind=network.steps[record.index].kind,
                    predicted=predicted,
                    measured=record.counts,
                    predicted_output_hash=expected.output_hashes[record.index] if expected else None,
                    measured_output_hash=record.output_hash,
                    activity=seen,
                )
            )
        compared.append(
            RunComparison(
                target=run.port,
                network=run.network,
                variant=run.variant,
                dataflow=mapping,
                compiler=run.compiler,
                flags=run.flags,
                core_hash=run.core_hash,
                model_hash=run.model_hash,
                predicted_arena_bytes=predicted_arena_bytes(network, variant, mapping, accounting, lines),
                measured_arena_bytes=run.arena_bytes,
                class_index=run.class_index,
                folded_bias_count=folded_bias_count,
                layers=tuple(layers),
            )
        )
    return FirmwareComparison(runs=tuple(compared))


def _same_network(run: DeviceRun, network: Network, expected: Expected | None) -> None:
    if run.network != network.name:
        raise SpecError(f"the log is of network {run.network!r}, compared with {network.name!r}")
    if len(run.layers) != len(network.steps):
        raise SpecError(f"the log has {len(run.layers)} layers, {network.name!r} has {len(network.steps)}")
    for record, step in zip(run.layers, network.steps, strict=True):
        if record.name != step.name or record.kind not in (step.kind, "view"):
            found = f"{record.name!r} ({record.kind})"
            raise SpecError(f"the log is of another network: layer {record.index} is {found}, expected {step.name!r} ({step.kind})")
    if run.variant not in tuple(Variant):
        raise SpecError(f"the log has variant {run.variant!r}, expected int8 or float32")
    if expected and run.model_hash != model_hash(expected.model):
        raise SpecError(f"the log is of model {run.model_hash}, expected {model_hash(expected.model)}")
