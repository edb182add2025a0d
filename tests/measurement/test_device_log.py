"""Device logs: found among boot noise, put together where a terminal tore them, refused where they are damaged."""

from __future__ import annotations

import contextlib
import json
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.errors import FormatError, InputError
from costmodel.measurement.device_log import DeviceRun, read_device_log
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Dataflow

START: dict[str, Any] = {
    "run": 1,
    "port": "esp32",
    "build": "counting",
    "compiler": "12.2.0",
    "flags": "-O2",
    "core": "0123456789abcdef",
    "model": "7c83ec0b",
    "network": "small",
    "variant": "int8",
    "dataflow": "row-stationary",
    "layer_count": 2,
    "model_bytes": 1000,
    "activation_bytes": 64,
    "arena_bytes": 96,
    "ticks_hz": 240_000_000,
}
BOOT = b"ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13\r\n\x1b[0;32mI (29) boot: ESP-IDF v5.1\x1b[0m\r\n"


def record(event: str, fields: dict[str, Any], version: int = 1) -> bytes:
    text = json.dumps({"cm": version, "event": event, **fields}, separators=(",", ":"))[:-1]
    return f'{text},"crc":"{zlib.crc32(text.encode()):08x}"}}'.encode()


def layer(index: int, name: str, changes: dict[str, Any] | None = None) -> bytes:
    counts = {field: 100 * index + place for place, field in enumerate(AccessCounts._fields)}
    fields = {"run": 1, "index": index, "name": name, "kind": "conv2d", "tick_count": 5, "output": "deadbeef", **counts}
    return record("layer", {**fields, **(changes or {})})


END = record("end", {"run": 1, "status": "ok", "code": 0, "class": 3, "output": "00ff7f"})
LINES = [record("start", START), layer(0, "conv1"), layer(1, "conv2"), END]


def read(data: bytes) -> tuple[DeviceRun, ...]:
    return read_device_log(BytesIO(data))


def read_lines(lines: list[bytes]) -> tuple[DeviceRun, ...]:
    return read(b"\n".join(lines) + b"\n")


def test_a_run_is_read_whole() -> None:
    (run,) = read_lines(LINES)
    assert run.dataflow == Dataflow.ROW_STATIONARY
    assert (run.port, run.network, run.model_hash, run.arena_bytes, run.class_index, run.output) == (
        "esp32",
        "small",
        "7c83ec0b",
        96,
        3,
        b"\x00\xff\x7f",
    )
    assert [found.name for found in run.layers] == ["conv1", "conv2"]
    assert run.layers[1].counts == AccessCounts(*range(100, 116))


def test_boot_noise_other_tasks_and_line_breaks_change_nothing() -> None:
    plain = read_lines(LINES)
    noisy = BOOT + b"\r\nW (300) wifi: no AP\r\n".join(b"> " + line for line in LINES) + b"\r\nGuru"
    assert read(noisy) == plain
    for width in (7, 80):
        wrapped = b"\r\n".join(b"\n".join(line[at : at + width] for at in range(0, len(line), width)) for line in LINES)
        assert read(wrapped) == plain


@settings(max_examples=100, deadline=None)
@given(place=st.integers(6, 400), index=st.integers(0, 3))
def test_a_message_in_the_middle_of_a_record_is_taken_out(place: int, index: int) -> None:
    lines = list(LINES)
    at = min(place, len(lines[index]) - 1)
    lines[index] = lines[index][:at] + b"\x1b[0;32mI (4711) wifi: state: run -> init (0)\x1b[0m\r\n" + lines[index][at:]
    assert read_lines(lines) == read_lines(LINES)


@settings(max_examples=100, deadline=None)
@given(cut=st.integers(0, sum(map(len, LINES)) + len(LINES) - 2))
def test_a_log_cut_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(FormatError):
        read(b"\n".join(LINES)[:cut])


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, sum(map(len, LINES)) + len(LINES) - 1), value=st.integers(0, 255))
def test_a_damaged_byte_is_never_believed(place: int, value: int) -> None:
    data = bytearray(b"\n".join(LINES) + b"\n")
    data[place] = value
    with contextlib.suppress(InputError):
        assert read(bytes(data)) == read_lines(LINES)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_anything_else_is_an_input_error(data: bytes) -> None:
    with pytest.raises(InputError):
        read(b'{"cm":1,' + data)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([b"hello"], "no record of a device log found"),
        ([*LINES[:2]], "a run ends after 1 of 2 layers"),
        ([LINES[0], LINES[1][:200]], "2 a record of the log is cut off or damaged"),
        ([LINES[0], LINES[1], LINES[1], *LINES[2:]], r"layer 'conv1' \(index 0\) is there twice"),
        ([LINES[0], LINES[2], LINES[3]], r"layer 0 is missing before 'conv2'"),
        ([LINES[0], LINES[1], LINES[3]], "1 layers, the run's start announces 2"),
        ([LINES[0], *LINES], "a run ends after 0 of 2 layers"),
        ([*LINES[1:]], "'layer' before the start of a run"),
        ([record("start", START, version=2), *LINES[1:]], "schema version 2, expected 1"),
        ([LINES[0], layer(0, "conv1", {"mac_counts": 1}), *LINES[2:]], r"unknown counter 'mac_counts' \(did you mean 'mac_count'\?\)"),
        ([LINES[0], layer(0, "conv1", {"mac_count": -1}), *LINES[2:]], "mac_count should be a whole number, found -1"),
        ([record("start", {**START, "dataflow": "row-stationery"}), *LINES[1:]], "did you mean 'row-stationary'"),
        ([record("pause", {"run": 1})], "'pause' before the start"),
        ([LINES[0], record("pause", {"run": 1})], "unknown event 'pause'"),
        ([record("end", {"run": 1, "status": "checksum", "code": 7})], "could not open the model file: checksum"),
        ([LINES[0], record("end", {"run": 1, "status": "arena", "code": 14})], "stopped after 0 layers: arena"),
    ],
)
def test_what_is_wrong_is_said(lines: list[bytes], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_lines(lines)


def test_a_missing_counter_is_named() -> None:
    fields = json.loads(LINES[1])
    del fields["psum_read_count"], fields["crc"], fields["cm"], fields["event"]
    with pytest.raises(FormatError, match="counter 'psum_read_count' is missing"):
        read_lines([LINES[0], record("layer", fields), *LINES[2:]])


def test_the_timing_build_has_no_counts() -> None:
    fields = {"run": 1, "kind": "conv2d", "tick_count": 9, "output": "00000000"}
    lines = [
        record("start", {**START, "build": "timing"}),
        record("layer", {**fields, "index": 0, "name": "conv1"}),
        record("layer", {**fields, "index": 1, "name": "conv2"}),
        END,
    ]
    (run,) = read_lines(lines)
    assert [found.counts for found in run.layers] == [None, None]


def test_a_device_that_runs_again_and_again_gives_each_run() -> None:
    assert len(read_lines([*LINES, b"reboot", *LINES])) == 2
