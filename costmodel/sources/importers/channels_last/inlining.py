"""Graphs that operators run, in the place of those operators: a branch of a condition, a loop's body as often as it runs.

The runtime copies what an operator gives a graph and what comes back (https://github.com/tensorflow/tflite-micro, `micro_graph.cc`,
`if.cc`, `while.cc`), so copies stand there too.
"""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.dataflows.imported_counts import nominal_macs
from costmodel.sources.importers.channels_last.draft import NUMPY_TYPES
from costmodel.sources.importers.channels_last.folding import small_value
from costmodel.specs.imported_graph import GraphBody, ImportedGraph, ImportedOperator, ImportedTensor

COPY: Final = "CAST"
"""What a copy of a tensor is told as: the same numbers in the same type."""
_BRANCHES: Final = ("then_graph", "else_graph")
_MOST_OPERATORS: Final = 20_000
"""Operators of a graph and of all graphs it runs, as often as they run."""
_MOST_WITHIN: Final = 16
"""Graphs within graphs."""
_KEPT_ELEMENTS: Final = 64
"""Elements up to which a tensor's value is followed through a loop: counters, not activations."""


class _ComputedError(Exception):
    """What an operator runs is not known before it runs."""


def inlined(graph: ImportedGraph) -> ImportedGraph:
    """Return a graph with what its operators run in their place, where that is known.

    Parameters
    ----------
    graph : ImportedGraph
        Of a TensorFlow Lite file.

    Returns
    -------
    ImportedGraph
        Its `notes` say which branch stands there and how often a body does. An operator whose graphs are missing, run themselves, or run as
        often as the data decides is left as it is.
    """
    if not graph.bodies or not any(operator.kind in ("IF", "WHILE") for operator in graph.operators):
        return graph
    work = _Work(graph, list(graph.tensors))
    work.run(graph.operators, list(range(len(graph.tensors))), ())
    notes = (*graph.notes, *dict.fromkeys(work.notes))
    return dataclasses.replace(graph, tensors=tuple(work.tensors), operators=tuple(work.operators), notes=notes)


