"""Boards, cycles, captures and configurations that once could not be stated, where they are at hand: each gives its right answer."""

import json
import os
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.energy.cacti_config import sram_from_config
from costmodel.energy.cacti_output import sram_figures
from costmodel.errors import CostModelError
from costmodel.sources.catalogue import load_device

CASES = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[3] / "shared")) / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="cases are not at hand: COSTMODEL_SHARED names the folder that holds cases/")


def said(capsys, *arguments):
    assert main(list(arguments)) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_cycles_own_durations_suffice_and_a_bare_module_is_called_one(capsys):
    board = ("battery", "--battery", str(CASES / "b2-cell.yaml"), "--states", "esp32-module", "--cycle", str(CASES / "b2-cycle.yaml"))
    text = said(capsys, *board)
    assert "esp32-module is a bare module with its radio off" in text
    assert "wifi" in text


def test_a_radio_is_a_state_awake(capsys):
    board = ("battery", "--battery", str(CASES / "b2-cell.yaml"), "--states", str(CASES / "b5-board.yaml"))
    assert "wifi takes" in said(capsys, *board, "--cycle", str(CASES / "b5-cycle.yaml"))


def test_a_radio_written_as_a_sleep_lives_as_long_as_one_written_as_a_state(capsys):
    lives = []
    for board in ("b5-board.yaml", "b5c-board.yaml"):
        asked = ("--battery", str(CASES / "b2-cell.yaml"), "--states", str(CASES / board), "--cycle", str(CASES / "b5-cycle.yaml"))
        lives.append(json.loads(said(capsys, "battery", *asked, "--format", "json"))["lives"][0])
    assert lives[0]["life_s"] == pytest.approx(lives[1]["life_s"], rel=1e-9)
    joules = 3.3 * (0.3 * 0.049 + 2.5 * 0.13 + 0.27 * 0.03 + (600 - 3.07) * 1.0e-5) / 0.89
    lost_share = lives[0]["life_s"] * joules / 600.0 / (1.0 * 3.7 * 0.95 * 3600.0)
    # The rest of it is self-discharge.
    assert 0.98 < lost_share < 1.0


def test_a_capture_of_another_chip_beside_a_packaged_sleep_is_said_in_the_first_lines(capsys):
    text = said(capsys, "battery", "--trace", str(CASES / "mlperf_v1.3_U575_kws.json.gz"), "--battery", "cr2032", "--sleep", "deep")
    assert text.index("a capture names no chip") < text.index("measure next")


def test_the_configuration_of_others_is_run_as_it_stands(capsys):
    spec = sram_from_config((CASES / "or184b.cfg").read_text(encoding="utf-8"), "or184b.cfg")
    assert (spec.objective, spec.optimised, spec.temperature_k) == ("100:20:20:10:10", "NONE", 360.0)


