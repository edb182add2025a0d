"""What would help: changes of a deployment, with what each would gain."""

from __future__ import annotations

from enum import StrEnum

from costmodel.results.base import Result


class AdviceKind(StrEnum):
    """What is advised."""

    SLEEP = "sleep"
    """Rest in a deeper sleep between inferences."""
    STREAM = "stream"
    """Stream rows or pixels through the network instead of whole tensors."""


class Advice(Result):
    """One change; before and after are of one quantity."""

    kind: AdviceKind
    choice: str
    """Sleep, or strategy."""
    before_s: float | None = None
    """Battery life now."""
    after_s: float | None = None
    before_bytes: int | None = None
    """Buffers now."""
    after_bytes: int | None = None

    @property
    def gain_ratio(self) -> float:
        """How many times better it makes what it changes."""
        if self.before_s is not None and self.after_s is not None:
            return self.after_s / self.before_s if self.before_s else 1.0
        return self.before_bytes / self.after_bytes if self.before_bytes and self.after_bytes else 1.0
