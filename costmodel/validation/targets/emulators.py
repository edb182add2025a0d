"""Builds the firmware for an emulated core, runs it there, and returns its log and what the core accessed."""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from costmodel.errors import LimitError, ToolError
from costmodel.specs.counting import Dataflow
from costmodel.validation.access_log import Segment, read_access_log
from costmodel.validation.targets.compiling import EXACT_FLAGS, Build, compiled, host_compiler, last_line, run_tool, with_kernels
from costmodel.validation.targets.emulated_targets import EmulatedTarget, emulated_target, require_tools
from costmodel.validation.targets.host import STATUS

DEFAULT_TIMEOUT_S: Final = 60.0
"""An emulator that has not ended by then hangs."""

_DATAFLOW_BITS: Final = {Dataflow.OUTPUT_STATIONARY: 1, Dataflow.ROW_STATIONARY: 2}
_JOB_HEADER: Final = struct.Struct("<4s7I")
_JOB_MAGIC: Final = b"CMJB"
_JOB_LIMIT_BYTES: Final = 16 * 2**20
_JOB_ALIGNMENT: Final = 8
_FIRST_OF_SECOND_INTERFACE: Final = 9
"""Major version of the emulator that dropped the first interface for plugins."""
_EXIT_REASONS: Final = {96: "found no job in its memory", 97: "ended in a processor exception"}


@dataclass(frozen=True)
class EmulatorRun:
    """One run of the firmware on an emulated core."""

    log: bytes
    """What the firmware wrote (docs/device_protocol.md)."""
    status: int
    """Exit status: 0, or the code the log's last line names."""
    segments: tuple[Segment, ...]
    """What the core did in each layer, in the order they ran; empty without the plugin."""


