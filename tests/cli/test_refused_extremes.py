"""Numbers that nothing can be computed from are refused where they are read: field, found and limit are named."""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from costmodel.cli.app import main

DATA = resources.files("costmodel.sources").joinpath("data")
BATTERY = DATA.joinpath("batteries/lipo-500mah.yaml").read_text(encoding="utf-8")
Refused = Callable[[list[str]], str]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command in an empty folder with a starter project; return its one line of error."""
    monkeypatch.chdir(tmp_path)
    assert main(["init", "my-net.yaml"]) == 0
    capsys.readouterr()

    def run(arguments: list[str]) -> str:
        assert main(arguments) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1, told
        return told

    return run


def _study(**changes: object) -> str:
    study = {
        "name": "study",
        "base": "esp32-deck",
        "axes": [{"path": "layers.conv1.out_channels", "values": [4, 8]}],
        "objectives": [{"minimise": "energy.memory"}, {"maximise": "network.mac_count"}],
    }
    return json.dumps(study | changes)


@pytest.mark.parametrize("field", ["converter_ratio", "voltage_v", "capacity_ah", "rated_s", "available_ratio"])
@pytest.mark.parametrize("low", ["0", "1e-320"])
def test_what_a_battery_divides_by_stays_above_zero_at_both_ends_of_its_range(field: str, low: str, refused: Refused) -> None:
    line = next(line for line in BATTERY.splitlines() if line.strip().startswith(f"{field}:"))
    value = line.split("value:")[1].split(",")[0].strip()
    changed = f'{line.split(":")[0]}: {{value: {value}, low: {low}, source: "x"}}'
    Path("cell.yaml").write_text(BATTERY.replace(line, changed), encoding="utf-8")
    told = refused(["battery", "--battery", "cell.yaml"])
    assert field in told
    assert "low should be" in told
    assert told.startswith("cell.yaml:")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("exponent_ratio: {value: 1.02, low: 1.0, high: 1.06", "exponent_ratio: {value: 1.02, low: 1.0, high: 900", "between 1 and 3"),
        ("temperature_degc: 20,", "temperature_degc: 1e20,", "between -273.15 and 1000"),
        ("capacity_ah: {value: 0.5, low: 0.47, high: 0.51", "capacity_ah: {value: 0.5, low: 0.47, high: 1e200", "at most 1e+30"),
    ],
)
def test_no_quantity_is_so_large_that_its_powers_leave_a_float(old: str, new: str, words: str, refused: Refused) -> None:
    assert old in BATTERY
    Path("cell.yaml").write_text(BATTERY.replace(old, new), encoding="utf-8")
    assert words in refused(["battery", "--battery", "cell.yaml"])


@pytest.mark.parametrize("options", [["--rate", "5e-324"], ["--rate", "1e300"], ["--duration", "5e-324s"]])
def test_options_have_the_same_limits(options: list[str], refused: Refused) -> None:
    assert refused(["battery", *options]).startswith(options[0])


def test_a_calibration_without_the_time_of_all_layers_says_so(refused: Refused) -> None:
    calibration = DATA.joinpath("calibrations/esp32-wroom-deck.yaml").read_text(encoding="utf-8")
    line = next(line for line in calibration.splitlines() if "layer: total" in line)
    Path("times.yaml").write_text(calibration.replace(line, ""), encoding="utf-8")
    scenario = DATA.joinpath("scenarios/esp32-deck.yaml").read_text(encoding="utf-8")
    kept = [line for line in scenario.splitlines() if not line.startswith(("calibration", "duration_s"))]
    Path("deck.yaml").write_text("\n".join([*kept, "calibration: times.yaml"]), encoding="utf-8")
    assert "none of 'total'" in refused(["report", "deck.yaml"])


HUGE = 10**400


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ({"path": "input.extent", "values": ["16", 24]}, "takes a number, found '16'"),
        ({"path": "input.rows", "values": [[16], 24]}, "takes a number, found a list"),
        ({"path": "layers.conv1.out_channels", "values": [HUGE]}, "at most 9,007,199,254,740,992"),
        ({"path": "layers.conv1.out_channels", "range": {"start": 4, "stop": 32, "step": 2**63}}, "at most 9,007,199,254,740,992"),
        ({"path": "period_s", "values": [5e-324]}, "0 or a number of at least 1e-30"),
        ({"path": "period_s", "log_range": {"start": 1e-320, "stop": 1.0, "count": 3}}, "0 or a number of at least 1e-30"),
        ({"name": "a", "values": [4], "apply": [{"path": "layers.conv1.out_channels", "times": 1e30}]}, "at most 1,099,511,627,776"),
        ({"name": "a", "values": [4], "apply": [{"path": "layers.conv1.out_channels", "times": 1e300}]}, "at most 1e+30"),
    ],
)
def test_an_axis_that_leaves_the_numbers_is_refused_at_its_place(axis: dict[str, object], words: str, refused: Refused) -> None:
    Path("study.json").write_text(_study(axes=[axis]), encoding="utf-8")
    told = refused(["sweep", "study.json", "--out", "out"])
    assert told.startswith("study.json:1:")
    assert words in told


@pytest.mark.parametrize("values", [[1, 65535], [65535]])
def test_designs_whose_integers_are_not_proven_small_are_swept_in_exact_ones(
    values: list[int], refused: Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    apply = [{"path": "layers.conv2.kernel"}, {"path": "layers.conv2.padding", "times": 0.5, "plus": -0.5}]
    axis = {"name": "kernel", "values": values, "apply": apply}
    free = {"duration_s": 1e-3, "period_s": None}
    Path("study.json").write_text(_study(axes=[axis], set=free, constraints=["device.fits >= 0"], keep="all"), encoding="utf-8")
    assert main(["sweep", "study.json", "--out", "out"]) == 0
    assert len(Path("out/all.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(values)


def test_a_figure_of_a_sweep_beyond_64_bits_is_refused_and_never_wraps(refused: Refused) -> None:
    wide = [{"path": f"layers.{layer}.out_channels"} for layer in ("conv1", "conv2")]
    axis = {"name": "channels", "values": [2**40 - 8, 2**40], "apply": wide}
    Path("study.json").write_text(_study(axes=[axis], set={"duration_s": 1e-3, "period_s": None}), encoding="utf-8")
    assert "limit of 64-bit integers" in refused(["sweep", "study.json", "--out", "out"])


@pytest.mark.parametrize("question", ["cheap $a_$ or $b^$", "\u4e2d\u6587 $", "$x", "a\nb" * 500])
def test_a_label_never_takes_the_answer_with_it(question: str, refused: Refused) -> None:
    axis = {"name": "price in $ or $_", "path": "layers.conv1.out_channels", "values": [4, 8]}
    Path("study.json").write_text(_study(question=question, axes=[axis]), encoding="utf-8")
    assert main(["sweep", "study.json", "--out", "out"]) == 0
    assert Path("out/front.png").is_file()


def test_what_is_packed_or_run_has_a_limit_and_what_is_counted_has_none(refused: Refused, capsys: pytest.CaptureFixture[str]) -> None:
    layer = "{name: c, kind: conv2d, out_channels: 1024, kernel: 3, padding: 1}"
    Path("big.yaml").write_text(f"name: big\ninput: 1024x32768x32768\nlayers:\n  - {layer}\n", encoding="utf-8")
    assert "at most 67,108,864 are packed or run" in refused(["pack", "big.yaml", "-o", "big.bin"])
    assert main(["count", "--network", "big.yaml", "--format", "json"]) == 0


@pytest.mark.parametrize(("column", "value"), [("voltage", "1e308"), ("time", "1e300")])
def test_a_sample_beyond_all_boards_is_named(column: str, value: str, refused: Refused) -> None:
    rows = [f"{place * 0.004:.6f},{0.08 if place % 100 > 80 else 0.04},5.0" for place in range(1000)]
    rows[-1] = "3.996,0.04,1e308" if column == "voltage" else "1e300,0.04,5.0"
    Path("capture.csv").write_text("\n".join(["#time (s),current (A),voltage (V)", *rows]), encoding="utf-8")
    assert refused(["trace", "capture.csv"]).startswith("capture.csv:1001 1e+30")


def test_a_key_with_a_line_break_is_one_line(refused: Refused) -> None:
    Path("net.yaml").write_text('name: n\ninput: 1x8x8\nlayers: [{name: f, kind: flatten}]\n"s\\ntack1.conv1": 3\n', encoding="utf-8")
    assert "s\\ntack1.conv1" in refused(["count", "--network", "net.yaml"])
    Path("study.json").write_text(_study(axes=[{"path": "layers.s\ntack1.conv1.kernel", "values": [1]}]), encoding="utf-8")
    assert "tack1.conv1" in refused(["sweep", "study.json", "--out", "out"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", ""], "scenario: expected a name or a path, found ''; left out, it is esp32-deck"),
        (["explain", "--scenario", " "], "scenario: expected a name or a path, found ' '"),
        (["diff", "", "resnet8"], "scenario: expected a name or a path"),
        (["report", "ds-cnn", "--device", ""], "device: '' is not packaged"),
        (["plan", "ds-cnn", "--device", ""], "device: '' is not packaged"),
        (["report", "--network", ""], "network: '' is not in the zoo"),
    ],
)
def test_a_shells_variable_that_is_not_set_is_told_and_nothing_else_is_answered(arguments: list[str], words: str, refused: Refused) -> None:
    assert words in refused(arguments)
