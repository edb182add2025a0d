"""Imported int8 networks answer as TensorFlow Lite Micro's reference kernels do, to the last bit of every tensor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import oracle
from patience import PATIENT_S
from tflite_writer import ModelFile, Scalar, small_network

from costmodel.compression.quantise import rescale_of
from costmodel.deployment.borders import without_borders
from costmodel.deployment.deploy import deploy
from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.deployment.fixed_point import rescaled
from costmodel.deployment.parameters import random_example
from costmodel.deployment.reference import run_reference
from costmodel.deployment.requantisation import mean_rescale, step_of
from costmodel.deployment.tables import real_function, table_of
from costmodel.sources.importers.channels_last.arrangement import places_in_file
from costmodel.sources.importers.channels_last.draft import Draft
from costmodel.sources.importers.channels_last.to_layers import drafted_layers
from costmodel.sources.importers.channels_last.to_model import model_of_tflite
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.tflite import from_tflite
from costmodel.sources.importers.tflite_schema import OPERATORS
from costmodel.specs.kinds.elementwise_layers import UnaryFunction
from costmodel.specs.layers import Unary
from costmodel.specs.model import Model
from costmodel.specs.quantisation import Quantisation
from costmodel.validation.firmware_plan import firmware_plan

SHARED = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[3] / "shared"))
MODELS = SHARED / "data" / "models"
REQUIRED = "data" in os.environ.get("COSTMODEL_REQUIRE", "").split(",")
needs_models = pytest.mark.skipif(
    not MODELS.is_dir() and not REQUIRED, reason=f"public models are read from {MODELS}; COSTMODEL_SHARED names another folder"
)
QUICK = (
    "kws_ref_model",
    "tflm_micro_speech",
    "tinymaix_cifar10_q",
    "tinymaix_mnist_valid_q",
    "more/tmx__mnist_arduino_q",
    "more/tmx__mnist_dw_q",
    "more/mltkz__keyword_spotting_pacman",
    "more/mlonmcu__cnn_s_quantized",
)
SLOW = (
    "vww_96_int8",
    "pretrainedResnet_quant",
    "more/tmx__mbnet96_0.25_q",
    "more/mlc__pretrainedResnet_large_int8",
    "more/mltkz__keyword_spotting_on_off",
    "more/mltkz__keyword_spotting",
)
OUTPUTS = ("ad01_int8", "kws_ref_model", "tflm_micro_speech", "tinymaix_mnist_valid_q", "more/tflm__person_detect")
SLOW_OUTPUTS = ("vww_96_int8", "pretrainedResnet_quant", "more/tmx__mbnet96_0.25_q", "more/mltk__image_classification")
RUN_TFLM = """
import sys, numpy as np
from tflite_micro import runtime
inputs = np.load(sys.argv[2])
net = runtime.Interpreter.from_file(sys.argv[1], arena_size=4_000_000)
outputs = []
for one in inputs:
    net.set_input(one, 0)
    net.invoke()
    outputs.append(net.get_output(0).copy())
np.save(sys.argv[3], np.stack(outputs))
"""


class Imported:
    """A file's graph, its model as it is deployed, and where the file's tensors are among its layers' outputs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.graph = load_model_graph(path)
        self.draft: Draft = drafted_layers(self.graph)
        self.whole = model_of_tflite(self.graph)
        self.model: Model = without_borders(self.whole)
        example = random_example(self.model, 1)
        self.deployed: DeployedNetwork = deploy(self.model, Variant.INT8, example, firmware_plan(self.model.network, Variant.INT8))

    @property
    def input_place(self) -> int:
        """The int8 tensor that the deployed network takes: the file's input, or what it is quantised to."""
        if self.model is self.whole:
            return self.graph.inputs[0]
        return next(operator.outputs[0] for operator in self.graph.operators if operator.kind == "QUANTIZE")

    def inputs(self, count: int) -> Any:
        """Random steps and, last, extreme ones."""
        generator = np.random.default_rng(11)
        shape = self.graph.tensors[self.input_place].shape
        random = [generator.integers(-128, 128, shape) for _ in range(count - 1)]
        return np.stack([*random, generator.choice([-128, 127], shape)]).astype(np.int8)

    def in_order(self, place: int, values: Any) -> Any:
        """Return a file's tensor in the order of the network's."""
        held = self.draft.held[place]
        return values.reshape(-1)[places_in_file(held.extents, held.axes)]

    def answers(self, steps: Any) -> dict[int, Any]:
        """Return each of the file's tensors as this package computes it."""
        outputs = run_reference(self.deployed, self.in_order(self.input_place, steps))
        named = dict(zip((step.name for step in self.model.network.steps), outputs, strict=True))
        return {place: named[held.layer].reshape(-1) for place, held in self.draft.held.items() if held.layer in named}


