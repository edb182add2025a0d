"""Outputs of a run: read to the last digit, and every way they can be wrong has a name."""

import contextlib

import pytest
from fake_cacti import DECK as DECK_FIELDS
from fake_cacti import HEADING
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.energy.cacti_config import checked_sram
from costmodel.energy.cacti_output import VERSION, cacti_version, sram_figures
from costmodel.errors import CactiError, CactiFailure
from costmodel.specs.base import with_changes

SPEC = checked_sram(DECK_FIELDS)
LISTING = f"""Block size                    : 64
Associativity                 : 1
array type                    : Scratch RAM
Temperature                   : 300
Data array cell type          : 0
Data array peripheral type    : 0
ECC overhead                  : 1

---------- CACTI (version {VERSION}), Uniform Cache Access SRAM Model ----------

    Access time (ns): 0.731835
    Cycle time (ns):  1.05457
    Total dynamic read energy per access (nJ): 0.0919007
    Total dynamic write energy per access (nJ): 0.18154
    Total leakage power of a bank (mW): 65.4131
    Total gate leakage power of a bank (mW): 3.80488
"""
ROW = "45, 131072, 1, 1, 512, 0.731835, 1.05457, N/A, 0.0919007, 0.18154, 69.218, 0.444702, 2, 2, 2, 4, 1, 1, 78.4262, N/A, \n"
TABLE = HEADING + ROW


def failure(listing: str, table: str) -> CactiFailure:
    with pytest.raises(CactiError) as refused:
        sram_figures(listing, table, SPEC)
    assert "\n" not in str(refused.value)
    assert refused.value.failure.value in str(refused.value)
    return refused.value.failure


def test_the_decks_five_numbers_are_read_to_the_printed_digit() -> None:
    found = sram_figures(LISTING, TABLE, SPEC)
    assert (found.read_pj, found.write_pj) == (91.9007, 181.54)
    assert (found.leakage_w, found.gate_leakage_w, found.standby_w) == (0.0654131, 0.00380488, 0.069218)
    assert (found.access_s, found.cycle_s, found.area_mm2) == (7.31835e-10, 1.05457e-09, 0.444702)
    assert found.area_efficiency_ratio == 0.784262
    assert (found.wordline_split_count, found.bitline_split_count, found.sets_per_wordline_ratio, found.bitline_mux_count) == (2, 2, 2, 4)


def test_of_appended_rows_the_last_is_this_runs() -> None:
    older = ROW.replace("0.444702", "9.9")
    assert sram_figures(LISTING, HEADING + older + ROW, SPEC).area_mm2 == 0.444702


def test_columns_are_found_by_heading_not_by_place() -> None:
    names, cells = HEADING.rstrip("\n").split(","), ROW.rstrip("\n").split(",")
    turned = ",".join(reversed(names)) + "\n" + ",".join(reversed(cells)) + "\n"
    assert sram_figures(LISTING, turned, SPEC) == sram_figures(LISTING, TABLE, SPEC)


def test_a_column_in_another_unit_is_another_version() -> None:
    assert failure(LISTING, TABLE.replace("Dynamic read energy (nJ)", "Dynamic read energy (pJ)")) is CactiFailure.OTHER_VERSION


@pytest.mark.parametrize("word", ["nan", "-nan", "inf", "-inf", "0", "-1"])
@pytest.mark.parametrize("figure", ["0.0919007", "0.18154", "0.731835", "65.4131", "3.80488", "0.444702", "69.218"])
def test_what_is_not_finite_and_positive_is_refused(figure: str, word: str) -> None:
    assert failure(LISTING.replace(figure, word), TABLE.replace(figure, word)) is CactiFailure.NOT_FINITE


def test_another_version_is_refused() -> None:
    assert failure(LISTING.replace("7.0.3DD", "6.5.0"), TABLE) is CactiFailure.OTHER_VERSION
    assert cacti_version(LISTING) == VERSION


def test_no_organisation_is_told_from_an_empty_table() -> None:
    assert failure("ERROR: no valid data array organizations found\n", "") is CactiFailure.NO_ORGANISATION
    assert failure(LISTING, "") is CactiFailure.INVALID_INPUT
    assert failure(LISTING, HEADING) is CactiFailure.INVALID_INPUT


def test_two_outputs_of_different_runs_do_not_pass_for_one() -> None:
    assert failure(LISTING, TABLE.replace("0.0919007", "0.0918")) is CactiFailure.OTHER_CONFIGURATION
    assert failure(LISTING, TABLE.replace("69.218", "70.218")) is CactiFailure.OTHER_CONFIGURATION


@pytest.mark.parametrize(
    "changes",
    [
        {"size_bytes": 65536},
        {"bus_bits": 256},
        {"node_nm": 40.0},
        {"block_bytes": 128},
        {"temperature_k": 350.0},
        {"data_cell": "itrs-lop"},
        {"periphery_cell": "itrs-lstp"},
        {"ecc": False},
        {"array": "cache"},
        {"array": "cache", "associativity_count": 2},
    ],
)
def test_outputs_of_another_configuration_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CactiError) as refused:
        sram_figures(LISTING, TABLE, with_changes(SPEC, changes))
    assert refused.value.failure is CactiFailure.OTHER_CONFIGURATION


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(LISTING) - 1), st.integers(0, len(TABLE) - 1))
def test_outputs_cut_short_anywhere_are_refused(listing_end: int, table_end: int) -> None:
    for listing, table in ((LISTING[:listing_end], TABLE), (LISTING, TABLE[:table_end])):
        failure(listing, table)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), st.integers(0, len(TABLE)), st.integers(0, len(LISTING)), st.integers(0, 20))
def test_noise_in_an_output_is_refused_or_harmless(noise: str, place: int, listing_place: int, length: int) -> None:
    table = TABLE[:place] + noise + TABLE[place + length :]
    listing = LISTING[:listing_place] + noise + LISTING[listing_place + length :]
    for texts in ((LISTING, table), (listing, TABLE)):
        with contextlib.suppress(CactiError):
            assert sram_figures(*texts, SPEC).read_pj > 0
