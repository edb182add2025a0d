"""Generated kernels on this machine: the reference's bits, the closed form's counters, and nothing a compiler or sanitizer minds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from blocked_layers import blocked_networks

from costmodel.deployment.kernels.source import kernel_shapes, kernel_source
from costmodel.errors import FormatError
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import CORES
from costmodel.validation.targets.compiling import with_kernels
from costmodel.validation.targets.host import HostLibrary, build_library, core_sources
from costmodel.validation.validating import Target, Workbench, validate

pytestmark = pytest.mark.firmware
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror", "-O2", "-DCM_KERNELS")


@pytest.mark.parametrize("core", [pytest.param(core, marks=() if core == "xtensa" else pytest.mark.slow) for core in CORES])
def test_random_layers_have_the_references_bits_and_the_closed_forms_counters(bench: Workbench, core: str) -> None:
    expectations = list(blocked_networks(8, 11, core))
    compared = validate(expectations, [Target.HOST], bench)
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    assert len(compared.runs) == 8
    assert all(layer.measured.mac_count == layer.predicted.mac_count for run in compared.runs for layer in run.layers)


@pytest.mark.slow
@pytest.mark.parametrize("core", CORES)
def test_many_random_layers_have_them_too(bench: Workbench, core: str) -> None:
    for seed in range(4):
        compared = validate(list(blocked_networks(45, 100 + seed, core)), [Target.HOST], bench)
        assert [str(mismatch) for mismatch in compared.mismatches] == []


@pytest.mark.slow
def test_the_source_has_no_warnings(bench: Workbench, tmp_path: Path) -> None:
    for core in CORES:
        source = kernel_source(kernel_shapes([expected.deployed for expected in blocked_networks(4, 3, core)]))
        flags, (path,) = with_kernels(source, bench.firmware, tmp_path)
        for counting in ([], ["-DCM_COUNTING"]):
            command = [str(bench.compiler), *STRICT, *flags, *counting, "-c", str(path), "-o", str(tmp_path / "kernels.o")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_sanitizers_find_nothing(bench: Workbench, tmp_path: Path) -> None:
    expectations = list(blocked_networks(25, 5, "xtensa"))
    flags, generated = with_kernels(kernel_source(kernel_shapes([each.deployed for each in expectations])), bench.firmware, tmp_path)
    sources = [
        *core_sources(bench.firmware),
        *(bench.firmware / "app").glob("*.c"),
        bench.firmware / "ports" / "host" / "host.c",
        *generated,
    ]
    program = tmp_path / "sanitized"
    checks = ["-std=c99", "-g", "-O1", "-DCM_COUNTING", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    subprocess.run([str(bench.compiler), *checks, *flags, *map(str, sources), "-o", str(program)], check=True)
    models = tmp_path / "models.bin"
    models.write_bytes(b"".join(expected.model for expected in expectations))
    done = subprocess.run([str(program), str(models), "--dataflow", "os"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_model_packed_for_another_mapping_is_refused(bench: Workbench) -> None:
    expected = next(blocked_networks(1, 9, "riscv"))
    plain = HostLibrary(build_library(firmware=bench.firmware, cache=bench.cache, build="counting"))
    with pytest.raises(FormatError, match="refuses the model file: order"):
        plain.run(expected.model, Dataflow.OUTPUT_STATIONARY, expected.image)
    other = [shape._replace(tile=shape.tile._replace(filters=shape.tile.filters + 1)) for shape in kernel_shapes([expected.deployed])]
    path = build_library(firmware=bench.firmware, cache=bench.cache, build="counting", kernels=kernel_source(other))
    with pytest.raises(FormatError, match="packed for kernels that this firmware does not have"):
        HostLibrary(path).run(expected.model, Dataflow.OUTPUT_STATIONARY, expected.image)


def test_a_kernel_serves_no_layer_of_another_geometry(bench: Workbench) -> None:
    """A hostile file cannot have a kernel run beyond its tensors."""
    expected = next(each for each in blocked_networks(9, 21, "riscv") if each.deployed.layers[-1].name == "layer")
    shapes = kernel_shapes([expected.deployed])
    # All in one firmware: were one of them taken, the run would not be refused.
    grown = [shape._replace(**{name: getattr(shape, name) + 1}) for name in ("in_channels", "out_channels", "groups") for shape in shapes]
    path = build_library(firmware=bench.firmware, cache=bench.cache, build="counting", kernels=kernel_source(grown))
    with pytest.raises(FormatError, match="order"):
        HostLibrary(path).run(expected.model, Dataflow.OUTPUT_STATIONARY, expected.image)
