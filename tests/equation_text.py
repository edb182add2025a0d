"""The grammar of equation texts, and two readings of it: exact numbers (SymPy) and physical dimensions.

    text       = statement { ";" statement }          the last one is the value; those before name intermediates
    statement  = [ name "=" ] expression
    expression = numbers, names, + - * / ^, comparisons, "and", "or", "a if condition else b" and calls of
                 min max floor ceil abs gcd ln log2 exp sqrt,
                 sum(term): over the members of the indexed symbols (`x_i`) in it, which run together,
                 sum(term, m, first, last): over the whole numbers from first to last.

An indexed symbol inside min or max stands for all its members.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

import sympy

FUNCTIONS: Final = frozenset({"min", "max", "floor", "ceil", "abs", "gcd", "ln", "log2", "exp", "sqrt", "sum"})
DIGITS: Final = 40
"""Of logarithms, roots and powers."""
_NODES: Final = (
    ast.BinOp,
    ast.UnaryOp,
    ast.USub,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Pow,
    ast.Compare,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.Eq,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.IfExp,
    ast.Call,
    ast.Name,
    ast.Load,
    ast.Constant,
)
_ASSIGNED: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=(?!=)\s*(.*)", re.DOTALL)
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


class EquationError(ValueError):
    """A text outside the grammar, or units that do not fit."""


class Statement(NamedTuple):
    """One equation of a text."""

    name: str | None
    expression: ast.expr


@dataclass(frozen=True)
class Equation:
    """A parsed text."""

    statements: tuple[Statement, ...]

    @property
    def symbols(self) -> frozenset[str]:
        """Names that have to be given."""
        given: set[str] = set()
        made: set[str] = set()
        for statement in self.statements:
            given |= _names(statement.expression) - made
            made |= {statement.name} if statement.name else set()
        return frozenset(given)

    @property
    def left(self) -> str | None:
        """Name of the value."""
        return self.statements[-1].name


def _names(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Call) and len(node.args) == 4:
        term, counter, first, last = node.args
        assert isinstance(counter, ast.Name)
        return (_names(term) - {counter.id}) | _names(first) | _names(last)
    if isinstance(node, ast.Call):
        return set().union(*(_names(part) for part in node.args))
    found = {node.id} if isinstance(node, ast.Name) else set()
    return found.union(*(_names(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)))


@lru_cache(maxsize=1 << 12)
def parse(text: str) -> Equation:
    """Read an equation, or raise EquationError."""
    if "**" in text:
        raise EquationError(f"powers are written ^: {text}")
    statements = []
    for part in text.split(";"):
        found = _ASSIGNED.fullmatch(part)
        name, body = (found[1], found[2]) if found else (None, part)
        try:
            tree = ast.parse(_THOUSANDS.sub("", body).strip().replace("^", "**"), mode="eval").body
        except SyntaxError as error:
            raise EquationError(f"{error.msg}: {part.strip()}") from None
        for node in ast.walk(tree):
            if not isinstance(node, _NODES):
                raise EquationError(f"{type(node).__name__} is outside the grammar: {part.strip()}")
            if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords):
                raise EquationError(f"no such function: {ast.unparse(node.func)} in {part.strip()}")
        statements.append(Statement(name, tree))
    return Equation(tuple(statements))


class Algebra(Protocol):
    """What the operations mean."""

    def constant(self, value: float) -> Any: ...
    def binary(self, operator: ast.operator, left: Any, right: Any) -> Any: ...
    def negative(self, value: Any) -> Any: ...
    def call(self, name: str, arguments: Sequence[Any]) -> Any: ...
    def total(self, terms: Sequence[Any]) -> Any: ...
    def compare(self, operator: ast.cmpop, left: Any, right: Any) -> bool: ...
    def choose(self, condition: bool, first: Callable[[], Any], second: Callable[[], Any]) -> Any: ...
    def range_of(self, first: Any, last: Any) -> Sequence[Any]: ...


def evaluate(equation: Equation, values: Mapping[str, Any], algebra: Algebra) -> Any:
    """Return the value of an equation; an indexed symbol's value is a sequence."""
    known = dict(values)
    found = None
    for name, expression in equation.statements:
        found = _evaluate(expression, known, algebra)
        if name is not None:
            known[name] = found
    return found


