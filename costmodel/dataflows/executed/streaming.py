"""Stages, executed: layers that take turns pixel by pixel or row by row, through memory of the size the stage states.

Follows the stage alone: what it holds, what it scatters, its strips. Output stationary; every access is counted as it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from costmodel.dataflows.executed.execution import VIEWED, LayerTensors
from costmodel.dataflows.executed.pixels import PixelMaths, Window, window_of
from costmodel.dataflows.executed.sized_buffers import Ring, RunningRow
from costmodel.errors import SpecError
from costmodel.results.counts import AccessCounts
from costmodel.specs.lowering import Step
from costmodel.specs.operations import Action
from costmodel.specs.running.stages import Grain, Role, Stage, Strip
from costmodel.specs.work import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensor: TypeAlias = NDArray[Any]


class StagedNetwork(NamedTuple):
    """What a stage is part of."""

    steps: Sequence[Step]
    sources: Mapping[int, tuple[int, ...]]
    """For each step, the tensors it reads, by the running step that makes each; -1 is the network's input."""
    holders: Sequence[int]
    """For each step, the step whose buffer its output lives in."""
    parameters: Mapping[int, LayerTensors]
    """Weights and biases by step; their inputs are left out."""
    shapes: Mapping[int, tuple[int, int, int]]
    """Channels, rows and columns of each tensor, by the running step that makes it."""


class StageRun(NamedTuple):
    """What came of a stage."""

    output: Tensor
    """The last tensor, (channels, rows, columns)."""
    counts: dict[int, AccessCounts]
    """By step."""


def run_stage(network: StagedNetwork, stage: Stage, whole: Mapping[int, Tensor]) -> StageRun:
    """Run the layers of a stage together.

    Parameters
    ----------
    network : StagedNetwork
        What the stage is part of.
    stage : Stage
        One that streams.
    whole : mapping of int to array
        Tensors from outside, (channels, rows, columns), by the running step that makes each; one that the stage holds a ring of is
        delivered from here as it is asked for, every other is read where it is.

    Returns
    -------
    StageRun
        The last tensor, and what was counted.

    Raises
    ------
    SpecError
        If something is read that the stage's memory does not hold any more.
    """
    import numpy as np

    last = stage.steps[-1]
    output = np.zeros(network.shapes[last], dtype=object)
    maths = {step: PixelMaths(network.steps[step], network.parameters.get(step)) for step in stage.steps}
    sums = RunningRow(network.steps[last].name, None)
    for strip in stage.strips or (_everything(network),):
        run = _Run(network, stage, strip, whole, maths, sums, output)
        run.run()
    run.finish()
    kind = np.result_type(*[tensor.dtype for tensor in whole.values()], np.int64)
    return StageRun(output.astype(kind), {step: own.counts() for step, own in maths.items()})


def _everything(network: StagedNetwork) -> Strip:
    return Strip({step: (0, shape[2] - 1) for step, shape in network.shapes.items()})


