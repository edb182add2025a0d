"""The plugin counts what a core did, exactly, and its reader trusts no file."""

from __future__ import annotations

import ctypes
import functools
import os
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.errors import FormatError
from costmodel.validation.access_log import COMPLETE, SEGMENT, Accesses, read_access_log
from costmodel.validation.targets import emulators
from costmodel.validation.targets.emulated_targets import TARGETS
from costmodel.validation.targets.emulators import EmulatorRun

Run = Callable[..., EmulatorRun]


@pytest.mark.emulator
def test_plugin_sees_every_access_of_a_known_program_and_no_other(run_program: Run) -> None:
    copy, accumulate, empty = run_program("accesses.c", plugin=True).segments
    byte_loads = copy.rows[(copy.rows[:, 1] == 1) & (copy.rows[:, 2] == 1), 0]
    input_start = int(byte_loads[0])
    assert copy.within(input_start, 1000) == Accesses(1000, 1000, 0, 0)
    assert copy.within(input_start + 1000, 2000) == Accesses(0, 0, 500, 2000)
    assert accumulate.within(input_start, 1000) == Accesses(7, 7, 0, 0)
    assert accumulate.within(input_start + 1000, 2000) == Accesses(7, 28, 7, 28)
    assert accumulate.within(input_start + 1000 + 3 * 4, 4) == Accesses(7, 28, 7, 28)
    assert empty.within(input_start, 3000) == Accesses(0, 0, 0, 0)
    assert [segment.number_count for segment in (copy, accumulate, empty)] == [1, 2, 3]
    # Each word of the copy takes two loads, a sum, a store and a loop around them.
    assert 5 * 500 < copy.instruction_count < 16 * 500
    assert 0 < empty.instruction_count < 12


@pytest.mark.emulator
def test_two_runs_count_the_same(run_program: Run) -> None:
    first, second = (run_program("accesses.c", plugin=True).segments for _ in range(2))
    assert [segment.instruction_count for segment in first] == [segment.instruction_count for segment in second]
    assert [segment.rows.tolist() for segment in first] == [segment.rows.tolist() for segment in second]


@pytest.mark.emulator
def test_counting_by_callback_counts_the_same(run_program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer emulators have no inline counter; the callback that replaces it exists in this one too."""
    inline = run_program("accesses.c", plugin=True).segments
    build = emulators.build_plugin
    monkeypatch.setattr(emulators, "build_plugin", functools.partial(build, defines=["-DCOUNT_BY_CALLBACK"]))
    called = run_program("accesses.c", plugin=True).segments
    assert [segment.instruction_count for segment in called] == [segment.instruction_count for segment in inline]
    assert [segment.rows.tolist() for segment in called] == [segment.rows.tolist() for segment in inline]


@pytest.mark.emulator
@pytest.mark.parametrize(("version", "interface"), [(b"QEMU emulator version 7.2.22 (Debian)", 1), (b"QEMU emulator version 10.0.2", 2)])
def test_plugin_is_built_for_the_emulators_interface(
    version: bytes, interface: int, target: str, monkeypatch: pytest.MonkeyPatch, firmware: Path, cache: Path
) -> None:
    monkeypatch.setattr(emulators, "run_tool", lambda *arguments: subprocess.CompletedProcess([], 0, version, b""))
    library = ctypes.CDLL(str(emulators.build_plugin(TARGETS[target], firmware=firmware, cache=cache)), os.RTLD_LAZY)
    assert ctypes.c_int.in_dll(library, "qemu_plugin_version").value == interface


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}Q", *values)


WHOLE = words(SEGMENT, 1, 50, 2, 0x1000, 3, 3, 0, 0, 0x1004, 1, 4, 2, 8, SEGMENT, 2, 5, 0, COMPLETE, 2)


def test_file_reads_back() -> None:
    first, second = read_access_log(WHOLE)
    assert (first.instruction_count, second.instruction_count) == (50, 5)
    assert first.everywhere() == Accesses(4, 7, 2, 8)
    assert first.within(0x1000, 4) == Accesses(3, 3, 0, 0)
    assert first.everywhere().minus(first.within(0x1004, 1)) == Accesses(3, 3, 0, 0)
    assert second.everywhere() == Accesses(0, 0, 0, 0)


@given(st.integers(0, len(WHOLE) - 1))
def test_file_cut_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(FormatError, match="access log"):
        read_access_log(WHOLE[:length])


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(FormatError, match="access log"):
        read_access_log(content)


@given(st.sampled_from([0, 1, 3, 14, 15, 17, 18, 19]), st.integers(0, 2**64 - 1))
def test_corrupted_structure_is_refused(at: int, value: int) -> None:
    changed = list(struct.unpack(f"<{len(WHOLE) // 8}Q", WHOLE))
    if changed[at] == value:
        return
    changed[at] = value
    with pytest.raises(FormatError, match="access log"):
        read_access_log(words(*changed))
