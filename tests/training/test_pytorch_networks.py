"""A network in PyTorch computes what the network as described does, and its integers are the reference's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from float_forward import forward
from random_graphs import random_graphs

from costmodel.deployment.parameters import random_parameters
from costmodel.deployment.reference import run_reference
from costmodel.errors import CostModelError
from costmodel.specs.model import Model
from costmodel.specs.network import Network
from costmodel.specs.quantisation import symmetric_quantisation

pytestmark = pytest.mark.usefixtures("torch_here")

GRAPHS = list(random_graphs(120, 44, types=False))


def scores_of(module: Any, image: np.ndarray) -> np.ndarray:
    import torch

    with torch.inference_mode():
        return module.eval()(torch.from_numpy(image.astype(np.float32))[None]).numpy()[0]


@pytest.mark.parametrize("network", GRAPHS, ids=lambda network: network.name)
def test_a_module_computes_what_the_network_says(network: Network) -> None:
    from costmodel.training.pytorch.network_module import NetworkModule

    own = random_parameters(network, 3)
    module = NetworkModule(network)
    module.take(own)
    image = np.random.default_rng(4).normal(size=network.input)
    without_softmax = network if network.steps[-1].kind != "softmax" else None
    if without_softmax is not None:
        np.testing.assert_allclose(scores_of(module, image), forward(network, own, image), rtol=1e-4, atol=1e-4)
    back = module.layer_parameters()
    for name, parameters in own.items():
        np.testing.assert_allclose(back[name].weight, parameters.weight, rtol=1e-5, atol=1e-6)


def small_network(**changes: Any) -> Network:
    layers: list[dict[str, Any]] = [
        {"kind": "conv2d", "name": "conv", "out_channels": 6, "kernel": 3, "padding": 1},
        {"kind": "relu", "name": "relu"},
        {"kind": "max_pool2d", "name": "pool", "kernel": 2},
        {"kind": "conv2d", "name": "more", "out_channels": 5, "kernel": 3},
        {"kind": "relu", "name": "relu2"},
        {"kind": "adaptive_avg_pool2d", "name": "mean", "output_size": 2},
        {"kind": "flatten", "name": "flat"},
        {"kind": "linear", "name": "scores", "out_features": 4},
    ]
    return Network.model_validate({"name": "small", "input": [3, 12, 12], "layers": layers} | changes)


def test_a_normalised_network_folds_into_the_network_as_described() -> None:
    import torch

    from costmodel.training.pytorch.network_module import NetworkModule

    module = NetworkModule(small_network(), normalised=True, seed=2)
    assert module.ordered_norms == ("0",)
    generator = torch.Generator().manual_seed(1)
    for norm in module.norms.values():
        norm.weight.data.uniform_(0.2, 2, generator=generator)
        norm.bias.data.normal_(generator=generator)
        norm.running_mean.normal_(generator=generator)
        norm.running_var.uniform_(0.3, 3, generator=generator)
    image = np.random.default_rng(4).normal(size=(3, 12, 12))
    found = forward(small_network(), module.layer_parameters(), image)
    np.testing.assert_allclose(scores_of(module, image), found, rtol=1e-4, atol=1e-5)
    module.norms["0"].weight.data[0] = -1.0
    module.keep_order()
    assert float(module.norms["0"].weight.detach().min()) > 0


def quantisable(network: Network) -> Model | None:
    """A random network with scales everywhere, or None where something in it is not run as int8."""
    own = random_parameters(network, 9)
    scales = {"input": symmetric_quantisation(1 / 64)}
    draw = np.random.default_rng(7)
    for step in network.steps:
        scales[step.name] = symmetric_quantisation(float(np.float32(draw.uniform(0.01, 0.1))))
    return Model(network, own, "random", {name: scale for name, scale in scales.items() if name == "input" or not_merged(network, name)})


def not_merged(network: Network, name: str) -> bool:
    return not next(step for step in network.steps if step.name == name).merged


@pytest.mark.parametrize("network", GRAPHS, ids=lambda network: network.name)
def test_integers_of_a_batch_are_the_references(network: Network) -> None:
    from costmodel.training.pytorch.integer_forward import integer_outputs
    from costmodel.training.pytorch.judging import deployed_int8

    if any(step.kind == "batch_norm2d" and not step.merged for step in network.steps):
        return
    deployed = deployed_int8(quantisable(network))
    inputs = np.random.default_rng(5).integers(-128, 128, (3, *deployed.tensors[deployed.input_tensor].shape)).astype(np.int8)
    found = integer_outputs(deployed, inputs)
    for image, output in zip(inputs, found, strict=True):
        np.testing.assert_array_equal(output, run_reference(deployed, image)[-1])


def test_a_rounded_module_is_trained_within_a_step_or_two_of_the_integers_it_becomes() -> None:
    """Training rounds once where a device rounds twice; evaluation gives the device's integers themselves, bit for bit the reference's."""
    import torch

    from costmodel.specs.trained.training_recipe import Quantising
    from costmodel.training.images.synthetic import synthetic_set
    from costmodel.training.pytorch.fitting import as_input, scores
    from costmodel.training.pytorch.judging import deployed_int8
    from costmodel.training.pytorch.quantising import calibrated_module

    network = small_network(input=[3, 32, 32])
    images = synthetic_set(200, 20).train.images
    own = random_parameters(network, 6)
    for per_channel in (True, False):
        module = calibrated_module(Model(network, own, "random"), images[:100], Quantising(per_channel=per_channel))
        model = module.model("rounded")
        scale, deployed = model.quantisations["scores"].scales[0], deployed_int8(model)
        inputs = (images[:40].astype(np.int16) - 128).astype(np.int8).transpose(0, 3, 1, 2)
        steps = np.stack([run_reference(deployed, image)[-1].ravel() for image in inputs])
        np.testing.assert_array_equal(np.rint(scores(module, images[:40]) / scale), steps)
        module.train()
        with torch.no_grad():
            real = module(as_input(images[:40])).numpy() / scale
        assert np.abs(real - steps).max() < 2.1
        assert np.abs(real - steps).mean() < 0.5
        assert len(model.weight_quantisations["conv"].scales) == (6 if per_channel else 1)


def test_a_clamp_is_trained_and_rounded_as_it_runs() -> None:
    from costmodel.specs.trained.training_recipe import Quantising
    from costmodel.training.images.synthetic import synthetic_set
    from costmodel.training.pytorch.fitting import as_input
    from costmodel.training.pytorch.judging import integer_scores_of
    from costmodel.training.pytorch.network_module import NetworkModule
    from costmodel.training.pytorch.quantising import calibrated_module

    layers = [layer.model_dump(exclude_defaults=True) | {"kind": layer.kind} for layer in small_network().layers]
    layers[1] = {"kind": "clamp", "name": "relu", "low": 0.0, "high": 0.4}
    network = small_network(input=[3, 32, 32], layers=layers)
    images = synthetic_set(200, 20).train.images
    own = random_parameters(network, 6)
    module = NetworkModule(network)
    module.take(own)
    image = np.random.default_rng(4).normal(size=(3, 32, 32))
    np.testing.assert_allclose(scores_of(module, image), forward(network, own, image), rtol=1e-4, atol=1e-5)
    rounding = calibrated_module(Model(network, own, "random"), images[:100], Quantising())
    model = rounding.model("rounded")
    rounding.train()
    real = rounding(as_input(images)).detach().numpy() / model.quantisations["scores"].scales[0]
    assert np.abs(real - integer_scores_of(model, images)).max() < 2.1


def test_what_cannot_be_trained_is_said() -> None:
    from costmodel.training.pytorch.quantising import folded

    layers = [{"kind": "batch_norm2d", "name": "norm"}, {"kind": "flatten", "name": "flat"}]
    network = Network.model_validate({"name": "n", "input": [2, 3, 3], "layers": layers})
    with pytest.raises(CostModelError, match="norm: a batch norm that no convolution stands before is not quantised"):
        folded(network, random_parameters(network, 1))


def test_a_folded_network_is_the_same_function(tmp_path: Path) -> None:
    from costmodel.training.pytorch.quantising import folded

    layers = [
        {"kind": "conv2d", "name": "a", "out_channels": 4, "kernel": 3, "padding": 1, "bias": False},
        {"kind": "batch_norm2d", "name": "norm"},
        {"kind": "relu", "name": "relu"},
        {"kind": "conv2d", "name": "b", "out_channels": 4, "kernel": 1, "inputs": ["relu"]},
        {"kind": "add", "name": "sum", "inputs": ["b", "relu"]},
    ]
    network = Network.model_validate({"name": "n", "input": [2, 5, 5], "layers": layers})
    own = random_parameters(network, 1)
    small, parameters = folded(network, own)
    assert [layer.name for layer in small.layers] == ["a", "relu", "b", "sum"]
    image = np.random.default_rng(4).normal(size=(2, 5, 5))
    np.testing.assert_allclose(forward(small, parameters, image), forward(network, own, image))
