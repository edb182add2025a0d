"""Notebooks of the documentation: small, executed, in the gallery; and what stands in them is what comes of executing them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
PERSONAS = {"engineer", "student", "researcher", "manager"}


def cells_of(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def said(cells: list[dict[str, Any]]) -> list[str]:
    """What each cell prints and shows as text; how long something took is no part of it, nor where an object lies."""
    texts = []
    for cell in cells:
        parts = []
        for output in cell["outputs"]:
            text = output.get("text") or output.get("data", {}).get("text/plain") or ""
            parts.append("".join(text))
        texts.append(re.sub(r"0x[0-9a-f]+", "", "".join(parts)).strip())
    return texts


def test_there_is_one_for_each_kind_of_reader() -> None:
    assert {path.stem for path in NOTEBOOKS} == PERSONAS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_small_executed_and_in_the_gallery(path: Path) -> None:
    assert path.stat().st_size < 200_000
    cells = cells_of(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell["outputs"] for cell in cells[1:])
    kinds = {kind for cell in cells for output in cell["outputs"] for kind in output.get("data", {})}
    assert {"text/html", "image/png"} <= kinds
    assert not [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    assert f"notebooks/{path.stem}.md" in (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_shows_more_than_a_screen(path: Path) -> None:
    for cell in cells_of(path):
        for output in cell["outputs"]:
            page = "".join(output.get("data", {}).get("text/html", ""))
            assert len(re.sub(r"<[^>]*>|data:image[^\"]*", "", page)) < 4_000


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_says_what_comes_of_executing_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = pytest.importorskip("nbclient", reason="needs nbclient and ipykernel (pip install --group docs)")
    pytest.importorskip("ipykernel", reason="needs nbclient and ipykernel (pip install --group docs)")
    if path.stem == "engineer":
        pytest.importorskip("onnx", reason="needs onnx (pip install 'costmodel[onnx]')")
    import nbformat

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]))
    notebook = nbformat.read(path, as_version=4)
    client.NotebookClient(notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
    again = [cell for cell in notebook.cells if cell["cell_type"] == "code"]
    assert said(again) == said(cells_of(path))
