"""Blocked output stationary: a tile of pixels x filters stays in registers, so each load is used several times."""

from __future__ import annotations

from costmodel.columns import Number, any_true, chosen, floor_div, larger, product
from costmodel.dataflows.closed_forms.terms import SOURCE, SYMBOLS, convolution_terms, sliding
from costmodel.dataflows.closed_forms.terms import taps as taps_of
from costmodel.provenance import formula
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Taps
from costmodel.specs.work import LoopNest


def whole_map(h: Axis, w: Axis) -> Number:
    """Tell whether output pixel and input pixel are one: then tiles run over the whole map, and nothing is buffered.

    Parameters
    ----------
    h, w : Axis
        Of the convolution; ints or columns.

    Returns
    -------
    int or column
        1 where the kernel is 1x1 and each input is one output's only tap, else 0.
    """
    return (h.K == 1) * (w.K == 1) * (h.valid == h.H) * (h.output == h.H) * (w.valid == w.H) * (w.output == w.H)


def runs_in_rows(nest: LoopNest) -> bool:
    """Tell whether any of the convolutions runs row by row through a line buffer, in place of over its whole map."""
    return any_true(whole_map(*sliding(nest)) != 1)


def line_columns(w: Axis) -> Number:
    """Return the columns of a line buffer: the input row, the padding before it, and what the last window needs after it."""
    return larger(w.p + w.H, (w.output - 1) * w.s + (w.K - 1) * w.d + 1)


def _parts(extent: Number, size: Number) -> Number:
    """Return how many tiles an extent takes, the last one maybe narrower."""
    return floor_div(extent - 1, size) + 1


def paired(filters: Number, swar: Number) -> Number:
    """Tell whether the filters of a tile share words of weights, two each: 1 where SWAR is asked for and their number is even."""
    return (swar > 0) * (filters > 0) * (filters - 2 * floor_div(filters, 2) == 0) * 1


def _words(filters: Number, swar: Number) -> Number:
    """Return the reads of weights that a tap of a tile makes."""
    return filters - paired(filters, swar) * floor_div(filters, 2)


def stored_words(nest: LoopNest, filters: Number, swar: Number) -> Number:
    """Return the words that a layer's weights lie in under SWAR: two filters' of a tap, or one's, and one about each tile of pairs.

    Parameters
    ----------
    nest : LoopNest
        A convolution or a linear layer.
    filters, swar : int or column
        Of the blocked dataflow.

    Returns
    -------
    int or column
        Words of `WORD_BYTES`.
    """
    h, w = sliding(nest)
    words, heads = _words_and_heads(nest, filters, swar)
    return nest.groups * (words * (nest.in_channels * h.K * w.K) + heads)


def _words_and_heads(nest: LoopNest, filters: Number, swar: Number) -> tuple[Number, Number]:
    """Return the reads of weights that a tap makes for all filters of a group, and the tiles of pairs of a group."""
    whole = floor_div(nest.out_channels, filters)
    left = nest.out_channels - whole * filters
    return whole * _words(filters, swar) + _words(left, swar), whole * paired(filters, swar) + paired(left, swar)


def blocked_terms(
    nest: LoopNest,
    taps: Taps,
    bias: bool,
    input_bytes: Number,
    weight_bytes: Number,
    pixels: Number,
    filters: Number,
    swar: Number = 0,
) -> dict[str, Number]:
    """Return the value of every symbol of the dataflow's equations, for `explain`."""
    h, w = sliding(nest)
    return convolution_terms(nest, taps, bias, input_bytes, weight_bytes) | {
        "P": pixels,
        "Q": filters,
        "g": swar,
        "map": chosen(whole_map(h, w) == 1, 1, 0),
        "L": line_columns(w),
        "d_h": h.d,
    }


