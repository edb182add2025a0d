"""Named states awake, events by their charge, and what an answer is said to hold for."""

import pytest

from costmodel.cli.app import main
from costmodel.errors import InputError, UnknownNameError
from costmodel.evaluation.battery.question import estimate_battery
from costmodel.report.words.battery_words import dominance_text
from costmodel.results.conclusions.reason import ReasonKind, reason
from costmodel.sources.catalogue import load_battery, load_duty_cycle, load_power_states

BOARD = {
    "name": "node",
    "inference": {"name": "inference", "supply_v": 3.3, "current_a": 0.049},
    "idle": {"name": "idle", "supply_v": 3.3, "current_a": 0.03},
    "states": [
        {"name": "wifi", "supply_v": 3.3, "current_a": 0.13},
        {"name": "send", "supply_v": 3.3, "charge": "230 mC", "event_s": 2.5},
    ],
    "sleeps": [{"name": "deep", "supply_v": 3.3, "current_a": 1.0e-5, "wake_s": 0.27}],
    "source": "test",
}
CELL = {"name": "cell", "voltage_v": 3.3, "capacity_ah": 1.0, "converter_ratio": 1.0, "discharge_ratio": 1.0, "source": "test"}


def cycle(*phases, period_s=600):
    return load_duty_cycle({"name": "pattern", "period_s": period_s, "phases": list(phases)})


def test_a_named_state_awake_is_a_phase_of_a_cycle_and_no_way_to_rest():
    states = load_power_states(BOARD)
    assert states.rests() == ("idle", "deep")
    pattern = cycle({"state": "inference", "duration_s": 0.3}, {"state": "wifi", "duration_s": 2.5}, {"state": "deep"})
    answer = estimate_battery(load_battery(CELL), states, cycle=pattern, sample_count=100)
    charge = 0.3 * 0.049 + 2.5 * 0.13 + 0.27 * 0.03 + (600 - 0.3 - 2.5 - 0.27) * 1e-5
    assert answer.lives[0].life_s == pytest.approx(3600.0 / (charge / 600), rel=1e-9)
    assert {drain.part for drain in answer.lives[0].drains} >= {"inference", "wifi", "deep"}
    assert dominance_text(answer.lives[0]).startswith("wifi takes")


@pytest.mark.parametrize(
    ("charge", "coulombs"), [("230 mC", 0.23), ("0.23C", 0.23), ("64 uAh", 0.2304), ("759 mJ", 0.23), ("0.064mAh", 0.2304)]
)
def test_an_events_charge_is_drawn_in_its_own_time(charge, coulombs):
    states = load_power_states({**BOARD, "states": [{"name": "send", "supply_v": 3.3, "charge": charge, "event_s": 2.5}]})
    assert states.states[0].current_a.value == pytest.approx(coulombs / 2.5)
    assert states.states[0].current_a.source.startswith(charge)
    pattern = cycle({"state": "inference", "duration_s": 0.3}, {"event": "send"}, {"state": "deep"})
    answer = estimate_battery(load_battery(CELL), states, cycle=pattern, sample_count=100)
    drawn = {drain.part: drain for drain in answer.lives[0].drains}["send"]
    assert (drawn.duration_s, drawn.energy_j) == (2.5, pytest.approx(3.3 * coulombs))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"charge": "230", "event_s": 2.5}, "expected such as 230 mC"),
        ({"charge": "230 mC"}, "charge needs event_s"),
        ({"charge": "230 mC", "event_s": 2.5, "current_a": 1.0}, "one of the two"),
        ({"charge": "230 mJ", "event_s": 2.5, "supply_v": 0.0}, "supply_v above 0"),
    ],
)
def test_charges_that_say_nothing_are_refused(state, words):
    with pytest.raises(InputError, match=words):
        load_power_states({**BOARD, "states": [{"name": "send", "supply_v": 3.3, **state}]})


def test_a_phase_is_a_state_or_an_event_the_board_has():
    with pytest.raises(InputError, match="expected a state, or an event"):
        cycle({"duration_s": 0.3}, {"state": "deep"})
    pattern = cycle({"state": "inference", "duration_s": 0.3}, {"event": "wifi"}, {"state": "deep"})
    with pytest.raises(UnknownNameError, match="'wifi' is not an event of node, with event_s"):
        estimate_battery(load_battery(CELL), load_power_states(BOARD), cycle=pattern, sample_count=100)


def test_a_cycles_own_durations_suffice():
    pattern = cycle({"state": "inference", "duration_s": 5}, {"state": "deep"}, period_s=1800)
    answer = estimate_battery(load_battery(CELL), load_power_states(BOARD), cycle=pattern, sample_count=100)
    assert answer.inference.duration_s == 5.0
    given = estimate_battery(load_battery(CELL), load_power_states(BOARD), cycle=pattern, duration_s=0.3, sample_count=100)
    assert given.lives[0].life_s == answer.lives[0].life_s


def test_a_life_beyond_ten_years_is_flagged():
    states = load_power_states(BOARD)
    short = estimate_battery(load_battery(CELL), states, duration_s=0.3, sleep="deep", sample_count=100)
    long = estimate_battery(
        load_battery({**CELL, "capacity_ah": 5.0}), states, duration_s=0.3, sleep="deep", period_s=86400.0, sample_count=100
    )
    assert not short.caveats
    assert long.caveats == (reason(ReasonKind.BEYOND_SHELF_LIFE, year_count=10),)


def test_a_bare_module_is_called_one_in_the_first_lines(capsys):
    assert main(["battery", "--states", "esp32-module", "--duration", "0.3", "--battery", "18650", "--sleep", "deep"]) == 0
    lead = capsys.readouterr().out.replace("\n", " ")
    assert "is a bare module with its radio off" in lead


def test_a_capture_beside_another_boards_sleep_is_said(capsys, tmp_path):
    path = tmp_path / "capture.csv"
    assert main(["init", "--capture", str(path)]) == 0
    assert main(["battery", "--trace", str(path), "--sleep", "deep"]) == 0
    assert "a capture names no chip" in capsys.readouterr().out.replace("\n", " ")
    assert main(["battery", "--trace", str(path)]) == 0
    assert "a capture names no chip" not in capsys.readouterr().out.replace("\n", " ")


def test_one_inference_every_ten_minutes_is_a_rate(capsys):
    assert main(["battery", "--rate", "1/10min", "--format", "json"]) == 0
    assert '"period_s":600.0' in capsys.readouterr().out.replace(" ", "")
