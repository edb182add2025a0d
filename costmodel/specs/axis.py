"""An axis: how one output index touches input indices, and every count that follows, in closed form.

Two kinds: `Axis` (kernel, stride, padding before and after, dilation) and `AdaptiveAxis` (windows of adaptive pooling). A two-dimensional
loop nest is the product of its two axes, so totals are products of these numbers.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from costmodel.columns import Number, any_true, ceil_div, clamped, common_divisor, floor_div, floor_sum, larger, smaller
from costmodel.provenance import formula, remembered

SYMBOLS: Final = {
    "H": "input extent [elements]",
    "O": "output extent [elements]",
    "K": "kernel extent [taps]",
    "s": "stride [elements]",
    "d": "dilation [elements]",
    "p": "padding before [elements]",
    "q": "padding after [elements]",
}
"""Symbols of every equation on an axis."""


@remembered
@formula(
    id="axis.output_extent",
    equation="O = floor((H + p + q - d*(K - 1) - 1) / s) + 1",
    symbols=SYMBOLS,
    unit="elements",
    source="dumoulin2016: relationship 14",
)
def output_extent(H: Number, K: Number, s: Number, p: Number, q: Number, d: Number) -> Number:
    """Return how many outputs an axis has; below 1 where the kernel does not fit."""
    return floor_div(H + p + q - d * (K - 1) - 1, s) + 1


def taps_in_padding(p: Number, s: Number, d: Number, K: Number, O: Number) -> Number:
    """Return how many of the O*K taps fall on an index below p, in padded coordinates.

    Tap k of output o reads index o*s + k*d; it falls in the padding where that is below p. Summed over o: min(K, ceil((p - o*s)/d)) while
    p > o*s.

    Parameters
    ----------
    p, s, d, K, O : int or int64 column
        Padding (may be negative: no tap falls there), stride, dilation, kernel and output extents.

    Returns
    -------
    int or int64 column
        Number of taps.
    """
    if type(p) is int and p <= 0:
        return 0
    reaching = clamped(ceil_div(p, s), 0, O)
    if not any_true(reaching > 0):
        return 0
    full = clamped(ceil_div(p - (K - 1) * d, s), 0, reaching)
    partial = reaching - full
    # From the last partly covered output backwards the terms grow by s, as floor_sum wants them.
    return full * K + floor_sum(partial, d, s, larger(p - (reaching - 1) * s + d - 1, 0))


def axis_terms(H: Number, K: Number, s: Number, p: Number, q: Number, d: Number) -> dict[str, Number]:
    """Return the value of every symbol of an axis's equations, for `explain`."""
    return {"H": H, "O": output_extent(H, K, s, p, q, d), "K": K, "s": s, "d": d, "p": p, "q": q}


@remembered
@formula(
    id="axis.valid_taps",
    equation="V = sum(sum(1 if p <= o*s + k*d < p + H else 0, k, 0, K - 1), o, 0, O - 1)",
    symbols=SYMBOLS | {"V": "taps that fall on real input [taps]"},
    unit="taps",
    source="definition: taps in bounds; in closed form by sums of floors, graham1994 section 3.5",
    terms=axis_terms,
)
def valid_taps(H: Number, K: Number, s: Number, p: Number, q: Number, d: Number) -> Number:
    """Return how many taps of an axis fall on real input."""
    O = output_extent(H, K, s, p, q, d)
    before, overhang = taps_in_padding(p, s, d, K, O), _overhang(H, K, s, p, d, O)
    # Seen from its own end, an equal padding meets as many taps: so it is on most axes.
    after = before if type(p) is int and type(overhang) is int and overhang == p else taps_in_padding(overhang, s, d, K, O)
    return O * K - before - after


@formula(
    id="axis.nominal_taps",
    equation="N = O*K",
    symbols=SYMBOLS | {"N": "taps, those on padding included [taps]"},
    unit="taps",
    source="definition: each tap of each output",
    terms=axis_terms,
)
def nominal_taps(H: Number, K: Number, s: Number, p: Number, q: Number, d: Number) -> Number:
    """Return how many taps an axis has when padding is processed like data."""
    return output_extent(H, K, s, p, q, d) * K


@remembered
@formula(
    id="axis.interior",
    equation="I = max(min(floor((H + p - 1 - (K - 1)*d) / s), O - 1) - ceil(p / s) + 1, 0)",
    symbols=SYMBOLS | {"I": "outputs whose taps are all in bounds [elements]"},
    unit="elements",
    source="docs/counting.md: an output pixel is interior when all its taps are in bounds",
    terms=axis_terms,
)
def interior_extent(H: Number, K: Number, s: Number, p: Number, q: Number, d: Number) -> Number:
    """Return how many outputs of an axis have every tap in bounds."""
    O = output_extent(H, K, s, p, q, d)
    first = ceil_div(p, s)
    last = smaller(floor_div(H + p - 1 - (K - 1) * d, s), O - 1)
    return larger(last - first + 1, 0)


