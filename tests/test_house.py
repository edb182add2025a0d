"""The house's own rules, proved over every module, field, name and formula."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import subprocess
import sys
import types
import typing
from collections import Counter
from pathlib import Path

import pytest
from pydantic import BaseModel

import costmodel
from costmodel.evaluation.calibrating import calibrate
from costmodel.evaluation.composition import cost
from costmodel.evaluation.design import design_of
from costmodel.provenance import FORMULAS, Constant, Record, recording
from costmodel.results.base import Result
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.base import QuantityType, Spec
from costmodel.specs.counting import Dataflow
from costmodel.units import EXTENTS, SUFFIXES, unit_of

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "costmodel"
MAX_LINES = 400
MAX_MODULES = 15


def every_module() -> list[types.ModuleType]:
    names = [found.name for found in pkgutil.walk_packages([str(PACKAGE)], "costmodel.") if not found.name.endswith("__main__")]
    if importlib.util.find_spec("torch") is None:
        # The one room that imports an optional library at its door.
        names = [name for name in names if not name.startswith("costmodel.training.pytorch.")]
    return [importlib.import_module(name) for name in names]


MODULES = every_module()


def subclasses(base: type) -> set[type]:
    return {sub for child in base.__subclasses__() for sub in {child, *subclasses(child)}}


MODELS = sorted(
    (found for found in subclasses(Spec) | subclasses(Result) if found.__module__.startswith("costmodel")), key=lambda m: m.__name__
)


def parts_of(annotation: object) -> typing.Iterator[object]:
    """Every type an annotation mentions."""
    arguments = typing.get_args(annotation)
    if not arguments:
        yield annotation
    for argument in arguments:
        yield from parts_of(argument)


def numeric_kinds(annotation: object) -> set[type]:
    return {part for part in parts_of(annotation) if part in (int, float, Constant)}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_numeric_field_ends_in_the_suffix_of_its_type(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        kinds = numeric_kinds(field.annotation)
        if not kinds or name in EXTENTS or name == "value":
            continue
        if typing.get_origin(field.annotation) is dict:
            continue
        unit = unit_of(name)
        if unit is None and "unit" in model.model_fields:
            continue  # The unit stands beside the number.
        assert unit is not None, f"{model.__name__}.{name} is a number without a unit suffix"
        if Constant in kinds:
            quantity = next(part for part in field.metadata if isinstance(part, QuantityType)) if field.metadata else None
            if quantity is not None:
                assert quantity.unit == unit.symbol, f"{model.__name__}.{name} holds {quantity.unit!r}"
        elif unit.exact:
            assert kinds == {int} or name.endswith("_count"), f"{model.__name__}.{name} is counted, so it is an int"
        else:
            assert float in kinds, f"{model.__name__}.{name} is measured, so it is a float"


def test_a_suffix_is_the_last_part_of_a_name() -> None:
    assert set(SUFFIXES) >= {"pj", "j", "w", "v", "a", "ah", "s", "hz", "cycles", "bytes", "bits", "count", "ratio"}
    assert unit_of("read_pj").symbol == "pJ"
    assert unit_of("latency") is None


def test_public_names_are_what_they_say_after_importing_everything() -> None:
    for name in costmodel.__all__:
        found = getattr(costmodel, name)
        assert not isinstance(found, types.ModuleType), f"costmodel.{name} is a module"
        assert getattr(found, "__doc__", None), f"costmodel.{name} has no docstring"


def test_public_functions_give_the_same_answer_twice() -> None:
    calls = {
        "count": lambda: costmodel.count(costmodel.Conv2d(name="c", out_channels=3, kernel=3), (2, 5, 5)),
        "estimate_battery": lambda: costmodel.estimate_battery(
            costmodel.load_battery("18650"), costmodel.load_power_states("esp32-deck"), sleep="deep", sample_count=100
        ),
        "estimate_time": lambda: costmodel.estimate_time(
            costmodel.load_network("ds-cnn"), costmodel.load_device("nrf52840"), costmodel.load_runtime("tflm-cmsis-nn")
        ),
        "evaluate": lambda: costmodel.evaluate(costmodel.load_scenario("esp32-deck")),
        "explain": lambda: costmodel.explain(costmodel.load_scenario("esp32-deck"), "conv1.energy"),
        "findings_in_words": lambda: costmodel.findings_in_words(costmodel.evaluate(costmodel.load_scenario("esp32-deck"))),
        "load_battery": lambda: costmodel.load_battery("deck-5v-1ah"),
        "load_device": lambda: costmodel.load_device("esp32-wroom"),
        "load_duty_cycle": lambda: costmodel.load_duty_cycle("sense-and-infer"),
        "load_memory_energy": lambda: costmodel.load_memory_energy("deck-printed"),
        "load_model": None,
        "load_network": lambda: costmodel.load_network("cifar-aap-pruned"),
        "load_power_states": lambda: costmodel.load_power_states("esp32-module"),
        "load_runtime": lambda: costmodel.load_runtime("esp-nn"),
        "load_scenario": lambda: costmodel.load_scenario("esp32-deck"),
        "plan_memory": lambda: costmodel.plan_memory("resnet8"),
        "compare": None,
        # Tests of their own: they read and write files.
        "read_trace": None,
        "sweep": None,
        "write_report": None,
    }
    functions = {name for name in costmodel.__all__ if isinstance(getattr(costmodel, name), types.FunctionType)}
    assert functions <= set(calls), "a new public function owes this test a call"
    for name in functions:
        call = calls[name]
        if call is not None:
            assert call() == call(), name


def test_no_exported_name_is_also_a_module_or_package() -> None:
    modules = {part for module in MODULES for part in module.__name__.split(".")[1:]}
    exported = set(costmodel.__all__)
    for module in MODULES:
        if module.__name__.count(".") == 1 and hasattr(module, "__path__"):
            exported |= set(getattr(module, "__all__", ()))
    assert not exported & modules


def test_floors_hold() -> None:
    ran = subprocess.run([str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_a_level_holds_few_modules() -> None:
    modules = Counter(path.parent.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    assert modules["costmodel/specs"], "no module was counted"
    assert {folder: count for folder, count in modules.items() if count > MAX_MODULES} == {}


def sentences(path: Path) -> list[str]:
    """Strings of more than eight words that are no documentation, no error and no declaration of a formula, a figure or a constant."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out: set[int] = set()
    for node in ast.walk(tree):
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        declares = called in {"Constant", "Figure", "leaf"} or (isinstance(node, ast.keyword) and node.arg in {"source", "description"})
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if documents or declares or isinstance(node, ast.Raise):
            left_out |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.FunctionDef):
            left_out |= {id(part) for decorator in node.decorator_list for part in ast.walk(decorator)}
    texts = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in left_out]
    # What begins like this is the source of a number.
    sources = ("'definition: ", "'assumption: ", "'measured: ", "f'definition: ", "f'assumption: ", "f'measured: ")
    return [text for text in texts if len(text.split()) > 8 and not text.startswith(sources)]


