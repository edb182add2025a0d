"""What a generated kernel does, in the units its instructions are counted by."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.deployment.kernels.shapes import KernelShape
from costmodel.deployment.kernels.tile_source import runs_of, steps_each_tap, turns_of
from costmodel.deployment.kernels.tiles import LineType, parts_of


class TileWork(NamedTuple):
    """Regressors of a generated kernel's instructions."""

    mac_count: int
    load_count: int
    """Operands that taps load."""
    extended_load_count: int
    """Of those, inputs that a core without signed bytes extends, and inputs that a zero point is subtracted from."""
    step_count: int
    """Taps after each of which the address of the inputs moves on."""
    turn_count: int
    """Turns of the loops over taps."""
    run_count: int
    """Runs of taps that lie side by side: their loops begin and end."""
    tile_count: int
    factor_count: int
    """Filters of all tiles: each fetches its bias and its factor."""
    rectified_count: int
    """Results with a rectifier."""
    signed_count: int
    """Results without."""
    filled_count: int
    """Elements brought into the line buffer."""
    fill_run_count: int
    """Rows of a channel brought into it."""
    call_count: int
    """Stretches of tiles of one size."""
    row_count: int
    """Rows of outputs, of all groups."""
    kernel_row_count: int
    """Kernel rows of those."""
    layer_count: int = 1


def tile_work(shape: KernelShape) -> TileWork:
    """Return what a kernel does for one inference.

    Parameters
    ----------
    shape : KernelShape
        Of the layer.

    Returns
    -------
    TileWork
        Exact; how many instructions each takes is a core's.
    """
    rows = 1 if shape.on_map else shape.h.output
    starts = [row * shape.h.stride - shape.h.before for row in range(shape.h.output)]
    reached = [start + kh * shape.h.dilation for start in starts for kh in range(shape.h.kernel)]
    inside = [row for row in reached if 0 <= row < shape.h.extent]
    visits_a_column = rows if shape.on_map else len(inside)
    run, runs = runs_of(shape)
    turns = turns_of(run)
    extent = shape.h.output * shape.w.output if shape.on_map else shape.w.output
    pixels = [length for _, length in parts_of(extent, shape.tile.pixels)]
    filters = [length for _, length in parts_of(shape.out_channels, shape.tile.filters)]
    columns, heights, groups = len(pixels), len(filters), shape.groups
    taps = groups * visits_a_column * runs * run
    visits = groups * columns * heights * visits_a_column
    outputs = groups * rows * extent * shape.out_channels
    inputs_loaded = taps * extent * heights
    raw_bytes = shape.on_map and shape.tile.wide and not (shape.tile.line is LineType.UINT8 and shape.input_zero_point == 0)
    extended = 2 * inputs_loaded if raw_bytes else 0
    extended += inputs_loaded if shape.on_map and shape.input_zero_point else 0
    touched = 0 if shape.on_map else len(set(inside))
    return TileWork(
        mac_count=taps * extent * shape.out_channels,
        load_count=inputs_loaded + taps * shape.out_channels * columns,
        extended_load_count=extended,
        step_count=taps * columns * heights if steps_each_tap(shape) else 0,
        turn_count=visits * runs * turns,
        run_count=visits * runs,
        tile_count=groups * rows * columns * heights,
        factor_count=groups * rows * columns * shape.out_channels,
        rectified_count=outputs if shape.relu else 0,
        signed_count=0 if shape.relu else outputs,
        filled_count=groups * shape.in_channels * touched * shape.w.extent,
        fill_run_count=groups * shape.in_channels * touched,
        call_count=groups * rows * heights * len(set(pixels)),
        row_count=groups * rows,
        kernel_row_count=0 if shape.on_map else groups * rows * shape.h.kernel,
    )
