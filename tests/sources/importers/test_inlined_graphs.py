"""Graphs that operators run: a branch counts as the one with more work, a loop's body as often as its counter says, nothing in silence."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tflite_writer import ModelFile, Scalar

import costmodel
from costmodel.cli.app import main
from costmodel.errors import InputError
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.partial_network import network_in_part
from costmodel.sources.importers.tflite import from_tflite
from costmodel.sources.importers.tflite_schema import OPERATORS
from costmodel.sources.importers.to_model import imported_model
from costmodel.sources.importers.to_network import network_of

LINEAR, IF, WHILE = (OPERATORS.index(kind) for kind in ("FULLY_CONNECTED", "IF", "WHILE"))


def linear(file: ModelFile, source: int, outputs: int, inputs: int = 4) -> int:
    made = file.tensor([1, outputs], "float32")
    weights = file.tensor([outputs, inputs], "float32", bytes(4 * outputs * inputs))
    file.operator(LINEAR, [source, weights, -1], [made], {}, options_type=8)
    return made


def with_branches(*, condition: bytes = b"", then_graph: int = 1, nested: bool = False) -> bytes:
    """Where a condition holds, one linear layer, where it does not, two, or the same condition once more."""
    file = ModelFile()
    source, holds = file.tensor([1, 4], "float32", name="x"), file.tensor([1], "bool", condition, name="holds")
    target = file.tensor([1, 4], "float32", name="y")
    file.operator(IF, [holds, source], [target], {0: Scalar("i", then_graph), 1: Scalar("i", 2)}, options_type=92)
    file.begin_graph([source] if condition else [source, holds], [target])
    source = file.tensor([1, 4], "float32")
    file.begin_graph([source], [linear(file, source, 4)])
    source = file.tensor([1, 4], "float32")
    if nested:
        holds, made = file.tensor([1], "bool", b"\1"), file.tensor([1, 4], "float32")
        file.operator(IF, [holds, source], [made], {0: Scalar("i", 1), 1: Scalar("i", 2)}, options_type=92)
        return file.written([source], [made])
    return file.written([source], [linear(file, linear(file, source, 8), 4, 8)])


def with_loop(rounds: int, *, starts: bool = True) -> bytes:
    """A counter from 0, by ones, and a linear layer of its own last result."""
    file = ModelFile()
    source = file.tensor([1, 4], "float32", name="x")
    zero = file.tensor([], "int32", struct.pack("<i", 0)) if starts else file.tensor([], "int32", name="from")
    counted, target = file.tensor([], "int32", name="count"), file.tensor([1, 4], "float32", name="y")
    file.operator(WHILE, [zero, source], [counted, target], {0: Scalar("i", 1), 1: Scalar("i", 2)}, options_type=93)
    file.begin_graph([source] if starts else [source, zero], [target])
    at, held, goes_on = file.tensor([], "int32"), file.tensor([1, 4], "float32"), file.tensor([], "bool")
    file.operator(OPERATORS.index("LESS"), [at, file.tensor([], "int32", struct.pack("<i", rounds))], [goes_on], {})
    file.begin_graph([at, held], [goes_on])
    at, held, after = file.tensor([], "int32"), file.tensor([1, 4], "float32"), file.tensor([], "int32")
    file.operator(OPERATORS.index("ADD"), [at, file.tensor([], "int32", struct.pack("<i", 1))], [after], {})
    return file.written([at, held], [after, linear(file, held, 4)])


def test_a_branch_that_the_data_decides_counts_as_the_one_with_more_work() -> None:
    net = network_of(from_tflite(with_branches(), "m.tflite"))
    assert [layer.kind for layer in net.layers] == ["extra_input", "convert", "linear", "linear", "convert"]
    assert net.decided == (
        "the condition of IF 'y' is computed; counted is its branch with more work, that where it does not hold, on every run",
    )


@pytest.mark.parametrize(("condition", "layers"), [(b"\1", 1), (b"\0", 2)])
def test_a_branch_that_is_constant_is_the_one_that_runs(condition: bytes, layers: int) -> None:
    net = network_of(from_tflite(with_branches(condition=condition), "m.tflite"))
    assert [layer.kind for layer in net.layers] == ["convert", *["linear"] * layers, "convert"]
    assert net.decided == ()


def test_branches_within_branches_are_followed() -> None:
    net = network_of(from_tflite(with_branches(condition=b"\0", nested=True), "m.tflite"))
    assert [layer.kind for layer in net.layers] == ["convert", "convert", "linear", "convert", "convert"]


@pytest.mark.parametrize("graph", [0, 7, -1])
def test_a_branch_without_its_graph_or_that_runs_itself_is_refused(graph: int) -> None:
    with pytest.raises(InputError, match=r"operator 0 \(IF, 'y', 16 B made\): a graph that it runs is missing"):
        network_of(from_tflite(with_branches(then_graph=graph), "m.tflite"))


@pytest.mark.parametrize("rounds", [0, 1, 7])
def test_a_loop_runs_as_often_as_its_counter_says(rounds: int) -> None:
    graph = from_tflite(with_loop(rounds), "m.tflite")
    found = imported_model(graph)
    net = found.model.network
    assert sum(layer.kind == "linear" for layer in net.layers) == rounds
    assert net.decided == (f"the body of WHILE 'count' runs {rounds} time(s), as its counter says",)
    assert len(found.fates) == len(found.graph.operators)
    # Every round reads the same weights; stored once, they are read as often as they are used.
    assert {found.model.parameters[layer.name].weight.shape for layer in net.layers if layer.kind == "linear"} <= {(4, 4)}


def test_a_loop_whose_rounds_the_data_decides_is_refused_by_name() -> None:
    graph = from_tflite(with_loop(3, starts=False), "m.tflite")
    with pytest.raises(InputError, match=r"operator 0 \(WHILE, 'count', 20 B made\): how often its body runs is not known before it runs"):
        network_of(graph)


def test_a_loop_that_never_ends_is_refused() -> None:
    with pytest.raises(InputError, match="how often its body runs is not known"):
        network_of(from_tflite(with_loop(2**30), "m.tflite"))


@pytest.mark.parametrize(
    "command", ["report", "count --network", "diff FILE", "report --format json", "report --format markdown", "import"]
)
def test_every_command_tells_which_branch_it_counts(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "branches.tflite"
    file.write_bytes(with_branches())
    name, *options = command.replace("FILE", str(file)).split()
    extra = ["-o", str(tmp_path / "model")] if name == "import" else []
    assert (
        main(
            [name, *(options if options[:1] != ["--format"] else []), str(file), *extra, *(options if options[:1] == ["--format"] else [])]
        )
        == 0
    )
    assert "counted is its branch with more work" in " ".join(capsys.readouterr().out.split())


def test_what_is_decided_is_written_with_the_network(tmp_path: Path) -> None:
    file = tmp_path / "branches.tflite"
    file.write_bytes(with_branches())
    assert main(["import", str(file), "-o", str(tmp_path / "model")]) == 0
    assert costmodel.load_network(str(tmp_path / "model")).decided == network_of(load_model_graph(file)).decided
    assert network_in_part(load_model_graph(file)).left_out == ()
