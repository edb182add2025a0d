"""`costmodel battery` from options to figures in every format."""

import json
import re

import pytest

from costmodel.cli.app import main
from costmodel.cli.quantity_text import period_of_rate, quantity
from costmodel.errors import SpecError
from costmodel.measurement.synthetic_trace import SyntheticTrace, as_ppk2_csv
from costmodel.units import SECONDS


def printed(capsys, *arguments):
    assert main(["battery", "--samples", "200", *arguments]) == 0
    return capsys.readouterr().out


def refused(capsys, *arguments):
    assert main(["battery", "--samples", "200", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_the_decks_figures_stand_in_every_format(capsys):
    for form in ("terminal", "markdown", "html"):
        text = printed(capsys, "--format", form).replace("&#160;", " ")
        assert all(figure in text for figure in ("20.9 h", "1,252", "183.3 mW", "69.2 mJ", "58.6 mJ", "10.6 mJ")), form
        assert "20.8" in text, "the interval's low end"
        assert "21.0" in text, "the interval's high end"
    answer = json.loads(printed(capsys, "--format", "json"))
    assert answer["lives"][0]["life_low_s"] < answer["lives"][0]["life_s"] < answer["lives"][0]["life_high_s"]


def test_deep_sleep_leads_with_its_days_and_names_where_it_pays(capsys):
    text = printed(capsys, "--rate", "1/min", "--sleep", "deep")
    assert "79.3 days" in text
    assert "deep beats light below" in text
    assert "measure next" in text


def test_the_chart_is_written_as_png_or_svg(capsys, tmp_path):
    for name, head in (("life.png", b"\x89PNG"), ("life.svg", b"<?xml")):
        printed(capsys, "--chart", str(tmp_path / name))
        assert (tmp_path / name).read_bytes().startswith(head)
    assert "expected a file ending in .png or .svg" in refused(capsys, "--chart", str(tmp_path / "life.gif"))


def test_a_cell_too_weak_for_the_board_is_warned_of_in_every_model(capsys):
    assert "cr2032 cannot carry" in printed(capsys, "--battery", "cr2032", "--sleep", "deep")
    assert "cannot carry" not in printed(capsys, "--battery", "18650", "--sleep", "deep")


def test_a_trace_gives_its_currents_and_duration(capsys, tmp_path):
    path = tmp_path / "capture.csv"
    path.write_bytes(b"".join(as_ppk2_csv(SyntheticTrace(rate_hz=10_000.0, span_s=4.0, active_a=0.050, inference_s=0.2))))
    answer = json.loads(printed(capsys, "--trace", str(path), "--format", "json"))
    assert answer["inference"]["duration_s"] == pytest.approx(0.2, rel=1e-6)
    assert answer["inference"]["inference_j"] == pytest.approx(0.050 * 5.03 * 0.2, rel=1e-3)
    answer = json.loads(printed(capsys, "--trace", str(path), "--supply-v", "3.3", "--format", "json"))
    assert answer["inference"]["inference_j"] == pytest.approx(0.050 * 3.3 * 0.2, rel=1e-3)


def test_the_interval_of_a_traced_current_is_that_of_its_mean_over_inferences(capsys, tmp_path):
    path = tmp_path / "capture.csv"
    recipe = SyntheticTrace(rate_hz=10_000.0, span_s=6.0, noise_a=0.001)
    path.write_bytes(b"".join(as_ppk2_csv(recipe)))
    swings = {each["input"]: each for each in json.loads(printed(capsys, "--trace", str(path), "--format", "json"))["sensitivities"]}
    current = swings["inference current"]
    # 3,200 samples of 1 mA of noise an inference, four inferences: some 9 uA times Student's 3.18, not a share of the 1 mA itself.
    assert 0.5e-5 < current["high"] - current["low"] < 1.5e-4
    assert current["low"] < recipe.active_a < current["high"]


def test_a_single_traced_inference_claims_no_interval(capsys, tmp_path):
    path = tmp_path / "capture.csv"
    path.write_bytes(b"".join(as_ppk2_csv(SyntheticTrace(rate_hz=10_000.0, span_s=2.4))))
    answer = json.loads(printed(capsys, "--trace", str(path), "--format", "json"))
    assert answer["sensitivities"] == []


def test_the_figures_of_a_trace_serve_as_the_trace(capsys, tmp_path):
    path, figures = tmp_path / "capture.csv", tmp_path / "figures.json"
    path.write_bytes(b"".join(as_ppk2_csv(SyntheticTrace(rate_hz=10_000.0, span_s=4.0))))
    assert main(["trace", str(path), "--format", "json", "--supply-v", "3.3"]) == 0
    figures.write_text(capsys.readouterr().out, encoding="utf-8")
    assert printed(capsys, "--trace", str(figures)) == printed(capsys, "--trace", str(path), "--supply-v", "3.3")
    assert "give options to `costmodel trace`" in refused(capsys, "--trace", str(figures), "--supply-v", "3.3")
    figures.write_text(figures.read_text(encoding="utf-8")[:2000], encoding="utf-8")
    assert "not whole figures of a trace" in refused(capsys, "--trace", str(figures))
    figures.write_text('{"schema_version": 1, "power": 3}', encoding="utf-8")
    assert "figures.json not whole figures of a trace: capture" in refused(capsys, "--trace", str(figures))


@pytest.mark.parametrize("arguments", [("--cycle", "sense-and-infer"), ("--battery", "cr2032", "--model", "voltage")])
def test_a_chart_with_nothing_to_draw_is_refused_without_an_empty_picture(capsys, tmp_path, arguments):
    path = tmp_path / "life.png"
    assert "--chart: nothing to draw" in refused(capsys, *arguments, "--chart", str(path))
    assert not path.exists()


def test_a_written_cycle_is_read_from_its_file(capsys, tmp_path):
    path = tmp_path / "cycle.yaml"
    path.write_text("name: mine\nperiod_s: 10\nphases:\n  - {state: inference, duration_s: 0.32}\n  - {state: light}\n", encoding="utf-8")
    assert "mine" in printed(capsys, "--cycle", str(path))
    path.write_text("name: mine\nperiod_s: 10\nphases:\n  - {state: inference, duration_s: 32}\n  - {state: light}\n", encoding="utf-8")
    error = refused(capsys, "--cycle", str(path))
    assert "cycle.yaml" in error
    assert "the phases last 32 s, longer than the period of 10 s" in error


def test_a_cycle_that_says_every_time_needs_no_period(capsys, tmp_path):
    path, phases = (
        tmp_path / "cycle.yaml",
        "  - {state: inference, duration_s: {value: 0.32, low: 0.3, high: 0.4}}\n  - {state: light, duration_s: 9.68}\n",
    )
    answers = []
    for period in ("period_s: 10\n", ""):
        path.write_text(f"name: mine\n{period}phases:\n{phases}", encoding="utf-8")
        answers.append(json.loads(printed(capsys, "--cycle", str(path), "--format", "json")))
    assert answers[0] == answers[1]
    assert answers[0]["lives"][0]["period_s"] == pytest.approx(10.0)
    path.write_text("name: mine\nphases:\n  - {state: inference, duration_s: 0.32}\n  - {state: light}\n", encoding="utf-8")
    assert "period_s is missing, the time after which the cycle begins anew: light says no duration_s" in refused(
        capsys, "--cycle", str(path)
    )


@pytest.mark.parametrize(
    ("board", "cycle", "words"),
    [
        ("current_a: 45mA", "", "value should be a number in A, found '45mA', which is 0.045"),
        ("current_a: 64 µA", "", "found '64 µA', which is 6.4e-05"),
        ("current_a: 45 furlongs", "", "value should be a number in A, found '45 furlongs'\n"),
        ("event_s: 10ms, charge: 3 mC", "", "charge needs event_s, the time it is drawn in: a number of seconds above 0, found '10ms'"),
        ("charge: 3 mC", "", "charge needs event_s, the time it is drawn in\n"),
        ("event_s: 2, charge: 3 mC", "{event: sned}", "mine, phases[0].event: 'sned' is not a state of mine (did you mean 'send'?)"),
        ("event_s: 2, charge: 3 mC", "{state: send}", "found 2 (send, deep); what has an event_s of its own is written event: NAME"),
        ("event_s: 2, charge: 3 mC", "{state: xyz}", "found 2 (xyz, deep)"),
    ],
)
def test_what_is_wrong_with_a_board_or_its_cycle_is_told_with_what_would_be_right(board, cycle, words, capsys, tmp_path):
    states = f"name: mine\nbase: esp32-module\nstates:\n  - {{name: send, supply_v: 3.3, {board}}}\n"
    (tmp_path / "board.yaml").write_text(states, encoding="utf-8")
    pattern = f"name: mine\nperiod_s: 600\nphases:\n  - {cycle or '{event: send}'}\n  - {{state: deep}}\n"
    (tmp_path / "cycle.yaml").write_text(pattern, encoding="utf-8")
    error = refused(capsys, "--states", str(tmp_path / "board.yaml"), "--cycle", str(tmp_path / "cycle.yaml"))
    assert words in error


def test_a_state_that_is_none_is_told_each_known_one_once(capsys, tmp_path):
    (tmp_path / "cycle.yaml").write_text("name: mine\nperiod_s: 10\nphases:\n  - {state: qqqqq}\n", encoding="utf-8")
    listed = refused(capsys, "--states", "esp32-module", "--cycle", str(tmp_path / "cycle.yaml")).split("(known: ")[1].rstrip(")\n")
    assert len(set(listed.split(", "))) == len(listed.split(", "))


def test_a_state_awake_is_no_rest_and_the_refusal_says_where_it_goes(capsys, tmp_path):
    asked = ("--states", "esp32-module", "--duration", "1s", "--battery", "18650")
    error = refused(capsys, *asked, "--sleep", "wifi")
    assert "'wifi' is what esp32-module does awake, no rest between inferences (idle, light, deep, deep-fast)" in error
    phase = re.search(r"\{state: wifi, duration_s: [\d.]+\}", error)
    assert phase is not None
    path = tmp_path / "cycle.yaml"
    path.write_text(f"name: mine\nperiod_s: 600\nphases:\n  - {phase[0]}\n  - {{state: deep}}\n", encoding="utf-8")
    assert "wifi takes" in printed(capsys, *asked, "--cycle", str(path))
    assert main(["report", "ds-cnn", "--states", "esp32-module", "--sleep", "wifi"]) == 2
    assert "does awake, no rest between inferences" in capsys.readouterr().err


def test_a_state_the_board_has_not_is_named_with_its_place_in_the_cycle(capsys, tmp_path):
    path = tmp_path / "cycle.yaml"
    path.write_text("name: mine\nperiod_s: 10\nphases:\n  - {state: inference, duration_s: 0.32}\n  - {state: lihgt}\n", encoding="utf-8")
    assert refused(capsys, "--cycle", str(path)) == (
        f"{path}:5:13 mine, phases[1].state: 'lihgt' is not a state of esp32-deck (did you mean 'light'?)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rate", "5/s"), "does not fit its period of 0.2 s"),
        (("--rate", "often"), "expected a rate such as 1/min"),
        (("--rate", "0/min"), "a rate of zero runs no inference"),
        (("--sleep", "depe"), "did you mean 'deep'"),
        (("--model", "peukert"), "has no parameters for the peukert model"),
        (("--model", "ideal"), "--model: 'ideal'"),
        (("--battery", "18651"), "did you mean '18650'"),
        (("--duration", "3 parsecs"), "'parsecs' is not one of s, ms, us"),
        (("--states", "esp32-module"), "give --duration"),
        (("--temperature", "900"), "--temperature"),
        (("--samples", "1"), "--samples"),
        (("--cycle", "sense-and-infer", "--rate", "1/h"), "--rate: the pattern of --cycle sense-and-infer says all"),
        (("--cycle", "sense-and-infer", "--sleep", "deep"), "--sleep: the pattern of --cycle"),
        (("--trace", "absent.csv"), "absent.csv does not exist"),
        (("--supply-v", "3.3"), "--supply-v: the supply --trace was taken at"),
        (("--states", "esp32-deck", "--cycle", "no/such.yaml"), "no/such.yaml does not exist"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(capsys, arguments, words):
    assert words in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("text", "period_s"),
    [
        ("1/min", 60.0),
        ("30/h", 120.0),
        ("0.5Hz", 2.0),
        ("2", 0.5),
        ("1 a day", 86400.0),
        ("4 per hour", 900.0),
        ("continuous", None),
        ("back-to-back", None),
        ("2/hours", 1800.0),
        ("1/week", 604800.0),
    ],
)
def test_rates_are_read_as_people_write_them(text, period_s):
    found = period_of_rate("--rate", text)
    assert found is None if period_s is None else found == pytest.approx(period_s)


def test_quantities_without_a_unit_are_in_the_base_unit():
    assert (quantity("-x", "20 ms", SECONDS), quantity("-x", "0.02", SECONDS)) == pytest.approx((0.02, 0.02))
    with pytest.raises(SpecError, match="found '-1s'"):
        quantity("-x", "-1s", SECONDS)
