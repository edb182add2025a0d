"""The small formulas by which a publication's figures follow from others."""

from __future__ import annotations

from costmodel.columns import Number
from costmodel.provenance import formula


@formula(
    id="ledger.ratio",
    equation="r = a / b",
    symbols={"r": "ratio", "a": "figure", "b": "figure it is held against"},
    unit="1",
    source="definition: arithmetic on published figures",
)
def ratio_of(a: Number, b: Number) -> Number:
    """Return a over b."""
    return a / b


@formula(
    id="ledger.product",
    equation="p = a * b",
    symbols={"p": "product", "a": "figure", "b": "figure"},
    unit="",
    source="definition: arithmetic on published figures",
)
def product_of(a: Number, b: Number) -> Number:
    """Return a times b."""
    return a * b


@formula(
    id="ledger.difference",
    equation="d = a - b",
    symbols={"d": "difference", "a": "figure", "b": "figure taken from it"},
    unit="",
    source="definition: arithmetic on published figures",
)
def difference_of(a: Number, b: Number) -> Number:
    """Return a less b."""
    return a - b


@formula(
    id="ledger.reduction",
    equation="r = 1 - a / b",
    symbols={"r": "reduction", "a": "what is left", "b": "what there was"},
    unit="1",
    source="definition: arithmetic on published figures",
)
def reduction_ratio(left: Number, before: Number) -> Number:
    """Return the share by which a figure shrank."""
    return 1 - left / before


@formula(
    id="ledger.largest_level",
    equation="q_max = 2^(b - 1) - 1",
    symbols={"q_max": "largest quantised value", "b": "bits"},
    unit="1",
    source="kornak2025deck: slide 'Pre-Deployment: Quantization'",
)
def largest_level(bits: int) -> int:
    """Return the largest value of a signed integer, as symmetric quantisation uses it."""
    return (1 << (bits - 1)) - 1
