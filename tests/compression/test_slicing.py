"""A network without some of its channels answers what the whole one does with those channels set to zero."""

import random

import numpy as np
import pytest
from float_forward import forward
from random_graphs import random_graphs

from costmodel.compression.channel_groups import tied
from costmodel.compression.importance import importance_of
from costmodel.compression.slicing import masked, pruned, pruned_globally, ranks, ratios_by_kind, removable, without
from costmodel.deployment.parameters import random_parameters
from costmodel.errors import InputError, MissingError
from costmodel.sources.catalogue import load_network
from costmodel.specs.model import LayerParameters, Parameters
from costmodel.specs.network import Network
from costmodel.specs.trained.training_recipe import Criterion


def headed(network: Network) -> Network:
    """The network with a linear layer at its end, so that what is before it may be pruned."""
    if len(network.steps[-1].lowered.output) != 3:
        return network
    head = [{"kind": "flatten", "name": "end"}, {"kind": "linear", "name": "head", "out_features": 3}]
    return Network.model_validate({"name": network.name, "input": network.input, "layers": [*network.layers, *head]})


GRAPHS = [network for network in map(headed, random_graphs(400, 31, types=False)) if tied(network).groups]


def whole_numbers(network: Network, seed: int) -> dict[str, LayerParameters]:
    """Parameters that are small whole numbers."""
    return {
        name: LayerParameters(np.rint(own.weight * 4), None if own.bias is None else np.rint(own.bias * 40))
        for name, own in random_parameters(network, seed).items()
    }


def draws(network: Network, seed: int) -> set[int]:
    """Ties to leave out; each layer keeps at least one channel."""
    draw = random.Random(f"{seed}-{network.name}")
    found = tied(network)
    ties = [tie for group in found.groups for tie in group.ties]
    return removable(found, draw.sample(ties, len(ties)), draw.randrange(len(ties)))