# What a figure means stands with the figure, as `explain` and a sweep's columns tell it.
WORDLESS = sorted(path for path in (PACKAGE / "evaluation").rglob("*.py") if path.name != "figures.py")


@pytest.mark.parametrize("path", WORDLESS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_evaluation_words_nothing(path: Path) -> None:
    assert not sentences(path)


def test_a_sentence_is_found_wherever_it_stands(tmp_path: Path) -> None:
    room = tmp_path / "room.py"
    told = 'def told(n):\n    return f"this is what {n} people would read of it, at length"\n'
    room.write_text(f'"""What it is for, in a whole line of many words."""\n\n{told}', encoding="utf-8")
    assert len(sentences(room)) == 1


LAYOUT = {"quantities.py", "table_layout.py", "as_terminal.py"}
"""Modules of a report that reckon in columns, characters and units of display, beside all of `figures/`."""
CONVERSIONS = {name for name in vars(costmodel.units) if name.isupper()}
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)


def is_textual(node: ast.AST) -> bool:
    """Whether an operand is text, a list, or a path: what `+`, `*` and `/` put together and compute nothing of."""
    if isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp):
        return True
    if isinstance(node, ast.BinOp):
        return is_textual(node.left) or is_textual(node.right)
    if isinstance(node, ast.IfExp):
        return is_textual(node.body) or is_textual(node.orelse)
    return (isinstance(node, ast.Constant) and isinstance(node.value, str)) or (isinstance(node, ast.Name) and node.id == "folder")