@formula(
    id="counts.blocked_output_stationary",
    equation={
        "mac_count": "G*OC*IC*V_h*OW*KW",
        "input_read_count": "G*ceil(OC/Q)*IC*OH*OW if map else G*IC*T_h*W",
        "weight_read_count": "r = OC - Q*floor(OC/Q); s = min(g, 1); p = s*(1 - Q + 2*floor(Q/2)); e = s*min(r, 1)*(1 - r + 2*floor(r/2)); "
        "w = floor(OC/Q)*(Q - p*Q/2) + r - e*r/2; "
        "G*IC*w*(ceil(OH*OW/P) if map else V_h*KW*ceil(OW/P)) + G*(floor(OC/Q)*p + e)*(1 if map else OH)",
        "bias_read_count": "bias*G*OC*(ceil(OH*OW/P) if map else OH*ceil(OW/P))",
        "output_write_count": "G*OC*OH*OW",
        "input_row_read_count": "0 if map else G*ceil(OC/Q)*IC*V_h*OW*KW",
        "input_row_write_count": "0 if map else G*IC*T_h*W + (d_h*(KH - 1) + 1)*(L - W)*IC",
        "scratch_buffer_count": "0 if map else 1",
        "scratch_bytes": "0 if map else (d_h*(KH - 1) + 1)*L*IC*act",
    },
    symbols=SYMBOLS
    | {
        "P": "pixels of a tile",
        "Q": "filters of a tile",
        "g": "taps that halves of a register sum up; 0 without [taps]",
        "map": "1 where output pixel and input pixel are one (1x1 of stride 1, without padding), else 0",
        "L": "columns of the line buffer",
        "d_h": "dilation of the row axis [elements]",
    },
    unit="accesses",
    source=SOURCE,
    terms=blocked_terms,
)
def blocked_output_stationary_counts(
    nest: LoopNest,
    taps: Taps,
    bias: bool,
    input_bytes: Number,
    weight_bytes: Number,
    pixels: Number,
    filters: Number,
    swar: Number = 0,
) -> AccessCounts:
    """Return the counts of a convolution, or of a linear layer as a 1x1 on one pixel, blocked output stationary.

    Parameters
    ----------
    nest : LoopNest
        The convolution.
    taps : Taps
        Which kernel rows count; a column of the padding that is multiplied counts as executed under either convention.
    bias : bool
        Whether a bias is read.
    input_bytes, weight_bytes : int
        Element sizes; the line buffer holds inputs.
    pixels, filters : int or column
        Of a tile.
    swar : int or column
        Taps that halves of a register sum up; 0 without. How many they are changes no count.

    Returns
    -------
    AccessCounts
        Every counter.
    """
    del weight_bytes
    h, w = sliding(nest)
    on_map = whole_map(h, w)
    columns, outputs_of_plane = w.output, h.output * w.output
    channels = product(nest.groups, nest.out_channels)
    filter_tiles = product(nest.groups, _parts(nest.out_channels, filters))
    rows = taps_of(h, taps)
    # On a whole map a row of tiles is the plane, and a tap row the only one.
    tiles = chosen(on_map == 1, _parts(outputs_of_plane, pixels), rows * (w.K * _parts(columns, pixels)))
    starts = chosen(on_map == 1, tiles, h.output * _parts(columns, pixels))
    taps_of_plane = rows * (columns * w.K)
    touched = h.touched if taps is Taps.VALID else h.touched_nominal
    per_filter_tile = nest.in_channels * taps_of_plane
    filled = nest.groups * nest.in_channels * (touched * w.H)
    line, slots = line_columns(w), h.d * (h.K - 1) + 1
    loads = filter_tiles * per_filter_tile
    # Each tile of pairs says, where its weights begin, whether its halves hold their sums.
    words, tiles_of_pairs = _words_and_heads(nest, filters, swar)
    heads = tiles_of_pairs * chosen(on_map == 1, 1, h.output)
    return AccessCounts(
        mac_count=channels * per_filter_tile,
        input_read_count=chosen(on_map == 1, loads, filled),
        weight_read_count=nest.groups * (words * nest.in_channels * tiles + heads),
        bias_read_count=channels * starts if bias else 0,
        output_write_count=channels * outputs_of_plane,
        input_row_read_count=chosen(on_map == 1, 0, loads),
        input_row_write_count=chosen(on_map == 1, 0, filled + slots * ((line - w.H) * nest.in_channels)),
        scratch_buffer_count=chosen(on_map == 1, 0, 1),
        scratch_bytes=chosen(on_map == 1, 0, slots * line * (nest.in_channels * input_bytes)),
    )
