"""The log a device writes: one JSON record a layer, somewhere between boot messages and other tasks' lines.

`docs/device_protocol.md` describes the records. Each carries a checksum of its own text, so a record that a terminal wrapped, or that
another task's message landed in the middle of, is put together again, and one that is damaged is never believed.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterator
from collections.abc import Mapping as Fields
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from costmodel.errors import FormatError, InputError, LimitError, Location, did_you_mean
from costmodel.json_text import parsed_json
from costmodel.results.counts import AccessCounts
from costmodel.specs.running.mapping import Mapping, mapping_of

SCHEMA_VERSION: Final = 1
MAX_LOG_BYTES: Final = 64 * 2**20
_RECORD: Final = re.compile(rb'\{"cm":')
_VERSION: Final = re.compile(rb'\{"cm":(\d{1,9}),')
_CHECK: Final = re.compile(rb',"crc":"([0-9a-f]{8})"\}')
_FOREIGN: Final = re.compile(rb"(?:\x1b\[[0-9;]*m)?[EWIDV] \(\d+\) [^\n]*(?:\n|$)")
"""Another task's message, as ESP-IDF writes them."""
_BREAKS: Final = re.compile(rb"[\r\n]+")
_KNOWN_LAYER_FIELDS: Final = frozenset({"cm", "event", "run", "index", "name", "kind", "tick_count", "output", "crc"})


@dataclass(frozen=True)
class LayerRecord:
    """What a device says of one layer."""

    index: int
    """Place in the model file, from 0."""
    name: str
    kind: str
    """Kernel that ran; `view` where nothing had to."""
    tick_count: int
    output_hash: str
    """CRC-32 of the layer's output, eight hexadecimal digits."""
    counts: AccessCounts | None
    """Counters; None in the timing build."""


@dataclass(frozen=True)
class TensorRanges:
    """Where a layer's tensors lie, as (address, bytes) by role."""

    index: int
    segment: int
    """Number of the measured stretch, from 1 over everything that ran."""
    ranges: Fields[str, tuple[int, int]]


@dataclass(frozen=True)
class DeviceRun:
    """One run of one model with one dataflow."""

    port: str
    build: str
    """`counting` or `timing`."""
    compiler: str
    flags: str
    core_hash: str
    model_hash: str
    network: str
    variant: str
    dataflow: Mapping
    activation_bytes: int
    arena_bytes: int
    ticks_hz: int
    """Ticks a second; 0 where ticks are not a time."""
    layers: tuple[LayerRecord, ...]
    ranges: tuple[TensorRanges, ...]
    class_index: int
    """Index of the largest output."""
    output: bytes
    """First 256 bytes of the network's output."""


def read_device_log(stream: BinaryIO, name: str = "device log") -> tuple[DeviceRun, ...]:
    """Read everything a device ran.

    Parameters
    ----------
    stream : binary stream
        What came out of the serial port, or the host's standard output.
    name : str
        What messages call it.

    Returns
    -------
    tuple of DeviceRun
        In the order they ran.

    Raises
    ------
    FormatError
        If there is no record, a record is cut off or damaged, of another schema version, out of order or there twice, names an unknown
        counter, or the device reports an error.
    LimitError
        If the log is larger than 64 MiB.
    """
    data = stream.read(MAX_LOG_BYTES + 1)
    if len(data) > MAX_LOG_BYTES:
        raise LimitError(f"a device log of more than {MAX_LOG_BYTES} bytes", Location(name))
    reader = _Reader(name)
    for line, record in _records(data, name):
        reader.take(record, Location(name, line))
    return reader.finished()


