"""Every reader streams or refuses with the limit named: no file makes the program large, and no pipe is waited for in silence."""

import io
import json
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from joulescope_files import chunks, with_right_checks, written

from costmodel.errors import FormatError, InputError, LimitError, MissingError
from costmodel.sources.documents.input_file import opened_input, read_input, read_text_input

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
MOST_KIB = 500 * 1000
PIECES = 512
"""So many MiB are more than that."""
CASES = Path(os.environ.get("COSTMODEL_SHARED", ROOT.parent / "shared")) / "cases" / "robust"
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs wait4 and named pipes, which POSIX has")


# A process counts what its parent held when it was started as its own memory, and the tests' process is large: a small one stands between.
MEASURED = """import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
# Commands one after the other in one program: its start is what takes longest, and the limit holds for all of them together.
IN_TURN = """import sys
from costmodel.cli.app import main
for line in sys.stdin.read().splitlines():
    print(main(line.split(chr(9))), file=sys.stderr)
"""


def _run(*commands: Sequence[object]) -> tuple[list[int], list[str], int]:
    """Return the status of each command, its errors, and the most memory the program held [KiB]."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    asked = "\n".join("\t".join(map(str, command)) for command in commands)
    program = [sys.executable, "-c", MEASURED, sys.executable, "-c", IN_TURN]
    ran = subprocess.run(program, input=asked, capture_output=True, env=environment, encoding="utf-8")
    lines = ran.stderr.splitlines()
    ends = [place for place, line in enumerate(lines) if re.fullmatch(r"\d+", line)]
    assert len(ends) == len(commands), ran.stderr
    told = ["\n".join(lines[begin + 1 : end]) for begin, end in zip([-1, *ends], ends, strict=False)]
    return [int(lines[end]) for end in ends], told, int(ran.stdout)


def _refused(words: str, *arguments: object) -> None:
    _refused_each({arguments: words})


def _refused_each(commands: Mapping[tuple[object, ...], str]) -> None:
    """Each command ends in one line, with these words in it, and 2."""
    statuses, told, kib = _run(*commands)
    for command, status, line in zip(commands, statuses, told, strict=True):
        assert (status, line.count("\n")) == (2, 0), f"{command}: {line}"
        assert commands[command] in line, f"{command}: {line}"
    assert kib < MOST_KIB


def _sparse(path: Path, begin: bytes, size: int) -> Path:
    with path.open("wb") as stream:
        stream.write(begin)
        stream.truncate(size)
    return path


def _deflated(begin: bytes, piece: bytes, times: int, bits: int = -15) -> bytes:
    """A deflated stream of one piece many times over, of which one was deflated."""
    packer = zlib.compressobj(1, zlib.DEFLATED, bits)
    first = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + (packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)) * times + packer.flush()


