"""The exceptions a user can meet, drawn once.

::

    CostModelError
    ├── InputError            the user's input cannot be used (exit status 2)
    │   ├── SpecError         a value in a file or an argument is wrong
    │   ├── ShapeError        a layer does not fit its input
    │   ├── UnknownNameError  a name is not known; the nearest one is offered
    │   ├── LimitError        a number is beyond what is computed exactly
    │   ├── MissingError      something the question needs was not given
    │   ├── FormatError       a file or stream is not what it should be
    │   └── CollectedError    several of these at once, one line each
    ├── OutputError           the answer cannot be written to standard output
    └── ToolError             an outside program (compiler, emulator, CACTI) is missing or failed
        └── CactiError        CACTI failed in one of the ways it is known to fail in
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeVar, cast

from costmodel.printable_text import printable, shortened

T = TypeVar("T")

MAX_LISTED: Final = 20
"""Most valid names one message lists."""
MAX_MESSAGE: Final = 2_000
"""Longest message, in characters: names and values in it are a user's, who may have written a megabyte."""


class Location(NamedTuple):
    """Where in a file something was found, counted from 1; zero where it is not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`file`, `file:line` or `file:line:column`."""
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)


class CostModelError(Exception):
    """Base of every error this package raises on purpose.

    Parameters
    ----------
    message : str
        One line: what was found, what was expected, the nearest valid name.
    location : Location, optional
        The file, line and column it was found at; it leads the message.
    """

    def __init__(self, message: str, location: Location | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.location = location

    def __str__(self) -> str:
        # A message quotes what a user wrote: a line break in a key must not make two lines of it, nor an escape steer the terminal.
        return shortened(printable(f"{self.location} {self.message}" if self.location else self.message), MAX_MESSAGE)

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is pickled as a call of its class with its message, which is not what most of these take: a worker's error
        # would not reach the process that asked.
        return _restored, (type(self), self.args, self.__dict__)


class InputError(CostModelError):
    """The user's input cannot be used."""


class SpecError(InputError):
    """A value in a file or an argument is wrong.

    Parameters
    ----------
    message : str
        What was found and what was expected.
    location : Location, optional
        Where it was found.
    layer : str
        Name of the layer it concerns; empty where it concerns none.
    """

    def __init__(self, message: str, location: Location | None = None, layer: str = "") -> None:
        super().__init__(message, location)
        self.layer = layer


class ShapeError(InputError):
    """A layer does not fit its input.

    Parameters
    ----------
    layer : str
        Name of the layer that does not fit.
    message : str
        Both shapes, and what would fit.
    where : column of bool, optional
        Which of many designs do not fit.
    """

    def __init__(self, layer: str, message: str, location: Location | None = None, where: Any = None) -> None:
        super().__init__(f"{layer}: {message}", location)
        self.layer = layer
        self.where = where


class UnknownNameError(InputError):
    """A name is not known.

    Parameters
    ----------
    what : str
        What kind of name it is, as the user would say it (`network`).
    name : str
        The name that was given.
    known : iterable of str
        Every valid name.
    where : str
        Where valid names live, to end "'x' is not ...".
    """

    def __init__(self, what: str, name: str, known: Iterable[str], where: str = "known", location: Location | None = None) -> None:
        self.name = name
        super().__init__(f"{what}: {name!r} is not {where}{did_you_mean(name, known)}", location)


class LimitError(InputError):
    """A number is beyond what is computed exactly; the message names the limit."""


class MissingError(InputError):
    """Something the question needs was not given; the message says what to give."""


class FormatError(InputError):
    """A file or stream is not what it should be."""


class CollectedError(InputError):
    """Several mistakes found in one go.

    Parameters
    ----------
    errors : sequence of InputError
        At least one, in the order they are told.
    """

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)

    def __str__(self) -> str:
        # Each line is printable by itself.
        return "\n".join(str(error) for error in self.errors)


class Mistakes:
    """Mistakes that do not depend on each other, told at once."""

    def __init__(self) -> None:
        self._found: list[InputError] = []

    def of(self, make: Callable[[], T]) -> T | None:
        """Return what is made; None where that is a mistake, which is kept.

        Parameters
        ----------
        make : callable
            Takes nothing.

        Returns
        -------
        Any or None
            What it returns.
        """
        try:
            return make()
        except CollectedError as error:
            self._found += error.errors
        except InputError as error:
            self._found.append(error)
        return None

    def last(self, make: Callable[[], T]) -> T:
        """Return what is made last; raises where that, or anything before it, was a mistake."""
        made = self.of(make)
        self.refuse()
        return cast(T, made)

    def refuse(self) -> None:
        """Raise what was found: one mistake as it is, several as one error of a line each."""
        if len(self._found) > 1:
            raise CollectedError(self._found)
        if self._found:
            raise self._found[0]


class OutputError(CostModelError):
    """The answer cannot be written to standard output.

    Parameters
    ----------
    reason : str
        What stands in the way.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the answer could not be written to standard output: {reason}")


class ToolError(CostModelError):
    """An outside program is missing or failed; the message says which and what to install."""


class CactiFailure(enum.StrEnum):
    """The ways a CACTI run is known to fail."""

    MISSING_BINARY = "missing-binary"
    WRONG_FOLDER = "wrong-folder"
    MISSING_CONFIGURATION = "missing-configuration"
    MISSING_LINES = "missing-lines"
    INVALID_INPUT = "invalid-input"
    NO_ORGANISATION = "no-organisation"
    HANG = "hang"
    SEGFAULT = "segfault"
    CRASH = "crash"
    TRUNCATED = "truncated-output"
    NOT_FINITE = "not-finite"
    OTHER_VERSION = "other-version"
    OTHER_CONFIGURATION = "other-configuration"


class CactiError(ToolError):
    """CACTI failed in one of the ways it is known to fail in.

    Parameters
    ----------
    failure : CactiFailure
        Which way; it leads the message.
    message : str
        One line: what was found, and what to do.
    """

    def __init__(self, failure: CactiFailure, message: str, location: Location | None = None) -> None:
        super().__init__(f"CACTI, {failure.value}: {message}", location)
        self.failure = failure


def _restored(kind: type[CostModelError], args: tuple[Any, ...], state: dict[str, Any]) -> CostModelError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Offer the nearest valid name, or list them where none is near.

    Parameters
    ----------
    name : str
        What was given.
    known : iterable of str
        Every valid name.

    Returns
    -------
    str
        To append to a message: ` (did you mean 'x'?)`, ` (known: a, b)`, ` (known: a, b and 9 more)` or nothing.
    """
    names = sorted(str(each) for each in known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f" (did you mean {near[0]!r}?)"
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f" (known: {', '.join(names[:MAX_LISTED])}{more})" if names else ""
