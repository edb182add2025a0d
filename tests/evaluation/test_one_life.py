"""A battery has one life: the same from a scenario, from a battery and a board, from a sweep's columns and from the parts of its answer."""

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import costmodel
from costmodel.errors import InputError, SpecError
from costmodel.evaluation.battery.question import estimate_battery as estimate_bare
from costmodel.report.words.reason_words import reasons_in_words
from costmodel.results.power import PowerGiver
from costmodel.specs.base import with_changes
from costmodel.specs.devices.battery import BatteryModelName

SAME = 1e-12
DECK = costmodel.load_scenario("esp32-deck")
STATES = costmodel.load_power_states("esp32-deck")
CELLS = {name: costmodel.load_battery(name) for name in ("deck-5v-1ah", "18650", "aa-alkaline", "lipo-500mah")}


def test_self_discharge_is_in_every_life_and_the_decks_figures_stay():
    asked = with_changes(DECK, {"battery": CELLS["18650"]})
    lives = (
        costmodel.evaluate(asked).battery.duty_life_s,
        costmodel.estimate_battery(asked, sample_count=100).lives[0].life_s,
        costmodel.estimate_battery(CELLS["18650"], STATES, sample_count=100).lives[0].life_s,
    )
    assert lives == pytest.approx([207_663.2497890754] * 3, rel=SAME)
    deck = costmodel.evaluate(DECK).battery
    assert round(deck.duty_life_s, 1) == 75_135.4
    assert round(deck.continuous_life_s / 3600, 1) == 17.7


def models_of(cell):
    return [model for model in BatteryModelName if model is BatteryModelName.ENERGY or getattr(cell, model.value) is not None]