def reference_tensors(path: Path, place: int, steps: Any, wanted: list[int]) -> dict[int, Any]:
    """Return tensors as TensorFlow Lite's reference kernels compute them."""
    litert = oracle("ai_edge_litert.interpreter")
    resolver = litert.OpResolverType.BUILTIN_REF
    net = litert.Interpreter(model_path=str(path), experimental_op_resolver_type=resolver, experimental_preserve_all_tensors=True)
    net.allocate_tensors()
    (given_input,) = net.get_input_details()
    if given_input["index"] == place:
        net.set_tensor(place, steps)
    else:
        (scale, zero) = net._get_tensor_details(place, 0)["quantization"]
        net.set_tensor(given_input["index"], ((steps.astype(np.float64) - zero) * scale).astype(np.float32))
    net.invoke()
    return {place: net.get_tensor(place) for place in wanted}


def check_every_tensor(name: str, count: int) -> None:
    imported = Imported(MODELS / f"{name}.tflite")
    # BUILTIN_REF rounds linear layers once, TensorFlow Lite Micro twice: from there on its outputs are the oracle, below.
    rounded_once: set[int] = set()
    for operator in imported.graph.operators:
        if operator.kind == "FULLY_CONNECTED" or rounded_once.intersection(operator.inputs):
            rounded_once.update(operator.outputs)
    for steps in imported.inputs(count):
        answers = imported.answers(steps)
        answers = {place: answer for place, answer in answers.items() if place not in rounded_once}
        assert len(answers) >= len(imported.model.network.layers) // 3
        expected = reference_tensors(imported.path, imported.input_place, steps, list(answers))
        for place, answer in answers.items():
            np.testing.assert_array_equal(answer, imported.in_order(place, expected[place]), imported.graph.tensors[place].name)


@needs_models
@pytest.mark.data
@pytest.mark.parametrize("name", QUICK)
def test_every_tensor_equals_the_reference_kernels(name: str) -> None:
    oracle("ai_edge_litert.interpreter")
    check_every_tensor(name, 2)


@needs_models
@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_every_tensor_of_a_larger_network_equals_the_reference_kernels(name: str) -> None:
    oracle("ai_edge_litert.interpreter")
    check_every_tensor(name, 3)


def check_outputs(name: str, folder: Path) -> None:
    oracle("tflite_micro")
    imported = Imported(MODELS / f"{name}.tflite")
    steps = imported.inputs(3)
    np.save(folder / "inputs.npy", steps)
    script = folder / "run.py"
    script.write_text(RUN_TFLM, encoding="utf-8")
    # In a process of its own: it ends the process on some models.
    arguments = [sys.executable, str(script), str(imported.path), str(folder / "inputs.npy"), str(folder / "outputs.npy")]
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENT_S, check=False)
    assert ran.returncode == 0, ran.stderr
    place = imported.graph.outputs[0]
    for one, output in zip(steps, np.load(folder / "outputs.npy"), strict=True):
        np.testing.assert_array_equal(imported.answers(one)[place], imported.in_order(place, output))


@needs_models
@pytest.mark.data
@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_equal_those_of_tensorflow_lite_micro(name: str, tmp_path: Path) -> None:
    check_outputs(name, tmp_path)


@needs_models
@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW_OUTPUTS)
def test_outputs_of_a_larger_network_equal_those_of_tensorflow_lite_micro(name: str, tmp_path: Path) -> None:
    check_outputs(name, tmp_path)