def _bomb(path: Path, begin: bytes, piece: bytes) -> Path:
    checksum = zlib.crc32(begin)
    for _ in range(PIECES):
        checksum = zlib.crc32(piece, checksum)
    header, size = b"\x1f\x8b\x08" + bytes(6) + b"\xff", (len(begin) + PIECES * len(piece)) % (1 << 32)
    path.write_bytes(header + _deflated(begin, piece, PIECES) + struct.pack("<II", checksum, size))
    return path


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packed = _deflated(b"", bytes(1 + width), height, 15)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _long_list(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("session.raw", b"")
        for number in range(10_000):
            archive.writestr(f"{number:0100d}", b"")
    return path


def _large_description(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.raw", bytes(6))
        with archive.open("metadata.json", "w", force_zip64=True) as stream:
            for _ in range(PIECES):
                stream.write(b" " * (1 << 20))
    return path


def _large_chunk(path: Path) -> Path:
    content = written(path, ("current", np.zeros(100, np.float32))).read_bytes()
    at = next(at for at, tag, _ in chunks(content) if tag == 0x02)
    return _sparse(path, with_right_checks(content[: at + 20] + (3 << 30).to_bytes(4, "little") + content[at + 24 :]), 4 << 30)


HEADER = b"Timestamp(ms),Current(uA)\n"


@posix
def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    commands = (
        "report",
        "sweep",
        "trace",
        "compare",
        "count --network",
        "battery --battery",
        "battery --trace",
        "diff resnet8",
    )
    calibrate = ("calibrate", pipe, "--device", "nrf52840", "--runtime", "tflm-cmsis-nn")
    _refused_each(dict.fromkeys([*((*command.split(), pipe) for command in commands), calibrate], "is a pipe"))


@posix
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_device_without_an_end_is_refused() -> None:
    _refused_each({(command, "/dev/zero"): "is a device" for command in ("report", "trace", "sweep")})


@posix
def test_a_json_of_three_gigabytes_is_refused(tmp_path: Path) -> None:
    large = _sparse(tmp_path / "large.json", b'{"a":', 3 << 30)
    commands = ("report", "sweep", "count --network", "trace", "battery --trace", "compare")
    _refused_each({(*command.split(), large): "at most" if command != "compare" else "more than" for command in commands})


@posix
def test_no_capture_takes_more_memory_than_its_limit(tmp_path: Path) -> None:
    """Lines without an end, archives that unpack to more than may be held, lists and chunks that say they are large."""
    large = {
        _sparse(tmp_path / "figures.json", b'{"schema_version": 1, "x": "', 3 << 30): "at most",
        _sparse(tmp_path / "headed.csv", HEADER + b"0,", 2 << 30): "",
        _sparse(tmp_path / "plain.csv", b"0,", 2 << 30): "",
        _bomb(tmp_path / "line.csv.gz", HEADER + b"0,1\n", b"0" * (1 << 20)): "a line of more than",
        _bomb(tmp_path / "large.json.gz", b'{"power": {"samples": [1', b",1" * (1 << 19)): "bytes of JSON; at most",
        _long_list(tmp_path / "list.ppk2"): "list of files has more than 1,048,576 bytes",
        _large_description(tmp_path / "bomb.ppk2"): "metadata.json has more than",
        _large_chunk(tmp_path / "large.jls"): "bytes; at most 16,777,216 are read",
    }
    _refused_each({("trace", path): words for path, words in large.items()})


@posix
def test_json_that_stands_for_many_times_its_size_is_refused(tmp_path: Path) -> None:
    """Two brackets take a hundred bytes: fifteen megabytes of them took eighteen gigabytes."""
    many = b"[" + b"[]," * (1 << 22) + b"0]"
    capture = tmp_path / "capture.csv"
    capture.write_bytes(HEADER + b"0,1\n" * 100)
    (tmp_path / "figures.json").write_bytes(b'{"schema_version": 1, "x": ' + many + b"}")
    (tmp_path / "runner.json").write_bytes(b'{"power": {"samples": ' + many + b"}}")
    (tmp_path / "marks.json").write_bytes(many)
    for name, members in {"m.keras": ("config.json", "model.weights.h5"), "m.pt2": ("m/models/model.json",)}.items():
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for member in members:
                archive.writestr(member, many)
    record = b'{"cm":1,"event":"start","x":' + many + b',"crc":'
    (tmp_path / "log.jsonl").write_bytes(record + b"%d}\n" % zlib.crc32(record[:-7]))
    _refused_each(
        {
            ("trace", tmp_path / "figures.json"): "holds JSON that takes up to",
            ("battery", "--trace", tmp_path / "figures.json"): "holds JSON that takes up to",
            ("trace", tmp_path / "runner.json"): "holds JSON that takes up to",
            ("trace", capture, "--marks", tmp_path / "marks.json"): "holds JSON that takes up to",
            ("count", "--network", tmp_path / "m.keras"): "holds JSON that takes up to",
            ("count", "--network", tmp_path / "m.pt2"): "holds JSON that takes up to",
            ("compare", tmp_path / "log.jsonl"): "log.jsonl:1 ",
        }
    )


@posix
def test_a_log_of_beginnings_and_marks_without_an_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "begins.jsonl").write_bytes(b'{"cm":1}' * (1 << 22))
    (tmp_path / "lines.csv").write_bytes(b"1\n" * (1 << 24))
    (tmp_path / "capture.csv").write_bytes(HEADER + b"0,1\n" * 100)
    _refused_each(
        {
            ("compare", tmp_path / "begins.jsonl"): "is cut off or damaged",
            ("trace", tmp_path / "capture.csv", "--marks", tmp_path / "lines.csv"): "more than 1,000,000 marks",
        }
    )


def _field(number: int, content: bytes) -> bytes:
    """A field of a protobuf message that holds bytes."""
    size, length = len(content), b""
    while size >= 128:
        length, size = length + bytes([size % 128 + 128]), size // 128
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


@posix
def test_no_model_file_takes_more_memory_than_its_limit(tmp_path: Path) -> None:
    """Files without an end, archives that unpack to more than may be held, and objects of two bytes."""
    for ending, begin in ((".tflite", b"\x1c\0\0\0TFL3"), (".onnx", b"\x08\x07"), (".h5", b"\x89HDF\r\n\x1a\n"), (".pt2", b"PK\x03\x04")):
        _sparse(tmp_path / f"large{ending}", begin, 3 << 30)
    for name, member in (("bomb.keras", "config.json"), ("bomb.pt2", "m/models/model.json")):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("model.weights.h5" if name.endswith("keras") else "m/version", b"")
            with archive.open(member, "w", force_zip64=True) as stream:
                for _ in range(PIECES):
                    stream.write(bytes(1 << 20))
    bombs = {
        "nodes": _field(1, b"") * (1 << 20),
        "names": _field(1, _field(1, b"") * (1 << 20)),
        "attributes": _field(1, _field(5, b"") * (1 << 20)),
        "extents": _field(5, _field(1, b"\x01" * (1 << 26))),
    }
    for name, graph in bombs.items():
        (tmp_path / f"{name}.onnx").write_bytes(b"\x08\x07" + _field(7, graph))
    told = {f"large{ending}": "at most 104,857,600 are read" for ending in (".tflite", ".onnx", ".h5", ".pt2")}
    told |= dict.fromkeys(("bomb.keras", "bomb.pt2"), "unpacks to more than 104,857,600 bytes")
    told |= dict.fromkeys((f"{name}.onnx" for name in bombs), "operators and numbers that take more than 300,000,000 bytes of memory")
    _refused_each({("count", "--network", tmp_path / name): words for name, words in told.items()})


@posix
@pytest.mark.slow
def test_a_day_of_a_power_profiler_is_analysed_in_little_memory(tmp_path: Path) -> None:
    frame = struct.pack("<fH", 36_400.0, 0)
    quiet, busy = frame * 9_680, struct.pack("<fH", 43_000.0, 0) * 320
    with zipfile.ZipFile(tmp_path / "day.ppk2", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("metadata.json", json.dumps({"metadata": {"samplesPerSecond": 1000}}))
        with archive.open("session.raw", "w", force_zip64=True) as stream:
            for _ in range(8_640):
                stream.write(quiet + busy)
    (status,), (told,), kib = _run(("trace", tmp_path / "day.ppk2", "--supply-v", "5"))
    assert status == 0, told
    assert kib < MOST_KIB


@posix
@pytest.mark.parametrize("side", [13_000])
def test_an_image_of_many_pixels_is_refused_before_it_is_decoded(side: int, tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(_png(side, side))
    _refused(f"has {side:,} x {side:,} pixels; at most", "validate", "--network", "resnet8", "--image", tmp_path / "bomb.png")


@posix
@pytest.mark.skipif(not CASES.is_dir(), reason="needs the shared cases: COSTMODEL_SHARED names their folder")
def test_the_bombs_that_were_met_are_refused() -> None:
    _refused("pixels; at most", "validate", "--network", "resnet8", "--image", CASES / "bomb13k.png")
    _refused("", "trace", CASES / "bomb-noeol.csv.gz")


def test_a_file_that_cannot_be_read_says_how(tmp_path: Path) -> None:
    (tmp_path / "captures.csv").touch()
    with pytest.raises(MissingError, match=r"capture.csv does not exist .did you mean 'captures.csv'"):
        read_input(tmp_path / "capture.csv", 10, suffixes=(".csv",))
    with pytest.raises(FormatError, match="is a folder, expected a table"):
        read_input(tmp_path, 10, "a table")
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(LimitError, match="has 11 bytes; at most 10 are read"):
        read_input(tmp_path / "large", 10)
    assert read_input(tmp_path / "large", 11) == b"x" * 11
    (tmp_path / "latin").write_bytes(b"one\ntw\xf6\n")
    with pytest.raises(FormatError, match=r"latin:2 is not UTF-8 text"):
        read_text_input(tmp_path / "latin", 100)
    with pytest.raises(InputError, match="is not a file name"):
        read_input(Path("a\0b"), 10)


def test_an_opened_file_is_sought_and_read_as_any(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(100)))
    with opened_input(tmp_path / "file") as stream:
        assert stream.read(3) == b"\0\1\2"
        assert stream.seek(-2, io.SEEK_END) == 98
        assert stream.read() == b"bc"
        assert stream.tell() == 100
        assert stream.fileno() >= 0
