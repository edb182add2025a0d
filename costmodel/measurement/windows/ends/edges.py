"""Where a step of the current lies among the samples: where one step between two levels explains those around it best (least squares)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.trace_blocks import Blocks


class Edge(NamedTuple):
    """A step, with what flows in the looked-at blocks either side of it."""

    time_s: float
    charges: tuple[float, float]
    """Before and after it [A s]."""
    energies: tuple[float, float]
    """Before and after it [J]; zero without a voltage in the capture."""
    reach: range
    """The blocks looked at; empty where their samples were not kept, and the edge lies between two blocks."""
    block: int
    """First block that begins at the edge or after it, to one."""


def placed_edge(blocks: Blocks, boundary: int, width: int, before_a: float, after_a: float) -> Edge:
    """Place an edge: between blocks first, then between the samples of the blocks beside it.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    boundary : int
        First block after the edge, roughly.
    width : int
        Blocks looked at, either side.
    before_a, after_a : float
        Levels the current steps between [A].

    Returns
    -------
    Edge
        Its time, and the charge and energy either side.
    """
    reach = range(max(boundary - width, 0), min(boundary + width, len(blocks.charge)))
    current = blocks.mean_a[reach.start : reach.stop]
    split = _split(current, before_a, after_a)
    boundary = reach.start + split
    if blocks.samples_a_block == 1:
        energy = None if blocks.energy is None else blocks.energy[reach.start : reach.stop]
        charge = current * np.diff(blocks.start_s[reach.start : reach.stop + 1])
        return Edge(float(blocks.start_s[boundary]), _halves(charge, split), _halves(energy, split), reach, boundary)
    reach = _kept(blocks, boundary)
    if len(reach) < 2:
        return Edge(float(blocks.start_s[boundary]), (0.0, 0.0), (0.0, 0.0), range(boundary, boundary), boundary)
    current = np.concatenate([blocks.raw[block][1] for block in reach])
    begins = np.append(np.concatenate([blocks.raw[block][0] for block in reach]), blocks.start_s[reach.stop])
    volts = [part for block in reach if (part := blocks.raw[block][2]) is not None]
    charge = current * np.diff(begins)
    energy = charge * np.concatenate(volts) if volts else None
    split = _split(current, before_a, after_a)
    return Edge(float(begins[split]), _halves(charge, split), _halves(energy, split), reach, boundary)


def _kept(blocks: Blocks, boundary: int) -> range:
    """Return the blocks beside a boundary whose samples were kept: both, or the one after and its neighbour where the edge is within it."""
    near = [block for block in range(max(boundary - 1, 0), min(boundary + 2, len(blocks.charge))) if block in blocks.raw]
    return (
        range(near[0], near[-1] + 1)
        if len(near) == 2 and near[1] - near[0] == 1
        else range(near[0], near[0] + 2)
        if len(near) == 3
        else range(0)
    )


def _split(current: Floats, before_a: float, after_a: float) -> int:
    step_a = abs(after_a - before_a)
    # A radio burst beside the edge counts as one sample beyond it, however high it is.
    above = np.clip(current - 0.5 * (before_a + after_a), -step_a, step_a)
    deviation = np.concatenate(([0.0], np.cumsum(above)))
    return int(np.argmin(deviation) if after_a > before_a else np.argmax(deviation))


def _halves(parts: Floats | None, split: int) -> tuple[float, float]:
    return (0.0, 0.0) if parts is None else (float(parts[:split].sum()), float(parts[split:].sum()))
