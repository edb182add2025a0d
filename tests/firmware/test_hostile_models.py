"""Truncated, damaged and hostile model files under sanitizers: a stated code, never a crash."""

from __future__ import annotations

import os
import struct
import subprocess
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from random_graphs import random_graphs

from costmodel.deployment.deployed import Variant
from costmodel.deployment.model_file import HEADER, LAYER, TENSOR, with_checksum
from costmodel.deployment.model_reading import read_model_file
from costmodel.errors import FormatError, ToolError
from costmodel.measurement.device_log import read_device_log
from costmodel.validation.random_layers import random_networks
from costmodel.validation.targets.compiling import compiled
from costmodel.validation.targets.host import core_sources, run_on_host
from costmodel.validation.validating import Workbench, expect_network

pytestmark = [pytest.mark.firmware, pytest.mark.slow]
SANITIZED = ("-std=c99", "-g", "-O1", "-DCM_COUNTING", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="session")
def hostile(bench: Workbench) -> Path:
    sources = [*core_sources(bench.firmware), bench.firmware / "test" / "host" / "hostile.c"]
    try:
        return compiled(str(bench.compiler), SANITIZED, sources, [], [], bench.cache, "hostile")
    except ToolError as error:
        message = f"{error}; the compiler's address and undefined-behaviour sanitizers would run this"
        if "firmware" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="session")
def models() -> list[bytes]:
    networks = [*random_networks(60, 3), *random_graphs(60, 3)]
    return [expect_network(network, variant, 3).model for network in networks for variant in Variant]


def answers(hostile: Path, folder: Path, files: list[bytes]) -> list[str]:
    batch = folder / "batch.bin"
    batch.write_bytes(b"".join(struct.pack("<I", len(file)) + file for file in files))
    done = subprocess.run([hostile, batch], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert len(lines) == len(files)
    return lines


def test_whole_files_open_and_run(hostile: Path, tmp_path: Path, models: list[bytes]) -> None:
    assert set(answers(hostile, tmp_path, models)) == {"ok 0 0"}


def test_every_truncation_is_refused(hostile: Path, tmp_path: Path, models: list[bytes]) -> None:
    file = models[0]
    assert set(answers(hostile, tmp_path, [file[:length] for length in range(len(file))])) == {"truncated 0 0"}


def test_every_flipped_bit_is_noticed(hostile: Path, tmp_path: Path, models: list[bytes]) -> None:
    file = min(models, key=len)
    flipped = []
    for bit in range(8 * len(file)):
        damaged = bytearray(file)
        damaged[bit // 8] ^= 1 << bit % 8
        flipped.append(bytes(damaged))
    found = Counter(line.split()[0] for line in answers(hostile, tmp_path, flipped))
    assert "ok" not in found
    assert set(found) <= {"checksum", "magic", "version", "header", "truncated"}


def test_hostile_fields_with_a_right_checksum_never_crash(hostile: Path, tmp_path: Path, models: list[bytes]) -> None:
    generator = np.random.default_rng(11)
    words = [0, 1, 2, 3, 7, 8, 255, 65535, 65536, 2**24, 2**28, 2**30, 2**31 - 1, 2**31, 2**32 - 8, 2**32 - 1]
    files = []
    for _ in range(6000):
        damaged = bytearray(models[generator.integers(len(models))])
        # The tables, and what follows them: names, weights, scales and rescales.
        tables = HEADER.size + 3 * TENSOR.size + 3 * LAYER.size + 200
        for _ in range(generator.integers(1, 4)):
            place = int(generator.integers(16, min(len(damaged), tables) - 4)) & ~3
            if generator.integers(2):
                struct.pack_into("<I", damaged, place, words[generator.integers(len(words))])
            else:
                damaged[place + generator.integers(4)] = int(generator.integers(256))
        files.append(with_checksum(bytes(damaged)))
    found = Counter(line.split()[0] for line in answers(hostile, tmp_path, files))
    # Each check of the reader is reached, and some changes are harmless (a scale, a multiplier).
    assert {"ok", "header", "bounds", "tensor", "layer", "shape", "overlap", "type", "order"} <= set(found), found


def test_a_file_of_version_1_is_to_be_packed_again(bench: Workbench, models: list[bytes]) -> None:
    older = with_checksum(models[0][:4] + b"\x01\0" + models[0][6:])
    log = run_on_host(older, firmware=bench.firmware, cache=bench.cache)
    with pytest.raises(FormatError, match="could not open the model file: version; pack the network again"):
        read_device_log(BytesIO(log))
    with pytest.raises(FormatError, match="format version 1, expected 2; pack the network again"):
        read_model_file(older)


def test_the_program_reports_a_refused_file_in_its_log(bench: Workbench, models: list[bytes]) -> None:
    damaged = models[0][:-1] + bytes([models[0][-1] ^ 1])
    log = run_on_host(damaged, firmware=bench.firmware, cache=bench.cache)
    with pytest.raises(FormatError, match="checksum"):
        read_device_log(BytesIO(log))
