"""The RAM of a program's static data: from its ELF file, and from what tools print of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from elf_writer import PROGRAM, STATIC_BYTES, Section, elf

from costmodel.cli.app import main
from costmodel.errors import InputError
from costmodel.sources.catalogue import load_device
from costmodel.sources.programs.sections import ProgramSection, static_data_of
from costmodel.sources.programs.size_texts import static_data_in

ESP32_A = """build/app.elf  :
section                   size         addr
.iram0.vectors            1027   1074266112
.iram0.text              44463   1074267140
.dram0.data               9320   1073470304
.noinit                      0   1073479624
.dram0.bss                2408   1073479624
.flash.rodata            32492   1061159200
.flash.text              85235   1074593824
.dram0.heap_start           16   1073482032
.debug_aranges           30000            0
Total                  1234567
"""
ZEPHYR_A = """zephyr.elf  :
section                     size         addr
rom_start                    256            0
text                       30000          256
rodata                      5000        30400
datas                        600    536870912
device_states                 10    536871512
bss                         3001    536871528
noinit                      4096    536874560
.comment                      32            0
"""
HEX_A = """app.elf  :
section               size         addr
.text                 0xf8    0x8000000
.data                0x190   0x20000000
.bss                0x7530   0x20000190
._user_heap_stack    0x600   0x200076c0
.ccmram               0x80   0x10000000
.comment              0x26          0x0
Total               0x7ecc
"""
MAP = """Memory Configuration

Name             Origin             Length             Attributes
FLASH            0x08000000         0x00040000         xr
RAM              0x20000000         0x00018000         xrw
*default*        0x00000000         0xffffffff

Linker script and memory map

.text           0x08000000       0xf8
 .text          0x08000000       0x30 main.o
.data           0x20000000      0x190 load address 0x080000f8
 .data          0x20000000      0x190 main.o
.a_section_with_a_long_name
                0x20000190       0x10
.bss            0x200001a0     0x7530 load address 0x08000288
._user_heap_stack
                0x200076d0      0x600
