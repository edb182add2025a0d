"""Where the time of an estimate goes: layer by layer, and within a layer by what its kernel does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from costmodel.columns import Number
from costmodel.evaluation.timing.network_regressors import TimedStep, network_mix
from costmodel.latency.class_range import cycles_time_s
from costmodel.latency.kernel_paths import TERM_OF, kernel_regressors
from costmodel.latency.kernel_rates import term_cycles
from costmodel.latency.operation_mix import OperationMix, mix_of
from costmodel.latency.scaling import layer_share_cycles
from costmodel.results.timing.time_estimate import LayerTime, RegressorTime, Term, TermTime
from costmodel.results.totals import ratio_of, total_of
from costmodel.specs.network import Network
from costmodel.specs.work import LoopNest


class _Parts(NamedTuple):
    """A layer's cycles, by what they go to."""

    timed: TimedStep
    terms: dict[Term, list[RegressorTime]]
    cycles: float


def layers_by_kernels(steps: Sequence[TimedStep], rates: Mapping[str, Mapping[str, Number]], clock_hz: float) -> tuple[LayerTime, ...]:
    """Return the time of each layer whose path has rates.

    Parameters
    ----------
    steps : sequence of TimedStep
        Layers that take time.
    rates : mapping of str to mapping of str to float
        For each path, cycles per unit of each of its regressors.
    clock_hz : float
        Clock [Hz].

    Returns
    -------
    tuple of LayerTime
        In running order; a layer is the sum of its terms, and what has no rate is left out.
    """
    return _layers([_by_kernel(timed, rates[timed.path.value]) for timed in steps if timed.path.value in rates], clock_hz)


def _by_kernel(timed: TimedStep, rates: Mapping[str, Number]) -> _Parts:
    work = timed.step.lowered.work
    counts = kernel_regressors(work)._asdict() if isinstance(work, LoopNest) else {}
    terms: dict[Term, list[RegressorTime]] = {}
    for per, rate in rates.items():
        if counts.get(per) and rate:
            found = RegressorTime(per=per, count=counts[per], cycles=term_cycles(rate, counts[per]))
            terms.setdefault(TERM_OF[per], []).append(found)
    return _Parts(timed, terms, total_of([found.cycles for own in terms.values() for found in own]))


def layers_by_networks(
    network: Network, steps: Sequence[TimedStep], rates: OperationMix, cycles: float, clock_hz: float
) -> tuple[LayerTime, ...]:
    """Return the time of each layer that multiplies, of a network that was scaled from others.

    Parameters
    ----------
    network : Network
        The network.
    steps : sequence of TimedStep
        Its layers that take time.
    rates : OperationMix
        Cycles per multiply-accumulate of each kind beside those of a convolution.
    cycles : float
        Of the network.
    clock_hz : float
        Clock [Hz].

    Returns
    -------
    tuple of LayerTime
        In running order; together the network's time, layers that multiply nothing among it.
    """
    return _layers(list(_by_share(network, steps, rates, cycles)), clock_hz)


def _by_share(network: Network, steps: Sequence[TimedStep], rates: OperationMix, cycles: float) -> Iterator[_Parts]:
    mix = network_mix(network)
    for timed in steps:
        own = mix_of(timed.path, timed.mac_count)
        place = next((place for place, count in enumerate(own) if count), None)
        if place is not None:
            part = layer_share_cycles(cycles, own[place], rates[place], mix, rates)
            yield _Parts(timed, {Term.MULTIPLYING: [RegressorTime(per="mac", count=timed.mac_count, cycles=part)]}, part)


def _layers(found: Sequence[_Parts], clock_hz: float) -> tuple[LayerTime, ...]:
    together = total_of([parts.cycles for parts in found])
    return tuple(
        LayerTime(
            layer=parts.timed.step.name,
            path=parts.timed.path.value,
            mac_count=parts.timed.mac_count,
            cycles=parts.cycles,
            duration_s=cycles_time_s(parts.cycles, clock_hz),
            share_ratio=ratio_of(parts.cycles, together),
            terms=tuple(_term(term, own, clock_hz) for term, own in parts.terms.items()),
        )
        for parts in found
    )


def _term(term: Term, own: Sequence[RegressorTime], clock_hz: float) -> TermTime:
    cycles = total_of([regressor.cycles for regressor in own])
    return TermTime(term=term, cycles=cycles, duration_s=cycles_time_s(cycles, clock_hz), regressors=tuple(own))
