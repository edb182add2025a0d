"""`costmodel cacti`: what it prints, what it writes, and what it leaves untouched when a run fails."""

import json
import sys
from pathlib import Path

import pytest
from fake_cacti import fake_cacti, start_count
from typer.testing import CliRunner, Result

from costmodel.cli.costs.cacti_command import cacti_app
from costmodel.errors import CactiError, CactiFailure, InputError, UnknownNameError
from costmodel.sources.cacti.cacti_configs import packaged_configs
from costmodel.sources.cacti.sram_table_file import packaged_sram_table, sram_table_at

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script that only POSIX starts by itself")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cacti_app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_table_is_filtered_and_counted() -> None:
    text = run("table", "--node", "40", "--cell", "lstp", "--width", "4", "--size", "320KiB").output
    assert "esp32-40nm-lstp-320k-4b" in text
    assert "33.399" in text
    assert "deck" not in text
    assert f"of {len(packaged_sram_table())} runs" in text


def test_the_table_for_programs_holds_every_row() -> None:
    rows = json.loads(run("table", "--every-row", "--format", "json").output)
    assert len(rows) == len(packaged_sram_table())
    assert {row["config_hash"] for row in rows} == {row.config_hash for row in packaged_sram_table()}
    deck = next(row for row in rows if row["name"] == "deck-45nm-hp-128k-64b")
    assert (deck["figures"]["read_pj"], deck["spec"]["bus_bits"]) == (91.9007, 512)


def test_a_row_without_an_array_says_so() -> None:
    text = run("table", "--every-row", "--size", "1KiB", "--width", "64").output
    assert text.count("no array") == 3


@pytest.mark.parametrize("arguments", [("--cell", "hpp"), ("--size", "12KB")])
def test_a_filter_that_means_nothing_is_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(InputError):
        run("table", *arguments)


def test_the_comparison_is_one_page_with_its_conclusion_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    page = run("compare").output
    text = " ".join(page.split())
    for words in ("Width:", "Cell:", "Temperature:", "Leakage:", "References:", "Flash:", "Take:", "65.41 mW", "3.9 times", "6.8 times"):
        assert words in text
    assert len(page.splitlines()) <= 60


def test_the_comparison_for_programs_carries_figures_and_words() -> None:
    found = json.loads(run("compare", "--format", "json").output)
    by_role = {cost["role"]: cost for cost in found["conventions"]}
    # 16 times: one 64-byte access for each 4-byte operand instead of sixteen operands to an access, but for rounding up by layer.
    assert by_role["operand-64b"]["dynamic_pj"] / by_role["deck"]["dynamic_pj"] == pytest.approx(16, rel=1e-3)
    assert by_role["word-hp"]["read_count"] == by_role["byte-hp"]["read_count"]
    assert by_role["horowitz-32k"]["leakage_stated"] is False
    assert by_role["deck"]["leakage_pj"] == pytest.approx(0.0654131 * 0.32 * 1e12)
    assert by_role["deck"]["dynamic_low_pj"] < by_role["deck"]["dynamic_pj"] < by_role["deck"]["dynamic_high_pj"]
    assert len(found["conclusions"]) == 7


def test_another_network_is_compared_without_the_scenarios_measurements() -> None:
    found = json.loads(run("compare", "--network", "resnet8", "--format", "json").output)
    assert found["network"] == "resnet8"
    assert found["inference_j"] is None
    run("compare", "--network", "resnet8")


def test_without_a_cacti_the_command_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSTMODEL_CACTI", raising=False)
    monkeypatch.setenv("COSTMODEL_CACHE", str(tmp_path))
    with pytest.raises(CactiError, match=r"HewlettPackard/cacti.*--binary") as refused:
        run("run", "--table", str(tmp_path / "table.csv"))
    assert refused.value.failure is CactiFailure.MISSING_BINARY


