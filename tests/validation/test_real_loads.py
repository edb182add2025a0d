"""The timing build's real loads and stores equal the counters: seen by valgrind here, by the emulators elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest

from costmodel.deployment.deployed import Variant
from costmodel.measurement.device_log import read_device_log
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES
from costmodel.specs.counting import Dataflow
from costmodel.specs.network import Network
from costmodel.validation.firmware_plan import predicted_counts
from costmodel.validation.targets.compiling import compiled, exact_flags
from costmodel.validation.targets.host import core_sources
from costmodel.validation.validating import Workbench, expect_network

LAYERS = [
    {"kind": "conv2d", "name": "conv1", "out_channels": 4, "kernel": 3, "padding": 1},
    {"kind": "relu", "name": "relu1"},
    {"kind": "max_pool2d", "name": "pool1", "kernel": 2},
    {"kind": "conv2d", "name": "depthwise", "out_channels": 4, "kernel": (2, 3), "padding": {"left": 2}, "stride": 2, "groups": 4},
    {"kind": "adaptive_avg_pool2d", "name": "aap", "output_size": 2},
    {"kind": "flatten", "name": "flat"},
    {"kind": "linear", "name": "fc", "out_features": 3},
]
SMALL = Network.model_validate({"name": "small", "input": "3x10x9", "layers": LAYERS})


def traced(program: Path, models: Path) -> tuple[bytes, list[tuple[str, int, int]]]:
    """The program's log, and every data access as (load or store, address, bytes)."""
    command = ["valgrind", "--tool=lackey", "--trace-mem=yes", "--basic-counts=no", str(program), str(models), "--addresses"]
    done = subprocess.run(command, capture_output=True, check=True)
    lines = re.findall(rb"^ ([SLM]) ([0-9a-fA-F]+),(\d+)$", done.stderr, re.MULTILINE)
    parts = {b"L": "L", b"S": "S", b"M": "LS"}
    return done.stdout, [(access, int(address, 16), int(size)) for kind, address, size in lines for access in parts[kind]]


@pytest.mark.firmware
@pytest.mark.slow
@pytest.mark.parametrize("variant", list(Variant))
def test_loads_and_stores_of_the_timing_build_equal_the_counters(bench: Workbench, tmp_path: Path, variant: Variant) -> None:
    if shutil.which("valgrind") is None or shutil.which("nm") is None:
        message = "valgrind and nm not found; apt-get install valgrind binutils"
        if "firmware" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail(message)
        pytest.skip(message)
    compiler = str(bench.compiler)
    sources = [*core_sources(bench.firmware), *(bench.firmware / "app").glob("*.c"), bench.firmware / "ports" / "host" / "host.c"]
    program = compiled(compiler, [*exact_flags(compiler), "-no-pie", "-fno-pie"], sources, [], [], bench.cache, "host_fixed")
    symbols = subprocess.run(["nm", str(program)], capture_output=True, text=True, check=True).stdout
    marker = next(int(line.split()[0], 16) for line in symbols.splitlines() if line.endswith(" port_marker"))
    models = tmp_path / "models.bin"
    models.write_bytes(expect_network(SMALL, variant, 5).model)
    log, accesses = traced(program, models)

    segments: list[list[tuple[str, int, int]]] = []
    measuring = False
    for access in accesses:
        if access[:2] == ("S", marker):
            measuring = not measuring
            if measuring:
                segments.append([])
        elif measuring:
            segments[-1].append(access)
    runs = read_device_log(BytesIO(log))
    assert [run.dataflow for run in runs] == [Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY]
    assert len(segments) == 2 * len(LAYERS)
    for run in runs:
        for place, counts in zip(run.ranges, predicted_counts(SMALL, variant, run.dataflow), strict=True):
            segment = segments[place.segment - 1]
            scratch_reads = sum(getattr(counts, field) for field in SCRATCH_READS)
            scratch_writes = sum(getattr(counts, field) for field in SCRATCH_WRITES)
            for tensor, kind, expected in (
                ("input", "L", counts.input_read_count),
                ("weight", "L", counts.weight_read_count),
                ("bias", "L", counts.bias_read_count),
                ("output", "S", counts.output_write_count),
                ("output", "L", 0),
                ("input", "S", 0),
                ("scratch", "L", scratch_reads),
                ("scratch", "S", scratch_writes),
            ):
                begin, size = place.ranges[tensor]
                if place.ranges["input"][0] == place.ranges["output"][0] and (tensor, kind) in (("output", "L"), ("input", "S")):
                    continue  # A pooling in place: its loads are the input's, its stores the output's.
                if LAYERS[place.index]["kind"] in ("relu", "flatten"):
                    expected = 0
                made = sum(1 for access, address, _ in segment if access == kind and begin <= address < begin + size)
                assert made == expected, (run.dataflow, LAYERS[place.index]["name"], tensor, kind)
