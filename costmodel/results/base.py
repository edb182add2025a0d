"""The one base of every result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict

from costmodel.provenance import origin_of

SHORT_ITEMS: Final = 4
SHORT_TEXT: Final = 60
"""Most things, and most characters, that the text of a result shows of a field."""


class Result(BaseModel):
    """Frozen; JSON out loads back equal; no NaN or infinity: what is undefined is None with a reason beside."""

    # Older Pydantics keep the prefix `model_` to themselves; here it is also a model file.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())
    derived: ClassVar[tuple[str, ...]] = ()
    """Properties that follow from the fields and are figures too: printed and explained, though no field of the JSON."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Return the fields of a short text: results inside by their class, many things by their number."""
        return [(name, _short(value)) for name, value in super().__repr_args__()]


class _Words(str):
    """Words that stand without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _short(value: Any) -> Any:
    if isinstance(value, Result):
        return _Words(f"{type(value).__name__}(...)")
    many = type(value) in (tuple, list, dict) and len(value) > 0
    if many and (len(value) > SHORT_ITEMS or any(isinstance(part, Result | tuple | dict) for part in value)):
        return _Words(f"<{len(value)} of {type(next(iter(value))).__name__}>")
    return value[: SHORT_TEXT - 3] + "..." if isinstance(value, str) and len(value) > SHORT_TEXT else value


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
