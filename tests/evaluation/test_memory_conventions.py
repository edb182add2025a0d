"""Conventions differ in what they charge, not in what they count."""

import pytest

from costmodel.energy.grouping import packed_accesses
from costmodel.errors import SpecError
from costmodel.evaluation.evaluating import cost_of, evaluate
from costmodel.evaluation.figures import figure_of
from costmodel.evaluation.storage.flash_weights import flash_weight_cost
from costmodel.evaluation.storage.memory_conventions import Convention, compare_conventions
from costmodel.results.storage.memory_convention import ConventionComparison
from costmodel.sources.catalogue import load_memory_energy, load_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow
from costmodel.specs.scenario import Scenario

OS = Dataflow.OUTPUT_STATIONARY


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("esp32-deck")


def test_the_decks_own_convention_gives_the_decks_energies(scenario: Scenario) -> None:
    _, own = cost_of(scenario, scenario.dataflows[0])
    (charged,) = compare_conventions(scenario, [Convention("deck", "deck", scenario.memory_energy, 4)]).conventions
    assert charged.dynamic_pj == own.tensor_pj
    assert charged.leakage_pj == own.leakage_pj


def test_one_access_an_operand_is_counted_alike_at_every_width(scenario: Scenario) -> None:
    memories = [(name, load_memory_energy(name)) for name in ("sram-45nm-hp-128k-1b-ecc", "sram-45nm-hp-128k-4b-ecc", "horowitz-45nm-32k")]
    found = compare_conventions(scenario, [Convention(name, name, memory, memory.access_bytes) for name, memory in memories])
    assert len({(cost.read_count, cost.write_count) for cost in found.conventions}) == 1
    operands = found.conventions[0]
    deck = compare_conventions(scenario, [Convention("deck", "deck", scenario.memory_energy, 4)]).conventions[0]
    # Rounded up in each layer and counter, so a few accesses more than all operands packed together.
    assert 0 <= deck.read_count - packed_accesses(operands.read_count, 4, 64) <= 30


def test_an_energy_is_charged_for_accesses_of_its_own_width_only(scenario: Scenario) -> None:
    memory = load_memory_energy("sram-45nm-hp-128k-8b-ecc")
    (charged,) = compare_conventions(scenario, [Convention("a", "a", memory, None)]).conventions
    assert charged.dynamic_pj == pytest.approx(charged.read_count * memory.read_pj.value + charged.write_count * memory.write_pj.value)


def test_ranges_of_access_energies_are_carried_through(scenario: Scenario) -> None:
    memory = load_memory_energy("esp32-40nm-lstp-320k-4b")
    counting = with_changes(scenario.counting, {"block_bytes": None})
    changed = with_changes(scenario, {"memory_energy": memory, "counting": counting})
    for dataflow in changed.dataflows:
        _, answer = cost_of(changed, dataflow)
        span = answer.bounds
        assert span.tensor_low_pj is not None
        assert span.tensor_high_pj is not None
        assert span.scratch_low_pj is not None
        assert span.scratch_high_pj is not None
        assert span.tensor_low_pj < answer.tensor_pj < span.tensor_high_pj
        assert span.scratch_low_pj <= answer.scratch_pj <= span.scratch_high_pj


def test_without_a_range_there_is_none_to_carry(scenario: Scenario) -> None:
    unranged = with_changes(scenario.memory_energy, {"read_pj": 91.9, "write_pj": 181.5})
    (charged,) = compare_conventions(scenario, [Convention("deck", "deck", unranged, 4)]).conventions
    assert (charged.dynamic_low_pj, charged.dynamic_high_pj) == (None, None)


def test_a_comparison_survives_json(scenario: Scenario) -> None:
    found = compare_conventions(scenario, [Convention("deck", "deck", scenario.memory_energy, 4)])
    assert ConventionComparison.model_validate_json(found.model_dump_json()) == found
    assert found.of("deck") == found.conventions[0]
    assert found.of("other") is None


def test_a_pass_over_the_weights_that_padding_cuts_short_fetches_its_lines_all_the_same() -> None:
    network = {
        "name": "one", "input": "2x5x5", "types": {"input": "int8", "activation": "int8", "weight": "int8"},
        "layers": [{"name": "conv", "kind": "conv2d", "out_channels": 3, "kernel": 3, "padding": 1}],
    }  # fmt: skip
    scenario = load_scenario({"name": "cut-short", "network": network, "device": "esp32-wroom"})
    _, answer = cost_of(scenario, OS)
    (layer,) = answer.layers
    reads, weights = layer.counts.weight_read_count, layer.step.lowered.weight_count
    assert (reads, weights) == (1014, 54)
    tiny = with_changes(load_memory_energy("esp32cache-40nm-lstp-32k-4b"), {"capacity_bytes": 16})
    found = flash_weight_cost(answer.layers, scenario.network.tensor_bytes, OS, tiny, load_memory_energy("flash-line-40mhz-dio"))
    # 18 whole passes and 42 of 54 reads of a nineteenth; two lines of 32 bytes a pass.
    assert found.fill_count == 19 * 2


