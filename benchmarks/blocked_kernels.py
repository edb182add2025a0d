"""Generated kernels against the packaged ones on random layers, and the tile that the search finds against those it measured.

Run from the root of the checkout: `python benchmarks/blocked_kernels.py [cache folder] [core ...]`. Writes
`benchmarks/results/blocked_kernels.md`. Needs the cross compilers and QEMU; counts are exact and repeat.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from costmodel.deployment.deployed import Variant
from costmodel.deployment.kernels.source import kernel_shapes, kernel_source
from costmodel.errors import InputError
from costmodel.results.mapping_search import MappedLayer, TileChoice
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import CORES, KernelCore
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import blocked
from costmodel.validation.comparing import Expected
from costmodel.validation.mapping_choice import mapped_expected
from costmodel.validation.mapping_search import search_mapping
from costmodel.validation.targets.emulators import run_on_emulator
from costmodel.validation.validating import Workbench, expect_network

LAYER = "layer"
KINDS = ("conv2d",) * 30 + ("depthwise",) * 10 + ("linear",) * 10
LEAST_MACS = 100_000
TRIED = ("conv2d", "conv2d", "depthwise", "linear")
"""Kinds of the layers whose tiles are measured against each other."""
WITHIN = 0.1
"""Tiles are measured that are predicted to take at most so much more than the best."""
BATCH = 8


def drawn(generator: np.random.Generator, kind: str, name: str) -> Network:
    """A layer behind a rectifier, with a rectifier of its own where it is a convolution."""

    def number(low: int, high: int) -> int:
        return int(generator.integers(low, high))

    channels, rows, columns = number(8, 40), number(8, 20), number(8, 20)
    layers: list[dict[str, Any]] = [{"kind": "conv2d", "name": "before", "out_channels": channels, "kernel": 1}]
    layers.append({"kind": "relu", "name": "rectified"})
    if kind == "linear":
        layers += [{"kind": "flatten", "name": "flat"}, {"kind": "linear", "name": LAYER, "out_features": number(20, 100)}]
    else:
        kernel = (1, 3, 3, 5)[number(0, 4)] if kind == "conv2d" else 3
        shape = {"kernel": kernel, "padding": kernel // 2, "stride": number(1, 3) if kernel > 1 else 1}
        own = {"out_channels": channels, "groups": channels} if kind == "depthwise" else {"out_channels": number(8, 40)}
        layers += [{"kind": "conv2d", "name": LAYER, **own, **shape}, {"kind": "relu", "name": "last"}]
    shape_in = (3, rows, columns) if kind == "linear" else (3, rows + 12 * (kind == "depthwise"), columns + 12 * (kind == "depthwise"))
    return Network.model_validate({"name": name, "input": shape_in, "types": {"input": "int8"}, "layers": layers})


def layers_of(kinds: Sequence[str], seed: int, core: KernelCore) -> Iterator[tuple[str, Expected, MappedLayer]]:
    """Layers large enough that a kernel serves, each with what the search finds."""
    for place, kind in enumerate(kinds):
        for attempt in range(50):
            try:
                expected = expect_network(
                    drawn(np.random.default_rng([seed, place, attempt]), kind, f"{kind}-{place}"), Variant.INT8, place
                )
            except InputError:
                continue
            found = next(one for one in search_mapping(expected, core).layers if one.name == LAYER)
            if found.choices and found.valid_mac_count >= LEAST_MACS:
                yield kind, expected, found
                break


def instructions(core: KernelCore, expectations: Sequence[Expected], bench: Workbench) -> list[int]:
    """What each one's layer takes."""
    took: list[int] = []
    for begin in range(0, len(expectations), BATCH):
        part = expectations[begin : begin + BATCH]
        shapes = kernel_shapes([expected.deployed for expected in part])
        ran = run_on_emulator(
            core.name,
            b"".join(expected.model for expected in part),
            firmware=bench.firmware,
            cache=bench.cache,
            build="timing",
            dataflows=(Dataflow.OUTPUT_STATIONARY,),
            plugin=True,
            kernels=kernel_source(shapes) if shapes else "",
            timeout_s=600,
        )
        names = [layer.name for expected in part for layer in expected.deployed.layers]
        took += [segment.instruction_count for name, segment in zip(names, ran.segments, strict=True) if name == LAYER]
    return took


