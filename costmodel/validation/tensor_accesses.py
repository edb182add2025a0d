"""What a core really accessed in each layer, tensor by tensor, beside what the counters say it should."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Final

from costmodel.errors import FormatError
from costmodel.measurement.device_log import LayerRecord, read_device_log
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES, AccessCounts
from costmodel.results.runs.comparison import CoreActivity, TensorAccesses
from costmodel.specs.operations import OPERATIONS, Action
from costmodel.validation.access_log import Accesses, Segment
from costmodel.validation.targets.emulators import EmulatorRun

_NOTHING: Final = Accesses(0, 0, 0, 0)
_RANGES: Final = {
    "input": ("input", "second_input"),
    "weight": ("weight",),
    "bias": ("bias",),
    "output": ("output",),
    "scratch": ("scratch",),
}
"""Ranges the log states, by what the tensor is to the layer; scratch is its row buffers."""
_LOADS: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("input_read_count",),
    "weight": ("weight_read_count",),
    "bias": ("bias_read_count",),
    "output": ("output_read_count",),
    "scratch": SCRATCH_READS,
}
_STORES: Final[Mapping[str, tuple[str, ...]]] = {"output": ("output_write_count",), "scratch": SCRATCH_WRITES}
_VIEW: Final = "view"
"""Kind of a layer that runs nothing, and whose output is its input."""
_BIASES_COUNT_AS_WEIGHTS: Final = frozenset(kind for kind, row in OPERATIONS.items() if row.action is Action.SCALE_AND_SHIFT)
"""Kernels whose two parameters per channel are one counter."""


def core_activities(emulated: EmulatorRun, predicted: Sequence[Sequence[AccessCounts]]) -> tuple[tuple[CoreActivity, ...], ...]:
    """Resolve what a core did with the tensor addresses that its log states.

    Parameters
    ----------
    emulated : EmulatorRun
        A run with the plugin, of any build.
    predicted : sequence of sequences of AccessCounts
        For each run of the log what each layer should count.

    Returns
    -------
    tuple of tuples of CoreActivity
        For each run of the log what the core did in each of its layers.

    Raises
    ------
    FormatError
        If log and plugin do not speak of the same layers.
    """
    runs = read_device_log(io.BytesIO(emulated.log), "emulator's log")
    logged = [ranges.segment for run in runs for ranges in run.ranges]
    if logged != [segment.number_count for segment in emulated.segments] or len(predicted) != len(runs):
        raise FormatError(
            f"emulator's log: {len(logged)} layers in {len(runs)} runs, "
            f"where the plugin saw {len(emulated.segments)} and {len(predicted)} runs were expected"
        )
    segments = iter(emulated.segments)
    return tuple(
        tuple(
            _activity(next(segments), ranges.ranges, record, counts)
            for ranges, record, counts in zip(run.ranges, run.layers, layers, strict=True)
        )
        for run, layers in zip(runs, predicted, strict=True)
    )


def _activity(segment: Segment, ranges: Mapping[str, tuple[int, int]], record: LayerRecord, counts: AccessCounts) -> CoreActivity:
    """Share one layer's accesses out among its tensors; a tensor that is there twice is counted once.

    Where a pooling runs in place, loads are its input's and stores its output's.
    """
    other = segment.everywhere()
    tensors = {}
    in_place = record.kind != _VIEW and ranges["output"][0] == ranges["input"][0]
    for tensor, names in _RANGES.items():
        tensors[tensor] = _NOTHING
        if in_place and tensor == "output":
            continue
        for place in {ranges[name] for name in names if ranges[name][1]}:
            tensors[tensor] = tensors[tensor].plus(segment.within(*place))
        other = other.minus(tensors[tensor])
    if in_place:
        both = tensors["input"]
        tensors["input"] = both._replace(store_count=0, store_bytes=0)
        tensors["output"] = both._replace(load_count=0, load_bytes=0)
    if record.kind in _BIASES_COUNT_AS_WEIGHTS:
        tensors |= {"weight": tensors["weight"].plus(tensors["bias"]), "bias": _NOTHING}
    return CoreActivity(
        instruction_count=segment.instruction_count,
        output_hash=record.output_hash,
        tensors=tuple(
            TensorAccesses(
                tensor=tensor,
                predicted_load_count=_total(counts, _LOADS.get(tensor, ())),
                measured_load_count=found.load_count,
                predicted_store_count=_total(counts, _STORES.get(tensor, ())),
                measured_store_count=found.store_count,
            )
            for tensor, found in tensors.items()
        ),
        other_load_count=other.load_count,
        other_store_count=other.store_count,
    )


def _total(counts: AccessCounts, names: Sequence[str]) -> int:
    return sum(int(getattr(counts, name)) for name in names)
