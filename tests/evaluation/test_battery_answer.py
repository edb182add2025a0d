"""The deck's battery figures through the whole question, and what sleep changes."""

import math
from typing import NamedTuple

import pytest

from costmodel.errors import MissingError, SpecError, UnknownNameError
from costmodel.evaluation.battery.answer import answer_battery
from costmodel.evaluation.battery.question import BatteryQuestion
from costmodel.provenance import Constant
from costmodel.report.words.battery_words import crossover_text, dominance_text
from costmodel.report.words.reason_words import reason_text
from costmodel.results.battery_life import BatteryAnswer
from costmodel.results.conclusions.reason import ReasonKind, reason
from costmodel.sources.catalogue import load_battery, load_duty_cycle, load_power_states, names
from costmodel.specs.base import with_changes
from costmodel.specs.devices.battery import BatteryCell, BatteryModelName
from costmodel.specs.devices.power import PowerStates


class Board(NamedTuple):
    cell: BatteryCell
    states: PowerStates


DECK = Board(load_battery("deck-5v-1ah"), load_power_states("esp32-deck"))
RATES = tuple(10.0**power for power in range(-5, 1))


def asked(board=DECK, period_s=60.0, **options):
    options = {"sample_count": 500, "duration_s": board.states.duration_s, **options}
    if "temperature_degc" in options:
        options["temperature_degc"] = Constant(options["temperature_degc"], "degC", None, None, "test")
    return answer_battery(BatteryQuestion(*board, period_s=period_s, **options))


def test_the_decks_battery_slide_follows():
    minute, continuous = asked(), asked(period_s=0.32)
    assert round(minute.usable_j / 3600, 3) == 3.825
    assert round(minute.lives[0].life_s / 3600, 1) == 20.9
    assert minute.lives[0].inference_count == 1_252
    assert round(1e3 * minute.lives[0].board_w, 1) == 183.3
    assert round(continuous.lives[0].life_s / 3600, 1) == 17.7
    assert continuous.lives[0].inference_count == 198_952
    energy = minute.inference
    assert [round(1e3 * joules, 1) for joules in (energy.inference_j, energy.baseline_j, energy.computational_j)] == [69.2, 58.6, 10.6]
    assert (round(100 * energy.baseline_ratio), round(100 * energy.computational_ratio)) == (85, 15)


def test_deep_sleep_turns_hours_into_months_with_an_interval_around_them():
    life = asked(rest="deep", sample_count=5000).lives[0]
    days = [value / 86400 for value in (life.life_low_s, life.life_s, life.life_high_s)]
    # 0.2163 W * 0.32 s + 0.1831 W * 0.27 s + 33 uW * 59.41 s a minute from 13,770 J.
    by_hand = 13770 / ((0.21629 * 0.32 + 0.183092 * 0.27 + 33e-6 * 59.41) / 60) / 86400
    assert days[1] == pytest.approx(by_hand, rel=1e-9)
    assert 40 < days[0] < days[1] < days[2] < 130
    assert life.inference_low_count < life.inference_count < life.inference_high_count
    assert dominance_text(life).startswith("inferring takes 57 %")


def test_what_is_drawn_adds_up():
    for life in asked(rest="deep").lives:
        assert sum(drain.share_ratio for drain in life.drains) == pytest.approx(1.0)
        assert sum(drain.energy_j for drain in life.drains) / life.period_s == pytest.approx(life.average_w)


def test_at_a_crossover_both_rests_live_as_long():
    for crossover in asked().crossovers:
        if crossover.at_every_rate:
            continue
        lives = {life.rest: life.life_s for life in asked(period_s=crossover.period_s).lives}
        assert lives[crossover.deeper] == pytest.approx(lives[crossover.lighter], rel=1e-9)


def test_the_widest_swing_is_what_to_measure_next():
    answer = asked(rest="deep")
    assert answer.measure_next.input == answer.sensitivities[0].input
    swings = [each.swing_s for each in answer.sensitivities]
    assert swings == sorted(swings, reverse=True)
    assert answer.sensitivities[0].input == "deep wake-up time"


@pytest.mark.parametrize("battery", names("batteries"))
@pytest.mark.parametrize("states", names("power_states"))
def test_every_packaged_battery_answers_in_every_model_it_has_parameters_for(battery, states):
    cell = load_battery(battery)
    board = Board(cell, load_power_states(states))
    duration = Constant(0.32, "s", 0.29, 0.42, "deck")
    for model in BatteryModelName:
        rest = "deep" if "deep" in board.states.rests() else "light"
        question = {"rest": rest, "model": model, "duration_s": duration, "sample_count": 60, "curve_rates_hz": RATES}
        if model is not BatteryModelName.ENERGY and getattr(cell, model.value) is None:
            with pytest.raises(MissingError, match=f"has no parameters for the {model.value} model; it has them for energy"):
                asked(board, **question)
            continue
        answer = asked(board, **question)
        life = answer.lives[0]
        assert 0 <= life.life_low_s <= life.life_s <= life.life_high_s * 1.2
        assert (life.life_s > 0) == ("cannot carry" not in dominance_text(life))
        for curve in answer.curves:
            alive = [value for value in curve.life_s if value is not None]
            assert alive == sorted(alive, reverse=True)
        assert BatteryAnswer.model_validate_json(answer.model_dump_json()) == answer