def in_tile(expected: Expected, tile: TileChoice, core: KernelCore) -> Expected:
    """The layer alone in a tile."""
    chosen = blocked(tile.pixel_count, tile.filter_count, tile.swar_tap_count)
    return mapped_expected(expected, f"output-stationary[{LAYER}={chosen.text}]", core)


def against_plain(core: KernelCore, bench: Workbench) -> str:
    """One row: how many are worse, and how far off the prediction was."""
    drawn_layers = list(layers_of(KINDS, 5, core))
    best = [found.choices[0] for _, _, found in drawn_layers]
    plain = instructions(core, [expected for _, expected, _ in drawn_layers], bench)
    blocked = instructions(
        core,
        [in_tile(each[1], tile, core) for each, tile in zip(drawn_layers, best, strict=True)],
        bench,
    )
    ratios = {kind: sorted(b / p for (of, _, _), b, p in zip(drawn_layers, blocked, plain, strict=True) if of == kind) for kind in KINDS}
    errors = [abs(tile.instruction_count / took - 1) for tile, took in zip(best, blocked, strict=True)]
    worse = sum(took > before for took, before in zip(blocked, plain, strict=True))
    spans = " | ".join(f"{values[0]:.2f} to {values[-1]:.2f}" for values in ratios.values())
    return f"| `{core.name}` | {len(blocked)} | {worse} | {spans} | {np.median(errors):.1%} | {max(errors):.1%} |"


def search_rows(core: KernelCore, bench: Workbench) -> Iterator[str]:
    """A row a layer: the tile found, and the best of those measured."""
    for kind, expected, found in layers_of(TRIED, 9, core):
        limit = found.choices[0].instruction_count * (1 + WITHIN)
        tiles = [one for one in found.choices if one.instruction_count <= limit]
        took = instructions(core, [in_tile(expected, tile, core) for tile in tiles], bench)
        best = int(np.argmin(took))
        yield (
            f"| `{core.name}` | {kind} | {len(tiles)} | {tiles[0].tile} | {took[0]:,} | {tiles[best].tile} |"
            f" {took[best]:,} | {took[0] / took[best] - 1:.1%} |"
        )


def main() -> None:
    names = sys.argv[2:] or list(CORES)
    with tempfile.TemporaryDirectory() as folder:
        bench = Workbench(Path(__file__).parents[1] / "firmware", Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder))
        plain, searched = [], []
        for name in names:
            plain.append(against_plain(CORES[name], bench))
            print(plain[-1], flush=True)
            searched += list(search_rows(CORES[name], bench))
            print("\n".join(searched), flush=True)
    lines = [
        "# Generated kernels on random layers",
        "",
        f"30 convolutions, 10 depthwise and 10 linear layers of at least {LEAST_MACS:,} multiply-accumulates, each in the tile that the",
        "search finds, against the packaged output-stationary kernel: instructions over its instructions, best to worst, and how far the",
        "predicted instructions were off the emulator's.",
        "",
        "| core | layers | worse than packaged | convolutions | depthwise | linear | off, median | off, worst |",
        "|---|---|---|---|---|---|---|---|",
        *plain,
        "",
        f"The tile that the search finds against every tile predicted to take at most {WITHIN:.0%} more, each measured.",
        "",
        "| core | layer | tiles measured | found | instructions | best | instructions | more |",
        "|---|---|---|---|---|---|---|---|",
        *searched,
        "",
    ]
    (Path(__file__).parent / "results" / "blocked_kernels.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
