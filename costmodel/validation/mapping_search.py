"""Searches the tile of each layer that takes the fewest instructions on a core, under its registers and a limit of scratch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from costmodel.dataflows.counting import count_work
from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, Kernel, Variant
from costmodel.deployment.folding import with_folded_biases
from costmodel.deployment.kernels.pairs import held_tiles, reason_against_pairs
from costmodel.deployment.kernels.shapes import input_zero_point, kernel_shape, line_type, reason_against
from costmodel.deployment.kernels.tile_work import SignCounts, tile_work
from costmodel.deployment.kernels.tiles import LineType, Tile
from costmodel.errors import LimitError
from costmodel.latency.kernel_rates import layer_cycles
from costmodel.latency.packaged_kernels import Arithmetic, packaged_work
from costmodel.memory.lifetimes import tensor_size_bytes
from costmodel.provenance import formula, noted
from costmodel.results.mapping_search import MappedLayer, MappingSearch, TileChoice
from costmodel.results.totals import total_of
from costmodel.sources.kernel_instructions import load_kernel_instructions, load_packaged_instructions
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import KernelCore, tile_register_count
from costmodel.specs.devices.kernel_instructions import KernelInstructions
from costmodel.specs.layers import DataType
from costmodel.specs.lowering import Step
from costmodel.specs.running.mapping import ChosenDataflow, Mapping, blocked
from costmodel.specs.work import LoopNest
from costmodel.validation.comparing import Expected
from costmodel.validation.firmware_plan import predicted_arena_bytes

WORK: Final = "definition: what the generated kernel does in this tile"
"""Source of the regressors."""
MOST_PIXELS: Final = 8
MOST_FILTERS: Final = 16
PAIRED_PIXELS: Final = (1, 2, 4)
PAIRED_FILTERS: Final = (2, 4)
SWAR_TAPS: Final = (2, 3, 4, 5, 6, 8)
"""Tiles of pairs that are tried: larger ones keep sums on the stack at every group of taps, longer groups are rarely held, and three pixels
take more than is predicted."""
DEFAULT_SCRATCH_BYTES: Final = 16_384
"""Most a line buffer may take unless told otherwise."""


@formula(
    id="map.instructions",
    equation="n = floor(c + 0.5)",
    symbols={"n": "instructions of a layer, the nearest whole number [1]", "c": "what its rates give [1]"},
    unit="1",
    source="definition: nearest whole number",
)
def whole_instructions(c: float) -> int:
    """Return the nearest whole number of instructions."""
    return math.floor(c + 0.5)


def search_mapping(expected: Expected, core: KernelCore, most_scratch_bytes: int = DEFAULT_SCRATCH_BYTES) -> MappingSearch:
    """Find the best tile of each layer.

    Parameters
    ----------
    expected : Expected
        A network deployed in the int8 variant, output stationary: zero points and rectifiers decide what a line buffer holds, the signs of
        its sums which path they take. Of floats, the packaged kernels' instructions alone are told.
    core : KernelCore
        Whose registers a tile has to fit, and whose instructions count.
    most_scratch_bytes : int
        Most a line buffer may take.

    Returns
    -------
    MappingSearch
        Every choice that fits, the fewest instructions first.

    Raises
    ------
    LimitError
        If no tile of a layer keeps within the scratch.
    """
    rates, packaged = load_kernel_instructions(core.name), load_packaged_instructions(core.name)
    network, deployed = expected.network, expected.deployed
    floats = deployed.variant is Variant.FLOAT32
    steps = with_folded_biases(network).steps
    layers, chosen, lines = [], [], {}
    for step, layer, signs, zeros in zip(steps, deployed.layers, expected.signs, expected.zeros, strict=True):
        if layer.kernel not in (Kernel.CONV2D, Kernel.LINEAR):
            continue
        found = _mapped(step, layer, signs, deployed, core, rates, most_scratch_bytes)
        work = packaged_work(step.lowered.work, layer.relu, arithmetic_of(deployed, layer), signs, zeros)
        if work is not None and set(work) <= set(packaged.instructions):
            found = found.model_copy(update={"plain_instruction_count": _instructions(work, packaged)})
        layers.append(found)
        if found.choices:
            best = found.choices[0]
            chosen.append((layer.name, blocked(best.pixel_count, best.filter_count, best.swar_tap_count)))
            lines[layer.name] = 1 if best.swar_tap_count else line_type(deployed, layer, core.signed_bytes).size_bytes
    mapping = Mapping(ChosenDataflow(Dataflow.OUTPUT_STATIONARY.value), chosen)
    return MappingSearch(
        network=network.name,
        core=core.name,
        mapping=str(mapping),
        arena_bytes=predicted_arena_bytes(network, deployed.variant, mapping, lines=lines),
        plain_arena_bytes=predicted_arena_bytes(network, deployed.variant, Dataflow.OUTPUT_STATIONARY),
        median_error_ratio=rates.median_error_ratio,
        p90_error_ratio=rates.p90_error_ratio,
        worst_error_ratio=rates.worst_error_ratio,
        plain_median_error_ratio=packaged.float_median_error_ratio if floats else packaged.median_error_ratio,
        plain_worst_error_ratio=packaged.float_worst_error_ratio if floats else packaged.worst_error_ratio,
        layers=tuple(layers),
    )


def _mapped(
    step: Step,
    layer: DeployedLayer,
    signs: SignCounts | None,
    deployed: DeployedNetwork,
    core: KernelCore,
    rates: KernelInstructions,
    most_scratch_bytes: int,
) -> MappedLayer:
    plain = count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY)
    against = reason_against(deployed, layer)
    choices: list[TileChoice] = []
    if against is None:
        line = line_type(deployed, layer, core.signed_bytes)
        single = [Tile(*tile, line, not core.signed_bytes) for tile in _tiles(step, core)]
        tried = [_choice(step, layer, signs, deployed, tile, rates) for tile in [*single, *_pair_tiles(step, layer, deployed, core, rates)]]
        choices = sorted(
            (one for one in tried if one.scratch_bytes <= most_scratch_bytes), key=lambda one: (one.instruction_count, one.load_count)
        )
        if not choices:
            least = min(one.scratch_bytes for one in tried)
            raise LimitError(
                f"{layer.name}: its line buffer takes {least:,} bytes of scratch, {most_scratch_bytes:,} are allowed (--scratch)"
            )
    return MappedLayer(
        name=step.name,
        kind=step.kind,
        valid_mac_count=plain.mac_count,
        plain_load_count=plain.input_read_count + plain.weight_read_count + plain.bias_read_count,
        choices=tuple(choices),
        reason=f"output-stationary: {against}" if against else _why(choices, core),
    )


def _tiles(step: Step, core: KernelCore) -> Iterator[tuple[int, int]]:
    """Yield the tiles that fit the registers; none larger than what there is to tile."""
    work = step.lowered.work
    if not isinstance(work, LoopNest):
        return
    shape = step.lowered.output
    pixels = shape[1] * shape[2] if len(shape) == 3 else 1
    for p in range(1, min(MOST_PIXELS, pixels) + 1):
        for q in range(1, min(MOST_FILTERS, work.out_channels) + 1):
            if tile_register_count(p, q) <= core.register_count:
                yield p, q


def _pair_tiles(step: Step, layer: DeployedLayer, deployed: DeployedNetwork, core: KernelCore, rates: KernelInstructions) -> Iterator[Tile]:
    """Yield the tiles whose filters go in pairs, of the most taps that halves hold in every tile, in most and in some."""
    work = step.lowered.work
    if not isinstance(work, LoopNest) or work.out_channels < min(PAIRED_FILTERS) or "part_count" not in rates.instructions:
        return
    shape = step.lowered.output
    pixels = shape[1] * shape[2] if len(shape) == 3 else 1
    for q in PAIRED_FILTERS:
        for swar in SWAR_TAPS:
            first = Tile(1, q, LineType.UINT8, not core.signed_bytes, swar)
            if reason_against_pairs(deployed, layer, first) is None:
                # Tiles that fall back keep every sum of their own.
                counted = swar if all(held_tiles(deployed, layer, first)) else 0
                for p in (size for size in PAIRED_PIXELS if size <= pixels):
                    # Where even the sums that pairs are parted into find no room, groups of taps cost more than pairs gain.
                    held = 3 * p * q // 2 + q // 2 + 1
                    if max(held, tile_register_count(p, q, counted)) <= core.register_count:
                        yield first._replace(pixels=p)


def _instructions(work: dict[str, Any], rates: KernelInstructions) -> int:
    """Return what units of work take by their rates; a unit without one takes nothing."""
    units = [unit for unit in work if unit in rates.instructions]
    per_unit = [noted(rates.instructions[unit], unit, rates.source) for unit in units]
    return whole_instructions(layer_cycles(per_unit, [noted(work[unit], unit, WORK) for unit in units]))


def arithmetic_of(network: DeployedNetwork, layer: DeployedLayer) -> Arithmetic:
    """Return what a layer computes with."""
    if network.variant is Variant.FLOAT32:
        of_int8 = network.tensors[layer.inputs[0]].type is DataType.INT8
        return Arithmetic.FLOAT32_OF_INT8 if of_int8 else Arithmetic.FLOAT32
    return Arithmetic.OFFSET if input_zero_point(network, layer) else Arithmetic.INT8


def _choice(
    step: Step, layer: DeployedLayer, signs: SignCounts | None, deployed: DeployedNetwork, tile: Tile, rates: KernelInstructions
) -> TileChoice:
    counts = count_work(step.lowered.work, blocked(tile.pixels, tile.filters, tile.swar), input_bytes=tile.line.size_bytes)
    shape, held = kernel_shape(deployed, replace(layer, tile=tile)), held_tiles(deployed, layer, tile)
    work = tile_work(shape, signs, held).regressors if shape is not None else {}
    return TileChoice(
        pixel_count=tile.pixels,
        filter_count=tile.filters,
        swar_tap_count=tile.swar,
        apart_tile_count=held.count(False),
        pair_tile_count=len(held),
        mac_count=counts.mac_count,
        load_count=total_of([counts.input_read_count, counts.input_row_read_count, counts.weight_read_count, counts.bias_read_count]),
        instruction_count=_instructions(work, rates),
        scratch_bytes=counts.scratch_bytes,
        weight_bytes=_weight_bytes(step, layer, tile),
        register_count=noted(
            tile_register_count(tile.pixels, tile.filters, tile.swar), "registers", "definition: accumulators, operands, pointers"
        ),
    )


def _weight_bytes(step: Step, layer: DeployedLayer, tile: Tile) -> Any:
    """Return the bytes of a layer's weights in a tile's order; an int that `explain` knows."""
    weights = layer.weights
    if weights is None or not tile.swar:
        return tensor_size_bytes(step.lowered.weight_count, tile.element_bytes)
    stored = tile.stored_bytes(layer.groups, len(weights) // layer.groups, weights[0].size)
    return noted(stored, "weights in words", "definition: two filters' in a word, and a word of each tile of pairs")


def _why(choices: Sequence[TileChoice], core: KernelCore) -> str:
    best = choices[0]
    words = f"fewest instructions of {len(choices)} tiles within {core.register_count} registers"
    if best.apart_tile_count:
        words += (
            f"; {best.apart_tile_count} of {best.pair_tile_count} tiles of pairs fall back to one filter at a time:"
            f" a sum of {best.swar_tap_count} taps may leave its half of a register"
        )
    others = [one for one in choices[1:] if one.tile != best.tile]
    if not others:
        return words
    more = others[0].instruction_count / best.instruction_count - 1
    return f"{words}; next {others[0].tile}, {100 * more:.1f} % more"
