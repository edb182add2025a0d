"""Sources of formulas and packaged constants name a publication or a page, or say that they define, assume or were measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from recorded_formulas import every_formula

from costmodel.provenance import Constant
from costmodel.sources.catalogue import KINDS as CATALOGUE
from costmodel.sources.catalogue import load_named, names
from costmodel.sources.shipped.bibliography import KINDS, bibliography, cited
from costmodel.sources.shipped.packaged_data import bibliography_file, packaged_folder
from costmodel.specs.base import GIVEN

ROOT = Path(__file__).parents[2]
BEGINNING = re.compile(r"([A-Za-z][A-Za-z0-9_]*|docs/[a-z_]+\.md)(: |$)")


def begins_well(source: str) -> bool:
    found = BEGINNING.match(source)
    if found is None:
        return False
    if found[1].startswith("docs/"):
        return (ROOT / found[1]).is_file()
    return found[1] in bibliography() or (found[1] in KINDS and found[2] == ": ")


def stated(value: Any) -> Iterator[str]:
    """Every source a spec states, its own, its parts' and its constants'."""
    if isinstance(value, Constant):
        if value.source != GIVEN:
            yield value.source
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            found = getattr(value, field)
            if field == "source" and isinstance(found, str):
                yield found
            yield from stated(found)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from stated(part)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_sources_of_packaged_constants_begin_with_what_they_rest_on(kind: str) -> None:
    for name in names(kind):
        for source in stated(load_named(kind, name)):
            assert begins_well(source), f"{kind}/{name}: {source!r}"


@pytest.mark.parametrize("name", sorted(every_formula()))
def test_sources_of_formulas_begin_with_what_they_rest_on(name: str) -> None:
    source = every_formula()[name].source
    assert begins_well(source), source


def test_every_publication_is_cited() -> None:
    places = [*(ROOT / "costmodel").rglob("*.py"), *(ROOT / "costmodel").rglob("*.yaml"), *(ROOT / "docs").glob("*.md")]
    words = {word for path in places if path.name != "bibliography.md" for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    assert not [key for key in bibliography() if key not in words]


def test_every_entry_of_the_file_is_read_whole() -> None:
    entries = re.findall(r"^@\w+\{(\S+),", bibliography_file().read_text(encoding="utf-8"), re.MULTILINE)
    assert list(bibliography()) == entries
    for publication in bibliography().values():
        assert len(publication.citation) > 10
        assert not set(publication.citation) & set("{}\\")


def test_a_source_names_its_publications() -> None:
    found = cited(["chen2016eyeriss: table IV; horowitz2014, figure 1.1.9", "assumption: nothing was read"])
    assert [publication.key for publication in found] == ["horowitz2014", "chen2016eyeriss"]
    assert found[0].citation.startswith("Horowitz, Mark, Computing's Energy Problem")


def test_bibliography_and_pages_travel_in_the_wheel() -> None:
    included = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("references.bib", "docs"):
        assert f'"{name}" = "costmodel/packaged/{name}"' in included
    assert bibliography_file().is_file()
    assert (packaged_folder("docs") / "equations.md").is_file()
