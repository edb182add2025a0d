"""Access counts of one layer: every counter of COUNTING.md, under its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, NamedTuple

from pydantic import PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from costmodel.columns import Number, is_column
from costmodel.provenance import is_recording
from costmodel.results.totals import total_of


class AccessCounts(NamedTuple):
    """The counters; each an int, or a column of them."""

    mac_count: Number = 0
    """Multiply-accumulates."""
    operation_count: Number = 0
    """Comparisons or additions of a pooling."""
    input_read_count: Number = 0
    weight_read_count: Number = 0
    bias_read_count: Number = 0
    output_read_count: Number = 0
    output_write_count: Number = 0
    psum_read_count: Number = 0
    """Reads of partial sums in scratch."""
    psum_write_count: Number = 0
    input_row_read_count: Number = 0
    """Reads of the input row buffer."""
    input_row_write_count: Number = 0
    weight_row_read_count: Number = 0
    """Reads of the weight row buffer."""
    weight_row_write_count: Number = 0
    boundary_check_count: Number = 0
    """Tests whether a tap is in bounds."""
    scratch_buffer_count: Number = 0
    """Buffers a layer needs besides its tensors."""
    scratch_bytes: Number = 0
    """Bytes of those buffers."""

    def plus(self, other: AccessCounts) -> AccessCounts:
        """Return the counter-wise sum."""
        return AccessCounts(*(a + b for a, b in zip(self, other, strict=True)))


TENSOR_READS: Final = ("input_read_count", "weight_read_count", "bias_read_count", "output_read_count")
"""Reads of a layer's tensors."""
TENSOR_WRITES: Final = ("output_write_count",)
"""Writes of a layer's tensors."""
SCRATCH_READS: Final = ("psum_read_count", "input_row_read_count", "weight_row_read_count")
"""Reads of scratch buffers."""
SCRATCH_WRITES: Final = ("psum_write_count", "input_row_write_count", "weight_row_write_count")
"""Writes of scratch buffers."""
ACCESSES: Final = (*TENSOR_READS, *TENSOR_WRITES, *SCRATCH_READS, *SCRATCH_WRITES)
"""Every counter that is a read or a write."""
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "tensor_read_count": TENSOR_READS,
    "tensor_write_count": TENSOR_WRITES,
    "scratch_read_count": SCRATCH_READS,
    "scratch_write_count": SCRATCH_WRITES,
    "tensor_access_count": (*TENSOR_READS, *TENSOR_WRITES),
    "scratch_access_count": (*SCRATCH_READS, *SCRATCH_WRITES),
    "access_count": ACCESSES,
}
"""Counters that are told as one, by the name of their sum."""


def grouped_count(counts: AccessCounts, group: str) -> Number:
    """Return the sum of the counters of a group of `GROUPS`, or a counter by its own name."""
    return total_of([getattr(counts, name) for name in GROUPS[group]]) if group in GROUPS else getattr(counts, group)


def counts_together(parts: Iterable[AccessCounts]) -> AccessCounts:
    """Return the counter-wise sum of some counts; all 0 where there are none."""
    # Only a tape needs the formula: an evaluation adds up 32 counters a dataflow.
    added = total_of if is_recording() else sum
    return AccessCounts(*(added(numbers) for numbers in zip(*parts, strict=True)))


def has_rows(counts: AccessCounts) -> bool:
    """Tell whether a layer keeps anything in scratch but accumulators: partial sums or rows of its input, or columns of either."""
    return any(is_column(written) or bool(written) for written in (counts.psum_write_count, counts.input_row_write_count))


def _as_mapping(counts: AccessCounts) -> dict[str, Any]:
    return counts._asdict()


def _checked(found: Any) -> AccessCounts:
    """Take counts as they are, or read them from a mapping of whole numbers."""
    if isinstance(found, AccessCounts):
        return found
    if not isinstance(found, dict) or not set(found) <= set(AccessCounts._fields):
        raise PydanticCustomError("counts", "access counts are a mapping of counters to whole numbers")
    for counter, count in found.items():
        if isinstance(count, bool) or not isinstance(count, int):
            raise PydanticCustomError("counts", f"{counter} should be a whole number, found {count!r}")
    return AccessCounts(**found)


Counts = Annotated[AccessCounts, PlainValidator(_checked), PlainSerializer(_as_mapping)]
"""Access counts as a field of a result: a mapping in JSON."""