@pytest.mark.parametrize("network", GRAPHS, ids=lambda network: network.name)
def test_a_pruned_network_answers_what_the_masked_one_does(network: Network) -> None:
    found, gone = tied(network), draws(network, 5)
    own = whole_numbers(network, 5)
    small, kept = without(found, own, gone)
    image = np.random.default_rng(6).integers(-8, 9, network.input).astype(np.float64)
    np.testing.assert_array_equal(forward(small, kept, image), forward(network, masked(found, own, gone), image))
    drawn = random_parameters(network, 7)
    small, kept = without(found, drawn, gone)
    single = image.astype(np.float32)
    expected = forward(network, masked(found, drawn, gone), single)
    np.testing.assert_allclose(forward(small, kept, single), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_the_random_graphs_have_what_ties_channels() -> None:
    kinds = [{network.ordered[index].kind for group in tied(network).groups for index in group.layers} for network in GRAPHS]
    assert len(kinds) > 100
    assert sum(len(group.layers) > 1 for network in GRAPHS for group in tied(network).groups) > 20
    assert sum(any(layer.kind == "conv2d" and layer.groups > 1 for layer in network.layers) for network in GRAPHS) > 10


def joined(bounds: dict[str, float]) -> Network:
    """Two branches one after the other, and a sum of them that ties them."""
    layers = [
        {"kind": "conv2d", "name": "left", "out_channels": 5, "kernel": 3, "padding": 1, "inputs": ["input"]},
        {"kind": "clamp", "name": "kept", **bounds},
        {"kind": "conv2d", "name": "right", "out_channels": 4, "kernel": 1, "inputs": ["input"]},
        {"kind": "concat", "name": "both", "inputs": ["kept", "right", "kept"]},
        {"kind": "batch_norm2d", "name": "norm", "inputs": ["both"]},
        {"kind": "conv2d", "name": "mixed", "out_channels": 14, "kernel": 3, "padding": 1},
        {"kind": "add", "name": "sum", "inputs": ["mixed", "both"]},
        {"kind": "adaptive_avg_pool2d", "name": "mean", "output_size": 2},
        {"kind": "flatten", "name": "flat"},
        {"kind": "linear", "name": "head", "out_features": 3},
    ]
    return Network.model_validate({"name": "joined", "input": [2, 6, 6], "layers": layers})


@pytest.mark.parametrize("seed", range(20))
def test_channels_that_are_put_one_after_the_other_stay_their_own(seed: int) -> None:
    network = joined({"low": 0.0, "high": 6.0})
    found = tied(network)
    assert {network.ordered[index].name for group in found.groups for index in group.layers} == {"left", "right", "mixed"}
    gone = draws(network, seed)
    own = whole_numbers(network, seed)
    small, kept = without(found, own, gone)
    image = np.random.default_rng(seed).integers(-8, 9, network.input).astype(np.float64)
    np.testing.assert_array_equal(forward(small, kept, image), forward(network, masked(found, own, gone), image))


def test_no_layer_is_left_without_channels_by_what_it_is_tied_to() -> None:
    network = joined({"low": 0.0})
    own = random_parameters(network, 1)
    for ratio in (0.3, 0.6, 0.77):
        small, _ = pruned(network, own, {"mixed": ratio})
        assert min(step.lowered.output[0] for step in small.steps) >= 1
    with pytest.raises(InputError, match=r"left: a ratio of 0\.8 leaves nothing of a layer that is tied to it"):
        pruned(network, own, {"mixed": 0.8})


def test_a_clamp_that_makes_something_of_nothing_ties_its_channels_to_itself() -> None:
    network = joined({"low": 1.0})
    names = {network.ordered[index].name for group in tied(network).groups for index in group.layers}
    assert "left" not in names


def test_the_decks_ratios_leave_the_decks_widths() -> None:
    network = load_network("cifar-aap")
    own = random_parameters(network, 1)
    small, kept = pruned(network, own, ratios_by_kind(network, 0.2, 0.4))
    assert small.parameter_count == 28_576
    assert small.layers == load_network("cifar-aap-pruned").layers
    assert kept["fc1"].weight.shape == (76, 51 * 4)


def test_what_stays_are_the_most_important_in_their_order() -> None:
    layers = [{"kind": "linear", "name": name, "out_features": count} for name, count in (("a", 4), ("b", 2))]
    network = Network.model_validate({"name": "n", "input": [2], "layers": layers})
    own = {
        "a": LayerParameters(np.array([[1.0, 1], [3, -3], [0, 0.5], [-2, 1]]), np.arange(4.0)),
        "b": LayerParameters(np.arange(8.0).reshape(2, 4), np.zeros(2)),
    }
    small, kept = pruned(network, own, {"a": 0.5})
    np.testing.assert_array_equal(kept["a"].weight, [[3, -3], [-2, 1]])
    np.testing.assert_array_equal(kept["a"].bias, [1, 3])
    np.testing.assert_array_equal(kept["b"].weight, [[1, 3], [5, 7]])
    assert small.steps[0].lowered.output == (2,)


def test_layers_of_a_residual_block_lose_the_same_channels() -> None:
    network = load_network("resnet8")
    own = random_parameters(network, 2)
    small, kept = pruned(network, own, ratios_by_kind(network, 0.25, 0.0))
    widths = {layer.name: layer.out_channels for layer in small.layers if layer.kind == "conv2d"}
    assert widths["conv1"] == widths["stack1.conv2"] == 12
    assert widths["stack2.conv2"] == widths["stack2.shortcut"] == 24
    found = tied(network)
    group = next(group for group in found.groups if len(group.layers) == 2 and network.ordered[group.layers[0]].name == "conv1")
    total = sum(importance_of(Criterion.L1, own[name].weight) for name in ("conv1", "stack1.conv2"))
    np.testing.assert_allclose(list(ranks(found, group, own, Criterion.L1, None).values()), total)
    assert kept["fc"].weight.shape == (10, 48)


def test_depthwise_channels_go_with_the_filters_before_them() -> None:
    network = load_network("ds-cnn")
    small, kept = pruned(network, random_parameters(network, 2), {"conv1": 0.5})
    assert kept["depthwise1"].weight.shape == (32, 1, 3, 3)
    assert next(layer for layer in small.layers if layer.name == "depthwise1").groups == 32


def test_a_global_ratio_takes_that_share_wherever_it_matters_least() -> None:
    network = load_network("cifar-aap")
    own = random_parameters(network, 3)
    small, _ = pruned_globally(network, own, 0.3)
    left = [step.lowered.output[0] for step in small.steps if step.name in ("conv1", "conv2", "fc1")]
    assert sum(left) == int(0.7 * (32 + 64 + 128))
    assert len({left[0] / 32, left[1] / 64, left[2] / 128}) > 1


def gradients_of(parameters: Parameters) -> dict[str, np.ndarray]:
    return {name: np.sign(own.weight) for name, own in parameters.items()}


def test_criteria_rank_as_they_say() -> None:
    weight = np.array([[3.0, -4.0], [5.0, 1.0]])
    np.testing.assert_array_equal(importance_of(Criterion.L1, weight), [7, 6])
    np.testing.assert_allclose(importance_of(Criterion.L2, weight), [5, np.sqrt(26)])
    np.testing.assert_array_equal(importance_of(Criterion.BATCH_NORM, weight, factors=np.array([-2.0, 1.0])), [2, 1])
    np.testing.assert_array_equal(importance_of(Criterion.TAYLOR, weight, gradient=np.array([[1.0, 1.0], [-1.0, 1.0]])), [1, 4])
    with pytest.raises(MissingError, match="no batch normalisation"):
        importance_of(Criterion.BATCH_NORM, weight)
    network = load_network("cifar-aap")
    own = random_parameters(network, 3)
    by_taylor = pruned(network, own, {"conv1": 0.5}, Criterion.TAYLOR, gradients_of(own))
    by_l1 = pruned(network, own, {"conv1": 0.5})
    np.testing.assert_array_equal(by_taylor[1]["conv1"].weight, by_l1[1]["conv1"].weight)


@pytest.mark.parametrize(
    ("ratios", "told"),
    [
        ({"conv9": 0.2}, "prune: 'conv9' is not a layer of this network .did you mean"),
        ({"conv1": 1.0}, "conv1: a ratio is at least 0 and below 1, found 1"),
        ({"conv1": 0.99}, "conv1: a ratio of 0.99 leaves nothing of 32 channels"),
        ({"fc2": 0.2}, "fc2: cannot be pruned: its outputs are the network's"),
        ({"pool1": 0.2}, "pool1: cannot be pruned: it has no filters"),
    ],
)
def test_what_cannot_be_pruned_is_said(ratios: dict[str, float], told: str) -> None:
    network = load_network("cifar-aap")
    with pytest.raises(InputError, match=told):
        pruned(network, random_parameters(network, 1), ratios)


def test_layers_that_are_tied_are_pruned_alike_or_not_at_all() -> None:
    network = load_network("resnet8")
    with pytest.raises(InputError, match=r"stack1\.conv2: is tied to conv1, which is pruned by 0\.2, not 0\.5"):
        pruned(network, random_parameters(network, 1), {"conv1": 0.2, "stack1.conv2": 0.5})
