"""Streamed and fused plans of the reference network reach their published bytes, from rules that know no network."""

from __future__ import annotations

import pytest

from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.results.storage.strategy_plan import StrategyPlan
from costmodel.sources.catalogue import load_network, names
from costmodel.sources.planned_scenario import retyped
from costmodel.specs.network import Network
from costmodel.specs.running.strategy import MemoryStrategy as Strategy

PRUNED = load_network("cifar-aap-pruned")
TYPES = {
    "4-byte": PRUNED,
    "int32 conv/fc + int8 pooled": retyped(PRUNED, "int32", "int8"),
    "int8": retyped(PRUNED, "int8", None),
}
PUBLISHED = {
    Strategy.SUM: (194_440, 164_836, 48_610),
    Strategy.PEAK_LIVE: (128_000, 108_800, 32_000),
    Strategy.PING_PONG: (128_000, 108_800, 32_000),
    Strategy.STATIC_IN_PLACE: (155_784, 155_172, 38_946),
    Strategy.ARENA_IN_PLACE: (105_472, 105_472, 28_672),
    Strategy.FUSED_BANDS: (45_184, 16_192, 11_296),
    Strategy.FUSED_ROWS: (41_920, 12_928, 10_480),
    Strategy.FUSED_WINDOWS: (38_656, 9_664, 9_664),
    Strategy.FUSED_MEANS: (28_672, 9_472, 9_472),
    Strategy.ROW_STREAMING: (18_832, 15_232, 5_536),
    Strategy.PIXEL_STREAMING: (6_248, 2_399, 2_399),
    Strategy.PIXEL_STREAMING_FLASH: (5_948, 2_099, 2_099),
    Strategy.STRIPS_2: (3_732, 1_545, 1_545),
    Strategy.STRIPS_4: (2_724, 1_293, 1_293),
    Strategy.STRIPS_8: (2_120, 1_142, 1_142),
}


def planned(strategy: Strategy, network: Network) -> StrategyPlan:
    return plan_strategy(strategy, subject_of(network))[0]


@pytest.mark.parametrize("types", TYPES)
@pytest.mark.parametrize("strategy", PUBLISHED)
def test_the_published_table(strategy: Strategy, types: str) -> None:
    plan = planned(strategy, TYPES[types])
    assert plan.total_bytes == PUBLISHED[strategy][list(TYPES).index(types)]


def test_pixel_streaming_keeps_what_is_published() -> None:
    pieces = {(piece.name, piece.role): piece.size_bytes for piece in planned(Strategy.PIXEL_STREAMING, PRUNED).pieces}
    assert (
        pieces.items()
        >= {("input", "ring"): 300, ("pool1", "ring"): 3_500, ("pool2", "running row"): 1_632, ("aap", "tensor"): 816}.items()
    )


@pytest.mark.parametrize(
    ("name", "most_bytes"), [("cifar-aap-pruned", 6_248), ("ds-cnn", 4_000), ("resnet8", 9_600), ("mobilenet-v1-0.25", 14_500)]
)
def test_streaming_finds_its_own_cuts(name: str, most_bytes: int) -> None:
    plan = planned(Strategy.STREAMING, load_network(name))
    assert plan.total_bytes is not None
    assert plan.total_bytes <= most_bytes
    assert plan.is_optimal
    assert all(stage.strip_count == 1 for stage in plan.stages)


@pytest.mark.parametrize("name", names("networks"))
def test_streaming_never_takes_more_than_another_strategy_that_computes_nothing_twice(name: str) -> None:
    network = load_network(name)
    others = [planned(strategy, network).total_bytes for strategy in (Strategy.PIXEL_STREAMING, Strategy.ARENA_IN_PLACE)]
    found = planned(Strategy.STREAMING, network)
    assert found.reason is not None or found.total_bytes <= min(other for other in others if other is not None)


@pytest.mark.parametrize(
    ("name", "strategy", "why"),
    [
        ("autoencoder", Strategy.PIXEL_STREAMING, "fc1 (linear) needs all of its input"),
        ("resnet8", Strategy.STRIPS_2, "strips serve chains only: conv1 is read by several layers"),
        ("ds-cnn", Strategy.STRIPS_8, "8 strips need as many columns: pointwise4 has 5"),
        ("autoencoder", Strategy.FUSED_BANDS, "no pooling follows a layer that only it reads"),
    ],
)
def test_what_does_not_apply_says_which_layer_breaks_it(name: str, strategy: Strategy, why: str) -> None:
    plan = planned(strategy, load_network(name))
    assert (plan.total_bytes, plan.reason) == (None, why)
