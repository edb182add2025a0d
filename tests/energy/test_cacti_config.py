"""A spec and its configuration file are two forms of one thing."""

import contextlib
import string
from pathlib import Path

import pytest
from fake_cacti import DECK as DECK_FIELDS
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.energy.cacti_config import cacti_config_text, checked_sram, config_hash, sram_from_config
from costmodel.energy.cacti_settings import DECIDES_NOTHING, SETTINGS
from costmodel.errors import FormatError, InputError, SpecError, UnknownNameError
from costmodel.specs.base import with_changes
from costmodel.specs.devices.sram import SramSpec

CELLS = st.sampled_from(["itrs-hp", "itrs-lstp", "itrs-lop"])
DECK = checked_sram(DECK_FIELDS)
DECK_TEXT = cacti_config_text(DECK)


@st.composite
def srams(draw: st.DrawFn) -> SramSpec:
    block = draw(st.integers(1, 128))
    banks = draw(st.sampled_from([1, 2, 4]))
    cache = draw(st.booleans())
    ways = draw(st.sampled_from([1, 2, 8])) if cache else 1
    smallest = max(64, 2 * block * ways) * banks
    return checked_sram(
        {
            "size_bytes": draw(st.integers(smallest, 2**24)),
            "block_bytes": block,
            "bus_bits": draw(st.one_of(st.integers(1, block).map(lambda count: 8 * count), st.integers(1, 8 * block))),
            "node_nm": draw(st.one_of(st.sampled_from([22.0, 40.0, 45.0, 90.0]), st.floats(22, 90).map(lambda nm: round(nm, 3)))),
            "data_cell": draw(CELLS),
            "periphery_cell": draw(CELLS),
            "ecc": draw(st.booleans()),
            "temperature_k": 10.0 * draw(st.integers(30, 40)),
            "array": "cache" if cache else "ram",
            "associativity_count": ways,
            "bank_count": banks,
            "shared_port_count": draw(st.integers(0, 2)),
            "read_port_count": draw(st.integers(1, 2)),
            "write_port_count": draw(st.integers(0, 2)),
            "interconnect": draw(st.sampled_from(["conservative", "aggressive"])),
            "objective": draw(st.sampled_from(["0:0:0:100:0", "100:20:20:10:10"])),
            "deviation": draw(st.sampled_from(["20:100000:100000:100000:100000", "10:1000:1000:1000:1000"])),
            "optimised": draw(st.sampled_from(["ED", "ED^2", "NONE"])),
            "signaling": draw(st.sampled_from(["Global_30", "default", "lowswing"])),
        }
    )


@settings(max_examples=200, deadline=None)
@given(srams())
def test_what_is_written_reads_back_equal(spec: SramSpec) -> None:
    assert sram_from_config(cacti_config_text(spec)) == spec


@settings(max_examples=100, deadline=None)
@given(srams(), srams())
def test_two_configurations_share_a_hash_only_when_they_are_equal(a: SramSpec, b: SramSpec) -> None:
    assert (config_hash(a) == config_hash(b)) == (a == b)


def test_the_hash_of_the_deck_is_pinned() -> None:
    """Another spelling of any setting makes every packaged row stale: that must be meant."""
    assert config_hash(DECK) == "76f00756e18421de"


def test_comments_spaces_and_order_do_not_matter() -> None:
    lines = DECK_TEXT.splitlines()
    shuffled = "\n".join(f"\n  {line}  \n// -size (bytes) 1\n# text" for line in reversed(lines))
    assert sram_from_config(shuffled) == DECK


def test_values_may_carry_remarks_as_in_the_stock_file() -> None:
    text = DECK_TEXT.replace("-num_dq 72", "-num_dq 72 //Number of DQ pins. Includes ECC pins.")
    assert text != DECK_TEXT
    assert sram_from_config(text) == DECK


DECIDING = [setting for setting in SETTINGS if setting.key not in DECIDES_NOTHING]


