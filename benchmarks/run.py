"""Run every benchmark, or those named, and write RESULTS.md from their sections."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = ("numpy", "pydantic", "scipy", "pandas")


def machine() -> str:
    """What the figures were measured on."""
    import os

    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}, {packages}"


def main(names: list[str]) -> None:
    """Run the scripts, then put their sections together."""
    scripts = [HERE / f"{name}.py" for name in names] or sorted(path for path in HERE.glob("*.py") if path.name != Path(__file__).name)
    for script in scripts:
        sys.stdout.write(f"--- {script.stem}\n")
        sys.stdout.flush()
        subprocess.run([sys.executable, str(script)], check=False)
    sections = [path.read_text(encoding="utf-8").strip() for path in sorted((HERE / "results").glob("*.md"))]
    note = "Written by `make benchmarks`. Speeds as ratios in one run; instruction counts are exact."
    head = f"# Benchmarks\n\n{note}\n\nMeasured on {machine()}.\n"
    (HERE / "RESULTS.md").write_text("\n\n".join([head.strip(), *sections]) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
