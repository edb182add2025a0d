"""The packaged table: fresh, complete, equal to the reference runs to the last digit, and quick to look into."""

import contextlib
import csv
import itertools
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.energy.cacti_config import checked_sram, config_hash
from costmodel.energy.cacti_output import VERSION
from costmodel.errors import FormatError, InputError, MissingError, SpecError, UnknownNameError
from costmodel.results.runs.sram_run import SramRow
from costmodel.sources.cacti.cacti_configs import packaged_configs, read_config
from costmodel.sources.cacti.sram_energy import range_siblings
from costmodel.sources.cacti.sram_table import SramTable
from costmodel.sources.cacti.sram_table_file import (
    packaged_sram_table,
    packaged_table_path,
    read_sram_table,
    sram_table_at,
    sram_table_text,
    write_sram_table,
)
from costmodel.specs.base import with_changes
from costmodel.specs.devices.sram import SramSpec

REFERENCE = Path(__file__).parents[1] / "reference" / "cacti_runs.csv"
"""380 runs of CACTI 7, commit 1ffd8df, made independently of this package."""
FACTORS = {
    "read_nJ": ("read_pj", Decimal(1000)),
    "write_nJ": ("write_pj", Decimal(1000)),
    "leak_mW": ("leakage_w", Decimal("0.001")),
    "gate_leak_mW": ("gate_leakage_w", Decimal("0.001")),
    "csv_standby_mW": ("standby_w", Decimal("0.001")),
    "access_ns": ("access_s", Decimal("1e-9")),
    "cycle_ns": ("cycle_s", Decimal("1e-9")),
    "area_mm2": ("area_mm2", Decimal(1)),
    "Ndwl": ("wordline_split_count", Decimal(1)),
    "Ndbl": ("bitline_split_count", Decimal(1)),
    "Nspd": ("sets_per_wordline_ratio", Decimal(1)),
    "Ndcm": ("bitline_mux_count", Decimal(1)),
    "area_eff": ("area_efficiency_ratio", Decimal("0.01")),
}


def reference_rows() -> list[tuple[SramSpec, dict[str, str]]]:
    with REFERENCE.open(encoding="utf-8", newline="") as stream:
        return [
            (
                checked_sram(
                    {
                        "size_bytes": int(row["size_B"]),
                        "block_bytes": int(row["block_B"]),
                        "bus_bits": int(row["bus_bits"]),
                        "node_nm": float(row["tech_nm"]),
                        "data_cell": row["cell"],
                        "periphery_cell": row["periph"],
                        "ecc": row["ecc"] == "true",
                        "temperature_k": float(row["temp_K"]),
                    }
                ),
                row,
            )
            for row in csv.DictReader(stream)
        ]


def test_every_reference_run_is_in_the_table_to_the_last_printed_digit() -> None:
    table, rows = packaged_sram_table(), reference_rows()
    assert len(rows) == 380
    for spec, reference in rows:
        found = table.find(spec)
        assert found is not None, spec
        assert (found.figures is None) == (reference["status"] != "ok")
        if found.figures is None:
            assert found.status == "no-organisation"
            continue
        for column, (field, factor) in FACTORS.items():
            assert Decimal(repr(getattr(found.figures, field))) == Decimal(reference[column]) * factor, (spec, column)


def test_no_packaged_row_is_stale() -> None:
    """A row was run on the configuration its spec writes today, and by the CACTI the reader knows."""
    text = packaged_table_path().read_text(encoding="utf-8")
    for row in read_sram_table(text, "sram_table.csv"):
        assert config_hash(row.spec) == row.config_hash
        assert row.cacti_version == VERSION
        assert row.cacti_source == "hwcomponents-cacti 1.0.40"


def test_a_stale_row_is_refused_with_its_line() -> None:
    lines = packaged_table_path().read_text(encoding="utf-8").splitlines(keepends=True)
    stale = lines[3].replace(",false,", ",true,", 1) if ",false," in lines[3] else lines[3].replace(",true,", ",false,", 1)
    with pytest.raises(FormatError, match=r"t.csv:4 stale row"):
        read_sram_table("".join([*lines[:3], stale, *lines[4:]]), "t.csv")


def test_every_packaged_configuration_has_its_row_and_its_range() -> None:
    table = packaged_sram_table()
    assert set(table.names) == set(packaged_configs())
    for name, file in packaged_configs().items():
        row = table.named(name)
        assert row.spec == read_config(file)
        assert row.figures is not None
        assert all(table.find(sibling) is not None for sibling in range_siblings(row.spec))


def test_the_decks_five_numbers() -> None:
    figures = packaged_sram_table().named("deck-45nm-hp-128k-64b").figures
    assert figures is not None
    assert (round(figures.read_pj / 1e3, 4), round(figures.write_pj / 1e3, 4)) == (0.0919, 0.1815)
    assert (round(figures.leakage_w * 1e3, 2), round(figures.access_s * 1e9, 2), round(figures.area_mm2, 2)) == (65.41, 0.73, 0.44)


