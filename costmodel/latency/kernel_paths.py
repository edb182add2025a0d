"""Which path through a kernel library a layer takes, and what that path has to do: the regressors of its time.

A library's convolution is several kernels: a 1x1 of stride 1 multiplies whole columns without copying, a kernel of one row and the general
one first copy the window under each output (im2col). The same count of multiply-accumulates costs up to three times as much on one path as
on another, so that times are fitted to each path by itself.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from costmodel.columns import Number, floor_div, product
from costmodel.provenance import formula
from costmodel.results.timing.time_estimate import Term
from costmodel.specs.axis import AdaptiveAxis
from costmodel.specs.operations import Action
from costmodel.specs.work import Elementwise, LoopNest, Passes, View, Work

QUAD: Final = 4
"""Products that one turn of a library's inner loop makes."""
SIXTEEN: Final = 16
"""Products that one turn of a 1x1 kernel's inner loop makes."""
PAIR: Final = 2
"""Filters that share what a kernel has read."""


class KernelPath(StrEnum):
    """A path through a kernel library."""

    POINTWISE = "pointwise"
    """1x1, stride 1, all channels."""
    ONE_ROW = "one-row"
    """A kernel of one row."""
    GENERAL = "general"
    """Any other convolution over all channels of a group."""
    DEPTHWISE = "depthwise"
    """One input channel a group."""
    LINEAR = "linear"
    POOLING = "pooling"
    ELEMENTWISE = "elementwise"
    """Anything that takes elements as they come, copies among it."""


CONVOLUTIONS: Final = frozenset({KernelPath.POINTWISE, KernelPath.ONE_ROW, KernelPath.GENERAL})
"""Paths of convolutions over all channels."""


class KernelRegressors(NamedTuple):
    """What one layer asks of its path; every number an int or a column."""

    quad_mac: Number
    """Products in whole quads of the window, for whole pairs of filters."""
    odd_filter_mac: Number
    """Products of the last filter where their number is odd."""
    remainder_mac: Number
    """Products beyond the whole quads of the window, for whole pairs of filters."""
    copied_byte: Number
    """Bytes copied into the window of an output, at valid taps."""
    copy_run: Number
    """Copies they are made in, one a valid tap."""
    filled_run: Number
    """Taps out of bounds, filled instead."""
    output: Number
    """Outputs."""
    pixel: Number
    """Output pixels."""
    sixteen_mac: Number
    """Products in whole sixteens of the input channels."""
    rest_quad_mac: Number
    """Products in the whole quads beyond the sixteens."""
    weight: Number
    """Weights, read once a pass over the pixels."""
    layer: Number
    """1: what a call costs whatever its size."""
    mac: Number
    """Nominal products, where a table of kernels tells no more apart."""


REGRESSORS: Final[dict[KernelPath, tuple[str, ...]]] = {
    KernelPath.POINTWISE: ("sixteen_mac", "rest_quad_mac", "weight", "output", "layer"),
    KernelPath.ONE_ROW: (
        "quad_mac",
        "odd_filter_mac",
        "remainder_mac",
        "copied_byte",
        "copy_run",
        "filled_run",
        "output",
        "pixel",
        "layer",
    ),
    KernelPath.GENERAL: (
        "quad_mac",
        "odd_filter_mac",
        "remainder_mac",
        "copied_byte",
        "copy_run",
        "filled_run",
        "output",
        "pixel",
        "layer",
    ),
}
"""What the time of each path is fitted to, where single layers of it were measured."""
TERM_OF: Final[dict[str, Term]] = {
    **dict.fromkeys(("quad_mac", "odd_filter_mac", "remainder_mac", "sixteen_mac", "rest_quad_mac", "mac"), Term.MULTIPLYING),
    **dict.fromkeys(("copied_byte", "copy_run", "filled_run"), Term.COPYING),
    **dict.fromkeys(("output", "pixel"), Term.OUTPUTS),
    **dict.fromkeys(("weight", "layer"), Term.OVERHEAD),
}
"""What each regressor is part of."""