def test_cold_leaves_less_charge_and_heat_discharges_it_faster():
    board = Board(load_battery("18650"), DECK.states)

    def life_s(period_s, temperature_degc):
        return asked(board, period_s=period_s, rest="hibernation", temperature_degc=temperature_degc).lives[0].life_s

    assert life_s(0.6, -20.0) == pytest.approx(0.5 * life_s(0.6, 25.0), rel=0.01)
    assert life_s(86400.0, 50.0) < 0.5 * life_s(86400.0, 25.0)


def test_what_the_cold_leaves_is_as_uncertain_as_the_cells_data_say():
    board = Board(load_battery("18650"), DECK.states)

    def asked_at(temperature_degc):
        return asked(board, rest="deep", temperature_degc=temperature_degc)

    def share(answer):
        return next(each for each in answer.sensitivities if each.input == "capacity at temperature")

    cold, halfway, warm = asked_at(-10.0), asked_at(-5.0), asked_at(20.0)
    points = {each.temperature_degc.value: each.capacity_ratio for each in board.cell.temperatures}
    assert (share(cold).low, share(cold).high) == (points[-10.0].low, points[-10.0].high)
    assert share(halfway).low == pytest.approx((points[-10.0].low + points[0.0].low) / 2)
    assert not any(each.input == "capacity at temperature" for each in warm.sensitivities)
    spread = [(answer.lives[0].life_high_s - answer.lives[0].life_low_s) / answer.lives[0].life_s for answer in (cold, warm)]
    assert spread[0] > spread[1]
    assert any(each.input == "capacity at temperature" and each.source.startswith("assumption") for each in halfway.assumptions)
    assert not any(each.input == "capacity at temperature" for each in warm.assumptions)


def test_of_two_ways_to_wake_up_from_one_sleep_only_the_cheaper_meets_the_next_deeper():
    crossovers = {(each.lighter, each.deeper) for each in asked().crossovers}
    assert crossovers == {("idle", "light"), ("light", "deep"), ("deep-fast", "hibernation")}
    lives = {life.rest: life.life_s for life in asked().lives}
    assert lives["deep-fast"] > lives["deep"]


def test_a_sleep_that_may_draw_as_much_as_a_lighter_one_may_never_pay():
    crossover = asked().crossovers[-1]
    assert crossover.deeper == "hibernation"
    assert crossover.rate_low_hz == 0.0
    assert 0 < crossover.rate_hz < crossover.rate_high_hz
    assert "(never to " in crossover_text(crossover)


def test_a_cell_too_weak_for_the_load_lives_no_time_and_says_so():
    board = Board(load_battery("cr2032"), DECK.states)
    life = asked(board, rest="deep", model=BatteryModelName.VOLTAGE).lives[0]
    assert life.life_s == 0.0
    assert "cannot carry the load" in dominance_text(life)


def test_a_written_pattern_is_answered_like_the_rate_it_spells_out():
    spelled = load_duty_cycle(
        {"name": "spelled", "period_s": 60, "phases": [{"state": "inference", "duration_s": 0.32}, {"state": "deep"}]}
    )
    # Without its wake-up step's place it would differ: the cycle wakes at its end, the rate before its rest.
    assert asked(cycle=spelled).lives[0].life_s == pytest.approx(asked(rest="deep").lives[0].life_s, rel=1e-12)
    packaged = asked(cycle=load_duty_cycle("sense-and-infer"))
    assert {drain.part for drain in packaged.lives[0].drains} == {"inference", "light", "idle", "wake-up"}
    assert packaged.lives[0].rest == "sense-and-infer"


def test_a_written_pattern_counts_its_inferences_and_samples_its_phases():
    def cycle(*phases):
        return load_duty_cycle({"name": "two", "period_s": 60, "phases": [*phases, {"state": "light"}]})

    inference = {"state": "inference", "duration_s": 0.32}
    once, twice = (
        asked(cycle=cycle(*phases)).lives[0] for phases in ([inference], [inference, {"state": "idle", "duration_s": 1}, inference])
    )
    assert once.inference_count == round(once.life_s / 60)
    assert twice.inference_count == round(2 * twice.life_s / 60)
    assert twice.rate_hz == pytest.approx(2 / 60)
    ranged = {"state": "idle", "duration_s": {"value": 1.0, "low": 0.1, "high": 9.0, "source": "guess"}}
    answer = asked(cycle=cycle(inference, ranged))
    assert answer.measure_next.input == "duration of phase 2, idle"
    assert answer.lives[0].life_low_s < 0.6 * answer.lives[0].life_s


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        (
            [{"state": "inference", "duration_s": 59.9}, {"state": "deep"}],
            r"the phases and wake-ups of x last 60\.\d+ s, longer than its period of 60 s",
        ),
        ([{"state": "deep", "duration_s": 0.05}, {"state": "idle", "duration_s": 59.95}], "0.05 s of deep are shorter than the wake-up"),
    ],
)
def test_cycles_without_room_for_a_wake_up_are_refused(phases, words):
    with pytest.raises(SpecError, match=words):
        asked(cycle=load_duty_cycle({"name": "x", "period_s": 60, "phases": phases}))


