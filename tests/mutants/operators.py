"""Every one-operation change of a source file: an arithmetic operator, a comparison, a minimum for a maximum."""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "*", "%": "*", "**": "*"}
COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
FUNCTIONS = {
    "min": "max",
    "max": "min",
    "larger": "smaller",
    "smaller": "larger",
    "minimum": "maximum",
    "maximum": "minimum",
    "floor_div": "ceil_div",
    "ceil_div": "floor_div",
    "floor": "ceil",
    "ceil": "floor",
}
OPERATORS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class Mutant(NamedTuple):
    """A file with one operation changed."""

    path: Path
    """Of the file, from the root."""
    name: str
    """File, function, line of code and change: stays the same when lines move."""
    source: str
    """The whole changed file."""
    lines: tuple[int, int]
    """First and last line of the statement that is changed: a test that runs none of them cannot notice."""
    around: str
    """The function or class that is changed, as it stands afterwards: what else changes in the file makes it no other mutant."""

    @property
    def function(self) -> str:
        """File and function."""
        return function_of(self.name)


def function_of(name: str) -> str:
    """File and function of a mutant's name."""
    return name.partition(":")[0]


class _Change(NamedTuple):
    line: int
    column: int
    found: str
    put: str
    statement: tuple[int, int]


def mutants_of(path: Path, source: str) -> list[Mutant]:
    """Return every mutant of a file, in the order of its lines."""
    lines = source.splitlines(keepends=True)
    seen: dict[str, int] = {}
    mutants = []
    tree = ast.parse(source)
    ends = [node.end_lineno or node.lineno for node in tree.body]
    for change, function in sorted(_changes(tree, source)):
        line = lines[change.line - 1]
        end = change.column + len(change.found)
        changed = [*lines]
        changed[change.line - 1] = line[: change.column] + change.put + line[end:]
        plain = f"{path.as_posix()} {function}: {line[: change.column].lstrip()}[{change.found} -> {change.put}]{line[end:].rstrip()}"
        seen[plain] = seen.get(plain, 0) + 1
        at = bisect_left(ends, change.line)
        around = "".join(changed[ends[at - 1] if at else 0 : ends[at]])
        mutants.append(Mutant(path, plain if seen[plain] == 1 else f"{plain} #{seen[plain]}", "".join(changed), change.statement, around))
    return mutants


def _changes(tree: ast.Module, source: str) -> Iterator[tuple[_Change, str]]:
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.OP]
    for node, function, statement in _computing(tree, "", (0, 0)):
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            for place in _between(tokens, source, node.left, node.right, OPERATORS[type(node.op)]):
                yield _Change(*place, statement), function
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
                if type(operator) in OPERATORS:
                    for place in _between(tokens, source, left, right, OPERATORS[type(operator)]):
                        yield _Change(*place, statement), function
        elif isinstance(node, ast.Call):
            named = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            if named in FUNCTIONS:
                line, column = node.func.end_lineno or 0, _characters(source, node.func.end_lineno or 0, node.func.end_col_offset or 0)
                yield _Change(line, column - len(named), named, FUNCTIONS[named], statement), function


def _computing(node: ast.AST, function: str, statement: tuple[int, int]) -> Iterator[tuple[ast.AST, str, tuple[int, int]]]:
    """Every node that computes, its function and the lines of its statement: not the text of messages, nor decorators, nor annotations."""
    if isinstance(node, ast.JoinedStr | ast.Raise):
        return
    if isinstance(node, ast.stmt):
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        statement = node.lineno, max(node.lineno, last)
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}" if function else node.name
        for child in node.body:
            yield from _computing(child, function, statement)
        return
    if isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield from _computing(node.value, function, statement)
        return
    yield node, function, statement
    for child in ast.iter_child_nodes(node):
        yield from _computing(child, function, statement)


def _between(
    tokens: list[tokenize.TokenInfo], source: str, left: ast.expr, right: ast.expr, operator: str
) -> Iterator[tuple[int, int, str, str]]:
    """The place of an operator, what it is and what is put there."""
    begin = (left.end_lineno or 0, _characters(source, left.end_lineno or 0, left.end_col_offset or 0))
    end = (right.lineno, _characters(source, right.lineno, right.col_offset))
    for token in tokens:
        if begin <= token.start < end and token.string == operator:
            yield *token.start, operator, (ARITHMETIC | COMPARISONS)[operator]
            return


def _characters(source: str, line: int, byte: int) -> int:
    """A column in characters; syntax trees count bytes."""
    return len(source.splitlines()[line - 1].encode()[:byte].decode())
