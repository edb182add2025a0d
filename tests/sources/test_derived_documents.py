"""Boards and devices that derive from packaged ones, and heaps from a pasted boot log."""

import pytest

from costmodel.errors import InputError, SpecError, UnknownNameError
from costmodel.sources.catalogue import load_battery, load_device, load_power_states

LOG = """
I (295) heap_init: Initializing. RAM available for dynamic allocation:
I (302) heap_init: At 3FFAE6E0 len 00001920 (6 KiB): DRAM
I (308) heap_init: At 3FFB9A58 len 000265A8 (153 KiB): DRAM
I (314) heap_init: At 3FFE0440 len 00003AE0 (14 KiB): D/IRAM
I (320) heap_init: At 3FFE4350 len 0001BCB0 (111 KiB): D/IRAM
I (327) heap_init: At 40095BC0 len 0000A440 (41 KiB): IRAM
"""


def test_a_board_takes_from_its_base_what_it_does_not_say():
    base = load_power_states("esp32-module")
    board = load_power_states(
        {
            "name": "mine",
            "base": "esp32-module",
            "idle": {"current_a": 0.025},
            "sleeps": [{"name": "deep", "current_a": 8.0e-5}, {"name": "off", "supply_v": 3.3, "current_a": 0.0, "wake_s": 1.0}],
        }
    )
    assert board.name == "mine"
    assert board.inference == base.inference
    assert board.idle.current_a.value == 0.025
    assert board.idle.supply_v == base.idle.supply_v
    by_name = {state.name: state for state in board.sleeps}
    assert list(by_name) == [*(state.name for state in base.sleeps), "off"]
    assert by_name["deep"].current_a.value == 8.0e-5
    assert by_name["deep"].wake_s == next(state for state in base.sleeps if state.name == "deep").wake_s


def test_bases_may_be_files_beside_the_file_and_have_bases_of_their_own(tmp_path):
    (tmp_path / "one.yaml").write_text("name: one\nbase: 18650\nself_discharge_ratio: 0.01\n".replace("18650", '"18650"'), encoding="utf-8")
    (tmp_path / "two.yaml").write_text("name: two\nbase: one.yaml\ndescription: mine\n", encoding="utf-8")
    cell = load_battery(str(tmp_path / "two.yaml"))
    assert (cell.name, cell.self_discharge_ratio.value) == ("two", 0.01)
    assert cell.capacity_ah == load_battery("18650").capacity_ah


def test_a_devices_heap_may_be_its_own_boot_log():
    device = load_device({"name": "mine", "base": "esp32-wroom", "heap_init": LOG})
    assert [(region.name, region.size_bytes) for region in device.heap_regions] == [
        ("dram-0", 6432),
        ("dram-1", 157096),
        ("d-iram-0", 15072),
        ("d-iram-1", 113840),
    ]
    assert device.allocator == load_device("esp32-wroom").allocator


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("I (859) esp_psram: Adding pool of 8192K of PSRAM memory to heap allocator", 8192 * 1024),
        ("I (931) spiram: Adding pool of 4096K of external SPI memory to heap allocator", 4096 * 1024),
    ],
)
def test_psram_that_the_boot_log_adds_is_a_region_of_its_own(line, size):
    device = load_device({"name": "mine", "base": "esp32-wroom", "heap_init": LOG + line + "\n"})
    assert (device.heap_regions[-1].name, device.heap_regions[-1].size_bytes) == ("spiram", size)
    assert len(device.heap_regions) == 5


def test_regions_a_device_states_replace_its_bases():
    device = load_device({"name": "mine", "base": "esp32-wroom", "heap_regions": [{"name": "all", "size_bytes": 1000}]})
    assert [region.name for region in device.heap_regions] == ["all"]


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"name": "mine", "base": "esp32-modlue"}, UnknownNameError, "did you mean 'esp32-module'"),
        ({"base": "esp32-module"}, SpecError, "needs a name of its own"),
        ({"name": "mine", "base": 3}, UnknownNameError, "'3' is not packaged"),
        ({"name": "mine", "base": "esp32-module", "idle": {"current": 1}}, InputError, "current"),
    ],
)
def test_bases_that_are_none_are_refused(fields, error, words):
    with pytest.raises(error, match=words):
        load_power_states(fields)