class _Run:
    """One strip of a stage."""

    def __init__(
        self,
        network: StagedNetwork,
        stage: Stage,
        strip: Strip,
        whole: Mapping[int, Tensor],
        maths: Mapping[int, PixelMaths],
        sums: RunningRow,
        output: Tensor,
    ) -> None:
        self.network, self.stage, self.strip, self.whole, self.maths = network, stage, strip, whole, maths
        self.sums, self.output = sums, output
        self.rings = {held.step: Ring(self._name(held.step), held.unit_count) for held in stage.held if held.role is Role.RING}
        self.rows = {held.step: RunningRow(self._name(held.step), held.unit_count) for held in stage.held if held.role is Role.ROW}
        self.made = dict.fromkeys((-1, *stage.steps), 0)
        self.pushed = dict.fromkeys(stage.scattered, 0)
        self.windows: dict[int, tuple[Window, Window]] = {step: window_of(network.steps[step]) for step in stage.steps}
        self.last = stage.steps[-1]

    def run(self) -> None:
        """Ask for the last tensor, unless later strips add to it, then for what nobody asked for."""
        if not self._sums_across():
            self.finish()
        for step in reversed(self.stage.steps):
            if step in self.rings:
                while self.made[step] < self._units(step):
                    self._keep(step)
            if step in self.stage.scattered:
                while self.pushed[step] < self._units(self.network.sources[step][0]):
                    self._push(step)

    def finish(self) -> None:
        """Complete what every strip was taken into."""
        while self.made[self.last] < self._units(self.last):
            self._keep(self.last)

    def _sums_across(self) -> bool:
        """Whether the last pooling takes in every strip before it is complete."""
        return bool(self.stage.strips) and self.last in self.stage.scattered and self.last not in self.strip.columns

    def _name(self, step: int) -> str:
        return "input" if step < 0 else self.network.steps[step].name

    def _span(self, step: int) -> tuple[int, int]:
        return self.strip.columns.get(step, (0, self.network.shapes[step][2] - 1))

    def _width(self, step: int) -> int:
        first, last = self._span(step)
        return last - first + 1

    def _units(self, step: int) -> int:
        rows = self.network.shapes[step][1]
        return rows if self.stage.grain is Grain.ROWS else rows * self._width(step)

    def _unit(self, step: int, row: int, column: int) -> int:
        if self.stage.grain is Grain.ROWS:
            return row
        return row * self._width(step) + column - self._span(step)[0]

    def _pixels(self, step: int, unit: int) -> list[tuple[int, int]]:
        first, last = self._span(step)
        if self.stage.grain is Grain.ROWS:
            return [(unit, column) for column in range(first, last + 1)]
        row, column = divmod(unit, last - first + 1)
        return [(row, column + first)]

    def _keep(self, step: int) -> None:
        """Make the next unit of a tensor and put it where it is kept."""
        unit = self.made[step]
        pixels = self._delivered(unit) if step < 0 else self._emit(step)
        self.made[step] = unit + 1
        for row, column in self._pixels(step, unit):
            if step in self.rings:
                self.rings[step].write(unit, column, pixels[column])
            if step == self.last:
                self.output[:, row, column] = pixels[column]

    def _delivered(self, unit: int) -> dict[int, Tensor]:
        """Return the next unit of the network's input."""
        return {column: self.whole[-1][:, row, column] for row, column in self._pixels(-1, unit)}

    def _emit(self, step: int) -> dict[int, Tensor]:
        """Compute the next unit of a tensor: its pixels by their columns."""
        unit = self.made[step]
        if step not in self.stage.scattered:
            pixels = {}
            for row, column in self._pixels(step, unit):
                self._wait(step, row, column)
                pixels[column] = self._compute(step, row, column)
            return pixels
        wanted = self._pixels(step, unit)
        while not all(self._complete(step, row, column) for row, column in wanted):
            self._push(step)
        row_of_results = self._results(step)
        pixels = {}
        for row, column in wanted:
            total, taken = row_of_results.take(self._unit(step, row, column), column)
            pixels[column] = self._finished(step, self.maths[step].pooled(total, taken, step == self.last or self._kept(step)))
        return pixels

    def _kept(self, step: int) -> bool:
        return not self.stage.is_direct(step)

    def _results(self, step: int) -> RunningRow:
        return self.rows.get(step, self.sums)

    def _complete(self, step: int, row: int, column: int) -> bool:
        found = self._results(step).results.get((self._unit(step, row, column), column))
        return found is not None and found[1] == len(self.windows[step][0].taps[row]) * len(self.windows[step][1].taps[column])

    def _push(self, step: int) -> None:
        """Hand a pooling the next unit of its input."""
        source = self.network.sources[step][0]
        unit = self.pushed[step]
        if unit >= self._units(source):
            raise SpecError(f"{self._name(step)}: asked for a result that its input does not complete")
        if source in self.rings:
            while self.made[source] <= unit:
                self._keep(source)
            pixels = {column: self.rings[source].read(unit, column) for _, column in self._pixels(source, unit)}
        else:
            pixels = self._emit(source)
            self.made[source] += 1
        self.pushed[step] = unit + 1
        rows, columns = self.windows[step]
        first, last = self._span(step)
        for row, column in self._pixels(source, unit):
            for result_row in rows.outputs_of[row]:
                for result_column in (at for at in columns.outputs_of[column] if first <= at <= last):
                    at = self._unit(step, result_row, result_column)
                    taken = self._results(step).add(at, result_column, pixels[column], self.maths[step].averages)
                    self.maths[step].scattered(taken, source in self.rings)

    def _wait(self, step: int, row: int, column: int) -> None:
        """Have everything made that a pixel reads."""
        rows, columns = self.windows[step]
        for source in self.network.sources[step]:
            taps = [(at, beside) for at in rows.taps[row] for beside in columns.taps[column]]
            if source in self.rings:
                furthest = max((self._unit(source, at, beside) for at, beside in taps), default=-1)
                while self.made[source] <= furthest:
                    self._keep(source)
            elif self.stage.is_direct(source):
                for at, beside in taps:
                    self._wait(source, at, beside)

    def _value(self, source: int, row: int, column: int) -> Tensor:
        if source in self.rings:
            return self.rings[source].read(self._unit(source, row, column), column)
        if self.stage.is_direct(source):
            return self._compute(source, row, column)
        return self.whole[source][:, row, column]

    def _compute(self, step: int, row: int, column: int) -> Tensor:
        """Compute a pixel from what it reads."""
        rows, columns = self.windows[step]
        taps = [
            (number, beside, [self._value(source, at, across) for source in self.network.sources[step]])
            for number, at in rows.numbered[row]
            for beside, across in columns.numbered[column]
        ]
        interior = len(rows.taps[row]) == rows.kernel and len(columns.taps[column]) == columns.kernel
        direct = sum(self.stage.is_direct(source) for source in self.network.sources[step])
        return self._finished(step, self.maths[step].pixel(taps, interior, direct, self._kept(step)))

    def _finished(self, step: int, pixel: Tensor) -> Tensor:
        """Apply what is merged into a step."""
        for position, other in enumerate(self.network.steps):
            action = other.operation.action
            work = other.lowered.work
            # A view is another name for the same pixel.
            shares = other.merged and self.network.holders[position] == step and action not in (Action.RENAME, Action.MOVE)
            if shares and isinstance(work, View):
                given = self.network.parameters.get(position)
                tensors = LayerTensors((pixel[:, None, None],), *(given[1:] if given is not None else ()))
                pixel = VIEWED[action](tensors, work).reshape(-1)
        return pixel
