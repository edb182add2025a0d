"""Two networks on one device, or two scenarios, held side by side: figures of the whole, and of each layer found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple, TypeAlias

from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.network_numbers import sizes_of, steps_of
from costmodel.memory.lifetimes import tensor_size_bytes
from costmodel.results.conclusions.reason import Reason, ReasonKind, reason
from costmodel.results.counts import grouped_count
from costmodel.results.evaluation import Evaluation, LayerEvaluation
from costmodel.results.graphs.compared_side import ComparedSide
from costmodel.results.graphs.network_diff import ExceededLimit, FigureChange, LayerChange, Match, NetworkDiff
from costmodel.results.graphs.tflm_arena import TflmArena
from costmodel.results.timing.outlook import Outlook
from costmodel.results.totals import difference_of, ratio_of, total_of
from costmodel.results.trust import Trust, weakest
from costmodel.specs.scenario import Scenario

Figure: TypeAlias = int | float | None
UNITS: Final[Mapping[str, str]] = {
    "parameters": "",
    "stored": "B",
    "macs": "",
    "accesses": "",
    "ram": "B",
    "flash": "B",
    "energy": "pJ",
    "time": "s",
    "tflm-arena": "B",
}
"""Every figure that is compared, with its unit."""
PER_LAYER: Final = ("parameters", "stored", "macs", "accesses", "energy", "time")
"""Those that a layer has of its own; they add up to the whole's."""
_TRUST: Final = {"energy": Trust.ASSUMED, "time": Trust.CALIBRATED, "tflm-arena": Trust.ASSUMED}
"""How far to trust a figure that is known; all others are integers that follow."""


class Limit(NamedTuple):
    """How much a figure may grow."""

    figure: str | None
    """None for every figure that is known."""
    most: float
    """A share of the figure before where `relative`, else in its unit."""
    relative: bool
    text: str
    """As it was asked for."""


class _Layer(NamedTuple):
    name: str
    kind: str
    structure: tuple[object, ...]
    """What it is, whatever its name."""
    figures: Mapping[str, Figure]


def diff_networks(
    before: Scenario,
    after: Scenario,
    limits: Sequence[Limit] = (),
    arenas: tuple[TflmArena | None, TflmArena | None] = (None, None),
) -> NetworkDiff:
    """Return what changes when one network takes another's place, or one scenario another's.

    Parameters
    ----------
    before, after : Scenario
        The first dataflow of each is compared.
    limits : sequence of Limit, optional
        What may grow, and by how much.
    arenas : tuple of TflmArena or None, optional
        What TensorFlow Lite Micro needs for each, where they were read from its files.

    Returns
    -------
    NetworkDiff
        Totals, layers, and the limits that do not hold.
    """
    return diff_answers((before, after), (evaluate(before), evaluate(after)), limits, arenas)


def diff_sides(
    before: ComparedSide,
    after: ComparedSide,
    limits: Sequence[Limit] = (),
) -> NetworkDiff:
    """Return what changes from one side to the other, with time, energy and life of both.

    Parameters
    ----------
    before, after : ComparedSide
        With their answers.
    limits : sequence of Limit, optional
        As `diff_networks` takes them.

    Returns
    -------
    NetworkDiff
        As of `diff_networks`, with the outlook of each side.
    """
    found = diff_answers((before.scenario, after.scenario), (before.evaluation, after.evaluation), limits, (before.arena, after.arena))
    outlooks = before.outlook, after.outlook
    return found.model_copy(update={"outlooks": outlooks, "outlook_changes": _outlook_changes(*outlooks)})


def _outlook_changes(before: Outlook, after: Outlook) -> tuple[FigureChange, ...]:
    """Time, energy and life, by the points inside their intervals."""

    def points(of: Outlook) -> tuple[tuple[Figure, Trust], ...]:
        energy, life = of.energy, of.life
        return (
            (of.time.duration_s, of.time.trust),
            (None, Trust.UNKNOWN) if energy is None else (energy.energy_j, energy.trust),
            (None, Trust.UNKNOWN) if life is None else (life.life_s, life.trust),
        )

    named = (("inference-time", "s"), ("inference-energy", "J"), ("battery-life", "s"))
    return tuple(
        _change(name, one, other, unit=unit, trust=weakest(trust, other_trust))
        for (name, unit), (one, trust), (other, other_trust) in zip(named, points(before), points(after), strict=True)
    )


