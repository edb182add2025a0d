"""`list` shows everything that is packaged, with the figures one chooses by."""

import json

import pytest

from costmodel.cli.app import main
from costmodel.sources.catalogue import KINDS, names


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["terminal", "json", "csv", "markdown"])
def test_each_kind_lists_all_its_names_in_each_format(kind: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind, "--format", form]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in names(kind))
    if form == "json":
        assert [row["name"] for row in json.loads(shown)] == list(names(kind))


def test_without_a_kind_everything_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {kind: list(names(kind)) for kind in KINDS}


def test_networks_show_parameters_and_multiply_accumulates(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "networks", "--format", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["resnet18"]["parameters"] == 11_689_512
    assert rows["resnet18"]["valid_macs"] == 1_680_390_912
    assert rows["resnet18"]["nominal_macs"] == 1_814_073_344
