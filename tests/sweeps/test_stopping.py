"""A sweep that is stopped, however it is stopped, leaves no process behind, nothing half-written, and says how to go on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from patience import PATIENT_S

from costmodel.cli.app import main
from costmodel.errors import SpecError
from costmodel.sources.documents.atomic_file import UNFINISHED, sweep_unfinished, whole_file
from costmodel.sources.documents.folder_lock import FolderLock
from costmodel.sweeps.engine.running import sweep

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
# Large enough to be running still when it is stopped, on a fast machine too.
LARGE = {
    "name": "large",
    "base": "esp32-deck",
    "axes": [
        {"path": "layers.conv1.out_channels", "range": {"start": 1, "stop": 200}},
        {"path": "layers.conv2.out_channels", "range": {"start": 1, "stop": 200}},
        {"path": "layers.fc1.out_features", "range": {"start": 1, "stop": 8000}},
    ],
    "set": {"duration_s": 0.1},
    "objectives": [{"minimise": "energy.memory"}, {"maximise": "network.mac_count"}],
    "keep": "all",
    "constraints": ["energy.memory <= 1e6"],
}
SMALL = LARGE | {"axes": [{"path": "layers.conv1.out_channels", "range": {"start": 1, "stop": 50}}], "constraints": []}


def _listen_to_interrupts() -> None:
    """Take Ctrl-C as a command of a terminal does: what a script runs in the background is started with it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _started(tmp_path: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A sweep that runs; killed at the end, so that one that does not end fails its test and nothing else."""
    (tmp_path / "study.json").write_text(json.dumps(LARGE), encoding="utf-8")
    command = [sys.executable, "-m", "costmodel", "sweep", "study.json", "--out", "out", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    # A group of its own, as a terminal gives each command: Ctrl-C reaches every process of it.
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=_listen_to_interrupts,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8")
    return [int(child) for child in found.split()]


def _gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def _wait_for(condition: Callable[[], object]) -> bool:
    end = time.monotonic() + PATIENT_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


@posix
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see child processes")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_its_sweep(number: signal.Signals, tmp_path: Path) -> None:
    with _started(tmp_path, "--workers", "2") as process:
        assert _wait_for(lambda: len(_children(process.pid)) >= 3 and list((tmp_path / "out" / "parts").glob("0*.npz")))
        children = _children(process.pid)
        process.send_signal(number)
        _, told = process.communicate(timeout=PATIENT_S)
    assert _wait_for(lambda: all(_gone(child) for child in children))
    assert "Traceback" not in told
    if number is not signal.SIGKILL:
        assert process.returncode == {signal.SIGTERM: 143, signal.SIGINT: 130}[number]
        assert "jobs are done and kept in out; the same command with --resume goes on" in told
    again = sweep(LARGE, folder=tmp_path / "out", resume=True)
    assert again.jobs_before > 0
    assert not list((tmp_path / "out").rglob(f"*{UNFINISHED}"))


@posix
@pytest.mark.slow
@pytest.mark.parametrize("seen", ["out", "out/parts/0*.npz"])
def test_an_interrupted_cluster_of_this_machine_shows_no_traceback(seen: str, tmp_path: Path) -> None:
    """While the cluster starts, and while it works."""
    with _started(tmp_path, "--local-cluster", "2") as process:
        assert _wait_for(lambda: list(tmp_path.glob(seen)))
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=PATIENT_S)
    assert process.returncode in (0, 130)
    assert "Traceback" not in told


@posix
@pytest.mark.parametrize("place", ["write_answer_files", "summary_of"])
def test_who_ends_a_sweep_while_its_answer_is_written_is_told_how_to_go_on(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    (tmp_path / "study.json").write_text(json.dumps(SMALL), encoding="utf-8")
    command = ["sweep", str(tmp_path / "study.json"), "--out", str(tmp_path / "out"), "--workers", "1"]
    with monkeypatch.context() as patched:
        patched.setattr(f"costmodel.sweeps.front.summary.{place}", interrupted)
        assert main(command) == 143
    assert capsys.readouterr().err.endswith(
        f"stopped: what is done is kept in {tmp_path / 'out'}; the same command with --resume goes on\n"
    )
    assert main([*command, "--resume"]) == 0


def test_a_second_sweep_in_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    lock = FolderLock(tmp_path / "parts")
    with pytest.raises(SpecError, match="another sweep is writing to"):
        sweep(SMALL, folder=tmp_path)
    with pytest.raises(SpecError, match="another sweep is writing to"):
        sweep(SMALL, folder=tmp_path, replace=True)
    lock.release()
    assert len(sweep(SMALL, folder=tmp_path))
    assert len(sweep(SMALL, folder=tmp_path, resume=True))


@posix
def test_a_lock_ends_with_whoever_held_it(tmp_path: Path) -> None:
    module = "costmodel.sources.documents.folder_lock"
    # A line once it is locked: the file is there a moment before.
    held = f"held = FolderLock(Path({str(tmp_path)!r})); print(flush=True); input()"
    script = f"from pathlib import Path; from {module} import FolderLock; {held}"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT)}, **pipes) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b""
        with pytest.raises(BlockingIOError):
            FolderLock(tmp_path)
        holder.kill()
        holder.wait(PATIENT_S)
    FolderLock(tmp_path).release()


def test_what_a_killed_run_left_unfinished_is_swept_up_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    left = tmp_path / f".front.csv.abc{UNFINISHED}"
    left.touch()
    mine = tmp_path / ".notes"
    mine.touch()
    with whole_file(tmp_path / "table.csv") as stream:
        stream.write(b"x")
        held = next(path for path in tmp_path.iterdir() if path.name.startswith(".table.csv"))
        sweep_unfinished(tmp_path)
        assert held.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".notes", "table.csv"]


@pytest.mark.parametrize("damage", ["cut", "emptied", "changed", "appended", "replaced"])
def test_a_damaged_result_is_named_and_computed_anew(damage: str, tmp_path: Path) -> None:
    whole = sweep(SMALL, folder=tmp_path)
    part = tmp_path / "parts" / "000000.npz"
    content = part.read_bytes()
    damaged = {
        "cut": content[: len(content) // 2],
        "emptied": b"",
        "changed": content[:100] + bytes([content[100] ^ 1]) + content[101:],
        "appended": content + b"x",
        "replaced": b"PK\x03\x04 something else",
    }
    part.write_bytes(damaged[damage])
    again = sweep(SMALL, folder=tmp_path, resume=True)
    assert again.damaged == (part,)
    assert again.jobs_before == whole.jobs - 1
    assert part.read_bytes()[:-32] == content[:-32]
    assert again.columns().keys() == whole.columns().keys()
    assert all((again.columns()[name] == column).all() for name, column in whole.columns().items())