LEAKY_OPTIONS = 75
"""Place of a leaky rectifier's options in the schema's union."""
FUNCTIONS: list[tuple[str, dict[int, Any] | None, tuple[float, int], list[tuple[float, int]]]] = [
    ("LOGISTIC", None, (1 / 256, -128), [(0.05, 3), (0.11, -40), (0.002, 0), (0.7, 127)]),
    ("LEAKY_RELU", {0: Scalar("f", 0.1)}, (0.03, 11), [(0.05, 3), (0.011, -128), (0.2, 60)]),
    ("QUANTIZE", None, (0.03, 11), [(0.05, 3), (0.011, -128), (0.2, 60), (0.03, 12)]),
]
"""Operators of one step, their options, the scale and zero point of their output, and those of their inputs."""


@pytest.mark.parametrize(("kind", "options", "made", "taken"), FUNCTIONS, ids=[kind for kind, *_ in FUNCTIONS])
def test_every_step_of_a_function_equals_the_reference_kernels(
    kind: str, options: dict[int, Any] | None, made: tuple[float, int], taken: list[tuple[float, int]], tmp_path: Path
) -> None:
    oracle("ai_edge_litert.interpreter")
    for number, (scale, zero) in enumerate(taken):
        file = ModelFile()
        source = file.tensor([1, 256], scales=[scale], zero_point=zero)
        target = file.tensor([1, 256], scales=made[:1], zero_point=made[1])
        file.operator(OPERATORS.index(kind), [source], [target], options, options_type=LEAKY_OPTIONS)
        path = tmp_path / f"{number}.tflite"
        path.write_bytes(file.written([source], [target]))
        imported = Imported(path)
        every = np.arange(-128, 128).astype(np.int8)[None]
        expected = reference_tensors(path, source, every, [target])
        np.testing.assert_array_equal(imported.answers(every)[target], expected[target].reshape(-1), f"{kind} of {scale}, {zero}")


@pytest.mark.parametrize("function", ["tanh", "hard_swish", "gelu", "abs", "log", "rsqrt", "exp", "sqrt"])
def test_a_table_holds_the_nearest_steps(function: str) -> None:
    source, target = Quantisation(scales=(0.04,), zero_points=(5,)), Quantisation(scales=(0.03,), zero_points=(-7,))
    layer = Unary(name="f", function=UnaryFunction(function), table=True)
    table = table_of(layer, source, target)
    for step in range(-128, 128):
        real = float(real_function(layer, np.array([(step - 5) * 0.04]))[0])
        if np.isfinite(real):
            assert table[step % 256] == np.clip(np.rint(real / 0.03) - 7, -128, 127)


def test_weights_keep_their_integers_and_their_order() -> None:
    graph = from_tflite(small_network(), "small.tflite")
    model = model_of_tflite(graph)
    assert {name: one.weight.shape for name, one in model.parameters.items()} == {
        "conv1": (4, 3, 3, 3),
        "depthwise1": (4, 1, 3, 3),
        "fc1": (10, 4),
    }
    assert model.network.parameter_count == sum(
        one.weight.size + (0 if one.bias is None else one.bias.size) for one in model.parameters.values()
    )


@given(st.integers(1, 4000), st.floats(1e-3, 50.0), st.integers(-128, 127), st.integers(0, 10**6))
def test_a_mean_by_a_factor_is_within_a_step_of_the_mean(count: int, factor: float, zero_point: int, seed: int) -> None:
    elements = np.random.default_rng(seed).integers(-128, 128, count)
    total = int((elements - zero_point).sum())
    found = int(rescaled(total, *mean_rescale(factor, count)))
    # The sum times the multiplier is rounded, and rounded again where the shift divides it.
    twice = 0.5 * 2.0 ** min(mean_rescale(factor, count).shift, 0)
    assert abs(found - total / count * factor) <= 0.5 + twice + 1e-6 + abs(total / count * factor) * 2.0**-20
    assert mean_rescale(factor, 1) == rescale_of(factor)


@pytest.mark.parametrize(
    ("value", "scale", "zero_point", "step"),
    [(6.0, 0.0235294122248888, -128, None), (6.0, 0.0470588244497776, -128, 0), (6.0, 0.1, 3, 63), (1.0, 2.0, 0, 1), (0.9, 2.0, 0, 0)],
)
def test_a_bound_is_the_nearest_step(value: float, scale: float, zero_point: int, step: int | None) -> None:
    assert step_of(value, Quantisation(scales=(scale,), zero_points=(zero_point,))) == step
