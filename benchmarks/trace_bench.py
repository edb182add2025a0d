"""The window finder on synthetic captures with known truth: how many come out right, withheld and wrong, by kind.

Run from the root of the checkout: `python benchmarks/trace_bench.py [captures]`. Writes `benchmarks/results/captures.md`.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk
from costmodel.measurement.trace_analysis import analyse_trace

sys.path.insert(0, str(Path(__file__).parent))

from synthetic_captures import KINDS, SUPPLY_V, SyntheticCapture, synthetic_capture

USUAL_COUNT = 390


def verdict(capture: SyntheticCapture) -> str:
    """Return `right` where windows, durations (two samples or 1 %) and energies (1 %, or what two samples hold) are the truth's."""
    trace = Trace("synthetic", "synthetic", "sample", iter([TraceChunk(capture.time_s, capture.current_a, None, 1)]))
    summary = analyse_trace(trace, SUPPLY_V, "given").summary
    if not summary.windows:
        return "withheld"
    if len(summary.windows) != len(capture.energies_j):
        return "wrong"
    spans = capture.ends_s - capture.begins_s
    found_s = np.array([window.end_s - window.start_s for window in summary.windows])
    found_j = np.array([window.inference_j for window in summary.windows])
    two_s = 2.0 / capture.rate_hz
    lasts = abs(found_s.mean() - spans.mean()) <= max(two_s, 0.01 * spans.mean())
    costs = abs(found_j.mean() / capture.energies_j.mean() - 1.0) <= max(0.01, two_s / spans.mean())
    return "right" if lasts and costs else "wrong"


def score(count: int) -> dict[str, Counter[str]]:
    """Return how often each verdict falls, by kind of capture."""
    found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for seed in range(count):
        capture = synthetic_capture(seed)
        found[capture.kind][verdict(capture)] += 1
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else USUAL_COUNT
    found = score(count)
    lines = [
        "# Inferences found in synthetic captures",
        "",
        f"{count} captures from seeds, 10 S/s to 100 kS/s, by `benchmarks/synthetic_captures.py`.",
        "",
        "| kind | right | withheld | wrong |",
        "|---|---|---|---|",
    ]
    total: Counter[str] = sum(found.values(), Counter())
    for name, counts in (*found.items(), ("all", total)):
        lines.append(f"| {name} | {counts['right']} | {counts['withheld']} | {counts['wrong']} |")
    text = "\n".join(lines) + "\n"
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "captures.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