@posix_only
class TestRuns:
    """With a stand-in for CACTI."""

    @pytest.fixture(autouse=True)
    def _own_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COSTMODEL_CACHE", str(tmp_path / "cache"))

    def test_a_run_updates_the_table_and_a_check_agrees_with_it(self, tmp_path: Path) -> None:
        table, binary = tmp_path / "table.csv", fake_cacti(tmp_path / "cacti")
        configuration = "esp32-40nm-lstp-320k-4b"
        first = run("run", configuration, "--table", str(table), "--binary", str(binary.folder))
        assert "new" in first.output
        assert sram_table_at(table).names == (configuration,)
        again = run("run", configuration, "--table", str(table), "--binary", str(binary.folder), "--check")
        assert again.exit_code == 0
        assert "as in the table" in again.output
        assert start_count(binary.folder) == 1
        run("run", configuration, "--table", str(table), "--binary", str(binary.folder), "--no-cache")
        assert start_count(binary.folder) == 2

    def test_a_check_that_finds_another_figure_fails_and_changes_nothing(self, tmp_path: Path) -> None:
        table, binary = tmp_path / "table.csv", fake_cacti(tmp_path / "cacti")
        run("run", "deck-45nm-hp-128k-64b", "--table", str(table), "--binary", str(binary.folder))
        text = table.read_text(encoding="utf-8")
        table.write_text(text.replace(",0.25,", ",0.26,"), encoding="utf-8")
        result = run("run", "deck-45nm-hp-128k-64b", "--table", str(table), "--binary", str(binary.folder), "--check")
        assert result.exit_code == 1
        assert "changed" in result.output
        assert table.read_text(encoding="utf-8") == text.replace(",0.25,", ",0.26,")

    @pytest.mark.parametrize("mode", ["truncated-row", "truncated-listing", "not-finite", "other-version", "segfault", "no-organisation"])
    def test_a_failed_run_leaves_the_table_as_it_was(self, tmp_path: Path, mode: str) -> None:
        table = tmp_path / "table.csv"
        run("run", "deck-45nm-hp-128k-64b", "--table", str(table), "--binary", str(fake_cacti(tmp_path / "good").folder))
        before = table.read_bytes()
        with pytest.raises(CactiError):
            run("run", "--table", str(table), "--binary", str(fake_cacti(tmp_path / "bad", mode).folder))
        assert table.read_bytes() == before

    def test_an_array_cacti_cannot_lay_out_names_the_narrower_one_it_can(self, tmp_path: Path) -> None:
        binary = fake_cacti(tmp_path / "cacti", "none-of-64-bytes")
        with pytest.raises(CactiError, match=r"finds no array of .*; of the same size it finds one 32 B wide \(.* pJ a read\)"):
            run("run", "deck-45nm-hp-128k-64b", "--table", str(tmp_path / "table.csv"), "--binary", str(binary.folder), "--no-cache")

    def test_a_users_own_file_becomes_a_row_of_its_name(self, tmp_path: Path) -> None:
        mine = tmp_path / "my sram.cfg"
        text = packaged_configs()["deck-45nm-hp-128k-64b"].read_text(encoding="utf-8")
        mine.write_text(text.replace("-size (bytes) 131072", "-size (bytes) 98304"), encoding="utf-8")
        table = tmp_path / "table.csv"
        found = json.loads(
            run("run", str(mine), "--table", str(table), "--binary", str(fake_cacti(tmp_path / "cacti").folder), "--format", "json").output
        )
        assert [(row["name"], row["table"], row["spec"]["size_bytes"]) for row in found] == [("my sram", "new", 98304)]
        assert sram_table_at(table).named("my sram").figures is not None

    def test_a_file_out_of_limits_is_refused_before_anything_runs(self, tmp_path: Path) -> None:
        mine = tmp_path / "hot.cfg"
        text = packaged_configs()["deck-45nm-hp-128k-64b"].read_text(encoding="utf-8")
        mine.write_text(text.replace("(K) 300", "(K) 420"), encoding="utf-8")
        binary = fake_cacti(tmp_path / "cacti")
        with pytest.raises(InputError, match="300 to 400 K"):
            run("run", str(mine), "--table", str(tmp_path / "table.csv"), "--binary", str(binary.folder))
        assert start_count(binary.folder) == 0

    def test_every_row_of_a_table_can_be_run_again(self, tmp_path: Path) -> None:
        table, binary = tmp_path / "table.csv", fake_cacti(tmp_path / "cacti")
        run("run", "deck-45nm-hp-128k-64b", "sram-40nm-lstp-1k-4b", "--table", str(table), "--binary", str(binary.folder))
        arguments = ("run", "deck-45nm-hp-128k-64b", "--every-row", "--check", "--no-cache", "--table", str(table))
        result = run(*arguments, "--binary", str(binary.folder), "--format", "json")
        assert {row["table"] for row in json.loads(result.output)} == {"as in the table"}
        assert start_count(binary.folder) == 4


def test_an_unknown_configuration_offers_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'deck-45nm-hp-128k-64b'"):
        run("run", "deck-45nm-hp-128k-64", "--binary", str(fake_cacti(tmp_path).folder), "--table", str(tmp_path / "t.csv"))
