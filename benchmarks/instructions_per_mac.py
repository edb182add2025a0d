"""Instructions a valid MAC of conv1 and conv2 of the pruned network on each emulated core, and the loads behind them.

Run from the root of the checkout: `python benchmarks/instructions_per_mac.py [cache folder]`. Writes
`benchmarks/results/instructions_per_mac.md`. Needs the cross compilers and QEMU; counts are exact and repeat.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from costmodel.deployment.deployed import Variant
from costmodel.results.runs.comparison import LayerComparison, RunComparison
from costmodel.sources.catalogue import load_network
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import kernel_core
from costmodel.validation.comparing import Expected
from costmodel.validation.deployables import deployable
from costmodel.validation.firmware_plan import predicted_counts
from costmodel.validation.mapping_choice import validate_mapped
from costmodel.validation.mapping_search import search_mapping
from costmodel.validation.targets.emulated_targets import TARGETS
from costmodel.validation.validating import Target, Workbench, expect_network, validate

LAYERS = ("conv1", "conv2")
SEED = 1
MAPPED = ("trained-pruned-int8", "cifar-aap-pruned", "ds-cnn", "resnet8")
"""What runs in generated kernels, each layer in its best tile: a model with its own weights first, the others with those of a seed."""
LARGE = 100_000
"""Instructions of a layer whose prediction is held against them."""
LIMITS = {"xtensa": 12.3, "riscv": 7.6, "arm": 5.8}
"""Plain output stationary, int8, conv1 and conv2 together."""
BLOCKED = {"xtensa": 7.1, "riscv": 5.5, "arm": 3.5}
"""CMSIS-NN's plain C as published, not measured here; it reuses each loaded value over 2 pixels and 2 filters."""


class Row(NamedTuple):
    """One target, variant and dataflow."""

    run: RunComparison
    seconds: float

    def layers(self) -> list[LayerComparison]:
        return [layer for layer in self.run.layers if layer.name in LAYERS]

    def instructions_per_mac(self, layers: Sequence[LayerComparison]) -> float:
        instructions = sum(layer.activity.instruction_count for layer in layers if layer.activity)
        return instructions / sum(layer.measured.mac_count for layer in layers)

    def outside_percent(self, layer: LayerComparison) -> float:
        if layer.activity is None:
            return float("nan")
        tensors = sum(tensor.measured_load_count for tensor in layer.activity.tensors)
        return 100 * layer.activity.other_load_count / (tensors + layer.activity.other_load_count)


def measured(variant: Variant, bench: Workbench) -> Iterator[Row]:
    expected = expect_network(load_network("cifar-aap-pruned"), variant, SEED)
    for target in TARGETS:
        validate([expected], [Target(target)], bench)  # builds
        before = os.times().children_user
        compared = validate([expected], [Target(target)], bench)
        seconds = os.times().children_user - before
        if not compared.equal:
            sys.exit(f"{target}: {compared.mismatches[0]}")
        for run in compared.runs:
            yield Row(run, seconds)


def mapped_table(bench: Workbench) -> list[str]:
    """Whole networks and their convolutions in the kernels that `map` chooses: instructions over valid MACs."""
    lines = ["| core | network | conv1 | conv2 | both | whole network | predicted off by at most |", "|---|---|---|---|---|---|---|"]
    for name in MAPPED:
        expected = deployable(name, SEED).expected(Variant.INT8, None)
        valid = predicted_counts(expected.network, Variant.INT8, Dataflow.OUTPUT_STATIONARY)
        for target in TARGETS:
            compared = validate_mapped([expected], "best", [Target(target)], bench)
            if not compared.equal:
                sys.exit(f"{target}: {compared.mismatches[0]}")
            layers = [
                (layer, counts.mac_count)
                for layer, counts in zip(compared.runs[0].layers, valid, strict=True)
                if layer.activity is not None
            ]
            named = [[pair for pair in layers if pair[0].name == one] for one in LAYERS] if name in MAPPED[:2] else [[], []]
            figures = [per_valid_mac(pairs) for pairs in (*named, [*named[0], *named[1]], layers)]
            off = worst_percent(expected, target, compared.runs[0].layers)
            lines.append(f"| `{target}` | `{name}` | {figures[0]} | {figures[1]} | {figures[2]} | **{figures[3]}** | {off:.1f} % |")
    return lines


