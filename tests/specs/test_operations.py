"""The table of layer kinds: each row's box bounds what its closed forms compute, and its parts agree with one another."""

from __future__ import annotations

import ast
import math
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.dataflows.counting import count_work
from costmodel.errors import ShapeError, UnknownNameError
from costmodel.evaluation.layers.layer_cost import nominal_taps_by_region
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.kinds.boxes import shape_box
from costmodel.specs.layers import LAYERS
from costmodel.specs.lowering import Step, lower
from costmodel.specs.network import Network
from costmodel.specs.operations import OPERATIONS, Operation, operation_of
from costmodel.specs.running.mapping import blocked

PACKAGE = Path(__file__).parents[2] / "costmodel"
PEAK = [0]
"""The largest magnitude any arithmetic has met since it was last set to 0."""


class Watched(int):
    """An int whose arithmetic leaves its largest result in `PEAK`."""


def _watched(name: str) -> Any:
    plain = getattr(int, name)

    def call(*operands: Any) -> Any:
        found = plain(*operands)
        if found is NotImplemented:
            return found
        PEAK[0] = max(PEAK[0], abs(found))
        return Watched(found)

    return call


for operator in ("add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "rfloordiv", "mod", "rmod", "rshift", "neg"):
    setattr(Watched, f"__{operator}__", _watched(f"__{operator}__"))


def column(values: list[int]) -> Any:
    cells = np.empty(len(values), object)
    cells[:] = [Watched(value) for value in values]
    return cells


def stacked(drawn: list[Any]) -> Any:
    """Numbers of many layers as columns of watched ints; tuples part by part; what is the same for all stays."""
    first = drawn[0]
    if isinstance(first, tuple) and all(isinstance(part, int) for part in first):
        return tuple(column([one[part] for one in drawn]) for part in range(len(first)))
    return column(drawn) if isinstance(first, int) and not isinstance(first, bool) else first


def drawn_columns(operation: Operation, seed: int, scale: int, rows: int = 25) -> tuple[tuple[Any, ...], list[SimpleNamespace]]:
    """Random layers of one kind as one design of columns."""
    generator = np.random.default_rng(seed)
    drawn = [operation.draw(generator, scale) for _ in range(rows)]
    layers = []
    for place in range(len(drawn[0].layers)):
        fields = [dict(one.layers[place]) for one in drawn]
        structure = LAYERS[fields[0]["kind"]].structure
        for one in fields:
            if "stride" in one and one["stride"] is None:
                one["stride"] = one["kernel"]
        layers.append(
            SimpleNamespace(
                **{name: fields[0][name] if name in structure else stacked([one[name] for one in fields]) for name in fields[0]}
            )
        )
    return stacked([one.shape for one in drawn]), layers


def chosen(value: Any, keep: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value[keep]
    return tuple(chosen(part, keep) for part in value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("kind", OPERATIONS)
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 1, 3, 40, 3000, 10**6]))
def test_a_box_holds_everything_its_closed_forms_compute(kind: str, seed: int, scale: int) -> None:
    shape, layers = drawn_columns(OPERATIONS[kind], seed, scale)
    while True:
        try:
            bounded(shape, layers)
        except ShapeError as error:
            # A kernel that does not fit, or groups that do not divide: those rows are not computed any further, in a sweep as here.
            fits = ~np.asarray(error.where, bool)
            if not fits.any():
                return
            shape = chosen(shape, fits)
            layers = [SimpleNamespace(**{name: chosen(value, fits) for name, value in vars(layer).items()}) for layer in layers]
        else:
            return


