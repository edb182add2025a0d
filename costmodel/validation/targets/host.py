"""The firmware on this machine: as a program that writes a device log, and as a library called thousands of times a second."""

from __future__ import annotations

import ctypes
import functools
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, ToolError
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Dataflow
from costmodel.validation.targets.compiling import Build, compiled, exact_flags, first_error, host_compiler, run_tool, with_kernels

STATUS: Final = (
    "ok",
    "argument",
    "alignment",
    "endianness",
    "truncated",
    "magic",
    "version",
    "checksum",
    "header",
    "bounds",
    "tensor",
    "layer",
    "shape",
    "overlap",
    "arena",
    "type",
    "order",
)
"""What the core answers, by code (`cm_status` in firmware/core/cm.h)."""
DATAFLOW_CODES: Final = {Dataflow.OUTPUT_STATIONARY: 0, Dataflow.ROW_STATIONARY: 1}
"""Dataflows the firmware has kernels for, and their code in it."""
_ARGUMENTS: Final = {
    (Dataflow.OUTPUT_STATIONARY,): "os",
    (Dataflow.ROW_STATIONARY,): "rs",
    (Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY): "both",
}
_ARENA_ALIGNMENT: Final = 8


def run_on_host(
    models: bytes,
    *,
    firmware: Path,
    cache: Path,
    build: Build = "counting",
    image: bytes = b"",
    dataflows: Sequence[Dataflow] = tuple(DATAFLOW_CODES),
    compiler: str | None = None,
    kernels: str = "",
) -> bytes:
    """Build what is not built yet, run model files as a program, and return its device log.

    Parameters
    ----------
    models : bytes
        Model files back to back.
    firmware : Path
        The folder `firmware/`.
    cache : Path
        Folder for what is built.
    build : {"counting", "timing"}
        With the counters in the code or without.
    image : bytes
        The first model's input; empty to run each model's own example.
    dataflows : sequence of Dataflow
        What each model runs with.
    compiler : str, optional
        C compiler; left out, the first that is found.
    kernels : str
        Source of the generated kernels that the models ask for.

    Returns
    -------
    bytes
        The log (docs/device_protocol.md). Its last record states an error of the model file, if there is one.

    Raises
    ------
    ToolError
        If there is no C compiler, it fails, or the program crashes.
    """
    program = build_host(firmware=firmware, cache=cache, build=build, compiler=compiler, kernels=kernels)
    with tempfile.TemporaryDirectory(prefix="costmodel-") as folder:
        models_file = Path(folder) / "models.bin"
        models_file.write_bytes(models)
        command = [str(program), str(models_file), "--dataflow", _ARGUMENTS[tuple(dataflows)]]
        if image:
            image_file = Path(folder) / "input.bin"
            image_file.write_bytes(image)
            command += ["--input", str(image_file)]
        finished = run_tool(command, "the host firmware")
    if not 0 <= finished.returncode < len(STATUS):
        raise ToolError(f"the host firmware failed with status {finished.returncode}: {first_error(finished.stderr)}")
    return finished.stdout


def build_host(*, firmware: Path, cache: Path, build: Build, compiler: str | None = None, kernels: str = "") -> Path:
    """Return the host program, from the cache where it is there already."""
    program = host_compiler(compiler)
    suffix = ".exe" if sys.platform == "win32" else ""
    sources = [*core_sources(firmware), *sorted((firmware / "app").glob("*.c")), firmware / "ports" / "host" / "host.c"]
    generated_flags, generated = with_kernels(kernels, firmware, cache)
    flags = [*_flags(program, build), *generated_flags]
    return compiled(program, flags, [*sources, *generated], [], _headers(firmware), cache, f"host_{build}{suffix}")


def build_library(*, firmware: Path, cache: Path, build: Build, compiler: str | None = None, kernels: str = "") -> Path:
    """Return the host library, from the cache where it is there already."""
    program = host_compiler(compiler)
    suffix = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
    sources = [*core_sources(firmware), firmware / "ports" / "host" / "library.c"]
    generated_flags, generated = with_kernels(kernels, firmware, cache)
    flags = [*_flags(program, build), *generated_flags, "-shared", "-fPIC"]
    return compiled(program, flags, [*sources, *generated], [], _headers(firmware), cache, f"core_{build}{suffix}")


def core_sources(firmware: Path) -> list[Path]:
    """Return the core's C files, the same for every port."""
    return sorted((firmware / "core").glob("*.c"))


def _headers(firmware: Path) -> list[Path]:
    folders = (firmware / "core", firmware / "app")
    return sorted(path for folder in folders for path in folder.iterdir() if path.suffix in (".h", ".inc", ".def"))


def _flags(compiler: str, build: Build) -> list[str]:
    flags = list(exact_flags(compiler))
    stated = f'-DCM_BUILD_FLAGS="{" ".join(flags)}"'
    return [*flags, stated, *(["-DCM_COUNTING"] if build == "counting" else [])]


@dataclass(frozen=True, eq=False)
class LibraryRun:
    """What one run of a model in the library did."""

    counts: NDArray[np.uint64]
    """(layers, counters) in the order of `AccessCounts`; zero in the timing build."""
    output_hashes: NDArray[np.uint32]
    """CRC-32 of each layer's output."""
    scratch_bytes: NDArray[np.uint32]
    """What each kernel says it asks for."""
    arena: NDArray[np.uint8]
    """The arena afterwards."""
    arena_bytes: int
    """What the core says it needs."""


