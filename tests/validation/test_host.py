"""Closed form = firmware, on this machine: zero difference on every counter, outputs equal to the last bit."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import fixed_point_definition as definition
import numpy as np
import pytest

from costmodel.compression.quantise import Rescale
from costmodel.dataflows.counting import count_work
from costmodel.deployment.deploy import deploy
from costmodel.deployment.deployed import DeployedNetwork, Kernel, Variant
from costmodel.deployment.parameters import random_input, random_model
from costmodel.errors import FormatError, MissingError, SpecError, ToolError
from costmodel.measurement.device_log import read_device_log
from costmodel.results.counts import AccessCounts
from costmodel.results.runs.comparison import FirmwareComparison
from costmodel.sources.catalogue import load_network
from costmodel.specs.counting import Dataflow
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.specs.operations import OPERATIONS, FirmwareKernel
from costmodel.specs.quantisation import Quantisation
from costmodel.validation.comparing import Expected, compare_runs, expect
from costmodel.validation.firmware_plan import firmware_plan, predicted_arena_bytes, predicted_counts
from costmodel.validation.random_layers import random_networks
from costmodel.validation.targets.host import DATAFLOW_CODES, STATUS, HostLibrary, LibraryRun, build_library, run_on_host
from costmodel.validation.targets.image import image_values
from costmodel.validation.validating import Target, Workbench, expect_layers, expect_network, validate

pytestmark = [pytest.mark.firmware, pytest.mark.long]


@pytest.fixture(scope="session")
def library(bench: Workbench) -> HostLibrary:
    return HostLibrary(build_library(firmware=bench.firmware, cache=bench.cache, build="counting"))


@pytest.fixture(scope="session")
def timing_library(bench: Workbench) -> HostLibrary:
    return HostLibrary(build_library(firmware=bench.firmware, cache=bench.cache, build="timing"))


def run(library: HostLibrary, expected: Expected, dataflow: Dataflow) -> LibraryRun:
    deployed = expected.deployed
    return library.run(expected.model, dataflow, expected.image, deployed.tensors[deployed.input_tensor].arena_offset)


def final_output(deployed: DeployedNetwork, ran: LibraryRun) -> bytes:
    tensor = deployed.tensors[deployed.output_tensor]
    end = tensor.arena_offset + tensor.size_bytes
    return ran.arena[tensor.arena_offset : end].tobytes()


@pytest.mark.slow
def test_two_thousand_random_layers_differ_in_no_counter_and_no_output_bit(library: HostLibrary) -> None:
    kinds = set()
    for expected in expect_layers(2000, 7, tuple(Variant)):
        kinds |= {step.kind for step in expected.network.steps}
        for dataflow in DATAFLOW_CODES:
            ran = run(library, expected, dataflow)
            predicted = predicted_counts(expected.network, expected.deployed.variant, dataflow)
            assert np.array_equal(np.array(predicted, np.uint64), ran.counts), expected.network
            assert tuple(f"{code:08x}" for code in ran.output_hashes) == expected.output_hashes, expected.network
            assert final_output(expected.deployed, ran) == expected.output
            assert [count.scratch_bytes for count in predicted] == ran.scratch_bytes.tolist()
            assert ran.arena_bytes == predicted_arena_bytes(expected.network, expected.deployed.variant, dataflow)
    # A function by a table of 256 is int8's alone: whole imported networks run it.
    assert kinds == {kind for kind, row in OPERATIONS.items() if isinstance(row.kernel, FirmwareKernel)} - {"unary"}


def test_the_timing_build_answers_the_same_and_counts_nothing(timing_library: HostLibrary) -> None:
    for expected in expect_layers(100, 8, tuple(Variant)):
        for dataflow in DATAFLOW_CODES:
            ran = run(timing_library, expected, dataflow)
            assert tuple(f"{code:08x}" for code in ran.output_hashes) == expected.output_hashes
            assert not ran.counts.any()


def test_rounding_saturation_and_wrapping_are_the_references(library: HostLibrary) -> None:
    generator = np.random.default_rng(12)
    shifts = set()
    for expected in expect_layers(400, 9, [Variant.INT8]):
        layers = []
        for layer in expected.deployed.layers:
            rescales = []
            for _ in layer.rescales:
                shift = int(generator.integers(0 if layer.kernel is Kernel.SOFTMAX else -31, 31))
                rescales.append(Rescale(int(generator.integers(2 ** int(generator.integers(1, 32)))), shift))
                shifts |= {shift}
            bias = None if layer.bias is None else generator.integers(-(2**31), 2**31, layer.bias.shape).astype(np.int32)
            layers.append(replace(layer, rescales=tuple(rescales), bias=bias))
        altered_network = expect(expected.network, replace(expected.deployed, layers=tuple(layers)))
        for dataflow in DATAFLOW_CODES:
            ran = run(library, altered_network, dataflow)
            assert tuple(f"{code:08x}" for code in ran.output_hashes) == altered_network.output_hashes, layers
    assert len(shifts) > 50


def test_fixed_point_is_its_definition(library: HostLibrary) -> None:
    generator = np.random.default_rng(5)
    edges = [0, 1, -1, 2**30 - 1, 2**30, 2**31 - 1, -(2**30), -(2**31)]
    numbers = np.concatenate([np.repeat(edges, 62), generator.integers(-(2**31), 2**31, 4000)]).astype(np.int32)
    shifts = np.resize(np.arange(-31, 31), numbers.size).astype(np.int32)
    multipliers = generator.integers(2**30, 2**31, numbers.size).astype(np.int32)
    multipliers[::7] = generator.choice([0, 1, 2**30, 2**31 - 1], multipliers[::7].size)
    found = library.rescaled(numbers, multipliers, shifts).tolist()
    drawn = zip(numbers.tolist(), multipliers.tolist(), shifts.tolist(), strict=True)
    assert found == [definition.rescale(*each) for each in drawn]


def drawn_quantisation(generator: np.random.Generator, per_channel: int = 0) -> Quantisation:
    scales = np.float32(np.exp(generator.uniform(-6, 0, max(per_channel, 1)))).tolist()
    zero_points = (0,) * per_channel or (int(generator.choice([-128, 127, 0, *generator.integers(-128, 128, 3)])),)
    return Quantisation(scales=tuple(scales), zero_points=zero_points)


def test_any_zero_point_and_scales_per_channel_are_the_references(library: HostLibrary) -> None:
    generator = np.random.default_rng(6)
    for network in random_networks(400, 10):
        for variant in Variant:
            given = {name: drawn_quantisation(generator) for name in ("input", *(step.name for step in network.steps))}
            model = replace(random_model(network, 1), quantisations=given)
            deployed = deploy(model, variant, random_input(network, 2), firmware_plan(network, variant))
            layers = []
            for layer in deployed.layers:
                channels = 0 if layer.weights is None else len(layer.weights)
                if variant is Variant.FLOAT32 and channels:
                    bias = drawn_quantisation(generator, channels) if layer.bias is not None else None
                    layer = replace(layer, weight_quantisation=drawn_quantisation(generator, channels), bias_quantisation=bias)
                layers.append(layer)
            expected = expect(network, replace(deployed, layers=tuple(layers)))
            for dataflow in DATAFLOW_CODES:
                ran = run(library, expected, dataflow)
                assert tuple(f"{code:08x}" for code in ran.output_hashes) == expected.output_hashes, network
                predicted = predicted_counts(network, variant, dataflow)
                assert np.array_equal(np.array(predicted, np.uint64), ran.counts), network


def test_softmax_is_its_definition(library: HostLibrary) -> None:
    generator = np.random.default_rng(7)
    for classes in (1, 2, 10, 40, 600, 5000):
        network = Network.model_validate({"name": "s", "input": classes, "layers": [{"kind": "softmax", "name": "softmax"}]})
        for _ in range(8):
            quantisation = drawn_quantisation(generator)
            model = Model(network, {}, "no parameters", {"input": quantisation})
            deployed = deploy(model, Variant.INT8, random_input(network, 1), firmware_plan(network, Variant.INT8))
            steps = generator.integers(-128, 128, classes).astype(np.int8) // int(generator.integers(1, 20))
            ran = run(library, expect(network, deployed, steps.tobytes()), Dataflow.OUTPUT_STATIONARY)
            found = np.frombuffer(final_output(deployed, ran), np.int8).tolist()
            assert found == definition.softmax(steps.tolist(), *deployed.layers[0].rescales[0])


GOLDEN: dict[tuple[Dataflow, int], dict[str, int]] = {
    (Dataflow.OUTPUT_STATIONARY, 1): {
        "mac_count": 1014,
        "input_read_count": 1014,
        "weight_read_count": 1014,
        "bias_read_count": 75,
        "output_write_count": 75,
        "boundary_check_count": 864,
    },
    (Dataflow.ROW_STATIONARY, 1): {
        "mac_count": 1014,
        "input_read_count": 390,
        "weight_read_count": 234,
        "bias_read_count": 15,
        "output_write_count": 75,
        "psum_read_count": 465,
        "psum_write_count": 465,
    },
    (Dataflow.OUTPUT_STATIONARY, 2): {
        "mac_count": 294,
        "input_read_count": 294,
        "weight_read_count": 294,
        "bias_read_count": 27,
        "output_write_count": 27,
        "boundary_check_count": 432,
    },
    (Dataflow.ROW_STATIONARY, 2): {
        "mac_count": 294,
        "input_read_count": 210,
        "weight_read_count": 126,
        "bias_read_count": 9,
        "output_write_count": 27,
        "psum_read_count": 153,
        "psum_write_count": 153,
    },
}


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize(("dataflow", "stride"), list(GOLDEN))
def test_goldens_of_the_counting_page(library: HostLibrary, dataflow: Dataflow, stride: int, variant: Variant) -> None:
    layer = {"kind": "conv2d", "name": "conv", "out_channels": 3, "kernel": 3, "padding": 1, "stride": stride}
    network = Network.model_validate({"name": "golden", "input": "2x5x5", "layers": [layer]})
    (measured,) = run(library, expect_network(network, variant, 1), dataflow).counts
    expected = GOLDEN[dataflow, stride]
    if dataflow == Dataflow.ROW_STATIONARY:
        rows = {
            "input_row_read_count": expected["mac_count"],
            "weight_row_read_count": expected["mac_count"],
            "input_row_write_count": expected["input_read_count"],
            "weight_row_write_count": expected["weight_read_count"],
            "scratch_buffer_count": 3,
            "scratch_bytes": 5 + 3 + 4 * (5 if stride == 1 else 3),
        }
    else:
        rows = {"scratch_buffer_count": 1, "scratch_bytes": 4}
    assert AccessCounts(*measured.tolist()) == AccessCounts(**expected, **rows)


@pytest.mark.parametrize("variant", list(Variant))
def test_the_pruned_network_is_equal_with_both_dataflows(bench: Workbench, variant: Variant) -> None:
    compared = validate([expect_network(load_network("cifar-aap-pruned"), variant, 7)], [Target.HOST], bench)
    assert compared.equal
    assert compared.counter_count == 2 * 11 * 16
    assert FirmwareComparison.model_validate_json(compared.model_dump_json()) == compared
    assert compared.runs[0].measured.mac_count == sum(layer.measured.mac_count for layer in compared.runs[0].layers)
    stationary, rows = compared.runs
    by_name = {layer.name: layer.measured for layer in stationary.layers}
    assert (by_name["conv1"].mac_count, by_name["conv2"].mac_count) == (662_700, 2_697_900)
    by_name = {layer.name: layer.measured for layer in rows.layers}
    assert by_name["conv1"][2:4] == (225_600, 21_150)
    assert (by_name["conv1"].psum_read_count, by_name["conv1"].psum_write_count) == (251_200, 251_200)
    assert by_name["conv2"][2:4] == (938_400, 175_950)
    assert by_name["conv2"].psum_read_count == 951_456


@pytest.mark.parametrize("name", ["resnet8", "ds-cnn", "mobilenet-v1-0.25", "autoencoder", "cifar-baseline"])
def test_networks_of_the_zoo_are_equal(library: HostLibrary, name: str) -> None:
    network = load_network(name)
    expected = expect_network(network, Variant.INT8, 3)
    for dataflow in DATAFLOW_CODES:
        ran = run(library, expected, dataflow)
        assert np.array_equal(np.array(predicted_counts(network, Variant.INT8, dataflow), np.uint64), ran.counts)
        assert tuple(f"{code:08x}" for code in ran.output_hashes) == expected.output_hashes


def test_a_convolution_without_bias_whose_norm_is_folded_reads_the_bias_that_folding_gives_it(library: HostLibrary) -> None:
    layers: list[dict[str, Any]] = [
        {"kind": "conv2d", "name": "conv", "out_channels": 4, "kernel": 3, "bias": False},
        {"kind": "batch_norm2d", "name": "norm"},
    ]
    network = Network.model_validate({"name": "folded", "input": "2x6x6", "layers": layers})
    ran = run(library, expect_network(network, Variant.INT8, 1), Dataflow.OUTPUT_STATIONARY)
    assert AccessCounts(*ran.counts[0].tolist()).bias_read_count == 4 * 4 * 4
    assert not ran.counts[1].any()


def altered(expected: Expected, log: bytes, old: str, new: str) -> bytes:
    """A log with one text changed, and the checksum of its record made right."""
    lines = []
    for line in log.decode().splitlines():
        text = line.rpartition(',"crc"')[0].replace(old, new)
        lines.append(f'{text},"crc":"{zlib.crc32(text.encode()):08x}"}}')
    return "\n".join(lines).encode()


@pytest.fixture(scope="session")
def logged(bench: Workbench) -> tuple[Expected, bytes]:
    expected = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 7)
    return expected, run_on_host(expected.model, firmware=bench.firmware, cache=bench.cache)


def test_a_genuine_mismatch_is_named(logged: tuple[Expected, bytes]) -> None:
    expected, log = logged
    runs = read_device_log(BytesIO(altered(expected, log, '"bias_read_count":25600', '"bias_read_count":25601')))
    compared = compare_runs(runs, expected.network, expected)
    assert not compared.equal
    assert [str(mismatch) for mismatch in compared.mismatches] == ["conv1 (output-stationary): bias_read_count is 25601, predicted 25600"]


def test_a_wrong_output_or_arena_is_a_mismatch(logged: tuple[Expected, bytes]) -> None:
    expected, log = logged
    first = expected.output_hashes[0]
    runs = read_device_log(BytesIO(altered(expected, log, f'"output":"{first}"', '"output":"00000000"')))
    figures = [mismatch.figure for mismatch in compare_runs(runs, expected.network, expected).mismatches]
    # conv1 and the rectifier inside it, with both dataflows.
    assert figures == ["output"] * 4
    runs = read_device_log(BytesIO(altered(expected, log, '"arena_bytes":', '"arena_bytes":1')))
    assert [mismatch.figure for mismatch in compare_runs(runs, expected.network, expected).mismatches] == ["arena_bytes"] * 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"network":"cifar-aap-pruned"', '"network":"resnet8"', "the log is of network 'resnet8', compared with 'cifar-aap-pruned'"),
        ('"name":"conv2"', '"name":"conv9"', "another network: layer 3 is 'conv9'"),
        ('"kind":"linear"', '"kind":"add"', "another network"),
        ('"variant":"int8"', '"variant":"int4"', "variant 'int4', expected int8 or float32"),
        ('"build":"counting"', '"build":"timing"', "timing build, which counts nothing"),
    ],
)
def test_a_log_of_something_else_is_refused(logged: tuple[Expected, bytes], old: str, new: str, words: str) -> None:
    expected, log = logged
    with pytest.raises(SpecError, match=words):
        compare_runs(read_device_log(BytesIO(altered(expected, log, old, new))), expected.network, expected)


def test_a_log_of_another_model_is_refused_where_outputs_are_compared(logged: tuple[Expected, bytes]) -> None:
    expected, log = logged
    other = expect_network(expected.network, Variant.INT8, 8)
    runs = read_device_log(BytesIO(log))
    assert compare_runs(runs, expected.network).equal
    with pytest.raises(SpecError, match="the log is of model"):
        compare_runs(runs, other.network, other)


def test_a_log_with_too_few_layers_is_of_another_network(logged: tuple[Expected, bytes]) -> None:
    _, log = logged
    shorter = load_network("cifar-aap-pruned").model_copy(update={})
    other = Network(name=shorter.name, input=shorter.input, layers=shorter.layers[:-1])
    with pytest.raises(SpecError, match="the log has 11 layers, 'cifar-aap-pruned' has 10"):
        compare_runs(read_device_log(BytesIO(log)), other)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "figure"),
    [
        ("conv.inc", "CM_COUNT(boundary_check_count);", "", "boundary_check_count"),
        ("conv.inc", "if ((uint32_t)(column) < (limit))", "if ((uint32_t)(column) <= (limit))", "mac_count"),
        ("pool.inc", "candidate > best", "candidate < best", "output"),
        ("run.c", "cm_scratch_offset(model) + largest :", "cm_scratch_offset(model) + largest + 8 :", "arena_bytes"),
    ],
)
def test_a_firmware_that_does_something_else_is_caught(
    bench: Workbench, tmp_path: Path, file: str, old: str, new: str, figure: str
) -> None:
    firmware = tmp_path / "firmware"
    shutil.copytree(bench.firmware, firmware)
    text = (firmware / "core" / file).read_text(encoding="utf-8")
    assert old in text
    (firmware / "core" / file).write_text(text.replace(old, new), encoding="utf-8")
    expected = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 7)
    compared = validate([expected], [Target.HOST], Workbench(firmware, bench.cache, bench.compiler))
    assert figure in {mismatch.figure for mismatch in compared.mismatches}


def test_random_layers_are_the_same_for_the_same_seed() -> None:
    assert list(random_networks(20, 5)) == list(random_networks(30, 5))[:20]
    assert list(random_networks(20, 5)) != list(random_networks(20, 6))


@pytest.mark.parametrize("status", [2, 14])
def test_the_library_checks_its_callers(library: HostLibrary, status: int) -> None:
    import ctypes

    expected = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 7)
    held = np.zeros(len(expected.model) // 8 + 1, np.uint64).view(np.uint8)
    shift = 4 if status == STATUS.index("alignment") else 0
    held[shift : shift + len(expected.model)] = np.frombuffer(expected.model, np.uint8)
    arena = np.zeros(1000, np.uint64)
    outputs = [ctypes.c_void_p(np.zeros(400, np.uint64).ctypes.data) for _ in range(3)]
    answer = library._library.costmodel_run(
        ctypes.c_void_p(held.ctypes.data + shift),
        ctypes.c_size_t(len(expected.model)),
        ctypes.c_uint32(0),
        ctypes.c_void_p(arena.ctypes.data),
        ctypes.c_size_t(arena.nbytes),
        *outputs,
    )
    assert answer == status
    with pytest.raises(FormatError, match="magic"):
        library.run(b"\0" * 64, Dataflow.OUTPUT_STATIONARY, b"")


def test_no_compiler_says_what_to_install(monkeypatch: pytest.MonkeyPatch, bench: Workbench) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(ToolError, match=r"no C compiler found \(cc, gcc, clang\); install one, on Debian and Ubuntu: apt-get install gcc"):
        run_on_host(b"", firmware=bench.firmware, cache=bench.cache)


def test_a_compiler_that_fails_is_quoted(bench: Workbench, tmp_path: Path) -> None:
    from costmodel.validation.targets.compiling import compiled

    broken = tmp_path / "broken.c"
    broken.write_text("int main(void) { return x; }\n", encoding="utf-8")
    with pytest.raises(ToolError, match=r"failed on broken: .*error.*x"):
        compiled(str(bench.compiler), [], [broken], [], [], tmp_path, "broken")


def test_what_is_built_is_built_once(bench: Workbench, tmp_path: Path) -> None:
    from costmodel.validation.targets.compiling import compiled

    source = tmp_path / "one.c"
    source.write_text("int main(void) { return 0; }\n", encoding="utf-8")

    def built() -> Path:
        return compiled(str(bench.compiler), [], [source], [], [], tmp_path / "cache", "one")

    first = built()
    stamp = first.stat().st_mtime_ns
    assert built() == first
    assert first.stat().st_mtime_ns == stamp
    source.write_text("int main(void) { return 1; }\n", encoding="utf-8")
    assert built() != first


def test_an_image_becomes_the_networks_input(tmp_path: Path, bench: Workbench) -> None:
    from PIL import Image

    photo = Image.new("RGB", (108, 108), (255, 0, 128))
    path = tmp_path / "photo.png"
    photo.save(path)
    network = load_network("cifar-aap-pruned")
    values = image_values(path, network)
    assert values.shape == (3, 32, 32)
    assert [float(plane.mean()) for plane in values] == pytest.approx([1.0, -1.0, 0.00392], abs=1e-4)
    expected = expect_network(network, Variant.INT8, 7, values)
    assert len(expected.image) == 3_072
    compared = validate([expected], [Target.HOST], bench)
    assert compared.equal
    assert compared.runs[0].class_index == int(np.argmax(np.frombuffer(expected.output, np.int8)))


def test_what_is_no_image_is_said(tmp_path: Path) -> None:
    network = load_network("cifar-aap-pruned")
    with pytest.raises(MissingError, match="does not exist"):
        image_values(tmp_path / "none.jpg", network)
    (tmp_path / "text.jpg").write_text("hello", encoding="utf-8")
    with pytest.raises(FormatError, match="is no image"):
        image_values(tmp_path / "text.jpg", network)


@pytest.mark.timing
def test_a_counting_run_of_the_whole_network_takes_under_50_ms(bench: Workbench) -> None:
    expected = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, 7)
    for run_of in read_device_log(BytesIO(run_on_host(expected.model, firmware=bench.firmware, cache=bench.cache))):
        assert sum(layer.tick_count for layer in run_of.layers) / run_of.ticks_hz < 0.050


def test_the_closed_form_used_is_the_one_everybody_uses() -> None:
    network = load_network("cifar-aap-pruned")
    predicted = predicted_counts(network, Variant.INT8, Dataflow.ROW_STATIONARY)
    assert predicted == tuple(count_work(step.lowered.work, Dataflow.ROW_STATIONARY) for step in network.steps)
