"""Generated kernels on this machine: the reference's bits, the closed form's counters, and nothing a compiler or sanitizer minds."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blocked_layers import blocked_networks, paired_networks

from costmodel.compression.quantise import Rescale
from costmodel.deployment.deployed import DeployedLayer, DeployedNetwork, Variant
from costmodel.deployment.kernels.mapped import unheld_pairs, with_mapping
from costmodel.deployment.kernels.pairs import held_tiles
from costmodel.deployment.kernels.source import kernel_shapes, kernel_source
from costmodel.deployment.kernels.tiles import Tile
from costmodel.deployment.model_file import write_model_file
from costmodel.deployment.model_reading import read_model_file
from costmodel.deployment.reference import run_reference
from costmodel.errors import FormatError
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import CORES
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import mapping_of
from costmodel.validation.comparing import expect
from costmodel.validation.mapping_choice import mapped_expected
from costmodel.validation.targets.compiling import with_kernels
from costmodel.validation.targets.host import HostLibrary, build_library, core_sources
from costmodel.validation.validating import Target, Workbench, expect_network, validate

pytestmark = [pytest.mark.firmware, pytest.mark.long]
PAIRED_SEED = 25
"""Of layers of whose tiles of pairs some fall back."""
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror", "-O2", "-DCM_KERNELS")


@pytest.mark.parametrize("core", [pytest.param(core, marks=() if core == "xtensa" else pytest.mark.slow) for core in CORES])
def test_random_layers_have_the_references_bits_and_the_closed_forms_counters(bench: Workbench, core: str) -> None:
    expectations = list(blocked_networks(8, 11, core))
    compared = validate(expectations, [Target.HOST], bench)
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    assert len(compared.runs) == 8
    assert all(layer.measured.mac_count == layer.predicted.mac_count for run in compared.runs for layer in run.layers)


@pytest.mark.parametrize("core", ["xtensa", "riscv"])
def test_so_have_layers_whose_filters_go_in_pairs(bench: Workbench, core: str) -> None:
    expectations = list(paired_networks(5, PAIRED_SEED, core))
    unheld = [count for expected in expectations for count in unheld_pairs(expected.deployed).values()]
    assert 0 < sum(apart for apart, _ in unheld) < sum(tiles for _, tiles in unheld)
    compared = validate(expectations, [Target.HOST], bench)
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    assert len(compared.runs) == len(unheld) == 5


def test_sums_at_the_ends_of_their_halves_are_held(bench: Workbench) -> None:
    """Weights and inputs as large as the check lets pass, of both signs: any wider, and a half would overflow."""
    layers: list[dict[str, Any]] = [
        {"kind": "conv2d", "name": "before", "out_channels": 5, "kernel": 1},
        {"kind": "relu", "name": "rectified"},
        {"kind": "conv2d", "name": "layer", "out_channels": 4, "kernel": 1, "bias": False},
    ]
    network = Network.model_validate({"name": "ends", "input": (1, 3, 5), "types": {"input": "int8"}, "layers": layers})
    plain = expect_network(network, Variant.INT8, 1)
    # 127 * 258 = 32,766 and 127 * -258 = -32,766: one step of a weight more does not fit.
    weights = np.array([[127, 127, 4, 0, 0], [-128, -128, -2, 0, 0], [0, 127, 127, 4, 0], [-2, 0, -128, -128, 0]], np.int8)
    before = np.full((5, 1, 1, 1), 127, np.int8)

    def with_weights(own: np.ndarray) -> DeployedNetwork:
        changed = {"layer": own.reshape(4, 5, 1, 1), "before": before}
        made = tuple(replace(one, weights=changed[one.name]) if one.name in changed else one for one in plain.deployed.layers)
        # The first layer's sums, halved, are far beyond the largest step.
        made = (replace(made[0], rescales=(Rescale(2**30, 0),) * len(made[0].rescales)), *made[1:])
        return replace(plain.deployed, layers=made, example_input=np.full((1, 3, 5), 127, np.int8))

    text = "output-stationary[layer=blocked-output-stationary(pixels=2, filters=2, swar=5)]"
    expected = mapped_expected(expect(network, with_weights(weights)), text, CORES["arm"])
    assert unheld_pairs(expected.deployed) == {"layer": (0, 2)}
    assert [str(mismatch) for mismatch in validate([expected], [Target.HOST], bench).mismatches] == []
    rectified = run_reference(expected.deployed, np.full((1, 3, 5), 127, np.int8))[0]
    assert rectified.min() == 127
    for place in ((0, 2), (3, 0)):
        wider = weights.copy()
        wider[place] += 1 if wider[place] > 0 else -1
        unheld = unheld_pairs(with_mapping(with_weights(wider), mapping_of(text), CORES["arm"]))
        assert unheld == {"layer": (1, 2)}


def test_a_file_that_says_too_much_of_its_pairs_is_refused() -> None:
    expected = next(
        one for one in paired_networks(5, PAIRED_SEED, "riscv") if any(apart for apart, _ in unheld_pairs(one.deployed).values())
    )

    def all_held(network: DeployedNetwork, layer: DeployedLayer, tile: Tile) -> tuple[bool, ...]:
        return (True,) * len(held_tiles(network, layer, tile))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("costmodel.deployment.model_file.held_tiles", all_held)
        data = write_model_file(expected.deployed)
    with pytest.raises(FormatError, match="'layer' says of its pairs what its weights and inputs do not"):
        read_model_file(data)


@pytest.mark.slow
@pytest.mark.parametrize("core", CORES)
def test_many_random_layers_have_them_too(bench: Workbench, core: str) -> None:
    for seed in range(4):
        for drawn in (blocked_networks(45, 100 + seed, core), paired_networks(40, 200 + seed, core)):
            compared = validate(list(drawn), [Target.HOST], bench)
            assert [str(mismatch) for mismatch in compared.mismatches] == []


@pytest.mark.slow
def test_the_source_has_no_warnings(bench: Workbench, tmp_path: Path) -> None:
    for core in CORES:
        drawn = [*blocked_networks(4, 3, core), *paired_networks(2, 3, core)]
        source = kernel_source(kernel_shapes([expected.deployed for expected in drawn]))
        flags, (path,) = with_kernels(source, bench.firmware, tmp_path)
        for counting in ([], ["-DCM_COUNTING"]):
            command = [str(bench.compiler), *STRICT, *flags, *counting, "-c", str(path), "-o", str(tmp_path / "kernels.o")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_sanitizers_find_nothing(bench: Workbench, tmp_path: Path) -> None:
    expectations = [*blocked_networks(25, 5, "xtensa"), *paired_networks(12, 5, "xtensa")]
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
