"""The packaged networks are the published ones."""

import pytest

from costmodel.dataflows.counting import count_work
from costmodel.sources.catalogue import load_network, names
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.work import LoopNest

# name: parameters, weights, nominal and valid multiply-accumulates
PUBLISHED = {
    "cifar-initial": (76_042, 75_936, None, None),
    "cifar-baseline": (545_098, 544_864, None, None),
    "cifar-aap": (53_578, 53_344, None, None),
    "cifar-aap-pruned": (28_576, None, 691_200 + 2_937_600 + 204 * 76 + 760, 662_700 + 2_697_900 + 204 * 76 + 760),
    "resnet18": (11_689_512, None, 1_814_073_344, 1_680_390_912),
    # He et al. 2016: 0.27 million parameters.
    "resnet20": (269_722, None, 40_551_040, None),
    # Banbury et al., MLPerf Tiny Benchmark: reference models.
    "resnet8": (None, 77_360, 12_501_632, None),
    "ds-cnn": (None, 22_016, 2_656_768, None),
    "mobilenet-v1-0.25": (None, 208_112, 7_489_664, None),
    "autoencoder": (None, 264_192, 264_192, 264_192),
}


def _macs(name: str, taps: Taps) -> int:
    nests = [step.lowered.work for step in load_network(name).steps if isinstance(step.lowered.work, LoopNest)]
    return sum(count_work(nest, Dataflow.OUTPUT_STATIONARY, taps).mac_count for nest in nests if not nest.operation.pools)


def test_every_packaged_network_is_held_against_a_published_figure() -> None:
    assert set(names("networks")) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_and_multiply_accumulates_are_the_published_ones(name: str) -> None:
    parameters, weights, nominal, valid = PUBLISHED[name]
    network = load_network(name)
    assert network.name == name
    computed = (
        network.parameter_count,
        sum(step.lowered.weight_count for step in network.steps),
        _macs(name, Taps.NOMINAL),
        _macs(name, Taps.VALID),
    )
    for value, published in zip(computed, (parameters, weights, nominal, valid), strict=True):
        assert published is None or value == published


def test_the_deck_networks_store_what_the_deck_stores() -> None:
    sizes = load_network("cifar-aap-pruned").tensor_bytes
    assert (sizes[0].input_bytes, sizes[0].weight_bytes, sizes[0].output_bytes) == (1, 1, 4)
    assert all(size.output_bytes == 4 for size in sizes)


def test_resnet18_blocks_start_where_their_shortcuts_do() -> None:
    network = load_network("resnet18")
    steps = {step.name: step for step in network.steps}
    order = [step.name for step in network.steps]
    for block, source in [("layer1.0", "maxpool"), ("layer2.0", "layer1.1.relu2"), ("layer4.1", "layer4.0.relu2")]:
        assert order[steps[f"{block}.conv1"].sources[0]] == source
    assert steps["layer2.0.add"].lowered.output == (128, 28, 28)
    assert order[steps["layer2.0.downsample.0"].sources[0]] == "layer1.1.relu2"
    assert order[steps["layer3.1.add"].sources[1]] == "layer3.0.relu2"
