"""Ordering: in which order the layers of a network that branches keep the least alive at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

MOST_STATES: Final = 1_000_000
"""Sets of finished layers that are followed."""
BEAM_WIDTH: Final = 32


class OrderProblem(NamedTuple):
    """Layers that wait for one another, and what they leave."""

    sizes: tuple[int, ...]
    """Bytes of each layer's tensor."""
    reads: tuple[tuple[int, ...], ...]
    """For each layer, the layers it reads."""
    kept: frozenset[int]
    """Layers whose tensors stay to the end."""
    input_bytes: int = 0
    """Of the network's input."""
    input_readers: frozenset[int] = frozenset()
    """Layers that read it."""
    given: frozenset[int] = frozenset()
    """Layers whose tensors are there before anything runs: they read nothing and come first."""


class Ordered(NamedTuple):
    """An order."""

    order: tuple[int, ...]
    peak_bytes: int
    """The most alive at once in it."""
    is_proven: bool
    """Whether no order has less."""


def best_order(problem: OrderProblem, *, most_states: int = MOST_STATES) -> Ordered:
    """Return an order that keeps the least alive at once.

    A beam gives a first order. Whether one stays within a lower peak is decided over sets of finished layers that contain what each of
    theirs reads (down-sets): from each set every layer that fits goes on. A layer, or a chain of them, that leaves no more alive than
    before and stays within the peak can do no harm, and runs at once: nothing else becomes cheaper by its waiting. The last peak that no
    order stays within proves the one before.

    Parameters
    ----------
    problem : OrderProblem
        At least one order must exist.
    most_states : int
        Sets that are followed for one peak; where there are more, the best order so far stands, and nothing is proven.

    Returns
    -------
    Ordered
        Every layer once.

    Notes
    -----
    Source: dynamic programming over down-sets, as in liberis2019.
    """
    return _Walk(problem).search(most_states)


def peak_of_order(problem: OrderProblem, order: Sequence[int]) -> int:
    """Return the most that is alive at once in an order."""
    return _Walk(problem).peak_of(order)


class _BeamState(NamedTuple):
    peak: int
    live: int
    order: tuple[int, ...]
    ready: tuple[int, ...]


