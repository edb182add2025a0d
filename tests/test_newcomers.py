"""What a new layer kind owes the house: each proof that is missing is named, until all are there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from costmodel.dataflows.counting import count_work
from costmodel.dataflows.executed.execution import ELEMENTS, NESTS, PASSES, REMEMBERING, VIEWED, LayerTensors, execute_work
from costmodel.deployment.deployed import Kernel
from costmodel.evaluation.design import design_of
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.counting import Dataflow
from costmodel.specs.kinds.drawn_layers import DrawnLayer, draw_relu
from costmodel.specs.kinds.layer_lowering import elementwise_box, lower_elementwise
from costmodel.specs.layers import LAYERS, LayerBase
from costmodel.specs.lowering import lower_network
from costmodel.specs.operations import CONV2D, OPERATIONS, Action, FirmwareKernel, Operation
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.engine.overflow import upper_bound

PAGE = Path(__file__).parents[1] / "docs" / "file_format.md"


class House(NamedTuple):
    """Where a newcomer's proofs are looked for."""

    specs: Mapping[str, type[LayerBase]]
    runs: frozenset[Action]
    """Actions that an execution runs."""
    viewed: frozenset[Action]
    """Actions that an execution applies on the way out of the layer before."""
    kernels: frozenset[str]
    page: str


HOUSE = House(
    LAYERS,
    frozenset().union(NESTS, ELEMENTS, PASSES, REMEMBERING),
    frozenset(VIEWED),
    frozenset(Kernel.__members__),
    PAGE.read_text(encoding="utf-8"),
)


def missing_proofs(row: Operation, house: House) -> list[str]:
    """Name what a row of the table still owes; nothing where it owes nothing."""
    missing = []
    if row.kind not in house.specs:
        missing.append("a spec in specs/layers.py")
    if not callable(row.lowering):
        missing.append("a lowering")
    if row.box is None:
        missing.append("an overflow box")
    if not callable(row.draw):
        missing.append("a random generator")
    if not row.renames and not row.given and row.action not in house.runs:
        missing.append(f"an execution of {row.action.name}")
    if (row.renames or row.given or row.merging is not None) and row.action not in house.viewed:
        missing.append(f"an execution of {row.action.name} on the way out of the layer before")
    if isinstance(row.kernel, FirmwareKernel):
        if row.kernel.name.upper() not in house.kernels:
            missing.append(f"a firmware kernel {row.kernel.name!r}")
    elif not row.kernel.strip():
        missing.append("a firmware kernel, or the reason why there is none")
    if f"`{row.kind}`" not in house.page:
        missing.append("its fields in docs/file_format.md")
    return missing


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_layer_kind_has_its_proofs(kind: str) -> None:
    assert missing_proofs(OPERATIONS[kind], HOUSE) == []


def test_every_spec_of_a_layer_has_a_row() -> None:
    assert set(LAYERS) == set(OPERATIONS)


def draw_absolute(random: Any, scale: int) -> DrawnLayer:
    return draw_relu(random, scale)._replace(layers=({"kind": "absolute", "name": "absolute"},))


class Absolute(LayerBase):
    """The magnitude of each element."""


COMPLETE = Operation(
    kind="absolute",
    action=Action.RECTIFY,
    lowering=lower_elementwise,
    box=elementwise_box,
    draw=draw_absolute,
    kernel="nobody has needed it on a device yet",
)
WELCOME = HOUSE._replace(specs={**LAYERS, "absolute": Absolute}, page=HOUSE.page + "| `absolute` | | |")
nothing: Any = None