def test_a_file_that_derives_from_itself_is_refused(tmp_path):
    path = tmp_path / "loop.yaml"
    path.write_text("name: loop\nbase: loop.yaml\n", encoding="utf-8")
    with pytest.raises(SpecError, match="derive from itself"):
        load_battery(str(path))


def test_static_data_of_a_program_are_gone_from_the_largest_region():
    base = load_device("stm32l476rg")
    size = "   text\t   data\t    bss\t    dec\t    hex\tfilename\n  45120\t   1204\t  30212\t  76536\t  12af8\tbuild/app.elf\n"
    device = load_device({"name": "mine", "base": "stm32l476rg", "size_output": size})
    largest = max(base.heap_regions, key=lambda region: region.size_bytes)
    by_name = {region.name: region.size_bytes for region in device.heap_regions}
    assert by_name[largest.name] == largest.size_bytes - 1204 - 30212
    assert "less 31,416 bytes of data and bss" in next(region.source for region in device.heap_regions if region.name == largest.name)


MAP = """
.text           0x08000000     0xb040
.data           0x20000000      0x4b4 load address 0x0800b040
 .data.table    0x20000010       0x40 build/table.o
.bss            0x200004b4     0x7604
 *(.bss)
.noinit         0x20007ab8      0x100
"""


SIZE_A = """app.elf  :
section   size        addr
.text    45120   134217728
.data     1204   536870912
.bss     30212   536872116
Total  76536
"""
USAGE = """Memory region         Used Size  Region Size  %age Used
           FLASH:       25484 B       256 KB      9.72%
             RAM:         32 KB        96 KB     33.33%
"""


@pytest.mark.parametrize(
    ("size", "taken"), [(MAP, 0x4B4 + 0x7604 + 0x100), (SIZE_A, 31416), (USAGE, 32768)], ids=["map", "size -A", "memory usage"]
)
def test_static_data_are_read_from_what_linkers_say(size, taken):
    before = load_device("stm32l476rg").heap_regions
    after = load_device({"name": "mine", "base": "stm32l476rg", "size_output": size}).heap_regions
    assert sum(region.size_bytes for region in before) - sum(region.size_bytes for region in after) == taken


@pytest.mark.parametrize(
    ("size", "words"), [("nothing", "expected what"), ("1 2 3 7 7 x", "expected what"), ("1 2000000 0 2000001 1e8481 x", "do not fit")]
)
def test_sizes_that_say_nothing_are_refused(size, words):
    with pytest.raises(InputError, match=words):
        load_device({"name": "mine", "base": "stm32l476rg", "size_output": size})


def test_a_base_that_is_no_mapping_or_has_states_without_names_is_told_in_a_line(tmp_path):
    (tmp_path / "list.yaml").write_text("[1, 2]\n", encoding="utf-8")
    with pytest.raises(InputError, match="base: a power_states is a mapping"):
        load_power_states({"name": "mine", "base": str(tmp_path / "list.yaml")})
    (tmp_path / "odd.yaml").write_text("name: odd\nbase: esp32-module\nsleeps: [3, {supply_v: 3.3}]\n", encoding="utf-8")
    with pytest.raises(InputError):
        load_power_states({"name": "mine", "base": str(tmp_path / "odd.yaml"), "sleeps": [{"name": ["x"]}, {"current_a": 1}]})


def test_a_log_without_regions_is_refused():
    with pytest.raises(InputError, match="heap_init: expected ESP-IDF's lines"):
        load_device({"name": "mine", "base": "esp32-wroom", "heap_init": "nothing"})
