"""Arenas, orders and plans: how near the optimum, whether proven, and how long it takes.

Run from the root of the checkout: `python benchmarks/memory_planning.py`. Needs the extra `exact`; about ten minutes on two cores. Writes
`benchmarks/results/memory_planning.md`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from arena_instances import CAPACITY_BYTES, accelerator, branchy, guillotine

from costmodel.memory.arenas.climbing import climbed
from costmodel.memory.arenas.fitting import Problem, best_of_portfolio, fitted, problem_of
from costmodel.memory.arenas.proving import proven
from costmodel.memory.lifetimes import Lifetimes
from costmodel.memory.network_strategies import NETWORK_STRATEGIES, plan_strategy, subject_of
from costmodel.memory.placement import blocks_of, place_blocks, sizes_of
from costmodel.memory.strategies import lower_bound
from costmodel.sources.catalogue import load_network, names

RESULTS = Path(__file__).parent / "results" / "memory_planning.md"
ORDER = """
import sys, time
sys.path.insert(0, {here!r})
from arena_instances import branches
from costmodel.memory.ordering import best_order
start = time.process_time()
found = best_order(branches(*{shape}, 3))
took = time.process_time() - start
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
except ImportError:
    peak = float("nan")
print(took, peak, found.is_proven)
"""


def problem_in(lives: Lifetimes) -> Problem:
    """A network's tensors as blocks to be placed."""
    blocks = blocks_of(lives, with_input=True)
    return problem_of(blocks, sizes_of(lives, blocks), int(lower_bound(lives, in_place=True, with_input=True)))


def timed(call: Callable[[], object]) -> tuple[object, float]:
    """What a call returns, and its CPU seconds."""
    start = time.process_time()
    found = call()
    return found, time.process_time() - start


def above(problems: list[Problem], heights: list[int]) -> str:
    """Mean and worst above the bound."""
    shares = [height / problem.bound_bytes - 1 for problem, height in zip(problems, heights, strict=True)]
    return f"{100 * sum(shares) / len(shares):.2f} %, {100 * max(shares):.2f} %"


def searched(lives: Lifetimes, time_limit_s: float = 60.0) -> tuple[int, bool, float]:
    """Height of the search with the extra, whether proven, and its seconds on the wall."""
    blocks = blocks_of(lives, with_input=True)
    problem = problem_in(lives)
    start = time.perf_counter()
    found = proven(lives, blocks, sizes_of(lives, blocks), problem.bound_bytes, time_limit_s=time_limit_s)
    return found.fitted.height_bytes, found.is_proven, time.perf_counter() - start


