"""Time and memory of analysing a ten-minute capture at 100 kS/s: 60 million lines of PPK2 CSV, written to a temporary folder first.

Run from the root of the checkout: `python benchmarks/trace_speed.py [million samples]`. Writes `benchmarks/results/trace.md`.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from costmodel.measurement.synthetic_trace import SyntheticTrace, as_ppk2_csv, synthetic_truth

ANALYSE = """
import sys, time
from costmodel.measurement.captures.csv_trace import read_csv_trace
from costmodel.measurement.trace_analysis import analyse_trace
wall, cpu = time.perf_counter(), time.process_time()
with open(sys.argv[1], "rb") as stream:
    summary = analyse_trace(read_csv_trace(stream, "capture.csv"), 5.03, "given").summary
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
except ImportError:
    peak = float("nan")
edges = [round(1e9 * t) for w in summary.windows for t in (w.start_s, w.end_s)]
print(wall, cpu, peak, summary.sample_count, summary.total_j, sum(w.computational_j for w in summary.windows), *edges)
"""


def main() -> None:
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    root = Path(__file__).parent
    lines = [
        "# A ten-minute capture at 100 kS/s",
        "",
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}. Peak memory is the whole process's.",
        "",
        "| samples | noise | file | wall | CPU | peak memory | windows found/true | worst edge | total energy | computational energy |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    noise_a = 0.001
    recipe = SyntheticTrace(span_s=millions * 1e6 / 100_000.0, noise_a=noise_a)
    truth = synthetic_truth(recipe)
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "capture.csv"
        with capture.open("wb") as stream:
            for block in as_ppk2_csv(recipe):
                stream.write(block)
        done = subprocess.run([sys.executable, "-c", ANALYSE, str(capture)], check=True, capture_output=True, text=True, encoding="utf-8")
        size = capture.stat().st_size
    wall, cpu, peak, samples, total, computational, *edges = (float(word) for word in done.stdout.split())
    true_edges = [time for window in truth.windows_s for time in window]
    worst = max(abs(1e-9 * a - b) for a, b in zip(edges, true_edges, strict=True)) * recipe.rate_hz
    lines.append(
        f"| {samples / 1e6:.1f} M | {1e3 * noise_a:.1f} mA | {size / 1e9:.2f} GB | {wall:.2f} s | {cpu:.2f} s | {peak:.0f} MB "
        f"| {len(edges) // 2}/{len(true_edges) // 2} | {worst:.2f} samples | {100 * (total / truth.total_j - 1):+.4f} % "
        f"| {100 * (computational / truth.computational_j - 1):+.4f} % |"
    )
    text = "\n".join(lines) + "\n"
    (root / "results").mkdir(exist_ok=True)
    (root / "results" / "trace.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
