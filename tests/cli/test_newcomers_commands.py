"""What a newcomer types: names in short, several mistakes at once, a scenario for a device, the documentation, completion, doctor."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.cli.command_table import COMMANDS
from costmodel.cli.completing import Shell, completions, shell_script
from costmodel.errors import CollectedError, InputError, Mistakes, SpecError, UnknownNameError
from costmodel.evaluation.evaluating import evaluate
from costmodel.sources.catalogue import load_device, load_network, load_scenario, names
from costmodel.sources.name_matching import matched_name, matching_names
from costmodel.sources.shipped.documentation import load_page, pages
from costmodel.sources.shipped.installed import EXTRAS, REQUIRED
from costmodel.specs.kinds.layer_fields import DataType

ROOT = Path(__file__).parents[2]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    read = capsys.readouterr()
    return status, read.out, read.err


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("esp32-s3", "esp32-s3-wroom-1-n8"),
        ("ESP32-S3-WROOM-1-N8", "esp32-s3-wroom-1-n8"),
        ("nrf52", "nrf52840"),
        ("esp32_wroom", "esp32-wroom"),
    ],
)
def test_a_device_is_found_by_the_beginning_of_its_name(text: str, name: str) -> None:
    assert load_device(text).name == name


def test_a_beginning_that_several_have_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = told(capsys, "predict", "ds-cnn", "--device", "esp32")
    assert status == 2
    found = [name for name in names("devices") if name.startswith("esp32")]
    assert error == f"device: 'esp32' may be {', '.join(found[:-1])} or {found[-1]}; say which\n"


def test_a_whole_name_comes_before_those_that_begin_with_it() -> None:
    assert matched_name("network", "cifar-aap", names("networks"), "in the zoo") == "cifar-aap"
    assert matching_names("CIFAR-AAP", names("networks")) == ("cifar-aap",)
    assert matching_names("ci", names("networks")) == ()
    assert load_network("mobilenet").name == "mobilenet-v1-0.25"


def test_a_name_that_is_none_may_be_near_a_network_or_a_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "report", "resnet81")[2] == "scenario or network: 'resnet81' is not packaged (did you mean 'resnet8'?)\n"


def test_mistakes_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = told(capsys, "report", "--device", "nope", "--battery", "nix", "--taps", "foo", "--rate", "x", "--idle", "3mA")
    assert status == 2
    assert [line.partition(":")[0].lstrip("-") for line in error.splitlines()] == ["taps", "rate", "device", "battery"]


def test_everything_that_lacks_is_told_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "diff")[2] == "costmodel diff: missing BEFORE and AFTER (see `costmodel diff --help`)\n"
    error = told(capsys, "count", "conv2d")[2]
    assert all(option in error for option in ("--input", "--out-channels", "--kernel"))


def test_mistakes_keep_their_kind() -> None:
    mistakes = Mistakes()

    def wrong() -> int:
        raise UnknownNameError("device", "x", ["y"])

    assert mistakes.of(lambda: 7) == 7
    assert mistakes.of(wrong) is None
    with pytest.raises(UnknownNameError):
        mistakes.refuse()
    with pytest.raises(CollectedError) as both:
        mistakes.last(wrong)
    assert len(both.value.errors) == 2
    assert isinstance(both.value, InputError)


@pytest.mark.parametrize("command", [["report"], ["predict", "ds-cnn"], ["battery"]])
def test_a_rate_and_a_period_say_the_same(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    by_rate = told(capsys, *command, "--rate", "4/h", "--format", "json")
    by_period = told(capsys, *command, "--period", "15min", "--format", "json")
    assert by_rate[0] == by_period[0] == 0
    assert json.loads(by_rate[1]) == json.loads(by_period[1])
    status, _, error = told(capsys, *command, "--rate", "4/h", "--period", "15min")
    assert (status, error) == (2, "--rate: says the same as --period; leave one of the two out\n")


def test_a_scenario_for_a_device_holds_nothing_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told(capsys, "init", "--device", "esp32-s3", "--from", "cifar-aap-pruned", "--format", "json")[0] == 0
    text = (tmp_path / "cifar-aap-pruned.scenario.yaml").read_text(encoding="utf-8")
    assert "esp32-s3-wroom-1-n8" in text
    assert not re.search(r"deck|esp32-wroom|@", text)
    scenario = load_scenario(tmp_path / "cifar-aap-pruned.scenario.yaml")
    types = scenario.network.types
    assert {types.input, types.activation, types.weight, types.bias} == {DataType.INT8}
    assert evaluate(scenario).memory.heap is not None
    status, _, error = told(capsys, "init", "--device", "esp32-s3", "--from", "cifar-aap-pruned")
    assert status == 2
    assert "is already there; --force replaces it" in error


def test_a_quantised_network_is_named_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert told(capsys, "init", "mine.yaml", "--device", "nrf52840", "--from", "resnet8")[0] == 0
    assert not (tmp_path / "mine.yaml").exists()
    assert load_scenario(tmp_path / "mine.scenario.yaml").network == load_network("resnet8")
    assert told(capsys, "init", "--device", "nrf52840", "kept.yaml", "--from", "cifar-aap-pruned", "--keep-types")[0] == 0
    assert load_scenario(tmp_path / "kept.scenario.yaml").network == load_network("cifar-aap-pruned")
    assert told(capsys, "init", "--from", "resnet8")[0] == 2
    assert told(capsys, "init", "--device", "nrf52841", "--from", "resnet8")[2].endswith("(did you mean 'nrf52840'?)\n")


def test_the_starter_of_a_device_is_int8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert told(capsys, "init", "--device", "nrf52840")[0] == 0
    assert load_scenario(tmp_path / "my-net.scenario.yaml").network.types.activation is DataType.INT8


def test_doctor_says_what_each_extra_adds(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = told(capsys, "doctor", "--format", "json")
    assert status == 0
    found = json.loads(out)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    adding = {extra: needs for extra, needs in declared["optional-dependencies"].items() if needs}
    assert {part["name"] for part in found["extras"]} == set(adding)
    packages = {extra: [re.split(r"[<>=]", each)[0] for each in needs] for extra, needs in adding.items()}
    assert {extra: [one.package] for extra, one in EXTRAS.items()} == packages
    assert list(REQUIRED) == [re.split(r"[<>=]", each)[0] for each in declared["dependencies"]]
    assert "pip install 'costmodel[" in told(capsys, "doctor")[1] or all(part["version"] for part in found["extras"])
    assert told(capsys, "doctor", "--format", "jason")[2].endswith("(did you mean 'json'?)\n")


def test_documentation_is_read_from_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = told(capsys, "docs")
    assert status == 0
    assert "battery" in out
    status, out, _ = told(capsys, "docs", "battery")
    assert out == load_page("battery").text
    assert told(capsys, "docs", "batery")[2] == "docs: 'batery' is not a topic (did you mean 'battery'?)\n"
    assert json.loads(told(capsys, "docs", "battery", "--format", "json")[1])[0]["title"] == "Battery life"
    assert {page.topic for page in pages()} >= {"battery", "memory", "time", "own_network"}


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (["re"], {"report", "reproduce"}),
        (["report", "--dev"], {"--device"}),
        (["report", "--device", "esp32-s"], {"esp32-s3-wroom-1-n8"}),
        (["report", "resnet2"], {"resnet20"}),
        (["docs", "batt"], {"battery"}),
        (["list", "dev"], {"devices"}),
        (["nothing", ""], set()),
        (["report", "--duration", ""], set()),
    ],
)
def test_words_are_completed(words: list[str], some: set[str]) -> None:
    found = set(completions(words))
    assert some <= found if some else not found


def test_every_command_is_completed() -> None:
    assert completions([""]) == sorted(COMMANDS)
    for command in COMMANDS:
        assert "--help" in completions([command, "--"])


@pytest.mark.parametrize("shell", list(Shell))
def test_scripts_ask_this_program(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "completion", shell.value)[1] == shell_script(shell)
    assert f"costmodel completion {shell.value}" in shell_script(shell)
    assert told(capsys, "completion", "bsh")[2].endswith("(did you mean 'bash'?)\n")
    program = shutil.which(shell.value)
    if program is not None and shell is not Shell.POWERSHELL:
        assert subprocess.run([program, "-n"], input=shell_script(shell), text=True, check=False).returncode == 0


def test_names_that_differ_in_case_only_are_ambiguous() -> None:
    with pytest.raises(SpecError, match="'ABC' may be Abc or abc; say which"):
        matched_name("device", "ABC", ["abc", "Abc"][::-1], "packaged")
