"""The one base of every result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict

from costmodel.provenance import origin_of


class Result(BaseModel):
    """Frozen; JSON out loads back equal; no NaN or infinity: what is undefined is None with a reason beside."""

    # Older Pydantics keep the prefix `model_` to themselves; here it is also a model file.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


def _remembers(value: Any) -> bool:
    """Whether a field is a number that remembers where it came from, or holds some by name or in turn."""
    if isinstance(value, dict):
        return any(origin_of(part) is not None for part in value.values())
    if type(value) is tuple:
        return any(origin_of(part) is not None for part in value)
    return origin_of(value) is not None


@contextmanager
def origins_kept() -> Iterator[None]:
    """Let results made inside the block keep numbers that remember where they came from; validation makes plain ones of them.

    Only who explains pays for it: outside, results are made as ever.
    """
    before = Result.__dict__.get("__init__")

    def remember(self: Result, **fields: Any) -> None:
        BaseModel.__init__(self, **fields)
        self.__dict__.update({name: value for name, value in fields.items() if _remembers(value)})

    Result.__init__ = remember  # type: ignore[assignment,method-assign] # a recording's block alone, put back below
    try:
        yield
    finally:
        if before is None:
            del Result.__init__
        else:
            Result.__init__ = before  # type: ignore[method-assign] # what it was
