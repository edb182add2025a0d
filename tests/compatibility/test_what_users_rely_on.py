"""What users have written and rely on: files of November 2026 load, and names that answers had then are still there.

`files/` holds every packaged file as it was, and what `init` wrote. `names.json` holds the keys of each command's JSON, the figures that
`explain` knew, the paths a sweep could vary, the columns of frames, the lines of `pack` and each command's options. New names may come.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import costmodel
from costmodel.cli.app import main
from costmodel.results import frames
from costmodel.sources.catalogue import load_duty_cycle, load_power_states

HERE = Path(__file__).parent
FILES = HERE / "files"
NAMES = json.loads((HERE / "names.json").read_text(encoding="utf-8"))
LOADERS = {
    "networks": costmodel.load_network,
    "scenarios": costmodel.load_scenario,
    "batteries": costmodel.load_battery,
    "devices": costmodel.load_device,
    "memories": costmodel.load_memory_energy,
    "power_states": load_power_states,
    "duty_cycles": load_duty_cycle,
}
AXIS_VALUES = {
    "groups|dilation|stride|padding": 1,
    r"kernel|input\.channels": 3,
    r"input\.(rows|columns)": 32,
    "period_s": 60,
    "element_bytes|access_bytes": 4,
    "power.idle_a": 0.01,
    r"^layers\.": 2,
    "": 0.9,
}
"""A value that any path may take, the first pattern that is found deciding."""


def keys_of(found: object, before: str = "") -> Iterator[str]:
    """Every key of a JSON answer, as a dotted path in which `[]` stands for the items of a list."""
    if isinstance(found, dict):
        for key, value in found.items():
            path = f"{before}.{key}" if before else key
            yield path
            yield from keys_of(value, path)
    elif isinstance(found, list):
        for value in found:
            yield from keys_of(value, f"{before}[]")


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in an empty folder, and return what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        assert main(list(arguments)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, path.name) for kind in LOADERS for path in sorted((FILES / kind).glob("*.yaml"))],
)
def test_a_file_loads_and_means_what_the_packaged_one_is_named(kind: str, name: str) -> None:
    loaded = LOADERS[kind](str(FILES / kind / name))
    assert loaded.name == Path(name).stem


def test_a_scenario_names_a_calibration_and_compute_energies_of_its_own(tmp_path: Path, answer: Any) -> None:
    text = (FILES / "scenarios" / "esp32-deck.yaml").read_text(encoding="utf-8")
    for field, kind in (("calibration", "calibrations"), ("compute_energy", "compute")):
        path = next((FILES / kind).glob("*.yaml"))
        text, changed = re.subn(rf"^{field}: .*$", f"{field}: {path.as_posix()}", text, flags=re.MULTILINE)
        text += "" if changed else f"\n{field}: {path.as_posix()}\n"
    (tmp_path / "mine.scenario.yaml").write_text(text, encoding="utf-8")
    assert "cifar-aap-pruned" in answer("report", "mine.scenario.yaml")


def test_what_init_wrote_is_reported_and_swept(tmp_path: Path, answer: Any) -> None:
    for path in (FILES / "started").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert answer("report", "my-net.scenario.yaml")
    assert answer("sweep", "my-net.study.yaml", "--out", "swept")


def test_a_study_of_then_is_swept(answer: Any) -> None:
    assert answer("sweep", str(FILES / "studies" / "study.yaml"), "--out", "swept")


@pytest.mark.parametrize("name", NAMES["answers"])
def test_json_keys_are_still_there(name: str, answer: Any) -> None:
    asked = NAMES["answers"][name]
    if name == "trace":
        answer("init", "--capture", "capture.csv")
    if name == "sweep":
        answer("init", "my-net.yaml")
    missing = set(asked["keys"]) - set(keys_of(json.loads(answer(*asked["arguments"]))))
    assert not missing


@pytest.mark.slow
def test_figures_are_still_explained() -> None:
    scenario = costmodel.load_scenario("esp32-deck")
    for figure in NAMES["figures"]:
        assert costmodel.explain(scenario, figure), figure


@pytest.mark.parametrize("path", NAMES["axis_paths"])
def test_paths_of_axes_are_still_varied(path: str) -> None:
    scenario = costmodel.load_scenario("esp32-deck")
    value = next(value for pattern, value in AXIS_VALUES.items() if re.search(pattern, path))
    study = {
        "name": "then",
        "base": scenario.name,
        "set": {"counting.block_bytes": None} if path == "memory_energy.access_bytes" else {},
        "axes": [{"path": path, "values": [value]}],
        "keep": "all",
        "columns": ["energy.memory", "energy.compute", "energy.leakage", "battery.duty_life", "battery.continuous_life"],
    }
    assert costmodel.sweep(study)


@pytest.mark.parametrize("name", NAMES["frames"])
def test_columns_of_frames_are_still_there(name: str) -> None:
    frame = getattr(frames, name)(costmodel.evaluate(costmodel.load_scenario("esp32-deck")))
    assert set(NAMES["frames"][name]) <= set(frame.columns)


def test_lines_of_pack_are_still_there(answer: Any) -> None:
    shown = answer("pack", "cifar-aap-pruned", "--output", "x.bin")
    assert [line for line in NAMES["pack_lines"] if not re.search(rf"^{re.escape(line)}\b", shown, re.MULTILINE)] == []


@pytest.mark.parametrize("command", NAMES["options"])
def test_options_are_still_there(command: str, answer: Any) -> None:
    assert set(NAMES["options"][command]) <= set(re.findall(r"--[a-z][a-z0-9-]*", answer(command, "--help")))
