"""Elementwise layers: add, softmax, and the batch norm and rectifier that nothing before them absorbs."""

from __future__ import annotations

from costmodel.columns import Number
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts


@formula(
    id="counts.elementwise",
    equation={
        "mac_count": "N if P > 0 else 0",
        "input_read_count": "A*R*N",
        "weight_read_count": "P",
        "output_write_count": "N",
    },
    symbols={"A": "input tensors", "N": "elements of the output", "R": "reads of each element", "P": "parameters read in all"},
    unit="accesses",
    source="docs/counting.md: proved against the execution in the tests",
)
def elementwise_counts(operands: int, elements: Number, passes: int, parameters: Number) -> AccessCounts:
    """Return the counts of an elementwise layer."""
    scaled = not (isinstance(parameters, int) and parameters == 0)
    return AccessCounts(
        mac_count=elements if scaled else 0,
        input_read_count=operands * passes * elements,
        weight_read_count=parameters,
        output_write_count=elements,
    )
