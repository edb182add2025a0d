"""A device's heap from the log of its boot, as people paste it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.errors import InputError
from costmodel.sources.catalogue import load_device

# Lines as programs of several chips and versions of ESP-IDF log them.
LOGS = {
    "esp32-c3, 4.4": (
        "I (213) heap_init: At 3FC8E9E0 len 00031620 (197 KiB): DRAM\n"
        "I (219) heap_init: At 3FCC0000 len 0001F060 (124 KiB): STACK/DRAM\n"
        "I (226) heap_init: At 50000020 len 00001FE0 (7 KiB): RTCRAM\n",
        [("dram", 0x31620), ("stack-dram", 0x1F060)],
    ),
    "esp32-c3, 4.3": (
        "I (283) heap_init: At 3FC8BB30 len 000344D0 (209 KiB): D/IRAM\n"
        "I (290) heap_init: At 3FCC0000 len 0001F260 (124 KiB): STACK/DRAM\n"
        "I (296) heap_init: At 50000000 len 00002000 (8 KiB): FAKEDRAM\n",
        [("stack-dram", 0x1F260), ("d-iram", 0x344D0)],
    ),
    "esp32-c3, 5.0": (
        "I (219) heap_init: At 3FC8C790 len 00033870 (206 KiB): DRAM\n"
        "I (225) heap_init: At 3FCC0000 len 0001C710 (113 KiB): DRAM/RETENTION\n"
        "I (232) heap_init: At 3FCDC710 len 00002950 (10 KiB): DRAM/RETENTION/STACK\n",
        [("dram", 0x33870), ("dram-retention", 0x1C710), ("dram-retention-stack", 0x2950)],
    ),
    "esp32-c3, 5.2": (
        "I (313) heap_init: At 3FC9B2E0 len 00024D20 (147 KiB): RAM\n"
        "I (318) heap_init: At 3FCC0000 len 0001C710 (113 KiB): Retention RAM\n"
        "I (324) heap_init: At 3FCDC710 len 00002B50 (10 KiB): Retention RAM\n"
        "I (330) heap_init: At 5000001C len 00001FCC (7 KiB): RTCRAM\n",
        [("ram", 0x24D20), ("retention-ram-0", 0x1C710), ("retention-ram-1", 0x2B50)],
    ),
    "esp32-c6": (
        "I (262) heap_init: At 4080B360 len 000712B0 (452 KiB): D/IRAM\n"
        "I (269) heap_init: At 4087C610 len 00002F54 (11 KiB): STACK/DIRAM\n",
        [("stack-diram", 0x2F54), ("d-iram", 0x712B0)],
    ),
}
ONE = "I (308) heap_init: At 3FFB9A58 len 000265A8 (153 KiB): DRAM"


def regions(log: str) -> list[tuple[str, int]]:
    device = load_device({"name": "mine", "base": "esp32-wroom", "heap_init": log})
    return [(region.name, region.size_bytes) for region in device.heap_regions]


@pytest.mark.parametrize("name", LOGS)
def test_the_regions_of_each_chip_are_read(name: str) -> None:
    log, expected = LOGS[name]
    assert regions(log) == expected


@pytest.mark.parametrize(
    "written",
    [f"\x1b[0;32m{ONE}\x1b[0m", f"␛[0;32m{ONE}␛[0m", f"[0;32m{ONE}[0m", f"12:01:33.123 -> {ONE}\r", f"{ONE}  "],
    ids=["colours", "colours shown", "colours half gone", "a serial monitor's time", "spaces"],
)
def test_a_line_is_read_as_a_terminal_leaves_it(written: str, tmp_path: Path) -> None:
    assert regions(f"{written}\n") == [("dram", 0x265A8)]
    path = tmp_path / "device.yaml"
    path.write_text(f"name: mine\nbase: esp32-wroom\nheap_init: |\n  {written}\n", encoding="utf-8", newline="")
    assert [region.size_bytes for region in load_device(str(path)).heap_regions] == [0x265A8]


def test_of_several_boots_the_last_counts() -> None:
    begun = "I (295) heap_init: Initializing. RAM available for dynamic allocation:\n"
    later = ONE.replace("000265A8", "00020000")
    pool = "I (859) esp_psram: Adding pool of 2048K of PSRAM memory to heap allocator\n"
    assert regions(f"{begun}{ONE}\n{pool}rst:0x1 (POWERON_RESET)\n{begun}{later}\n{pool}") == [("dram", 0x20000), ("spiram", 2048 * 1024)]


def test_a_log_may_be_a_file_beside_the_devices(tmp_path: Path) -> None:
    (tmp_path / "boot.log").write_text(f"\x1b[0;32m{ONE}\x1b[0m\r\n", encoding="utf-8")
    device = tmp_path / "device.yaml"
    device.write_text("name: mine\nbase: esp32-wroom\nheap_init: boot.log\n", encoding="utf-8")
    assert [region.size_bytes for region in load_device(str(device)).heap_regions] == [0x265A8]
    device.write_text("name: mine\nbase: esp32-wroom\nheap_init: bot.log\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"did you mean 'boot\.log'"):
        load_device(str(device))


def test_a_log_without_a_region_says_what_is_expected() -> None:
    with pytest.raises(InputError, match=r"heap_init: expected ESP-IDF's lines .* or the name of a \.log or \.txt file"):
        regions("I (235) boot: ESP-IDF v5.1")
    with pytest.raises(InputError, match="heap_init: expected ESP-IDF's lines"):
        regions("I (296) heap_init: At 50000000 len 00002000 (8 KiB): RTCRAM\nI (1) heap_init: At 40095BC0 len 0000A440 (41 KiB): IRAM")


def test_a_pasted_table_may_begin_deeper_than_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "device.yaml"
    table = "     text\t   data\t    bss\t    dec\t    hex\tfilename\n    34232\t      0\t  12048\t  46280\t   b4c8\tapp.elf\n"
    path.write_text(f"name: mine\nbase: rp2040-pico\nsize_output: |\n{table}description: below it\n", encoding="utf-8")
    device, base = load_device(str(path)), load_device("rp2040-pico")
    assert sum(region.size_bytes for region in device.heap_regions) == sum(region.size_bytes for region in base.heap_regions) - 12_048
    assert device.description == "below it"


def test_a_log_and_a_programs_size_would_take_its_static_data_twice() -> None:
    table = "   text\t   data\t    bss\t    dec\t    hex\tfilename\n  34232\t      0\t  12048\t  46280\t   b4c8\tapp.elf\n"
    with pytest.raises(InputError, match="without the program's static data; leave one of the two out"):
        load_device({"name": "mine", "base": "esp32-wroom", "heap_init": ONE, "size_output": table})


def test_buffers_outside_the_chip_are_told_and_their_time_is_assumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pool = "I (859) esp_psram: Adding pool of 8192K of PSRAM memory to heap allocator"
    device = tmp_path / "device.yaml"
    device.write_text(f"name: mine\nbase: esp32-s3-wroom-1-n8\nheap_init: |\n  {ONE}\n  {pool}\n", encoding="utf-8")
    network = tmp_path / "wide.yaml"
    for rows, regions, trust in ((32, (), "calibrated"), (640, ("spiram",), "assumed")):
        layer = "{name: c, kind: conv2d, out_channels: 8, kernel: 3}"
        network.write_text(f"name: wide\ninput: 3x{rows}x64\nlayers:\n  - {layer}\n", encoding="utf-8")
        asked = ["report", "--network", str(network), "--device", str(device)]
        assert main([*asked, "--format", "json"]) == 0
        time = json.loads(capsys.readouterr().out)["outlook"]["time"]
        assert (tuple(time["external_regions"]), time["trust"]) == (regions, trust)
        assert main(asked) == 0
        screen = " ".join(capsys.readouterr().out.split())
        assert ("1 buffer, in spiram outside the chip" in screen) == bool(regions)
        assert ("slower in spiram, outside the chip" in screen) == bool(regions)
        # A time that was measured there is a measured one.
        assert main([*asked, "--duration", "1s", "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["outlook"]["time"]["trust"] == "measured"
