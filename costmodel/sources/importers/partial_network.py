"""A network of what is understood of a graph: operators that are refused are left out, and what they make is taken as given."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from costmodel.errors import CollectedError, InputError
from costmodel.sources.importers.channels_last.inlining import inlined
from costmodel.sources.importers.to_network import network_of
from costmodel.specs.base import with_changes
from costmodel.specs.imported_graph import ImportedGraph, ImportedOperator
from costmodel.specs.layers import DataType
from costmodel.specs.network import Network

_REFUSED: Final = re.compile(r"\boperator \d+ \((?P<kind>[^,()]+), '(?P<name>[^']*)'")
_MOST_ROUNDS: Final = 1_000


def network_in_part(graph: ImportedGraph) -> Network:
    """Return a graph as a network, without the operators that are not understood.

    What an operator that is left out makes is taken as given, as a further input. So what the network counts and stores, its energy and its
    time are at least what is told; its RAM holds what is given from the start.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file.

    Returns
    -------
    Network
        With `left_out` naming each such operator, its share of the work and why it is refused; empty where all are understood.

    Raises
    ------
    InputError
        If something else is wrong, or nothing is left.
    """
    graph = inlined(graph)
    rest = graph
    left_out: list[str] = []
    numbers = list(range(len(graph.operators)))
    """Places in the file of the operators that are left."""
    for _ in range(_MOST_ROUNDS):
        try:
            found = network_of(rest)
        except InputError as error:
            refused = _with_unheld_readers(rest, _refused(rest, error))
            if not refused or len(refused) == len(rest.operators):
                raise
            left_out += [f"operator {numbers[at]} {text}" for at, text in refused.items()]
            numbers = [number for at, number in enumerate(numbers) if at not in refused]
            rest = _without(rest, set(refused), len(graph.inputs))
        else:
            return with_changes(found, {"left_out": tuple(left_out)}) if left_out else found
    raise InputError(f"{graph.name}: more than {_MOST_ROUNDS:,} operators are not understood")


def _refused(graph: ImportedGraph, error: InputError) -> dict[int, str]:
    """Places of the operators that an error refuses, with its words; none where it is about something else.

    An error names an operator by its kind and name: passes over a graph may have moved its place.
    """
    found: dict[int, str] = {}
    for one in error.errors if isinstance(error, CollectedError) else [error]:
        text = str(one)
        named = _REFUSED.search(text)
        if named is None:
            return {}
        places = [at for at, operator in enumerate(graph.operators) if _is_named(graph, operator, named["kind"], named["name"])]
        if len(places) != 1:
            return {}
        found[places[0]] = text[named.start("kind") - 1 :]
    return found


def _with_unheld_readers(graph: ImportedGraph, refused: dict[int, str]) -> dict[int, str]:
    """The same operators, and those that read what they make where no tensor of a network can hold it."""
    found = dict(refused)
    unheld: set[int] = set()
    for at, operator in enumerate(graph.operators):
        read = unheld.intersection(operator.inputs)
        if read and at not in found:
            tensor = graph.tensors[min(read)]
            made = graph.tensors[operator.outputs[0]].name if operator.outputs else operator.name
            found[at] = f"({operator.kind}, {made!r}): it reads {tensor.name!r}, {tensor.element}, which is left out"
        if at in found:
            unheld.update(place for place in operator.outputs if graph.tensors[place].element not in list(DataType))
    return found


def _is_named(graph: ImportedGraph, operator: ImportedOperator, kind: str, name: str) -> bool:
    made = graph.tensors[operator.outputs[0]].name if operator.outputs else ""
    return operator.kind == kind and name in (operator.name or made, made)


def _without(graph: ImportedGraph, refused: set[int], own_inputs: int) -> ImportedGraph:
    """The same graph, what some operators make being inputs behind its own where anything reads it."""
    kept = tuple(operator for at, operator in enumerate(graph.operators) if at not in refused)
    read = {place for operator in kept for place in operator.inputs}
    made = [place for at in sorted(refused) for place in graph.operators[at].outputs]
    given = [place for place in (*graph.inputs[own_inputs:], *made) if place in read]
    return dataclasses.replace(graph, operators=kept, inputs=(*graph.inputs[:own_inputs], *given))
