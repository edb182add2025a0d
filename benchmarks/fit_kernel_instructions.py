"""Fits instructions of generated kernels on the emulated cores: random layers in every tile, an eighth of them left out at a time.

Run from the root of the checkout: `python benchmarks/fit_kernel_instructions.py LAYERS [cache folder] [core ...]`. Writes
`costmodel/sources/data/kernel_instructions/CORE.yaml`. Needs the cross compilers and QEMU; counts are exact and repeat.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deployed import Variant
from costmodel.deployment.kernels.pairs import held_tiles
from costmodel.deployment.kernels.shapes import KernelShape, kernel_shape
from costmodel.deployment.kernels.source import kernel_shapes, kernel_source
from costmodel.deployment.kernels.tile_work import SignCounts, tile_work
from costmodel.errors import InputError
from costmodel.latency.expected_rates import ExpectedRate, fit_expected
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import CORES, KernelCore, tile_register_count
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import mapping_of
from costmodel.validation.comparing import Expected, expect
from costmodel.validation.mapping_choice import mapped_expected
from costmodel.validation.mapping_search import PAIRED_FILTERS
from costmodel.validation.targets.emulators import run_on_emulator
from costmodel.validation.validating import Mapped, Workbench, expect_network

LEAST_INSTRUCTIONS = 20_000
"""Of a layer that is fitted."""
LARGE = 100_000
"""Instructions of a layer whose error is stated."""
LAYER = "layer"
BATCH = 6
"""Draws that are built together: a kernel's instructions may depend on what lies beside it."""
FOLDS = 8
MOST_PAIR_PIXELS = 4
NOISE = 0.02
"""Relative error that rates leave, about: compilers move single instructions in and out of loops."""
DATA = Path(__file__).parents[1] / "costmodel" / "sources" / "data" / "kernel_instructions"

EXPECTED: Final = {
    "load_count": ExpectedRate(1, 0.02),
    "extended_load_count": ExpectedRate(2, 0.5),
    "subtracted_load_count": ExpectedRate(1, 0.3),
    "step_count": ExpectedRate(1, 0.5),
    "far_load_count": ExpectedRate(0.5, 1),
    "part_count": ExpectedRate(3, 2),
    "apart_count": ExpectedRate(4, 3),
    "pair_result_count": ExpectedRate(2, 2),
    "pair_tile_count": ExpectedRate(3, 5),
    "head_count": ExpectedRate(4, 4),
    "turn_count": ExpectedRate(4, 3),
    "rest_count": ExpectedRate(2, 4),
    "loop_count": ExpectedRate(2, 3),
    "written_count": ExpectedRate(1, 3),
    "gap_count": ExpectedRate(3, 4),
    "visit_count": ExpectedRate(6, 5),
    "visit_result_count": ExpectedRate(0.5, 1),
    "tile_count": ExpectedRate(6, 5),
    "map_tile_count": ExpectedRate(0, 4),
    "tile_pixel_count": ExpectedRate(1, 2),
    "far_filter_count": ExpectedRate(2, 2),
    "factor_count": ExpectedRate(8, 5),
    "bias_count": ExpectedRate(2.5, 2),
    "accumulator_count": ExpectedRate(3, 3),
    "rectified_above_count": ExpectedRate(9, 5),
    "rectified_rest_count": ExpectedRate(3, 3),
    "signed_below_count": ExpectedRate(17, 8),
    "signed_rest_count": ExpectedRate(10, 8),
    "moved_result_count": ExpectedRate(1, 1),
    "filled_count": ExpectedRate(5, 2),
    "fill_run_count": ExpectedRate(10, 10),
    "fill_count": ExpectedRate(15, 10),
    "cleared_count": ExpectedRate(6, 5),
    "call_count": ExpectedRate(15, 10),
    "call_filter_count": ExpectedRate(2, 4),
    "call_accumulator_count": ExpectedRate(2, 4),
    "row_count": ExpectedRate(20, 20),
    "kernel_row_count": ExpectedRate(15, 10),
    "inner_row_count": ExpectedRate(5, 10),
    "group_count": ExpectedRate(30, 20),
    "layer_count": ExpectedRate(50, 50),
}
"""Instructions a unit is expected to take, from the source and the instruction sets."""
CORES_OWN: Final = {
    "arm": {"mac_count": ExpectedRate(1, 0.02), "pair_mac_count": ExpectedRate(-0.5, 0.02)},
    "riscv": {"mac_count": ExpectedRate(2, 0.02), "pair_mac_count": ExpectedRate(-1, 0.02)},
    "xtensa": {
        "mac_count": ExpectedRate(2, 0.02),
        "pair_mac_count": ExpectedRate(-1, 0.02),
        # Without a high product in the instruction set.
        "rectified_above_count": ExpectedRate(27, 8),
        "signed_below_count": ExpectedRate(34, 8),
        "signed_rest_count": ExpectedRate(27, 8),
        "far_load_count": ExpectedRate(1, 1),
    },
}
SPREADS: Final = {
    "step": 1.0,
    "turn": 1.5,
    "visit": 3.0,
    "row_tile": 6.0,
    "map_tile": 6.0,
    "rectified_tile": 4.0,
    "signed_tile": 4.0,
    "pair_turn": 1.5,
    "pair_group": 12.0,
    "apart_tap": 1.0,
    "pair_visit": 3.0,
    "pair_tile": 8.0,
}
"""How much more or less a unit may take in tiles of one size."""