.comment        0x00000000       0x26
"""
IDF_TABLE = """┃ Memory Type/Section ┃ Used [bytes] ┃ Used [%] ┃ Remain [bytes] ┃ Total [bytes] ┃
│ Flash Code          │        85790 │     2.57 │        3256514 │       3342304 │
│    .text            │        85790 │     2.57 │                │               │
│ IRAM                │        51775 │     39.5 │          79297 │        131072 │
│ DRAM                │        12468 │      6.9 │         168268 │        180736 │
│    .data            │         9876 │     5.46 │                │               │
"""
SEVERAL = " text data bss dec hex filename\n 1 2 3 6 6 a.o\n 1 2 4 7 7 b.o\n"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("   text\t   data\t    bss\t    dec\t    hex\tfilename\n    248\t    400\t  31728\t  32376\t   7e78\tapp.elf\n", 32128),
        ("   text\t   data\t    bss\t    dec\t    hex\tfilename\n   0xf8\t  0x190\t 0x7bf0\t  32376\t   7e78\tapp.elf\n", 32128),
        ("   text\t   data\t    bss\t    oct\t    hex\tfilename\n   0370\t   0620\t 075760\t  77170\t   7e78\tapp.elf\n", 32128),
        (SEVERAL + " 2 4 7 13 d (TOTALS)\n", 11),
        (HEX_A, 0x190 + 0x7530),
        (ESP32_A, 9320 + 2408),
        (ZEPHYR_A, 600 + 10 + 3001 + 4096),
        (MAP, 0x190 + 0x10 + 0x7530),
        ("Memory region  Used Size  Region Size  %age Used\n DTCMRAM:  1000 B  128 KB  0.7%\n RAM_D1:  64 KB  512 KB  12.5%\n", 65536),
        ("Total sizes:\n DRAM .data size:    8768 bytes\n DRAM .bss  size:    2568 bytes\n", 11336),
        ("Used static DRAM:   11728 bytes ( 168848 available, 6.5% used)\nUsed static IRAM:   44614 bytes ( 1 available)\n", 11728),
        ("Used stat D/IRAM:   56734 bytes ( 270946 remain, 17.3% used)\n      .data size:   9000 bytes\n", 56734),
        (IDF_TABLE, 12468),
        ("RAM:   [=         ]   6.6% (used 21600 bytes from 327680 bytes)\nFlash: [==  ]  20.4% (used 9 bytes from 10 bytes)\n", 21600),
        ("Global variables use 21600 bytes (6%) of dynamic memory, leaving 306080 bytes for local variables.\n", 21600),
        ("Program Size: Code=14248 RO-data=2172 RW-data=140 ZI-data=9516  \n", 9656),
        ("    Total RW  Size (RW Data + ZI Data)              9656 (   9.43kB)\n", 9656),
        ("  14 096 bytes of readonly  code memory\n   9 656 bytes of readwrite data memory\n", 9656),
        ("  14'096 bytes of readonly  code memory\n   9'656 bytes of readwrite data memory\n", 9656),
    ],
    ids=(
        "size", "size -x", "size -o", "size -t", "size -A -x", "ESP32 -A", "Zephyr -A", "map", "memory usage", "idf 3", "idf 4", "idf S3",
        "idf 5", "PlatformIO", "Arduino", "Keil", "armlink", "IAR", "IAR of Switzerland",
    ),
)  # fmt: skip
def test_what_tools_print_says_the_static_data(text: str, size: int) -> None:
    for printed in (text, text.replace("\n", "\r\n")):
        found = static_data_in(printed)
        assert found is not None
        assert found.size_bytes == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        # What `size -G` prints counts constants in flash as data.
        "      text       data        bss      total filename\n       248        400      31728      32376 app.elf\n",
        f" {'9' * 5000} 1 1 1 1 a",
        "1 2 3 7 7 x",
        SEVERAL,
    ],
)
def test_what_says_nothing_of_ram_is_not_read(text: str) -> None:
    assert static_data_in(text) is None


def test_the_places_of_heap_and_stack_are_no_data() -> None:
    sections = [
        ProgramSection(".data", 100, 0x20000000),
        ProgramSection(".heap", 4096, 0x20000064),
        ProgramSection(".stack_dummy", 8, 0x20001064),
    ]
    found = static_data_of(sections)
    assert found is not None
    assert (found.size_bytes, found.parts) == (100, ".data")


def test_several_programs_are_told_in_a_line() -> None:
    with pytest.raises(InputError, match="tells of several programs"):
        load_device({"name": "mine", "base": "stm32l476rg", "size_output": SEVERAL})


def taken_of(device: str, text: str) -> int:
    before = sum(region.size_bytes for region in load_device(device).heap_regions)
    return before - sum(region.size_bytes for region in load_device({"name": "mine", "base": device, "size_output": text}).heap_regions)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_programs_own_file_is_read(bits: int, order: str, tmp_path: Path) -> None:
    (tmp_path / "app.elf").write_bytes(elf(PROGRAM, bits, order))
    assert taken_of("stm32l476rg", str(tmp_path / "app.elf")) == STATIC_BYTES


def test_a_file_lies_beside_the_device_that_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "app.elf").write_bytes(elf())
    (tmp_path / "app.map").write_text(MAP, encoding="utf-8")
    device = tmp_path / "mine.yaml"
    for name, size in (("build/app.elf", STATIC_BYTES), ("app.map", 0x190 + 0x10 + 0x7530)):
        device.write_text(f"name: mine\nbase: stm32l476rg\nsize_output: {name}\n", encoding="utf-8")
        assert f"less {size:,} bytes of" in load_device(str(device)).heap_regions[0].source
    device.write_text("name: mine\nbase: stm32l476rg\nsize_output: build/ap.elf\n", encoding="utf-8")
    assert main(["report", "ds-cnn", "--device", str(device)]) == 2
    error = capsys.readouterr().err
    assert "does not exist (did you mean 'app.elf'?)" in error
    assert error.count("\n") == 1


def test_linkers_that_name_sections_in_their_own_way_say_what_is_written(tmp_path: Path) -> None:
    sections = (Section("", 0, 0, 0), Section("ER_IROM1", 900, 0x08000000, 6), Section("RW_IRAM1", 700, 0x20000000, 3))
    (tmp_path / "app.axf").write_bytes(elf(sections))
    assert taken_of("stm32l476rg", str(tmp_path / "app.axf")) == 700


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (elf()[:20], "header is not whole"),
        (elf()[:-30], "is cut off"),
        (elf()[:48] + bytes(4), "without a table of sections"),
        (elf([Section("", 0, 0, 0), Section(".data", 2**41, 0x20000000, 3)], 64), "larger than any chip"),
        (elf([Section("", 0, 0, 0), Section(".text", 4, 0x08000000, 6)]), "size_output: expected what"),
        (b"\x7fELF" + bytes((9, 1)) + bytes(60), "header is not whole"),
    ],
)
def test_files_that_are_none_are_told_in_a_line(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "app.elf").write_bytes(content)
    with pytest.raises(InputError, match=words):
        load_device({"name": "mine", "base": "stm32l476rg", "size_output": str(tmp_path / "app.elf")})


def test_of_a_program_of_esp_idf_size_counts_what_lies_in_flash_and_the_answer_says_so() -> None:
    size = " text data bss dec hex filename\n 248 400 31728 32376 7e78 app.elf\n"
    device = load_device({"name": "mine", "base": "esp32-wroom", "size_output": size})
    assert "flash's constants and place-holders too" in next(region.source for region in device.heap_regions if region.name == "dram")