def run_on_emulator(
    target: str,
    models: bytes,
    *,
    firmware: Path,
    cache: Path,
    build: Build,
    image: bytes = b"",
    dataflows: Sequence[Dataflow] = (Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY),
    plugin: bool = False,
    program: Sequence[Path] = (),
    kernels: str = "",
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> EmulatorRun:
    """Build what is not built yet, and run model files on an emulated core.

    Parameters
    ----------
    target : str
        `xtensa`, `riscv` or `arm`.
    models : bytes
        Model files back to back.
    firmware : Path
        The folder `firmware/`.
    cache : Path
        Folder for what is built; it need not exist.
    build : {"counting", "timing"}
        With the counters in the code or without.
    image : bytes
        The first model's input; empty to run each model's own example.
    dataflows : sequence of Dataflow
        What each model runs with, output stationary first.
    plugin : bool
        Whether to record instructions and accesses. The log then states where each tensor lies.
    program : sequence of Path
        C files to run in place of the core and its app; for tests of ports and plugin.
    kernels : str
        Source of the generated kernels that the models ask for.
    timeout_s : float
        Seconds after which the emulator is ended.

    Returns
    -------
    EmulatorRun
        The log, the status and the accesses.

    Raises
    ------
    ToolError
        If a compiler or the emulator is missing, fails or hangs.
    LimitError
        If models and input are larger than the memory that stands for flash, or a model's arena than the core's static memory.
    """
    core = emulated_target(target)
    require_tools(core)
    executable = build_firmware(core, firmware=firmware, cache=cache, build=build, program=program, kernels=kernels)
    symbols = _symbols(core, executable)
    with tempfile.TemporaryDirectory(prefix="costmodel-") as folder:
        job = Path(folder) / "job.bin"
        job.write_bytes(pack_job(models, image, dataflows, addresses=plugin))
        accesses = Path(folder) / "accesses.bin"
        command = [
            core.emulator,
            *core.machine,
            *("-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=0", "-semihosting"),
            *("-device", f"loader,file={_escaped(job)},addr={symbols['__job']:#x},force-raw=on"),
            *("-kernel", str(executable)),
        ]
        if plugin:
            library = build_plugin(core, firmware=firmware, cache=cache)
            command += ["-plugin", f"{_escaped(library)},marker={symbols['plugin_marker']:#x},out={_escaped(accesses)}"]
        finished = run_tool(command, f"{core.name}: {core.emulator}", timeout_s)
        if finished.returncode in _EXIT_REASONS:
            raise ToolError(f"{core.name}: the firmware {_EXIT_REASONS[finished.returncode]}")
        if finished.returncode < 0 or (finished.returncode and not finished.stdout):
            raise ToolError(f"{core.name}: {core.emulator} failed: {last_line(finished.stderr)}")
        if finished.returncode == STATUS.index("arena"):
            has = symbols["__arena_end"] - symbols["__arena_start"]
            raise LimitError(
                f"{core.name}: a model needs {_last_arena(finished.stdout)} bytes of arena, the emulated core has {has} of 160 KiB"
            )
        segments = read_access_log(accesses.read_bytes()) if plugin else ()
    return EmulatorRun(finished.stdout, finished.returncode, segments)


def pack_job(models: bytes, image: bytes, dataflows: Sequence[Dataflow], *, addresses: bool) -> bytes:
    """Return what the emulator places in memory (`firmware/ports/emulated/job.h`).

    Raises
    ------
    LimitError
        If it is larger than the memory that stands for flash.
    """
    bits = 0
    for dataflow in dataflows:
        bits |= _DATAFLOW_BITS[dataflow]
    header = _JOB_HEADER.pack(_JOB_MAGIC, bits, int(addresses), len(image), len(models), 0, 0, 0)
    job = header + image + bytes(-len(image) % _JOB_ALIGNMENT) + models
    if len(job) > _JOB_LIMIT_BYTES:
        raise LimitError(f"{len(job)} bytes of models and input exceed the {_JOB_LIMIT_BYTES} an emulated core has for them")
    return job


def build_firmware(
    core: EmulatedTarget, *, firmware: Path, cache: Path, build: Build, program: Sequence[Path] = (), kernels: str = ""
) -> Path:
    """Return the firmware built for an emulated core, from the cache where it is there already.

    Parameters
    ----------
    core : EmulatedTarget
        The core.
    firmware : Path
        The folder `firmware/`.
    cache : Path
        Folder for what is built.
    build : {"counting", "timing"}
        With the counters in the code or without.
    program : sequence of Path
        C files to build in place of the core and its app.
    kernels : str
        Source of generated kernels.

    Raises
    ------
    ToolError
        If the compiler fails.
    """
    ports = firmware / "ports"
    sources = list(program) or sorted([*(firmware / "core").glob("*.c"), *(firmware / "app").glob("*.c")])
    sources += [ports / "emulated" / name for name in core.shared_sources]
    sources += sorted([*(ports / core.name).glob("*.c"), *(ports / core.name).glob("*.S")])
    flags = [*EXACT_FLAGS, "-ffreestanding", *core.flags]
    flags.append(f'-DCM_BUILD_FLAGS="{" ".join(flags)}"')
    if build == "counting":
        flags.append("-DCM_COUNTING")
    generated_flags, generated = with_kernels(kernels, firmware, cache)
    flags += generated_flags
    sources += generated
    link = ["-nostdlib", "-T", str(ports / core.name / "link.ld"), "-lgcc"]
    inputs = [path for folder in ("core", "app", "ports/emulated", f"ports/{core.name}") for path in (firmware / folder).iterdir()]
    return compiled(core.compiler, flags, sources, link, inputs, cache, f"{core.name}_{build}.elf")


def build_plugin(core: EmulatedTarget, *, firmware: Path, cache: Path, defines: Sequence[str] = ()) -> Path:
    """Return the plugin's shared library for a core's emulator, from the cache where it is there already.

    Parameters
    ----------
    core : EmulatedTarget
        Its emulator's version says which interface the plugin is built for.
    firmware : Path
        The folder `firmware/`.
    cache : Path
        Folder for what is built.
    defines : sequence of str
        Further compiler flags; for tests.

    Raises
    ------
    ToolError
        If the host's compiler fails.
    """
    version = run_tool([core.emulator, "--version"], core.emulator, DEFAULT_TIMEOUT_S).stdout
    found = re.search(rb"version (\d+)\.", version)
    interface = 2 if found and int(found[1]) >= _FIRST_OF_SECOND_INTERFACE else 1
    flags = ["-std=c99", "-O2", "-fPIC", "-shared", f"-DPLUGIN_API_VERSION={interface}", *defines]
    return compiled(host_compiler(), flags, [firmware / "plugin" / "accesses.c"], [], [], cache, "accesses.so")


def _last_arena(log: bytes) -> str:
    """Return the arena of the model the log ends with."""
    stated: list[bytes] = re.findall(rb'"arena_bytes":(\d+)', log)
    return stated[-1].decode()


def _symbols(core: EmulatedTarget, executable: Path) -> dict[str, int]:
    """Return the addresses of an executable's symbols."""
    listing = run_tool([f"{core.tool_prefix}nm", str(executable)], f"{core.tool_prefix}nm", DEFAULT_TIMEOUT_S).stdout
    rows = (line.split() for line in listing.decode().splitlines())
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def _escaped(path: Path) -> str:
    """Return a path as an emulator option takes it, where a comma separates."""
    return str(path).replace(",", ",,")
