"""Time of a network from one or a few others that were measured: rates by kind of layer, known up to their scale, meet the measurements.

Logarithms of rates are Gaussian around what the runtime's version shows on other boards, their common scale is free, and each network lies
some percent beside what the kinds of its layers say. Conditioning on the measured networks gives the estimate and its interval
(rasmussen2006, section 2.2); rates cannot come out negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from costmodel.latency.operation_mix import MIX_KINDS, OperationMix
from costmodel.provenance import formula, noted

SCALE_SD: Final = 30.0
"""Standard deviation of the logarithm of the common scale: it is free."""


class Spreads(NamedTuple):
    """Standard deviations of logarithms."""

    rates: OperationMix
    """Of the rates beside each other."""
    network: float
    """Of a network beside what the kinds of its layers say."""


SAME_NETWORK: Final = Spreads(OperationMix(0.055, 0.055, 0.07, 0.09), 0.036)
"""Where the very networks were measured on other boards under this version."""
ANY_NETWORK: Final = Spreads(OperationMix(0.25, 0.30, 0.50, 0.25), 0.07)
"""Where they were not."""
USUAL_RATES: Final = OperationMix(1.0, 1.5, 2.3, 1.45)
"""Cycles per multiply-accumulate beside those of a convolution, middle of 23 measured pairs of board and runtime."""
NORMAL_P90: Final = 1.2815515655446004
"""Ninetieth percentile of the standard normal distribution."""
IDENTIFIED_SHARE_RATIO: Final = 0.10
"""Share of a network's time that kinds of layer without a measurement may have."""


class Timed(NamedTuple):
    """A network that was measured."""

    mix: OperationMix
    cycles: float
    factor_ratio: float = 1.0
    """By how much it lies above what the kinds of its layers say wherever it was measured; 1 where that is not known."""


class ScaledCycles(NamedTuple):
    """Cycles of a network, with the interval that holds four times in five."""

    cycles: float
    low_cycles: float
    high_cycles: float
    unidentified: tuple[str, ...]
    """Kinds of layer with much of its time and none of the measured networks'."""


def shares_of(mix: OperationMix, rates: OperationMix) -> tuple[float, ...]:
    """Return the share of each kind in a network's time."""
    parts = [count * rate for count, rate in zip(mix, rates, strict=True)]
    total = math.fsum(parts)
    return tuple(part / total for part in parts)


@formula(
    id="latency.scaled",
    equation="c = f*sum(n_i*r_i)*exp(m)",
    symbols={
        "c": "cycles of the network [cycles]",
        "n_i": "multiply-accumulates of kind i",
        "r_i": "cycles per multiply-accumulate of kind i beside those of a convolution",
        "f": "factor of the network beside the kinds of its layers",
        "m": "logarithm of the scale that the measured networks leave",
    },
    unit="cycles",
    source="definition: rates by kind of layer, scaled by measured networks",
)
def scaled_cycles(mix: Sequence[float], rates: Sequence[float], factor_ratio: float, log_scale: float) -> float:
    """Return the cycles of a network at a scale.

    Parameters
    ----------
    mix : sequence of float
        Multiply-accumulates by kind.
    rates : sequence of float
        Cycles per multiply-accumulate of each kind beside those of a convolution.
    factor_ratio : float
        Of the network beside the kinds of its layers.
    log_scale : float
        Natural logarithm of the scale.

    Returns
    -------
    float
        Cycles.
    """
    return factor_ratio * math.fsum(count * rate for count, rate in zip(mix, rates, strict=True)) * math.exp(log_scale)


@formula(
    id="latency.layer_share",
    equation="c = t*n*r/sum(n_i*r_i)",
    symbols={
        "c": "cycles of the layer [cycles]",
        "t": "cycles of the network [cycles]",
        "n": "multiply-accumulates of the layer",
        "r": "cycles per multiply-accumulate of its kind beside those of a convolution",
        "n_i": "multiply-accumulates of kind i in the network",
        "r_i": "cycles per multiply-accumulate of kind i beside those of a convolution",
    },
    unit="cycles",
    source="definition: a scaled network's time, shared out by the rates of its kinds",
)
def layer_share_cycles(cycles: float, mac_count: float, rate: float, mix: Sequence[float], rates: Sequence[float]) -> float:
    """Return the cycles of one layer of a network that was scaled from others.

    Parameters
    ----------
    cycles : float
        Of the network.
    mac_count : float
        Of the layer.
    rate : float
        Cycles per multiply-accumulate of the layer's kind beside those of a convolution.
    mix : sequence of float
        Multiply-accumulates of the network by kind.
    rates : sequence of float
        Cycles per multiply-accumulate of each kind beside those of a convolution.

    Returns
    -------
    float
        Cycles.
    """
    return cycles * mac_count * rate / math.fsum(count * own for count, own in zip(mix, rates, strict=True))


