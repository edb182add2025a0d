"""Reports of networks with many layers: what is computed for each layer grows with the layers, not with their square."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.results.evaluation import LayerEvaluation


@pytest.mark.parametrize("options", [("--full",), ("--format", "json")], ids=["terminal", "json"])
def test_twice_the_layers_are_asked_about_twice_as_often(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = 0
    works = LayerEvaluation.works.fget
    assert works is not None

    def counted(self: LayerEvaluation) -> bool:
        nonlocal asked
        asked += 1
        return bool(works(self))

    monkeypatch.setattr(LayerEvaluation, "works", property(counted))
    found = []
    for count in (80, 160):
        asked = 0
        layers = "".join(f"  - {{name: c{at}, kind: conv2d, out_channels: 2, kernel: [1, 1]}}\n" for at in range(count))
        (tmp_path / "deep.yaml").write_text(f"name: deep\ninput: [2, 4, 4]\nlayers:\n{layers}", encoding="utf-8")
        assert main(["report", str(tmp_path / "deep.yaml"), *options]) == 0
        assert f"c{count - 1}" in capsys.readouterr().out
        found.append(asked)
    assert 0 < found[1] <= 2.4 * found[0]
