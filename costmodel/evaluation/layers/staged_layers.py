"""Layers that take turns in a stage: what each counts there, how often it computes, and whose weights take turns with its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.columns import Number
from costmodel.dataflows.closed_forms.staged import staged_counts
from costmodel.dataflows.counting import count_work
from costmodel.memory.lifetimes import tensor_size_bytes
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.lowering import Step
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.running.schedule import sources_of
from costmodel.specs.running.stages import Grain, Stage
from costmodel.specs.work import Work


class WeightTurns(NamedTuple):
    """Weights that are read in turn with a layer's own, pixel by pixel or row by row."""

    turn_count: int
    """How often the layer takes its turn."""
    among: tuple[tuple[int, int], ...]
    """Of the layers that take as many turns as some layer or more: that number of turns, and the bytes of all their weights; falling."""

    def fetched_count(self, own_bytes: int, cache_bytes: int, pass_count: int) -> int:
        """Return how often a layer's weights are fetched through a cache.

        A layer of few turns comes between two turns of a layer of many only that few times; what was read since the last turn stays in
        the cache where it fits there together.

        Parameters
        ----------
        own_bytes, cache_bytes : int
            Of the layer's weights, and of the cache.
        pass_count : int
            How often the layer reads each of its weights.

        Returns
        -------
        int
            At least 1.
        """
        if own_bytes > cache_bytes:
            return pass_count
        return max((min(count, self.turn_count) for count, turn_bytes in self.among if turn_bytes > cache_bytes), default=1)


class StagedLayer(NamedTuple):
    """A layer in a stage that streams: output stationary, pixel by pixel or row by row."""

    counts: AccessCounts
    """Accesses of single elements, what is computed again among them."""
    again_ratio: float
    """What it computes, of what it computes once."""
    turns: WeightTurns
    """How the weights of the stage are read in turn."""


@formula(
    id="latency.again",
    equation="t = T * r",
    symbols={
        "t": "time of a layer of which parts are computed again [s]",
        "T": "its time where nothing is [s]",
        "r": "what it computes, of what it computes once [1]",
    },
    unit="s",
    source="assumption: what is computed again takes as long as it did, and a layer of a stage as long as alone",
)
def time_with_repeats_s(T: Number, r: Number) -> Number:
    """Return the time of a layer that computes some of its results more than once."""
    return T * r


def counts_of_stages(network: Network, stages: Sequence[Stage], taps: Taps = Taps.VALID, *, bias: bool = True) -> dict[int, AccessCounts]:
    """Return the counts of every layer that runs, under a schedule of stages, output stationary.

    Parameters
    ----------
    network : Network
        The graph.
    stages : sequence of Stage
        Every running step in exactly one.
    taps : Taps
        Which taps of a convolution count.
    bias : bool
        Whether bias reads count.

    Returns
    -------
    dict of int to AccessCounts
        By step.
    """
    return counts_in_stages(network.steps, network.tensor_bytes, stages, taps, bias=bias)


def counts_in_stages(
    steps: Sequence[Step], sizes: Sequence[TensorBytes], stages: Sequence[Stage], taps: Taps, *, bias: bool
) -> dict[int, AccessCounts]:
    """Return the same of lowered layers, whose numbers may remember where they come from."""
    sources = sources_of(steps)

    def counted(step: int, work: Work) -> AccessCounts:
        own = sizes[step]
        return count_work(work, Dataflow.OUTPUT_STATIONARY, taps, bias=bias, input_bytes=own.input_bytes, weight_bytes=own.weight_bytes)

    found: dict[int, AccessCounts] = {}
    for stage in stages:
        found |= staged_counts(steps, stage, sources, counted)
    return found


def staged_layers(
    steps: Sequence[Step], sizes: Sequence[TensorBytes], stages: Sequence[Stage], taps: Taps, *, bias: bool
) -> dict[int, StagedLayer]:
    """Return every layer that streams, by its step.

    Parameters
    ----------
    steps : sequence of Step
        The network, lowered.
    sizes : sequence of TensorBytes
        Element sizes of each layer.
    stages : sequence of Stage
        Its schedule; what runs layer by layer is left out.
    taps : Taps
        Which taps of a convolution count.
    bias : bool
        Whether bias reads count.

    Returns
    -------
    dict of int to StagedLayer
        By step.
    """
    streaming = [stage for stage in stages if stage.streams]
    counts = counts_in_stages(steps, sizes, streaming, taps, bias=bias)
    found = {}
    for stage in streaming:
        turns = {step: _turn_count(steps[step], step, stage) for step in stage.steps}
        sizes_of = {step: int(tensor_size_bytes(steps[step].lowered.weight_count, sizes[step].weight_bytes)) for step in stage.steps}
        among = tuple(
            (count, sum(size for step, size in sizes_of.items() if turns[step] >= count))
            for count in sorted(set(turns.values()), reverse=True)
        )
        for step in stage.steps:
            again = _again(steps[step], step, stage, counts[step], taps)
            found[step] = StagedLayer(counts[step], again, WeightTurns(turns[step], among))
    return found


def _turn_count(own: Step, step: int, stage: Stage) -> int:
    """Rows, or pixels, that a layer computes over all strips."""
    _, rows, columns = own.lowered.output
    spans = [strip.columns[step] for strip in stage.strips if step in strip.columns]
    wide = sum(last - first + 1 for first, last in spans) if spans else columns
    return int(rows * (max(len(spans), 1) if stage.grain is Grain.ROWS else wide))


def _again(own: Step, step: int, stage: Stage, counts: AccessCounts, taps: Taps) -> float:
    spans = [strip.columns[step] for strip in stage.strips if step in strip.columns]
    if not spans:
        return 1.0
    once = count_work(own.lowered.work, Dataflow.OUTPUT_STATIONARY, taps)
    computed, alone = counts.mac_count + counts.operation_count, once.mac_count + once.operation_count
    if alone:
        return float(computed / alone)
    return float(sum(last - first + 1 for first, last in spans) / own.lowered.output[2])
