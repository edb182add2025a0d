"""Write the versions that a fresh environment of this project and its developers' tools gets today, as constraints."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# What `make test` runs on; renewed by `make upgrade`.\n"


def main() -> int:
    """Install everything into an environment of its own, and write what it then holds."""
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        own = Path(folder, "Scripts/python.exe" if os.name == "nt" else "bin/python")
        pip = [str(own), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--upgrade", "pip"], check=True)
        subprocess.run([*pip, "install", "--quiet", "--editable", ".", "--group", "dev", "--group", "oracles"], check=True, cwd=ROOT)
        frozen = subprocess.run([*pip, "freeze", "--exclude-editable"], check=True, capture_output=True, encoding="utf-8").stdout
    written = target.with_suffix(".new")
    written.write_text(HEADER + frozen, encoding="utf-8", newline="\n")
    written.replace(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
