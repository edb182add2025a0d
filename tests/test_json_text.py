"""JSON of others is parsed where what it becomes stays small."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.errors import LimitError, Location
from costmodel.json_text import MAX_HELD_BYTES, held_bytes, parsed_json

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
)
DOCUMENTS = st.recursive(LEAVES, lambda parts: st.one_of(st.lists(parts), st.dictionaries(st.text(max_size=8), parts)), max_leaves=12)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.integers(1, 300), st.booleans(), st.booleans())
def test_no_document_takes_more_memory_than_is_said(part: object, times: int, ascii_only: bool, as_bytes: bool) -> None:
    document = [part] * times if as_bytes else {f"{place}é": part for place in range(times)}
    text = json.dumps(document, ensure_ascii=ascii_only)
    content = text.encode("utf-8") if as_bytes else text
    json.loads(content)  # What is made once stays out of the measurement.
    tracemalloc.start()
    try:
        kept = json.loads(content)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept == document
    # A parser and its memo of keys are there whatever is parsed.
    assert peak_bytes <= held_bytes(content) + 4_096


@pytest.mark.parametrize("part", ["[],", "{},", '"",', '{"a":{}},'])
def test_a_short_text_that_stands_for_much_memory_is_refused(part: str) -> None:
    text = f"[{part * (MAX_HELD_BYTES // 100)}0]"
    for content in (text, text.encode()):
        with pytest.raises(LimitError, match=r"x\.json holds JSON that takes up to [\d,]+ bytes of memory; at most 300,000,000 are taken"):
            parsed_json(content, Location("x.json"))


def test_what_is_small_is_parsed_and_what_is_no_json_is_told_as_such() -> None:
    assert parsed_json('{"a": [1, 2.5, "x"]}') == parsed_json(b'{"a": [1, 2.5, "x"]}') == {"a": [1, 2.5, "x"]}
    with pytest.raises(json.JSONDecodeError):
        parsed_json("{")
