"""Sweeps: complete designs a second, against the scalar path, a one-formula NumPy yardstick and, where installed, ZigZag.

Writes benchmarks/results/sweeps.md. CPU seconds of one core; nothing else should run. ZigZag is looked for in the environment
`ZIGZAG_PYTHON` names (a Python with `zigzag-dse`); without it that row says so.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from costmodel.evaluation.composition import cost
from costmodel.evaluation.evaluating import evaluate
from costmodel.sources.catalogue import load_scenario
from costmodel.sweeps.engine.design_blocks import blocks_of
from costmodel.sweeps.engine.design_columns import filled
from costmodel.sweeps.engine.running import prepared_space, sweep
from costmodel.sweeps.engine.workers import keep_freed_memory
from costmodel.sweeps.front.pareto import front_rows

RESULTS = Path(__file__).parent / "results" / "sweeps.md"
YARDSTICK_FLOOR = 27e6
"""A plain closed form over columns reaches 27 million a second; a yardstick below that is a slow one, and no ratio is given."""
AXES = [
    {"name": "conv1", "path": "layers.conv1.out_channels", "range": {"start": 1, "stop": 50}},
    {"name": "conv2", "path": "layers.conv2.out_channels", "range": {"start": 1, "stop": 100}},
    {"name": "fc1", "path": "layers.fc1.out_features", "range": {"start": 1, "stop": 100}},
    {"name": "period", "path": "period_s", "log_range": {"start": 1.0, "stop": 3600.0, "count": 20}},
    {"name": "capacity", "path": "battery.capacity_ah", "log_range": {"start": 0.1, "stop": 3.0, "count": 10}},
]
GRID = {
    "name": "grid",
    "base": "esp32-deck",
    "axes": AXES,
    "objectives": [{"minimise": "energy.memory"}, {"maximise": "battery.duty_life"}],
    "columns": ["memory.ram", "latency.total", "network.mac_count"],
}
SCATTER = GRID | {"sample": {"designs": 1 << 22, "seed": 1}}
WIDE = SCATTER | {
    "objectives": [
        {"minimise": "energy.memory"},
        {"maximise": "network.mac_count"},
        {"minimise": "memory.ram"},
        {"maximise": "battery.duty_life"},
    ],
    "columns": [],
}
GEOMETRY = [
    {"name": "extent", "path": "input.extent", "range": {"start": 16, "stop": 64}},
    {"name": "kernel", "path": "layers.conv*.kernel", "values": [1, 3, 5]},
]


def per_cpu_second(count: int, work: Callable[[], object], repeats: int = 5) -> float:
    """Return how many a CPU second gives: the best of several runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return count / best


def complete_designs(study: dict, wanted: int) -> float:
    """Evaluate complete designs (all layers: counts, accesses, energy, RAM, latency, power, life) block by block, keeping nothing."""
    space = prepared_space(study)
    part = space.parts[0]
    blocks = []
    for block in blocks_of(space, part, 0, part.designs):
        blocks.append(block)
        if sum(int(np.prod(each.shape)) for each in blocks) >= wanted:
            break
    total = sum(int(np.prod(block.shape)) for block in blocks)

    def work() -> None:
        for block in blocks:
            cost(filled(part.design, part.scenario, block.columns))

    return per_cpu_second(total, work)


def yardstick() -> float:
    """One closed formula (multiply-accumulates of one convolution) over columns of the same length, ten operations written by hand."""
    draw = np.random.default_rng(1)
    size = 1 << 14
    extent, kernel, padding, inputs, outputs = (draw.integers(1, top, size) for top in (64, 8, 4, 64, 128))

    def work() -> None:
        for _ in range(64):
            out = extent + 2 * padding - kernel + 1
            taps = out * kernel - padding * (padding + 1)
            outputs * inputs * taps * taps + outputs * out * out

    return per_cpu_second(64 * size, work)


