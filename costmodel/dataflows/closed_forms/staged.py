"""Counts of layers that run together: what a fusion leaves out, and what strips compute again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from costmodel.columns import Number, sum_of
from costmodel.provenance import formula, noted
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import Axis
from costmodel.specs.lowering import Step
from costmodel.specs.running.stages import Stage
from costmodel.specs.shapes import element_count
from costmodel.specs.work import Elementwise, LoopNest, Work

SOURCE: Final = "docs/counting.md: streamed and fused stages; proved against the execution in the tests"
CUT: Final = "definition: a strip reads the columns that its own results read"
AS_IT_IS_MADE: Final = "definition: what is taken as it is made is neither written nor read"


@formula(
    id="counts.partial_results",
    equation="p = t - n",
    symbols={
        "p": "partial results of a pooling that are written, and as many that are read",
        "t": "elements it takes in, each for every window that has it",
        "n": "its results",
    },
    unit="accesses",
    source=SOURCE,
)
def partial_result_count(t: Number, n: Number) -> Number:
    """Return how often a pooling keeps a result that is not complete: not before its first element, nor after its last."""
    return t - n


@formula(
    id="counts.reads_kept",
    equation="r = a - d",
    symbols={"r": "reads of inputs", "a": "reads where every input is kept", "d": "elements taken as they are made"},
    unit="accesses",
    source=SOURCE,
)
def kept_read_count(a: Number, d: Number) -> Number:
    """Return the reads of a layer that takes one of its inputs element by element."""
    return a - d


@formula(
    id="counts.strips",
    equation="n = sum(n_i)",
    symbols={"n": "a counter over all strips", "n_i": "the same in one of them"},
    unit="accesses",
    source=SOURCE,
)
def strips_total(parts: Sequence[Number]) -> Number:
    """Return a counter over all strips: what they share is counted in each."""
    return sum_of(parts)


def staged_counts(
    steps: Sequence[Step], stage: Stage, sources: Mapping[int, tuple[int, ...]], counted: Callable[[int, Work], AccessCounts]
) -> dict[int, AccessCounts]:
    """Return the counts of every step of a stage.

    Reads and writes of a ring are reads of an input and writes of an output. A tensor that is taken as it is made is neither written nor
    read; a pooling that takes it so, or that adds each input to results not complete yet, keeps partial results: of a window of t taps it
    writes t - 1 and reads t - 1.

    Parameters
    ----------
    steps : sequence of Step
        The network.
    stage : Stage
        Which of them run together, and how.
    sources : mapping of int to tuple of int
        For each step, the tensors it reads, by the running step that makes each.
    counted : callable
        Counts of a step's work by itself, given the step's place and the work.

    Returns
    -------
    dict of int to AccessCounts
        By step.

    Notes
    -----
    Source: docs/counting.md, streamed and fused stages.
    """
    found = {}
    for step in stage.steps:
        found[step] = total = _with_strips(steps[step], step, stage, counted)
        if not stage.streams:
            continue
        direct = [source for source in sources[step] if stage.is_direct(source)]
        if steps[step].operation.pools and (direct or step in stage.scattered):
            kept = partial_result_count(total.operation_count, total.output_write_count)
            total = total._replace(psum_write_count=kept, psum_read_count=kept)
            if direct:
                total = total._replace(input_read_count=_taken_as_made(step, steps))
        elif direct:
            elements = sum(element_count(steps[source].lowered.output) for source in direct)
            total = total._replace(input_read_count=kept_read_count(total.input_read_count, elements))
        found[step] = total._replace(output_write_count=_taken_as_made(step, steps)) if stage.is_direct(step) else total
    return found


def _taken_as_made(step: int, steps: Sequence[Step]) -> int:
    nothing: int = noted(0, f"elements kept between {steps[step].name} and its neighbour", AS_IT_IS_MADE)
    return nothing


def _with_strips(own: Step, step: int, stage: Stage, counted: Callable[[int, Work], AccessCounts]) -> AccessCounts:
    """Counts of a step over every strip that computes it."""
    spans = [strip.columns[step] for strip in stage.strips if step in strip.columns]
    work = own.lowered.work
    if not spans:
        return counted(step, work)
    width = own.lowered.output[2]
    parts = [counted(step, _of_columns(work, first, last, width, own.name)) for first, last in spans]
    total = AccessCounts._make(strips_total(counters) if any(counters) else 0 for counters in zip(*parts, strict=True))
    once = counted(step, work)
    parameters = work.parameters if isinstance(work, Elementwise) else total.weight_read_count
    return total._replace(weight_read_count=parameters, scratch_buffer_count=once.scratch_buffer_count, scratch_bytes=once.scratch_bytes)


def _of_columns(work: Work, first: int, last: int, width: int, name: str) -> Work:
    """The work of some columns of the output: a window over the columns that those read, padding at the cuts cropped or kept."""
    if isinstance(work, Elementwise):
        elements = work.elements // width * (last - first + 1)
        return work._replace(elements=noted(elements, f"elements of {name} in columns {first} to {last}", CUT))
    if not isinstance(work, LoopNest) or not isinstance(work.w, Axis):
        return work
    w = work.w
    begin = first * w.s - w.p
    cropped = max(begin, 0)
    before = cropped - begin
    left = w.H - cropped
    needed = (last - first) * w.s + w.d * (w.K - 1) + 1
    padded = needed - left - before
    said = f"of {name} in columns {first} to {last}"
    cut = (
        noted(left, f"input columns {said}", CUT),
        noted(before, f"padding before {said}", CUT),
        noted(padded, f"padding behind {said}", CUT),
    )
    return work._replace(w=w._replace(**dict(zip(("H", "p", "q"), cut, strict=True))))
