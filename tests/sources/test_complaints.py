"""Every mistake in a file becomes one line: place, what was found, what is expected, the nearest valid name."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from costmodel.errors import CollectedError, InputError
from costmodel.sources.catalogue import load_network, load_scenario

SCENARIO = "name: a\nnetwork: cifar-aap-pruned\ndevice: esp32-wroom\n"
NETWORK = "name: n\ninput: 3x8x8\nlayers:\n"
CONV = "  - {name: c, kind: conv2d, out_channels: 4, kernel: 3}\n"


def _told(load: Callable[[Path], object], path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


def _scenario(tmp_path: Path, text: str) -> str:
    return _told(load_scenario, tmp_path / "scenario.yaml", text)


def _network(tmp_path: Path, text: str) -> str:
    return _told(load_network, tmp_path / "net.yaml", text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "name: a\nnetwork: cifar-aap-prunned\ndevice: esp32-wroom\n",
            "scenario.yaml:2:10 network: 'cifar-aap-prunned' is not in the zoo (did you mean 'cifar-aap-pruned'?)",
        ),
        (
            "name: a\nnetwork: resnet18\ndevice: esp32-wrom\n",
            "scenario.yaml:3:9 device: 'esp32-wrom' is not packaged (did you mean 'esp32-wroom'?)",
        ),
        (SCENARIO + "batery: x\n", "scenario.yaml:4:1 scenario: 'batery' is not a field here (did you mean 'battery'?)"),
        (SCENARIO + "counting: {tap: valid}\n", "scenario.yaml:4:12 counting: 'tap' is not a field here (did you mean 'taps'?)"),
        (
            SCENARIO + "counting: {taps: vaild}\n",
            "scenario.yaml:4:18 counting.taps: 'vaild' is not one of the choices (did you mean 'valid'?)",
        ),
        (SCENARIO + "counting: {bias: 3}\n", "scenario.yaml:4:18 counting.bias: expected true or false, found 3"),
        (SCENARIO + "counting: 7\n", "scenario.yaml:4:11 counting: expected a mapping of fields, found 7"),
        (SCENARIO + "dataflows: output-stationary\n", "scenario.yaml:4:12 dataflows: expected a list, found 'output-stationary'"),
        (SCENARIO + "dataflows: []\n", "scenario.yaml:4:12 dataflows: expected at least 1 value(s), found 0"),
        (SCENARIO + "dataflows: [output-stationary, output-stationary]\n", "scenario.yaml:4:12 scenario: a dataflow is named twice"),
        (SCENARIO + "duration_s: .nan\n", "scenario.yaml:4:13 duration_s: value should be a finite number, found nan"),
        (SCENARIO + "duration_s: 1e999\n", "scenario.yaml:4:13 duration_s: value should be a finite number, found inf"),
        (SCENARIO + "period_s: -3\n", "scenario.yaml:4:11 period_s: value should be greater than 0, found -3"),
        (SCENARIO + "period_s: {vale: 3}\n", "scenario.yaml:4:11 period_s: a quantity has value, low, high and source, not 'vale'"),
        (SCENARIO + "weights_in: 3\n", "scenario.yaml:4:13 weights_in: expected one of flash, ram; found 3"),
        (
            SCENARIO + "power: {supply_v: 5, idle_a: 1.0, active_a: 0.5}\n",
            "scenario.yaml:4:8 power: active_a should be at least idle_a, found 0.5 A below 1 A",
        ),
        (SCENARIO + "memory_energy: none.yaml\n", "scenario.yaml:4:16 memory_energy: none.yaml does not exist"),
        (
            "name: a\nnetwork: sub/net.yaml\ndevice: esp32-wroom\n",
            "scenario.yaml:2:10 network: sub/net.yaml does not exist; nor does the folder 'sub'",
        ),
        ("- 1\n", "scenario.yaml:1:1 a scenario is a mapping of fields like 'name: ...', found a list"),
        (
            "name: a\nnetwork: 3\ndevice: esp32-wroom\n",
            "scenario.yaml:2:10 network: expected a name, a path or a mapping of fields, found 3",
        ),
        (
            SCENARIO + "battery: {name: b, voltage_v: 0, capacity_ah: 1, converter_ratio: 1, discharge_ratio: 1, source: x}\n",
            "scenario.yaml:4:31 battery.voltage_v: value should be greater than 0, found 0",
        ),
        (
            "name: a\nnetwork:\n  name: n\n  input: 3x8x8\n  layers:\n    - {name: c, kind: conv2d, out_channels: 4, kernel: 9}\n"
            "device: esp32-wroom\n",
            "scenario.yaml:6:7 c: a kernel that reaches over 9 rows does not fit an input of 3x8x8 with 0 + 0 of padding",
        ),
    ],
)
def test_a_mistake_in_a_scenario_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    assert _scenario(tmp_path, text).replace("\\", "/") == told


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ("  - {name: c, kind: conv, kernel: 3}\n", "net.yaml:4:21 c.kind: 'conv' is not a kind of layer (did you mean 'conv2d'?)"),
        ("  - {name: c}\n", "net.yaml:4:5 c: 'kind' is missing (conv2d, linear, max_pool2d, ...)"),
        ("  - {kind: relu}\n", "net.yaml:4:5 layers[0]: 'name' is missing"),
        ("  - 3\n", "net.yaml:4:5 layers[0]: expected a mapping of fields, found 3"),
        ("  - {name: c, kind: conv2d, out_channels: 4}\n", "net.yaml:4:5 c: 'kernel' is missing"),
        (CONV.replace("kernel: 3", "kernle: 3, kernel: 3"), "net.yaml:4:46 c: 'kernle' is not a field here (did you mean 'kernel'?)"),
        (CONV.replace("kernel: 3", "kernel: three"), "net.yaml:4:54 c.kernel: expected a whole number or a list of them, found 'three'"),
        (CONV.replace("kernel: 3", "kernel: 1.5"), "net.yaml:4:54 c.kernel: expected a whole number or a list of them, found 1.5"),
        (CONV.replace("kernel: 3", "kernel: [3, x]"), "net.yaml:4:58 c.kernel[1]: expected a whole number, found 'x'"),
        (CONV.replace("kernel: 3", "kernel: 70000"), "net.yaml:4:54 c.kernel: should be at most 65,535, found 70000"),
        (CONV.replace("kernel: 3", "kernel: 3, stride: 0"), "net.yaml:4:65 c.stride: should be at least 1, found 0"),
        (CONV.replace("kernel: 3", "kernel: 3, padding: -1"), "net.yaml:4:66 c.padding: should be at least 0, found -1"),
        (
            CONV.replace("kernel: 3", "kernel: 3, padding: {lft: 1}"),
            "net.yaml:4:66 c.padding: padding has top, bottom, left and right, not 'lft'",
        ),
        (CONV.replace("4,", "true,"), "net.yaml:4:43 c.out_channels: expected a whole number, found true"),
        (CONV.replace("4,", "10000000000000,"), "net.yaml:4:43 c.out_channels: should be at most 1,099,511,627,776, found 10000000000000"),
        (
            CONV.replace("4,", f"{'9' * 99},"),
            "net.yaml:4:43 c.out_channels: should be at most 1,099,511,627,776, found 9999999999... (99 digits)",
        ),
        (
            "  - {name: a b, kind: relu}\n",
            "net.yaml:4:12 a b.name: 'a b' is not a name: letters, digits and _ . - / only, a letter or digit first",
        ),
        (
            "  - {name: c, kind: relu, output_type: int9}\n",
            "net.yaml:4:40 c.output_type: 'int9' is not one of the choices (did you mean 'int8'?)",
        ),
        (CONV + "  - {name: c, kind: relu}\n", "net.yaml:5:5 layers: the name 'c' is used twice"),
        ("  - {name: a, kind: relu, inputs: [b]}\n  - {name: b, kind: relu, inputs: [a]}\n", "net.yaml:4:5 layers: a cycle: a -> b -> a"),
        (
            CONV + "  - {name: d, kind: relu, inputs: [cc]}\n",
            "net.yaml:5:36 d.inputs: 'cc' is not a layer of this network (did you mean 'c'?)",
        ),
        (
            CONV + "  - {name: fc, kind: linear, out_features: 3}\n",
            "net.yaml:5:5 fc: linear needs a flat input, found 4x6x6; put a flatten before it, or, along a sequence, "
            "a conv2d with kernel: 1 and out_channels: 3",
        ),
        (CONV + "  - {name: d, kind: add, inputs: [c, input]}\n", "net.yaml:5:5 d: cannot add 4x6x6 and 3x8x8"),
        ("  []\n", "net.yaml:4:3 layers: a network needs at least one layer"),
    ],
)
def test_a_mistake_in_a_network_is_one_line(tmp_path: Path, layers: str, told: str) -> None:
    assert _network(tmp_path, NETWORK + layers) == told


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("3x8", "an input is channels x rows x columns, or features; found 2 extents"),
        ("abc", "expected channels x rows x columns like 3x32x32, or features like [640], found 'abc'"),
        ("3x8x-1", "expected channels x rows x columns like 3x32x32, or features like [640], found '3x8x-1'"),
        ("0x8x8", "should be at least 1, found 0"),
        (f"3x8x{'9' * 5000}", "expected channels x rows x columns like 3x32x32, or features"),
    ],
)
def test_an_unfit_input_is_told_at_its_value(tmp_path: Path, shape: str, told: str) -> None:
    message = _network(tmp_path, f"name: n\ninput: {shape}\nlayers:\n{CONV}")
    assert message.startswith(f"net.yaml:2:8 input: {told}")
    assert len(message) < 200


def test_several_mistakes_are_told_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "name: a\nnetwork: x\ndevice: y\nbatery: z\nperiod_s: -1\n"
    lines = _scenario(tmp_path, text).splitlines()
    assert [line.split()[0] for line in lines] == [f"scenario.yaml:{place}" for place in ("2:10", "3:9", "4:1", "5:11")]


def test_mistakes_inside_a_named_file_keep_that_file_as_their_place(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NETWORK + "  - {name: c, kind: rellu}\n  - {name: d, kind: relu, x: 1}\n", encoding="utf-8")
    lines = _scenario(tmp_path, "name: a\nnetwork: net.yaml\ndevice: esp32-wroom\nperiod_s: -1\n").splitlines()
    assert [line.split()[0] for line in lines] == ["net.yaml:4:21", "net.yaml:5:27", "scenario.yaml:4:11"]


def test_a_flood_of_mistakes_is_cut_and_says_so(tmp_path: Path) -> None:
    lines = _network(tmp_path, NETWORK + "".join(f"  - {{name: c{place}, kind: x}}\n" for place in range(500))).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "net.yaml and 480 more mistakes"


def test_collected_mistakes_stay_apart_for_programs() -> None:
    with pytest.raises(CollectedError) as caught:
        load_scenario({"name": "a", "network": "x", "device": "y"})
    assert [error.name for error in caught.value.errors] == ["y", "x"] or [error.name for error in caught.value.errors] == ["x", "y"]


def test_no_message_speaks_of_pydantic(tmp_path: Path) -> None:
    for text in (NETWORK + "  - {}\n", "3", "name: []\ninput: {}\nlayers: x\ntypes: 1\n", "name: n\ninput: [[1]]\nlayers: [[1]]\n"):
        message = _network(tmp_path, text).lower()
        assert not any(word in message for word in ("pydantic", "input should", "validation", "https://", "tuple", "type="))