class HostLibrary:
    """The core as a shared library.

    Parameters
    ----------
    path : Path
        From `build_library`.
    """

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))

    @functools.cached_property
    def _functions(self) -> tuple[Any, Any]:
        return self._library.costmodel_open, self._library.costmodel_run

    def rescaled(self, numbers: NDArray[np.int32], multipliers: NDArray[np.int32], shifts: NDArray[np.int32]) -> NDArray[np.int32]:
        """Rescale numbers, each by its own factor, as an int8 result is.

        Parameters
        ----------
        numbers, multipliers, shifts : array of int32
            Of one length; shifts from -31 to 30.

        Returns
        -------
        array of int32
            What `core/fixed_point.h` makes of them.
        """
        numbers = np.ascontiguousarray(numbers)
        factors = np.ascontiguousarray(np.stack([multipliers, shifts], axis=1))
        results = np.zeros_like(numbers)
        addresses = [ctypes.c_void_p(array.ctypes.data) for array in (numbers, factors)]
        self._library.costmodel_rescaled(*addresses, ctypes.c_size_t(numbers.size), ctypes.c_void_p(results.ctypes.data))
        return results

    def run(self, model: bytes, dataflow: Dataflow, image: bytes, input_offset: int = 0) -> LibraryRun:
        """Run one model file.

        Parameters
        ----------
        model : bytes
            The file.
        dataflow : Dataflow
            Of its convolutions.
        image : bytes
            Its input.
        input_offset : int
            Where in the arena the input tensor lies.

        Returns
        -------
        LibraryRun
            Counters and outputs.

        Raises
        ------
        FormatError
            If the core refuses the file; names its status.
        """
        open_model, run_model = self._functions
        held = _aligned(len(model))
        held[: len(model)] = np.frombuffer(model, np.uint8)
        layer_count, arena_bytes = ctypes.c_uint32(), ctypes.c_uint32()
        file = (ctypes.c_void_p(held.ctypes.data), ctypes.c_size_t(len(model)), ctypes.c_uint32(DATAFLOW_CODES[dataflow]))
        _checked(open_model(*file, ctypes.byref(layer_count), ctypes.byref(arena_bytes)))
        arena = _aligned(arena_bytes.value)
        arena[input_offset : input_offset + len(image)] = np.frombuffer(image, np.uint8)
        counts = np.zeros((layer_count.value, len(AccessCounts._fields)), np.uint64)
        hashes = np.zeros(layer_count.value, np.uint32)
        scratch = np.zeros(layer_count.value, np.uint32)
        addresses = [ctypes.c_void_p(array.ctypes.data) for array in (counts, hashes, scratch)]
        _checked(run_model(*file, ctypes.c_void_p(arena.ctypes.data), ctypes.c_size_t(arena.size), *addresses))
        return LibraryRun(counts, hashes, scratch, arena, arena_bytes.value)

    def run_batch(self, model: bytes, dataflow: Dataflow, images: NDArray[np.int8], output_bytes: int) -> NDArray[np.uint8]:
        """Run one model file on many inputs.

        Parameters
        ----------
        model : bytes
            The file.
        dataflow : Dataflow
            Of its convolutions.
        images : array of int8
            (images, bytes of the input tensor).
        output_bytes : int
            Of the output tensor.

        Returns
        -------
        array of uint8
            (images, output_bytes), as the output tensor holds them.

        Raises
        ------
        FormatError
            If the core refuses the file, or the sizes are not its tensors'; names its status.
        """
        held = _aligned(len(model))
        held[: len(model)] = np.frombuffer(model, np.uint8)
        layer_count, arena_bytes = ctypes.c_uint32(), ctypes.c_uint32()
        file = (ctypes.c_void_p(held.ctypes.data), ctypes.c_size_t(len(model)), ctypes.c_uint32(DATAFLOW_CODES[dataflow]))
        _checked(self._functions[0](*file, ctypes.byref(layer_count), ctypes.byref(arena_bytes)))
        arena, inputs = _aligned(arena_bytes.value), np.ascontiguousarray(images)
        outputs = np.zeros((len(images), output_bytes), np.uint8)
        places = [ctypes.c_void_p(arena.ctypes.data), ctypes.c_size_t(arena.size)]
        read = [ctypes.c_void_p(inputs.ctypes.data), ctypes.c_size_t(inputs.shape[1]), ctypes.c_size_t(len(inputs))]
        written = [ctypes.c_void_p(outputs.ctypes.data), ctypes.c_size_t(output_bytes)]
        _checked(self._library.costmodel_batch(*file, *places, *read, *written))
        return outputs


def _aligned(size: int) -> NDArray[np.uint8]:
    """Zeros that begin at a multiple of the alignment the core asks for."""
    return np.zeros(-(-max(size, 1) // _ARENA_ALIGNMENT), np.uint64).view(np.uint8)[: max(size, 1)]


def _checked(status: int) -> None:
    if status:
        name = STATUS[status] if 0 <= status < len(STATUS) else str(status)
        again = {
            "version": "; pack the network again",
            "order": ": it was packed for kernels that this firmware does not have; build it with those that were packed beside it",
        }.get(name, "")
        raise FormatError(f"the firmware refuses the model file: {name}{again}")
