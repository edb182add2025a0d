"""`init` writes files that run at once, that editors can check, and never over a user's own."""

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from costmodel.cli.app import main
from costmodel.evaluation.evaluating import evaluate
from costmodel.results.conclusions.reason import ReasonKind
from costmodel.sources.catalogue import load_network, load_scenario


def _init(tmp_path: Path, name: str = "my-net.yaml") -> Path:
    assert main(["init", str(tmp_path / name), "--format", "json"]) == 0
    return tmp_path / name


def test_what_is_written_runs_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = _init(tmp_path)
    written = json.loads(capsys.readouterr().out)["written"]
    assert [Path(path).name for path in written] == [
        "my-net.yaml",
        "my-net.scenario.yaml",
        "my-net.study.yaml",
        "network.schema.json",
        "scenario.schema.json",
        "battery.schema.json",
        "power_states.schema.json",
        "duty_cycle.schema.json",
        "recipe.schema.json",
        "study.schema.json",
    ]
    assert all(Path(path).is_file() for path in written)
    assert load_network(network).name == "my-net"
    found = evaluate(load_scenario(tmp_path / "my-net.scenario.yaml"))
    assert found.network == "my-net"
    assert (found.duration_s, found.battery) == (None, None)
    assert found.duration_basis[-1].kind is ReasonKind.BEYOND_MEASUREMENTS


def test_the_study_that_is_written_sweeps_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands commented out in it is valid too."""
    _init(tmp_path)
    study, out = tmp_path / "my-net.study.yaml", tmp_path / "results"
    capsys.readouterr()
    assert main(["sweep", str(study), "--out", str(out), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["constraint"] for each in found["constraints"]][-2:] == ["fits device", "memory.ram <= 65536"]
    assert 0 < found["kept"] < found["constraints"][-1]["left"] < found["evaluated"] == 8 * 3 * 3 * 2
    assert evaluate(load_scenario(out / "chosen.scenario.yaml")).network == "my-net"
    text = study.read_text(encoding="utf-8")
    for line in ('conditions: ["kernel <= channels"]', "given: [{figure: accuracy, file: accuracies.csv}]"):
        assert f"# {line}" in text
        text = text.replace(f"# {line}", line)
    study.write_text(text.replace("# - accuracy >= 0.8", "  - accuracy >= 0.8"), encoding="utf-8")
    (tmp_path / "accuracies.csv").write_text("channels,epochs,accuracy\n8,3,0.7\n16,3,0.85\n24,3,\n", encoding="utf-8")
    assert main(["sweep", str(study), "--out", str(out), "--force", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    left = {each["constraint"]: each["left"] for each in found["constraints"]}
    assert left["accuracy is given"] == 2 * 3 * 3 * 2
    assert 0 < left["accuracy >= 0.8"] <= 3 * 3 * 2
    assert found["knee"]["channels"] == 16


def test_the_files_point_at_schemas_they_satisfy(tmp_path: Path) -> None:
    _init(tmp_path)
    for name in ("my-net.yaml", "my-net.scenario.yaml", "my-net.study.yaml"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        first = text.splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        schema = json.loads((tmp_path / first.partition("$schema=")[2]).read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(YAML(typ="safe", pure=True).load(text))
        assert "@" not in text


def test_every_commented_setting_is_one_that_works(tmp_path: Path) -> None:
    _init(tmp_path)
    path = tmp_path / "my-net.scenario.yaml"
    starters = ("# counting:", "#   taps", "#   bias", "#   granularity", "# memory_energy:", "# compute_energy:", "# duration_s:")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(any(line.startswith(start) for line in lines) for start in starters)
    path.write_text("\n".join(line[2:] if line.startswith(starters) else line for line in lines), encoding="utf-8")
    before = load_scenario({"name": "x", "network": "resnet8", "device": "esp32-wroom"})
    scenario = load_scenario(path)
    assert scenario.counting == before.counting
    assert scenario.memory_energy == before.memory_energy
    assert scenario.compute_energy == before.compute_energy
    assert scenario.duration_s is not None


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("my-net.yaml", "my-net.scenario.yaml"):
        for path in tmp_path.glob("*.yaml"):
            path.unlink()
        (tmp_path / name).write_text("mine", encoding="utf-8")
        assert main(["init", str(tmp_path / "my-net.yaml")]) == 2
        assert capsys.readouterr().err == f"{tmp_path / name} is already there; --force replaces it\n"
        assert (tmp_path / name).read_text(encoding="utf-8") == "mine"
        assert [path.name for path in tmp_path.iterdir()] == [name]
        assert main(["init", str(tmp_path / "my-net.yaml"), "--force"]) == 0
        assert (tmp_path / name).read_text(encoding="utf-8") != "mine"
        capsys.readouterr()
        for schema in (tmp_path / ".costmodel").iterdir():
            schema.unlink()
        (tmp_path / ".costmodel").rmdir()


@pytest.mark.parametrize("name", ["mein netz.yaml", "größe.yaml", "-x.yaml", "a@NAME@b.yml", "..yaml"])
def test_any_file_name_gives_a_valid_network(tmp_path: Path, name: str) -> None:
    assert main(["init", str(tmp_path / name), "--format", "json"]) == 0
    scenario = next(path for path in tmp_path.iterdir() if ".scenario." in path.name)
    assert load_scenario(scenario).network == load_network(tmp_path / name)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give the network file to write"),
        (["net.txt"], "net.txt: a network file ends in .yaml, like net.yaml"),
        (["net"], "net: a network file ends in .yaml, like net.yaml"),
        (["net.yaml", "--schemas", "x"], "--schemas: is all that is written; leave the network file out"),
        (["--schemas", "x", "--capture", "x.csv"], "--schemas: is all that is written; leave --capture out"),
        (["--capture", "capture"], "capture: a capture ends in .csv, like capture.csv"),
        (["net.yaml", "--format", "x"], "--format: 'x' is not one of the choices"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", *arguments]) == 2
    assert capsys.readouterr().err.startswith(told)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "my-net.yaml").mkdir()
    assert main(["init", str(tmp_path / "my-net.yaml"), "--force"]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'my-net.yaml'} is already there\n"
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["init", str(tmp_path / "file" / "my-net.yaml")]) == 2
    assert capsys.readouterr().err.startswith("cannot write")


def test_the_example_of_a_trace_is_analysed_and_never_replaced_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = tmp_path / "capture.csv"
    assert main(["init", "--capture", str(capture)]) == 0
    assert "--supply-v 5.03" in capsys.readouterr().out
    assert main(["trace", str(capture), "--supply-v", "5.03", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["windows"]) == 19
    assert not found["warnings"]
    assert main(["init", "--capture", str(capture)]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert main(["init", "--capture", str(capture), "--force"]) == 0
