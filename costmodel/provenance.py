"""Where each number comes from: formulas declare themselves, constants carry their source, and a tape records who used what.

A formula is an ordinary pure function under the `formula` decorator. Called as usual it costs one look at a context variable. Called inside
`recording()`, each call becomes a `Record` (the formula, its inputs, its value, and the formulas it called in turn), and the numbers it
returns remember the record that made them. So the composition stays plain arithmetic, and `explain` can still walk from any figure to
constants.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


class Constant(NamedTuple):
    """A number with its unit, its range and its source."""

    value: float
    unit: str
    low: float | None
    """Smallest credible value; None where no range is known."""
    high: float | None
    """Largest credible value; None where no range is known."""
    source: str


@dataclass(frozen=True)
class Formula:
    """A declared formula."""

    id: str
    """Unique name, dotted by subject (`energy.dynamic`)."""
    equation: str | Mapping[str, str]
    """The equation in the symbols below; where the function returns a named tuple, one per field."""
    symbols: Mapping[str, str]
    """Each symbol's meaning and unit."""
    unit: str
    """Unit of the value."""
    source: str
    """Publication, document or definition the equation is taken from."""
    function: Callable[..., Any] = field(repr=False)
    """The undecorated function."""
    signature: inspect.Signature = field(repr=False)
    proof: str = ""
    """Test that holds the function against an independent definition, where the equation has to be solved and cannot be evaluated."""
    terms: Callable[..., Mapping[str, Any]] | None = field(repr=False, default=None)
    """Values of the symbols for given arguments, where they are not simply the arguments."""

    def symbol_values(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the symbols that stand for inputs, with their values.

        By name where every parameter is a symbol; otherwise by position, the value's own symbol first.
        """
        if self.terms is not None:
            return self.terms(**arguments)
        if all(name in self.symbols for name in arguments):
            return arguments
        inputs = list(self.symbols)[len(self.symbols) - len(arguments) :]
        return dict(zip(inputs, arguments.values(), strict=True))

    def equation_of(self, part: str | None) -> str:
        """Return the equation of one field of the value, or of the value itself."""
        if isinstance(self.equation, str):
            return self.equation
        return self.equation.get(part or "", "")


@dataclass(frozen=True, eq=False)
class Record:
    """One call of a formula, as a tape saw it."""

    formula: Formula
    inputs: Mapping[str, Any]
    """Parameter name to value; numbers keep the origin they came with."""
    symbols: Mapping[str, Any]
    """Symbol to value, for the symbols that stand for inputs."""
    value: Any
    steps: tuple[Record, ...]
    """Calls of other formulas made inside this one, in order."""


class Origin(NamedTuple):
    """What made a number: a formula's record, or a named leaf with a source."""

    record: Record | None
    part: str | None
    """Field of the record's value, where that is a named tuple."""
    name: str
    """Name of the leaf (`conv1.out_channels`), or the formula's id."""
    source: str
    """Source of the leaf; empty for a record."""


class TracedInt(int):
    """An int that remembers its origin; arithmetic on it gives plain ints."""

    origin: Origin


class TracedFloat(float):
    """A float that remembers its origin; arithmetic on it gives plain floats."""

    origin: Origin


FORMULAS: Final[dict[str, Formula]] = {}
"""Every declared formula by id."""

_TAPE: ContextVar[list[list[Record]] | dict[str, Formula] | None] = ContextVar("costmodel_tape", default=None)


def traced(value: Any, origin: Origin) -> Any:
    """Return `value` remembering `origin`, where it is a lone int or float; anything else is returned as it is."""
    kind = type(value)
    if kind in (int, TracedInt):
        number: TracedInt | TracedFloat = TracedInt(value)
    elif isinstance(value, float):
        number = TracedFloat(value)
    else:
        return value
    number.origin = origin
    return number


def leaf(value: Any, name: str, source: str) -> Any:
    """Return `value` as a named leaf of the trace.

    Parameters
    ----------
    value : int or float
        The number; anything else is returned unchanged.
    name : str
        What `explain` calls it.
    source : str
        Where the number comes from.

    Returns
    -------
    int or float
        Equal to `value`, with an origin.
    """
    return traced(value, Origin(None, None, name, source))


def noted(value: Any, name: str, source: str) -> Any:
    """Return `value` as a named leaf while formulas are being recorded, and as it is otherwise; see `leaf`."""
    return leaf(value, name, source) if is_recording() else value


def lone(value: Any) -> float:
    """Return a number, or a column of one, as a float that remembers what the number did."""
    return value if isinstance(value, TracedFloat) else float(value)


def rounded(value: float) -> int:
    """Return the nearest whole number, which remembers what the number did."""
    origin = origin_of(value)
    nearest = round(value)
    return nearest if origin is None else cast(int, traced(nearest, origin))


def origin_of(value: object) -> Origin | None:
    """Return the origin a number remembers, or None."""
    return getattr(value, "origin", None) if isinstance(value, TracedInt | TracedFloat) else None


def is_recording() -> bool:
    """Tell whether formulas are being recorded with their numbers."""
    return isinstance(_TAPE.get(), list)


def is_observed() -> bool:
    """Tell whether formulas are being recorded or noted: then what was computed before is computed again."""
    return _TAPE.get() is not None


@contextmanager
def formulas_met() -> Iterator[dict[str, Formula]]:
    """Note which formulas are called inside the block, without their numbers: a fraction of a recording's time.

    Yields
    ------
    dict of str to Formula
        By id, filled as they are met.
    """
    met: dict[str, Formula] = {}
    token = _TAPE.set(met)
    try:
        yield met
    finally:
        _TAPE.reset(token)


@contextmanager
def recording() -> Iterator[list[Record]]:
    """Record every formula called inside the block; a recording inside another is part of it.

    Yields
    ------
    list of Record
        Top-level calls, in order, filled as they happen.
    """
    top: list[Record] = []
    outer = _TAPE.get()
    token = _TAPE.set([top])
    try:
        yield top
    finally:
        _TAPE.reset(token)
        if isinstance(outer, list):
            outer[-1].extend(top)


def formula(
    *,
    id: str,
    equation: str | Mapping[str, str],
    symbols: Mapping[str, str],
    unit: str,
    source: str,
    proof: str = "",
    terms: Callable[..., Mapping[str, Any]] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a pure function as a formula.

    Parameters
    ----------
    id : str
        Unique dotted name.
    equation : str or mapping
        The equation in `symbols`, in the grammar of docs/provenance.md; for a function that returns a named tuple, one equation per field.
    symbols : mapping
        Symbol to meaning, with its unit in brackets.
    unit : str
        Unit of the value.
    source : str
        Where the equation comes from.
    proof : str, optional
        Of an equation that is solved for the value: the test that holds the function against an independent definition, `file::test`.
    terms : callable, optional
        Takes the function's parameters and returns the value of each symbol, where symbols are not the parameters themselves.

    Returns
    -------
    callable
        The decorator. The decorated function carries the declaration as `.formula`.

    Raises
    ------
    ValueError
        If the id is taken.
    """

    def declare(function: Callable[P, R]) -> Callable[P, R]:
        if id in FORMULAS:
            raise ValueError(f"formula id {id!r} is declared twice")
        declared = Formula(id, equation, symbols, unit, source, function, inspect.signature(function), proof, terms)
        FORMULAS[id] = declared

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            tape = _TAPE.get()
            if tape is None:
                return function(*args, **kwargs)
            if isinstance(tape, dict):
                tape[id] = declared
                return function(*args, **kwargs)
            return cast(R, _record(declared, tape, args, kwargs))

        cast(Any, call).formula = declared
        return call

    return declare


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Let a formula of a few ints remember its recent answers; columns, and calls that are being recorded, are computed as ever."""
    # Nothing is recorded where an answer is remembered: what is called is the function itself, without its declaration around it.
    declared: Formula | None = getattr(function, "formula", None)
    cached: Callable[..., R] = functools.lru_cache(maxsize=1 << 14)(function if declared is None else declared.function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if type(args[0]) is int and _TAPE.get() is None:
            try:
                return cached(*args, **kwargs)
            except TypeError:  # A column among the arguments cannot be looked up.
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    return call


def _has_column(value: Any) -> bool:
    return any(getattr(part, "ndim", 0) for part in (value if isinstance(value, tuple) else (value,)))


def _record(declared: Formula, tape: list[list[Record]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    bound = declared.signature.bind(*args, **kwargs)
    bound.apply_defaults()
    tape.append([])
    try:
        value = declared.function(*args, **kwargs)
    finally:
        steps = tuple(tape.pop())
    if _has_column(value):
        # Nobody explains a column, and the symbols of one may not be told.
        return value
    tape.append([])
    try:
        symbols = declared.symbol_values(bound.arguments)
    finally:
        tape.pop()
    record = Record(declared, dict(bound.arguments), symbols, value, steps)
    tape[-1].append(record)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = (traced(part, Origin(record, name, declared.id, "")) for name, part in zip(value._fields, value, strict=True))
        return type(value)(*parts)
    return traced(value, Origin(record, None, declared.id, ""))