def _evaluate(node: ast.expr, known: Mapping[str, Any], algebra: Algebra) -> Any:
    match node:
        case ast.Constant(value=value):
            return algebra.constant(value)
        case ast.Name(id=name):
            if name not in known:
                raise EquationError(f"the symbol {name} has no value")
            return known[name]
        case ast.UnaryOp(operand=operand):
            return algebra.negative(_evaluate(operand, known, algebra))
        case ast.BinOp(left=left, op=operator, right=right):
            return algebra.binary(operator, _evaluate(left, known, algebra), _evaluate(right, known, algebra))
        case ast.Compare(left=left, ops=operators, comparators=others):
            sides = [_evaluate(side, known, algebra) for side in (left, *others)]
            # Every comparison is made: of units, each has to fit.
            held = [algebra.compare(op, a, b) for op, a, b in zip(operators, sides, sides[1:], strict=False)]
            return all(held)
        case ast.BoolOp(op=ast.And(), values=parts):
            held = [_evaluate(part, known, algebra) for part in parts]
            return all(held)
        case ast.BoolOp(values=parts):
            held = [_evaluate(part, known, algebra) for part in parts]
            return any(held)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            holds = _evaluate(test, known, algebra)
            return algebra.choose(holds, lambda: _evaluate(body, known, algebra), lambda: _evaluate(orelse, known, algebra))
        case ast.Call(func=ast.Name(id="sum"), args=arguments):
            return algebra.total(_terms(arguments, known, algebra))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            spread: list[Any] = []
            for argument in arguments:
                found = _evaluate(argument, known, algebra)
                spread += found if isinstance(found, list | tuple) else [found]
            return algebra.call(name, spread)
    raise EquationError(f"outside the grammar: {ast.unparse(node)}")


def _terms(arguments: Sequence[ast.expr], known: Mapping[str, Any], algebra: Algebra) -> list[Any]:
    term = arguments[0]
    if len(arguments) == 1:
        indexed = {name: known[name] for name in _names(term) if isinstance(known.get(name), list | tuple)}
        if not indexed:
            raise EquationError(f"nothing to sum over in sum({ast.unparse(term)})")
        lengths = {len(members) for members in indexed.values()}
        if len(lengths) != 1:
            raise EquationError(f"symbols of different lengths in sum({ast.unparse(term)})")
        return [
            _evaluate(term, {**known, **{name: members[place] for name, members in indexed.items()}}, algebra)
            for place in range(lengths.pop())
        ]
    if len(arguments) != 4 or not isinstance(arguments[1], ast.Name):
        raise EquationError("sum takes a term, or a term, a counter, its first and its last value")
    first, last = (_evaluate(bound, known, algebra) for bound in arguments[2:])
    return [_evaluate(term, {**known, arguments[1].id: place}, algebra) for place in algebra.range_of(first, last)]


