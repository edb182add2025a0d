"""The runner: every way CACTI fails has a name, answers are kept, and nothing is half written."""

import sys
from pathlib import Path

import pytest
from fake_cacti import fake_cacti, start_count

from costmodel.energy.cacti_config import checked_sram
from costmodel.errors import CactiError, CactiFailure
from costmodel.sources.cacti.cacti_binary import SOURCE_FILE, cacti_in, find_cacti
from costmodel.sources.cacti.cacti_runner import run_cacti, run_row, run_rows
from costmodel.specs.base import with_changes
from costmodel.specs.devices.sram import SramSpec

SPEC = checked_sram(
    {
        "size_bytes": 4096,
        "block_bytes": 4,
        "bus_bits": 32,
        "node_nm": 45.0,
        "data_cell": "itrs-lstp",
        "periphery_cell": "itrs-lstp",
        "ecc": False,
    }
)


def sizes(count: int) -> list[tuple[str, SramSpec]]:
    return [(f"row-{place}", with_changes(SPEC, {"size_bytes": 4096 + 64 * place})) for place in range(count)]


def test_a_run_answers_with_figures_of_its_own_configuration(tmp_path: Path) -> None:
    figures = run_cacti(fake_cacti(tmp_path / "cacti 7"), SPEC)
    assert figures.read_pj == pytest.approx(1e3 * 1e-9 * 4096 * 32)
    assert figures.leakage_w == pytest.approx(4.096e-3)


@pytest.mark.parametrize(
    ("mode", "failure"),
    [
        ("no-organisation", CactiFailure.NO_ORGANISATION),
        ("crash", CactiFailure.CRASH),
        ("missing-configuration", CactiFailure.MISSING_CONFIGURATION),
        ("segfault", CactiFailure.SEGFAULT),
        ("missing-lines", CactiFailure.MISSING_LINES),
        ("invalid-input", CactiFailure.INVALID_INPUT),
        ("other-version", CactiFailure.OTHER_VERSION),
        ("not-finite", CactiFailure.NOT_FINITE),
        ("other-configuration", CactiFailure.OTHER_CONFIGURATION),
        ("truncated-row", CactiFailure.TRUNCATED),
        ("truncated-listing", CactiFailure.TRUNCATED),
    ],
)
def test_each_failure_of_cacti_has_its_name(tmp_path: Path, mode: str, failure: CactiFailure) -> None:
    with pytest.raises(CactiError) as refused:
        run_cacti(fake_cacti(tmp_path, mode), SPEC)
    assert refused.value.failure is failure
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to die of")
def test_a_segmentation_fault_without_a_shell_between_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(CactiError, match="segmentation fault"):
        run_cacti(fake_cacti(tmp_path, "segfault-signal"), SPEC)


def test_a_run_that_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(CactiError) as refused:
        run_cacti(fake_cacti(tmp_path, "hang"), SPEC, timeout_s=1.0)
    assert refused.value.failure is CactiFailure.HANG


def test_an_older_row_before_the_fresh_one_is_not_taken_for_it(tmp_path: Path) -> None:
    assert run_cacti(fake_cacti(tmp_path, "older-row-first"), SPEC).area_mm2 == 0.25


def test_nothing_is_left_in_cactis_folder_or_beside_the_configuration(tmp_path: Path) -> None:
    before = set(Path(tmp_path).iterdir())
    run_cacti(fake_cacti(tmp_path / "cacti"), SPEC)
    assert {file.name for file in (tmp_path / "cacti").iterdir()} == {"cacti", "mode.txt", "started.txt", "tech_params"}
    assert set(Path(tmp_path).iterdir()) - before == {tmp_path / "cacti"}


