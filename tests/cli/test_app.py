"""The frame of the command line: fast to start, one line for every mistake, and the exit code that goes with it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENT_S

from costmodel import __version__
from costmodel.cli import app as app_module
from costmodel.cli.app import main
from costmodel.cli.command_table import COMMANDS

ROOT = Path(__file__).parents[2]


def _run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "costmodel", *arguments], capture_output=True, encoding="utf-8", cwd=cwd, env=environment, timeout=PATIENT_S
    )


def test_every_command_module_has_its_line_in_the_table() -> None:
    written = {path.stem.removesuffix("_command") for path in (ROOT / "costmodel" / "cli").rglob("*_command.py")}
    assert written == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"costmodel {command}" in shown
    assert "xample" in shown
    assert "----" not in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_can_answer_a_program(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([command, "--help"])
    shown = capsys.readouterr().out
    assert ("--format" in shown and "json" in shown) or "COMMAND" in shown


@pytest.mark.parametrize("line", COMMANDS.values())
def test_lines_of_help_fit_beside_the_names(line: str) -> None:
    assert 10 < len(line) < 64
    assert not line.endswith(".")


def test_help_lists_the_commands_and_nothing_given_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == bare
    for command in COMMANDS:
        assert re.search(rf"^  {command} +{re.escape(COMMANDS[command])}$", bare, re.MULTILINE)


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cuont"], "costmodel: 'cuont' is not a command (did you mean 'count'?)"),
        (["--hlp"], "costmodel: --hlp is not an option (did you mean '--help'?)"),
        (["count", "--strid", "3"], "costmodel count: --strid is not an option (did you mean '--stride'?)"),
        (["count", "--out-features", "x"], "costmodel count: invalid value for '--out-features': expected a whole number"),
        (["count", "--out-features"], "costmodel: option '--out-features' requires an argument"),
        (["count", "relu", "again"], "costmodel count: got unexpected extra argument(s) (again)"),
        (["list", "networks", "--format", "jsn"], "--format: 'jsn' is not one of the choices (did you mean 'json'?)"),
        (["list", "netwrks"], "kind: 'netwrks' is not packaged (did you mean 'networks'?)"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    # Versions of Typer word some of these differently; what matters is one line that names option and value.
    assert shown.err.count("\n") == 1
    assert shown.err.lower().startswith(told[:40].lower())


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app_module, "_loaded", interrupted)
    assert main(["list"]) == 130


def test_a_console_without_box_characters_still_gets_its_answer() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    run = subprocess.run([sys.executable, "-m", "costmodel", "list", "devices"], capture_output=True, env=environment, timeout=PATIENT_S)
    assert run.returncode == 0
    assert b"esp32-wroom" in run.stdout
    assert b"?" not in run.stdout


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    run = _run("count", "linear", "--input", "3", "--out-features", "2", "--format", "json", cwd=tmp_path)
    assert run.returncode == 0
    assert json.loads(run.stdout)["total"]["output-stationary"]["mac_count"] == 6
    refused = _run("count", "linear", "--input", "3", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "linear needs --out-features\n"


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom costmodel.cli.app import main\nmain(['--help'])\n"
        "heavy = {'numpy', 'ruamel', 'jinja2', 'pydantic', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment, timeout=PATIENT_S)
    assert run.returncode == 0, run.stderr


@pytest.mark.timing
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="CPU time of a child process is read with wait4, which this system lacks")
def test_help_takes_less_than_three_tenths_of_a_second_of_cpu() -> None:
    def seconds() -> float:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([sys.executable, "-m", "costmodel", "--help"], stdout=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_utime + usage.ru_stime

    seconds()
    assert min(seconds() for _ in range(3)) < 0.30