def _records(data: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every record with the line it begins on."""
    begins = (match.start() for match in _RECORD.finditer(data))
    line, counted = 1, 0
    for begin, end in itertools.pairwise(itertools.chain(begins, [len(data)])):
        line += data.count(b"\n", counted, begin)
        counted = begin
        place = Location(name, line)
        version = _VERSION.match(data, begin)
        if version and int(version[1]) != SCHEMA_VERSION:
            raise FormatError(f"the log has schema version {int(version[1])}, expected {SCHEMA_VERSION}", place)
        text = _whole(data[begin:end])
        if text is None:
            raise FormatError("a record of the log is cut off or damaged", place)
        try:
            record = parsed_json(text, place)
        except ValueError:
            raise FormatError("a record of the log is not JSON", place) from None
        yield line, record


def _whole(part: bytes) -> bytes | None:
    """The record at the beginning of `part`, wrapped lines joined and foreign lines taken out; None where it is damaged."""
    for text in (_BREAKS.sub(b"", part), _BREAKS.sub(b"", _FOREIGN.sub(b"", part))):
        check = _CHECK.search(text)
        if check and zlib.crc32(text[: check.start()]) == int(check[1], 16):
            return text[: check.end()]
    return None


class _Reader:
    """Puts records together to runs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.runs: list[DeviceRun] = []
        self.start: dict[str, Any] | None = None
        self.layers: list[LayerRecord] = []
        self.ranges: list[TensorRanges] = []

    def take(self, record: dict[str, Any], place: Location) -> None:
        """Take the next record."""
        event = record.get("event")
        if event == "start":
            self._no_open_run(place)
            self.start, self.layers, self.ranges = record, [], []
        elif event == "end" and self.start is None and record.get("code") != 0:
            raise FormatError(f"the device could not open the model file: {_status(record)}", place)
        elif self.start is None:
            raise FormatError(f"{event!r} before the start of a run", place)
        elif event == "layer":
            self._layer(record, place)
        elif event == "ranges":
            self.ranges.append(_ranges(record, place))
        elif event == "end":
            self._end(record, place)
        else:
            raise FormatError(f"unknown event {event!r}", place)

    def finished(self) -> tuple[DeviceRun, ...]:
        """Return all runs, once the log is over."""
        self._no_open_run(Location(self.name))
        if not self.runs:
            raise FormatError('no record of a device log found; records begin with {"cm":', Location(self.name))
        return tuple(self.runs)

    def _no_open_run(self, place: Location) -> None:
        if self.start is not None:
            total = self.start.get("layer_count")
            raise FormatError(f"a run ends after {len(self.layers)} of {total} layers, without its end record", place)

    def _layer(self, record: dict[str, Any], place: Location) -> None:
        name, index = _text(record, "name", place), _number(record, "index", place)
        if index < len(self.layers):
            raise FormatError(f"layer {name!r} (index {index}) is there twice", place)
        if index > len(self.layers):
            raise FormatError(f"layer {len(self.layers)} is missing before {name!r} (index {index})", place)
        self.layers.append(
            LayerRecord(
                index,
                name,
                _text(record, "kind", place),
                _number(record, "tick_count", place),
                _text(record, "output", place),
                _counts(record, name, place) if self.start and self.start.get("build") == "counting" else None,
            )
        )

    def _end(self, record: dict[str, Any], place: Location) -> None:
        start, self.start = self.start or {}, None
        if record.get("code") != 0:
            raise FormatError(f"the device stopped after {len(self.layers)} layers: {_status(record)}", place)
        if len(self.layers) != _number(start, "layer_count", place):
            raise FormatError(f"{len(self.layers)} layers, the run's start announces {start['layer_count']}", place)
        try:
            output = bytes.fromhex(_text(record, "output", place))
        except ValueError:
            raise FormatError("the output is not hexadecimal", place) from None
        self.runs.append(
            DeviceRun(
                _text(start, "port", place),
                _text(start, "build", place),
                _text(start, "compiler", place),
                _text(start, "flags", place),
                _text(start, "core", place),
                _text(start, "model", place),
                _text(start, "network", place),
                _text(start, "variant", place),
                _mapping(start, place),
                _number(start, "activation_bytes", place),
                _number(start, "arena_bytes", place),
                _number(start, "ticks_hz", place),
                tuple(self.layers),
                tuple(self.ranges),
                _number(record, "class", place),
                output,
            )
        )


def _status(record: dict[str, Any]) -> str:
    """What ended a run, and what to do about it."""
    status = str(record.get("status"))
    return f"{status}; pack the network again" if status == "version" else status


def _counts(record: dict[str, Any], name: str, place: Location) -> AccessCounts:
    found = set(record) - _KNOWN_LAYER_FIELDS
    unknown = sorted(found - set(AccessCounts._fields))
    if unknown:
        raise FormatError(f"layer {name!r}: unknown counter {unknown[0]!r}{did_you_mean(unknown[0], AccessCounts._fields)}", place)
    missing = [field for field in AccessCounts._fields if field not in found]
    if missing:
        raise FormatError(f"layer {name!r}: counter {missing[0]!r} is missing", place)
    return AccessCounts(**{field: _number(record, field, place) for field in AccessCounts._fields})


def _ranges(record: dict[str, Any], place: Location) -> TensorRanges:
    ranges = {
        role: (pair[0], pair[1])
        for role, pair in record.items()
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(number, int) for number in pair)
    }
    return TensorRanges(_number(record, "index", place), _number(record, "segment", place), ranges)


def _mapping(start: dict[str, Any], place: Location) -> Mapping:
    try:
        return mapping_of(_text(start, "dataflow", place))
    except InputError as error:
        error.location = place
        raise


def _number(record: dict[str, Any], key: str, place: Location) -> int:
    found = record.get(key)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise FormatError(f"{key} should be a whole number, found {found!r}", place)
    return found


def _text(record: dict[str, Any], key: str, place: Location) -> str:
    found = record.get(key)
    if not isinstance(found, str):
        raise FormatError(f"{key} should be text, found {found!r}", place)
    return found