def branchy_rows() -> list[str]:
    """Sixty graphs of 20 to 60 buffers."""
    graphs = [branchy(20 + 40 * (seed % 3 + 1) // 3, seed) for seed in range(60)]
    problems = [problem_in(lives) for lives in graphs]
    by_size = [fitted(problem, sorted(range(len(problem.sizes)), key=lambda at, own=problem.sizes: -own[at])) for problem in problems]
    portfolio = [best_of_portfolio(problem) for problem in problems]
    rows = ["| how, 60 graphs of 33 to 60 buffers | above the bound: mean, worst | seconds, worst |", "| --- | --- | --- |"]
    rows.append(f"| the largest first | {above(problems, [each.height_bytes for each in by_size])} | |")
    rows.append(f"| best of 14 orders | {above(problems, [each.height_bytes for each in portfolio])} | |")
    found = [timed(lambda problem=problem: climbed(problem)) for problem in problems]
    heights = [each.height_bytes for each, _ in found]
    at_bound = sum(height == problem.bound_bytes for height, problem in zip(heights, problems, strict=True))
    rows.append(f"| climbing | {above(problems, heights)}; at it {at_bound} of 60 | {max(took for _, took in found):.2f} CPU |")
    exact = [searched(lives) for lives in graphs]
    proofs = sum(is_proven for _, is_proven, _ in exact)
    rows.append(
        f"| search (extra `exact`) | {above(problems, [height for height, _, _ in exact])}; proven {proofs} of 60"
        f" | {max(took for _, _, took in exact):.2f} |"
    )
    large = problem_in(branchy(500, 3, skip=0.6))
    (first, first_s), (climb, climb_s) = timed(lambda: best_of_portfolio(large)), timed(lambda: climbed(large))
    rows.append(f"| best of 14 orders, one graph of 500 buffers | {above([large], [first.height_bytes])} | {first_s:.2f} CPU |")
    rows.append(f"| climbing, the same | {above([large], [climb.height_bytes])} | {climb_s:.2f} CPU |")
    return rows


def search_rows() -> list[str]:
    """Full rectangles, and instances of a size that compilers of accelerators meet."""
    rows = ["| instance | buffers | best of 14 orders | search | capacity or bound | proven | seconds |", "| --- " * 7 + "|"]
    reached = 0
    for seed in range(10):
        lives = guillotine(40 + 4 * seed, seed)
        height, is_proven, took = searched(lives)
        reached += height == CAPACITY_BYTES
        first = best_of_portfolio(problem_in(lives)).height_bytes
        proof = "yes" if is_proven else "not proven"
        rows.append(f"| rectangle {seed} | {len(lives.tensors)} | {first:,} | {height:,} | {CAPACITY_BYTES:,} | {proof} | {took:.1f} |")
    rows.append(f"| rectangles that reach their capacity | | | {reached} of 10 | | | |")
    for seed, count in enumerate((150, 250, 350, 450)):
        lives = accelerator(count, seed)
        problem = problem_in(lives)
        height, is_proven, took = searched(lives)
        first = best_of_portfolio(problem).height_bytes
        proof = "yes" if is_proven else "not proven"
        rows.append(f"| accelerator {seed} | {count} | {first:,} | {height:,} | {problem.bound_bytes:,} | {proof} | {took:.1f} |")
    return rows


def order_rows() -> list[str]:
    """Orders, each in a process of its own for its memory."""
    rows = [
        "| chains from one layer to another | sets of finished layers | proven | CPU s | peak memory, whole process |",
        "| --- " * 5 + "|",
    ]
    for count, length in ((5, 5), (6, 7), (4, 31), (6, 9), (8, 9)):
        script = ORDER.format(here=str(Path(__file__).parent), shape=(count, length))
        done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, encoding="utf-8")
        took_s, used_mib, is_proven = done.stdout.split()
        proof = "yes" if is_proven == "True" else "not proven"
        rows.append(
            f"| {count} of {length} layers | {(length + 1) ** count:,} | {proof} | {float(took_s):.2f} | {float(used_mib):.0f} MiB |"
        )
    return rows


def plan_rows() -> list[str]:
    """Every strategy of every network of the zoo, and the proof of a chain."""
    took = []
    for name in names("networks"):
        network = load_network(name)

        def all_of(network=network) -> None:
            subject = subject_of(network)
            for strategy in NETWORK_STRATEGIES:
                plan_strategy(strategy, subject)

        took.append((timed(all_of)[1], name))
    chain = branchy(60, 0, skip=0.0)
    blocks = blocks_of(chain, with_input=True)
    sizes, bound = sizes_of(chain, blocks), lower_bound(chain, in_place=True, with_input=True)
    best_s = min(timed(lambda: place_blocks(blocks, sizes, bound))[1] for _ in range(5))
    optimal = place_blocks(blocks, sizes, bound).height_bytes == bound
    return [
        "| what | CPU s |",
        "| --- | --- |",
        *[f"| every strategy of {name} | {seconds:.2f} |" for seconds, name in sorted(took, reverse=True)[:4]],
        f"| a chain of 60 tensors, {'proven optimal' if optimal else 'not optimal'} | {best_s:.5f} |",
    ]


def main() -> None:
    """Measure, and write the section."""
    head = [
        "## Planning memory",
        "",
        "Instances are drawn from seeds (`arena_instances.py`). Searches run on two threads, at most 60 s each.",
        "",
    ]
    parts = [plan_rows(), branchy_rows(), order_rows(), search_rows()]
    RESULTS.write_text("\n".join(head) + "\n\n".join("\n".join(part) for part in parts) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
