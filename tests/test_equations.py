"""Every equation's text is in the grammar, gives the number that was recorded, and has its unit."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from equation_text import Dimensions, EquationError, Numbers, dimension, evaluate, fits, number, parse
from recorded_formulas import every_formula, recorded

from costmodel.provenance import Formula, Record

ROOT = Path(__file__).parents[1]
FORMULAS: Final = every_formula()
EVALUATED: Final = {name: declared for name, declared in FORMULAS.items() if not declared.proof}
MOST_EXEMPT: Final = 12
CLOSE: Final = 1e-9
GENERATED: Final = {"equations.md", "nomenclature.md", "provenance.md"}
"""Pages that are written from the declarations, and the one that explains their grammar."""


def equations(declared: Formula) -> dict[str, str]:
    return {"": declared.equation} if isinstance(declared.equation, str) else dict(declared.equation)


def unit_in(meaning: str) -> str:
    return meaning.rpartition("[")[2].removesuffix("]") if meaning.endswith("]") else ""


def agrees(text: str, symbols: dict[str, Any], value: Any) -> bool:
    """Tell whether a text gives a value: exactly where that is a whole number."""
    found = evaluate(parse(text), {name: number(given) for name, given in symbols.items()}, Numbers())
    if isinstance(value, int):
        return bool(found == value)
    expected = number(value)
    return bool(found == expected or abs(found - expected) <= CLOSE * abs(expected))


def mentioned(declared: Formula) -> set[str]:
    parsed = [parse(text) for text in equations(declared).values()]
    return {symbol for each in parsed for symbol in (*each.symbols, *filter(None, [each.left]))}


@pytest.mark.parametrize("name", sorted(EVALUATED))
def test_an_equations_symbols_are_declared(name: str) -> None:
    declared = EVALUATED[name]
    missing = {symbol for text in equations(declared).values() for symbol in parse(text).symbols} - set(declared.symbols)
    assert not missing


def test_every_declared_symbol_stands_in_an_equation() -> None:
    """Formulas of one subject share a table of symbols, so each has to be mentioned by one of those that declare it."""
    used = {(symbol, declared.symbols.get(symbol)) for declared in EVALUATED.values() for symbol in mentioned(declared)}
    for name, declared in EVALUATED.items():
        assert {(symbol, meaning) for symbol, meaning in declared.symbols.items()} <= used, name


@pytest.mark.parametrize("name", sorted(EVALUATED))
def test_an_equations_units_fit_and_give_the_formulas(name: str) -> None:
    declared = EVALUATED[name]
    units = {symbol: dimension(unit_in(meaning)) for symbol, meaning in declared.symbols.items()}
    given = {symbol: [unit] if symbol.endswith("_i") else unit for symbol, unit in units.items()}
    for part, text in equations(declared).items():
        parsed = parse(text)
        found = evaluate(parsed, given, Dimensions())
        assert fits(found, dimension(declared.unit)), f"{part}: {text} is not in {declared.unit}"
        if parsed.left in declared.symbols:
            assert unit_in(declared.symbols[parsed.left]) in {declared.unit, ""}, part


def test_every_formula_is_met_by_recordings_and_its_equation_gives_their_numbers() -> None:
    """One test, so that one worker records."""
    records: dict[str, list[Record]] = defaultdict(list)
    for record in recorded():
        records[record.formula.id].append(record)
    unmet = sorted(FORMULAS.keys() - records.keys())
    assert not unmet, f"no subject of recorded_formulas calls {unmet}"
    wrong = [complaint for name in sorted(EVALUATED) for complaint in complaints(records[name])]
    assert not wrong, "\n".join(wrong)


def complaints(records: list[Record]) -> Iterator[str]:
    """What an equation does not give of the numbers of its formula's recordings."""
    for record in records:
        name, symbols = record.formula.id, dict(record.symbols)
        for part, text in equations(record.formula).items():
            value = getattr(record.value, part) if part else record.value
            if not agrees(text, symbols, value):
                yield f"{name}: {text} with {symbols} is not {value}"
        for part in sorted(set(getattr(record.value, "_fields", ())) - set(equations(record.formula))):
            if getattr(record.value, part) != 0:
                yield f"{name}: {part} has no equation"


def test_few_formulas_are_exempt_and_each_names_the_test_that_holds_it() -> None:
    exempt = {name: declared.proof for name, declared in FORMULAS.items() if declared.proof}
    assert len(exempt) <= MOST_EXEMPT
    for name, proof in exempt.items():
        path, _, test = proof.partition("::")
        spec = importlib.util.spec_from_file_location("proof", ROOT / path)
        assert spec is not None, name
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{name}: {proof} does not exist"


def test_an_equation_stands_where_it_is_declared_and_nowhere_else() -> None:
    """Pages link to docs/equations.md, docstrings to a formula's id: a second text would go its own way."""
    stated = {
        squeezed(text.rpartition("; ")[2].rpartition(" = ")[2]): name
        for name, each in FORMULAS.items()
        for text in equations(each).values()
    }
    told = {text: name for text, name in stated.items() if len(text) >= 7 and re.search(r"[-+*/^(]", text)}
    prose = {str(path): path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md") if path.name not in GENERATED}
    sources = {
        module.__name__: inspect.getsource(module) for module in list(sys.modules.values()) if module.__name__.startswith("costmodel")
    }
    # What no part of a file says, no docstring of it does: most need not be parsed.
    prose |= {name: docstrings(source) for name, source in sources.items() if stands(told, squeezed(source))}
    for place, words in prose.items():
        words = squeezed(words)
        found = [name for text, name in told.items() if text in words]
        assert not found, f"{place} repeats the equation of {found}"


def stands(texts: Iterable[str], words: str) -> bool:
    return any(text in words for text in texts)


def squeezed(text: str) -> str:
    return "".join(text.split())


def docstrings(source: str) -> str:
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return "\n".join(ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented))


def test_a_text_outside_the_grammar_is_refused() -> None:
    for text in ("E = P where P > 0", "total = sum of the parts", "x = y**2", "x = f(y)", "x = max|y|", "x = y[0]", "x = __import__('os')"):
        with pytest.raises(EquationError):
            parse(text)


def test_the_grammar_means_what_it_says() -> None:
    numbers: dict[str, Any] = {"x_i": number([1, 2.5]), "y_i": number([2, 4]), "n": number(100), "z": number(0)}
    for text, value in {
        "sum(x_i * y_i) / sum(x_i)": number(12) / number(3.5),
        "max(0, x_i)": number(2.5),
        "g = 2^floor(log2(n)); n - g": 36,
        "sum(k^2, k, 1, 3)": 14,
        "1 if 0 < n <= 99 or z > 0 else 2": 2,
        "gcd(12, 18)": 6,
        "1,234,567 + 1": 1234568,
        "ceil(7 / 2) - floor(-7 / 2) - abs(-1)": 7,
        "exp(ln(n)) - sqrt(n)": 90,
    }.items():
        assert abs(evaluate(parse(text), numbers, Numbers()) - value) < 1e-30, text
    with pytest.raises(EquationError, match="unlike"):
        evaluate(parse("P + t"), {"P": dimension("W"), "t": dimension("s")}, Dimensions())