def test_the_first_lines_of_a_run_ask_for_the_number_of_inferences(capsys):
    capture = str(CASES / "mlperf_v1.0_octo_kws_cut.csv.gz")
    assert "1 run of inferences: 575.5 mJ" in said(capsys, "trace", capture, "--supply-v", "1.8")
    assert main(["trace", capture, "--supply-v", "1.8", "--inferences", "110", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["inference"]["mean"] == pytest.approx(5.23e-3, rel=0.01)


def test_what_a_program_found_free_is_what_a_verdict_stands_on(capsys):
    assert main(["report", str(CASES / "heap-observed.yaml"), "--format", "json"]) == 0
    heap = json.loads(capsys.readouterr().out)["evaluation"]["memory"]["heap"]
    left = {region["name"]: region["free_bytes"] for region in heap["regions"]}
    assert not heap["fits"]
    assert heap["taken"]["missing_bytes"] == 118_976
    assert left["dram"] == pytest.approx(64_700, rel=0.02)
    assert (heap["shortfall"]["size_bytes"], heap["shortfall"]["largest_bytes"]) == (135_168, 110_592)


def test_a_board_by_its_base_and_its_boot_log_gives_the_verdict_of_copied_regions(capsys, tmp_path):
    copied = json.loads(said(capsys, "report", str(CASES / "h2b.yaml"), "--format", "json"))["evaluation"]["memory"]["heap"]
    regions = load_device(str(CASES / "h2-device.yaml")).heap_regions
    log = "\n".join(
        f"I (30{place}) heap_init: At 3FF{place}0000 len {region.size_bytes:08X} ({region.size_bytes // 1024} KiB): DRAM"
        for place, region in enumerate(regions)
    )
    (tmp_path / "device.yaml").write_text(json.dumps({"name": "mine", "base": "esp32-wroom", "heap_init": log}), encoding="utf-8")
    network = str(CASES / "h2b-net.yaml")
    asked = ("report", "--network", network, "--device", str(tmp_path / "device.yaml"), "--format", "json")
    logged = json.loads(said(capsys, *asked))["evaluation"]["memory"]["heap"]
    assert logged["fits"] == copied["fits"]
    assert [region["size_bytes"] for region in logged["regions"]] == [region["size_bytes"] for region in copied["regions"]]
    assert [one["size_bytes"] for one in logged["placements"]] == [one["size_bytes"] for one in copied["placements"]]


def test_a_device_whose_regions_were_copied_holds_a_frame_buffer(capsys):
    verdict = json.loads(said(capsys, "report", str(CASES / "h2b.yaml"), "--format", "json"))["evaluation"]["memory"]["heap"]
    assert verdict["fits"]
    assert [(placed["size_bytes"], placed["region"]) for placed in verdict["placements"]] == [(100_352, "d-iram-1")]


def test_a_board_of_a_forum_with_its_own_cell_lives_as_long_as_its_currents_say(capsys):
    board = ("battery", "--battery", str(CASES / "b8-cell.yaml"), "--states", str(CASES / "b8-board.yaml"))
    life = json.loads(said(capsys, *board, "--rate", "1/h", "--sleep", "deep", "--duration", "5s", "--format", "json"))["lives"][0]
    mean_a = (5.0 * 0.080 + 3595.0 * 8.0e-5) / 3600.0
    without_self_discharge_s = 3.0 * 3.7 * 0.89 * 0.95 * 3600.0 / (3.3 * mean_a)
    assert 0.85 * without_self_discharge_s < life["life_s"] < without_self_discharge_s


def test_report_pack_and_verdict_agree_on_the_arena_of_a_flattened_pooling(capsys, tmp_path):
    network = str(CASES / "w16.yaml")
    memory = json.loads(said(capsys, "report", "--network", network, "--device", "esp32-wroom", "--format", "json"))["evaluation"]["memory"]
    assert (memory["ram_bytes"], memory["heap"]["fits"]) == (175_104, True)
    packed = json.loads(said(capsys, "pack", network, "--output", str(tmp_path / "w16.bin"), "--format", "json"))
    assert packed["output_stationary_arena_bytes"] == 175_104


NETS = {
    "add3": "take two, then their result and the next",
    "avgpad": None,
    "bcadd": "binary with function: add repeats along extents of 1",
    "bn1d": "reshape with shape: [128, 1, 1] before it",
    "ceil": "`ceil_mode: true` is padding: [0, 1, 0, 1]",
    "ceil2": None,
    "concat": None,
    "conv1d": "with kernel: [k, 1], is the same",
    "convtranspose": "transposed_conv2d is the same",
    "dwm": "conv2d with groups equal to its input channels",
    "gap": "adaptive_avg_pool2d with output_size: 1",
    "gru": "unary with function: logistic is the same",
    "int4": "int8 holds the same values",
    "leaky": "unary with function: leaky_relu",
    "linear3d": "conv2d with kernel: 1 and out_channels: 100",
    "lstm": "'units' is missing",
    "magic_wand": None,
    "relu6": "clamp with low: 0 and high: 6",
    "same_s2": None,
    "samepad": "`same` is padding: [0, 1, 0, 1]",
    "sig": "binary with function: mul is the same",
    "tensornets25": None,
    "upsample": "resize is the same",
}


@pytest.mark.parametrize(("name", "way"), NETS.items())
def test_a_network_counts_or_its_refusal_names_the_nearest_way(name, way, capsys):
    status = main(["count", "--network", str(CASES / "nets" / f"{name}.yaml")])
    assert status == (0 if way is None else 2)
    assert way is None or way in capsys.readouterr().err


def test_a_devices_log_that_would_steer_a_terminal_is_neutralised(capsys):
    log = str(CASES / "robust" / "unsafe-device.jsonl")
    for form in ("terminal", "markdown", "json"):
        main(["compare", log, "--network", "cifar-aap-pruned", "--format", form])
        told = capsys.readouterr()
        assert "\x1b" not in told.out + told.err
        assert "\x07" not in told.out + told.err
    main(["compare", log, "--network", "cifar-aap-pruned", "--format", "markdown"])
    assert "<script>" not in capsys.readouterr().out


def test_a_damaged_part_of_a_sweep_is_computed_anew(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = {"name": "s", "base": "esp32-deck", "set": {"duration_s": 0.1}, "objectives": [{"minimise": "energy.memory"}]}
    study["axes"] = [{"path": "layers.conv1.out_channels", "values": [4, 8]}]
    (tmp_path / "s.json").write_text(json.dumps(study), encoding="utf-8")
    whole = said(capsys, "sweep", "s.json", "--out", "out", "--format", "json")
    part = next((tmp_path / "out" / "parts").glob("*.npz"))
    part.write_bytes((CASES / "robust" / "resume-TB-e5cb523641-0.npz").read_bytes())
    assert main(["sweep", "s.json", "--out", "out", "--resume", "--format", "json"]) == 0
    anew = json.loads(capsys.readouterr().out)
    assert [Path(path).name for path in anew["damaged"]] == [part.name]
    assert anew["front"] == json.loads(whole)["front"]


def test_cactis_words_of_a_memory_with_ecc_are_read_or_told_in_a_line():
    listing, _, table = (CASES / "robust" / "cacti-output-listing-and-rows.txt").read_text(encoding="utf-8").partition("\n====\n")
    sram = sram_from_config((CASES / "or184b.cfg").read_text(encoding="utf-8"), "or184b.cfg")
    with pytest.raises(CostModelError) as told:
        sram_figures(listing, table, sram)
    assert str(told.value).count("\n") == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("battery", "--trace", "figures-TB-43344565a0-0.json", "--battery", "18650", "--states", "esp32-deck"),
            "windows.0.duration_s is 5e-324",
        ),
        (
            ("battery", "--battery", "batlow0.yaml", "--states", "esp32-module", "--duration", "1s"),
            "converter_ratio: low should be greater",
        ),
        (("report", "cal-no-total.scenario.yaml"), "its times hold none of 'total'"),
        (("trace", "trace-overflow.csv", "--supply-v", "3"), "beyond 10000 V"),
        (("sweep", "extent-text.study.yaml"), "extent takes a number"),
        (("sweep", "given.study.yaml"), "accuracy should be a number"),
        (("sweep", "long-int.study.yaml"), "expected a number of at most"),
        (("sweep", "range-step.study.yaml"), "expected a number of at most"),
        (("sweep", "times-1e30.study.yaml"), "should be at most"),
    ],
)
def test_inputs_that_once_were_tracebacks_are_told_in_a_line(arguments, words, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(CASES / "robust")
    command, *rest = arguments
    assert main([command, *rest, *(("--out", str(tmp_path / "out")) if command == "sweep" else ())]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_layer_larger_than_any_memory_is_answered(capsys):
    assert "DOES NOT FIT" in said(capsys, "report", "--network", str(CASES / "robust" / "huge-layer.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kernel-65535", "object-columns", "mathtext-dollar-prices", "unsafe-labels"])
def test_studies_that_once_took_their_answer_with_them_end_in_one(name, capsys, tmp_path):
    text = said(capsys, "sweep", str(CASES / "robust" / f"{name}.study.yaml"), "--out", str(tmp_path / "out"))
    assert "\x1b]" not in text
    assert any((tmp_path / "out").iterdir())