def test_weights_in_flash_are_charged_to_flash_and_its_cache_wherever_memory_energy_is_told() -> None:
    scenario = load_scenario({"name": "s", "network": "cifar-aap-pruned", "device": "esp32-wroom"})
    first = evaluate(scenario).dataflows[0]
    in_ram = evaluate(with_changes(scenario, {"weights_in": "ram"})).dataflows[0]
    path, memory, cache, flash = first.flash_path, scenario.memory_energy, scenario.cache_energy, scenario.flash_energy
    assert path is not None
    assert cache is not None
    assert flash is not None
    assert path.fill_count == first.flash_weights.fill_count
    # One int8 weight is a byte; four of them are an access of memory and cache alike.
    assert path.replaced_count == path.hit_count == sum(-(-layer.counts.weight_read_count // 4) for layer in first.layers)
    without = in_ram.energy.memory_pj - path.replaced_count * memory.read_pj.value
    assert path.memory_pj == pytest.approx(without + path.hit_count * cache.read_pj.value + path.fill_count * flash.read_pj.value)
    assert path.memory_pj == first.energy.memory_pj
    assert path.memory_low_pj < path.memory_pj < path.memory_high_pj
    assert (path.memory_low_pj, path.memory_high_pj) == (first.energy_bounds.memory_low_pj, first.energy_bounds.memory_high_pj)
    assert first.energy.flash_pj == pytest.approx(path.hit_pj + path.fill_pj)
    assert first.energy.memory_pj == pytest.approx(sum(layer.energy.memory_pj for layer in first.layers), rel=1e-12)
    assert first.energy.flash_pj == pytest.approx(sum(layer.energy.flash_pj for layer in first.layers), rel=1e-12)
    assert (in_ram.flash_path, in_ram.energy.flash_pj) == (None, 0.0)
    _, answer = cost_of(scenario, scenario.dataflows[0])
    for name, told in (
        ("energy.memory", path.memory_pj),
        ("energy.memory_low", path.memory_low_pj),
        ("energy.flash", first.energy.flash_pj),
    ):
        assert figure_of(answer, name).value == told


def test_weights_in_flash_are_fetched_once_a_layer_where_they_fit_the_cache(scenario: Scenario) -> None:
    _, answer = cost_of(scenario, scenario.dataflows[0])
    sizes = scenario.network.tensor_bytes
    cache, line = load_memory_energy("esp32cache-40nm-lstp-32k-4b"), load_memory_energy("flash-line-40mhz-dio")
    found = flash_weight_cost(answer.layers, sizes, OS, cache, line)
    weights = [layer.step.lowered.weight_count * tensor.weight_bytes for layer, tensor in zip(answer.layers, sizes, strict=True)]
    assert max(weights) <= 32_768
    assert found.fill_count == sum(-(-count // 32) for count in weights)
    assert found.read_count == sum(layer.counts.weight_read_count for layer in answer.layers)
    assert found.fill_pj == pytest.approx(found.fill_count * line.read_pj.value)
    # Input stationary needs the whole layer between two uses of a weight.
    assert flash_weight_cost(answer.layers, sizes, Dataflow.INPUT_STATIONARY, cache, line).fill_count == found.fill_count
    small = with_changes(cache, {"capacity_bytes": 4096})
    assert flash_weight_cost(answer.layers, sizes, OS, small, line).fill_count == found.fill_count
    assert flash_weight_cost(answer.layers, sizes, Dataflow.INPUT_STATIONARY, small, line).fill_count > 100 * found.fill_count
    # A cache too small for a filter fetches its lines anew on each pass.
    tiny = with_changes(cache, {"capacity_bytes": 32})
    thrashing = flash_weight_cost(answer.layers, sizes, OS, tiny, line)
    assert thrashing.fill_count > 100 * found.fill_count
    with pytest.raises(SpecError, match="capacity"):
        flash_weight_cost(answer.layers, sizes, OS, with_changes(cache, {"capacity_bytes": None}), line)