def path_of(work: Work) -> KernelPath | None:
    """Return the path a layer takes.

    Parameters
    ----------
    work : Work
        The layer's work, of plain ints.

    Returns
    -------
    KernelPath or None
        None for a view, which does nothing.
    """
    if isinstance(work, View):
        return None
    if isinstance(work, Elementwise | Passes):
        return KernelPath.ELEMENTWISE
    if work.operation.action is Action.SPREADING_MAC:
        return KernelPath.GENERAL
    if work.operation.action is Action.MAC:
        return KernelPath.LINEAR
    if isinstance(work.h, AdaptiveAxis) or isinstance(work.w, AdaptiveAxis) or work.operation.action is not Action.SLIDING_MAC:
        return KernelPath.POOLING
    if work.in_channels == 1 and work.groups > 1:
        return KernelPath.DEPTHWISE
    if work.h.K == work.w.K == work.h.s == work.w.s == 1:
        return KernelPath.POINTWISE
    return KernelPath.ONE_ROW if work.h.K == 1 else KernelPath.GENERAL


def _terms(nest: LoopNest) -> dict[str, Number]:
    h, w = nest.h, nest.w
    return {
        "G": nest.groups,
        "OC": nest.out_channels,
        "IC": nest.in_channels,
        "KH": h.K if not isinstance(h, AdaptiveAxis) else 0,
        "KW": w.K if not isinstance(w, AdaptiveAxis) else 0,
        "OH": h.output,
        "OW": w.output,
        "V_h": h.valid,
        "V_w": w.valid,
    }


@formula(
    id="latency.kernel_regressors",
    equation={
        "quad_mac": "K = KH*KW*IC; x = G*OH*OW * 2*floor(OC/2) * 4*floor(K/4)",
        "odd_filter_mac": "x = G*OH*OW * (OC - 2*floor(OC/2)) * KH*KW*IC",
        "remainder_mac": "K = KH*KW*IC; x = G*OH*OW * 2*floor(OC/2) * (K - 4*floor(K/4))",
        "copied_byte": "x = G*V_h*V_w*IC",
        "copy_run": "x = G*V_h*V_w",
        "filled_run": "x = G*(OH*OW*KH*KW - V_h*V_w)",
        "output": "x = G*OC*OH*OW",
        "pixel": "x = OH*OW",
        "sixteen_mac": "K = KH*KW*IC; x = G*OC*OH*OW * 16*floor(K/16)",
        "rest_quad_mac": "K = KH*KW*IC; x = G*OC*OH*OW * 4*floor((K - 16*floor(K/16))/4)",
        "weight": "x = G*OC*KH*KW*IC",
        "layer": "x = 1 + 0*G",
        "mac": "x = G*OC*OH*OW*KH*KW*IC",
    },
    symbols={
        "x": "how much of it the layer has",
        "G": "groups",
        "OC": "filters of a group",
        "IC": "input channels of a group",
        "KH": "kernel rows",
        "KW": "kernel columns",
        "OH": "output rows",
        "OW": "output columns",
        "V_h": "valid taps along the rows",
        "V_w": "valid taps along the columns",
    },
    unit="taps",
    source="definition: the loops of CMSIS-NN's int8 convolutions: products by fours, filters by pairs, copies into the window",
    terms=_terms,
)
def kernel_regressors(nest: LoopNest) -> KernelRegressors:
    """Return what a convolution asks of its path.

    Parameters
    ----------
    nest : LoopNest
        A convolution; ints or columns.

    Returns
    -------
    KernelRegressors
        Counts.
    """
    h, w = nest.h, nest.w
    kernel = (1 if isinstance(h, AdaptiveAxis) else h.K) * (1 if isinstance(w, AdaptiveAxis) else w.K)
    window = kernel * nest.in_channels
    pixels = h.output * w.output
    outer = nest.groups * pixels
    paired = PAIR * floor_div(nest.out_channels, PAIR)
    quads = QUAD * floor_div(window, QUAD)
    sixteens = SIXTEEN * floor_div(window, SIXTEEN)
    valid = nest.groups * (h.valid * w.valid)
    outputs = outer * nest.out_channels
    return KernelRegressors(
        quad_mac=product(outer * paired, quads),
        odd_filter_mac=product(outer * (nest.out_channels - paired), window),
        remainder_mac=product(outer * paired, window - quads),
        copied_byte=valid * nest.in_channels,
        copy_run=valid,
        filled_run=outer * kernel - valid,
        output=outputs,
        pixel=pixels,
        sixteen_mac=product(outputs, sixteens),
        rest_quad_mac=product(outputs, QUAD * floor_div(window - sixteens, QUAD)),
        weight=nest.groups * nest.out_channels * window,
        layer=1 + 0 * nest.groups,
        mac=product(outputs, window),
    )