def worst_percent(expected: Expected, target: str, layers: Sequence[LayerComparison]) -> float:
    """Return how far the search's instructions were off at worst, of layers that took at least `LARGE`."""
    predicted = {one.name: one.choices[0].instruction_count for one in search_mapping(expected, kernel_core(target)).layers if one.choices}
    took = {layer.name: layer.activity.instruction_count for layer in layers if layer.activity is not None}
    return max(100 * abs(count / took[name] - 1) for name, count in predicted.items() if took[name] >= LARGE)


def per_valid_mac(pairs: Sequence[tuple[LayerComparison, int]]) -> str:
    macs = sum(count for _, count in pairs)
    return f"{sum(layer.activity.instruction_count for layer, _ in pairs if layer.activity) / macs:.2f}" if macs else ""


def table(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| core | dataflow | conv1 | conv2 | both | limit | loads outside tensors, conv1 / conv2 | emulators' CPU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        first, second = row.layers()
        limited = row.run.variant == Variant.INT8 and row.run.dataflow == "output-stationary"
        figures = (
            f"{TARGETS[row.run.target].core} (`{row.run.target}`)",
            row.run.dataflow,
            f"{row.instructions_per_mac([first]):.2f}",
            f"{row.instructions_per_mac([second]):.2f}",
            f"**{row.instructions_per_mac([first, second]):.2f}**",
            f"{LIMITS[row.run.target]}" if limited else "",
            f"{row.outside_percent(first):.0f} % / {row.outside_percent(second):.0f} %",
            f"{row.seconds:.1f} s",
        )
        lines.append(f"| {' | '.join(figures)} |")
    return lines


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder)
        bench = Workbench(Path(__file__).parents[1] / "firmware", cache)
        mapped = mapped_table(bench)
        rows = {variant: list(measured(variant, bench)) for variant in Variant}
    compilers = sorted({f"`{row.run.target}`: GCC {row.run.compiler}" for row in rows[Variant.INT8]})
    blocked = ", ".join(f"{figure} (`{target}`)" for target, figure in BLOCKED.items())
    lines = [
        "# Instructions per MAC on emulated cores",
        "",
        "`cifar-aap-pruned`, timing build, conv1 and conv2: instructions over valid MACs, counted by `firmware/plugin`. In these runs",
        "every tensor's loads and stores equal the counters of every layer. Instructions are not cycles. *Loads outside tensors* are",
        "spills, literals, the stack of calls and the layer's own description. *Emulators' CPU* is of the counting and the timing run of",
        "both dataflows.",
        "",
        f"Compilers: {'; '.join(compilers)}.",
        f"Flags: `{rows[Variant.INT8][0].run.flags.split(' -ffreestanding')[0]}`.",
        "",
        "## int8",
        "",
        *table(rows[Variant.INT8]),
        "",
        f"Stated elsewhere and not measured here: CMSIS-NN's plain C, which blocks 2 pixels x 2 filters (another dataflow): {blocked}.",
        "",
        "## int8, generated kernels",
        "",
        "Blocked output stationary, each layer in the tile that `costmodel map` finds. Columns of zero padding are multiplied;",
        "they are in the instructions and not among the valid MACs. Poolings and additions run in the packaged kernels. The last column is",
        f"the worst of the layers of at least {LARGE:,} instructions.",
        "",
        *mapped,
        "",
        "## float32 activations, int8 weights",
        "",
        "None of these cores computes floats in hardware: this is the cost of doing it in software.",
        "",
        *table(rows[Variant.FLOAT32]),
        "",
    ]
    result = Path(__file__).parent / "results" / "instructions_per_mac.md"
    result.parent.mkdir(exist_ok=True)
    result.write_text("\n".join(lines), encoding="utf-8")
    print(result.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
