"""Start-up, report, one layer's counts, one evaluation: each beside a plain closed form written for this comparison.

Writes benchmarks/results/core.md. CPU seconds, the smallest of several runs, in one process each.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import costmodel
from costmodel.dataflows.counting import count_work
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.operations import CONV2D
from costmodel.specs.work import LoopNest
from costmodel.units import MS_PER_S, US_PER_S

ROUNDS = 5
CALLS = 2000
APART = 1_000_000
"""Between the extents that one dataflow is measured on and those of the next."""
RESULTS = Path(__file__).parent / "results" / "core.md"


def plain_closed_form(size: int, kernel: int, padding: int, inputs: int, outputs: int) -> tuple[int, int, int, int]:
    """Counts of a convolution as one would write them down for this case alone: the yardstick."""
    extent = size + 2 * padding - kernel + 1
    taps = 0
    for k in range(kernel):
        low, high = max(0, padding - k), min(extent, size + padding - k)
        taps += max(0, high - low)
    macs = outputs * inputs * taps * taps
    interior = max(0, extent - 2 * padding)
    plane = extent * extent
    return macs, outputs * plane, outputs * inputs * kernel * kernel * (plane - interior * interior), 2 * macs


def seconds_each(call: Callable[[int], object], repeats: int = ROUNDS, calls: int = CALLS) -> float:
    """CPU seconds a call takes: the smallest mean of several rounds."""
    best = float("inf")
    for round_number in range(repeats):
        start = time.process_time()
        for number in range(calls):
            call(number + round_number * calls)
        best = min(best, (time.process_time() - start) / calls)
    return best


def nest_of(number: int) -> LoopNest:
    """A convolution of its own for every call, so that no axis is remembered from a call before."""
    axis = Axis(8 + number, 3, 1, 1, 1)
    return LoopNest(CONV2D, 1, 51, 25, axis, axis, True)


def child(*arguments: str) -> tuple[float, float]:
    """CPU and wall seconds of a fresh `costmodel` process, the smallest of five."""
    import resource

    best = (float("inf"), float("inf"))
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "costmodel", *arguments], check=True, capture_output=True)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best[0], cpu), min(best[1], wall)
    return best


def main() -> None:
    """Measure, and write the section."""
    yardstick = seconds_each(lambda number: plain_closed_form(16 + number % 32, 3, 1, 25, 51))
    rows = [("plain closed form, one case, the yardstick", f"{yardstick * US_PER_S:.2f} us", "1")]
    for turn, dataflow in enumerate(Dataflow):
        nests = [nest_of(number + turn * APART) for number in range(ROUNDS * CALLS)]
        took = seconds_each(lambda number, nests=nests, dataflow=dataflow: count_work(nests[number], dataflow, Taps.VALID))
        rows.append(
            (f"every counter of one layer, {dataflow.value}, pure function", f"{took * US_PER_S:.2f} us", f"{took / yardstick:.1f}")
        )
    layer = costmodel.Conv2d(name="conv2", out_channels=51, kernel=3, padding=1)
    took = seconds_each(lambda number: costmodel.count(layer, (25, 16 + 9 * APART + number, 16)))
    rows.append(("every counter of one layer, through its spec", f"{took * US_PER_S:.2f} us", f"{took / yardstick:.1f}"))
    scenario = costmodel.load_scenario("esp32-deck")
    took = seconds_each(lambda _: costmodel.evaluate(scenario), calls=100)
    rows.append(("the whole reference scenario, two dataflows", f"{took * MS_PER_S:.3f} ms", f"{took / yardstick:.0f}"))
    cpu, wall = child("--help")
    rows.append(("`costmodel --help`", f"{cpu:.2f} CPU s, {wall:.2f} s", ""))
    cpu, wall = child("report")
    rows.append(("`costmodel report`", f"{cpu:.2f} CPU s, {wall:.2f} s", ""))
    with tempfile.TemporaryDirectory() as folder:
        cpu, wall = child("report", "--out", folder)
    rows.append(("`costmodel report --out DIR`: HTML, Markdown, JSON, figures", f"{cpu:.2f} CPU s, {wall:.2f} s", ""))
    lines = ["## One layer, one scenario, one report", "", "| what | time | times the yardstick |", "| --- | --- | --- |"]
    lines += [f"| {what} | {took_text} | {ratio} |" for what, took_text, ratio in rows]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    sys.stdout.write(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
