"""Captures on disk: what a file is follows from its first bytes, packed or widened as loggers leave it."""

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costmodel.errors import FormatError, InputError
from costmodel.sources.measured.trace_files import open_trace

_TEXT = "Time (ms),Current (mA)\r\n" + "".join(f"{place},{place % 7}\r\n" for place in range(3000))


def samples(path, **options):
    with open_trace(path, **options) as trace:
        return [value for chunk in trace.chunks for value in chunk.current_a.tolist()]


@pytest.mark.parametrize(
    "stored",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode("utf-16")),
    ],
    ids=["UTF-8", "UTF-16", "UTF-16, big end first", "gzip", "UTF-16 in gzip"],
)
def test_text_is_read_as_loggers_store_it(tmp_path, stored):
    path = tmp_path / "capture"
    path.write_bytes(stored(_TEXT))
    assert samples(path) == pytest.approx([1e-3 * (place % 7) for place in range(3000)])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(_TEXT.encode())[:-12], "not a whole gzip file"),
        (b"\x1f\x8bjunk", "not a whole gzip file"),
        (_TEXT.encode("utf-16")[:-1], "not whole UTF-16 text"),
        (b"\xd3tagfmt \r\n \n  \x1a\x1c", "JLS file of version 1"),
    ],
)
def test_files_that_are_not_whole_are_refused(tmp_path, content, words):
    path = tmp_path / "capture"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words):
        samples(path)


def test_options_a_format_has_no_use_for_are_refused(tmp_path):
    path = tmp_path / "results.json"
    path.write_text('{"power": {"samples": [1e-5], "voltage": 3}}', encoding="utf-8")
    with pytest.raises(FormatError, match="leave out --sample-rate"):
        samples(path, sample_rate_hz=1000.0)
    with pytest.raises(FormatError, match="leave out --current-column"):
        samples(path, columns={"current": "I:mA"})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_corruption_of_a_packed_capture_escapes_as_anything_but_an_input_error(tmp_path, data):
    content = bytearray(gzip.compress(_TEXT[:3000].encode("utf-16")))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "capture"
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    assert "\n" not in complaint(path)


def complaint(path):
    try:
        samples(path)
    except InputError as error:
        return str(error)
    return ""
