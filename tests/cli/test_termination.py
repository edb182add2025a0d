"""A request to end is heard wherever it comes: also where Python swallows what is raised."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from patience import PATIENT_S

from costmodel.cli.app import main

SWALLOWED = """
import signal, sys, time, weakref
from costmodel.cli.termination import TerminationAsInterrupt

class Told:
    pass

def clear(_):
    signal.raise_signal({signal})

with TerminationAsInterrupt() as termination:
    try:
        one = Told()
        kept = weakref.ref(one, clear)
        del one
        for _ in range(2_000):
            time.sleep(0.01)
        print("never told")
    except KeyboardInterrupt:
        print("told", termination.asked)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is ended, not asked to end")
@pytest.mark.parametrize(("number", "asked"), [(signal.SIGTERM, True), (signal.SIGINT, False)])
def test_an_interrupt_that_a_weak_references_callback_swallows_is_told_again(number: signal.Signals, asked: bool) -> None:
    code = textwrap.dedent(SWALLOWED).format(signal=f"signal.{number.name}")
    # A shell that runs its children in the background lets them ignore Ctrl-C.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + code
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENT_S)
    assert ran.stdout.split() == ["told", str(asked)], ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is ended, not asked to end")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("place", ["_warnings_in_a_line", "_print_whatever_the_console", "told_output"])
def test_an_interrupt_while_a_command_begins_is_a_status(
    place: str, number: signal.Signals, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        signal.raise_signal(number)

    monkeypatch.setattr(f"costmodel.cli.app.{place}", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main(["list", "networks"]) == status
    finally:
        signal.signal(signal.SIGINT, before)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


FROM_TEXT = """
import signal, sys
from costmodel.cli import app

def interrupted():
    exec("import signal; signal.raise_signal(signal.SIGTERM)")

app._print_whatever_the_console = interrupted
sys.exit(app.main(["list", "networks"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is ended, not asked to end")
def test_an_interrupt_of_code_that_was_made_from_text_ends_in_the_status_too(tmp_path: Path) -> None:
    (tmp_path / "run_it.py").write_text(FROM_TEXT, encoding="utf-8")
    ran = subprocess.run([sys.executable, "-m", "run_it"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENT_S)
    assert (ran.returncode, ran.stderr) == (143, "")


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is ended, not asked to end")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_interrupt_that_a_library_turns_into_an_error_is_an_interrupt(
    number: signal.Signals, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compiled code that builds validators tells what was raised in it as an error of its own."""

    def interrupted(_arguments: list[str]) -> int:
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise RuntimeError("Error building a validator: KeyboardInterrupt") from None
        return 0

    monkeypatch.setattr("costmodel.cli.app.run_command", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main(["list"]) == status
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == ""


def test_a_fault_without_an_interrupt_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def faulty(_arguments: list[str]) -> int:
        raise RuntimeError("something else")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("costmodel.cli.app.run_command", faulty)
    assert main(["list"]) == 70
