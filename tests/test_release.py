"""A release is refused where the places that name a version differ, and what it needs stands where it looks."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, looking at a copy of what it reads."""
    spec = importlib.util.spec_from_file_location("release", ROOT / ".ci" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "costmodel").mkdir()
    for name in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md", "costmodel/__init__.py"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def named(folder: Path, version: str) -> None:
    path = folder / "CHANGELOG.md"
    path.write_text(
        re.sub(r"^## \[[^]]*\]", f"## [{version}]", path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE), encoding="utf-8"
    )


def test_an_unnamed_release_is_refused(release: ModuleType, tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    named(tmp_path, "Unreleased")
    with pytest.raises(SystemExit, match=r"CHANGELOG\.md begins with \[Unreleased\]"):
        release.version_of_project()
    named(tmp_path, version)
    assert release.version_of_project() == version


def test_every_place_names_the_same_version(release: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(re.sub(r"^version: .*$", "version: 9.9.9", path.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"CITATION\.cff says 9\.9\.9"):
        release.version_of_project()


def test_a_report_of_a_fault_is_asked_for_what_doctor_says() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yaml"):
        form = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        assert any("costmodel doctor" in part["attributes"]["label"] and part["validations"]["required"] for part in form["body"]), (
            path.name
        )


def test_the_readme_of_an_index_leads_to_the_documentation() -> None:
    pytest.importorskip("hatchling", reason="needs hatchling, which builds the package (pip install hatchling)")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    address = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Documentation"]
    assert re.fullmatch(r"https://\S+/", address)
    written = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = module.readme_for_an_index(written, address)
    links = re.findall(r"\]\(([^)]*)\)", shown)
    assert links
    assert all(link.startswith(address) for link in links)
    for link in links:
        name = link.removeprefix(address).partition("#")[0]
        assert (ROOT / "docs" / name.replace(".html", ".md")).exists() or (ROOT / "docs" / "images" / name).exists(), link
    assert "[" not in re.sub(r"!?\[[^\]]*\]\([^)]*\)", "", re.sub(r"```.*?```|`[^`]*`", "", shown, flags=re.DOTALL))
