"""Real CACTI 7: the deck's numbers and the packaged rows come out of it again, and it fails as the runner says it fails."""

import os
import random
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

import costmodel.sources.cacti.cacti_runner as runner
from costmodel.energy.cacti_config import cacti_config_text
from costmodel.errors import CactiError, CactiFailure
from costmodel.results.runs.sram_run import SramRow
from costmodel.sources.cacti.cacti_binary import CactiBinary, find_cacti
from costmodel.sources.cacti.cacti_runner import run_cacti, run_rows
from costmodel.sources.cacti.sram_request import sram_request
from costmodel.sources.cacti.sram_table_file import packaged_sram_table
from costmodel.sources.memory_energies import memory_energy
from costmodel.specs.base import with_changes
from costmodel.specs.devices.sram import SramSpec

pytestmark = [pytest.mark.cacti, pytest.mark.long]
DECK = "deck-45nm-hp-128k-64b"


@pytest.fixture(scope="module")
def binary() -> CactiBinary:
    found = find_cacti(os.environ)
    if found is None:
        how = "no CACTI: run `python .ci/get_cacti.py`, or name a folder with COSTMODEL_CACTI"
        if "cacti" in os.environ.get("COSTMODEL_REQUIRE", ""):
            pytest.fail(how)
        pytest.skip(how)
    return found


def test_another_objective_and_an_odd_bus_are_arrays_of_their_own(binary: CactiBinary) -> None:
    deck = packaged_sram_table().named(DECK).spec
    other = with_changes(deck, {"objective": "100:20:20:10:10", "deviation": "10:1000:1000:1000:1000", "optimised": "NONE"})
    assert run_cacti(binary, other).access_s <= run_cacti(binary, deck).access_s
    assert run_cacti(binary, with_changes(deck, {"size_bytes": 8192, "block_bytes": 8, "bus_bits": 39, "ecc": False})).read_pj > 0.0


def test_the_decks_five_numbers_come_from_a_real_run(binary: CactiBinary) -> None:
    figures = run_cacti(binary, packaged_sram_table().named(DECK).spec)
    assert (figures.read_pj, figures.write_pj) == (91.9007, 181.54)
    assert (figures.leakage_w, figures.gate_leakage_w) == (0.0654131, 0.00380488)
    assert (figures.access_s, figures.area_mm2) == (7.31835e-10, 0.444702)


@pytest.mark.parametrize("family", ["width=4,node=40,cell=lstp", "width=4,node=45,cell=lstp,ecc=yes", "width=64,node=45,cell=hp,ecc=yes"])
def test_a_real_run_lies_inside_the_range_of_an_interpolation(binary: CactiBinary, family: str) -> None:
    estimate = memory_energy(f"size=48KiB,{family},interpolate=yes")
    figures = run_cacti(binary, sram_request(f"size=48KiB,{family}").spec)
    for field in ("read_pj", "write_pj", "leakage_w"):
        constant = getattr(estimate, field)
        assert constant.low <= getattr(figures, field) <= constant.high, field


def spread_rows() -> list[SramRow]:
    """Twenty rows that are no deck: every cell, node and width, ECC on and off, warm and cool, a cache, one without an array."""
    rows = sorted((row for row in packaged_sram_table() if row.name != DECK), key=lambda row: row.config_hash)
    chosen = random.Random(7).sample([row for row in rows if row.figures is not None], 16)
    wanted = [
        next(row for row in rows if row.figures is None),
        next(row for row in rows if row.spec.array == "cache"),
        next(row for row in rows if row.spec.temperature_k == 350 and row not in chosen),
        next(row for row in rows if row.spec.read_port_count == 2),
    ]
    return list({row.config_hash: row for row in (*chosen, *wanted)}.values())