def scalar() -> float:
    """`evaluate`, one scenario at a time."""
    scenario = load_scenario("esp32-deck")
    return per_cpu_second(100, lambda: [evaluate(scenario) for _ in range(100)])


ZIGZAG = """
import time, sys, logging, tempfile, pathlib
logging.disable(logging.CRITICAL)
import yaml, zigzag
from zigzag.stages.evaluation import cost_model_evaluation as stage
from zigzag.api import get_hardware_performance_zigzag
model, modelled = stage.CostModelEvaluation, []
def timed(*given, **named):
    start = time.process_time()
    found = model(*given, **named)
    modelled.append(time.process_time() - start)
    return found
stage.CostModelEvaluation = timed
root = pathlib.Path(zigzag.__file__).parent
layer = [{"id": 0, "name": "conv", "operator_type": "Conv", "equation": "O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]",
  "dimension_relations": ["ix=1*ox+1*fx", "iy=1*oy+1*fy"], "loop_dims": ["B","K","C","OY","OX","FY","FX"],
  "loop_sizes": [1,64,32,16,16,3,3],
  "operand_precision": {"W":8,"I":8,"O":16,"O_final":8}, "pr_loop_dims": ["IX","IY"], "pr_loop_sizes": [18,18], "padding": [[1,1],[1,1]],
  "operand_source": {"I":0,"W":0}}]
hardware, mapping = root / "inputs/hardware/tpu_like.yaml", root / "inputs/mapping/tpu_like.yaml"
with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder) / "layer.yaml"
    file.write_text(yaml.safe_dump(layer))
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        get_hardware_performance_zigzag(workload=str(file), accelerator=str(hardware), mapping=str(mapping), lpf_limit=6,
            dump_folder=folder, loma_show_progress_bar=False, pickle_filename=str(pathlib.Path(folder) / "out.pickle"))
        best = min(best, time.process_time() - start)
print("SECONDS", best, sum(modelled) / len(modelled), len(modelled) // 3)
"""


class Peer(NamedTuple):
    """ZigZag on one layer: what a user waits for, and its cost model alone on one mapping."""

    layers_per_s: float | None
    mappings_per_s: float | None
    note: str


def zigzag() -> Peer:
    """One layer through ZigZag, or why there is no figure."""
    python = os.environ.get("ZIGZAG_PYTHON")
    if python is None:
        return Peer(None, None, "not measured: ZIGZAG_PYTHON names no Python with zigzag-dse")
    done = subprocess.run([python, "-c", ZIGZAG], capture_output=True, text=True, encoding="utf-8", check=False)
    found = [line.split() for line in done.stdout.splitlines() if line.startswith("SECONDS")]
    if not found:
        return Peer(None, None, f"not measured: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no answer'}")
    _, layer_s, mapping_s, mappings = found[0]
    what = "one convolution (64 x 32 channels, 16 x 16, 3 x 3) on its `tpu_like`"
    return Peer(1 / float(layer_s), 1 / float(mapping_s), f"{what}, {int(mappings):,} mappings")


def front_seconds() -> list[tuple[str, float, str]]:
    """CPU seconds of large fronts."""
    uniform = np.random.default_rng(1).random((10_000_000, 3))
    rows = []
    for name, points, wanted in (
        ("10 million uniform points, 3 objectives", uniform, "10 s"),
        ("1 million points all on the front, 3 objectives", on_a_simplex(3), "30 s"),
        ("1 million points all on the front, 4 objectives", on_a_simplex(4), "30 s"),
    ):
        start = time.process_time()
        found = front_rows(points)
        rows.append((name, time.process_time() - start, wanted))
        if "all on" in name and len(found) != len(points):
            raise SystemExit(f"{name}: {len(found):,} found")
    return rows


def on_a_simplex(objectives: int) -> np.ndarray:
    """Points none of which dominates another: each has the same sum."""
    points = -np.log(np.random.default_rng(1).random((1_000_000, objectives)))
    return points / points.sum(axis=1, keepdims=True)