class Numbers:
    """Exact numbers: whole numbers and the decimals that floats are printed as."""

    def constant(self, value: float) -> Any:
        return number(value)

    def binary(self, operator: ast.operator, left: Any, right: Any) -> Any:
        match operator:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
        # Roots are taken of decimals: of exact fractions SymPy would factor numerator and denominator.
        return left**right if right.is_Integer else sympy.Float(left, DIGITS) ** sympy.Float(right, DIGITS)

    def negative(self, value: Any) -> Any:
        return -value

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        match name:
            case "min":
                return min(arguments)
            case "max":
                return max(arguments)
            case "gcd":
                return sympy.gcd(*arguments)
            case "log2":
                return _log2(arguments[0])
        functions = {
            "floor": sympy.floor,
            "ceil": sympy.ceiling,
            "abs": sympy.Abs,
            "ln": sympy.log,
            "exp": sympy.exp,
            "sqrt": sympy.sqrt,
        }
        exact = name in {"floor", "ceil", "abs"}
        return functions[name](arguments[0] if exact else sympy.Float(arguments[0], DIGITS))

    def total(self, terms: Sequence[Any]) -> Any:
        return sum(terms, sympy.Integer(0))

    def compare(self, operator: ast.cmpop, left: Any, right: Any) -> bool:
        match operator:
            case ast.Lt():
                return bool(left < right)
            case ast.LtE():
                return bool(left <= right)
            case ast.Gt():
                return bool(left > right)
            case ast.GtE():
                return bool(left >= right)
        return bool(left == right)

    def choose(self, condition: bool, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
        return first() if condition else second()

    def range_of(self, first: Any, last: Any) -> Sequence[Any]:
        return [sympy.Integer(place) for place in range(int(first), int(last) + 1)]


def _log2(value: Any) -> Any:
    """Logarithm to base 2; of a power of two it is exact."""
    if value.is_Integer and value > 0 and value & (value - 1) == 0:
        return sympy.Integer(int(value).bit_length() - 1)
    return sympy.log(sympy.Float(value, DIGITS), 2)


def number(value: Any) -> Any:
    """Return a recorded value as an exact number; members of a sequence likewise."""
    if isinstance(value, list | tuple):
        return [number(part) for part in value]
    if isinstance(value, bool | int):
        return sympy.Integer(int(value))
    if math.isinf(value):
        return sympy.oo
    # As the machine holds it: what a difference of two nearly equal numbers leaves is in their last places.
    exact = Fraction(float(value))
    return sympy.Rational(exact.numerator, exact.denominator)


@dataclass(frozen=True)
class Dimension:
    """Powers of second, ampere, volt and kelvin; None fits everything, as a bare number does."""

    powers: tuple[Fraction, ...] | None


_ONE: Final = Dimension((Fraction(0),) * 4)
_ANY: Final = Dimension(None)
_BASE: Final[dict[str, tuple[int, int, int, int]]] = {
    "s": (1, 0, 0, 0),
    "Hz": (-1, 0, 0, 0),
    "1/s": (-1, 0, 0, 0),
    "1/year": (-1, 0, 0, 0),
    "A": (0, 1, 0, 0),
    "V": (0, 0, 1, 0),
    "ohm": (0, -1, 1, 0),
    "W": (0, 1, 1, 0),
    "J": (1, 1, 1, 0),
    "pJ": (1, 1, 1, 0),
    "A s": (1, 1, 0, 0),
    "Ah": (1, 1, 0, 0),
    "degC": (0, 0, 0, 1),
    "K": (0, 0, 0, 1),
}
COUNTED: Final = frozenset(
    {"", "1", "B", "bit", "cycles", "taps", "elements", "accesses", "lines", "weights", "channels", "steps", "blocks", "macs", "degC step"}
)
"""Units of what is counted: without a dimension."""


def dimension(unit: str) -> Dimension:
    """Return the dimension of a unit; a unit that speaks of another one fits everything."""
    if unit in COUNTED:
        return _ONE
    if unit in _BASE:
        return Dimension(tuple(Fraction(power) for power in _BASE[unit]))
    if unit.startswith("the "):
        return _ANY
    raise EquationError(f"unknown unit {unit!r}")


def fits(left: Dimension, right: Dimension) -> bool:
    """Tell whether two quantities may be added or compared."""
    return left.powers is None or right.powers is None or left.powers == right.powers


class Dimensions:
    """Physical dimensions: sums and comparisons of unlike quantities are errors."""

    def constant(self, value: float) -> Dimension:
        return _ANY

    def binary(self, operator: ast.operator, left: Dimension, right: Dimension) -> Dimension:
        if isinstance(operator, ast.Add | ast.Sub):
            return self._alike((left, right))
        if isinstance(operator, ast.Pow):
            if not fits(right, _ONE) and right.powers != (0, 0, 0, 1):
                raise EquationError("an exponent has a dimension")
            return left if left.powers in (None, _ONE.powers) else _ANY
        sign = -1 if isinstance(operator, ast.Div) else 1
        a, b = left.powers or _ONE.powers, right.powers or _ONE.powers
        if left.powers is None and right.powers is None:
            return _ANY
        assert a is not None
        assert b is not None
        return Dimension(tuple(x + sign * y for x, y in zip(a, b, strict=True)))

    def negative(self, value: Dimension) -> Dimension:
        return value

    def call(self, name: str, arguments: Sequence[Dimension]) -> Dimension:
        if name in {"ln", "log2", "exp"}:
            return _ONE
        if name == "sqrt":
            powers = arguments[0].powers
            return _ANY if powers is None else Dimension(tuple(power / 2 for power in powers))
        return self._alike(arguments)

    def total(self, terms: Sequence[Dimension]) -> Dimension:
        return self._alike(terms)

    def compare(self, operator: ast.cmpop, left: Dimension, right: Dimension) -> bool:
        self._alike((left, right))
        return True

    def choose(self, condition: bool, first: Callable[[], Dimension], second: Callable[[], Dimension]) -> Dimension:
        return self._alike((first(), second()))

    def range_of(self, first: Dimension, last: Dimension) -> Sequence[Dimension]:
        return [_ANY]

    def _alike(self, parts: Sequence[Dimension]) -> Dimension:
        known = [part for part in parts if part.powers is not None]
        for part in known[1:]:
            if not fits(known[0], part):
                raise EquationError("unlike quantities are added or compared")
        return known[0] if known else _ANY
