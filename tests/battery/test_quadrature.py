"""The quadrature of the voltage model is the published one."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.battery.cell_voltage import _NODES


def test_nodes_are_those_of_gauss_and_legendre() -> None:
    abscissae, weights = np.polynomial.legendre.leggauss(len(_NODES))
    assert [node for node, _ in _NODES] == pytest.approx(abscissae.tolist(), rel=1e-15)
    assert [weight for _, weight in _NODES] == pytest.approx(weights.tolist(), rel=1e-14)
