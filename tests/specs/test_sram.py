"""CACTI's limits are refused by name, before anything runs."""

import pytest
from fake_cacti import DECK

from costmodel.energy.cacti_config import checked_sram
from costmodel.errors import SpecError
from costmodel.specs.devices.sram import SramSpec


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"node_nm": 16.0}, "22"),
        ({"node_nm": 130.0}, "90"),
        ({"temperature_k": 290.0}, "300 to 400 K"),
        ({"temperature_k": 410.0}, "300 to 400 K"),
        ({"temperature_k": 305.0}, "steps of 10"),
        ({"bank_count": 3}, "power of two"),
        ({"array": "cache", "associativity_count": 3}, "power of two"),
        ({"associativity_count": 2}, "bare array"),
        ({"bus_bits": 520}, "at most one block"),
        ({"bus_bits": 0}, "1 bit or more"),
        ({"objective": "100"}, "objective"),
        ({"size_bytes": 32}, "64"),
        ({"size_bytes": 2**31}, "1073741824"),
        ({"size_bytes": 64}, "two sets"),
        ({"block_bytes": 0}, "1 byte or more"),
        ({"shared_port_count": 0}, "one port"),
        ({"data_cell": "lp-dram"}, "itrs-lop"),
        ({"size_bytes": 1.5}, "integer"),
        ({"colour": 1}, "colour"),
    ],
)
def test_each_limit_of_cacti_is_refused_and_named(changes: dict[str, object], named: str) -> None:
    with pytest.raises(SpecError, match="not an SRAM CACTI can compute") as refused:
        checked_sram({**DECK, **changes})
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("node", [22.0, 28.5, 40.0, 90.0])
def test_nodes_between_the_technology_files_are_accepted(node: float) -> None:
    assert checked_sram({**DECK, "node_nm": node}).node_nm == node


def test_an_access_is_as_wide_as_the_bus_not_the_block() -> None:
    assert checked_sram({**DECK, "bus_bits": 32}).access_bytes == 4


def test_two_equal_specs_are_one_key() -> None:
    assert len({SramSpec.model_validate(DECK), checked_sram(DECK)}) == 1