class Layer(NamedTuple):
    """One layer that ran."""

    shape: KernelShape
    signs: SignCounts | None
    held: tuple[bool, ...]
    instruction_count: int


def tiles_of(core: KernelCore) -> list[tuple[int, int]]:
    """Every tile that fits."""
    return [(p, q) for p in range(1, 9) for q in range(1, 17) if tile_register_count(p, q) <= core.register_count]


def in_pairs(expected: Expected, core: KernelCore, generator: np.random.Generator) -> Expected:
    """The same layer in a tile of pairs, some with weights that let more sums share a register; SpecError where it has none."""
    sizes = [(p, q) for p in range(1, MOST_PAIR_PIXELS + 1) for q in PAIRED_FILTERS if tile_register_count(p, q, 1) <= core.register_count]
    pixels, filters = sizes[generator.integers(len(sizes))]
    swar, divisor = int(generator.integers(2, 9)), int(generator.integers(1, 4))
    layers = tuple(
        replace(layer, weights=(layer.weights // divisor).astype(np.int8)) if layer.name == LAYER and layer.weights is not None else layer
        for layer in expected.deployed.layers
    )
    plain = expect(expected.network, replace(expected.deployed, layers=layers), expected.image)
    return mapped_expected(
        plain, f"output-stationary[{LAYER}=blocked-output-stationary(pixels={pixels}, filters={filters}, swar={swar})]", core
    )


def drawn(generator: np.random.Generator, name: str) -> Network:
    """A layer of a kind that networks are made of, mostly behind a rectifier."""

    def number(low: int, high: int) -> int:
        return int(generator.integers(low, high))

    kind = ("conv", "conv", "conv", "pointwise", "depthwise", "linear")[number(0, 6)]
    channels, filters, groups = number(1, 49), number(1, 49), 1
    if kind == "conv" and number(0, 4) == 0:
        groups = number(2, 4)
        channels, filters = groups * number(2, 12), groups * number(2, 16)
    rows, columns = number(6, 21), number(6, 25)
    layers: list[dict[str, Any]] = [{"kind": "conv2d", "name": "before", "out_channels": channels, "kernel": 1}]
    layers += [{"kind": "relu", "name": "rectified"}] if number(0, 3) else []
    kernel = [number(1, 6), number(1, 6)]
    kernel = [kernel[0]] * 2 if number(0, 2) else kernel
    bias = bool(number(0, 5))
    if kind == "linear":
        rows, columns = number(3, 9), number(3, 9)
        layers += [{"kind": "flatten", "name": "flat"}, {"kind": "linear", "name": LAYER, "out_features": number(8, 120), "bias": bias}]
    else:
        one, depthwise = kind == "pointwise", kind == "depthwise"
        layers.append(
            {
                "kind": "conv2d",
                "name": LAYER,
                "out_channels": channels if depthwise else filters,
                "groups": channels if depthwise else groups,
                "kernel": 1 if one else kernel,
                "padding": 0 if one else [extent // 2 if depthwise else number(0, extent // 2 + 1) for extent in kernel],
                "stride": 1 if one and number(0, 3) else number(1, 3),
                "dilation": 1 if depthwise or number(0, 5) else 2,
                "bias": bias,
            }
        )
    layers += [{"kind": "relu", "name": "last"}] if number(0, 4) else []
    return Network.model_validate({"name": name, "input": (number(1, 5), rows, columns), "types": {"input": "int8"}, "layers": layers})


def expectations(core: KernelCore, draws: range, seed: int) -> Iterator[Expected]:
    """Draw layers, each in a random tile, and every third in one of pairs besides where it takes one."""
    tiles = tiles_of(core)
    for index in draws:
        generator = np.random.default_rng([seed, index])
        pixels, filters = tiles[generator.integers(len(tiles))]
        mapping = mapping_of(f"output-stationary[{LAYER}=blocked-output-stationary(pixels={pixels}, filters={filters})]")
        try:
            network = drawn(generator, f"fit-{index}")
            yield expect_network(network, Variant.INT8, index, mapped=Mapped(mapping, core))
            if index % 3 == 0:
                yield in_pairs(expect_network(network, Variant.INT8, index), core, generator)
        except InputError:
            continue


def measured(core: KernelCore, draws: range, seed: int, bench: Workbench) -> Iterator[Layer]:
    """Layers that ran, with the instructions they took."""
    for begin in range(draws.start, draws.stop, BATCH):
        part = list(expectations(core, range(begin, min(begin + BATCH, draws.stop)), seed))
        ran = run_on_emulator(
            core.name,
            b"".join(expected.model for expected in part),
            firmware=bench.firmware,
            cache=bench.cache,
            build="timing",
            dataflows=(Dataflow.OUTPUT_STATIONARY,),
            plugin=True,
            kernels=kernel_source(kernel_shapes([expected.deployed for expected in part])),
            timeout_s=600,
        )
        segments = iter(ran.segments)
        for expected in part:
            for layer, signs in zip(expected.deployed.layers, expected.signs, strict=True):
                segment, shape = next(segments), kernel_shape(expected.deployed, layer)
                if shape is not None:
                    yield Layer(shape, signs, held_tiles(expected.deployed, layer, shape.tile), segment.instruction_count)
        print(f"{core.name}: {begin + BATCH} of {draws.stop} draws", flush=True)


def expected_rate(unit: str, core: str) -> ExpectedRate:
    """What a unit of work should take before anything was measured."""
    kind, _, size = unit.partition(" ")
    if kind == "apart_tap":
        return ExpectedRate(0, SPREADS[kind])
    if kind in ("tap", "pair_tap"):
        pixels, _, filters = size.partition("x")
        return ExpectedRate(0, 0.15 + 0.02 * int(pixels) * int(filters))
    return ExpectedRate(0, SPREADS[kind]) if size else CORES_OWN[core].get(unit) or EXPECTED[unit]


def fitted(core: str, layers: Sequence[Layer]) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Return the rates, and the relative error of each layer by rates of the others."""
    works = [tile_work(layer.shape, layer.signs, layer.held).regressors for layer in layers]
    units = list(dict.fromkeys(unit for work in works for unit in work))
    counts = np.array([[work.get(unit, 0) for unit in units] for work in works], np.float64)
    took = np.array([layer.instruction_count for layer in layers], np.float64)
    expected = [expected_rate(unit, core) for unit in units]
    errors = np.empty(len(layers))
    fold = np.arange(len(layers)) % FOLDS
    for left_out in range(FOLDS):
        kept = fold != left_out
        rates = fit_expected(counts[kept].tolist(), took[kept].tolist(), expected, NOISE)
        errors[~kept] = counts[~kept] @ rates / took[~kept] - 1
    rates = fit_expected(counts.tolist(), took.tolist(), expected, NOISE)
    return dict(zip(units, (float(rate) for rate in rates), strict=True)), errors


def written(core: str, layers: Sequence[Layer]) -> str:
    """Fit, say how far off, and return the file."""
    rates, errors = fitted(core, layers)
    large = np.abs(errors[[layer.instruction_count >= LARGE for layer in layers]])
    median, most, worst = np.median(large), np.quantile(large, 0.9), large.max()
    print(
        f"{core}: {len(layers)} layers; left out, {len(large)} large ones: median {median:.2%}, 90 % within {most:.2%}, worst {worst:.2%}"
    )
    lines = [
        f"name: {core}",
        f"layer_count: {len(layers)}",
        f"median_error_ratio: {median:.4g}",
        f"p90_error_ratio: {most:.4g}",
        f"worst_error_ratio: {worst:.4g}",
        "instructions:",
        *(f"  {unit}: {rates[unit]:.5g}" for unit in sorted(rates, key=lambda unit: (" " in unit, unit)) if abs(rates[unit]) > 1e-4),
        "source: 'measured: random layers on the emulated core, fitted by benchmarks/fit_kernel_instructions.py'",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    names = sys.argv[3:] or list(CORES)
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(folder)
        bench = Workbench(Path(__file__).parents[1] / "firmware", cache)
        for name in names:
            layers = [layer for layer in measured(CORES[name], range(count), 1, bench) if layer.instruction_count >= LEAST_INSTRUCTIONS]
            (DATA / f"{name}.yaml").write_text(written(name, layers), encoding="utf-8")


if __name__ == "__main__":
    main()
