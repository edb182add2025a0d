"""Fits instructions of generated kernels on the emulated cores: random layers in every tile, a fifth of their shapes left out at a time.

Run from the root of the checkout: `python benchmarks/fit_kernel_instructions.py LAYERS [cache folder] [core ...]`. Writes
`costmodel/sources/data/kernel_instructions/CORE.yaml`. Needs the cross compilers and QEMU; counts are exact and repeat.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from costmodel.deployment.deployed import Variant
from costmodel.deployment.kernels.shapes import KernelShape, kernel_shape
from costmodel.deployment.kernels.source import kernel_shapes, kernel_source
from costmodel.deployment.kernels.tile_work import TileWork, tile_work
from costmodel.errors import InputError
from costmodel.latency.kernel_rates import fit_path
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import CORES, KernelCore, tile_register_count
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import mapping_of
from costmodel.validation.comparing import Expected
from costmodel.validation.targets.emulators import run_on_emulator
from costmodel.validation.validating import Mapped, Workbench, expect_network

LEAST_INSTRUCTIONS = 10_000
BATCH = 5
DATA = Path(__file__).parents[1] / "costmodel" / "sources" / "data" / "kernel_instructions"


def tiles_of(core: KernelCore) -> list[tuple[int, int]]:
    """Every tile worth trying: as many accumulators as fit, or fewer where a row or the filters are few."""
    sizes = range(1, 9)
    return [(p, q) for p in sizes for q in sizes if p * q <= 16 and tile_register_count(p, q) <= core.register_count]


def drawn(generator: np.random.Generator, name: str) -> Network:
    """A layer of a kind that networks are made of, behind a rectifier."""
    kind = ("conv", "conv", "pointwise", "depthwise", "linear")[generator.integers(5)]
    channels, filters = (int(number) for number in generator.integers(4, 49, 2))
    side = int(generator.integers(5, 17))
    layers: list[dict[str, Any]] = [{"kind": "conv2d", "name": "before", "out_channels": channels, "kernel": 1}]
    layers.append({"kind": "relu", "name": "rectified"})
    kernel = int(generator.integers(2, 6))
    if kind == "linear":
        layers.append({"kind": "flatten", "name": "flat"})
        layers.append({"kind": "linear", "name": "layer", "out_features": int(generator.integers(8, 80))})
        side = int(generator.integers(2, 7))
    elif kind == "depthwise":
        layers.append(
            {
                "kind": "conv2d",
                "name": "layer",
                "out_channels": channels,
                "groups": channels,
                "kernel": 3,
                "padding": 1,
                "stride": int(generator.integers(1, 3)),
            }
        )
        side += 6
    else:
        one = kind == "pointwise"
        layers.append(
            {
                "kind": "conv2d",
                "name": "layer",
                "out_channels": filters,
                "kernel": 1 if one else kernel,
                "padding": 0 if one else int(generator.integers(0, kernel // 2 + 1)),
                "stride": 1 if one else int(generator.integers(1, 3)),
            }
        )
    if generator.integers(4):
        layers.append({"kind": "relu", "name": "last"})
    return Network.model_validate({"name": name, "input": (int(generator.integers(1, 5)), side, side), "layers": layers})


def expectations(core: KernelCore, count: int, seed: int) -> Iterator[Expected]:
    tiles = tiles_of(core)
    for index in range(count):
        generator = np.random.default_rng([seed, index])
        pixels, filters = tiles[generator.integers(len(tiles))]
        mapping = mapping_of(f"blocked-output-stationary(pixels={pixels}, filters={filters})")
        try:
            yield expect_network(drawn(generator, f"fit-{index}"), Variant.INT8, index, mapped=Mapped(mapping, core))
        except InputError:
            continue


def measured(core: KernelCore, count: int, seed: int, bench: Workbench) -> Iterator[tuple[KernelShape, TileWork, int]]:
    """Layers with what they do and the instructions they took."""
    found = list(expectations(core, count, seed))
    for begin in range(0, len(found), BATCH):
        part = found[begin : begin + BATCH]
        deployed = [expected.deployed for expected in part]
        ran = run_on_emulator(
            core.name,
            b"".join(expected.model for expected in part),
            firmware=bench.firmware,
            cache=bench.cache,
            build="timing",
            dataflows=(Dataflow.OUTPUT_STATIONARY,),
            plugin=True,
            kernels=kernel_source(kernel_shapes(deployed)),
        )
        segments = iter(ran.segments)
        for network in deployed:
            for layer in network.layers:
                segment, shape = next(segments), kernel_shape(network, layer)
                if shape is not None:
                    yield shape, tile_work(shape), segment.instruction_count


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    names = sys.argv[3:] or list(CORES)
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(folder)
        bench = Workbench(Path(__file__).parents[1] / "firmware", cache)
        for name in names:
            print(name, flush=True)
            rows = [row for row in measured(CORES[name], count, 1, bench) if row[2] >= LEAST_INSTRUCTIONS]
            fit = fit_path(TileWork._fields, [row[1] for row in rows], [row[2] for row in rows], [str(row[0]) for row in rows])
            predicted = [sum(fit.cycles[field] * number for field, number in row[1]._asdict().items()) for row in rows]
            errors = sorted(abs(one / row[2] - 1) for one, row in zip(predicted, rows, strict=True))
            print(f"{name}: {len(rows)} layers, in sample median {errors[len(errors) // 2]:.2%}, worst {errors[-1]:.2%};", end=" ")
            print(f"left out median {fit.median_error_ratio:.2%}, 90 % within {fit.p90_error_ratio:.2%}")
            lines = [
                f"name: {name}",
                f"layer_count: {len(rows)}",
                f"median_error_ratio: {fit.median_error_ratio:.4g}",
                f"p90_error_ratio: {fit.p90_error_ratio:.4g}",
                "instructions:",
                *(f"  {field}: {rate:.6g}" for field, rate in fit.cycles.items()),
                "source: 'measured: random layers on the emulated core, fitted by benchmarks/fit_kernel_instructions.py'",
            ]
            (DATA / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
