"""What the packaged runtimes hold is what the public measurements give: the fit is made anew where they lie."""

from __future__ import annotations

import importlib.util
import itertools
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from costmodel.evaluation.timing.network_regressors import network_mix
from costmodel.latency.scaling import SAME_NETWORK, Timed, scaled_from
from costmodel.sources.catalogue import load_network

ROOT = Path(__file__).parents[2]
ROWS = Path(os.environ.get("COSTMODEL_SHARED", ROOT.parent / "shared")) / "data" / "measurements"


def same(fitted: Any, packaged: Any) -> bool:
    """Equal, numbers to a part in a thousand: solvers differ in the last digits."""
    if isinstance(fitted, dict):
        return fitted.keys() == packaged.keys() and all(same(value, packaged[key]) for key, value in fitted.items())
    if isinstance(fitted, list):
        return len(fitted) == len(packaged) and all(same(*pair) for pair in zip(fitted, packaged, strict=True))
    if isinstance(fitted, float):
        return math.isclose(fitted, packaged, rel_tol=1e-3, abs_tol=1e-6)
    return bool(fitted == packaged)


def fitting_module() -> Any:
    """The script that fits them, or a skip where its rows are not."""
    if not ROWS.is_dir():
        if "data" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail(f"no measurements in {ROWS}")
        pytest.skip("needs the public measurements: COSTMODEL_SHARED names the folder that holds data/measurements")
    found = importlib.util.spec_from_file_location("fit_runtimes", ROOT / "benchmarks" / "fit_runtimes.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.data
@pytest.mark.slow
def test_packaged_rates_are_what_the_measurements_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = fitting_module()
    packaged = module.RUNTIMES
    monkeypatch.setattr(module, "RUNTIMES", tmp_path)
    assert module.main(ROWS) == 0
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == sorted(path.name for path in packaged.iterdir())
    reader = YAML(typ="safe", pure=True)
    for name in written:
        assert same(reader.load(tmp_path / name), reader.load(packaged / name)), name


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(("known", "p90"), [(1, 0.18), (2, 0.12)])
def test_the_same_networks_on_another_board_are_told_from_one_or_two(known: int, p90: float) -> None:
    """One board left out at a time; the other boards of its version say how the networks compare."""
    module = fitting_module()
    table = module.stacks(pd.read_csv(ROWS / "devices.csv"))
    mixes = {network: network_mix(load_network(network)) for network in table.columns}
    errors, held = [], []
    for key, cycles in table.iterrows():
        library, version, board, _ = key
        others = table[
            (table.index.get_level_values("kernel_library") == library)
            & (table.index.get_level_values("version") == version)
            & (table.index.get_level_values("board") != board)
        ]
        if not len(others):
            continue
        rates, factors = module.profile_of(others, mixes)
        for measured in itertools.combinations(table.columns, known):
            timed = [Timed(mixes[network], cycles[network], factors[network]) for network in measured]
            for asked in set(table.columns) - set(measured):
                found = scaled_from(Timed(mixes[asked], 0.0, factors[asked]), timed, rates, SAME_NETWORK)
                errors.append(abs(found.cycles / cycles[asked] - 1.0))
                held.append(found.low_cycles <= cycles[asked] <= found.high_cycles)
    assert np.median(errors) <= 0.06
    assert np.quantile(errors, 0.9) <= p90
    assert 0.75 <= np.mean(held) <= 0.92