@pytest.mark.slow
def test_twenty_other_rows_come_out_again_to_the_last_digit(binary: CactiBinary) -> None:
    expected = spread_rows()
    assert len(expected) >= 20
    found = run_rows(binary, [(row.name, row.spec) for row in expected])
    for fresh, packaged in zip(found, expected, strict=True):
        assert (fresh.config_hash, fresh.status, fresh.figures) == (packaged.config_hash, packaged.status, packaged.figures)


@pytest.mark.slow
def test_every_packaged_row_comes_out_again_to_the_last_digit(binary: CactiBinary) -> None:
    expected = packaged_sram_table().rows
    found = run_rows(binary, [(row.name, row.spec) for row in expected])
    different = [row.config_hash for row, fresh in zip(expected, found, strict=True) if row.figures != fresh.figures]
    assert different == []


def test_a_width_the_size_cannot_serve_is_no_organisation(binary: CactiBinary) -> None:
    spec = with_changes(packaged_sram_table().named(DECK).spec, {"size_bytes": 1024})
    with pytest.raises(CactiError) as refused:
        run_cacti(binary, spec)
    assert refused.value.failure is CactiFailure.NO_ORGANISATION


def with_text(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """Hand CACTI a configuration no spec writes."""

    def text(spec: SramSpec) -> str:
        changed = cacti_config_text(spec).replace(old, new)
        assert changed != cacti_config_text(spec)
        return changed

    monkeypatch.setattr(runner, "cacti_config_text", text)


def failure_of(binary: CactiBinary, timeout_s: float = 60.0) -> CactiFailure:
    with pytest.raises(CactiError) as refused:
        run_cacti(binary, packaged_sram_table().named(DECK).spec, timeout_s)
    return refused.value.failure


def test_input_cacti_calls_invalid_ends_with_status_0_and_is_told(binary: CactiBinary, monkeypatch: pytest.MonkeyPatch) -> None:
    with_text(monkeypatch, "(K) 300", "(K) 295")
    assert failure_of(binary) is CactiFailure.INVALID_INPUT


def test_dropped_lines_are_told(binary: CactiBinary, monkeypatch: pytest.MonkeyPatch) -> None:
    text = cacti_config_text(packaged_sram_table().named(DECK).spec)
    with_text(monkeypatch, text[text.index("-dram_type") :], "")
    assert failure_of(binary) is CactiFailure.MISSING_LINES


def test_a_bus_of_no_bits_hangs_and_is_stopped(binary: CactiBinary, monkeypatch: pytest.MonkeyPatch) -> None:
    with_text(monkeypatch, "bus width 512", "bus width 0")
    assert failure_of(binary, 3.0) is CactiFailure.HANG


def test_a_tag_array_does_not_slip_in(binary: CactiBinary, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that is not exactly a bare array's has other figures and is told by what the listing states."""
    with_text(monkeypatch, '-cache type "ram"', '-cache type "cache"')
    assert failure_of(binary) is CactiFailure.OTHER_CONFIGURATION


def test_another_folder_is_told(binary: CactiBinary, tmp_path: Path) -> None:
    shutil.copy2(binary.command[0], tmp_path / "cacti")
    elsewhere = CactiBinary(tmp_path, (str(tmp_path / "cacti"),))
    assert failure_of(elsewhere) in (CactiFailure.SEGFAULT, CactiFailure.CRASH)


def test_a_size_between_rows_is_run_where_there_is_a_cacti(binary: CactiBinary, tmp_path: Path) -> None:
    environment = {"COSTMODEL_CACTI": str(binary.folder), "COSTMODEL_CACHE": str(tmp_path)}
    asked = "size=300KiB,width=4,node=40,cell=lstp"
    found = memory_energy(asked, environment=environment)
    assert found.read_pj.low is not None
    assert found.read_pj.high is not None
    assert Decimal(repr(found.read_pj.value)) == Decimal("32.3679")
    assert memory_energy(asked, environment=environment) == found
    estimated = memory_energy(f"{asked},interpolate=yes")
    assert estimated.read_pj.value == pytest.approx(found.read_pj.value, rel=0.25)
