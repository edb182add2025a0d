"""The site: a tutorial of ten commands at most, every page reached from the first, and a build without a warning."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def test_a_newcomer_needs_ten_commands_from_an_onnx_to_battery_days() -> None:
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    asked = re.findall(r"^\$ (costmodel .*)$", text, re.MULTILINE)
    assert asked[0] == "costmodel init --onnx cifar-aap-pruned.onnx"
    assert 5 <= len(asked) <= 10
    # What is read one by one is what a test runs in one go.
    assert asked == [line for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL) for line in block.splitlines()][1:]


def test_every_page_is_reached_from_the_first() -> None:
    linked = set(re.findall(r"\]\(([a-z_]+\.md)\)", (DOCS / "index.md").read_text(encoding="utf-8")))
    written = {path.name for path in DOCS.glob("*.md") if not path.name.startswith("reference_")}
    assert linked == written - {"index.md"}


def test_the_example_is_the_trained_network() -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("onnx", reason="needs onnx (pip install 'costmodel[onnx]')")
    import costmodel

    path = DOCS / "examples" / "cifar-aap-pruned.onnx"
    assert path.stat().st_size < 150_000
    example, trained = costmodel.load_model(path), costmodel.load_model("trained-pruned")
    assert set(example.parameters) == set(trained.parameters)
    for name, parameters in trained.parameters.items():
        assert np.array_equal(example.parameters[name].weight, parameters.weight)


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Offline, with every link inside it leading somewhere."""
    for package in ("sphinx", "furo", "myst_parser"):
        pytest.importorskip(package, reason=f"needs {package} (pip install --group docs)")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(DOCS), str(tmp_path / "site")],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]), "PYTHONUTF8": "1"},
    )
    assert built.returncode == 0, built.stderr
    assert "FITS" in (tmp_path / "site" / "tutorial.html").read_text(encoding="utf-8")
