"""The operators of a model file: how often each stands in it, and its share of the work."""

from __future__ import annotations

from costmodel.results.base import Result


class OperatorUse(Result):
    """One kind of operator."""

    kind: str
    """As the format names it."""
    use_count: int
    mac_count: int
    """Multiply-accumulates of all its uses, padding counted."""
    mac_ratio: float
    """Of the whole model's; 0 where that has none."""
    constant_bytes: int
    """Of the constants its uses read, each stored buffer once."""
    registration: str | None
    """The method of `MicroMutableOpResolver` that registers it; None where TensorFlow Lite Micro has no kernel for it."""
