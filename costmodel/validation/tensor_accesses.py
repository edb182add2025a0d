"""What a core really accessed in each layer, tensor by tensor, held against what its counters say it should."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from costmodel.errors import FormatError
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES, AccessCounts
from costmodel.validation.access_log import Accesses, Segment
from costmodel.validation.emulators import EmulatorRun

TensorRole = Literal["input", "weight", "bias", "output", "scratch"]
"""What a tensor is to the layer that runs; scratch is its row buffers."""

NOTHING: Final = Accesses(0, 0, 0, 0)

_RANGE_KEYS: Final[dict[TensorRole, tuple[str, ...]]] = {
    "input": ("input", "second_input"),
    "weight": ("weight",),
    "bias": ("bias",),
    "output": ("output",),
    "scratch": ("scratch",),
}
_LOADS: Final[dict[TensorRole, tuple[str, ...]]] = {
    "input": ("input_read_count",),
    "weight": ("weight_read_count",),
    "bias": ("bias_read_count",),
    "output": ("output_read_count",),
    "scratch": SCRATCH_READS,
}
_STORES: Final[dict[TensorRole, tuple[str, ...]]] = {
    "input": (),
    "weight": (),
    "bias": (),
    "output": ("output_write_count",),
    "scratch": SCRATCH_WRITES,
}
_PARAMETERS_ARE_WEIGHTS: Final = frozenset({"batch_norm2d"})
"""Kinds whose second parameter per channel counts as a weight too."""


@dataclass(frozen=True)
class LayerAccesses:
    """What a core did in one layer."""

    run: int
    """Counts up from 1: one model with one dataflow."""
    index: int
    """Counts up from 0: the layer's place in its model."""
    name: str
    kind: str
    dataflow: str
    instruction_count: int
    """From just before the kernel is called to just after."""
    tensors: dict[TensorRole, Accesses]
    """Accesses within each tensor of the layer."""
    outside: Accesses
    """All others: spills, literals, tables and the job's own fields."""


class AccessCheck(NamedTuple):
    """One kind of access to one tensor: what the core made, and what was counted."""

    run: int
    layer: str
    tensor: TensorRole
    access: Literal["load", "store"]
    measured_count: int
    counted_count: int

    @property
    def difference_count(self) -> int:
        """Measured less counted."""
        return self.measured_count - self.counted_count


def layer_accesses(run: EmulatorRun) -> tuple[LayerAccesses, ...]:
    """Resolve the segments of a run with the tensor addresses that its log states.

    Parameters
    ----------
    run : EmulatorRun
        A run with the plugin.

    Returns
    -------
    tuple of LayerAccesses
        In the order they ran.

    Raises
    ------
    FormatError
        If the log has no line of addresses for a segment.
    """
    events = [json.loads(line) for line in run.log.splitlines()]
    dataflows = {event["run"]: event["dataflow"] for event in events if event["event"] == "start"}
    layers = {(event["run"], event["index"]): event for event in events if event["event"] == "layer"}
    ranges = [event for event in events if event["event"] == "ranges"]
    if [event["segment"] for event in ranges] != [segment.number_count for segment in run.segments]:
        raise FormatError(f"device log: addresses of {len(ranges)} layers, where the plugin saw {len(run.segments)}")
    return tuple(
        _resolved(segment, event, layers[event["run"], event["index"]], dataflows[event["run"]])
        for event, segment in zip(ranges, run.segments, strict=True)
    )


def _resolved(segment: Segment, ranges: dict[str, Any], layer: dict[str, Any], dataflow: str) -> LayerAccesses:
    tensors: dict[TensorRole, Accesses] = {}
    claimed: set[tuple[int, int]] = set()
    outside = segment.everywhere()
    for role, keys in _RANGE_KEYS.items():
        tensors[role] = NOTHING
        for start, size in {(start, size) for start, size in (ranges[key] for key in keys) if size}:
            found = segment.within(start, size)
            tensors[role] = tensors[role].plus(found)
            if (start, size) not in claimed:
                claimed.add((start, size))
                outside = outside.minus(found)
    return LayerAccesses(
        run=layer["run"],
        index=layer["index"],
        name=layer["name"],
        kind=layer["kind"],
        dataflow=dataflow,
        instruction_count=segment.instruction_count,
        tensors=tensors,
        outside=outside,
    )


def check_accesses(layers: Iterable[tuple[LayerAccesses, AccessCounts]]) -> Iterator[AccessCheck]:
    """Hold each tensor's loads and stores against the counters.

    Parameters
    ----------
    layers : iterable of (LayerAccesses, AccessCounts)
        What the core did, and what the closed form or the counting build says.

    Yields
    ------
    AccessCheck
        Ten a layer: loads and stores of input, weight, bias, output and scratch.
    """
    for layer, counts in layers:
        measured = dict(layer.tensors)
        if layer.kind in _PARAMETERS_ARE_WEIGHTS:
            measured["weight"] = measured["weight"].plus(measured["bias"])
            measured["bias"] = NOTHING
        for tensor, found in measured.items():
            loads = sum(int(getattr(counts, counter)) for counter in _LOADS[tensor])
            stores = sum(int(getattr(counts, counter)) for counter in _STORES[tensor])
            place = (layer.run, layer.name, tensor)
            yield AccessCheck(*place, "load", found.load_count, loads)
            yield AccessCheck(*place, "store", found.store_count, stores)
