"""A memory energy by name or by parameters: an exact row, or a refusal; never a silent interpolation."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.energy.serial_memory import serial_clock_count, serial_line_pj
from costmodel.energy.sram_range import ABOVE_RATIO
from costmodel.errors import InputError, MissingError, SpecError, UnknownNameError
from costmodel.sources.cacti.sram_energy import estimated_figures
from costmodel.sources.cacti.sram_request import sram_request
from costmodel.sources.cacti.sram_table import SramTable
from costmodel.sources.cacti.sram_table_file import packaged_sram_table
from costmodel.sources.catalogue import load_memory_energy, names
from costmodel.sources.compared_memories import COMPARED_MEMORIES
from costmodel.sources.memory_energies import memory_energy, packaged_levels, packaged_memory_names


def test_the_decks_memory_is_its_run() -> None:
    found = memory_energy("deck-45nm-hp-128k-64b")
    assert (found.read_pj.value, found.write_pj.value, found.leakage_w.value) == (91.9007, 181.54, 0.0654131)
    assert found.access_bytes == 64
    assert "76f00756e18421de" in found.source


def test_an_esp32_reads_words() -> None:
    found = memory_energy("esp32-40nm-lstp-320k-4b")
    assert (found.read_pj.value, found.write_pj.value, found.access_bytes) == (33.399, 23.0127, 4)


@pytest.mark.parametrize("name", packaged_memory_names())
def test_every_packaged_energy_carries_its_range_and_its_reason(name: str) -> None:
    found = memory_energy(name)
    assert found.name == name
    for constant in (found.read_pj, found.write_pj):
        assert constant.low is not None
        assert constant.high is not None
        assert constant.low <= constant.value <= constant.high
        assert len(constant.source) > 20
    assert found.leakage_w.source


def test_a_range_names_cell_temperature_and_published_spread() -> None:
    found = memory_energy("deck-45nm-hp-128k-64b")
    assert "cells hp, lop, lstp" in found.read_pj.source
    assert "66 % above (published reads)" in found.read_pj.source
    assert "300 K and 350 K" in found.leakage_w.source
    lstp = packaged_sram_table().named("sram-45nm-lstp-128k-64b-ecc").figures
    warm = packaged_sram_table().named("sram-45nm-hp-128k-64b-ecc-350k").figures
    assert lstp is not None
    assert warm is not None
    assert (found.leakage_w.low, found.leakage_w.high) == (lstp.leakage_w, warm.standby_w)


def test_published_reads_lie_above_cacti_by_what_the_range_says() -> None:
    """Horowitz's three 45 nm caches against CACTI's arrays of their size and width."""
    ratios = []
    for name, size in (("horowitz-45nm-8k", 8192), ("horowitz-45nm-32k", 32768), ("horowitz-45nm-1m", 1048576)):
        published = memory_energy(name)
        assert published.capacity_bytes == size
        computed = memory_energy(f"size={size},width=8,node=45,cell=hp,ecc=yes")
        ratios.append(published.read_pj.value / computed.read_pj.value)
    assert [round(ratio, 2) for ratio in ratios] == [1.65, 1.18, 1.3]
    assert max(ratios) - 1 == pytest.approx(ABOVE_RATIO, abs=0.01)


def test_serial_memories_follow_from_their_formula() -> None:
    flash, psram = memory_energy("flash-line-40mhz-dio"), memory_energy("psram-line-40mhz-qpi")
    flash_clocks = serial_clock_count(32, 2, 8, 12, 4)
    for current_a, value in ((0.005, flash.read_pj.low), (0.012, flash.read_pj.value), (0.025, flash.read_pj.high)):
        assert serial_line_pj(3.3, current_a, flash_clocks, 40e6) == pytest.approx(value)
    for clocks, constant in ((serial_clock_count(32, 4, 2, 6, 6), psram.read_pj), (serial_clock_count(32, 4, 2, 6, 0), psram.write_pj)):
        for current_a, value in ((0.005, constant.low), (0.010, constant.value), (0.040, constant.high)):
            assert serial_line_pj(3.3, current_a, clocks, 40e6) == pytest.approx(value)
    assert flash.access_s is not None
    assert flash.access_s.value == pytest.approx(flash_clocks / 40e6)
    assert flash.access_bytes == psram.access_bytes == 32


@pytest.mark.parametrize(("name", "times"), [("register-file", 1), ("buffer", 6), ("dram", 200)])
def test_eyeriss_is_a_multiple_of_a_multiply_accumulate(name: str, times: int) -> None:
    from costmodel.sources.catalogue import load_compute_energy

    mac = load_compute_energy("horowitz-45nm")
    found = memory_energy(f"eyeriss-45nm-{name}")
    assert found.read_pj.value == pytest.approx(times * mac.int16_mac_pj.value)
    assert found.read_pj.low == pytest.approx(times * mac.int8_mac_pj.value)
    assert found.read_pj.high == pytest.approx(times * mac.int32_mac_pj.value)


def test_parameters_that_are_a_row_are_that_row() -> None:
    assert memory_energy("size=320KiB, width=4, node=40nm, cell=lstp") == memory_energy("esp32-40nm-lstp-320k-4b")
    assert memory_energy("size=131072,width=64,node=45,cell=itrs-hp,ecc=on").name == "deck-45nm-hp-128k-64b"


def test_parameters_that_are_no_row_are_refused_with_the_nearest() -> None:
    with pytest.raises(MissingError, match="nearest: esp32-40nm-lstp-312k-4b") as refused:
        memory_energy("size=300KiB,width=4,node=40,cell=lstp")
    assert "interpolate=yes" in str(refused.value)


def test_without_an_environment_no_cacti_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTMODEL_CACTI", "/nowhere")
    with pytest.raises(MissingError):
        memory_energy("size=300KiB,width=4,node=40,cell=lstp")


def test_an_interpolation_asked_for_states_its_error() -> None:
    found = memory_energy("size=300KiB,width=4,node=40,cell=lstp,interpolate=yes")
    assert "interpolated between packaged CACTI sizes" in found.source
    assert "largest error on left-out rows: read_pj" in found.source
    assert found.read_pj.low is not None
    assert found.read_pj.high is not None
    assert found.read_pj.low < found.read_pj.value < found.read_pj.high


def test_the_stated_error_covers_each_row_left_out_of_its_family() -> None:
    table = packaged_sram_table()
    spec = table.named("esp32-40nm-lstp-320k-4b").spec
    without = SramTable(row for row in table if row.spec != spec)
    estimate, real = estimated_figures(spec, without), table.figures(spec)
    bound = estimated_figures(sram_request("size=300KiB,width=4,node=40,cell=lstp").spec, table).error_ratios
    for field, value in estimate.figures.items():
        assert abs(value / getattr(real, field) - 1) <= bound[field] + 1e-12


@pytest.mark.parametrize("field", ["read_pj", "write_pj", "leakage_w"])
@pytest.mark.parametrize(("size", "ends"), [("192KiB", ("128KiB", "256KiB")), ("48KiB", ("32KiB", "64KiB"))])
def test_an_interpolation_is_no_surer_than_the_rows_it_stands_between(size: str, ends: tuple[str, str], field: str) -> None:
    text = "size={},width=4,node=40,cell=lstp"
    found = getattr(memory_energy(f"{text.format(size)},interpolate=yes"), field)
    smaller, larger = (getattr(memory_energy(text.format(end)), field) for end in ends)
    assert found.low < math.sqrt(smaller.low * larger.low) * 1.05
    assert found.high > math.sqrt(smaller.high * larger.high)
    relative = [found.high / found.value, smaller.high / smaller.value, larger.high / larger.value]
    assert relative[0] > min(relative[1:])
    assert found.value / found.low > min(smaller.value / smaller.low, larger.value / larger.low)


@pytest.mark.parametrize(
    ("text", "error", "named"),
    [
        ("size=300KB,width=4,node=40,cell=lstp", SpecError, "KiB is 1,024 bytes"),
        ("size=300KiB,width=4,node=40", SpecError, "cell missing"),
        ("size=300KiB,width=4,node=40,cell=lstpp", UnknownNameError, "did you mean 'lstp'"),
        ("size=300KiB,width=4,node=16,cell=lstp", SpecError, "22"),
        ("size=300KiB,width=4,node=forty,cell=lstp", SpecError, "'forty'"),
        ("size=300KiB,width=4,node=40,cell=lstp,ecc=maybe", SpecError, "yes or no"),
        ("size=300KiB,width=4,width=8,node=40,cell=lstp", SpecError, "once"),
        ("siez=300KiB,width=4,node=40,cell=lstp", UnknownNameError, "did you mean 'size'"),
        ("size=300KiB,width=4,node=40,cell=lstp,banks=1.5", SpecError, "whole number"),
        ("size=300KiB,width=4,node=nan,cell=lstp", SpecError, "finite"),
        ("size=1KiB,width=64,node=45,cell=hp,ecc=yes", SpecError, "CACTI finds no array"),
        ("size=5MiB,width=4,node=40,cell=lstp,interpolate=yes", MissingError, "outside the packaged sizes"),
        ("size=5KiB,width=2,node=30,cell=lop,interpolate=yes", MissingError, "needs 3"),
        ("esp32-40nm-lstp-320k-8b", UnknownNameError, "did you mean"),
        ("deck", UnknownNameError, "known: deck-45nm-hp-128k-64b"),
    ],
)
def test_each_mistake_is_one_line(text: str, error: type[InputError], named: str) -> None:
    with pytest.raises(error) as refused:
        memory_energy(text)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60) | st.lists(st.sampled_from(["size=4KiB", "width=4", "node=40", "cell=hp", "=", ",", "ecc=", "x"])).map(",".join)
)
def test_any_text_is_answered_or_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        assert memory_energy(text).source


def test_the_catalogue_knows_every_memory() -> None:
    assert names("memories") == packaged_memory_names()
    assert load_memory_energy("esp32-40nm-lstp-320k-4b") == memory_energy("esp32-40nm-lstp-320k-4b")
    assert load_memory_energy("size=320KiB,width=4,node=40,cell=lstp").access_bytes == 4
    assert len(set(packaged_memory_names())) == len(packaged_sram_table().names) + len(packaged_levels())


@pytest.mark.parametrize("compared", COMPARED_MEMORIES, ids=lambda compared: compared.role)
def test_every_compared_memory_is_packaged(compared: object) -> None:
    assert memory_energy(compared.memory).read_pj.value > 0  # type: ignore[attr-defined]
