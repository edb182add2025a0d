"""YAML becomes plain values that remember their places, and nothing makes the reader fail badly or hang."""

import time

import pytest

from costmodel.errors import CostModelError, FormatError, InputError, LimitError, SpecError
from costmodel.sources.documents.yaml_document import MAX_DEPTH, MAX_FILE_BYTES, MAX_VALUES, parse_document


def test_values_are_those_of_yaml_1_2() -> None:
    text = "a: [1, -2, 0x10, 0o17, 010, 1.5, 1e3, .5, true, False, null, ~, ]\nb: {c: 'true', d: \"1\", e: yes, f: 3x32x32, g: }\n"
    data = parse_document(text, "f.yaml").data
    assert data == {
        "a": [1, -2, 16, 15, 10, 1.5, 1000.0, 0.5, True, False, None, None],
        "b": {"c": "true", "d": "1", "e": "yes", "f": "3x32x32", "g": None},
    }
    assert [type(value) for value in data["a"][:7]] == [int, int, int, int, int, float, float]


def test_json_is_read_as_well() -> None:
    assert parse_document('{"a": [1, {"b": "c"}], "d": 1e-3}', "f.json").data == {"a": [1, {"b": "c"}], "d": 1e-3}


def test_places_count_from_one_and_tell_key_from_value() -> None:
    document = parse_document("# comment\nname: x\nlayers:\n  - {name: a, kernel: 3}\n", "f.yaml")
    assert str(document.location(("layers", 0, "kernel"))) == "f.yaml:4:23"
    assert str(document.location(("layers", 0, "kernel"), key=True)) == "f.yaml:4:15"
    assert str(document.location(("layers", 0))) == "f.yaml:4:5"
    assert str(document.location(("layers", 0, "missing"))) == "f.yaml:4:5"
    assert str(document.part("layers").location((0, "name"))) == "f.yaml:4:12"


def test_a_value_from_python_has_no_place() -> None:
    assert parse_document("a: 1", "").location(("a",)) is None


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", SpecError, "f.yaml:3:1 'a' is given twice"),
        ("a:\n\tb: 1\n", FormatError, "f.yaml:2:1 a tab in the indentation"),
        ("a: b: c\n", FormatError, "f.yaml:1:5 not YAML: a second ':'"),
        ("a: 1\n  b: 2\n", FormatError, "f.yaml:2:4 not YAML: a second ':' here, or the wrong indentation"),
        ("  a: 1\n b: 2\n", FormatError, "f.yaml:2:2 not YAML: the wrong indentation"),
        ("a: [1, 2\n", FormatError, "f.yaml:1:9 not YAML: a list or mapping is not closed"),
        ("a: {b: 1\n", FormatError, "f.yaml:1:9 not YAML: a mapping is not closed"),
        ("a: 'x\n", FormatError, "f.yaml:1:6 not YAML: the quoted text is not closed"),
        ("", FormatError, "f.yaml is empty"),
        (" \n\n", FormatError, "f.yaml is empty"),
        ("# only this\n", FormatError, "f.yaml holds no values"),
        ("a: *b\n", FormatError, "f.yaml:1:4 the alias *b names nothing"),
        ("&a [*a]\n", FormatError, "f.yaml:1:5 the alias *a names nothing"),
        ("a: !!python/object/apply:os.system [x]\n", FormatError, "f.yaml:1:4 tags like"),
        ("? [1]\n: 2\n", FormatError, "f.yaml:1:3 a list or mapping cannot be a key"),
        ("a: 1\n---\nb: 2\n", FormatError, "f.yaml:2:1 a second document starts"),
        ('a: "\\UFFFFFFFF"\n', FormatError, "f.yaml not YAML"),
        (f"a: {'9' * 5000}\n", LimitError, "f.yaml:1:4 a number of 5,000 characters; at most 1,000"),
        ("[" * 100, LimitError, f"f.yaml:1:{MAX_DEPTH + 1} nested more than {MAX_DEPTH} deep"),
        (b"\x00\x01\x02", FormatError, "f.yaml is binary"),
        ("a: 1".encode("utf-16"), FormatError, "f.yaml is UTF-16"),
        (b"a: 1\nb: \xff\xff\n", FormatError, "f.yaml:2 byte 0xff is not UTF-8"),
        (b"a: " + b"x" * MAX_FILE_BYTES, LimitError, f"at most {MAX_FILE_BYTES:,} are read"),
    ],
)
def test_what_is_not_a_plain_document_is_refused_in_one_line_with_its_place(text: str | bytes, kind: type, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_document(text, "f.yaml")
    assert type(caught.value) is kind
    assert str(caught.value).startswith(told) or told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert parse_document(b"\xef\xbb\xbfa: 1", "f.yaml").data == {"a": 1}


def test_aliases_are_written_out_up_to_a_limit() -> None:
    assert parse_document("a: &x [1, 2]\nb: *x\n", "f").data == {"a": [1, 2], "b": [1, 2]}
    levels = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 20)]
    laughs = "a0: &a0 [x]\n" + "\n".join(levels)
    start = time.process_time()
    with pytest.raises(LimitError, match=f"more than {MAX_VALUES:,} values"):
        parse_document(laughs, "f.yaml")
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "text",
    [
        "- " * 30_000,
        "{" * 30_000,
        "? " * 30_000,
        "a: " * 30_000,
        "&a " * 30_000,
        "'" * 30_001,
        '"\\' * 10_000,
        "[a, " * 1000,
        "#" * 900_000,
    ],
)
def test_hostile_texts_end_quickly(text: str) -> None:
    start = time.process_time()
    with pytest.raises(CostModelError):
        parse_document(text, "f.yaml")
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a: |\n    deep\n  shallow\n\nb: 2\n", {"a": "  deep\nshallow\n", "b": 2}),
        ("c: >-\n   x\n  y\n", {"c": " x\ny"}),
        ("- a: |\n      one\n    two\n  b: 1\n", [{"a": "  one\ntwo\n", "b": 1}]),
        ("a: |\n  one\n   two: |\n  three\nb: 2\n", {"a": "one\n two: |\nthree\n", "b": 2}),
        ("a: |\n    one\n  # a remark\nb: 2\n", {"a": "one\n", "b": 2}),
        ("a: |2\n    one\n", {"a": "  one\n"}),
    ],
)
def test_a_block_may_begin_deeper_than_it_goes_on(written, read):
    assert parse_document(written, "x.yaml").data == read


def test_places_are_those_of_the_file_where_a_block_begins_deeper():
    document = parse_document("a: |\n    deep\n  shallow\nb: 2\n", "x.yaml")
    assert str(document.location(("b",))) == "x.yaml:4:4"
