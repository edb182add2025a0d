"""What a generated kernel does, in the units its instructions are counted by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from costmodel.deployment.kernels.pairs import pair_split
from costmodel.deployment.kernels.shapes import KernelShape
from costmodel.deployment.kernels.tile_source import far_filters, far_pixels, runs_of, steps_each_tap, taps_of_turn, turns_of
from costmodel.deployment.kernels.tiles import LineType, parts_of

EACH_TILE: Final = (
    *("tap", "step", "turn", "visit", "row_tile", "map_tile", "rectified_tile", "signed_tile"),
    *("pair_tap", "pair_group", "pair_turn", "pair_visit", "pair_tile", "apart_tap"),
)
"""Units that have a rate of each size of tile beside their own: what a compiler makes of them differs by how many values are held."""


class SignCounts(NamedTuple):
    """How many of a layer's sums are above 0 and below: another path of the requantisation each."""

    above: int
    below: int


class TileWork(NamedTuple):
    """Regressors of a generated kernel's instructions that are alike for tiles of every size."""

    mac_count: int
    load_count: int
    """Operands that taps load."""
    extended_load_count: int
    """Of those, inputs that a core without signed bytes extends."""
    subtracted_load_count: int
    """Of those, inputs that a zero point is subtracted from."""
    pair_mac_count: int
    """Multiply-accumulates of two filters in one multiplication."""
    part_count: int
    """Sums of two filters that are parted."""
    apart_count: int
    """Words of two weights that are parted, where halves do not hold their sums."""
    pair_result_count: int
    """Sums of first filters, found from those of both."""
    pair_tile_count: int
    """Tiles whose filters go in pairs."""
    head_count: int
    """Words that say whether halves hold their sums."""
    step_count: int
    """Taps after each of which the address of the inputs moves on."""
    far_load_count: int
    """Inputs beyond what an address reaches."""
    turn_count: int
    """Turns of the loops over taps."""
    rest_count: int
    """Runs with taps left over behind their loop."""
    loop_count: int
    """Runs of taps that loop."""
    written_count: int
    """Runs of taps that are written out."""
    gap_count: int
    """Runs of a dilated row."""
    visit_count: int
    """Kernel rows of tiles that run along a row."""
    visit_result_count: int
    """The same, once for each accumulator."""
    tile_count: int
    map_tile_count: int
    """Of those, of a whole map."""
    tile_pixel_count: int
    """Pixels of tiles, once for all their filters."""
    far_filter_count: int
    """Filters of tiles whose outputs lie beyond what the first one's address reaches."""
    factor_count: int
    """Filters of all tiles: each fetches its factor."""
    bias_count: int
    """The same where each fetches a bias too."""
    accumulator_count: int
    rectified_above_count: int
    """Results with a rectifier that it lets pass."""
    rectified_rest_count: int
    signed_below_count: int
    """Results without a rectifier below the zero point."""
    signed_rest_count: int
    moved_result_count: int
    """Results that a zero point is added to."""
    filled_count: int
    """Elements brought into the line buffer."""
    fill_run_count: int
    """Rows of a channel brought into it."""
    fill_count: int
    """Rows of every channel brought into it."""
    cleared_count: int
    """Elements of its padding."""
    call_count: int
    """Stretches of tiles of one size."""
    call_filter_count: int
    call_accumulator_count: int
    row_count: int
    """Rows of outputs, of all groups."""
    kernel_row_count: int
    """Kernel rows of those."""
    inner_row_count: int
    """Of those, in bounds."""
    group_count: int
    layer_count: int = 1


class KernelWork(NamedTuple):
    """Everything a kernel does for one inference."""

    total: TileWork
    by_tile: dict[str, int]
    """Each unit of `EACH_TILE` by the size of the tile, `tap 4x2`."""

    @property
    def regressors(self) -> dict[str, int]:
        """Both, by name."""
        return self.total._asdict() | self.by_tile


class _Part(NamedTuple):
    """Tiles of one size, that go the same way."""

    pixels: int
    filters: int
    stretches: int
    """Stretches of them, one behind another along a row or a map."""
    tiles: int
    """In all of those."""
    way: str
    """`` for filters one by one, `pair` in pairs, `apart` where halves do not hold the sums of those."""


