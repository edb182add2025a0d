"""Covers: a network as stages, streamed where that takes less and layer by layer elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from costmodel.memory.streaming.blocks import Layout, is_pool
from costmodel.memory.streaming.segments import Fusion, Segment, Way, segments_from, strip_segment
from costmodel.specs.operations import Action
from costmodel.specs.running.stages import Grain, InputDelivery, Stage


class Cover(NamedTuple):
    """A network as stages."""

    stages: tuple[Stage, ...]
    delivery: InputDelivery = InputDelivery.WHOLE


BANDS: Final = Way(Grain.ROWS, frozenset({Fusion.GATHER}), scatters_last=False)
"""A pooling over a band of as many rows as its kernel."""
RUNNING: Final = Way(Grain.ROWS, frozenset({Fusion.SCATTER}))
"""A pooling that takes in one row at a time."""
WINDOWS: Final = Way(Grain.PIXELS, frozenset({Fusion.WINDOW}), scatters_last=False)
"""A pooling that asks for its window."""
ROWS: Final = Way(Grain.ROWS, frozenset({Fusion.GATHER}), sums_whole=True)
"""Rows through the whole network."""
PIXELS: Final = Way(Grain.PIXELS, frozenset(Fusion), sums_whole=True)
"""Pixels through the whole network, each pooling fused in the way that takes least."""
BEST: Final = Way(Grain.PIXELS, frozenset(Fusion))
"""Pixels, with every freedom."""


def layered(layout: Layout, first: int, end: int) -> list[Stage]:
    """Return blocks layer by layer."""
    return [Stage((step,)) for block in layout.blocks[first:end] for step in block.steps]


def fused(layout: Layout, way: Way, *, with_means: bool = False) -> Cover | str:
    """Fuse each convolution, or other layer that streams, with the poolings behind it; everything else runs layer by layer.

    Parameters
    ----------
    layout : Layout
        The network.
    way : Way
        How a pooling takes what it reads.
    with_means : bool
        Whether a mean over what a pooling leaves runs in the same stage.

    Returns
    -------
    Cover or str
        Or why there is nothing to fuse.
    """
    stages: list[Stage] = []
    at, found = 0, False
    while at < len(layout.blocks):
        end = _poolings_behind(layout, at, with_means)
        segment = _ending(layout, at, end, way._replace(scatters_last=way.scatters_last or with_means)) if end > at + 1 else None
        if segment is None:
            stages += layered(layout, at, at + 1)
            at += 1
        else:
            stages.append(segment.stage)
            at, found = end, True
    return Cover(tuple(stages)) if found else "no pooling follows a layer that only it reads"


def streamed(layout: Layout, way: Way, delivery: InputDelivery) -> Cover | str:
    """Stream from the network's input as far as a layer that needs all of its input; the rest runs layer by layer.

    Parameters
    ----------
    layout : Layout
        The network.
    way : Way
        In one strip, or in several of an input that is read where it is.
    delivery : InputDelivery
        How the input comes in.

    Returns
    -------
    Cover or str
        Or why there is nothing to stream.
    """
    end = next((at for at, block in enumerate(layout.blocks) if block.why is not None), len(layout.blocks))
    end = next((at + 1 for at, block in enumerate(layout.blocks[:end]) if block.stays), end)
    if end < 2:
        return _why_not(layout, end)
    if way.strip_count > 1:
        segment = strip_segment(layout, end, way)
        if isinstance(segment, str):
            return segment
    else:
        *_, segment = segments_from(layout, 0, way, input_whole=False, keeps_input=delivery is InputDelivery.DELIVERED)
    return Cover((segment.stage, *layered(layout, end, len(layout.blocks))), delivery)


def _why_not(layout: Layout, end: int) -> str:
    """Why a stream that ends so early is none."""
    blocks = layout.blocks
    if end == len(blocks):
        return "one layer has nothing to stream to"
    return blocks[end].why or f"{layout.name(blocks[0].makes)} is an output of the network, and stays whole"


def mixed(layout: Layout, delivery: InputDelivery, peak_of: Callable[[int], int]) -> Cover | str:
    """Cut a network into stages so that the largest takes the least, each streamed or layer by layer.

    Parameters
    ----------
    layout : Layout
        The network.
    delivery : InputDelivery
        How the input comes in.
    peak_of : callable
        Bytes of a block that runs layer by layer, by its place.

    Returns
    -------
    Cover or str
        Of all covers by streams of pixels and single layers, one whose largest stage is the smallest; with as few streams as that takes.
    """
    count = len(layout.blocks)
    alone = [peak_of(place) for place in range(count)]
    lowest = [0, *[_NEVER] * count]
    parts: list[list[_Part]] = []
    for first in range(count):
        # Nothing that takes more than the rest layer by layer is of use.
        limit = max(lowest[first], *alone[first:])
        parts.append([_Part(first, first + 1, alone[first], None), *_streams(layout, first, delivery, limit)])
        for part in parts[first]:
            lowest[part.end] = min(lowest[part.end], max(lowest[first], part.size_bytes))
    stages = [
        stage
        for part in _fewest_streams(parts, lowest[count])
        for stage in (layered(layout, part.first, part.end) if part.segment is None else [part.segment.stage])
    ]
    if all(stage.grain is Grain.LAYER for stage in stages):
        why = next((block.why for block in layout.blocks if block.why is not None), None)
        return f"no layers take less together than one by one{'; ' + why if why else ''}"
    return Cover(tuple(stages), delivery)


_NEVER: Final = 1 << 62


class _Part(NamedTuple):
    """Blocks that run together, or one that runs layer by layer."""

    first: int
    end: int
    size_bytes: int
    segment: Segment | None


def _streams(layout: Layout, first: int, delivery: InputDelivery, limit: int) -> Iterator[_Part]:
    """The streams from a block on, until one takes more than a limit without what it leaves."""
    whole = first > 0 or delivery is InputDelivery.WHOLE
    for segment in segments_from(layout, first, BEST, input_whole=whole, keeps_input=not whole and delivery is InputDelivery.DELIVERED):
        if segment.end > first + 1 or not whole:
            yield _Part(first, segment.end, segment.size_bytes, segment)
        if segment.size_bytes - segment.output_bytes > limit:
            break


def _fewest_streams(parts: Sequence[Sequence[_Part]], most_bytes: int) -> list[_Part]:
    """Return the parts of a cover of all blocks with as few streams as parts of at most so many bytes take, of several the longest."""
    best: list[tuple[int, list[_Part]] | None] = [(0, []), *[None] * len(parts)]
    for first, following in enumerate(parts):
        before = best[first]
        if before is None:
            continue
        for part in following:
            streams, known = before[0] + (part.segment is not None), best[part.end]
            if part.size_bytes <= most_bytes and (known is None or streams < known[0]):
                best[part.end] = streams, [*before[1], part]
    found = best[-1]
    return [] if found is None else found[1]


def _poolings_behind(layout: Layout, at: int, with_means: bool) -> int:
    """Where the poolings behind a block end: one, and the mean of what it leaves."""
    blocks = layout.blocks
    if blocks[at].why is not None or _pools_alone(layout, at):
        return at
    end = at + 1
    # What the last block leaves nobody reads: it is an output.
    while not blocks[end - 1].stays and blocks[end].why is None and _pools_alone(layout, end):
        mean = layout.steps[blocks[end].makes].operation.action is Action.MEAN
        if end > at + 1 and not (with_means and mean):
            break
        end += 1
    return end


def _pools_alone(layout: Layout, at: int) -> bool:
    block = layout.blocks[at]
    return len(block.steps) == 1 and is_pool(layout, block.makes)


def _ending(layout: Layout, first: int, end: int, way: Way) -> Segment | None:
    return next((segment for segment in segments_from(layout, first, way) if segment.end == end), None)