def test_the_file_is_what_the_table_writes_and_reads_back_equal() -> None:
    text = packaged_table_path().read_text(encoding="utf-8")
    table = read_sram_table(text, "t.csv")
    assert sram_table_text(table) == text
    assert table.rows == packaged_sram_table().rows


def test_a_lookup_takes_less_than_20_us() -> None:
    table = packaged_sram_table()
    specs = [row.spec.model_copy() for row in table if row.figures is not None]
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for spec in specs:
            table.figures(spec)
        best = min(best, (time.process_time() - start) / len(specs))
    assert best < 20e-6


def test_a_refusal_names_the_nearest_rows_the_likest_first() -> None:
    table = packaged_sram_table()
    spec = with_changes(table.named("esp32-40nm-lstp-320k-4b").spec, {"size_bytes": 300 * 1024})
    with pytest.raises(MissingError, match="nearest") as refused:
        table.figures(spec)
    named = [str(refused.value).find(name) for name in ("esp32-40nm-lstp-312k-4b", "esp32-40nm-lstp-320k-4b", "sram-40nm-lstp-256k-4b")]
    assert -1 not in named
    assert named == sorted(named)


def test_a_row_is_its_own_nearest() -> None:
    table = packaged_sram_table()
    for row in itertools.islice((row for row in table if row.figures is not None), 0, None, 25):
        assert table.nearest(row.spec)[0] == row


def test_an_array_cacti_cannot_lay_out_is_not_merely_missing() -> None:
    table = packaged_sram_table()
    impossible = next(row for row in table if row.figures is None)
    with pytest.raises(SpecError, match="CACTI finds no array of 1024 B, 64 B wide"):
        table.figures(impossible.spec)


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'esp32-40nm-lstp-320k-4b'"):
        packaged_sram_table().named("esp32-40nm-lstp-320kb-4b")


def small_table() -> SramTable:
    return SramTable(packaged_sram_table().rows[:4])


def test_an_update_replaces_appends_and_keeps_names() -> None:
    table = small_table()
    first = table.rows[0]
    assert first.figures is not None
    changed = first.model_copy(update={"name": "", "figures": first.figures.model_copy(update={"read_pj": 1.0})})
    new = packaged_sram_table().rows[-1]
    updated = table.updated([changed, new])
    assert len(updated) == 5
    found = updated.find(first.spec)
    assert found is not None
    assert found.figures is not None
    assert (found.name, found.figures.read_pj) == (first.name, 1.0)


def test_two_rows_of_one_name_or_configuration_are_refused() -> None:
    first, second = packaged_sram_table().rows[:2]
    with pytest.raises(FormatError, match="one configuration"):
        SramTable([first, first])
    with pytest.raises(FormatError, match="one name"):
        SramTable([first, second.model_copy(update={"name": first.name})])


def test_a_table_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv"
    write_sram_table(path, small_table())
    before = path.read_bytes()

    def fail(self: Path, target: Path) -> Path:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(SpecError, match=r"cannot write .*table.csv: no space left"):
        write_sram_table(path, SramTable(()))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_a_missing_or_binary_table_is_named(tmp_path: Path) -> None:
    assert len(sram_table_at(tmp_path / "new.csv")) == 0
    with pytest.raises(MissingError, match="does not exist"):
        sram_table_at(tmp_path / "new.csv", must_exist=True)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(FormatError, match="UTF-8"):
        sram_table_at(tmp_path / "binary.csv")


SMALL_TEXT = sram_table_text(SramTable(packaged_sram_table().rows[:3]))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SMALL_TEXT)), st.integers(0, 60), st.text(max_size=10))
def test_a_damaged_table_is_refused_or_says_what_it_said(start: int, length: int, noise: str) -> None:
    with contextlib.suppress(InputError):
        for row in read_sram_table(SMALL_TEXT[:start] + noise + SMALL_TEXT[start + length :], "t.csv"):
            assert config_hash(row.spec) == row.config_hash


@pytest.mark.parametrize("row", packaged_sram_table().rows[::50], ids=lambda row: row.config_hash)
def test_a_row_survives_json(row: SramRow) -> None:
    assert SramRow.model_validate_json(row.model_dump_json()) == row


def test_keys_that_old_tables_do_not_have_stand_in_the_file_only_where_a_row_needs_them() -> None:
    rows = list(packaged_sram_table())[:3]
    assert sram_table_text(rows).splitlines()[0].endswith("cacti_source")
    other = with_changes(rows[0].spec, {"objective": "100:20:20:10:10"})
    changed = rows[0].model_copy(update={"spec": other, "config_hash": config_hash(other), "name": "other"})
    text = sram_table_text([*rows, changed])
    assert text.splitlines()[0].endswith("outer_wire")
    assert list(read_sram_table(text, "table.csv")) == [*rows, changed]