@pytest.mark.parametrize(
    ("row", "house", "missing"),
    [
        (COMPLETE, WELCOME, []),
        (COMPLETE, WELCOME._replace(specs=LAYERS), ["a spec in specs/layers.py"]),
        (dataclasses.replace(COMPLETE, lowering=nothing), WELCOME, ["a lowering"]),
        (dataclasses.replace(COMPLETE, box=None), WELCOME, ["an overflow box"]),
        (dataclasses.replace(COMPLETE, draw=nothing), WELCOME, ["a random generator"]),
        (COMPLETE, WELCOME._replace(runs=WELCOME.runs - {Action.RECTIFY}), ["an execution of RECTIFY"]),
        (
            dataclasses.replace(COMPLETE, merging=OPERATIONS["relu"].merging),
            WELCOME._replace(viewed=frozenset()),
            ["an execution of RECTIFY on the way out of the layer before"],
        ),
        (dataclasses.replace(COMPLETE, kernel=""), WELCOME, ["a firmware kernel, or the reason why there is none"]),
        (dataclasses.replace(COMPLETE, kernel=FirmwareKernel("absolute")), WELCOME, ["a firmware kernel 'absolute'"]),
        (COMPLETE, WELCOME._replace(page=HOUSE.page), ["its fields in docs/file_format.md"]),
    ],
)
def test_a_newcomer_with_a_part_missing_is_told_which(row: Operation, house: House, missing: list[str]) -> None:
    assert missing_proofs(row, house) == missing


def absolute_network(values: Any) -> list[Any]:
    return [
        SimpleNamespace(kind="absolute", name="first"),
        SimpleNamespace(kind="linear", name="fc", out_features=values, bias=True),
        SimpleNamespace(kind="absolute", name="last"),
    ]


def test_a_newcomer_is_lowered_counted_and_executed_without_another_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "absolute", COMPLETE)
    widths = np.array([2, 5, 9], dtype=np.int64)
    table = lower_network(absolute_network(widths), [(-1,), (0,), (1,)], (6,))
    for row, width in enumerate(widths.tolist()):
        alone = lower_network(absolute_network(width), [(-1,), (0,), (1,)], (6,))
        for column, step in zip(table, alone, strict=True):
            counted = count_work(step.lowered.work, Dataflow.ROW_STATIONARY)
            found = count_work(column.lowered.work, Dataflow.ROW_STATIONARY)
            assert [int(np.broadcast_to(number, 3)[row]) for number in found] == list(counted)
        tensors = LayerTensors((np.arange(-3, width - 3),))
        assert execute_work(alone[2].lowered.work, tensors, Dataflow.ROW_STATIONARY).counts == count_work(
            alone[2].lowered.work, Dataflow.ROW_STATIONARY
        )


def base() -> Scenario:
    return load_scenario("esp32-deck")


def test_a_kind_without_a_box_is_computed_in_python_ints(monkeypatch: pytest.MonkeyPatch) -> None:
    design = design_of(base(), Dataflow.ROW_STATIONARY, None)
    assert upper_bound(design) is not None
    monkeypatch.setitem(OPERATIONS, "conv2d", dataclasses.replace(CONV2D, box=None))
    assert upper_bound(design) is None


def test_a_sweep_of_a_kind_without_a_box_is_exact_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from costmodel.errors import LimitError
    from costmodel.sweeps.engine.running import sweep

    study: dict[str, Any] = {
        "name": "wide",
        "keep": "all",
        "axes": [{"path": "layers.conv1.out_channels", "values": [8, 4_000]}],
        "columns": ["network.mac_count"],
    }
    proven = sweep(study).columns()["network.mac_count"].tolist()
    monkeypatch.setitem(OPERATIONS, "conv2d", dataclasses.replace(CONV2D, box=None))
    assert sweep(study).columns()["network.mac_count"].tolist() == proven
    huge = [
        {"path": "layers.conv1.out_channels", "values": [8, 16_000_000]},
        {"path": "layers.conv2.out_channels", "values": [8, 16_000_000]},
        {"path": "input.rows", "values": [32, 16_000_000]},
    ]
    with pytest.raises(LimitError, match="exceeds the limit of 64-bit integers"):
        sweep(study | {"axes": huge})
