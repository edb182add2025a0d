"""Operators that are not understood may be left out: the rest is costed, and every total says that it is at least that."""

from __future__ import annotations

import dataclasses

import pytest

from costmodel.errors import FormatError, InputError, Location
from costmodel.sources.importers import partial_network
from costmodel.sources.importers.partial_network import network_in_part
from costmodel.specs.imported_graph import ImportedGraph, ImportedOperator, ImportedTensor
from costmodel.specs.network import Network


def chain(*kinds: str) -> ImportedGraph:
    """Operators one after the other, each making the tensor `tN`."""
    tensors = tuple(ImportedTensor(f"t{at}", (1, 4), "int8", 0) for at in range(len(kinds) + 1))
    operators = tuple(ImportedOperator(kind, 1, (at,), (at + 1,)) for at, kind in enumerate(kinds))
    return ImportedGraph(tensors, operators, (0,), (len(kinds),), name="m", format_name="test", const_bytes=0)


def understood(graph: ImportedGraph) -> Network:
    """What an importer does, with layers named by the tensors they make: further inputs first, `Odd` refused one at a time."""
    for at, operator in enumerate(graph.operators):
        if operator.kind == "Odd":
            raise FormatError(f"operator {at} (Odd, {graph.tensors[operator.outputs[0]].name!r}): it is not supported", Location("m"))
    if not graph.operators:
        raise FormatError("has a graph without operators", Location("m"))
    names = {graph.inputs[0]: "input"} | {place: graph.tensors[place].name for place in range(1, len(graph.tensors))}
    given = [{"name": names[place], "kind": "relu", "inputs": ["input"]} for place in graph.inputs[1:]]
    layers = [{"name": names[one.outputs[0]], "kind": "relu", "inputs": [names[one.inputs[0]]]} for one in graph.operators]
    return Network.model_validate({"name": "m", "input": [4], "layers": [*given, *layers]})


@pytest.fixture(autouse=True)
def _importer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial_network, "network_of", understood)


def test_a_graph_that_is_understood_is_whole() -> None:
    assert network_in_part(chain("A", "B")) == understood(chain("A", "B"))
    assert network_in_part(chain("A", "B")).left_out == ()


def test_what_is_left_out_is_named_and_its_tensor_is_given() -> None:
    found = network_in_part(chain("A", "Odd", "B", "Odd", "C"))
    assert [layer.name for layer in found.layers] == ["t2", "t4", "t1", "t3", "t5"]
    assert found.left_out == ("operator 1 (Odd, 't2'): it is not supported", "operator 3 (Odd, 't4'): it is not supported")


def test_a_graph_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(InputError, match="operator 0"):
        network_in_part(chain("Odd"))


def test_another_fault_is_told_as_it_is() -> None:
    with pytest.raises(InputError, match="without operators"):
        network_in_part(chain())


def test_what_reads_a_tensor_no_network_can_hold_is_left_out_with_it() -> None:
    graph = chain("A", "Odd", "B", "C")
    tensors = tuple(dataclasses.replace(tensor, element="float64") if tensor.name == "t2" else tensor for tensor in graph.tensors)
    found = network_in_part(dataclasses.replace(graph, tensors=tensors))
    assert [layer.name for layer in found.layers] == ["t3", "t1", "t4"]
    assert found.left_out[1] == "operator 2 (B, 't3'): it reads 't2', float64, which is left out"
