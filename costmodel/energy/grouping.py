"""From element counts to accesses of a memory's own width."""

from __future__ import annotations

from costmodel.columns import Number, ceil_div
from costmodel.provenance import formula


@formula(
    id="energy.packed_accesses",
    equation="A = ceil(N * e / b)",
    symbols={
        "A": "accesses of the memory's width",
        "N": "element accesses of one counter in one layer",
        "e": "bytes of one element [B]",
        "b": "bytes of one access [B]",
    },
    unit="accesses",
    source="docs/counting.md: granularity block_packed; the deck's 43,200 = 691,200 * 4 / 64",
)
def packed_accesses(element_accesses: Number, element_bytes: Number, access_bytes: Number) -> Number:
    """Return how many accesses of a memory's width serve a number of element accesses, packed without gaps.

    Parameters
    ----------
    element_accesses : int or column
        Accesses, one element each.
    element_bytes : int or column
        Size of an element [B].
    access_bytes : int or column
        Width of one access of the memory [B].

    Returns
    -------
    int or column
        Accesses, rounded up. An element wider than an access takes several.
    """
    return ceil_div(element_accesses * element_bytes, access_bytes)
