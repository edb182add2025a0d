"""Mutants that compute the same as the code they change, each with the proof."""
# ruff: noqa: E501

from __future__ import annotations

_BRACKETED = "it only chooses where a Newton iteration begins that is held in a bracket around its one root and ends within the tolerance from anywhere in it"
_ENDS_LATER = (
    "it only decides when the iteration ends: steps beyond the tolerance move the answer by less than it, and there are at most 80"
)

_DRAWN = "the two differ where a drawn number is exactly that share, once in 2^53; both moves are ones that the search may make"
_WIDER = "it only says where the search may look or begins; where a block may end is held by the constraint on the height"
_TRIED = "a no is no answer: then the splits are tried one by one"
_TENTH = "a difference of doubles near whole numbers is never exactly a tenth of one: that has more binary places than they"
_TRANSFORMED = (
    "correlations come out of a Fourier transform, rounded: one is at the limit by chance only, and what is right there nobody can say"
)

_SAME = "where both are equal the one is put in the other's place"
_OTHERS = "a block is no neighbour of its own"

EQUIVALENTS: dict[str, str] = {
    "costmodel/battery/cell_voltage.py CellVoltage._life: charge = begin + 0.5 * (1.0 [+ -> -] node) * (high_charge - begin)": "Gauss-Legendre nodes lie symmetrically around 0 with equal weights: -node runs through the same nodes",
    "costmodel/battery/duty_cycle.py _neighbours: before = max(sum(point [<= -> <] at for point in points[:-1]) - 1, 0)": "at a tabulated place both neighbouring lines give the tabulated share",
    "costmodel/battery/relaxation.py _life: alive = alive [- -> +] problem.weight * mode": _BRACKETED,
    "costmodel/battery/relaxation.py _life: here &= last [<= -> <] 0.0": "an end of a step is the beginning of the next: a battery that is empty exactly there is found there at time 0",
    "costmodel/battery/relaxation.py _whole_periods: fading = [(share, rate) for share, rate in fading if float(rate.min()) * lowest [< -> <=] _GONE]": "exp(-45) of a share is below its last place, and so is what keeping it adds",
    "costmodel/battery/relaxation.py _whole_periods: if (change [<= -> <] _TOLERANCE * count).all():": _ENDS_LATER,
    "costmodel/battery/relaxation.py _moment.picked: taken: Floats = np.broadcast_to(column, where.shape)[where] if column.size [> -> >=] 1 else column.reshape(-1)": "a column of one broadcasts to as many of itself as are picked",
    "costmodel/battery/relaxation.py _moment: time = bracket.duration * np.clip(bracket.first [/ -> *] (bracket.first - bracket.last), 0.0, 1.0)": _BRACKETED,
    "costmodel/battery/relaxation.py _moment: time = bracket.duration * np.clip(bracket.first / (bracket.first [- -> +] bracket.last), 0.0, 1.0)": _BRACKETED,
    "costmodel/battery/relaxation.py _moment: close = _TOLERANCE [* -> /] (bracket.begun + bracket.duration)": _ENDS_LATER,
    "costmodel/battery/relaxation.py _moment: close = _TOLERANCE * (bracket.begun [+ -> -] bracket.duration)": _ENDS_LATER,
    "costmodel/battery/relaxation.py _moment: inside = (newton [>= -> >] low) & (newton <= high)": _BRACKETED,
    "costmodel/battery/relaxation.py _moment: inside = (newton >= low) & (newton [<= -> <] high)": _BRACKETED,
    "costmodel/battery/relaxation.py _moment: alive = value [> -> >=] 0.0": "where nothing is left the root is found: it lies at either end of the bracket, and the next step is none",
    "costmodel/battery/relaxation.py _moment: newton = time [- -> +] value / slope": "a step the wrong way leaves the bracket at once, which is halved instead: eighty times exhaust double precision",
    "costmodel/battery/relaxation.py _moment: change = np.abs(following [- -> +] time)": _ENDS_LATER,
    "costmodel/battery/relaxation.py _moment: if (change [<= -> <] close).all():": _ENDS_LATER,
    "costmodel/measurement/trace_analysis.py _check_period: if abs(seen / period_s - 1.0) [> -> >=] _NEAR:": _TENTH,
    "costmodel/measurement/trace_analysis.py _counted: if abs(times - round(times)) [> -> >=] _NEAR * round(times):": _TENTH,
    "costmodel/measurement/windows/ends/edges.py _split: return int(np.argmin(deviation) if after_a [> -> >=] before_a else np.argmax(deviation))": "between equal levels everything is clipped to 0: the smallest and the largest of zeros is the first",
    "costmodel/measurement/windows/ends/soft_edges.py soft_edge: passed = passed[passed [< -> <=] outside - 1.0]": "heights are no round shares: one is passed exactly a block before the end only where a block falls from twice of it to nothing, and such a step has no shape",
    "costmodel/measurement/windows/ends/soft_edges.py soft_edge: if growth [> -> >=] _STRAIGHT * np.log(_FACTOR):": "the growth is a fit to logarithms, rounded: it is at the limit by chance only, half-way between a line and a decay",
    "costmodel/measurement/windows/idle_steps.py _shifted_rest: return _Step(slice(at, len(current)), above_a) if above_a [> -> >=] 0.0 else _Step(slice(0, at), -above_a)": "a step of nothing is smaller than a fiftieth of the rises: it was left before",
    "costmodel/measurement/windows/window_finder.py _decided: near = np.abs((spans + ends.nearer_s(typical_s, block_s, hints.duration_s)) / hints.duration_s - 1.0) [<= -> <] _NEAR": "a ratio of doubles less one is never exactly a fifth: that has more binary places than they",
    "costmodel/measurement/windows/repetition.py inner_period: size = 1 << (2 * len(inside) [- -> +] 1).bit_length()": "a longer transform pads with more zeros: it takes longer and correlates the same",
    "costmodel/measurement/windows/repetition.py inner_period: below = np.flatnonzero(correlation [< -> <=] 0.2)": _TRANSFORMED,
    "costmodel/measurement/windows/repetition.py inner_period: if after.max() [< -> <=] _LEAST_CORRELATION:": _TRANSFORMED,
    "costmodel/measurement/windows/repetition.py inner_period: near = after [>= -> >] _NEARLY_BEST * after.max()": _TRANSFORMED,
    "costmodel/memory/arenas/climbing.py _neighbour: if problem.meetings[chosen] and draw.random() [< -> <=] 0.5:": _DRAWN,
    "costmodel/memory/arenas/climbing.py _neighbour: if draw.random() [< -> <=] 0.7 and at:": _DRAWN,
    "costmodel/memory/arenas/fitting.py fitted: if end [> -> >=] offset:": "an offset that is there already is a multiple of the alignment: it is rounded up to itself",
    "costmodel/memory/arenas/proving.py _searched: top = most_bytes [- -> +] problem.sizes[at]": _WIDER,
    'costmodel/memory/arenas/proving.py _searched: multiple = model.new_int_var(0, top [// -> *] alignment, f"m{at}")': _WIDER,
    "costmodel/memory/arenas/proving.py _searched: model.add_hint(multiple, [min -> max](start.offsets[at], top) // alignment)": _WIDER,
    "costmodel/memory/arenas/proving.py _searched: model.add_hint(multiple, min(start.offsets[at], top) [// -> *] alignment)": _WIDER,
    "costmodel/memory/heap.py _has_room_for: rounded[placement.region] = max(rounded.get(placement.region, 0), placement.searched_bytes [- -> +] placement.size_bytes)": _TRIED,
    "costmodel/memory/heap.py _has_room_for: return verdict.fits and all(state.free_bytes [>= -> >] taken_bytes + rounded.get(state.name, 0) for state in verdict.regions)": _TRIED,
    "costmodel/memory/heap_replay.py _give_back: if at and region.blocks[at - 1].freed [>= -> >] 0:": "only what was never taken is free since moment 0, and that lies above whatever was: malloc takes the low end",
    "costmodel/memory/lifetimes.py _overwritten: if position [< -> <=] 0 or not steps[position].operation.in_place:": "the first step reads the network's input or nothing: what it reads is overwritten by none, which the next lines say",
    "costmodel/memory/ordering.py _Walk.after: if live [> -> >=] peak:": _SAME,
    "costmodel/memory/placement.py _lowest_gap: free: Number = candidate [< -> <=] best": _SAME,
    "costmodel/memory/placement.py _from_both_ends: before = [other.block for other in block.neighbours if other.block [< -> <=] at]": _OTHERS,
    "costmodel/memory/placement.py _stacked: [other for other in block.neighbours if other.block [< -> <=] at and on_top[other.block] == on_top[at]] for at, block in enumerate(blocks)": _OTHERS,
    "costmodel/memory/placement.py _stacked: if other.block [> -> >=] at or on_top[other.block] == on_top[at]:": _OTHERS,
    "costmodel/memory/streaming/covers.py _streams: if segment.size_bytes - segment.output_bytes [> -> >=] limit:": "what a stream keeps never shrinks as it goes on: all later ones take the limit and what they leave, and are of no use",
    "costmodel/memory/tflm/refusals.py _fixed_output: if abs(found[0] - scale) [<= -> <] _SCALE_SLACK_RATIO * scale and found[1] == zero_point:": "the scales are powers of two: a difference of a double near one from it is never exactly a thousandth of it, which has more binary places",
    "costmodel/specs/axis.py taps_in_padding: if type(p) is int and p [<= -> <] 0:": "a padding of 0 reaches no output, and of none the sums below are 0: the line only saves them",
    "costmodel/specs/axis.py taps_in_padding: if not any_true(reaching [> -> >=] 0):": "where no output reaches into the padding the sums below are 0: the line only saves them",
    "costmodel/specs/axis.py _distinct_below: if type(s) is int and type(d) is int and type(K) is int and d == 1 and s [<= -> <] K:": "windows that touch are counted by the general form below as well: the line only saves it",
}