def tile_work(shape: KernelShape, signs: SignCounts | None = None, held: Sequence[bool] = ()) -> KernelWork:
    """Return what a kernel does for one inference.

    Parameters
    ----------
    shape : KernelShape
        Of the layer.
    signs : SignCounts, optional
        Of its sums; half and half where they are not known.
    held : sequence of bool
        Of each tile of pairs, whether halves hold their sums; all of them where it is left out.

    Returns
    -------
    KernelWork
        Exact; how many instructions each takes is a core's.
    """
    rows = 1 if shape.on_map else shape.h.output
    reached = [
        row * shape.h.stride - shape.h.before + kh * shape.h.dilation for row in range(shape.h.output) for kh in range(shape.h.kernel)
    ]
    inside = [row for row in reached if 0 <= row < shape.h.extent]
    visits_of_column = 1 if shape.on_map else len(inside)
    run, runs = runs_of(shape)
    totals: Counter[str] = Counter()
    by_tile: Counter[str] = Counter()
    for part in _parts(shape, held):
        pixels, filters = part.pixels, part.filters
        loop = _pair_loop(shape, run) if part.way == "pair" else _plain_loop(run)
        stretches, columns = rows * part.stretches, part.tiles
        tiles, visits = rows * columns, columns * visits_of_column
        taps, run_count = visits * runs * run, visits * runs
        stepping = steps_each_tap(shape, loop.turn_taps)
        loads = taps * pixels
        totals.update(
            mac_count=loads * filters,
            load_count=loads + taps * shape.tile.words(filters),
            extended_load_count=loads if _extends(shape) else 0,
            subtracted_load_count=loads if shape.on_map and shape.input_zero_point else 0,
            step_count=taps if stepping else 0,
            far_load_count=taps * far_pixels(shape, pixels, loop.turn_taps),
            turn_count=run_count * loop.turns,
            rest_count=run_count if loop.turns and loop.rest else 0,
            loop_count=run_count if loop.turns else 0,
            written_count=0 if loop.turns else run_count,
            gap_count=run_count if runs > 1 else 0,
            visit_count=0 if shape.on_map else visits,
            visit_result_count=0 if shape.on_map else visits * pixels * filters,
            tile_count=tiles,
            map_tile_count=tiles if shape.on_map else 0,
            tile_pixel_count=tiles * pixels,
            far_filter_count=tiles * far_filters(shape, pixels, filters),
            factor_count=tiles * filters,
            bias_count=tiles * filters if shape.bias else 0,
            accumulator_count=tiles * pixels * filters,
            call_count=stretches,
            call_filter_count=stretches * filters,
            call_accumulator_count=stretches * pixels * filters,
        )
        each = {
            "turn": run_count * loop.turns,
            "map_tile" if shape.on_map else "row_tile": tiles,
            "rectified_tile" if shape.relu else "signed_tile": tiles,
        }
        if part.way == "pair":
            parted = run_count * loop.groups
            totals.update(
                pair_mac_count=loads * filters,
                part_count=parted * pixels * filters // 2,
                pair_result_count=tiles * pixels * filters // 2,
                pair_tile_count=tiles,
            )
            each = {"pair_tap": taps, "pair_group": parted, "pair_turn": run_count * loop.turns, "pair_tile": tiles}
            each |= {} if shape.on_map else {"pair_visit": visits}
        elif part.way == "apart":
            totals.update(apart_count=taps * filters // 2)
            each |= {"apart_tap": taps}
        if part.way != "pair":
            each |= {"tap": taps, "step": taps if stepping else 0, "visit": 0 if shape.on_map else visits}
        by_tile.update({f"{unit} {pixels}x{filters}": count for unit, count in each.items() if count})
    totals.update(head_count=rows * shape.groups * sum(shape.tile.in_pairs(length) for _, length in _heights(shape)))
    totals.update(_results(shape, signs))
    totals.update(_rows(shape, rows, inside))
    return KernelWork(TileWork(**{name: totals[name] for name in TileWork._fields if name != "layer_count"}), dict(by_tile))


def _extends(shape: KernelShape) -> bool:
    unsigned = shape.tile.line is LineType.UINT8 and shape.input_zero_point == 0
    return shape.on_map and shape.tile.wide and not unsigned


class _Loop(NamedTuple):
    """How a run of taps is gone through."""

    turns: int
    rest: int
    """Taps behind the loop."""
    turn_taps: int
    groups: int = 0
    """Of taps whose sums share a register."""


def _plain_loop(run: int) -> _Loop:
    turns, taps = turns_of(run), taps_of_turn(run)
    return _Loop(turns, run - turns * taps, taps)


def _pair_loop(shape: KernelShape, run: int) -> _Loop:
    split = pair_split(run, shape.tile.swar)
    return _Loop(split.turns, run - split.turns * split.turn_groups * split.group, split.turn_taps, split.groups)


def _heights(shape: KernelShape) -> list[tuple[int, int]]:
    return parts_of(shape.out_channels, shape.tile.filters)


def _parts(shape: KernelShape, held: Sequence[bool]) -> Iterator[_Part]:
    extent = shape.h.output * shape.w.output if shape.on_map else shape.w.output
    widths = Counter(length for _, length in parts_of(extent, shape.tile.pixels))
    told = iter(held)
    blocks: Counter[tuple[int, str]] = Counter()
    for _, filters in _heights(shape) * shape.groups:
        way = "" if not shape.tile.in_pairs(filters) else "pair" if next(told, True) else "apart"
        blocks[filters, way] += 1
    for pixels, columns in widths.items():
        for (filters, way), count in blocks.items():
            yield _Part(pixels, filters, count, count * columns, way)


def _results(shape: KernelShape, signs: SignCounts | None) -> dict[str, int]:
    outputs = shape.groups * shape.out_channels * shape.h.output * shape.w.output
    above, below = (outputs // 2, outputs // 2) if signs is None else signs
    found = {"moved_result_count": outputs if shape.output_zero_point else 0}
    if shape.relu:
        return found | {"rectified_above_count": above, "rectified_rest_count": outputs - above}
    return found | {"signed_below_count": below, "signed_rest_count": outputs - below}


def _rows(shape: KernelShape, rows: int, inside: list[int]) -> dict[str, int]:
    groups = shape.groups
    if shape.on_map:
        return {"group_count": groups}
    touched = groups * len(set(inside))
    padding = shape.line_columns - shape.w.extent
    return {
        "filled_count": touched * shape.in_channels * shape.w.extent,
        "fill_run_count": touched * shape.in_channels,
        "fill_count": touched,
        "cleared_count": shape.h.reach * padding * shape.in_channels,
        "row_count": groups * rows,
        "kernel_row_count": groups * rows * shape.h.kernel,
        "inner_row_count": groups * len(inside),
        "group_count": groups,
    }
