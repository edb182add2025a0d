"""Packaged data, files and mappings load by one set of functions; a scenario takes from its device what it does not say."""

from contextlib import suppress
from pathlib import Path

import pytest

from costmodel.errors import FormatError, InputError, LimitError, MissingError, SpecError, UnknownNameError
from costmodel.sources import catalogue
from costmodel.sources.catalogue import (
    KINDS,
    load_battery,
    load_calibration,
    load_compute_energy,
    load_device,
    load_memory_energy,
    load_named,
    load_network,
    load_scenario,
    names,
)
from costmodel.sources.documents.yaml_document import MAX_FILE_BYTES
from costmodel.sources.shipped.packaged_data import PACKAGED_FOLDERS, packaged_folder


def test_references_of_a_scenario_are_kinds_that_are_packaged() -> None:
    assert set(catalogue.REFERENCE_FIELDS.values()) <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_packaged_loads_under_its_own_name(kind: str) -> None:
    assert names(kind)
    for name in names(kind):
        assert load_named(kind, name).name == name  # type: ignore[attr-defined]


def test_a_spec_stands_for_itself() -> None:
    for load, name in ((load_network, "resnet8"), (load_battery, "deck-5v-1ah"), (load_scenario, "esp32-deck")):
        assert load(load(name)) is load(name)


@pytest.mark.parametrize("kind", ["devices", "batteries", "compute", "calibrations"])
def test_packaged_figures_say_their_source(kind: str) -> None:
    for name in names(kind):
        assert len(load_named(kind, name).source) > 10


def test_an_unknown_kind_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="'networks'"):
        names("network")


def test_the_device_names_the_honest_memory() -> None:
    device = load_device("esp32-wroom")
    assert device.memory_energy == "esp32-40nm-lstp-320k-4b"
    assert {region.size_bytes for region in device.heap_regions} == {6432, 184632, 15072, 113840}
    assert device.flash_bytes == 4 * 2**20
    assert device.sram_bytes == 520 * 1024


def test_the_reference_deployment_is_the_deck_s() -> None:
    scenario = load_scenario("esp32-deck")
    assert (scenario.counting.taps, scenario.counting.bias, scenario.counting.block_bytes, scenario.counting.element_bytes) == (
        "nominal",
        False,
        64,
        4,
    )
    memory = scenario.memory_energy
    assert (memory.read_pj.value, memory.write_pj.value, memory.leakage_w.value, memory.access_bytes) == (91.9, 181.5, 0.06541, 64)
    assert (scenario.power.supply_v.value, scenario.power.idle_a.value, scenario.power.active_a.value) == (5.03, 0.0364, 0.043)
    assert (scenario.duration_s.value, scenario.period_s.value) == (0.32, 60.0)
    assert (scenario.observed_heap.total_bytes, scenario.observed_heap.remaining_bytes) == (319_590, 137_134)
    times = {time.layer: time.duration_s.value for time in scenario.calibration.times}
    assert times == {
        "conv1": 0.0551,
        "conv2": 0.24598,
        "total": 0.31333,
    }
    assert scenario.calibration.clock_hz is None
    assert scenario.calibration_network is scenario.network


def test_what_a_scenario_does_not_say_comes_from_its_device() -> None:
    scenario = load_scenario({"name": "mine", "network": "resnet8", "device": "esp32-wroom"})
    assert scenario.memory_energy == load_memory_energy("esp32-40nm-lstp-320k-4b")
    assert scenario.compute_energy == load_compute_energy("horowitz-45nm")
    assert scenario.calibration == load_calibration("esp32-wroom-deck")
    assert scenario.calibration_network == load_network("cifar-aap-pruned")
    assert (scenario.counting.taps, scenario.counting.bias, scenario.battery) == ("valid", True, None)


def test_an_explicit_null_keeps_the_device_s_calibration_out() -> None:
    scenario = load_scenario({"name": "mine", "network": "resnet8", "device": "esp32-wroom", "calibration": None})
    assert scenario.calibration is None
    assert scenario.calibration_network is None


def test_paths_in_a_scenario_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "tiny.yaml").write_text("name: tiny\ninput: 1x2x2\nlayers: [{name: a, kind: relu}]\n", encoding="utf-8")
    (tmp_path / "scenario.yaml").write_text("name: s\nnetwork: nets/tiny.yaml\ndevice: esp32-wroom\n", encoding="utf-8")
    assert load_scenario(tmp_path / "scenario.yaml").network.name == "tiny"
    assert load_scenario("scenario.yaml", beside=tmp_path).network.name == "tiny"


def test_a_default_that_leads_nowhere_is_told_at_the_device(tmp_path: Path) -> None:
    device = load_device("esp32-wroom").model_dump(mode="json") | {"memory_energy": "none-such"}
    with pytest.raises(UnknownNameError, match=r"device names a memory_energy: .*'none-such'"):
        load_scenario({"name": "s", "network": "resnet8", "device": device})


def test_a_spec_written_out_loads_back_equal() -> None:
    scenario = load_scenario("esp32-deck")
    assert load_scenario(scenario.model_dump(mode="json")) == scenario


@pytest.mark.parametrize("reference", [3, None, 1.5, ["resnet8"], b"resnet8"])
def test_what_is_no_reference_is_refused(reference: object) -> None:
    with pytest.raises(SpecError, match="expected a name, a path or a mapping"):
        load_network(reference)  # type: ignore[arg-type]


def test_a_name_cannot_leave_the_packaged_data() -> None:
    for name in ("../devices/esp32-wroom", "..", "resnet8.yaml/../../x", ""):
        with pytest.raises(InputError):
            load_network(name)


def test_absent_and_unfit_files_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "my-net.yaml").write_text("name: x", encoding="utf-8")
    (tmp_path / "big.yaml").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with pytest.raises(MissingError, match=r"my-nett.yaml does not exist \(did you mean 'my-net.yaml'\?\)"):
        load_network(tmp_path / "my-nett.yaml")
    with pytest.raises(MissingError, match="nor does the folder"):
        load_network(tmp_path / "no" / "x.yaml")
    with pytest.raises(FormatError, match="is a folder"):
        load_network(tmp_path)
    with pytest.raises(LimitError, match="at most"):
        load_network(tmp_path / "big.yaml")
    with pytest.raises(FormatError, match="is binary"):
        load_network(tmp_path / "picture.yaml")
    for path in ("a\0b.yaml", "x" * 5000 + ".yaml"):
        with pytest.raises(InputError):
            load_network(path)


def test_packaged_folders_are_folders_and_no_other_name_is_taken() -> None:
    for name in PACKAGED_FOLDERS:
        with suppress(MissingError):
            assert packaged_folder(name).is_dir()
    with pytest.raises(UnknownNameError, match="did you mean 'firmware'"):
        packaged_folder("firmwares")


def test_a_name_of_digits_without_quotes_is_told_how_to_write_it() -> None:
    with pytest.raises(SpecError, match=r'found 18650; a name of digits is quoted: "18650"'):
        load_scenario({"name": "s", "network": "resnet8", "device": "esp32-wroom", "battery": 18650})
