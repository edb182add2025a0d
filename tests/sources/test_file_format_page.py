"""The page on the file format says what the reader does."""

import re
from pathlib import Path

import pytest

from costmodel.sources.catalogue import load_network, load_scenario
from costmodel.sources.documents.yaml_document import MAX_DEPTH, MAX_FILE_BYTES, MAX_VALUES
from costmodel.specs.base import MAX_EXTENT, MAX_KERNEL
from costmodel.specs.counting import CountingConvention
from costmodel.specs.layers import LAYERS
from costmodel.specs.network import DataTypes, Network
from costmodel.specs.scenario import Scenario

PAGE = (Path(__file__).parents[2] / "docs" / "file_format.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "load"), [("network", load_network), ("scenario", load_scenario)])
def test_examples_load(kind: str, load: object, tmp_path: Path) -> None:
    examples = re.findall(rf"```yaml\n(# {kind}\n.*?)```", PAGE, re.DOTALL)
    assert examples
    for example in examples:
        path = tmp_path / "example.yaml"
        path.write_text(example, encoding="utf-8")
        assert load(path).name  # type: ignore[operator]


@pytest.mark.parametrize("model", [Network, Scenario, CountingConvention, DataTypes, *LAYERS.values()])
def test_every_field_is_on_the_page(model: type[Network]) -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert set(model.model_fields) <= words


def test_every_kind_of_layer_is_on_the_page() -> None:
    assert set(LAYERS) <= set(re.findall(r"`(\w+)`", PAGE))


def test_limits_are_those_of_the_code() -> None:
    for limit in (f"{MAX_EXTENT:,}", f"{MAX_KERNEL:,}", f"{MAX_VALUES:,} values", f"{MAX_DEPTH} levels", f"{MAX_FILE_BYTES // 2**20} MiB"):
        assert limit in PAGE
