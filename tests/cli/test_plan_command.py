"""`plan` answers how large the arena must be under every strategy, and whether the device holds it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from costmodel.cli.app import main
from costmodel.results.storage.strategy_plan import PlanComparison
from costmodel.specs.running.strategy import MemoryStrategy


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["plan", *arguments, "--format", "json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_every_strategy_is_in_one_answer_that_loads_back(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _json(capsys, "--network", "cifar-aap-pruned")
    total = {plan["strategy"]: plan["total_bytes"] for plan in answer["plans"]}
    assert list(total) == [strategy.value for strategy in MemoryStrategy]
    assert (total["peak-live"], total["static-in-place"], total["arena-in-place"]) == (128_000, 155_784, 105_472)
    assert (total["pixel-streaming"], total["pixel-streaming-flash"], total["strips-8"]) == (6_248, 5_948, 2_120)
    extra = {plan["strategy"]: plan["extra_mac_nominal_ratio"] for plan in answer["plans"]}
    assert [round(100 * extra[f"strips-{count}"], 1) for count in (2, 4, 8)] == [2.4, 7.1, 16.7]
    assert {plan["extra_mac_count"] for plan in answer["plans"] if not plan["strategy"].startswith("strips")} == {0, None}
    known = PlanComparison.model_fields
    loaded = PlanComparison.model_validate({name: value for name, value in answer.items() if name in known})
    assert loaded.recommended is MemoryStrategy.PIXEL_STREAMING
    assert answer["optimal"]["streaming"] is True


def test_types_change_the_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _json(capsys, "cifar-aap-pruned", "--activation", "int32", "--pooled", "int8", "--strategy", "pixel-streaming")
    assert [plan["total_bytes"] for plan in answer["plans"]] == [2_399]


@pytest.mark.parametrize("network", ["cifar-aap-pruned", "resnet8", "mobilenet-v1-0.25"])
def test_pieces_of_any_number_are_drawn(network: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", network, "--strategy", "arena-in-place", "--format", "json"]) == 0
    (plan,) = json.loads(capsys.readouterr().out)["plans"]
    assert main(["plan", network, "--strategy", "arena-in-place", "--format", "html"]) == 0
    page = capsys.readouterr().out
    assert page.count("<svg") == 1
    hues = {f"var(--buffer-{number})" in page for number in range(1, 7)}
    assert hues == {True} or len(plan["pieces"]) < 6
    assert ("Grey: the smaller pieces." in page) is (len(plan["pieces"]) > 6)


def test_a_plan_is_shown_piece_by_piece_and_drawn(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "plan.svg"
    assert main(["plan", "cifar-aap-pruned", "--strategy", "streaming", "--out", str(picture)]) == 0
    shown = capsys.readouterr().out
    assert "ring of 35" in shown
    assert "BBBBEEEEEEEE" in shown
    assert picture.read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cifar-aap-prunde"], "did you mean 'cifar-aap-pruned'?"),
        (["resnet8", "--strategy", "streeming"], "did you mean 'streaming'?"),
        (["resnet8", "--strategy", "ping-pong"], "ping-pong buffers serve chains only: stack1.add reads conv1 and stack1.conv2"),
        (["autoencoder", "--strategy", "pixel-streaming"], "does not apply to autoencoder: fc1 (linear) needs all of its input"),
        (["resnet8", "--activation", "int9"], "--activation: 'int9' is not an element type"),
        (["resnet8", "--network", "resnet8"], "--network: the network is given twice"),
        (["resnet8", "--out", "plan.pdf"], "--out: expected a file ending in .png or .svg"),
        (["resnet8", "--idf", "4.1"], "--idf: before 4.3 the heap has another allocator, found 4.1"),
        (["resnet8", "--idf", "new"], "--idf: expected a version like 5.4, found 'new'"),
        (["resnet8", "--poisoning", "lite"], "did you mean 'light'?"),
        (["ds-cnn", "--strategy", "streaming", "--emit", "tflm"], "--emit tflm: input under streaming is a ring; the interpreter knows"),
        (["ds-cnn", "--strategy", "peak-live", "--emit", "c"], "--emit c: under peak-live conv1 has no offset"),
        (["ds-cnn", "--emit", "rust"], "--emit: 'rust' is not a form of a plan"),
        (["ds-cnn", "--largest", "--emit", "c"], "--largest: a search has no plan to draw or to write"),
        ([], "give a network"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *arguments]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert told in found.err
    assert found.err.count("\n") == 1


def test_the_heap_is_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _json(capsys, "cifar-aap", "--device", "esp32-wroom", "--static-bytes", "60000", "--idf", "5.4", "--poisoning", "light")
    replays = {plan["strategy"]: plan["replay"] for plan in answer["plans"]}
    assert replays["arena-in-place"]["outcome"] == "does not fit: contiguity"
    assert replays["arena-in-place"]["failure"]["searched_bytes"] == 139_264
    assert replays["fused-bands"]["outcome"] == "fits"
    assert [event["action"] for event in replays["fused-bands"]["events"]] == ["malloc"]
    freed = {event["name"] for event in _json(capsys, "cifar-aap-pruned")["plans"][1]["replay"]["events"] if event["action"] == "free"}
    assert freed >= {"conv1", "pool1", "conv2"}


def test_a_plan_is_a_header_that_compiles(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    header = tmp_path / "plan.h"
    assert main(["plan", "ds-cnn", "--strategy", "streaming", "--emit", "c", "--out", str(header)]) == 0
    text = header.read_text(encoding="utf-8")
    assert "#define CM_PLAN_ARENA_BYTES 3934u" in text
    assert '{"conv1", "ring", 0u, 832u, 13u, 0u, 0u},' in text
    assert "cm_plan_table" in text
    assert main(["plan", "cifar-aap-pruned", "--strategy", "strips-8", "--emit", "c"]) == 0
    assert "cm_plan_table" in capsys.readouterr().out
    assert main(["plan", "cifar-aap-pruned", "--strategy", "greedy", "--emit", "c"]) == 0
    assert "cm_plan_table" not in capsys.readouterr().out  # nothing streams
    if (compiler := shutil.which("cc")) is None:
        pytest.skip("no C compiler: install one to compile the header")
    program = tmp_path / "program.c"
    program.write_text(
        '#include "plan.h"\nint main(void) { return cm_plan_table[1] == (int)CM_PLAN_STAGE_COUNT ? 0 : 1; }\n', encoding="utf-8"
    )
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-const-variable", "-Wno-unused-variable"]
    subprocess.run([compiler, *strict, str(program), "-o", str(tmp_path / "program")], check=True)
    subprocess.run([str(tmp_path / "program")], check=True)


def test_a_plan_is_metadata_of_the_offline_planner(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "resnet8", "--strategy", "greedy", "--emit", "tflm"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metadata"] == "OfflineMemoryAllocation"
    version, subgraph, count, *offsets = found["values"]
    assert (version, subgraph, count) == (1, 0, len(offsets))
    assert found["tensors"][:2] == ["input", "conv1"]
    assert found["arena_bytes"] == 49_152
    assert all(offset % 16 == 0 for offset in offsets)


def test_the_largest_version_fits_and_the_next_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _json(capsys, "ds-cnn", "--largest", "--strategy", "streaming", "--strategy", "greedy")
    streaming, greedy = answer["versions"]
    assert streaming["width_ratio"] > greedy["width_ratio"] >= 1
    assert greedy["width_reason"].endswith("does not fit: contiguity")
    assert streaming["width_reason"].endswith("of weights: the flash holds 4,194,304 B")
    assert greedy["size_ratio"] >= 1


def test_the_input_counts_wherever_it_lies(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _json(capsys, "autoencoder")
    total = {plan["strategy"]: plan["total_bytes"] for plan in answer["plans"]}
    assert total["peak-live"] == total["arena-in-place"] == 768  # beside the one lies an input of 640 bytes
    assert answer["recommended"] == "arena-in-place"
    assert "its input included" in answer["why"]


def test_a_network_of_views_needs_its_input_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing runs: there is no stage, and no layer to draw."""
    (tmp_path / "views.yaml").write_text("name: n\ninput: 3x4x4\nlayers:\n  - {kind: flatten, name: f}\n", encoding="utf-8")
    path = str(tmp_path / "views.yaml")
    total = {plan["strategy"]: plan["total_bytes"] for plan in _json(capsys, path)["plans"]}
    assert {total[name] for name in ("arena-in-place", "greedy", "hill-climbing", "exact")} == {48}
    assert {total[name] for name in ("overlapping", "reordered", "streaming")} == {None}
    assert main(["plan", path, "--strategy", "greedy", "--out", str(tmp_path / "views.svg")]) == 0
    assert (tmp_path / "views.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert main(["report", path, "--full"]) == 0
    assert "Energy" in capsys.readouterr().out
