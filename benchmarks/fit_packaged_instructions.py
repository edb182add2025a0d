"""Fits instructions of the packaged kernels on the emulated cores to random layers, an eighth of them left out at a time.

Run from the root of the checkout: `python benchmarks/fit_packaged_instructions.py LAYERS [cache folder] [core ...]`. Writes
`costmodel/sources/data/packaged_instructions/CORE.yaml`. Needs the cross compilers and QEMU; counts are exact and repeat.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.deployment.deployed import Kernel, Variant
from costmodel.deployment.folding import with_folded_biases
from costmodel.errors import InputError
from costmodel.latency.expected_rates import ExpectedRate, fit_expected
from costmodel.latency.packaged_kernels import Arithmetic, packaged_work
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import CORES
from costmodel.specs.network import Network
from costmodel.validation.comparing import Expected, expect
from costmodel.validation.mapping_search import arithmetic_of
from costmodel.validation.targets.emulators import run_on_emulator
from costmodel.validation.validating import Workbench, expect_network

LEAST_INSTRUCTIONS = 10_000
BATCH = 40
FOLDS = 8
ZERO_POINT = -7
RATE = ExpectedRate(10, 30)
"""Instructions a unit is expected to take, about, and how far off that may be."""
RATES_OF_FLOATS = {
    "tap": ExpectedRate(300, 200),
    "zero": ExpectedRate(-100, 100),
    "biased": ExpectedRate(150, 100),
    **dict.fromkeys(("passed", "rectified", "below", "rest"), ExpectedRate(40, 40)),
}
RATE_OF_NINE = ExpectedRate(2700, 1800)
"""Of the nine taps of a 3x3."""
FLOATS = (Arithmetic.FLOAT32, Arithmetic.FLOAT32_OF_INT8)
NOISE = 0.001
NOISE_OF_FLOATS = 0.01
"""Relative error that rates leave, about: how long a sum of floats takes depends on what is summed."""
DATA = Path(__file__).parents[1] / "costmodel" / "sources" / "data" / "packaged_instructions"


class Layer(NamedTuple):
    """One layer that ran."""

    work: dict[str, float]
    instruction_count: int


def drawn(generator: np.random.Generator, name: str) -> Network:
    """A layer of a kind that networks are made of, behind another that may rectify."""

    def number(low: int, high: int) -> int:
        return int(generator.integers(low, high))

    kind = ("square", "square", "any", "any", "pointwise", "depthwise", "linear")[number(0, 7)]
    channels, filters, groups = number(1, 13), number(1, 17), 1
    if kind == "any" and number(0, 3) == 0:
        groups = number(2, 4)
        channels, filters = groups * number(1, 5), groups * number(1, 7)
    layers: list[dict[str, Any]] = [{"kind": "conv2d", "name": "before", "out_channels": channels, "kernel": 1}]
    layers += [{"kind": "relu", "name": "rectified"}] if number(0, 3) else []
    bias = bool(number(0, 5))
    if kind == "linear":
        layers += [
            {"kind": "flatten", "name": "flat"},
            {"kind": "linear", "name": "layer", "out_features": number(8, 60), "bias": bias},
        ]
    else:
        kernel = [1, 1] if kind == "pointwise" else [3, 3] if kind != "any" else [number(1, 6), number(1, 6)]
        layers.append(
            {
                "kind": "conv2d",
                "name": "layer",
                "out_channels": channels if kind == "depthwise" else filters,
                "groups": channels if kind == "depthwise" else groups,
                "kernel": kernel,
                "padding": 0 if kind == "pointwise" else [number(0, extent // 2 + 2) for extent in kernel],
                "stride": number(1, 3),
                "dilation": 2 if kind == "any" and number(0, 4) == 0 else 1,
                "bias": bias,
            }
        )
    layers += [{"kind": "relu", "name": "last"}] if number(0, 2) else []
    if kind in ("square", "any", "pointwise") and groups == 1 and number(0, 3) == 0:
        # The network's own input, which floats read as int8.
        layers = [layer for layer in layers if layer["name"] not in ("before", "rectified")]
    shape = (number(1, 5), number(5, 17), number(5, 19))
    return Network.model_validate({"name": name, "input": shape, "types": {"input": "int8"}, "layers": layers})


def expectations(draws: range, seed: int) -> Iterator[Expected]:
    """Draw layers in turn of int8, of int8 with zero points that kernels subtract, and of floats."""
    for index in draws:
        variant = Variant.FLOAT32 if index % 3 == 2 else Variant.INT8
        try:
            expected = expect_network(drawn(np.random.default_rng([seed, index]), f"plain-{index}"), variant, index)
        except InputError:
            continue
        yield shifted(expected) if index % 3 == 1 else expected


def shifted(expected: Expected) -> Expected:
    """The same layers with another zero point."""
    tensors = tuple(
        replace(tensor, quantisation=tensor.quantisation.model_copy(update={"zero_points": (ZERO_POINT,)}))
        if tensor.quantisation
        else tensor
        for tensor in expected.deployed.tensors
    )
    return expect(expected.network, replace(expected.deployed, tensors=tensors), expected.image)


def works(expected: Expected) -> list[dict[str, float] | None]:
    """What each layer does, by unit."""
    steps = with_folded_biases(expected.network).steps
    return [
        packaged_work(step.lowered.work, layer.relu, arithmetic_of(expected.deployed, layer), signs, zeros)
        if layer.kernel in (Kernel.CONV2D, Kernel.LINEAR)
        else None
        for step, layer, signs, zeros in zip(steps, expected.deployed.layers, expected.signs, expected.zeros, strict=True)
    ]


def measured(core: str, draws: range, seed: int, bench: Workbench) -> Iterator[Layer]:
    """Layers that ran, with the instructions they took."""
    found = list(expectations(draws, seed))
    for begin in range(0, len(found), BATCH):
        part = found[begin : begin + BATCH]
        ran = run_on_emulator(
            core,
            b"".join(expected.model for expected in part),
            firmware=bench.firmware,
            cache=bench.cache,
            build="timing",
            dataflows=(Dataflow.OUTPUT_STATIONARY,),
            plugin=True,
            timeout_s=600,
        )
        segments = iter(ran.segments)
        for expected in part:
            for work in works(expected):
                segment = next(segments)
                if work is not None and segment.instruction_count >= LEAST_INSTRUCTIONS:
                    yield Layer(work, segment.instruction_count)
        print(f"{core}: {begin + len(part)} of {len(found)} networks", flush=True)


def expected_rate(unit: str) -> ExpectedRate:
    """What a unit should take before anything was measured: floats are software."""
    function, kind, *arithmetic = unit.split(" ")
    if arithmetic[:1] not in ([FLOATS[0]], [FLOATS[1]]):
        return RATE
    return RATE_OF_NINE if (function, kind) == ("square_inside", "plane") else RATES_OF_FLOATS.get(kind, RATE)


def fitted(layers: Sequence[Layer], noise: float) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Return the rates, and the relative error of each layer by rates of the others."""
    units = list(dict.fromkeys(unit for layer in layers for unit in layer.work))
    counts = np.array([[layer.work.get(unit, 0) for unit in units] for layer in layers], np.float64)
    took = np.array([layer.instruction_count for layer in layers], np.float64)
    expected = [expected_rate(unit) for unit in units]
    errors, fold = np.empty(len(layers)), np.arange(len(layers)) % FOLDS
    for left_out in range(FOLDS):
        kept = fold != left_out
        rates = fit_expected(counts[kept].tolist(), took[kept].tolist(), expected, noise)
        errors[~kept] = counts[~kept] @ rates / took[~kept] - 1
    rates = fit_expected(counts.tolist(), took.tolist(), expected, noise)
    return dict(zip(units, (float(rate) for rate in rates), strict=True)), errors


