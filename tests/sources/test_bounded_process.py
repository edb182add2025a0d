"""A program's output is read whole or the program is stopped: whatever it prints, memory stays small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENT_S

from costmodel.sources.cacti.bounded_process import run_bounded


def python(code: str, tmp_path: Path, timeout_s: float = PATIENT_S, most_bytes: int = 10_000) -> subprocess.CompletedProcess[bytes]:
    return run_bounded([sys.executable, "-c", code], tmp_path, timeout_s, most_bytes)


def test_both_streams_and_the_status_are_told(tmp_path: Path) -> None:
    done = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (done.returncode, done.stdout.split(), done.stderr.split()) == (3, [b"out"], [b"err"])


def test_exactly_what_fits_is_read(tmp_path: Path) -> None:
    assert len(python("import sys; sys.stdout.write('x' * 10_000)", tmp_path).stdout) == 10_000


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_prints_without_an_end_is_stopped(stream: str, tmp_path: Path) -> None:
    with pytest.raises(OverflowError):
        python(f"import sys\nwhile True: sys.{stream}.write('x' * 1000)", tmp_path)


def test_what_does_not_end_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        python("import time; time.sleep(600)", tmp_path, timeout_s=0.2)


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-program"):
        run_bounded(["./no-such-program"], tmp_path, 1.0, 100)