def computed(path: Path) -> list[str]:
    """Sums, ratios, and arithmetic on fields with a unit, but for conversions by a constant of `units`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"sum", "fmean", "median"}:
            found.append(ast.unparse(node))
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ARITHMETIC) or is_textual(node):
            continue
        if CONVERSIONS & {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}:
            continue
        measured = any(isinstance(part, ast.Attribute) and unit_of(part.attr) is not None for part in ast.walk(node))
        if measured or isinstance(node.op, ast.Div | ast.Pow):
            found.append(ast.unparse(node))
    return found


REPORTING = sorted(path for path in (PACKAGE / "report").rglob("*.py") if path.name not in LAYOUT and path.parent.name != "figures")


@pytest.mark.parametrize("path", REPORTING, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_reports_compute_nothing(path: Path) -> None:
    assert not computed(path)


def test_a_computation_is_found_wherever_it_stands(tmp_path: Path) -> None:
    room = tmp_path / "room.py"
    room.write_text(
        "share = layer.memory_pj / whole\nleft = region.size_bytes - taken\nall = sum(parts)\nfine = life_s / S_PER_DAY + 2 * len(rows)\n",
        encoding="utf-8",
    )
    assert len(computed(room)) == 3


def test_conversion_factors_stand_in_units_only() -> None:
    factors = {1e3, 1e6, 1e9, 1e12, 3600.0, 86400.0, 1024}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name == "units.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
                for side in (node.left, node.right):
                    factor = side.value if isinstance(side, ast.Constant) else None
                    assert not (isinstance(factor, int | float) and factor in factors), f"{path.name}:{node.lineno} converts by {factor}"


def test_each_formula_says_what_it_is() -> None:
    assert len(FORMULAS) > 20
    for declared in FORMULAS.values():
        assert declared.equation, declared.id
        assert declared.symbols, declared.id
        assert declared.source, declared.id
        assert declared.function.__doc__, declared.id


def walk(records: list[Record]) -> typing.Iterator[Record]:
    for record in records:
        yield record
        yield from walk(list(record.steps))


@pytest.mark.parametrize("dataflow", list(Dataflow))
def test_each_recorded_formula_gives_its_value_again(dataflow: Dataflow) -> None:
    scenario = load_scenario("esp32-deck")
    with recording() as tape:
        cost(design_of(scenario, dataflow, calibrate(scenario, dataflow).rates))
    seen = 0
    for record in walk(tape):
        assert record.formula.function(**record.inputs) == record.value, record.formula.id
        seen += 1
    assert seen > 100


def test_every_cited_key_stands_in_the_bibliography() -> None:
    text = (ROOT / "references.bib").read_text(encoding="utf-8")
    for needle in ("Horowitz", "Dumoulin", "Eyeriss", "CACTI", "Krizhevsky"):
        assert needle in text


def test_the_room_that_needs_pytorch_declares_no_formula() -> None:
    """Pages and proofs of equations leave it out, so that they are the same without PyTorch."""
    for path in (PACKAGE / "training" / "pytorch").rglob("*.py"):
        assert "@formula" not in path.read_text(encoding="utf-8"), path.name


def test_no_test_gives_up_on_a_busy_machine() -> None:
    """What surely comes is waited for as long as `patience` says; a few seconds are many on a machine that does other things too."""
    impatient = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                waits = isinstance(call.func, ast.Attribute) and call.func.attr in ("wait", "communicate")
                limits = [*(keyword.value for keyword in call.keywords if keyword.arg == "timeout"), *(call.args[:1] if waits else ())]
                numbers = [limit for limit in limits if isinstance(limit, ast.Constant) and type(limit.value) in (int, float)]
                impatient += [f"{path.name}:{number.lineno}" for number in numbers]
    assert not impatient