@dataclass
class _Work:
    graph: ImportedGraph
    tensors: list[ImportedTensor]
    operators: list[ImportedOperator] = field(default_factory=list)
    known: dict[int, NDArray[Any]] = field(default_factory=dict)
    """Values of small tensors that are the same on every run."""
    notes: list[str] = field(default_factory=list)
    shared: dict[tuple[int, int], int] = field(default_factory=dict)
    """Where a tensor of another graph stands, by graph and place: constants and states once, others where they last did."""

    def run(self, operators: tuple[ImportedOperator, ...], where: list[int], within: tuple[int, ...]) -> None:
        """Append a graph's operators, its tensors standing at the given places."""
        for operator in operators:
            if len(self.operators) > _MOST_OPERATORS:
                raise _ComputedError
            moved = dataclasses.replace(
                operator,
                inputs=tuple(where[place] if place >= 0 else -1 for place in operator.inputs),
                outputs=tuple(where[place] for place in operator.outputs),
            )
            before = (len(self.tensors), len(self.operators), len(self.notes), dict(self.known), dict(self.shared))
            try:
                if moved.kind == "IF":
                    self._branch(moved, within)
                    continue
                if moved.kind == "WHILE":
                    self._loop(moved, within)
                    continue
            except _ComputedError:
                if within:
                    raise
                # It stays as it is, and is refused by name where it is lowered.
                del self.tensors[before[0] :], self.operators[before[1] :], self.notes[before[2] :]
                self.known, self.shared = before[3], before[4]
            self._append(moved)

    def _append(self, operator: ImportedOperator) -> None:
        self.operators.append(operator)
        read = [self._value(place) for place in operator.inputs if place >= 0]
        known = [value for value in read if value is not None]
        if len(operator.outputs) != 1 or len(known) != len(read) or not read:
            return
        target = self.tensors[operator.outputs[0]]
        if target.element_count > _KEPT_ELEMENTS:
            return
        # What does not fit together is told where it is lowered.
        with contextlib.suppress(ValueError, IndexError, OverflowError, TypeError):
            if (made := small_value(operator, known, target)) is not None:
                self.known[operator.outputs[0]] = made

    def _value(self, place: int) -> NDArray[Any] | None:
        """Return what a small tensor holds on every run; None where that is computed, or it is no small one."""
        tensor = self.tensors[place]
        code = NUMPY_TYPES.get(tensor.element)
        if tensor.constant is None or code is None or tensor.is_sparse or tensor.element_count > _KEPT_ELEMENTS:
            return self.known.get(place)
        return np.frombuffer(tensor.constant, code).reshape(tensor.shape)

    def _body(self, number: int, within: tuple[int, ...]) -> GraphBody:
        body = self.graph.graph(number)
        if body is None or number == 0 or number in within or len(within) >= _MOST_WITHIN:
            raise _ComputedError
        return body

    def _entered(self, number: int, given: tuple[int, ...], within: tuple[int, ...]) -> list[int]:
        """Run a graph of the file on copies of tensors; return where its outputs are."""
        body = self._body(number, within)
        if len(body.inputs) != len(given) or min(given, default=0) < 0:
            raise _ComputedError
        where = []
        for place, tensor in enumerate(body.tensors):
            if (tensor.constant is None and not tensor.is_state) or (number, place) not in self.shared:
                self.tensors.append(tensor)
                self.shared[number, place] = len(self.tensors) - 1
            where.append(self.shared[number, place])
        for place, outer in zip(body.inputs, given, strict=True):
            self._copy(outer, where[place])
        self.run(body.operators, where, (*within, number))
        return [where[place] for place in body.outputs]

    def _copy(self, source: int, target: int) -> None:
        self._append(ImportedOperator(COPY, 1, (source,), (target,)))

    def _returned(self, made: list[int], outputs: tuple[int, ...]) -> None:
        if len(made) != len(outputs):
            raise _ComputedError
        for source, target in zip(made, outputs, strict=True):
            self._copy(source, target)

    def _branch(self, operator: ImportedOperator, within: tuple[int, ...]) -> None:
        condition = self._value(operator.inputs[0]) if operator.inputs and operator.inputs[0] >= 0 else None
        numbers = [operator.whole(option) for option in _BRANCHES]
        if condition is not None and condition.size == 1:
            taken = 0 if condition.reshape(-1)[0] else 1
        else:
            works = [self._amount(number, within) for number in numbers]
            taken = 0 if works[0] >= works[1] else 1
            name = self.tensors[operator.outputs[0]].name if operator.outputs else ""
            case = "it does not hold" if taken else "it holds"
            self.notes.append(
                f"the condition of IF {name!r} is computed; counted is its branch with more work, that where {case}, on every run"
            )
        self._returned(self._entered(numbers[taken], operator.inputs[1:], within), operator.outputs)

    def _amount(self, number: int, within: tuple[int, ...]) -> tuple[int, int]:
        """Return the multiply-accumulates of a graph, and the bytes its operators make."""
        body = self._body(number, within)
        macs = sum(nominal_macs(body, operator) for operator in body.operators if operator.outputs)
        return macs, sum(body.tensors[place].size_bytes for operator in body.operators for place in operator.outputs)

    def _loop(self, operator: ImportedOperator, within: tuple[int, ...]) -> None:
        if len(operator.inputs) != len(operator.outputs) or min(operator.inputs, default=-1) < 0:
            raise _ComputedError
        values, count = operator.inputs, 0
        returned = len(self.operators)
        while self._goes_on(operator, values, within):
            made = self._entered(operator.whole("body_graph"), values, within)
            self.tensors += [self.tensors[place] for place in operator.outputs]
            values, returned = tuple(range(len(self.tensors) - len(values), len(self.tensors))), len(self.operators)
            self._returned(made, values)
            count += 1
        name = self.tensors[operator.outputs[0]].name
        self.notes.append(f"the body of WHILE {name!r} runs {count} time(s), as its counter says")
        if not count:
            self._returned(list(values), operator.outputs)
            return
        # What the last round gives back is what the operator makes.
        renamed = dict(zip(values, operator.outputs, strict=True))
        for at in range(returned, len(self.operators)):
            one = self.operators[at]
            self.operators[at] = dataclasses.replace(
                one,
                inputs=tuple(renamed.get(place, place) for place in one.inputs),
                outputs=tuple(renamed.get(place, place) for place in one.outputs),
            )
        self.known |= {renamed[place]: self.known[place] for place in values if place in self.known}

    def _goes_on(self, operator: ImportedOperator, values: tuple[int, ...], within: tuple[int, ...]) -> bool:
        made = self._entered(operator.whole("condition_graph"), values, within)
        holds = self._value(made[0]) if len(made) == 1 else None
        if holds is None or holds.size != 1:
            raise _ComputedError
        return bool(holds.reshape(-1)[0])