@pytest.mark.parametrize("setting", DECIDING, ids=lambda setting: setting.key)
def test_each_missing_line_is_named(setting: object) -> None:
    key = setting.key  # type: ignore[attr-defined]
    text = "".join(f"{line}\n" for line in DECK_TEXT.splitlines() if not line.startswith((f"{key} ", f"{key}:")) and line != key)
    with pytest.raises(FormatError, match="missing") as refused:
        sram_from_config(text, "mine.cfg")
    assert key in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "error", "named"),
    [
        ('-cache type "ram"', '-cache type "main memory"', SpecError, "'main memory' is a DRAM"),
        (
            '-Data array cell type - "itrs-hp"',
            '-Data array cell type - "comm-dram"',
            SpecError,
            "mine.cfg:20 -Data array cell type: 'comm-dram' is a DRAM",
        ),
        ("0:0:0:100:0", "0:0:0:100", SpecError, "objective: expected five whole weights such as 0:0:0:100:0, found '0:0:0:100'"),
        ('cell type - "itrs-hp"', 'cell type - "itrs-hpp"', SpecError, "is not one of the choices (did you mean 'itrs-hp'?)"),
        ("-technology (u) 0.045", "-technology (u) 0.016", SpecError, "node_nm should be at least 22, found 16"),
        ("-UCA bank count 1", "-UCA bank count 1\n-UCA bank count 2", FormatError, "set twice, first in line"),
        ("-size (bytes) 131072", "-size (bytes) many", FormatError, "-size: cannot read 'many'"),
        ("-size (bytes) 131072", "-sise (bytes) 131072", UnknownNameError, "did you mean '-size'"),
        ('-Force cache config - "false"', '-Force cache config - "true"', SpecError, "'false' is what is computed here, found 'true'"),
        ("-design objective", "design objective", FormatError, "expected a setting or a comment"),
        ('-Add ECC - "true"', '-Add ECC - "perhaps"', FormatError, "perhaps"),
        ("-operating temperature (K) 300", "-operating temperature (K) 295", SpecError, "300 to 400 K in steps of 10"),
        ("-technology (u) 0.045", "-technology (u) 0.130", SpecError, "node_nm should be at most 90, found 130"),
        ("-technology (u) 0.045", "-technology (u) nan", SpecError, "node_nm"),
        ("-output/input bus width 512", "-output/input bus width 0", SpecError, "1 bit or more"),
    ],
)
def test_a_line_that_says_something_else_is_refused_with_its_place(old: str, new: str, error: type[Exception], named: str) -> None:
    text = DECK_TEXT.replace(old, new, 1)
    assert text != DECK_TEXT
    with pytest.raises(error) as refused:
        sram_from_config(text, "mine.cfg")
    assert str(refused.value).startswith("mine.cfg")
    assert named in str(refused.value)


@pytest.mark.parametrize("key", sorted(DECIDES_NOTHING - {"-tag size"}))
def test_a_line_that_decides_nothing_of_an_array_may_say_anything_or_be_missing(key: str) -> None:
    lines = DECK_TEXT.splitlines()
    setting = next(setting for setting in SETTINGS if setting.key == key)
    (place,) = [number for number, line in enumerate(lines) if line.startswith(key) and not line[len(key) : len(key) + 1].isalnum()]
    odd = f'{key}{setting.link}"97"' if setting.quoted else f"{key}{setting.link}97"
    for text in ([*lines[:place], odd, *lines[place + 1 :]], [*lines[:place], *lines[place + 1 :]]):
        assert sram_from_config("\n".join(text)) == DECK


def test_an_odd_bus_is_an_array_but_no_networks_memory() -> None:
    spec = with_changes(DECK, {"bus_bits": 39})
    assert "39 bit wide" in spec.summary
    with pytest.raises(SpecError, match="a bus of 39 bits carries no whole bytes"):
        _ = spec.access_bytes