def bounded(shape: tuple[Any, ...], layers: list[SimpleNamespace]) -> None:
    shapes, boxes = {"input": shape}, {"input": shape_box(shape)}
    before = "input"
    for layer in layers:
        reads = getattr(layer, "inputs", (before,))
        box_of = OPERATIONS[layer.kind].box
        assert box_of is not None
        box = box_of(layer, [boxes[read] for read in reads])
        PEAK[0] = 0
        lowered = lower(layer, [shapes[read] for read in reads], None)
        assert PEAK[0] <= box.largest, f"{layer.kind}, lowering"
        for dataflow in (*Dataflow, *(blocked(*tile) for tile in ((1, 1), (4, 2), (2**40, 2**40), (4, 2, 5), (1, 1, 63)))):
            for taps in Taps:
                count_work(lowered.work, dataflow, taps)
                assert PEAK[0] <= box.largest, f"{layer.kind}, {dataflow}, {taps}"
        nominal_taps_by_region(Step(layer.name, layer.kind, (-1,), (), lowered, merged=False))
        assert PEAK[0] <= box.largest, f"{layer.kind}, taps by region"
        for extent, held in zip(lowered.output, box.output, strict=True):
            cells = extent.tolist() if isinstance(extent, np.ndarray) else [extent]
            assert held.low <= min(cells) <= max(cells) <= held.high, f"{layer.kind}, output"
        shapes[layer.name], boxes[layer.name], before = lowered.output, box.output, layer.name


def random_network(operation: Operation, seed: int) -> Network | None:
    drawn = operation.draw(np.random.default_rng(seed), 1)
    try:
        return Network.model_validate({"name": "net", "input": drawn.shape, "layers": drawn.layers})
    except ShapeError:
        return None


@pytest.mark.parametrize("kind", OPERATIONS)
def test_the_shape_of_weights_holds_as_many_as_are_counted(kind: str) -> None:
    operation = OPERATIONS[kind]
    for seed in range(40):
        net = random_network(operation, seed)
        if net is None:
            continue
        step, layer = net.steps[-1], net.ordered[-1]
        assert step.kind == kind
        shape = operation.shape_of_weights(layer, step.inputs)
        if shape is None:
            assert step.lowered.weight_count == step.lowered.bias_count == 0
            continue
        # A batch norm's shift counts as a weight.
        shifts = shape[0] if len(shape) == 1 else 0
        assert math.prod(shape) + shifts == step.lowered.weight_count
        assert step.lowered.bias_count in (0, shape[0])


@pytest.mark.parametrize("kind", OPERATIONS)
def test_what_a_sweep_may_vary_are_fields_of_the_kind(kind: str) -> None:
    net = next(net for seed in range(40) if (net := random_network(OPERATIONS[kind], seed)) is not None)
    assert set(OPERATIONS[kind].sweepable) <= set(type(net.ordered[-1]).model_fields)


def test_a_row_stays_the_row_on_its_way_to_another_process() -> None:
    for operation in OPERATIONS.values():
        assert pickle.loads(pickle.dumps(operation)) is operation


def test_an_unknown_kind_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="conv2d"):
        operation_of("conv2")


MAY_NAME_KINDS = {"specs/operations.py", "specs/layers.py", "specs/kinds/drawn_layers.py"}
"""The table, the specs it is of, and the generators its rows point to."""
OTHER_WORDS = ("sources/importers/keras_files/", "sources/importers/torch_export/", "training/pytorch/module_layers.py")
"""Modules that read the words of another tool, some of which are spelt as a kind of layer here."""


KINDS = frozenset(OPERATIONS)


def strings(node: ast.AST) -> set[str]:
    return {found.value for found in ast.walk(node) if isinstance(found, ast.Constant) and isinstance(found.value, str)}


def names_a_kind(node: ast.AST) -> bool:
    """Whether a node decides by the name of a kind of layer."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        of_layer = any(isinstance(side, ast.Attribute) and side.attr == "kind" and "dtype" not in ast.unparse(side) for side in sides)
        return any(strings(side) & KINDS for side in sides) or (
            of_layer and any(isinstance(side, ast.Constant) and str(side.value).islower() for side in sides)
        )
    if isinstance(node, ast.MatchValue):
        return bool(strings(node) & KINDS)
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value in KINDS for key in node.keys)
    return isinstance(node, ast.Set) and bool(strings(node) & KINDS)


@pytest.mark.parametrize("text", ['kind == "conv2d"', 'kind in ("relu", "add")', '{"conv2d": 1}', '{"flatten"}', '"pool" in layer.kind'])
def test_deciding_by_the_name_of_a_kind_is_noticed(text: str) -> None:
    assert any(names_a_kind(node) for node in ast.walk(ast.parse(text)))


def test_no_module_but_the_table_decides_by_the_name_of_a_kind() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).as_posix() not in MAY_NAME_KINDS and not path.relative_to(PACKAGE).as_posix().startswith(OTHER_WORDS)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if names_a_kind(node)
    ]
    assert found == []
