"""What TensorFlow Lite Micro itself says of model files: run in a process of its own, since some files end it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

_PROGRAM: Final = """
import sys
from tflite_micro import runtime
for path in sys.argv[1:]:
    print(f"@file {path}", flush=True)
    sys.stderr.write(f"@file {path}\\n")
    sys.stderr.flush()
    try:
        found = runtime.Interpreter.from_file(path, arena_size=1 << 24)
    except Exception as error:
        sys.stderr.write(f"@refused {error}\\n")
    else:
        found.print_allocations()
    sys.stderr.flush()
"""
_FIGURE: Final = re.compile(r"Arena allocation (total|head) (\d+) bytes")


class Said(NamedTuple):
    """What the runtime said of one file; no figures where it did not start it."""

    head_bytes: int | None
    total_bytes: int | None
    words: str


def asked_runtime(files: Sequence[bytes]) -> list[Said]:
    """Start each model in the runtime and return what it recorded; a file that ends the process counts as not started."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.tflite" for number in range(len(files))]
        for path, content in zip(paths, files, strict=True):
            path.write_bytes(content)
        said: list[Said] = []
        while len(said) < len(paths):
            run = subprocess.run(
                [sys.executable, "-c", _PROGRAM, *map(str, paths[len(said) :])],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
            parts = run.stderr.split("@file ")[1:]
            if not parts:
                raise RuntimeError(run.stderr)
            said += [_said(part) for part in parts]
        return said


def _said(words: str) -> Said:
    figures = {name: int(size) for name, size in _FIGURE.findall(words)}
    return Said(figures.get("head"), figures.get("total"), words)