def marked(layer: Layer) -> str:
    """What a layer computes with."""
    return next(iter(layer.work)).split(" ", 2)[2] if next(iter(layer.work)).count(" ") > 1 else ""


def written(core: str, layers: Sequence[Layer]) -> str:
    """Fit, say how far off, and return the file."""
    rates, whole, real = dict[str, float](), list[float](), list[float]()
    for arithmetic in Arithmetic:
        own = [layer for layer in layers if marked(layer) == arithmetic]
        floats = arithmetic in FLOATS
        found, errors = fitted(own, NOISE_OF_FLOATS if floats else NOISE)
        rates |= found
        sizes = np.abs(errors)
        (real if floats else whole).extend(sizes.tolist())
        print(f"{core} {arithmetic or 'int8'}: {len(own)} layers; left out: median {np.median(sizes):.3%}, worst {sizes.max():.3%}")
    median, most, worst = np.median(whole), np.quantile(whole, 0.9), max(whole)
    lines = [
        f"name: {core}",
        f"layer_count: {len(layers)}",
        f"median_error_ratio: {median:.4g}",
        f"p90_error_ratio: {most:.4g}",
        f"worst_error_ratio: {worst:.4g}",
        f"float_median_error_ratio: {np.median(real):.4g}",
        f"float_p90_error_ratio: {np.quantile(real, 0.9):.4g}",
        f"float_worst_error_ratio: {max(real):.4g}",
        "instructions:",
        *(f"  {unit}: {rates[unit]:.6g}" for unit in sorted(rates)),
        "source: 'measured: random layers on the emulated core, fitted by benchmarks/fit_packaged_instructions.py'",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(folder)
        bench = Workbench(Path(__file__).parents[1] / "firmware", cache)
        for name in sys.argv[3:] or list(CORES):
            (DATA / f"{name}.yaml").write_text(written(name, list(measured(name, range(count), 1, bench))), encoding="utf-8")


if __name__ == "__main__":
    main()
