"""docs/model_file.md says what the code does: offsets, kernels and codes."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from costmodel.deployment.model_file import HEADER, LAYER, TENSOR
from costmodel.validation.targets.host import STATUS

PAGE = (Path(__file__).parents[2] / "docs" / "model_file.md").read_text(encoding="utf-8")


def offsets(heading: str) -> list[tuple[int, int]]:
    """(offset, bytes) of each row of a section's first table."""
    section = PAGE.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    return [(int(offset), int(size)) for offset, size in re.findall(r"^\| (\d+) \| (\d+) \|", section, re.MULTILINE)]


def test_rows_follow_each_other_without_a_gap_and_fill_the_records() -> None:
    for heading, record in (("Header", HEADER), ("Tensor", TENSOR), ("Layer", LAYER)):
        end = 0
        for offset, size in offsets(heading):
            assert offset == end, heading
            end += size
        assert end == record.size, heading


def test_every_field_of_the_records_begins_where_the_page_has_a_row() -> None:
    for heading, record in (("Header", HEADER), ("Tensor", TENSOR), ("Layer", LAYER)):
        rows = offsets(heading)
        at = 0
        for count, code in re.findall(r"(\d*)([a-zA-Z])", record.format.removeprefix("<")):
            repeats = 1 if code == "s" else int(count or 1)
            for _ in range(repeats):
                size = struct.calcsize(f"<{count}s") if code == "s" else struct.calcsize(f"<{code}")
                assert any(offset <= at and at + size <= offset + length for offset, length in rows), (heading, at)
                at += size


def test_codes_are_the_cores() -> None:
    section = PAGE.split("## What a reader refuses", 1)[1].split("\n## ", 1)[0]
    listed = {int(code): status for code, status in re.findall(r"^\| (\d+) \| (\w+) \|", section, re.MULTILINE)}
    assert listed == {code: name for code, name in enumerate(STATUS) if name not in ("ok", "argument")}


def test_kernels_are_the_cores() -> None:
    kinds = (Path(__file__).parents[2] / "firmware" / "core" / "kinds.def").read_text(encoding="utf-8")
    listed = re.findall(r'CM_KIND\(\w+, "(\w+)"\)', kinds)
    section = PAGE.split("| kernel | |", 1)[1].split("\n\n", 1)[0]
    assert [name for _, name in re.findall(r"^\| (\d+) \| (\w+) \|", section, re.MULTILINE)] == listed
