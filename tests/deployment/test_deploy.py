"""Deployment: folding, fusing, quantising and placing keep what the network computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.compression.quantise import quantise, rescale_of
from costmodel.deployment.deploy import deploy, input_as_deployed
from costmodel.deployment.deployed import DeployedNetwork, Kernel, Variant
from costmodel.deployment.folding import with_folded_biases
from costmodel.deployment.parameters import random_input, random_model, random_parameters
from costmodel.deployment.reference import run_reference
from costmodel.errors import MissingError, ShapeError, SpecError
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.network import Network
from costmodel.specs.quantisation import symmetric_quantisation
from costmodel.specs.scenario import MemoryAccounting
from costmodel.validation.firmware_plan import firmware_plan


def network(layers: list[dict[str, Any]], shape: Any = (3, 7, 8)) -> Network:
    return Network.model_validate({"name": "net", "input": shape, "types": {"input": "float32"}, "layers": layers})


def real_output(deployed: DeployedNetwork, output: Any) -> Any:
    """The real numbers an output stands for."""
    quantisation = deployed.tensors[deployed.output_tensor].quantisation
    return output if quantisation is None else (output - float(quantisation.zero_points[0])) * quantisation.scales[0]


BLOCK = [
    {"kind": "conv2d", "name": "conv1", "out_channels": 6, "kernel": (3, 2), "padding": {"top": 1, "left": 2}, "bias": False},
    {"kind": "batch_norm2d", "name": "norm1"},
    {"kind": "relu", "name": "relu1"},
    {"kind": "conv2d", "name": "conv2", "out_channels": 6, "kernel": 3, "padding": 1, "groups": 3, "dilation": 1},
    {"kind": "add", "name": "sum", "inputs": ("conv2", "relu1")},
    {"kind": "relu", "name": "relu2"},
    {"kind": "max_pool2d", "name": "pool", "kernel": 2},
    {"kind": "flatten", "name": "flat"},
    {"kind": "linear", "name": "fc", "out_features": 5},
    {"kind": "softmax", "name": "scores"},
]


def convolution(x: Any, weight: Any, bias: Any, padding: tuple[int, int, int, int], groups: int) -> Any:
    """Plain loops in double precision, for stride and dilation 1."""
    top, bottom, left, right = padding
    padded = np.pad(x.astype(float), ((0, 0), (top, bottom), (left, right)))
    out, per_group, kh, kw = weight.shape
    rows, columns = padded.shape[1] - kh + 1, padded.shape[2] - kw + 1
    result = np.zeros((out, rows, columns))
    for channel in range(out):
        first = channel // (out // groups) * per_group
        for row in range(rows):
            for column in range(columns):
                window = padded[first : first + per_group, row : row + kh, column : column + kw]
                result[channel, row, column] = (window * weight[channel]).sum() + (0 if bias is None else bias[channel])
    return result


def block_in_doubles(parameters: dict[str, LayerParameters], x: Any) -> Any:
    """The block above, unfolded and unquantised."""
    p = parameters
    x = convolution(x, p["conv1"].weight, None, (1, 0, 2, 0), 1)
    x = np.maximum(x * p["norm1"].weight[:, None, None] + p["norm1"].bias[:, None, None], 0)  # type: ignore[index]
    y = convolution(x, p["conv2"].weight, p["conv2"].bias, (1, 1, 1, 1), 3)
    x = np.maximum(x + y, 0)
    rows, columns = x.shape[1] // 2, x.shape[2] // 2
    x = x[:, : 2 * rows, : 2 * columns].reshape(len(x), rows, 2, columns, 2).max(axis=(2, 4))
    x = p["fc"].weight @ x.ravel() + p["fc"].bias
    powers = np.exp(x - x.max())
    return powers / powers.sum()


@pytest.mark.parametrize(("variant", "tolerance"), [(Variant.FLOAT32, 0.01), (Variant.INT8, 0.03)])
def test_a_deployed_block_computes_what_the_network_says(variant: Variant, tolerance: float) -> None:
    net = network(BLOCK)
    for seed in range(5):
        parameters = random_parameters(net, seed)
        values = random_input(net, seed)
        deployed = deploy(Model(net, parameters, "drawn"), variant, values, firmware_plan(net, variant))
        output = run_reference(deployed, input_as_deployed(deployed, values))[-1].ravel()
        assert np.abs(real_output(deployed, output) - block_in_doubles(parameters, values)).max() < tolerance


def test_merged_layers_run_nothing_and_share_their_producers_tensor() -> None:
    net = network(BLOCK)
    layers = deploy(random_model(net, 0), Variant.INT8, random_input(net, 0), firmware_plan(net, Variant.INT8)).layers
    by_name = {layer.name: layer for layer in layers}
    for name, producer in (("norm1", "conv1"), ("relu1", "conv1"), ("relu2", "sum")):
        assert by_name[name].kernel is Kernel.VIEW
        assert by_name[name].output == by_name[producer].output
    assert by_name["conv1"].relu
    assert by_name["sum"].relu
    assert not by_name["conv2"].relu
    assert by_name["flat"].kernel is Kernel.VIEW


def test_folding_gives_a_convolution_without_bias_one_to_read() -> None:
    net = network(BLOCK)
    assert not net.ordered[0].bias  # type: ignore[union-attr]
    folded = with_folded_biases(net)
    assert folded.ordered[0].bias  # type: ignore[union-attr]
    assert folded.ordered[1:] == net.ordered[1:]
    assert with_folded_biases(folded) is folded


@pytest.mark.parametrize(("variant", "tolerance"), [(Variant.FLOAT32, 0.02), (Variant.INT8, 0.06)])
def test_a_norm_and_a_rectifier_whose_producer_is_read_elsewhere_too_run_on_their_own(variant: Variant, tolerance: float) -> None:
    layers = [
        {"kind": "conv2d", "name": "conv", "out_channels": 3, "kernel": 1},
        {"kind": "batch_norm2d", "name": "norm"},
        {"kind": "relu", "name": "act"},
        {"kind": "add", "name": "first", "inputs": ("conv", "act")},
        {"kind": "add", "name": "second", "inputs": ("first", "norm")},
    ]
    net = network(layers)
    parameters, values = random_parameters(net, 0), random_input(net, 0)
    deployed = deploy(Model(net, parameters, "drawn"), variant, values, firmware_plan(net, variant))
    assert [layer.kernel for layer in deployed.layers] == [Kernel.CONV2D, Kernel.BATCH_NORM, Kernel.RELU, Kernel.ADD, Kernel.ADD]
    assert not any(layer.relu for layer in deployed.layers)
    assert with_folded_biases(net) is net
    made = convolution(values, parameters["conv"].weight, parameters["conv"].bias, (0, 0, 0, 0), 1)
    normed = made * parameters["norm"].weight[:, None, None] + parameters["norm"].bias[:, None, None]  # type: ignore[index]
    output = run_reference(deployed, input_as_deployed(deployed, values))[-1]
    assert np.abs(real_output(deployed, output) - (made + np.maximum(normed, 0) + normed)).max() < tolerance


def test_what_does_not_fit_is_said() -> None:
    net = network(BLOCK)
    parameters, memory, example = random_parameters(net, 0), firmware_plan(net, Variant.INT8), random_input(net, 0)
    with pytest.raises(ShapeError, match=r"\(3, 7, 7\)"):
        deploy(Model(net, parameters, "drawn"), Variant.INT8, np.zeros((3, 7, 7)), memory)
    with pytest.raises(MissingError, match="fc: its parameters are missing"):
        deploy(Model(net, {name: values for name, values in parameters.items() if name != "fc"}, "drawn"), Variant.INT8, example, memory)
    wrong = parameters | {"conv2": LayerParameters(np.zeros((6, 3, 3, 3)), None)}
    with pytest.raises(ShapeError, match="conv2"):
        deploy(Model(net, wrong, "drawn"), Variant.INT8, example, memory)
    per_channel = Model(net, parameters, "drawn", {"conv1": symmetric_quantisation(1.0, 2.0)})
    with pytest.raises(SpecError, match="conv1: an int8 tensor has one scale and a zero point from -128 to 127"):
        deploy(per_channel, Variant.INT8, example, memory)


def test_a_plan_of_another_network_or_without_an_arena_is_refused() -> None:
    net, other = network(BLOCK), network(BLOCK[:-1])
    arguments = (random_model(net, 0), Variant.INT8, random_input(net, 0))
    with pytest.raises(SpecError, match=r"the memory plan does not match 'net': it has nothing for 'scores', expected 5 B"):
        deploy(*arguments, firmware_plan(other, Variant.INT8))
    with pytest.raises(SpecError, match=r"it has 672 B for 'input', expected 168 B"):
        deploy(*arguments, firmware_plan(net, Variant.FLOAT32))
    with pytest.raises(SpecError, match="peak-live allocates each tensor for itself"):
        deploy(*arguments, firmware_plan(net, Variant.INT8, accounting=MemoryAccounting.PEAK_LIVE))


@settings(max_examples=200, deadline=None)
@given(st.floats(2.0**-31, 2.0**30, exclude_max=True))
def test_a_rescale_is_as_near_as_31_bits_allow(factor: float) -> None:
    multiplier, shift = rescale_of(factor)
    assert -31 <= shift <= 30
    assert 2**30 <= multiplier < 2**31
    assert abs(multiplier * 2.0 ** (shift - 31) - factor) <= factor * 2**-30


def test_a_factor_beyond_every_shift_is_0_or_the_largest() -> None:
    assert rescale_of(0.0).multiplier == rescale_of(2.0**-40).multiplier == 0
    assert rescale_of(2.0**31) == (2**31 - 1, 30)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
def test_quantising_loses_half_a_step_at_most(values: list[float]) -> None:
    steps, quantisation = quantise(np.array(values))
    (scale,) = quantisation.scales
    assert quantisation.symmetric
    assert np.abs(steps).max() <= 127
    assert np.abs(steps * scale - np.array(values)).max() <= scale * 0.501


def test_channels_have_scales_of_their_own_where_asked() -> None:
    steps, quantisation = quantise(np.array([[0.5, -1.0], [100.0, 25.0]]), per_channel=True)
    assert quantisation.scales == (float(np.float32(1 / 127)), float(np.float32(100 / 127)))
    assert steps.tolist() == [[64, -127], [127, 32]]


@pytest.mark.parametrize("scales", [(0.02,), (0.02, 0.01, 0.03, 0.05)])
def test_weights_whose_integers_are_known_keep_them(scales: tuple[float, ...]) -> None:
    net = network([{"kind": "conv2d", "name": "conv", "out_channels": 4, "kernel": 1}], (2, 3, 3))
    steps = np.random.default_rng(3).integers(-90, 91, (4, 2, 1, 1))
    weight = steps * np.array(scales).reshape(-1, 1, 1, 1)
    model = Model(net, {"conv": LayerParameters(weight, np.zeros(4))}, "given", {}, {"conv": symmetric_quantisation(*scales)})
    deployed = deploy(model, Variant.INT8, np.ones(net.input, np.float32), firmware_plan(net, Variant.INT8))
    layer = deployed.layers[0]
    np.testing.assert_array_equal(layer.weights, steps)
    assert layer.weight_quantisation == symmetric_quantisation(*scales)
    assert len(layer.rescales) == len(scales)


def test_a_batch_norm_that_is_multiplied_into_weights_takes_their_integers_away() -> None:
    net = network([{"kind": "conv2d", "name": "conv", "out_channels": 1, "kernel": 1}, {"kind": "batch_norm2d", "name": "norm"}], (1, 2, 2))
    parameters = {
        "conv": LayerParameters(np.full((1, 1, 1, 1), 0.5), None),
        "norm": LayerParameters(np.array([3.0]), np.array([0.0])),
    }
    model = Model(net, parameters, "given", {}, {"conv": symmetric_quantisation(0.5)})
    deployed = deploy(model, Variant.INT8, np.ones(net.input, np.float32), firmware_plan(net, Variant.INT8))
    assert deployed.layers[0].weights.item() == 127
    assert deployed.layers[0].weight_quantisation.scales[0] == pytest.approx(1.5 / 127)
