"""The last line of defence: whatever happens, one line says whose fault it is, and the exit status means it."""

import os
import re
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from patience import PATIENT_S

from costmodel.cli import app as app_module
from costmodel.cli.app import main
from costmodel.cli.fault_record import _KEPT, fault_text

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")
UNREADABLE = Path("/proc/self/mem")


def _run(*arguments: str, **streams: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "costmodel", *arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, encoding="utf-8", env=environment, timeout=PATIENT_S, check=False, **streams)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    """Make the next command raise an exception."""
    monkeypatch.setenv("COSTMODEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("A_SECRET", "hunter2")

    def fail_with(error: BaseException) -> None:
        def raised(name: str) -> None:
            raise error

        monkeypatch.setattr(app_module, "_loaded", raised)

    return fail_with


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("float division by zero"), StopIteration(), RecursionError("deep"), KeyError("x\ny\x1b[2J")]
)
def test_a_fault_of_the_program_is_one_line_with_its_record_and_status_70(
    error: Exception, failing: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(error)
    assert main(["report", "--network", "secret-project.yaml"]) == 70
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "fault of the program" in told
    assert "\x1b" not in told
    (record,) = (tmp_path / "cache" / "faults").iterdir()
    assert str(record) in told
    text = record.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert type(error).__name__ in text
    assert "report --network" in text
    assert "secret-project" not in text
    assert "hunter2" not in text


def test_records_of_faults_do_not_pile_up(tmp_path: Path) -> None:
    folder = tmp_path / "faults"
    folder.mkdir()
    for number in range(_KEPT + 5):
        (folder / f"20200101T0000{number:02}Z-1.txt").touch()
    fault_text(ValueError("x"), {"COSTMODEL_CACHE": str(tmp_path)}, ["list"])
    assert len(list(folder.iterdir())) == _KEPT


def test_a_fault_is_told_even_where_its_record_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "file"))
    told = fault_text(ValueError("x"), {"COSTMODEL_CACHE": str(tmp_path / "file")}, ["list"])
    assert "fault of the program" in told
    assert "no folder could be written" in told


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(5, "Input/output error", "capture.csv"), "capture.csv could not be read or written: Input/output error"),
        (MemoryError(), "more memory than the machine gives"),
    ],
)
def test_what_the_machine_refuses_is_told_in_a_line(
    error: Exception, words: str, failing: object, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(error)
    assert main(["list"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert words in told


def test_a_request_to_end_is_no_fault(failing: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(name: str) -> None:
        # To this thread: another one of the process would take it while this one waits for good.
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(app_module, "_loaded", ended)
    before = signal.getsignal(signal.SIGTERM)
    assert main(["list"]) == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_librarys_warning_is_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def warned(name: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("odd\nthing", RuntimeWarning, stacklevel=1)
        raise KeyboardInterrupt

    monkeypatch.setattr(app_module, "_loaded", warned)
    assert main(["list"]) == 130
    assert capsys.readouterr().err == "costmodel: RuntimeWarning: odd thing\n"


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")
@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["count", "--network", "resnet8", "--format", "json"], ["report"]])
def test_an_answer_that_cannot_be_written_is_told(arguments: list[str]) -> None:
    with FULL.open("w") as full:
        ran = _run(*arguments, stdout=full)
    assert ran.returncode == 2
    assert re.fullmatch(r"the answer could not be written to standard output: .+\n", ran.stderr)


def test_a_reader_that_goes_away_is_told_in_a_line() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "costmodel", "count", "--network", "resnet18", "--format", "json"]
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, env=environment, encoding="utf-8") as process:
        os.close(write)
        assert process.stderr is not None
        assert process.stderr.read() == "the answer could not be written to standard output: its reader has gone\n"
        assert process.wait(timeout=PATIENT_S) == 2


@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs a file whose reading fails: /proc/self/mem, which Linux has")
@pytest.mark.parametrize("command", [["report"], ["trace"], ["sweep"], ["compare"]])
def test_a_file_that_cannot_be_read_to_its_end_is_told(command: list[str]) -> None:
    ran = _run(*command, str(UNREADABLE), stdout=subprocess.PIPE)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
