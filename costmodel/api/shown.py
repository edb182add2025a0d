"""How a result shows itself: one line in a console, its first lines in a notebook."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel

from costmodel.results.base import Result

R = TypeVar("R", bound=Result)
_OF_VALIDATION: Final = {name for name in dir(BaseModel) if not name.startswith("_")} - {"model_dump", "model_dump_json"}


class Shown(Result):
    """A result with a short text of its own; equal to the bare result with the same fields."""

    @abstractmethod
    def _line(self) -> str:
        """All of it in a line."""

    def __repr__(self) -> str:
        """One line."""
        return f"<{self._line()}>"

    def __str__(self) -> str:
        """The same line."""
        return self._line()

    def __dir__(self) -> list[str]:
        """Its own names: what validation and schemas need is there, and not in the way."""
        return [name for name in super().__dir__() if name not in _OF_VALIDATION]

    def __eq__(self, other: object) -> bool:
        """Compare the fields, whichever of both shows itself."""
        if not isinstance(other, BaseModel) or not (isinstance(other, _bare(type(self))) or isinstance(self, type(other))):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in type(self).model_fields)

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(tuple(str(getattr(self, name)) for name in list(type(self).model_fields)[:4]))


def _bare(kind: type[Any]) -> type[Any]:
    """The result that a kind shows."""
    return next(base for base in kind.__mro__ if issubclass(base, Result) and not issubclass(base, Shown))


def shown(kind: type[R], found: Result) -> R:
    """Return a result as one that shows itself, field by field the same.

    Parameters
    ----------
    kind : type
        An heir of the result's own class.
    found : Result
        Checked already.

    Returns
    -------
    Result
        Of that kind.
    """
    fields = {name: getattr(found, name) for name in type(found).model_fields}
    made: Any = kind.model_construct(_fields_set=set(found.model_fields_set), **fields)
    return cast(R, made)
