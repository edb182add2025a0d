"""FlexBuffers: options of operators of their author's own, read by name, and never trusted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tflite_writer import flexbuffer_map

from costmodel.sources.importers.flexbuffer import from_flexbuffer


def test_a_map_is_read_by_its_names() -> None:
    options = {"max_detections": 10, "nms_iou_threshold": 0.5, "y_scale": -3}
    assert from_flexbuffer(flexbuffer_map(options)) == options


@given(
    st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.integers(-(2**31), 2**31 - 1) | st.floats(width=32, allow_nan=False))
)
def test_any_map_of_numbers_is_read(options: dict[str, int | float]) -> None:
    assert from_flexbuffer(flexbuffer_map(options)) == options


def test_known_bytes_of_a_file_are_read() -> None:
    # Of the audio front end of micro_speech: one value of one byte.
    assert from_flexbuffer(b"num_channels\x00\x01\x0e\x01\x01\x01(\x04\x02$\x01") == {"num_channels": 40}


@given(st.binary(max_size=80))
def test_other_bytes_are_left_as_they_are_or_read(content: bytes) -> None:
    from_flexbuffer(content)


@given(st.data())
def test_damaged_options_are_left_as_they_are_or_read(data: st.DataObject) -> None:
    content = bytearray(flexbuffer_map({"fft_length": 512, "gain": 0.25, "bits": 7}))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    from_flexbuffer(bytes(content))
