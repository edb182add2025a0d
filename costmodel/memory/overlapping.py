"""Results that begin inside what they are made from: a kernel that is done with an input channel may write over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from costmodel.memory.arenas.fitting import Meeting, Problem
from costmodel.memory.lifetimes import runs_in_place
from costmodel.specs.axis import Axis
from costmodel.specs.lowering import Step
from costmodel.specs.network import TensorBytes
from costmodel.specs.operations import Action
from costmodel.specs.shapes import element_count
from costmodel.specs.work import LoopNest

ELEMENT_BY_ELEMENT: Final = frozenset({Action.RECTIFY, Action.SCALE_AND_SHIFT, Action.SUM})
"""What reads each element of its inputs once, in the order in which it writes."""


class Overlap(NamedTuple):
    """A tensor that may begin inside one it is made from."""

    source: int
    """The tensor that is read for the last time, by its place among the tensors."""
    made: int
    """The tensor that is made."""
    lead_bytes: int
    """How far before the source it has to begin at least; less than it takes itself."""


def lead_bytes(step: Step, sizes: TensorBytes) -> int | None:
    """Return how far before its input a layer's output has to begin, so that no element is overwritten that is still read.

    Kernels go through their output channel by channel, and read for each the channels of its group, in CHW: the end of each channel that
    is written must not lie beyond the beginning of the first channel that is still read.

    Parameters
    ----------
    step : Step
        The lowered layer; plain ints.
    sizes : TensorBytes
        Element sizes of what it touches.

    Returns
    -------
    int or None
        0 where it runs in place; None where nothing is spared.
    """
    work, output_bytes = step.lowered.work, int(sizes.output_bytes)
    whole = int(element_count(step.lowered.output)) * output_bytes
    if step.operation.action in ELEMENT_BY_ELEMENT:
        return 0 if sizes.input_bytes == output_bytes else None
    if not isinstance(work, LoopNest) or len(step.inputs[0]) != 3:
        return None
    if step.operation.pools and isinstance(work.h, Axis) and runs_in_place(work, sizes.input_bytes, output_bytes):
        return 0
    if not (step.operation.pools or step.operation.action is Action.SLIDING_MAC):
        return None
    channels, rows, columns = step.inputs[0]
    groups = channels if step.operation.pools else int(work.groups)
    read = channels // groups * rows * columns * int(sizes.input_bytes)
    written = whole // groups
    lead = max((group + 1) * written - group * read for group in (0, groups - 1))
    return lead if lead < whole else None


def overlapped(problem: Problem, overlaps: Sequence[Overlap]) -> Problem:
    """Return a problem in which some blocks may lie over others that are read as they are made.

    Parameters
    ----------
    problem : Problem
        Blocks of one tensor each, by the tensors' places.
    overlaps : sequence of Overlap
        The made one lies at least its lead before the source, or apart from it.

    Returns
    -------
    Problem
        With the least that any arrangement takes.
    """
    lead = {(overlap.source, overlap.made): overlap.lead_bytes for overlap in overlaps}
    meetings = []
    for at, met in enumerate(problem.meetings):
        own = []
        for meeting in met:
            above, below = lead.get((at, meeting.block)), lead.get((meeting.block, at))
            if above is not None:
                own.append(Meeting(meeting.block, meeting.own_bytes, above))
            elif below is not None:
                own.append(Meeting(meeting.block, below, meeting.other_bytes))
            else:
                own.append(meeting)
        meetings.append(tuple(own))
    return problem._replace(meetings=tuple(meetings))


def spared_bytes(overlaps: Sequence[Overlap], sizes: Sequence[int]) -> Mapping[int, int]:
    """Return the most that overlapping spares while each tensor is made, by the tensor's place.

    Parameters
    ----------
    overlaps : sequence of Overlap
        Which may.
    sizes : sequence of int
        Bytes of each tensor.

    Returns
    -------
    mapping of int to int
        Bytes; of a tensor with several sources that of the one that spares most.
    """
    found: dict[int, int] = {}
    for source, made, lead in overlaps:
        spared = sizes[source] + sizes[made] - max(lead + sizes[source], sizes[made])
        found[made] = max(found.get(made, 0), spared)
    return found
