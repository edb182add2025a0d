"""Access counts of one layer: every counter of COUNTING.md, under its name."""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple

from pydantic import PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from costmodel.columns import Number, is_column


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
