"""What a deployment comes to: every packaged pair has battery days without an option, and agrees with `battery` where both answer."""

from __future__ import annotations

import pytest

from costmodel.evaluation.battery.question import estimate_battery
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.timing.outlook import asked_life, outlook_of
from costmodel.results.timing.outlook import Outlook
from costmodel.results.timing.time_estimate import TimeBasis
from costmodel.results.trust import Trust
from costmodel.sources.catalogue import load_power_states, load_scenario, names
from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario, leaves_rest_open
from costmodel.sources.usual_use import usual_use
from costmodel.specs.base import with_changes


def told(changes: ScenarioChanges, runtime: str | None = None) -> Outlook:
    scenario = changed_scenario(None, changes)
    return outlook_of(scenario, evaluate(scenario), usual_use(scenario, runtime))


@pytest.mark.parametrize("device", names("devices"))
@pytest.mark.parametrize("network", ["ds-cnn", "resnet8", "cifar-aap"])
def test_names_alone_give_time_energy_and_days(network: str, device: str) -> None:
    found = told(ScenarioChanges(network=network, device=device))
    assert found.time.low_s is not None
    assert found.energy is not None
    assert found.life is not None
    assert found.life.life_low_s is not None
    assert found.life.life_high_s is not None
    assert 0.0 < found.life.life_low_s <= found.life.life_high_s
    assert found.assumed.battery
    assert found.assumed.period
    assert found.life.period_s == pytest.approx(60.0)
    if found.time.duration_s is None:
        assert found.energy.energy_j is None
        assert found.life.life_s is None


def test_the_reference_keeps_its_life() -> None:
    scenario = load_scenario("esp32-deck")
    evaluation = evaluate(scenario)
    found = outlook_of(scenario, evaluation, usual_use(scenario))
    assert found.time.trust is Trust.MEASURED
    assert found.time.basis is TimeBasis.GIVEN
    assert found.life is not None
    assert evaluation.battery is not None
    assert found.life.life_s == pytest.approx(evaluation.battery.duty_life_s, rel=1e-12)
    assert not found.assumed.runtime
    assert asked_life(scenario, evaluation, found) == estimate_battery(scenario)


def test_a_life_rests_in_the_deepest_sleep_that_keeps_memory() -> None:
    assert load_power_states("esp32-module").deepest_rest == "light"


def test_how_often_a_network_runs_does_not_change_how_its_board_rests() -> None:
    lives = {}
    for period_s in (None, 60.0):
        changes = ScenarioChanges(network="resnet8", device="esp32-s3-wroom-1-n8", period_s=period_s)
        scenario = changed_scenario(None, changes)
        use = usual_use(scenario, rest_open=leaves_rest_open(None, changes))
        found = outlook_of(scenario, evaluate(scenario), use)
        assert found.assumed.rest
        lives[period_s] = found.life
    assert lives[None] == lives[60.0]
    said = ScenarioChanges(network="resnet8", device="esp32-s3-wroom-1-n8", period_s=60.0, sleep="idle")
    assert not leaves_rest_open(None, said)
    assert changed_scenario(None, said).sleep == "idle"
    assert not leaves_rest_open("esp32-deck", ScenarioChanges(period_s=60.0))
    assert leaves_rest_open("resnet8", ScenarioChanges(period_s=60.0))


def test_an_inference_longer_than_its_period_has_no_life() -> None:
    found = told(ScenarioChanges(network="ds-cnn", device="esp32-wroom", period_s=0.01))
    assert found.period_too_short
    assert found.life is None


def test_a_runtime_that_is_named_comes_before_this_firmwares_times() -> None:
    asked = with_changes(load_scenario("esp32-deck"), {"duration_s": None})
    own, other = (outlook_of(asked, evaluate(asked), usual_use(asked, runtime)) for runtime in (None, "tinymaix"))
    assert own.time.basis is TimeBasis.LAYER_TIMES
    assert other.time.basis is TimeBasis.CLASS_RANGE
    assert other.time.runtime == "tinymaix"