def test_an_answer_is_kept_under_configuration_and_binary(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    binary = fake_cacti(tmp_path / "one")
    first = run_row(binary, SPEC, "a", cache)
    assert run_row(binary, SPEC, "a", cache) == first
    assert start_count(binary.folder) == 1
    run_row(binary, with_changes(SPEC, {"ecc": True}), "b", cache)
    assert start_count(binary.folder) == 2
    other = fake_cacti(tmp_path / "two")
    (other.folder / "tech_params" / "45nm.dat").write_text("other figures\n", encoding="utf-8")
    run_row(other, SPEC, "a", cache)
    assert start_count(other.folder) == 1


@pytest.mark.parametrize("damage", ["", "{", "null", '{"read_pj": "nan"}', "\x00"])
def test_a_damaged_answer_is_computed_again(tmp_path: Path, damage: str) -> None:
    binary, cache = fake_cacti(tmp_path / "cacti"), tmp_path / "cache"
    first = run_row(binary, SPEC, "a", cache)
    (kept,) = cache.rglob("*.json")
    kept.write_text(damage, encoding="utf-8")
    assert run_row(binary, SPEC, "a", cache) == first
    assert start_count(binary.folder) == 2


def test_no_organisation_is_an_answer_and_no_failure_of_a_row(tmp_path: Path) -> None:
    row = run_row(fake_cacti(tmp_path, "no-organisation"), SPEC)
    assert (row.status, row.figures) == ("no-organisation", None)


def test_many_runs_come_back_in_order_and_progress_reaches_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    asked = sizes(9)
    rows = run_rows(fake_cacti(tmp_path), asked, worker_count=3, progress=lambda done, total: told.append((done, total)))
    assert [(row.name, row.spec) for row in rows] == asked
    assert told[-1] == (9, 9)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_no_runs_are_no_rows(tmp_path: Path) -> None:
    assert run_rows(fake_cacti(tmp_path), []) == []


def test_the_first_failure_names_its_row_and_gives_up_the_rest(tmp_path: Path) -> None:
    binary = fake_cacti(tmp_path, "crash")
    with pytest.raises(CactiError, match="row-"):
        run_rows(binary, sizes(40), worker_count=2)
    assert start_count(binary.folder) < 40


def test_a_folder_without_program_or_technology_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(CactiError) as refused:
        cacti_in(tmp_path)
    assert refused.value.failure is CactiFailure.MISSING_BINARY
    (tmp_path / "cacti").write_text("", encoding="utf-8")
    with pytest.raises(CactiError) as refused:
        cacti_in(tmp_path)
    assert refused.value.failure is CactiFailure.WRONG_FOLDER


def test_a_program_that_cannot_start_is_named(tmp_path: Path) -> None:
    fake_cacti(tmp_path)
    (tmp_path / "cacti").write_bytes(b"\x7fELF broken")
    with pytest.raises(CactiError):
        run_cacti(cacti_in(tmp_path), SPEC)


def test_the_environment_leads_to_a_cacti_or_to_none(tmp_path: Path) -> None:
    fake_cacti(tmp_path / "mine")
    assert find_cacti({"COSTMODEL_CACHE": str(tmp_path / "cache")}) is None
    found = find_cacti({"COSTMODEL_CACTI": str(tmp_path / "mine"), "COSTMODEL_CACHE": str(tmp_path / "cache")})
    assert found is not None
    assert found.folder == (tmp_path / "mine").resolve()
    with pytest.raises(CactiError):
        find_cacti({"COSTMODEL_CACTI": str(tmp_path / "nowhere")})
    fake_cacti(tmp_path / "cache" / "cacti-7")
    assert find_cacti({"COSTMODEL_CACHE": str(tmp_path / "cache")}) is not None


def test_a_build_says_what_it_was_built_from_or_shows_its_hash(tmp_path: Path) -> None:
    fake_cacti(tmp_path)
    assert cacti_in(tmp_path).source.startswith("build ")
    (tmp_path / SOURCE_FILE).write_text("some package 1.0\n", encoding="utf-8")
    assert cacti_in(tmp_path).source == "some package 1.0"