def test_a_wake_up_that_fits_at_its_value_but_not_at_its_longest_is_answered():
    phases = [{"state": "inference", "duration_s": 59.7}, {"state": "deep"}]
    assert asked(cycle=load_duty_cycle({"name": "tight", "period_s": 60, "phases": phases})).lives[0].life_s > 0.0


def test_back_to_back_the_period_is_the_inferences_own_whatever_its_length():
    answer = asked(period_s=0.32, sample_count=4000)
    life = answer.lives[0]
    assert life.life_high_s / life.life_low_s < 1.02
    # The count follows the duration, 0.29 to 0.42 s; the life does not.
    assert life.inference_low_count < 0.85 * life.inference_count
    assert {each.input for each in answer.sensitivities} == {"inference current"}


def test_a_crossovers_interval_holds_it():
    for crossover in asked(sample_count=4000).crossovers:
        assert 0.0 <= crossover.rate_low_hz <= crossover.rate_hz * (1 + 1e-9)
        assert crossover.rate_high_hz >= crossover.rate_hz * (1 - 1e-9)


def test_every_figure_of_energy_has_its_interval():
    answer = asked(rest="deep", sample_count=4000)
    energy = answer.inference
    for part in ("inference", "baseline", "computational"):
        low, value, high = (getattr(energy, f"{part}{end}_j") for end in ("_low", "", "_high"))
        assert low < value < high
    for drain in answer.lives[0].drains:
        assert drain.energy_low_j < drain.energy_j < drain.energy_high_j


@pytest.mark.parametrize(
    ("battery", "temperature_degc", "words"),
    [
        ("18650", -59.0, "degC: at -59 the share at -"),
        ("18650", 99.0, "degC: at 99 the share at "),
        ("deck-5v-1ah", 0.0, "does not say what temperature does to its capacity"),
        ("18650", 0.0, None),
        ("deck-5v-1ah", 20.0, None),
    ],
)
def test_temperatures_a_cell_does_not_know_are_told_of(battery, temperature_degc, words):
    warnings = asked(Board(load_battery(battery), DECK.states), temperature_degc=temperature_degc).warnings
    assert [words in reason_text(warning) for warning in warnings] == ([] if words is None else [True])


def test_endless_life_is_none_with_a_reason():
    off = {"value": 0.0, "source": "test"}
    states = with_changes(
        DECK.states,
        {"inference": with_changes(DECK.states.inference, {"current_a": off}), "idle": with_changes(DECK.states.idle, {"current_a": off})},
    )
    life = asked(Board(DECK.cell, states)).lives[0]
    assert (life.life_s, life.life_low_s, life.life_high_s, life.inference_count) == (None, None, None, None)
    assert life.endless_reason == reason(ReasonKind.NOTHING_DRAWN)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"period_s": 0.1}, SpecError, "an inference of 0.32 s does not fit its period of 0.1 s; at most 3.125 inferences a second"),
        ({"period_s": 0.4, "rest": "deep"}, SpecError, "a wake-up from deep of 0.27 s do not fit the period of 0.4 s"),
        ({"rest": "depe"}, UnknownNameError, "did you mean 'deep'"),
    ],
)
def test_impossible_patterns_are_refused(options, error, words):
    with pytest.raises(error) as caught:
        asked(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        ([{"state": "inference", "duration_s": 61}], "the phases last 61 s, longer than the period of 60 s"),
        ([{"state": "inference", "duration_s": 1}], "leave out one duration_s to fill the period"),
        ([{"state": "idle"}, {"state": "deep"}], "one phase at most may leave out"),
    ],
)
def test_impossible_cycles_are_refused_when_they_are_read(phases, words):
    with pytest.raises(SpecError) as caught:
        load_duty_cycle({"name": "x", "period_s": 60, "phases": phases})
    assert words in str(caught.value)


def test_the_interval_follows_the_seed_and_nothing_else():
    first, again, other = asked(rest="deep", seed=1), asked(rest="deep", seed=1), asked(rest="deep", seed=2)
    assert first == again
    assert first.lives[0].life_low_s != other.lives[0].life_low_s
    assert first.lives[0].life_s == other.lives[0].life_s
    assert math.isclose(first.lives[0].life_low_s, other.lives[0].life_low_s, rel_tol=0.15)
