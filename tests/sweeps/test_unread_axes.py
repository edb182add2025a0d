"""An axis that nothing asked for depends on is refused, with what would read it."""

import pytest

from costmodel.errors import SpecError
from costmodel.sweeps.engine.running import sweep

LIFE = [{"maximise": "battery.duty_life"}]


def study(path, values=(0.1, 0.2), objectives=LIFE, **fields):
    return {"name": "u", "axes": [{"path": path, "values": list(values)}], "objectives": objectives, "keep": "all", **fields}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            study("states.deep.current_a"),
            r"depends on states.deep.current_a; battery.life.deep would; with `set: \{sleep: deep\}` battery.duty_life would",
        ),
        (study("states.light.wake_s"), r"battery.life.light would; with `set: \{sleep: light\}`"),
        (
            study("battery.self_discharge_ratio", objectives=[{"minimise": "energy.memory"}]),
            r"battery.self_discharge, battery.continuous_life",
        ),
        (
            study("battery.peukert.exponent_ratio", (1.1, 1.2), set={"battery": "18650"}),
            r"with `set: \{model: peukert\}` battery.duty_life would",
        ),
        (study("temperature_degc"), r"depends on temperature_degc; under this base nothing does"),
        (study("memory_energy.leakage_w"), r"energy.leakage would"),
        (study("sleep", ("idle", "deep"), objectives=[{"minimise": "energy.memory"}]), r"battery.duty_power, battery.duty_life"),
        (study("compute_energy.int16_mac_pj", objectives=[{"minimise": "energy.compute"}]), r"depends on compute_energy.int16_mac_pj"),
    ],
)
def test_it_is_told_what_would_read_it(asked, words):
    with pytest.raises(SpecError, match=words) as caught:
        sweep(asked)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "asked",
    [
        study("states.deep.current_a", set={"sleep": "deep"}),
        study("states.deep.current_a", columns=["battery.life.deep"]),
        study("battery.self_discharge_ratio"),
        study("battery.self_discharge_ratio", (0.0, 0.0001)),
        study("temperature_degc", (0.0, 20.0), set={"battery": "18650"}),
        study("battery.peukert.exponent_ratio", (1.1, 1.2), set={"battery": "18650", "model": "peukert"}),
        study("sleep", ("idle", "deep")),
        study("period_s", (60.0, 61.0), constraints=["period_s < 100"], objectives=[{"minimise": "energy.memory"}]),
        study("accounting", ("sum", "peak-live"), objectives=[{"minimise": "energy.memory"}]),
    ],
)
def test_what_is_read_runs(asked):
    assert len(sweep(asked)) == 2


def test_an_axis_of_one_value_only_sets_it():
    assert len(sweep(study("period_s", (60.0,), objectives=[], columns=["memory.ram"]))) == 1