@formula(
    id="latency.surplus",
    equation="d = ln(c/p)",
    symbols={
        "d": "logarithm of how far a measured network lies above its rates at scale 1",
        "c": "cycles it was measured to take [cycles]",
        "p": "cycles by its rates at scale 1 [cycles]",
    },
    unit="1",
    source="definition: errors of times are factors",
)
def surplus_log(cycles: float, predicted_cycles: float) -> float:
    """Return how far a measured network lies above its rates at scale 1, as a logarithm."""
    return math.log(cycles / predicted_cycles)


@formula(
    id="latency.log_scale",
    equation="m = sum(w_i*d_i)",
    symbols={
        "m": "logarithm of the scale that the measured networks leave",
        "w_i": "weight of measured network i",
        "d_i": "logarithm of how far it lies above its rates at scale 1",
    },
    unit="1",
    source="rasmussen2006: section 2.2, the conditional mean",
)
def log_scale_of(weights: Sequence[float], surplus: Sequence[float]) -> float:
    """Return the logarithm of the scale that measured networks leave."""
    return math.fsum(weight * above for weight, above in zip(weights, surplus, strict=True))


@formula(
    id="latency.scaled_low",
    equation="e = c*exp(-z*s)",
    symbols={
        "e": "tenth percentile [cycles]",
        "c": "cycles of the network [cycles]",
        "z": "ninetieth percentile of the standard normal distribution",
        "s": "standard deviation of the logarithm of the cycles",
    },
    unit="cycles",
    source="rasmussen2006: section 2.2, the conditional variance",
)
def scaled_low_cycles(cycles: float, z: float, deviation: float) -> float:
    """Return the tenth percentile of a network's cycles."""
    return cycles * math.exp(-z * deviation)


@formula(
    id="latency.scaled_high",
    equation="e = c*exp(z*s)",
    symbols={
        "e": "ninetieth percentile [cycles]",
        "c": "cycles of the network [cycles]",
        "z": "ninetieth percentile of the standard normal distribution",
        "s": "standard deviation of the logarithm of the cycles",
    },
    unit="cycles",
    source="rasmussen2006: section 2.2, the conditional variance",
)
def scaled_high_cycles(cycles: float, z: float, deviation: float) -> float:
    """Return the ninetieth percentile of a network's cycles."""
    return cycles * math.exp(z * deviation)


def scaled_from(asked: Timed, measured: Sequence[Timed], rates: OperationMix = USUAL_RATES, spreads: Spreads = ANY_NETWORK) -> ScaledCycles:
    """Return the cycles of a network from others that were measured on the same device, runtime and version.

    Parameters
    ----------
    asked : Timed
        The network asked about; its cycles are not read.
    measured : sequence of Timed
        At least one.
    rates : OperationMix
        How the kinds of layers compare.
    spreads : Spreads
        How well that is known.

    Returns
    -------
    ScaledCycles
        Middle, tenth and ninetieth percentile, and what the measured networks do not tell.
    """
    import numpy as np

    own = np.asarray(shares_of(asked.mix, rates))
    theirs = np.asarray([shares_of(network.mix, rates) for network in measured])
    variances = np.diag(np.asarray(spreads.rates) ** 2)
    surplus = [surplus_log(network.cycles, scaled_cycles(network.mix, rates, network.factor_ratio, 0.0)) for network in measured]
    between = theirs @ variances @ theirs.T + SCALE_SD**2 + spreads.network**2 * np.eye(len(measured))
    across = theirs @ variances @ own + SCALE_SD**2
    weights = np.linalg.solve(between, across)
    solved = "rasmussen2006: section 2.2, solved for the measured networks"
    log_scale = log_scale_of([noted(float(weight), "weight", solved) for weight in weights], surplus)
    variance = float(own @ variances @ own + SCALE_SD**2 + spreads.network**2 - weights @ across)
    deviation = noted(math.sqrt(max(variance, 0.0)), "deviation", solved)
    z = noted(NORMAL_P90, "ninetieth percentile", "definition: of the standard normal distribution")
    middle = scaled_cycles(asked.mix, rates, asked.factor_ratio, log_scale)
    seen = theirs.max(axis=0)
    lacking = [place for place in range(len(MIX_KINDS)) if own[place] > IDENTIFIED_SHARE_RATIO and seen[place] < IDENTIFIED_SHARE_RATIO / 2]
    low, high = scaled_low_cycles(middle, z, deviation), scaled_high_cycles(middle, z, deviation)
    return ScaledCycles(middle, low, high, tuple(MIX_KINDS[place] for place in lacking))