class _Walk:
    """Steps from one set of finished layers to the next; a set is the bits of a number."""

    def __init__(self, problem: OrderProblem) -> None:
        self.sizes, self.input_bytes = problem.sizes, problem.input_bytes
        count = len(problem.sizes)
        self.whole = (1 << count) - 1
        given = sum(1 << layer for layer in problem.given)
        self.waits = [
            0 if layer in problem.given else given | sum(1 << read for read in set(reads)) for layer, reads in enumerate(problem.reads)
        ]
        readers: list[int] = [0] * count
        for layer, reads in enumerate(problem.reads):
            for read in reads:
                readers[read] |= 1 << layer
        # Of layers that read the same and are read by the same, the smaller may as well come first: less waits beside what runs between.
        twins: dict[tuple[int, int], list[int]] = {}
        for layer in range(count):
            twins.setdefault((self.waits[layer], readers[layer]), []).append(layer)
        for alike in twins.values():
            if not problem.kept.intersection(alike) and not problem.input_readers.intersection(alike):
                alike.sort(key=lambda layer: problem.sizes[layer])
                for before, layer in itertools.pairwise(alike):
                    self.waits[layer] |= 1 << before
        self.followers = [tuple(other for other in range(count) if self.waits[other] >> layer & 1) for layer in range(count)]
        # What a layer may free, and who else must have run for it.
        input_readers = sum(1 << layer for layer in problem.input_readers)
        self.frees: list[tuple[tuple[int, int], ...]] = []
        for layer, reads in enumerate(problem.reads):
            own = [(readers[read], problem.sizes[read]) for read in set(reads) if read not in problem.kept]
            if layer in problem.input_readers:
                own.append((input_readers, problem.input_bytes))
            if not readers[layer] and layer not in problem.kept:
                own.append((0, problem.sizes[layer]))
            self.frees.append(tuple(own))

    def after(self, done: int, live: int, peak: int, layer: int) -> tuple[int, int, int]:
        """Run a layer."""
        done |= 1 << layer
        live += self.sizes[layer]
        if live > peak:
            peak = live
        for readers, size in self.frees[layer]:
            if not readers & ~done:
                live -= size
        return done, live, peak

    def begins(self) -> tuple[int, ...]:
        """Return the layers that wait for nothing."""
        return tuple(layer for layer, waits in enumerate(self.waits) if not waits)

    def next_ready(self, ready: Sequence[int], done: int, layer: int) -> tuple[int, ...]:
        """Return what may run once a layer has."""
        return (*(other for other in ready if other != layer), *(at for at in self.followers[layer] if not self.waits[at] & ~done))

    def harmless(self, done: int, live: int, peak: int, layer: int) -> tuple[int, int, int, tuple[int, ...]] | None:
        """Follow a layer, and who alone follows it, until no more is alive than before; None where that would take more than the peak."""
        ran: list[int] = []
        now = live
        while True:
            done, now, most = self.after(done, now, peak, layer)
            if most > peak:
                return None
            ran.append(layer)
            if now <= live:
                return done, now, peak, tuple(ran)
            followers = self.followers[layer]
            if len(followers) != 1 or self.waits[followers[0]] & ~done:
                return None
            layer = followers[0]

    def settled(self, done: int, live: int, peak: int, ready: tuple[int, ...]) -> tuple[int, int, int, tuple[int, ...], tuple[int, ...]]:
        """Run everything that can do no harm; return also which layers, and what may run next."""
        ran: tuple[int, ...] = ()
        again = True
        while again:
            again = False
            for layer in ready:
                then = self.harmless(done, live, peak, layer)
                if then is not None:
                    for other in then[3]:
                        done |= 1 << other
                        ready = self.next_ready(ready, done, other)
                    done, live, peak, more = then
                    ran += more
                    again = True
                    break
        return done, live, peak, ran, ready

    def within(self, budget: int, most_states: int) -> tuple[tuple[int, ...] | None, int]:
        """Look for an order that stays within a peak, the emptiest sets first; return it, and how many sets were followed."""
        done, live, _, ran, ready = self.settled(0, self.input_bytes, budget, self.begins())
        came: dict[int, tuple[int, tuple[int, ...]]] = {done: (-1, ran)}
        waiting = [(done, live, ready)]
        while waiting and len(came) <= most_states:
            done, live, ready = waiting.pop()
            if done == self.whole:
                return tuple(_path(came, done)), len(came)
            grown = []
            for layer in ready:
                begun, now, peak = self.after(done, live, budget, layer)
                if peak > budget:
                    continue
                then, now, _, ran, following = self.settled(begun, now, budget, self.next_ready(ready, begun, layer))
                if then not in came:
                    came[then] = (done, (layer, *ran))
                    grown.append((then, now, following))
            grown.sort(key=lambda state: -state[1])
            waiting += grown
        return None, len(came)

    def least_possible(self) -> int:
        """Return what no order stays below: a layer's tensor beside all that it reads."""
        together = [self.sizes[layer] + sum(size for readers, size in self.frees[layer] if readers) for layer in range(len(self.sizes))]
        return max((*together, self.input_bytes))

    def search(self, most_states: int) -> Ordered:
        """Ask for less than a beam reaches, again and again, until there is none or no order can have less."""
        best = self.beam(BEAM_WIDTH)
        low = self.least_possible()
        while best.peak_bytes > low:
            order, states = self.within(best.peak_bytes - 1, most_states)
            if order is None:
                return best._replace(is_proven=states <= most_states)
            best = Ordered(order, self.peak_of(order), False)
        return best._replace(is_proven=True)

    def peak_of(self, order: Sequence[int]) -> int:
        """Return the most that is alive at once in an order."""
        done, live, peak = 0, self.input_bytes, self.input_bytes
        for layer in order:
            done, live, peak = self.after(done, live, peak, layer)
        return peak

    def beam(self, width: int) -> Ordered:
        """Follow the sets with the least peak of each number of layers."""
        states: dict[int, _BeamState] = {0: _BeamState(self.input_bytes, self.input_bytes, (), self.begins())}
        while True:
            grown: dict[int, _BeamState] = {}
            for done, state in states.items():
                if done == self.whole:
                    return Ordered(state.order, state.peak, False)
                for layer in state.ready:
                    then, live, peak = self.after(done, state.live, state.peak, layer)
                    found = grown.get(then)
                    if found is None or peak < found.peak:
                        grown[then] = _BeamState(peak, live, (*state.order, layer), self.next_ready(state.ready, then, layer))
            states = dict(sorted(grown.items(), key=lambda item: item[1][:2])[:width])


def _path(came: Mapping[int, tuple[int, tuple[int, ...]]], done: int) -> list[int]:
    order: list[int] = []
    while done >= 0:
        done, ran = came[done]
        order = [*ran, *order]
    return order