def diff_answers(
    scenarios: tuple[Scenario, Scenario],
    answers: tuple[Evaluation, Evaluation],
    limits: Sequence[Limit] = (),
    arenas: tuple[TflmArena | None, TflmArena | None] = (None, None),
) -> NetworkDiff:
    """Return what changes from one answer to another.

    Parameters
    ----------
    scenarios : tuple of Scenario
        What was asked before and after.
    answers : tuple of Evaluation
        Their answers.
    limits, arenas
        As `diff_networks` takes them.

    Returns
    -------
    NetworkDiff
        Totals, layers, and the limits that do not hold.
    """
    before, after = scenarios
    sides = [_layers(scenario, answer) for scenario, answer in zip(scenarios, answers, strict=True)]
    own = [_totals(answer, arena) for answer, arena in zip(answers, arenas, strict=True)]
    reasons = {"time": answers[0].missing.get("duration_s") or answers[1].missing.get("duration_s")}
    told = next((arena.reason for arena in arenas if arena is not None and arena.reason), None)
    reasons["tflm-arena"] = None if told is None else reason(ReasonKind.ARENA_NOT_KNOWN, told=told)
    names = [name for name in UNITS if name != "tflm-arena" or all(arena is not None for arena in arenas)]
    totals = tuple(_change(name, own[0][name], own[1][name], reasons.get(name)) for name in names)
    return NetworkDiff(
        before=before.network.name,
        after=after.network.name,
        device=after.device.name,
        dataflow=after.dataflows[0].value,
        device_before=before.device.name,
        dataflow_before=before.dataflows[0].value,
        totals=totals,
        layers=tuple(_layer_changes(*sides)),
        exceeded=tuple(_exceeded(totals, limits)),
        decided=tuple(f"{scenario.network.name}: {text}" for scenario in scenarios for text in scenario.network.decided),
        left_out=tuple(f"{scenario.network.name}: {text}" for scenario in scenarios for text in scenario.network.left_out),
    )


def _totals(answer: Evaluation, arena: TflmArena | None) -> Mapping[str, Figure]:
    runs = answer.dataflows[0]
    return {
        "parameters": answer.parameter_count,
        "stored": answer.weight_bytes,
        "macs": runs.counts.mac_count,
        "accesses": grouped_count(runs.accesses, "access_count"),
        "ram": answer.memory.ram_bytes,
        "flash": answer.memory.flash_bytes,
        "energy": runs.energy.memory_pj,
        "time": answer.duration_s,
        "tflm-arena": None if arena is None else arena.total_bytes,
    }


def _layers(scenario: Scenario, answer: Evaluation) -> list[_Layer]:
    network = scenario.network
    stored = {
        step.name: total_of(
            [
                tensor_size_bytes(step.lowered.weight_count, sizes.weight_bytes),
                tensor_size_bytes(step.lowered.bias_count, sizes.bias_bytes),
            ]
        )
        for step, sizes in zip(steps_of(network), sizes_of(network), strict=True)
    }
    return [_layer(layer, stored[layer.name]) for layer in answer.dataflows[0].layers]


def _layer(layer: LayerEvaluation, stored_bytes: int) -> _Layer:
    figures: dict[str, Figure] = {
        "parameters": layer.parameter_count,
        "stored": stored_bytes,
        "macs": layer.counts.mac_count,
        "accesses": grouped_count(layer.accesses, "access_count"),
        "energy": layer.energy.memory_pj,
        "time": layer.duration_s,
    }
    return _Layer(layer.name, layer.kind, (layer.kind, layer.output_shape, layer.parameter_count, layer.counts.mac_count), figures)


