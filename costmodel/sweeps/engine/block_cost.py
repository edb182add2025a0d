"""The cost of a block of designs: proven not to overflow, and apart where the structure of memory differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import ValidationError

from costmodel.columns import is_column
from costmodel.errors import LimitError, ShapeError, SpecError
from costmodel.evaluation.composition import Cost, cost
from costmodel.evaluation.design import Design, design_of
from costmodel.memory.lifetimes import overwrites_needed
from costmodel.memory.scheduled import scheduled
from costmodel.specs.work import LoopNest
from costmodel.sweeps.engine.design_blocks import Block
from costmodel.sweeps.engine.design_columns import filled
from costmodel.sweeps.engine.overflow import INT64_MAX, beyond_limit, exact_design, upper_bound
from costmodel.sweeps.study.design_fields import DesignField, with_numbers
from costmodel.sweeps.study.space import Part


def costs_of(part: Part, block: Block) -> Iterator[tuple[Block, Cost]]:
    """Yield a block with its cost; in pieces, and in exact arithmetic, where 64-bit integers might not hold.

    Parameters
    ----------
    part : Part
        The combination of choices.
    block : Block
        Its designs.

    Yields
    ------
    tuple of Block and Cost
        The designs of the block whose layers fit their inputs.
    """
    if part.scenario.schedule.is_planned and _network_columns(block):
        for own, piece in _by_network(part, block):
            yield from costs_of(own, piece)
        return
    design = filled(part.design, part.scenario, block.columns)
    # The bound itself is computed in Python ints: it cannot overflow.
    bound = upper_bound(design)
    proven = bound is not None and bound <= INT64_MAX
    try:
        answer = cost(design) if proven else cost(exact_design(design))
    except ShapeError as error:
        if error.where is None:
            return  # the same for all of them
        fits = np.flatnonzero(~np.broadcast_to(error.where, block.shape))
        if len(fits):
            yield from costs_of(part, chosen_block(block, fits))
        return
    for mask in () if proven else beyond_limit(answer):
        at = int(np.flatnonzero(np.broadcast_to(mask, block.shape))[0])
        raise LimitError(f"a count of the design {_design_text(part, block, at)} exceeds the limit of 64-bit integers, {INT64_MAX:,}")
    pattern = None if design.schedule.is_planned else in_place_pattern(answer, design)
    if pattern is None or not answer.memory:
        yield block, answer
        return
    pattern = np.broadcast_to(pattern, block.shape).reshape(-1)
    for found in np.unique(pattern).tolist():
        yield from costs_of(part, chosen_block(block, np.flatnonzero(pattern == found)))


def _network_columns(block: Block) -> dict[DesignField, np.ndarray]:
    """Return the columns of a block that change its network."""
    return {place: column for place, column in block.columns.items() if place.of_network and is_column(column)}


def _by_network(part: Part, block: Block) -> Iterator[tuple[Part, Block]]:
    """Yield the designs of a block network by network: stages are planned for one at a time; those without stages are left out."""
    varied = _network_columns(block)
    table = np.stack([np.broadcast_to(column, block.shape).reshape(-1) for column in varied.values()], axis=1)
    networks, found = np.unique(table, axis=0, return_inverse=True)
    for at, row in enumerate(networks.tolist()):
        try:
            scenario = with_numbers(part.scenario, dict(zip(varied, row, strict=True)))
            scheduled(scenario.network, scenario.schedule)
        except (ShapeError, SpecError, ValidationError):
            continue
        read = design_of(scenario, scenario.dataflows[0], part.design.rates, reach=part.design.reach)
        chosen = chosen_block(block, np.flatnonzero(found.reshape(-1) == at))
        columns = {place: column for place, column in chosen.columns.items() if place not in varied}
        yield part._replace(scenario=scenario, design=read._replace(accountings=part.design.accountings)), chosen._replace(columns=columns)


def in_place_pattern(answer: Cost, design: Design) -> np.ndarray | None:
    """Return which poolings may overwrite their input, as a number a design; None where it is the same for all.

    Lifetimes are plain numbers, so designs whose poolings run in place and designs whose do not are evaluated apart.
    """
    pattern: np.ndarray | None = None
    for bit, (layer, sizes) in enumerate(zip(answer.layers, design.sizes, strict=True)):
        work = layer.step.lowered.work
        if not layer.step.operation.in_place or not isinstance(work, LoopNest):
            continue
        kept = overwrites_needed(work, sizes.input_bytes, sizes.output_bytes)
        if is_column(kept) and kept.any() and not kept.all():
            mark = kept.astype(np.int64) << (bit % 62)
            pattern = mark if pattern is None else pattern | mark
    return pattern


def chosen_block(block: Block, places: np.ndarray) -> Block:
    """Return some designs of a block, by their positions in it."""
    at = np.unravel_index(places, block.shape)

    def taken(value: Any) -> Any:
        return np.broadcast_to(value, block.shape)[at] if is_column(value) else value

    numbers = block.first + places if block.numbers is None else taken(block.numbers)
    columns = {place: taken(value) for place, value in block.columns.items()}
    axes = {label: taken(value) for label, value in block.axes.items()}
    return Block(columns, axes, places.shape, numbers, int(numbers[0]))


def _design_text(part: Part, block: Block, at: int) -> str:
    place = np.unravel_index(at, block.shape)
    numbers = {
        label: np.broadcast_to(values, block.shape)[place].item() if is_column(values) else values for label, values in block.axes.items()
    }
    return ", ".join(f"{label} = {value}" for label, value in {**part.choices, **numbers}.items())