def wide_front() -> tuple[float, int]:
    """Sweep scattered designs whose front is wide: CPU seconds, and designs on the front."""
    start = time.process_time()
    answer = sweep(WIDE)
    return time.process_time() - start, len(answer)


def hundred_million() -> tuple[float, float]:
    """Sweep 100 million designs to their front: CPU seconds and MiB."""
    start = time.process_time()
    answer = sweep(GRID)
    seconds = time.process_time() - start
    if answer.evaluated != 100_000_000:
        raise SystemExit(f"{answer.evaluated:,} designs, not 100 million")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def start_seconds() -> float:
    """Wall seconds from nothing to the first result: a fresh process and a small study."""
    code = (
        "from costmodel import sweep; sweep({'name': 's', 'axes': [{'path': 'layers.conv1.out_channels', 'values': [8, 9]}],"
        " 'objectives': [{'minimise': 'energy.memory'}]})"
    )
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        best = min(best, time.perf_counter() - start)
    return best


def told(rate: float | None) -> str:
    """A peer's rate, or a dash."""
    return "-" if rate is None else f"{rate:,.2f}/s"


def main() -> None:
    keep_freed_memory()
    swept_s, memory_mib = hundred_million()
    grid, scattered = complete_designs(GRID, 4 << 20), complete_designs(SCATTER, 1 << 20)
    shapes = complete_designs(SCATTER | {"axes": AXES + GEOMETRY}, 1 << 19)
    rule, one_by_one = yardstick(), scalar()
    peer = zigzag()
    disturbed = rule < YARDSTICK_FLOOR
    rows = [
        ("product grid, complete designs", f"{grid / 1e6:,.1f} million/s", grid, "goal 100, at least 30"),
        ("scattered widths, periods and batteries, complete designs", f"{scattered / 1e6:,.2f} million/s", scattered, "goal 5, at least 2"),
        (
            "scattered, input extent and kernels as well",
            f"{shapes / 1e6:,.2f} million/s",
            shapes,
            "every axis a column, taps by floor sums",
        ),
        ("one formula over columns (yardstick)", f"{rule / 1e6:,.1f} million/s", rule, "at least 27, or no ratio is given"),
        ("`evaluate`, two dataflows with findings' inputs", f"{one_by_one:,.0f}/s", one_by_one, "scalar path"),
        ("ZigZag, one layer, mapping search included", told(peer.layers_per_s), peer.layers_per_s, peer.note),
        ("ZigZag, its cost model alone, one layer and mapping", told(peer.mappings_per_s), peer.mappings_per_s, peer.note),
    ]
    lines = [
        "## Sweeps",
        "",
        "CPU seconds of one core, the best of five. A complete design of `cifar-aap-pruned`: all eleven layers, counts, accesses,",
    ]
    lines += ["energies, tensor buffers, latency, power and life.", "", "| what | speed | over the scalar path | |", "|---|---:|---:|---|"]
    for name, speed, value, remark in rows:
        ratio = "-" if value is None or disturbed else f"{value / one_by_one:,.3g}"
        lines.append(f"| {name} | {speed} | {ratio} | {remark} |")
    if disturbed:
        lines += [
            "",
            f"The yardstick ran below {YARDSTICK_FLOOR / 1e6:.0f} million a second: a slow yardstick, and no ratios are given.",
        ]
    lines += ["", "| what | found | wanted |", "|---|---:|---:|"]
    for name, seconds, wanted in front_seconds():
        lines.append(f"| front of {name} | {seconds:.1f} s | {wanted} |")
    wide_s, on_front = wide_front()
    lines.append(f"| 4.2 million scattered designs swept to a front of {on_front:,}, 4 objectives | {wide_s:.1f} s | |")
    lines.append(f"| 100 million designs swept to their front | {swept_s:.1f} s, {memory_mib:,.0f} MiB | 2 GB |")
    lines.append(f"| start to first result, fresh process | {start_seconds():.2f} s | 1 s |")
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    sys.stdout.write("\n".join(lines) + "\n")
    if disturbed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
