"""Build sdist and wheel, and check what an index would show of them; refuse where CHANGELOG and version differ.

Run: python .ci/release.py dist
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADING = re.compile(r"^## \[([^\]]+)\]", re.MULTILINE)
NEEDED = ("costmodel/packaged/docs/tutorial.md", "costmodel/packaged/references.bib", "costmodel/py.typed")


def refused(why: str) -> SystemExit:
    """Return the end of a release that must not be."""
    return SystemExit(f"no release: {why}")


def version_of_project() -> str:
    """Return the version that pyproject, package, citation and the newest heading of CHANGELOG agree on."""
    version: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    package = re.search(r'^__version__ = "([^"]+)"', (ROOT / "costmodel" / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE)
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    headings = HEADING.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    for name, found in (("costmodel/__init__.py", package and package[1]), ("CITATION.cff", cited and cited[1])):
        if found != version:
            raise refused(f"{name} says {found}, pyproject.toml {version}")
    newest = headings[0] if headings else "nothing"
    if newest != version:
        raise refused(f"CHANGELOG.md begins with [{newest}], pyproject.toml says {version}: name the release there first")
    return version


def check_wheel(wheel: Path, version: str) -> None:
    """Check metadata and contents as an index and a user meet them."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = message_from_string(archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode("utf-8"))
    if metadata["Version"] != version or metadata["Description-Content-Type"] != "text/markdown":
        raise refused(f"{wheel.name}: version {metadata['Version']}, readme {metadata['Description-Content-Type']}")
    address = dict(entry.split(", ", 1) for entry in metadata.get_all("Project-URL", [])).get("Documentation", "")
    readme = metadata.get_payload()
    near = re.findall(r"\]\((?!https://|#)([^)]*)\)", readme if isinstance(readme, str) else "")
    if not address.startswith("https://") or near:
        told = f"documentation at {address or 'no address'}; links that an index does not hold: {', '.join(near) or 'none'}"
        raise refused(f"{wheel.name}: {told}")
    lost = [name for name in NEEDED if name not in names]
    if lost:
        raise refused(f"{wheel.name} lacks {', '.join(lost)}")


def main(folder: Path) -> None:
    """Build and check."""
    version = version_of_project()
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True)
    check_wheel(folder / f"costmodel-{version}-py3-none-any.whl", version)
    with tarfile.open(folder / f"costmodel-{version}.tar.gz") as archive:
        if not any(name.endswith("/CHANGELOG.md") for name in archive.getnames()):
            raise refused("the sdist lacks CHANGELOG.md")
    sys.stdout.write(f"costmodel {version} is ready in {folder}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