@st.composite
def questions(draw):
    cell = CELLS[draw(st.sampled_from(sorted(CELLS)))]
    return {
        "battery": cell,
        "states": costmodel.load_power_states(draw(st.sampled_from(["esp32-deck", "esp32-module", "esp32-s3-module"]))),
        "model": draw(st.sampled_from(models_of(cell))),
        "sleep": draw(st.sampled_from(["idle", "light", "deep"])),
        "temperature_degc": draw(st.integers(-300, 600)) / 10,
        "period_s": draw(st.floats(2.0, 1e5)),
        "duration_s": draw(st.floats(0.01, 1.0)),
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_scenario_estimate_and_columns_agree(asked):
    question = {name: value for name, value in asked.items() if name not in ("battery", "states")}
    estimated = costmodel.estimate_battery(asked["battery"], asked["states"], **question, sample_count=100).lives[0]
    scenario = with_changes(DECK, {**asked, "power": None})
    found = costmodel.evaluate(scenario).battery
    assert found.duty_life_s == pytest.approx(estimated.life_s, rel=SAME)
    assert found.average_w == pytest.approx(estimated.average_w, rel=SAME)
    assert [(drain.part, drain.share_ratio) for drain in found.drains] == [(drain.part, drain.share_ratio) for drain in estimated.drains]
    answer = costmodel.sweep(
        {
            "name": "one",
            "base": scenario,
            "axes": [{"path": "battery.self_discharge_ratio", "values": [asked["battery"].self_discharge_ratio.value, 0.3]}],
            "columns": ["battery.duty_life", f"battery.life.{asked['sleep']}", "battery.life.hibernation"][
                : 2 + (asked["states"] is STATES)
            ],
            "keep": "all",
        }
    )
    columns = answer.columns()
    # A lagging battery's moment of emptiness is a root that columns find together.
    assert columns["battery.duty_life"][0] == pytest.approx(estimated.life_s, rel=SAME)
    assert columns[f"battery.life.{asked['sleep']}"].tolist() == columns["battery.duty_life"].tolist()
    assert costmodel.evaluate(answer.scenario(1)).battery.duty_life_s == pytest.approx(columns["battery.duty_life"][1], rel=SAME)


AXES = [
    {"path": "battery.self_discharge_ratio", "range": {"start": 0.0, "stop": 0.9}},
    {"path": "states.deep.current_a", "log_range": {"start": 1e-6, "stop": 1e-2}},
    {"path": "states.deep.wake_s", "range": {"start": 0.0, "stop": 1.0}},
    {"path": "temperature_degc", "range": {"start": -25.0, "stop": 45.0}},
    {"path": "power.active_a", "range": {"start": 0.04, "stop": 0.2}},
    {"path": "battery.converter_ratio", "range": {"start": 0.5, "stop": 1.0}},
    {"path": "duration_s", "range": {"start": 0.1, "stop": 0.5}},
    {"path": "period_s", "log_range": {"start": 3.0, "stop": 1e5}},
]


@pytest.mark.parametrize("model", ["energy", "peukert", "kinetic", "diffusion", "voltage"])
def test_axes_over_everything_of_a_battery_equal_evaluate(model):
    names = ["battery.duty_life", "battery.life.idle", "battery.life.light", "battery.average_power", "battery.drain.wake-up"]
    names += ["battery.continuous_life", "battery.duty_inferences", "battery.usable_energy", "battery.self_discharge", "battery.duty_power"]
    study = {
        "name": "battery",
        "set": {"battery": "18650", "model": model},
        "axes": [*AXES, {"path": "sleep", "values": ["deep"]}],
        "sample": {"designs": 60, "seed": 11},
        "columns": names,
        "keep": "all",
    }
    answer = costmodel.sweep(study)
    assert len(answer) == 60
    columns = answer.columns()
    for row in range(0, len(answer), 7):
        scenario = answer.scenario(row)
        found = costmodel.evaluate(scenario).battery
        lives = {life.rest: life.life_s for life in costmodel.estimate_battery(scenario, sample_count=100).lives}
        drains = {drain.part: drain.energy_j for drain in found.drains}
        expected = [found.duty_life_s, lives["idle"], lives["light"], found.average_w, drains["wake-up"], found.continuous_life_s]
        expected += [found.duty_inference_count, found.usable_j]
        assert [columns[name][row] for name in names[:8]] == pytest.approx(expected, rel=SAME), row
        assert columns["battery.duty_power"][row] == pytest.approx(found.duty_w, rel=SAME)


def test_a_rest_that_does_not_fit_has_no_life_and_as_the_asked_one_no_design():
    study = {
        "name": "short",
        "axes": [{"path": "period_s", "values": [0.4, 0.5, 60.0]}],
        "columns": ["battery.life.deep", "battery.duty_life"],
        "keep": "all",
    }
    columns = costmodel.sweep(study).columns()
    assert [value != value for value in columns["battery.life.deep"]] == [True, True, False]
    asleep = costmodel.sweep({**study, "set": {"sleep": "deep"}})
    assert asleep.columns()["period_s"].tolist() == [60.0]


@pytest.mark.parametrize("power", [DECK.power, {"supply_v": 5.03, "idle_a": 0.0364, "active_a": 0.0430}])
def test_power_measured_on_another_device_is_withheld(power):
    """Copied with its device's name or without: the figures are the deck's board's."""
    fields = {"name": "moved", "network": "cifar-aap-pruned", "power": power, "battery": "deck-5v-1ah", "period_s": 60, "duration_s": 0.2}
    moved = costmodel.load_scenario(fields | {"device": "stm32l476rg"})
    found = costmodel.evaluate(moved)
    assert found.power is None
    assert "measured on esp32-wroom and says nothing of stm32l476rg" in reasons_in_words(found)["power"]
    with pytest.raises(InputError, match="measured on esp32-wroom"):
        costmodel.estimate_battery(moved)
    other = costmodel.evaluate(costmodel.load_scenario(fields | {"device": "esp32-s3-wroom-1-n8"}))
    assert (other.power.given_by, other.power.giver) == (PowerGiver.STATES, "esp32-s3-module")
    assert costmodel.evaluate(costmodel.load_scenario(fields | {"device": "esp32-wroom"})).power.active_w == pytest.approx(0.2163, rel=1e-4)


def test_a_sweep_over_devices_takes_each_boards_own_power():
    study = {
        "name": "boards",
        "set": {"duration_s": 0.3, "counting": {}},
        "axes": [{"path": "device", "values": ["esp32-wroom", "esp32-s3-wroom-1-n8"]}, {"path": "period_s", "values": [60.0, 600.0]}],
        "columns": ["power.active", "battery.duty_life"],
        "keep": "all",
    }
    answer = costmodel.sweep(study)
    assert any("power was measured on the board of esp32-wroom" in note for note in answer.space.notes)
    assert sorted(set(answer.columns()["power.active"].round(4).tolist())) == [0.2163, 0.2175]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sleep": "depe"}, "did you mean 'deep'"),
        (
            {"sleep": "light", "device": "stm32l476rg", "power": {"supply_v": 3.3, "idle_a": 1e-3, "active_a": 9e-3}},
            "the currents of this board asleep are not known",
        ),
        ({"sleep": "lihgt", "device": "nrf52840"}, "did you mean 'light'"),
        ({"model": "peukrt"}, "model"),
        ({"states": "esp32-modlue"}, "did you mean 'esp32-module'"),
        ({"temperature_degc": -300}, "temperature_degc"),
    ],
)
def test_what_a_scenario_cannot_say_of_a_battery_is_refused_in_one_line(fields, words):
    with pytest.raises(InputError, match=words) as caught:
        costmodel.load_scenario({"name": "x", "network": "cifar-aap-pruned", "device": "esp32-wroom", "battery": "18650", **fields})
    assert "\n" not in str(caught.value)


def test_a_scenario_says_everything_itself():
    with pytest.raises(SpecError, match="a scenario says states, duration, period and sleep itself"):
        costmodel.estimate_battery(DECK, sleep="deep")


@pytest.mark.parametrize("model", BatteryModelName)
def test_an_answer_from_loaded_specs_enters_few_modules(model):
    # The answer itself: what a Python user holds wraps it in two modules more, which compute nothing.
    entered = set()
    asked = {"model": model, "sleep": "deep", "sample_count": 100}

    def note(frame, event, _):
        name = frame.f_globals.get("__name__", "")
        if event == "call" and name.startswith("costmodel"):
            entered.add(name)

    estimate_bare(CELLS["18650"], STATES, **asked)
    sys.setprofile(note)
    try:
        estimate_bare(CELLS["18650"], STATES, **asked)
    finally:
        sys.setprofile(None)
    assert len(entered) <= 12, sorted(entered)