@remembered
@formula(
    id="axis.touched",
    equation=("g = gcd(s, d); T = sum(sum(1 if p <= o*s + k*d < p + H and (o >= O - d/g or k < s/g) else 0, k, 0, K - 1), o, 0, O - 1)"),
    symbols=SYMBOLS | {"T": "distinct input indices some tap falls on [elements]"},
    unit="elements",
    source="definition: o*s + k*d repeats exactly at (o + d/g, k - s/g), so chains of equal indices are counted at their ends",
    terms=axis_terms,
)
def touched_inputs(H: Number, K: Number, s: Number, p: Number, q: Number, d: Number) -> Number:
    """Return how many distinct real inputs an axis touches."""
    O = output_extent(H, K, s, p, q, d)
    before = _distinct_below(p, s, d, K, O)
    after = _distinct_below(_overhang(H, K, s, p, d, O), s, d, K, O)
    return _distinct(s, d, K, O) - before - after


@formula(
    id="axis.touched_nominal",
    equation="g = gcd(s, d); T = O*K - max(0, O - d/g)*max(0, K - s/g)",
    symbols=SYMBOLS | {"T": "distinct indices some tap falls on, padding included [elements]"},
    unit="elements",
    source="definition: as axis.touched",
    terms=axis_terms,
)
def touched_nominal(H: Number, K: Number, s: Number, p: Number, q: Number, d: Number) -> Number:
    """Return how many distinct indices an axis touches, padding elements included."""
    return _distinct(s, d, K, output_extent(H, K, s, p, q, d))


@formula(
    id="axis.adaptive_taps",
    equation="V = H + n - gcd(H, n)",
    symbols={"H": "input extent [elements]", "n": "output extent [elements]"},
    unit="taps",
    source="docs/counting.md: sum over i of ceil((i + 1)*H/n) - floor(i*H/n)",
)
def adaptive_taps(H: Number, n: Number) -> Number:
    """Return how many taps the windows [floor(i*H/n), ceil((i+1)*H/n)) have together."""
    return H + n - common_divisor(H, n)


def _overhang(H: Number, K: Number, s: Number, p: Number, d: Number, O: Number) -> Number:
    """How far the last window reaches beyond the input: the padding after, as seen from the other end."""
    return (O - 1) * s + (K - 1) * d + 1 - H - p


def _distinct(s: Number, d: Number, K: Number, O: Number) -> Number:
    g = common_divisor(s, d)
    return O * K - larger(O - d // g, 0) * larger(K - s // g, 0)


def _distinct_below(p: Number, s: Number, d: Number, K: Number, O: Number) -> Number:
    """Distinct indices below p: pairs below p, less those that have an equal partner (o + d/g, k - s/g)."""
    if type(s) is int and type(d) is int and type(K) is int and d == 1 and s <= K:
        # Windows that touch or overlap cover every index from 0 on.
        return clamped(p, 0, (O - 1) * s + K)
    g = common_divisor(s, d)
    shared_outputs, shared_taps = larger(O - d // g, 0), larger(K - s // g, 0)
    return taps_in_padding(p, s, d, K, O) - taps_in_padding(p - s // g * d, s, d, shared_taps, shared_outputs)


class Axis(NamedTuple):
    """One axis of a sliding window; every field an int or a column."""

    H: Number
    """Input extent."""
    K: Number
    """Kernel extent."""
    s: Number = 1
    """Stride."""
    p: Number = 0
    """Padding before."""
    q: Number = 0
    """Padding after."""
    d: Number = 1
    """Dilation."""

    @property
    def output(self) -> Number:
        """Output extent."""
        return output_extent(*self)

    @property
    def valid(self) -> Number:
        """Taps on real input."""
        return valid_taps(*self)

    @property
    def nominal(self) -> Number:
        """Taps, those on padding included."""
        return nominal_taps(*self)

    @property
    def interior(self) -> Number:
        """Outputs whose taps are all in bounds."""
        return interior_extent(*self)

    @property
    def touched(self) -> Number:
        """Distinct real inputs some tap falls on."""
        return touched_inputs(*self)

    @property
    def touched_nominal(self) -> Number:
        """Distinct indices some tap falls on, padding elements included."""
        return touched_nominal(*self)


class AdaptiveAxis(NamedTuple):
    """One axis of adaptive pooling: output i covers [floor(i*H/n), ceil((i+1)*H/n))."""

    H: Number
    """Input extent."""
    n: Number
    """Output extent."""

    @property
    def output(self) -> Number:
        """Output extent."""
        return self.n

    @property
    def valid(self) -> Number:
        """Taps; none falls on padding."""
        return adaptive_taps(self.H, self.n)

    @property
    def nominal(self) -> Number:
        """Taps; none falls on padding."""
        return adaptive_taps(self.H, self.n)

    @property
    def interior(self) -> Number:
        """Every output."""
        return self.n

    @property
    def touched(self) -> Number:
        """Every input."""
        return self.H

    @property
    def touched_nominal(self) -> Number:
        """Every input."""
        return self.H


POINT: Final = Axis(1, 1)
"""The axis of a fully connected layer: one input position, one tap, one output."""