def test_tag_cells_of_a_bare_array_may_be_any() -> None:
    text = DECK_TEXT.replace('-Tag array cell type - "itrs-hp"', '-Tag array cell type - "itrs-lop"')
    assert sram_from_config(text) == DECK
    cached = cacti_config_text(with_changes(DECK, {"array": "cache", "associativity_count": 2}))
    with pytest.raises(SpecError, match="Tag array"):
        sram_from_config(cached.replace('-Tag array cell type - "itrs-hp"', '-Tag array cell type - "itrs-lop"'))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_never_anything_else(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(DECK_TEXT)))
    length = data.draw(st.integers(0, 40))
    noise = data.draw(st.text(string.printable + "\0é", max_size=12))
    with contextlib.suppress(InputError):
        spec = sram_from_config(DECK_TEXT[:start] + noise + DECK_TEXT[start + length :])
        assert sram_from_config(cacti_config_text(spec)) == spec


SIZES = {"k": 1024, "m": 1024**2}


def configurations() -> list[Path]:
    return sorted((Path(__file__).parents[2] / "cacti_configs").glob("*.cfg"))


@pytest.mark.parametrize("file", configurations(), ids=lambda file: file.stem)
def test_each_packaged_configuration_is_canonical_and_is_what_its_name_says(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    spec = sram_from_config(text, file.name)
    assert cacti_config_text(spec) == text
    who, node, cell, size, width, *rest = file.stem.split("-")
    assert f"{spec.node_nm:g}nm" == node
    assert spec.data_cell == spec.periphery_cell == f"itrs-{cell}"
    assert spec.size_bytes == int(size.rstrip("km")) * SIZES.get(size[-1], 1)
    assert f"{spec.access_bytes}b" == width
    assert spec.ecc == (who == "deck" or "ecc" in rest)
    assert spec.temperature_k == (350 if "350k" in rest else 300)
    assert (spec.array == "cache") == (who == "esp32cache")


def test_the_packaged_configurations_cover_what_users_need() -> None:
    specs = [sram_from_config(file.read_text(encoding="utf-8")) for file in configurations()]
    assert 41 <= len(specs) <= 61
    kib = {spec.size_bytes // 1024 for spec in specs}
    assert {1, 4, 8, 16, 32, 64, 128, 256, 312, 320, 512, 520, 1024} <= kib
    assert {1, 4, 8, 16, 32, 64} <= {spec.access_bytes for spec in specs}
    assert {22, 32, 40, 45, 65, 90} <= {spec.node_nm for spec in specs}
    assert {"itrs-hp", "itrs-lstp", "itrs-lop"} == {spec.data_cell for spec in specs}
    assert {300, 350} == {spec.temperature_k for spec in specs}
    assert {True, False} == {spec.ecc for spec in specs}


def test_the_tag_size_of_a_bare_array_may_be_any_and_a_caches_may_not() -> None:
    (line,) = [line for line in DECK_TEXT.splitlines() if line.startswith("-tag size")]
    assert sram_from_config(DECK_TEXT.replace(line, "-tag size (b) 97")) == DECK
    cached = cacti_config_text(with_changes(DECK, {"array": "cache", "associativity_count": 2}))
    with pytest.raises(SpecError, match="tag size"):
        sram_from_config(cached.replace(line, "-tag size (b) 97"))


def test_a_line_that_decides_nothing_may_say_anything_of_a_cache_too() -> None:
    cache = with_changes(DECK, {"array": "cache", "associativity_count": 2})
    (line,) = [line for line in cacti_config_text(cache).splitlines() if line.startswith("-burst length")]
    assert sram_from_config(cacti_config_text(cache).replace(line, "-burst length 97")) == cache


def test_a_longer_word_is_another_setting() -> None:
    (line,) = [line for line in DECK_TEXT.splitlines() if line.startswith("-technology")]
    with pytest.raises(UnknownNameError, match="-technology"):
        sram_from_config(DECK_TEXT.replace(line, line.replace("-technology", "-technologys")))
