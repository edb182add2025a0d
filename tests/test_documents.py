"""README and docs: their code runs, their commands work, their links lead somewhere, and generated pages are fresh."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.cli.command_table import COMMANDS

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)

FILE_NAME = re.compile(r"# (\S+\.yaml)\n")
"""First line of a block that is a whole file, which the document's commands find."""


def blocks(language: str) -> list[tuple[str, str]]:
    return [(path.name, body) for path in DOCUMENTS for kind, body in FENCE.findall(path.read_text(encoding="utf-8")) if kind == language]


@pytest.mark.parametrize(("name", "code"), blocks("python"))
def test_python_blocks_run(name: str, code: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, encoding="utf-8", env=environment()
    )
    assert ran.returncode == 0, f"{name}: {ran.stderr}"


@pytest.mark.parametrize(("name", "block"), blocks("console"))
def test_console_blocks_run(
    name: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for document, text in blocks("yaml"):
        named = FILE_NAME.match(text)
        if document == name and named is not None:
            (tmp_path / named[1]).write_text(text, encoding="utf-8")
    for line in block.splitlines():
        if line.startswith("$ costmodel "):
            status = main(shlex.split(line.removeprefix("$ costmodel "), comments=True))
            assert status == 0, f"{name}: {line}: {capsys.readouterr().err}"


def environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


def test_every_command_the_readme_names_exists() -> None:
    named = set(re.findall(r"`costmodel ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_generated_pages_are_fresh() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for path, text in generate.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run `make docs`"
