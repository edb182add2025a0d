"""The window finder on synthetic captures with known truth: how many come out right, asked about, withheld and wrong.

Run from the root of the checkout: `python benchmarks/trace_bench.py [captures [combined [boards [weak]]]]`.
Writes `benchmarks/results/captures.md`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk
from costmodel.measurement.trace_analysis import analyse_trace

sys.path.insert(0, str(Path(__file__).parent))

from board_captures import board_capture
from combined_captures import combined_capture
from synthetic_captures import SUPPLY_V, SyntheticCapture, synthetic_capture
from weak_captures import weak_capture

USUAL_COUNT = 390
COMBINED_COUNT = 1080
BOARD_COUNT = 1080
WEAK_COUNT = 330


def verdict(capture: SyntheticCapture) -> str:
    """Return `right` where windows, durations (two samples or 1 %) and energies (1 %, or what two samples hold) are the truth's.

    An ambiguous capture is rightly `asked` about.
    """
    trace = Trace("synthetic", "synthetic", "sample", iter([TraceChunk(capture.time_s, capture.current_a, None, 1)]))
    summary = analyse_trace(trace, SUPPLY_V, "given").summary
    if not summary.windows:
        return "asked" if capture.ambiguous else "withheld"
    if len(summary.windows) != len(capture.energies_j):
        return "wrong"
    spans = capture.ends_s - capture.begins_s
    found_s = np.array([window.end_s - window.start_s for window in summary.windows])
    found_j = np.array([window.inference_j for window in summary.windows])
    two_s = 2.0 / capture.rate_hz
    lasts = abs(found_s.mean() - spans.mean()) <= max(two_s, 0.01 * spans.mean())
    costs = abs(found_j.mean() / capture.energies_j.mean() - 1.0) <= max(0.01, two_s / spans.mean())
    return "right" if lasts and costs else "wrong"


def score(seeds: range, generator: Callable[[int], SyntheticCapture]) -> dict[str, Counter[str]]:
    """Return how often each verdict falls, by kind of capture."""
    found: dict[str, Counter[str]] = {}
    for seed in seeds:
        capture = generator(seed)
        found.setdefault(capture.kind, Counter())[verdict(capture)] += 1
    return found


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [USUAL_COUNT, COMBINED_COUNT, BOARD_COUNT, WEAK_COUNT]
    lines = ["# Inferences found in synthetic captures"]
    for count, generator in zip(counts, (synthetic_capture, combined_capture, board_capture, weak_capture), strict=False):
        found = score(range(count), generator)
        where = f"{generator.__module__}.py"
        lines += ["", f"{count} captures from seeds, 10 S/s to 100 kS/s, by `benchmarks/{where}`.", ""]
        lines += ["| kind | right | ambiguous, asked | withheld | wrong |", "|---|---|---|---|---|"]
        total: Counter[str] = sum(found.values(), Counter())
        for name, verdicts in (*found.items(), ("all", total)):
            lines.append(f"| {name} | {verdicts['right']} | {verdicts['asked']} | {verdicts['withheld']} | {verdicts['wrong']} |")
    text = "\n".join(lines) + "\n"
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "captures.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