def _layer_changes(before: Sequence[_Layer], after: Sequence[_Layer]) -> list[LayerChange]:
    pairs = matched_layers(before, after)
    found: list[LayerChange] = []
    told = 0
    for place, layer in enumerate(after):
        at = pairs.get(place)
        if at is not None:
            while told <= at:
                if told not in pairs.values():
                    found.append(_removed(before[told]))
                told += 1
        found.append(_added(layer) if at is None else _matched(before[at], layer))
    return [*found, *(_removed(before[at]) for at in range(told, len(before)) if at not in pairs.values())]


def matched_layers(before: Sequence[_Layer], after: Sequence[_Layer]) -> dict[int, int]:
    """Return for each layer after, by its place, the place of the same layer before: by name and kind, then by structure, then by kind.

    Names that only number layers move when one is put in front: where more layers stay what they were if structure comes first, it does.
    """
    found = [_matched_in_turn(before, after, keys) for keys in ((_by_name, _by_structure, _by_kind), (_by_structure, _by_name, _by_kind))]
    alike = [sum(before[one].structure == after[other].structure for other, one in pairs.items()) for pairs in found]
    return found[0] if alike[0] >= alike[1] else found[1]


Key: TypeAlias = Callable[[_Layer], object]


def _by_name(layer: _Layer) -> object:
    return layer.name, layer.kind


def _by_structure(layer: _Layer) -> object:
    return layer.structure


def _by_kind(layer: _Layer) -> object:
    return layer.kind


def _matched_in_turn(before: Sequence[_Layer], after: Sequence[_Layer], keys: Sequence[Key]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    for key in keys:
        ones = [at for at in range(len(before)) if at not in pairs.values()]
        others = [at for at in range(len(after)) if at not in pairs]
        matcher = SequenceMatcher(None, [key(before[at]) for at in ones], [key(after[at]) for at in others], autojunk=False)
        for block in matcher.get_matching_blocks():
            pairs |= {others[block.b + step]: ones[block.a + step] for step in range(block.size)}
    return pairs


def _matched(before: _Layer, after: _Layer) -> LayerChange:
    match: Match = "name" if before.name == after.name else "structure"
    figures = tuple(_change(name, before.figures[name], after.figures[name]) for name in PER_LAYER)
    return LayerChange(before=before.name, after=after.name, kind=after.kind, match=match, figures=figures)


def _added(layer: _Layer) -> LayerChange:
    figures = tuple(_change(name, None, layer.figures[name]) for name in PER_LAYER)
    return LayerChange(before=None, after=layer.name, kind=layer.kind, match="added", figures=figures)


def _removed(layer: _Layer) -> LayerChange:
    figures = tuple(_change(name, layer.figures[name], None) for name in PER_LAYER)
    return LayerChange(before=layer.name, after=None, kind=layer.kind, match="removed", figures=figures)


def _change(
    name: str, before: Figure, after: Figure, why: Reason | None = None, *, unit: str | None = None, trust: Trust | None = None
) -> FigureChange:
    change = None if before is None or after is None else difference_of(after, before)
    return FigureChange(
        figure=name,
        unit=UNITS[name] if unit is None else unit,
        before=before,
        after=after,
        change=change,
        change_ratio=ratio_of(change, before) if change is not None and before else None,
        trust=trust or (Trust.UNKNOWN if before is None and after is None else _TRUST.get(name, Trust.EXACT)),
        reason=why if change is None else None,
    )


def _exceeded(totals: Sequence[FigureChange], limits: Sequence[Limit]) -> list[ExceededLimit]:
    """A limit of its own stands in for the one over every figure."""
    named = {limit.figure for limit in limits}
    return [
        ExceededLimit(figure=total.figure, unit=total.unit, change=total.change, change_ratio=total.change_ratio, limit=limit.text)
        for limit in limits
        for total in totals
        if (limit.figure == total.figure or (limit.figure is None and total.figure not in named))
        and total.change is not None
        and total.before is not None
        and total.change > (limit.most * total.before if limit.relative else limit.most)
    ]
